"""A clock from fact to fact: it counts, is held, goes on, is extended, stops, is reopened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from duban.case import Anomaly, Fact, Hold, hold_of, released
from duban.clocks import CLOSED, UPSTREAM, Clock, Regime, Segment, clock_id
from duban.takeover import Kind, Takeover
from duban.terms import Term, counts_from, due_after, term_of
from duban.tracks import MOVE, REOPEN_MINUS_CLOSED, STOP, Life, Track
from duban.worktime import Calendar


def clock_on(track: Track, kind: Kind, life: Life, calendar: Calendar) -> Clock | None:
    """The clock of one track, or None where its term is not named anywhere. Raises
    `BeyondCalendar` for a date that no calendar reaches."""
    definition, policy, anchor = kind.definition, kind.policy, track.anchor
    term = term_of(definition, track, life, calendar)
    if term is None:
        return None
    clock = Clock(
        clock_id(life.case_id, definition.kind, anchor.event_id, track.key),
        definition,
        term.unit,
        term.budget,
        anchor,
        calendar,
        f"{policy.policy_id}@{policy.version}",
        track.key,
        counts_from(definition, term.unit, anchor.occurred_at, calendar),
        term.fixed_due,
    )
    found = ((one, term_of(one.definition, track, life, calendar)) for one in kind.later)
    terms = [(one, new) for one, new in found if new is not None and new.unit == clock.unit]
    return _run(clock, track, terms if term.fixed_due is None else ())


@dataclass(slots=True)
class Hand:
    """Where the fold stands: since when the clock runs, which grounds hold it."""

    since: int
    running: bool = True
    holds: dict[Hold, Fact] = field(default_factory=dict)


def _run(clock: Clock, track: Track, terms: Sequence[tuple[Takeover, Term]]) -> Clock:
    """Fold what happens to a clock. `terms` are those of newer policies, of the same unit: what
    was used up in another unit says nothing about them."""
    hand = Hand(track.since)
    clock.due_at = due_after(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(hand.since, None, clock.due_at, clock.anchor))
    waiting = list(terms)
    for verb, fact in track.moves:
        while waiting and waiting[0][0].step.at <= fact.occurred_at:
            _take_over(clock, hand, *waiting.pop(0))
        if verb == STOP:
            _stop(clock, hand, fact)
        elif verb == MOVE:
            _MOVES[fact.type](clock, hand, fact)
        else:
            _reopen(clock, hand, fact, verb == REOPEN_MINUS_CLOSED)
    for newer, term in waiting if clock.stopped_at is None else ():
        _take_over(clock, hand, newer, term)
    if hand.running:
        clock.segments.append(_counted(clock, hand.since, None))
    elif hand.holds and clock.state == "paused":
        clock.segments.append(_excluded(hand.since, None, next(iter(hand.holds.values()))))
    return clock


def _flag(clock: Clock, code: str, fact: Fact) -> None:
    clock.anomalies.append(Anomaly(code, fact.event_id, fact.occurred_at))


# --- counting ----------------------------------------------------------------------------------


def _counted(clock: Clock, begin: int, end: int | None) -> Segment:
    return Segment(begin, end, "counted", left=clock.remaining, due_at=clock.due_at)


def _count(clock: Clock, hand: Hand, until: int) -> None:
    stretch = _counted(clock, hand.since, until)
    clock.spent += clock.used(stretch, hand.since, until)
    clock.segments.append(stretch)


def _close_regime(clock: Clock, at: int) -> None:
    clock.regimes[-1] = clock.regimes[-1]._replace(end=at)


def _redue(clock: Clock, hand: Hand, begin: int, cause: Fact) -> None:
    """Derive the due instant anew from what remains; a regime of it begins."""
    clock.due_at = due_after(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(begin, None, clock.due_at, cause, clock.ladder))


def _take_over(clock: Clock, hand: Hand, newer: Takeover, term: Term) -> None:
    """Go on under a newer policy, with what it gives less what has been used up; at least one
    unit, so that nobody is late by a term that was not known yet. A clock that was due before
    stays due; one that is stopped hears of it when it is reopened."""
    at = newer.step.at
    if clock.breached_by(at):
        return
    if hand.running:
        _count(clock, hand, at)
        _close_regime(clock, at)
        hand.since = at
    budget = max(term.budget + clock.extended, clock.consumed + 1)
    clock.taken_over, clock.budget = clock.taken_over + budget - clock.budget, budget
    clock.definition, clock.ladder = newer.definition, newer.ladder
    clock.policy_version += f"+{newer.step.policy.version}"
    if hand.running:
        _redue(clock, hand, at, newer.step.cause)


# --- pauses ------------------------------------------------------------------------------------


def _pause(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Stop counting on one of the grounds of 行政许可法 art 45, of which the applicant was told
    in writing."""
    grounds = clock.definition.pause_grounds
    if clock.fixed_due is not None:
        return
    if hold_of(fact).ground not in grounds:
        if grounds - {UPSTREAM}:
            _flag(clock, "pause_without_ground", fact)
    elif not fact.data.get("written_notice_no"):
        _flag(clock, "pause_without_notice", fact)
    else:
        _hold(clock, hand, fact)


