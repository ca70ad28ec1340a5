"""Clocks: what was promised, what has been used up, when it falls due, how it ended.

A clock is a function of the standing facts of its case, of one clock definition and of one
calendar. It keeps budget, consumption and the segments that consumed it; a due instant is derived.
Between two facts that move the due instant lies a regime; rungs of the ladder fire within one.

Sources: 行政许可法 arts 42 (terms, one extension), 44, 45 (grounds that stop the clock), 82
(working days); 民法典 art 201 (the start day is not counted), art 203 (last day).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

from duban.case import Anomaly, Fact
from duban.policy import ClockDef, Item, Policy
from duban.worktable import MINUTE
from duban.worktime import Calendar

SPACE = UUID("6f3b1c58-3f0e-5d1c-9a52-0d5a51a7a7c1")
UPSTREAM = "upstream"


def clock_id(case_id: str, kind: str, anchor_event_id: str) -> str:
    """Id of the clock of a kind that a fact started."""
    return str(uuid5(SPACE, f"{case_id}|{kind}|{anchor_event_id}"))


class Segment(NamedTuple):
    """A stretch of a clock's life. `kind`: counted, excluded (by law) or upstream."""

    begin: int
    end: int | None
    kind: str
    why: str = ""
    notice: str = ""


class Regime(NamedTuple):
    """A stretch with one due instant, opened by the fact that set it; `end` None while it lasts."""

    begin: int
    end: int | None
    due_at: int
    cause: Fact


@dataclass(slots=True)
class Clock:
    """One clock as the facts have it. `spent` is in grains (ms for minutes, else the unit itself),
    `consumed` the same in whole units; both reach up to the stop, the pause or the
    last change; `due_at` is the due instant in force, or, on a paused clock, the last one."""

    id: str
    definition: ClockDef
    unit: str
    budget: int
    anchor: Fact
    calendar: Calendar
    policy_version: str
    state: str = "running"
    due_at: int = 0
    spent: int = 0
    stopped_at: int | None = None
    stopped_by: Fact | None = None
    extensions: int = 0
    extended: int = 0
    segments: list[Segment] = field(default_factory=list)
    regimes: list[Regime] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)

    @property
    def grain(self) -> int:
        """Grains in a unit: minutes are kept to the millisecond, so that a pause loses none."""
        return MINUTE if self.unit == "working_minute" else 1

    @property
    def consumed(self) -> int:
        """Whole units used up."""
        return self.spent // self.grain

    @property
    def remaining(self) -> int:
        """Grains that are left of the budget."""
        return self.budget * self.grain - self.spent

    @property
    def first_budget(self) -> int:
        """Budget before any extension."""
        return self.budget - self.extended

    @property
    def kind(self) -> str:
        """Kind of the clock, such as promise or statutory."""
        return self.definition.kind

    @property
    def provisional(self) -> bool:
        """True while the due date lies in a year whose holidays nobody has published."""
        return self.calendar.provisional(self.due_at)

    @property
    def outcome(self) -> str:
        """Empty while it runs; then late, on_time, or early by at least one whole unit."""
        if self.stopped_at is None:
            return ""
        if self.breached_by(self.stopped_at):
            return "late"
        return "early" if self.saved > 0 else "on_time"

    @property
    def saved(self) -> int:
        """Whole units of the budget that were not used; a day begun is a day used. 0 while the
        clock runs or when it is late."""
        if self.stopped_at is None or self.unit == "instant":
            return 0
        if self.unit == "working_day" and self.segments[-1].kind == "counted":
            tomorrow = self.calendar.day_end(self.stopped_at)
            return max(0, self.calendar.closes_between(tomorrow, self.due_at))
        return max(0, self.budget - self.consumed)

    def breached_by(self, now: int) -> bool:
        """Whether the due instant passed, in some regime, before `now`."""
        return any(r.due_at < (now if r.end is None else min(r.end, now)) for r in self.regimes)

    def late_minutes(self, now: int) -> int:
        """Working minutes between the due instant and the stop, or `now`; 0 when not late."""
        end = self.stopped_at if self.stopped_at is not None else now
        return self.calendar.minutes_between(self.due_at, end) if self.breached_by(end) else 0


def clock_of(
    case_id: str,
    standing: Sequence[Fact],
    definition: ClockDef,
    policy: Policy,
    item: Item | None,
    calendar: Calendar,
) -> Clock | None:
    """The clock of one definition, or None where no standing fact has started it.

    It starts at its first starting fact; an `instant` one is started anew by a later
    `DeadlineImposed`, which replaces the earlier. Raises `BeyondCalendar` for a date that no
    calendar reaches.
    """
    anchor = _anchor(definition, standing)
    terms = _terms(definition, item, anchor) if anchor else None
    if anchor is None or terms is None:
        return None
    budget, unit = terms
    identity = clock_id(case_id, definition.kind, anchor.event_id)
    version = f"{policy.policy_id}@{policy.version}"
    return _run(Clock(identity, definition, unit, budget, anchor, calendar, version), standing)


