"""A case page in sentences: the line at the top, the strips side by side, what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from duban.deemed import WAITS
from duban.events import rank
from projections.dashboard.figures import AlertRow, CaseFile, ClockRow, FactRow
from projections.dashboard.names import Names
from projections.dashboard.rows import Bar, bar, item_of, row
from projections.dashboard.sentences import Speaker
from projections.dashboard.strips import axis_of
from projections.dashboard.words import name_of, say


@dataclass(frozen=True, slots=True)
class Head:
    """Who, what, promise, signal."""

    item: str
    no: str
    facts: tuple[str, ...]
    tag: tuple[str, str]
    left: str
    tone: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock: its name, its strip, how it stands."""

    name: str
    bar: Bar
    note: str


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened. `late` says when it was recorded, if long after."""

    when: str
    what: str
    detail: str
    late: str = ""
    tone: str = ""
    gone: bool = False


def head(found: CaseFile, speaker: Speaker, names: Names, begun: str = "") -> Head:
    """The line at the top of the page; `begun` is the fact that began what is no application."""
    case = found.case
    shown = row(case, speaker, names)
    lang = speaker.lang
    facts = [shown.status, *(_terms(found.clocks, speaker))]
    if case.window_id:
        facts.append(names.window(case.hall_id, case.window_id))
    if case.project_id:
        facts.append(say("case.project", lang, id=case.project_id))
    if case.rating:
        facts.append(say("case.rating", lang, level=name_of("rating", str(case.rating), lang)))
    if case.historical:
        facts.append(say("case.historical", lang))
    return Head(
        item=_title(found, begun, speaker),
        no=shown.no,
        facts=tuple(facts),
        tag=shown.tag,
        left=shown.left if not case.outcome or case.outcome == "late" else "",
        tone=shown.tone,
        notices=tuple(_notices(found, speaker)),
    )


def _title(found: CaseFile, begun: str, speaker: Speaker) -> str:
    """What the case is: its item, or of a matter without one what began it."""
    if begun and not (found.case.item_name or found.case.item_code):
        return name_of("happened", begun, speaker.lang)
    return item_of(found.case, speaker)


def _terms(clocks: Sequence[ClockRow], speaker: Speaker) -> Iterator[str]:
    for clock in clocks:
        if clock.kind in ("promise", "statutory") and clock.budget:
            kind = name_of("clock", clock.kind, speaker.lang)
            yield f"{kind} {speaker.amount(clock.budget, clock.unit)}"


def _notices(found: CaseFile, speaker: Speaker) -> Iterator[str]:
    case, lang = found.case, speaker.lang
    if case.provisional and not case.ended:
        yield say("case.provisional_why", lang)
    if case.policy_state == "no_policy" and not found.clocks:
        yield say("case.no_policy", lang)
    if WAITS in case.anomalies:
        yield say("case.deemed_waits", lang)
    flagged = [code for code in case.anomalies if code != WAITS]
    if flagged:
        said = dict.fromkeys(name_of("anomaly", code, lang) for code in flagged)
        yield say("case.anomalies", lang, list=say("ui.comma", lang).join(said))


def lines_of_clocks(clocks: Sequence[ClockRow], speaker: Speaker) -> list[ClockLine]:
    """All clocks of a case, laid out on one axis so that they can be compared."""
    if not clocks:
        return []
    axis = axis_of([(c.started_at, c.due_at, c.stopped_at or speaker.now) for c in clocks])
    return [
        ClockLine(_clock_name(c, speaker), bar(c, speaker, axis), _note(c, speaker)) for c in clocks
    ]


def legend(clocks: Sequence[ClockLine]) -> list[tuple[str, str]]:
    """(kind, what stands beside its key), for the kinds of pieces that are there."""
    kinds = [p.kind for line in clocks for p in line.bar.pieces]
    pieces = [p for line in clocks for p in line.bar.pieces if p.kind == "excluded" and p.why]
    grounds = dict.fromkeys(p.why for p in pieces)
    shown = [
        k for k in ("counted", "excluded", "upstream", "closed", "early", "over") if k in kinds
    ]
    return [(k, "、".join(grounds) if k == "excluded" else "") for k in (*shown, "due")]


def _clock_name(clock: ClockRow, speaker: Speaker) -> str:
    name = f"{name_of('clock', clock.kind, speaker.lang)} {clock.clock_key}".rstrip()
    return f"{name} {speaker.amount(clock.budget, clock.unit)}" if clock.budget else name


def _note(clock: ClockRow, speaker: Speaker) -> str:
    lang, parts = speaker.lang, []
    if clock.due_at is not None:
        parts.append(say("case.due", lang, at=speaker.instant(clock.due_at)))
    if clock.stopped_at is not None:
        if clock.saved and clock.outcome == "early":
            parts.append(say("case.saved", lang, n=speaker.amount(clock.saved, clock.unit)))
        elif clock.outcome:
            parts.append(speaker.left(clock.due_at, clock.unit, clock.stopped_at))
    elif clock.state == "paused":
        parts.append(say("case.paused", lang))
    else:
        parts.append(speaker.left(clock.due_at, clock.unit))
    if clock.provisional and clock.stopped_at is None:
        parts.append(say("case.provisional", lang))
    return " · ".join(parts)


def story(
    found: CaseFile, speaker: Speaker, names: Names, more: Sequence[tuple[int, StoryLine]] = ()
) -> list[StoryLine]:
    """What happened, the newest at the bottom: facts, the warnings that went out, and `more`."""
    voided = {str(f.data.get("voids_event_id", "")) for f in found.facts} | {
        f.corrects for f in found.facts
    }
    facts = sorted(found.facts, key=lambda f: (f.occurred_at, rank(f.type), f.recorded_at))
    hall, windows = found.case.hall_id, ["", *(f.window_id for f in facts)]
    lines = [
        (f.occurred_at, _told(f, speaker, moved, f.event_id in voided))
        for f, before in zip(facts, windows, strict=False)
        for moved in [names.window(hall, f.window_id) if f.window_id != before else ""]
    ]
    for alert in found.alerts:
        lines.append((alert.at, _warned(alert, speaker)))
    return [line for _, line in sorted([*lines, *more], key=lambda pair: pair[0])]


def _told(fact: FactRow, speaker: Speaker, window: str, gone: bool) -> StoryLine:
    """A fact as a line; `window` is named where the case has come to another one."""
    late = speaker.local(fact.recorded_at).date() > speaker.local(fact.occurred_at).date()
    recorded = say("case.recorded_late", speaker.lang, at=speaker.instant(fact.recorded_at))
    details = [window, *_details(fact, speaker), fact.note]
    return StoryLine(
        when=speaker.instant(fact.occurred_at),
        what=name_of("happened", fact.type, speaker.lang),
        detail=" · ".join(filter(None, details)),
        late=recorded if late and not fact.historical else "",
        gone=gone,
    )


_CODED = {
    "ground": "ground",
    "decision": "decision",
    "approver_role": "role",
    "opinion": "opinion",
    "verdict": "verdict",
    "answer": "",
}
# What the same field is elsewhere: another code, or a text ("") as people wrote it.
_OF_TYPE = {
    ("ReviewAppealDecided", "decision"): "appeal_decision",
    ("OpinionReceived", "opinion"): "",
    ("UpstreamReplied", "answer"): "upstream_answer",
}
_PLAIN = (
    "step", "authority", "written_notice_no", "notice_no", "document_no", "resource", "branch_id",
    "reason", "result", "comment", "what", "complaint", "measure", "remark",
)  # fmt: skip


def _details(fact: FactRow, speaker: Speaker) -> Iterator[str]:
    data, lang = fact.data, speaker.lang
    for field, section in _CODED.items():
        if said := str(data.get(field) or ""):
            words = _OF_TYPE.get((fact.type, field), section)
            yield name_of(words, said, lang) if words else said
    if fact.type == "RatingGiven" and data.get("level"):
        yield name_of("rating", str(data["level"]), lang)
    if fact.type.startswith("Extension") and data.get("days"):
        yield speaker.amount(int(data["days"]), "working_day")
    if data.get("due_at"):
        yield say("case.due", lang, at=speaker.instant(int(data["due_at"])))
    yield from (str(data[field]) for field in _PLAIN if data.get(field))


def _warned(alert: AlertRow, speaker: Speaker) -> StoryLine:
    lang = speaker.lang
    to = "、" if lang == "zh" else ", "
    roles = to.join(dict.fromkeys(name_of("role", role, lang) for role in alert.to_roles))
    parts = [name_of("clock", alert.clock_kind, lang), roles]
    if alert.state != "raised" and alert.changed_at is not None:
        parts.append(say(f"alerts.{alert.state}", lang, at=speaker.instant(alert.changed_at)))
    return StoryLine(
        when=speaker.instant(alert.at),
        what=name_of("level", alert.level, lang),
        detail=" · ".join(filter(None, parts)),
        tone=alert.level,
        gone=alert.state == "retracted",
    )
