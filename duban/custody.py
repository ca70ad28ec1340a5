"""Who held a case, and from when to when: step, organisation, member of staff, party.

Custody moves with facts alone. What stands outermost answers: an obstacle before a higher
authority, that before the applicant, then branches that signed for their papers, then the step
that was assigned last and is not completed, then whoever accepted the case. Where several branches
hold it at once they hold it together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from duban.case import Fact

DEPARTMENT, OWNER, UPSTREAM = "department", "owner", "upstream"
PARTIES = (DEPARTMENT, OWNER, "local_government", "centre", "efficiency_office")


class Holder(NamedTuple):
    """Somebody who holds a case. `party` is one of the five of 五方责任链, or upstream for a higher
    authority, whose time is a line of its own; `episode` (instant, ms) tells two turns of one step
    apart and is None outside steps."""

    step: str = ""
    org: str = ""
    staff: str = ""
    party: str = DEPARTMENT
    episode: int | None = None


NOBODY = Holder()


class Duty(NamedTuple):
    """Whose holding counts for a term: that of one branch or step (`per`, `key`), or whoever holds
    the case. `above` is false for a duty that the hall has while a higher authority holds it."""

    per: str = ""
    key: str = ""
    above: bool = True


ANYBODY = Duty()


class Stretch(NamedTuple):
    """From `begin` to `end` (ms) these held the case, together where they are several."""

    begin: int
    end: int
    holders: tuple[Holder, ...]


@dataclass(slots=True)
class _Custody:
    """Everything that decides who holds the case at one moment."""

    hall: Holder = NOBODY
    handed: Holder | None = None
    steps: dict[str, Holder] = field(default_factory=dict)
    branches: dict[str, Holder] = field(default_factory=dict)
    upstream: dict[str, Holder] = field(default_factory=dict)
    obstacles: dict[str, Holder] = field(default_factory=dict)
    asked: Holder | None = None
    by_org: Mapping[str, str] = field(default_factory=dict)
    by_step: Mapping[str, str] = field(default_factory=dict)

    def now(self, duty: Duty = ANYBODY) -> tuple[Holder, ...]:
        """Those who hold the case, as far as a duty is theirs."""
        own = {"branch_id": self.branches, "step": self.steps}.get(duty.per, {}).get(duty.key)
        inner = [own] if own else list(self.branches.values())
        base = list(self.steps.values())[-1:] or [self.hall]
        lanes = (self.obstacles, self._above(duty))
        outer = next((list(lane.values())[-1:] for lane in lanes if lane), None)
        found = outer or (self.asked and [self.asked]) or inner or base
        return tuple(dict.fromkeys(self._bound(h) for h in found))

    def _above(self, duty: Duty) -> Mapping[str, Holder]:
        """Authorities that hold the case, or the branch that the duty is of."""
        if not duty.above:
            return {}
        if not duty.key:
            return self.upstream
        branch = duty.key if duty.per == "branch_id" else ""
        return {k: held for k, held in self.upstream.items() if k in ("", branch)}

    def _bound(self, holder: Holder) -> Holder:
        """The holder with the party that the chain of responsibility binds it to, if any does."""
        if holder.party != DEPARTMENT:
            return holder
        party = self.by_step.get(holder.step) or self.by_org.get(holder.org) or DEPARTMENT
        return holder._replace(party=party)


def stretches(
    standing: Sequence[Fact], begin: int, end: int, duty: Duty = ANYBODY
) -> list[Stretch]:
    """Custody from `begin` to `end` (ms) without gaps, by the facts up to the end. A chain of
    responsibility binds the whole case, whenever it was bound."""
    custody = _Custody(by_org=_orgs(standing), by_step=_steps(standing))
    found: list[Stretch] = []
    since, holders = begin, custody.now(duty)
    for fact in standing:
        if fact.occurred_at >= end:
            break
        if move := _MOVES.get(fact.type):
            move(custody, fact)
        else:
            continue
        at, after = max(fact.occurred_at, begin), custody.now(duty)
        if after == holders:
            continue
        if at > since:
            found.append(Stretch(since, at, holders))
        since, holders = at, after
    if end > since:
        found.append(Stretch(since, end, holders))
    return found


def _links(standing: Iterable[Fact]) -> Iterator[Mapping[str, Any]]:
    for fact in standing:
        if fact.type == "ResponsibilityChainBound":
            yield from fact.data.get("links") or ()


def _orgs(standing: Iterable[Fact]) -> dict[str, str]:
    found = {str(k.get("org") or ""): str(k.get("party")) for k in _links(standing)}
    return {org: party for org, party in found.items() if org and party in PARTIES}


def _steps(standing: Iterable[Fact]) -> dict[str, str]:
    return {
        str(step): str(link["party"])
        for link in _links(standing)
        if link.get("party") in PARTIES
        for step in link.get("steps") or ()
    }


# --- how facts move a case ---------------------------------------------------------------------


def _text(fact: Fact, name: str) -> str:
    return str(fact.data.get(name) or "")


def _taken(custody: _Custody, fact: Fact) -> None:
    """Whoever took the case in holds it; once accepted, nobody waits for the applicant."""
    custody.hall = Holder("", fact.actor.org_id, fact.actor.id)
    if fact.type != "CaseSubmitted":
        custody.asked = None


def _assigned(custody: _Custody, fact: Fact) -> None:
    step = _text(fact, "step")
    custody.steps.pop(step, None)
    holder = Holder(step, _text(fact, "org"), _text(fact, "staff"), episode=fact.occurred_at)
    custody.steps[step] = holder


def _acknowledged(custody: _Custody, fact: Fact) -> None:
    """Whoever signs holds it: for a step, or, without one, for what was handed over."""
    step = _text(fact, "step")
    org, staff = _text(fact, "org"), _text(fact, "staff")
    if step in custody.steps:
        held = custody.steps[step]
        custody.steps[step] = held._replace(org=org or held.org, staff=staff or held.staff)
    elif not step and custody.handed is not None:
        given = custody.handed
        _give(custody, given._replace(org=org or given.org, staff=staff or given.staff))


def _completed(custody: _Custody, fact: Fact) -> None:
    custody.steps.pop(_text(fact, "step"), None)


def _handed(custody: _Custody, fact: Fact) -> None:
    """The former stays responsible until the hand-over is accepted."""
    to = Holder("", _text(fact, "to_org"), _text(fact, "to_staff"))
    if _text(fact, "accepted_by"):
        _give(custody, to)
    else:
        custody.handed = to


def _give(custody: _Custody, to: Holder) -> None:
    custody.handed = None
    if not custody.steps:
        custody.hall = to
        return
    step, held = list(custody.steps.items())[-1]
    custody.steps[step] = held._replace(org=to.org or held.org, staff=to.staff)


def _receipted(custody: _Custody, fact: Fact) -> None:
    branch = _text(fact, "branch_id")
    custody.branches[branch] = Holder(branch, _text(fact, "org"), fact.actor.id)


def _opined(custody: _Custody, fact: Fact) -> None:
    custody.branches.pop(_text(fact, "branch_id"), None)


def _joined(custody: _Custody, _: Fact) -> None:
    custody.branches.clear()


def _forwarded(custody: _Custody, fact: Fact) -> None:
    holder = Holder("", _text(fact, "authority"), "", UPSTREAM)
    custody.upstream[_text(fact, "branch_id")] = holder


def _replied(custody: _Custody, fact: Fact) -> None:
    custody.upstream.pop(_text(fact, "branch_id"), None)


def _asked(custody: _Custody, _: Fact) -> None:
    custody.asked = Holder(party=OWNER)


def _answered(custody: _Custody, _: Fact) -> None:
    custody.asked = None


def _hindered(custody: _Custody, fact: Fact) -> None:
    """An obstacle lies with the party it names; without one it moves nothing."""
    party = _text(fact, "party")
    if party in PARTIES:
        custody.obstacles[_text(fact, "obstacle_id")] = Holder(party=party)


def _cleared(custody: _Custody, fact: Fact) -> None:
    custody.obstacles.pop(_text(fact, "obstacle_id"), None)


_MOVES = {
    "CaseSubmitted": _taken,
    "CaseAccepted": _taken,
    "CaseDeemedAccepted": _taken,
    "StepAssigned": _assigned,
    "StepAcknowledged": _acknowledged,
    "StepCompleted": _completed,
    "HandedOver": _handed,
    "BranchReceipted": _receipted,
    "BranchOpined": _opined,
    "ParallelJoined": _joined,
    "ForwardedUp": _forwarded,
    "UpstreamReplied": _replied,
    "SupplementRequested": _asked,
    "SupplementReceived": _answered,
    "ObstacleLogged": _hindered,
    "ObstacleCleared": _cleared,
}
