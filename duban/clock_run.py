"""A clock from fact to fact: it counts, is held, goes on, is extended, stops, is reopened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from duban.case import Anomaly, Fact, Hold, hold_of, released
from duban.clocks import CLOSED, UPSTREAM, Clock, Regime, Segment, clock_id
from duban.policy import RELEASING
from duban.takeover import Kind, Takeover
from duban.terms import Term, counts_from, due_after, term_of
from duban.tracks import MOVE, REDATE, REOPEN_MINUS_CLOSED, STOP, Life, Track
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
        policy.name,
        track.key,
        counts_from(definition, term.unit, anchor.occurred_at, calendar),
        term.fixed_due,
    )
    if term.fixed_due is None and not kind.later:
        return _run(clock, track, (), {})
    if term.fixed_due is None:
        found = ((one, term_of(one.definition, track, life, calendar)) for one in kind.later)
        terms = [(one, new) for one, new in found if new is not None and new.unit == clock.unit]
        return _run(clock, track, terms, {})
    later = (replace(track, terms=m.fact) for m in track.moves if m.verb == REDATE)
    dated = ((one.terms, term_of(definition, one, life, calendar)) for one in later)
    return _run(clock, track, (), {f.event_id: t.fixed_due for f, t in dated if t is not None})


@dataclass(slots=True)
class Hand:
    """Where the fold stands: since when the clock runs, which grounds hold it; `closed` are the
    pauses, and their ends, told since it was stopped."""

    since: int
    running: bool = True
    holds: dict[Hold, Fact] = field(default_factory=dict)
    closed: list[Fact] = field(default_factory=list)


def _run(
    clock: Clock,
    track: Track,
    terms: Sequence[tuple[Takeover, Term]],
    dates: Mapping[str, int | None],
) -> Clock:
    """Fold what happens to a clock. `terms` are those of newer policies, of the same unit: what
    was used up in another unit says nothing about them; `dates` the due instants that facts name.
    """
    hand = Hand(track.since)
    clock.due_at = due_after(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(hand.since, None, clock.due_at, clock.anchor))
    _begin_held(clock, hand, track.before)
    waiting = list(terms)
    for verb, fact in track.moves:
        if verb == MOVE and clock.stopped_at is not None:
            hand.closed.append(fact)
            continue
        while waiting and waiting[0][0].step.at <= fact.occurred_at:
            _take_over(clock, hand, *waiting.pop(0))
        if verb == STOP:
            _stop(clock, hand, fact)
        elif verb == REDATE:
            _redate(clock, hand, fact, dates.get(fact.event_id))
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
    if clock.stopped_at is not None:
        clock.end()
    return clock


def _flag(clock: Clock, code: str, fact: Fact) -> None:
    clock.anomalies.append(Anomaly(code, fact.event_id, fact.occurred_at))


# --- counting ----------------------------------------------------------------------------------


def _counted(clock: Clock, begin: int, end: int | None) -> Segment:
    return Segment(begin, end, "counted", "", "", clock.remaining, clock.due_at)


def _count(clock: Clock, hand: Hand, until: int) -> None:
    stretch = _counted(clock, hand.since, until)
    clock.spent += clock.used(stretch, hand.since, until)
    clock.segments.append(stretch)


def _close_regime(clock: Clock, at: int) -> None:
    begin, _, due_at, cause, ladder = clock.regimes[-1]
    clock.regimes[-1] = Regime(begin, at, due_at, cause, ladder)


def _redue(clock: Clock, hand: Hand, begin: int, cause: Fact) -> None:
    """Derive the due instant anew from what remains; a regime of it begins."""
    clock.due_at = due_after(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(begin, None, clock.due_at, cause, clock.ladder))


def _redate(clock: Clock, hand: Hand, fact: Fact, due_at: int | None) -> None:
    """Another date counts from now on; a clock that is stopped hears of it when it is reopened."""
    clock.fixed_due = due_at
    if clock.stopped_at is None:
        _close_regime(clock, fact.occurred_at)
        _redue(clock, hand, fact.occurred_at, fact)


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
    if _may_hold(clock, fact):
        _hold(clock, hand, fact)
    elif clock.fixed_due is None and hold_of(fact).ground in grounds:
        _flag(clock, "pause_without_notice", fact)
    elif clock.fixed_due is None and grounds - {UPSTREAM}:
        _flag(clock, "pause_without_ground", fact)


def _forward(clock: Clock, hand: Hand, fact: Fact) -> None:
    """Time upstream stops only the clocks that say so; the statutory term runs on."""
    if _may_hold(clock, fact):
        _hold(clock, hand, fact)


def _may_hold(clock: Clock, fact: Fact) -> bool:
    """Whether a pause is of a ground that holds the clock, told in writing where the law asks."""
    if clock.fixed_due is not None or hold_of(fact).ground not in clock.definition.pause_grounds:
        return False
    return fact.type == "ForwardedUp" or bool(fact.data.get("written_notice_no"))


def _note(clock: Clock, hand: Hand, facts: Sequence[Fact]) -> None:
    """Which grounds there are after pauses and their ends in a time that does not count."""
    for fact in facts:
        if fact.type in RELEASING:
            for hold in released(hand.holds, fact):
                del hand.holds[hold]
        elif _may_hold(clock, fact):
            hand.holds[hold_of(fact)] = fact


def _begin_held(clock: Clock, hand: Hand, before: Sequence[Fact]) -> None:
    """A pause that was in force when the clock started holds it from its start."""
    _note(clock, hand, before)
    if hand.holds:
        _close_regime(clock, hand.since)
        hand.running, clock.state = False, "paused"


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
    """Reopening continues the clock, held or not as it then is; no rung fires in the closed
    stretch. It counts as if nobody had closed the case, unless the policy takes it out."""
    assert clock.stopped_at is not None
    stopped_at, closed, hand.closed = clock.stopped_at, hand.closed, []
    breached = clock.breached_by(stopped_at)
    clock.stopped_at, clock.stopped_by = None, None
    if minus_closed:
        clock.segments.append(Segment(stopped_at, fact.occurred_at, CLOSED))
        _note(clock, hand, () if breached else closed)
        hand.since = fact.occurred_at
    else:
        _catch_up(clock, hand, closed, breached)
    hand.running = not hand.holds
    clock.state = "running" if hand.running else "paused"
    if breached:
        clock.regimes.append(Regime(fact.occurred_at, None, clock.due_at, fact, clock.ladder))
    elif hand.running:
        _redue(clock, hand, fact.occurred_at, fact)


def _catch_up(clock: Clock, hand: Hand, closed: Sequence[Fact], breached: bool) -> None:
    """Count the closed stretch, without what was excluded in it; its regimes never were."""
    hand.running, known = not hand.holds, len(clock.regimes)
    if hand.running and not breached:
        clock.due_at = due_after(clock, hand.since, clock.remaining)
    clock.regimes.append(Regime(hand.since, None, clock.due_at, clock.anchor))
    for fact in closed:
        _MOVES[fact.type](clock, hand, fact)
    del clock.regimes[known:]


_MOVES: Mapping[str, Callable[[Clock, Hand, Fact], None]] = {
    "ClockExclusionStarted": _pause,
    "ClockExclusionEnded": _release,
    "ForwardedUp": _forward,
    "UpstreamReplied": _release,
    "ExtensionRequested": _ask,
    "ExtensionGranted": _extend,
}