def _forward(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Time upstream stops only the clocks that say so; the statutory term runs on."""
    if UPSTREAM in clock.definition.pause_grounds and clock.fixed_due is None:
        _hold(clock, hand, fact)


def _hold(clock: Clock, hand: Hand, fact: Fact) -> None:
    if hand.running and fact.occurred_at >= clock.due_at:
        _flag(clock, "pause_after_due", fact)
        return
    hand.holds[hold_of(fact)] = fact
    if hand.running:
        _count(clock, hand, fact.occurred_at)
        _close_regime(clock, fact.occurred_at)
        hand.running, hand.since, clock.state = False, fact.occurred_at, "paused"


def _release(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Count again when the last ground that held the clock is gone."""
    for hold in released(hand.holds, fact):
        held = hand.holds.pop(hold)
        if hand.since < fact.occurred_at or not hand.holds:
            clock.segments.append(_excluded(hand.since, fact.occurred_at, held))
        hand.since = fact.occurred_at
        if not hand.holds:
            hand.running, clock.state = True, "running"
            _redue(clock, hand, hand.since, fact)


def _excluded(begin: int, end: int | None, held: Fact) -> Segment:
    upstream = held.type == "ForwardedUp"
    why = str(held.data.get("authority" if upstream else "ground") or "")
    notice = str(held.data.get("written_notice_no") or "")
    return Segment(begin, end, UPSTREAM if upstream else "excluded", why, notice)


# --- extension ---------------------------------------------------------------------------------


def _aimed(clock: Clock, fact: Fact) -> bool:
    """Whether the clock can be extended at all, and the fact does not name another kind."""
    if clock.definition.extension is None or clock.fixed_due is not None:
        return False
    return fact.data.get("clock_kind") in (None, "", clock.kind)


def _ask(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Whoever asks too late for an extension may still be granted it."""
    rule = clock.definition.extension
    if rule is None or not rule.ask_before or not hand.running or not _aimed(clock, fact):
        return
    if fact.occurred_at > clock.calendar.before_close(clock.due_at, rule.ask_before):
        _flag(clock, "extension_asked_late", fact)


def _extend(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Lengthen the term: bounded, as often as the policy allows, before expiry, by its approver
    (行政许可法 art 42)."""
    rule = clock.definition.extension
    if rule is None or not _aimed(clock, fact):
        return
    if problem := _extension_problem(clock, hand, fact):
        _flag(clock, problem, fact)
        return
    clock.extensions += 1
    days = min(int(fact.data.get("days") or rule.days), rule.days)
    clock.budget, clock.extended = clock.budget + days, clock.extended + days
    if hand.running:
        _close_regime(clock, fact.occurred_at)
        _redue(clock, hand, fact.occurred_at, fact)


def _extension_problem(clock: Clock, hand: Hand, fact: Fact) -> str:
    rule = clock.definition.extension
    assert rule is not None
    if clock.extensions >= rule.max:
        return "extended_too_often"
    if hand.running and fact.occurred_at > clock.due_at:
        return "extended_after_due"
    if rule.approver_role and fact.data.get("approver_role") != rule.approver_role:
        return "extended_by_wrong_role"
    return ""


# --- stop and reopening ------------------------------------------------------------------------


def _stop(clock: Clock, hand: Hand, fact: Fact) -> None:
    if hand.running:
        _count(clock, hand, fact.occurred_at)
        _close_regime(clock, fact.occurred_at)
    else:
        held = next(iter(hand.holds.values()))
        clock.segments.append(_excluded(hand.since, fact.occurred_at, held))
    hand.running, hand.since = False, fact.occurred_at
    clock.state, clock.stopped_at, clock.stopped_by = "stopped", fact.occurred_at, fact


def _reopen(clock: Clock, hand: Hand, fact: Fact, minus_closed: bool) -> None:
    """Reopening continues the clock; no rung fires in the closed stretch. It counts, unless the
    policy takes it out."""
    assert clock.stopped_at is not None
    breached = clock.breached_by(clock.stopped_at)
    if minus_closed:
        clock.segments.append(Segment(clock.stopped_at, fact.occurred_at, CLOSED))
    hand.since, hand.running = fact.occurred_at if minus_closed else clock.stopped_at, True
    hand.holds.clear()
    clock.state, clock.stopped_at, clock.stopped_by = "running", None, None
    if breached:
        clock.regimes.append(Regime(fact.occurred_at, None, clock.due_at, fact, clock.ladder))
    else:
        _redue(clock, hand, fact.occurred_at, fact)


_MOVES: Mapping[str, Callable[[Clock, Hand, Fact], None]] = {
    "ClockExclusionStarted": _pause,
    "ClockExclusionEnded": _release,
    "ForwardedUp": _forward,
    "UpstreamReplied": _release,
    "ExtensionRequested": _ask,
    "ExtensionGranted": _extend,
}