def _anchor(definition: ClockDef, standing: Sequence[Fact]) -> Fact | None:
    starts = [f for f in standing if f.type in definition.start]
    if not starts:
        return None
    return starts[-1] if definition.unit == "instant" else starts[0]


def _terms(definition: ClockDef, item: Item | None, anchor: Fact) -> tuple[int, str] | None:
    """Budget and unit, or None where the item promises none (or is unknown)."""
    if definition.unit == "instant":
        return int(anchor.data["due_at"]), "instant"
    unit = item.unit if item and definition.unit == "item" else definition.unit
    budget: int | None
    if isinstance(definition.budget, int):
        budget = definition.budget
    else:
        budget = getattr(item, definition.budget.removeprefix("item."), None) if item else None
    return (budget, unit) if budget and unit not in ("instant", "item") else None


# --- running a clock over the facts ------------------------------------------------------------


@dataclass(slots=True)
class _Hand:
    """Where the fold stands: since when the clock runs, which grounds hold it."""

    since: int
    running: bool = True
    holds: dict[str, Fact] = field(default_factory=dict)


def _run(clock: Clock, standing: Sequence[Fact]) -> Clock:
    """Fold the facts after the anchor. An imposed date binds whenever it was told, so its clock
    also sees what came before."""
    first = 0 if clock.unit == "instant" else standing.index(clock.anchor) + 1
    hand = _Hand(standing[first].occurred_at if first == 0 else clock.anchor.occurred_at)
    clock.due_at = _due(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(hand.since, None, clock.due_at, clock.anchor))
    if ended := _ended_before(clock, standing[: first if clock.unit != "instant" else 0]):
        _stop(clock, hand, ended._replace(occurred_at=clock.anchor.occurred_at))
    for fact in standing[first:]:
        if fact.type in clock.definition.stop:
            _stop(clock, hand, fact)
        elif step := _STEPS.get(fact.type):
            step(clock, hand, fact)
    if hand.running:
        clock.segments.append(Segment(hand.since, None, "counted"))
    elif hand.holds and clock.state == "paused":
        clock.segments.append(_excluded(hand.since, None, next(iter(hand.holds.values()))))
    return clock


def _ended_before(clock: Clock, earlier: Sequence[Fact]) -> Fact | None:
    """The fact that had ended the case before this clock's anchor, told in the wrong order."""
    ends = [f for f in earlier if f.type in clock.definition.stop or f.type == "CaseReopened"]
    last = ends[-1] if ends else None
    return last if last and last.type in ("DecisionMade", "CaseClosed") else None


def _due(clock: Clock, since: int, remaining: int) -> int:
    """The instant at which `remaining` grains, counted from `since`, are used up."""
    calendar = clock.calendar
    match clock.unit:
        case "instant":
            return clock.budget
        case "working_minute":
            return calendar.add_worked_ms(since, remaining)
        case "calendar_day":
            return calendar.nth_day(_counts_from(clock, since), max(remaining, 1))
        case _:
            return calendar.nth_close(_counts_from(clock, since), remaining)


def _counts_from(clock: Clock, since: int) -> int:
    """Day clocks never count the start day."""
    return max(since, clock.calendar.day_end(clock.anchor.occurred_at))


def spent_between(clock: Clock, since: int, until: int) -> int:
    """Grains that pass on a clock that runs from `since` to `until`."""
    match clock.unit:
        case "instant":
            return 0
        case "working_minute":
            return clock.calendar.worked_ms(since, until)
        case "calendar_day":
            since = _counts_from(clock, since)
            return clock.calendar.days_between(since, until) if until > since else 0
        case _:
            since = _counts_from(clock, since)
            return clock.calendar.closes_between(since, until) if until > since else 0


def _flag(clock: Clock, code: str, fact: Fact) -> None:
    clock.anomalies.append(Anomaly(code, fact.event_id, fact.occurred_at))


def _close_regime(clock: Clock, at: int) -> None:
    clock.regimes[-1] = clock.regimes[-1]._replace(end=at)


def _hold(clock: Clock, hand: _Hand, fact: Fact, name: str, ground: str) -> None:
    """Stop counting for a ground that the definition allows and before the term has run out."""
    if clock.unit == "instant" or clock.state == "stopped":
        return
    if ground not in clock.definition.pause_grounds:
        _flag(clock, "pause_without_ground", fact)
        return
    if hand.running and fact.occurred_at >= clock.due_at:
        _flag(clock, "pause_after_due", fact)
        return
    hand.holds[name] = fact
    if hand.running:
        _count(clock, hand, fact.occurred_at)
        _close_regime(clock, fact.occurred_at)
        hand.running, hand.since, clock.state = False, fact.occurred_at, "paused"


