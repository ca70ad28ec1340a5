"""What a case is part of, in sentences: its branches, stages, project, and the project's cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.dashboard.ask import ask
from projections.dashboard.case_queries import CASE, case_of
from projections.dashboard.figures import CaseFile, CaseRow, ClockRow, FactRow
from projections.dashboard.names import Names
from projections.dashboard.rows import Row, row
from projections.dashboard.sentences import Speaker
from projections.dashboard.words import name_of, say

PROJECT_CASES_SHOWN = 200
_PROJECT_SQL = f"""
SELECT {CASE} FROM cases_now
WHERE project_id = {{project:String}} AND (hall_id, case_id) != ({{hall:String}}, {{id:String}})
ORDER BY case_class != 'project', submitted_at, case_id LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class BranchLine:
    """One branch of a parallel group: who, how it stands, when it signed, what its clock says."""

    who: str
    state: str
    tone: str
    signed: str
    due: str
    left: str


@dataclass(frozen=True, slots=True)
class StageLine:
    """A part on which work may begin before the whole is decided."""

    stage: str
    granted: str
    conditions: str
    gained: str


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that a case is part of; empty where it stands alone."""

    branches: tuple[BranchLine, ...] = ()
    stages: tuple[StageLine, ...] = ()
    project: str = ""
    cases: tuple[Row, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.branches or self.stages or self.project)


async def group(found: CaseFile, speaker: Speaker, names: Names) -> Group:
    """The groups of a case. Raises `Away`."""
    standing = _standing(found.facts)
    project = found.case.project_id
    others = await project_cases(found.case) if project else ()
    return Group(
        branches=branches(standing, found.clocks, speaker, names),
        stages=stages(standing, found.clocks, speaker),
        project=say("case.project", speaker.lang, id=project) if project else "",
        cases=tuple(row(other, speaker, names) for other in others),
    )


async def project_cases(case: CaseRow) -> tuple[CaseRow, ...]:
    """The other cases of a case's project, in any hall, the project's own case first."""
    rows = await ask(
        _PROJECT_SQL,
        project=case.project_id,
        hall=case.hall_id,
        id=case.case_id,
        limit=PROJECT_CASES_SHOWN,
    )
    return tuple(case_of(found, None) for found in rows)


def _standing(facts: Sequence[FactRow]) -> list[FactRow]:
    gone = {str(f.data.get("voids_event_id", "")) for f in facts} | {f.corrects for f in facts}
    return [f for f in facts if f.event_id not in gone]


def branches(
    facts: Sequence[FactRow], clocks: Sequence[ClockRow], speaker: Speaker, names: Names
) -> tuple[BranchLine, ...]:
    """The branches of the last parallel group, each with its state and its clock."""
    opened = [f for f in facts if f.type == "ParallelGroupOpened"]
    told = opened[-1].data.get("branches") or () if opened else ()
    return tuple(_branch(branch, facts, clocks, speaker, names) for branch in told)


def _branch(
    branch: Mapping[str, Any],
    facts: Sequence[FactRow],
    clocks: Sequence[ClockRow],
    speaker: Speaker,
    names: Names,
) -> BranchLine:
    branch_id = str(branch["branch_id"])
    said = [f for f in facts if f.data.get("branch_id") == branch_id]
    signed = [f.occurred_at for f in said if f.type == "BranchReceipted"]
    its = [c for c in clocks if (c.kind, c.clock_key) == ("branch", branch_id)]
    clock = its[-1] if its else None
    state, tone = _branch_state(branch_id, said, facts, speaker)
    return BranchLine(
        who=_who(branch, names),
        state=state,
        tone=tone,
        signed=speaker.instant(signed[0] if signed else None),
        due=speaker.instant(clock.due_at if clock else None),
        left=_left(clock, speaker),
    )


def _who(branch: Mapping[str, Any], names: Names) -> str:
    org, hall = str(branch.get("org") or ""), str(branch.get("hall_id") or "")
    name = names.reference.names.get(org) or org or str(branch["branch_id"])
    return f"{name}（{names.hall_short(hall)}）" if hall else name


def _left(clock: ClockRow | None, speaker: Speaker) -> str:
    if clock is None:
        return "—"
    if clock.state == "paused":
        return say("case.paused", speaker.lang)
    return speaker.left(clock.due_at, clock.unit, clock.stopped_at)


def _branch_state(
    branch_id: str, said: Sequence[FactRow], facts: Sequence[FactRow], speaker: Speaker
) -> tuple[str, str]:
    """(words, tone) of how a branch stands; its own opinion goes before what silence amounts to."""
    lang = speaker.lang
    of_type = {f.type: f for f in said}
    if opined := of_type.get("BranchOpined"):
        opinion = str(opined.data.get("opinion") or "")
        return name_of("opinion", opinion, lang), "red" if opinion == "disagree" else "ok"
    confirmed = of_type.get("DeemedOutcomeConfirmed")
    if confirmed or any(branch_id in (f.data.get("absent") or ()) for f in _joined(facts)):
        return say("case.branch_silent", lang), "reminder"
    if absent := of_type.get("BranchAbsent"):
        occasion = name_of("occasion", str(absent.data.get("occasion") or ""), lang)
        return say("case.branch_absent", lang, occasion=occasion), "yellow"
    if "BranchReceipted" in of_type:
        return say("case.branch_working", lang), "ok"
    return say("case.branch_unsigned", lang), "reminder"


def _joined(facts: Sequence[FactRow]) -> list[FactRow]:
    return [f for f in facts if f.type == "ParallelJoined"]


def stages(
    facts: Sequence[FactRow], clocks: Sequence[ClockRow], speaker: Speaker
) -> tuple[StageLine, ...]:
    """Stages permitted before the whole, with their conditions and the working days gained."""
    return tuple(
        StageLine(
            stage=name_of("stage", str(f.data.get("stage") or ""), speaker.lang),
            granted=speaker.instant(f.occurred_at),
            conditions=say("ui.comma", speaker.lang).join(f.data.get("conditions") or ()),
            gained=_gained(f, clocks, speaker),
        )
        for f in facts
        if f.type == "StagedPermitGranted"
    )


def _gained(fact: FactRow, clocks: Sequence[ClockRow], speaker: Speaker) -> str:
    """Working days from the stage's permit to the decision on the whole, or until now."""
    stage = fact.data.get("stage")
    its = [c for c in clocks if c.kind == "staged" and c.clock_key == stage]
    if not its:
        stated = fact.data.get("saved_days")
        return speaker.amount(int(stated), "working_day") if stated is not None else "—"
    if its[-1].stopped_at is None:
        return say("case.whole_pending", speaker.lang)
    return speaker.amount(its[-1].units_used, its[-1].unit)
