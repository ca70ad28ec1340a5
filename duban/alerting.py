"""What should be out: every message that the facts, the reference and the time call for.

The loop emits `should_be_out − emitted` and takes back `emitted − should_be_out`; no other code
raises or retracts anything. Ids name what a message is about, never when it was made.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from duban.case import Anomaly, Fact
from duban.clocks import CLOSED, Clock, Regime
from duban.ids import identify
from duban.policy import Rung
from duban.takeover import PUBLISHED
from duban.worktime import Calendar


class Output(NamedTuple):
    """One message: its id, its event type, the instant it speaks of, its fields."""

    id: str
    type: str
    at: int
    data: Mapping[str, Any]
    historical: bool = False


# What takes back an output that should no longer be out. Types not named here are answered by
# one `ClockSuperseded` for their clock.
UNDO: Mapping[str, str] = {
    "SignalRaised": "SignalRetracted",
    "ClockBreached": "ClockBreachRetracted",
    "AlertRaised": "AlertRetracted",
    "AlertEscalated": "AlertRetracted",
    "AlertCleared": "AlertRaised",
    "AlertNoted": "AlertRaised",
    "ScorePointPosted": "ScorePointPosted",
    "DeemedOutcomeReached": "DeemedOutcomeRetracted",
    "DelayAttributed": "DelayAttributed",
    "IntegritySignal": "IntegrityRetracted",
    "RatingSetAside": "RatingSetAside",
}


class Firing(NamedTuple):
    """A rung that has its instant: fired from `visible_at` on (later than `at` when folded)."""

    at: int
    visible_at: int
    rung: Rung
    regime: Regime


def firings(clock: Clock, ladder: Sequence[Rung]) -> list[Firing]:
    """Every rung that fires, or will if nothing changes, in the order of its instants.

    A rung is valid when its instant lies after the start of the clock, or not before a date that
    had passed when somebody set it, and before the regime ends. Signals already past when the fact
    that made the regime was recorded fold into the latest of them, so that a backdated start does
    not flood; all others fire singly. Escalation
    is no signal: it is told besides.
    """
    found: dict[tuple[str, int], Firing] = {}
    for regime in clock.regimes:
        told, folded = regime.cause.recorded_at, None
        for rung in ladder if regime.ladder is None else regime.ladder:
            firing = _firing(clock, regime, rung)
            if firing is None:
                continue
            if firing.at > told or rung.level == "escalate":
                found.setdefault((rung.name, regime.due_at), firing)
            elif folded is None or firing.at > folded.at:
                folded = firing
        if folded is not None:
            found.setdefault((folded.rung.name, regime.due_at), folded)
    if len(found) < 2:
        return list(found.values())
    return sorted(found.values(), key=lambda f: (f.at, f.rung.offset))


def _firing(clock: Clock, regime: Regime, rung: Rung) -> Firing | None:
    at = rung_at(clock, regime.due_at, rung)
    too_early = at <= clock.anchor.occurred_at and at < regime.due_at
    if too_early or (regime.end is not None and at >= regime.end):
        return None
    return Firing(at, max(at, regime.cause.recorded_at), rung, regime)


def rung_at(clock: Clock, due_at: int, rung: Rung) -> int:
    """Instant of a rung, counted in its own unit from the due instant (ms)."""
    if rung.offset == 0:
        return due_at
    return _shifted(clock.calendar, due_at, rung.offset, rung.unit)


@lru_cache(maxsize=16_384)
def _shifted(calendar: Calendar, due_at: int, offset: int, unit: str) -> int:
    """So many units after an instant, before it when negative; most cases are due at a close that
    they share with others."""
    later, distance = offset > 0, abs(offset)
    if unit == "working_minute":
        shift = calendar.add_minutes if later else calendar.minutes_before
        return shift(due_at, distance)
    return (calendar.after_close if later else calendar.before_close)(due_at, distance)


def signal_id(clock: Clock, firing: Firing) -> str:
    """Id of a signal: case and kind and anchor (the clock), rung, due instant."""
    return identify(clock.id, firing.rung.name, firing.regime.due_at)


def breach_id(clock: Clock, due_at: int) -> str:
    """Id of what says that a clock passed a due instant."""
    return identify(clock.id, "breached", due_at)


def alert_id(signal: str) -> str:
    """Id of the alert that tells people of a signal."""
    return identify("alert", signal)


class Subject(NamedTuple):
    """What every message says of its case."""

    case_id: str
    hall_id: str
    window_id: str
    item_code: str
    item_name: str
    historical: bool


def clock_outputs(
    subject: Subject, clock: Clock, fired: Sequence[Firing], facts: Sequence[Fact], now: int
) -> list[Output]:
    """Everything that should be out about one clock at `now`; `fired` are its `firings`."""
    about = {"clock_id": clock.id, "window_id": subject.window_id}
    kind = clock.definition.kind
    outputs = _life(clock, {**about, "kind": kind, "item_code": subject.item_code}, now)
    if fired:
        outputs += _rungs(clock, fired, facts, {**about, "clock_kind": kind}, subject, now)
    return [o._replace(historical=True) for o in outputs] if subject.historical else outputs


def next_wake(clock: Clock, fired: Sequence[Firing], now: int) -> int | None:
    """The next instant after `now` at which this clock has something to say, or None."""
    instants = [f.visible_at for f in fired if f.visible_at > now]
    instants += [
        r.due_at + 1
        for r in clock.regimes
        if r.due_at >= now and (r.end is None or r.due_at < r.end)
    ]
    return min(instants) if instants else None


def _life(clock: Clock, about: Mapping[str, Any], now: int) -> list[Output]:
    """Started, paused, resumed, extended, breached, stopped."""
    found = [_started(clock, about)]
    for held in clock.segments:
        if held.kind not in ("counted", CLOSED):
            name = identify(clock.id, "paused", held.begin, held.kind)
            found.append(Output(name, "ClockPaused", held.begin, {**about, "ground": held.why}))
    for before, turn in pairwise(clock.regimes):
        if turn.cause.type != PUBLISHED:
            found.append(_turned(clock, before.due_at, turn, about))
        elif turn.due_at != before.due_at:
            found.append(_taken_over(clock, before.due_at, turn, about))
    due_at = clock.first_breach(now)
    if due_at is not None:
        name = breach_id(clock, due_at)
        found.append(Output(name, "ClockBreached", due_at, {**about, "due_at": due_at}))
    if clock.stopped_by is not None:
        found.append(_stopped(clock, about))
    return found


def _started(clock: Clock, about: Mapping[str, Any]) -> Output:
    due_at = clock.regimes[0].due_at
    provisional = clock.calendar.provisional(due_at)
    terms = {
        **about,
        "started_at": clock.anchor.occurred_at,
        "budget": None if clock.unit == "instant" else clock.first_budget,
        "unit": clock.unit,
        "due_at": due_at,
        "provisional": provisional,
        "policy_version": clock.first_policy,
        "calendar_version": clock.calendar.version,
        "anchor_event_id": clock.anchor.event_id,
    }
    name = identify(clock.id, "started", due_at, *_unsure(provisional))
    return Output(name, "ClockStarted", clock.anchor.occurred_at, terms)


def _unsure(provisional: bool) -> tuple[str, ...]:
    """Part of the id of what is said of a provisional date: the final one is news, even where
    it is the same."""
    return ("provisional",) if provisional else ()


def _turned(clock: Clock, old_due: int, turn: Regime, about: Mapping[str, Any]) -> Output:
    """A fact moved the due instant: a pause ended, the term was extended, the case reopened."""
    provisional = clock.calendar.provisional(turn.due_at)
    unsure = _unsure(provisional)
    if turn.cause.type == "ExtensionGranted":
        rule = clock.definition.extension
        most = rule.days if rule else 0
        days = min(int(turn.cause.data.get("days") or most), most)
        data = {**about, "days": days, "old_due": old_due, "new_due": turn.due_at}
        name = identify(clock.id, "extended", turn.cause.event_id, turn.due_at, *unsure)
        return Output(name, "ClockExtended", turn.begin, data)
    data = {**about, "due_at": turn.due_at, "provisional": provisional, "unit": clock.unit}
    name = identify(clock.id, "resumed", turn.cause.event_id, turn.due_at, *unsure)
    return Output(name, "ClockResumed", turn.begin, data)


def _taken_over(clock: Clock, old_due: int, turn: Regime, about: Mapping[str, Any]) -> Output:
    """A newer policy moved the due instant of a clock that goes on."""
    provisional = clock.calendar.provisional(turn.due_at)
    data = {
        **about,
        "reason": "policy",
        "old_due": old_due,
        "new_due": turn.due_at,
        "provisional": provisional,
        "policy_version": clock.policy_by(turn.cause.data["version"]),
        "calendar_version": clock.calendar.version,
    }
    unsure = _unsure(provisional)
    name = identify(clock.id, "taken over", turn.cause.event_id, old_due, turn.due_at, *unsure)
    return Output(name, "ClockSuperseded", turn.begin, data)


def _stopped(clock: Clock, about: Mapping[str, Any]) -> Output:
    assert clock.stopped_at is not None
    assert clock.stopped_by is not None
    assert clock.ending is not None
    outcome, saved, late_minutes = clock.ending
    result = {
        "outcome": outcome,
        "stopped_at": clock.stopped_at,
        "due_at": clock.due_at,
        "consumed": clock.consumed,
        "saved": saved,
        "late_minutes": late_minutes,
        "unit": clock.unit,
    }
    name = identify(clock.id, "stopped", clock.stopped_by.event_id, *result.values())
    return Output(name, "ClockStopped", clock.stopped_at, {**about, **result})


def _rungs(
    clock: Clock,
    fired: Sequence[Firing],
    facts: Sequence[Fact],
    about: Mapping[str, Any],
    subject: Subject,
    now: int,
) -> Iterator[Output]:
    """Signals, and the alerts that tell people of them."""
    out = {signal_id(clock, f): f for f in fired if f.visible_at <= now}
    if not out:
        return
    noted = _acknowledged(facts, out)
    named = {"case_id": subject.case_id, "item_name": subject.item_name}
    for signal, firing in out.items():
        said, alert = {**about, **_said(firing)}, alert_id(signal)
        told = {**said, **named, "alert_id": alert}
        if firing.rung.level != "escalate":
            said = {**said, "signal_id": signal, "item_code": subject.item_code}
            yield Output(signal, "SignalRaised", firing.at, said)
            yield from _alert("AlertRaised", clock, firing, told, noted.get(alert))
        elif not any(f.occurred_at <= firing.at for f in noted.values()):
            yield from _alert("AlertEscalated", clock, firing, told, noted.get(alert))


def _said(firing: Firing) -> dict[str, Any]:
    rung = firing.rung
    due_at = firing.regime.due_at
    said = {"level": rung.level, "rung": rung.name, "due_at": due_at, "at": firing.at}
    return {**said, "to_roles": list(rung.to)}


def _alert(
    type_: str, clock: Clock, firing: Firing, told: Mapping[str, Any], noted: Fact | None
) -> Iterator[Output]:
    """The alert of a rung: raised (or escalated), noted by somebody, cleared as the clock stops."""
    alert = str(told["alert_id"])
    yield Output(alert, type_, firing.at, told)
    if noted:
        by = {"acknowledged_by": noted.actor.role, "acknowledged_by_event": noted.event_id}
        at = max(noted.occurred_at, firing.at)
        yield Output(identify(alert, "noted"), "AlertNoted", at, {**told, **by, "at": at})
    yield from _cleared(clock, told)


def _cleared(clock: Clock, told: Mapping[str, Any]) -> Iterator[Output]:
    if clock.stopped_at is not None:
        name = identify(told["alert_id"], "cleared")
        yield Output(name, "AlertCleared", clock.stopped_at, {**told, "at": clock.stopped_at})


def _acknowledged(facts: Sequence[Fact], signals: Iterable[str]) -> dict[str, Fact]:
    """The first fact to acknowledge each alert of these signals."""
    found: dict[str, Fact] = {}
    told = [fact for fact in facts if fact.type == "AlertAcknowledged"]
    alerts = {alert_id(signal) for signal in signals} if told else ()
    for fact in told:
        if fact.data.get("alert_id") in alerts:
            found.setdefault(str(fact.data["alert_id"]), fact)
    return found


def anomaly_outputs(subject: Subject, anomalies: Sequence[Anomaly]) -> Iterator[Output]:
    """One message for each fact that does not fit the life of its case."""
    about = {"item_code": subject.item_code, "window_id": subject.window_id}
    for code, event_id, at in anomalies:
        name = identify(subject.case_id, "anomaly", code, event_id)
        data = {**about, "anomaly": code, "about_event_id": event_id}
        yield Output(name, "AnomalyFound", at, data, subject.historical)