def _count(clock: Clock, hand: _Hand, until: int) -> None:
    clock.spent += spent_between(clock, hand.since, until)
    clock.segments.append(Segment(hand.since, until, "counted"))


def _release(clock: Clock, hand: _Hand, fact: Fact, name: str) -> None:
    """Count again when the last ground that held the clock is gone."""
    held = hand.holds.pop(name, None)
    if held is None or hand.running or clock.state == "stopped":
        return
    clock.segments.append(_excluded(hand.since, fact.occurred_at, held))
    hand.since = fact.occurred_at
    if hand.holds:
        return
    hand.running, clock.state = True, "running"
    clock.due_at = _due(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(hand.since, None, clock.due_at, fact))


def _excluded(begin: int, end: int | None, held: Fact) -> Segment:
    upstream = held.type == "ForwardedUp"
    why = str(held.data.get("authority" if upstream else "ground") or "")
    notice = str(held.data.get("written_notice_no") or "")
    return Segment(begin, end, UPSTREAM if upstream else "excluded", why, notice)


def _pause(clock: Clock, hand: _Hand, fact: Fact) -> None:
    ground = str(fact.data.get("ground") or "")
    _hold(clock, hand, fact, f"exclusion:{ground}", ground)


def _resume(clock: Clock, hand: _Hand, fact: Fact) -> None:
    ground = str(fact.data.get("ground") or "")
    exclusions = [n for n in hand.holds if n.startswith("exclusion:")]
    names = [f"exclusion:{ground}"] if ground else exclusions[:1]
    for name in names:
        _release(clock, hand, fact, name)


def _forward(clock: Clock, hand: _Hand, fact: Fact) -> None:
    """Time upstream stops only the clocks that say so; the statutory term runs on."""
    if UPSTREAM in clock.definition.pause_grounds:
        _hold(clock, hand, fact, UPSTREAM, UPSTREAM)


def _reply(clock: Clock, hand: _Hand, fact: Fact) -> None:
    _release(clock, hand, fact, UPSTREAM)


def _extend(clock: Clock, hand: _Hand, fact: Fact) -> None:
    """Lengthen the term: bounded, as often as the policy allows, before expiry, by its approver."""
    rule = clock.definition.extension
    aimed = fact.data.get("clock_kind") in (None, "", clock.kind)
    if rule is None or not aimed or clock.state == "stopped":
        return
    if problem := _extension_problem(clock, hand, fact):
        _flag(clock, problem, fact)
        return
    clock.extensions += 1
    days = min(int(fact.data.get("days") or rule.days), rule.days)
    clock.budget, clock.extended = clock.budget + days, clock.extended + days
    if hand.running:
        clock.due_at = _due(clock, hand.since, clock.remaining)
        _close_regime(clock, fact.occurred_at)
        clock.regimes.append(Regime(fact.occurred_at, None, clock.due_at, fact))


def _extension_problem(clock: Clock, hand: _Hand, fact: Fact) -> str:
    rule = clock.definition.extension
    assert rule is not None
    if clock.extensions >= rule.max:
        return "extended_too_often"
    if hand.running and fact.occurred_at > clock.due_at:
        return "extended_after_due"
    if rule.approver_role and fact.data.get("approver_role") not in ("", None, rule.approver_role):
        return "extended_by_wrong_role"
    return ""


def _stop(clock: Clock, hand: _Hand, fact: Fact) -> None:
    if clock.state == "stopped":
        return
    if hand.running:
        _count(clock, hand, fact.occurred_at)
        _close_regime(clock, fact.occurred_at)
    else:
        held = next(iter(hand.holds.values()))
        clock.segments.append(_excluded(hand.since, fact.occurred_at, held))
    hand.running, hand.since = False, fact.occurred_at
    clock.state, clock.stopped_at, clock.stopped_by = "stopped", fact.occurred_at, fact


def _reopen(clock: Clock, hand: _Hand, fact: Fact) -> None:
    """Reopening continues the clock: the closed stretch counts, no rung fires within it."""
    if clock.state != "stopped" or clock.stopped_at is None:
        return
    hand.since, hand.running = clock.stopped_at, True
    hand.holds.clear()
    clock.state, clock.stopped_at, clock.stopped_by = "running", None, None
    if not clock.breached_by(fact.occurred_at):
        clock.due_at = _due(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(fact.occurred_at, None, clock.due_at, fact))


_STEPS: Mapping[str, Callable[[Clock, _Hand, Fact], None]] = {
    "ClockExclusionStarted": _pause,
    "ClockExclusionEnded": _resume,
    "ForwardedUp": _forward,
    "UpstreamReplied": _reply,
    "ExtensionGranted": _extend,
    "CaseReopened": _reopen,
}
