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
}


class Firing(NamedTuple):
    """A rung that has its instant: fired from `visible_at` on (later than `at` when folded)."""

    at: int
    visible_at: int
    rung: Rung
    regime: Regime


def firings(clock: Clock, ladder: Sequence[Rung]) -> list[Firing]:
    """Every rung that fires, or will if nothing changes, in the order of its instants.

    A rung is valid when its instant lies after the start of the clock and before the regime
    ends. Signals already past when the fact that made the regime was recorded fold into the
    latest of them, so that a backdated start does not flood; all others fire singly. Escalation
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
    if at <= clock.anchor.occurred_at or (regime.end is not None and at >= regime.end):
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
) -> Iterator[Output]:
    """Everything that should be out about one clock at `now`; `fired` are its `firings`."""
    about = {"clock_id": clock.id, "window_id": subject.window_id}
    life: Iterable[Output] = _life(
        clock, {**about, "kind": clock.kind, "item_code": subject.item_code}, now
    )
    said = {**about, "clock_kind": clock.kind}
    rungs: Iterable[Output] = _rungs(clock, fired, facts, said, subject, now) if fired else ()
    if subject.historical:
        life, rungs = map(_historical, life), map(_historical, rungs)
    yield from life
    yield from rungs


def _historical(output: Output) -> Output:
    return output._replace(historical=True)


def next_wake(clock: Clock, fired: Sequence[Firing], now: int) -> int | None:
    """The next instant after `now` at which this clock has something to say, or None."""
    instants = [f.visible_at for f in fired if f.visible_at > now]
    instants += [
        r.due_at + 1
        for r in clock.regimes
        if r.due_at >= now and (r.end is None or r.due_at < r.end)
    ]
    return min(instants) if instants else None


def _life(clock: Clock, about: Mapping[str, Any], now: int) -> Iterator[Output]:
    """Started, paused, resumed, extended, breached, stopped."""
    yield _started(clock, about)
    for held in clock.segments:
        if held.kind not in ("counted", CLOSED):
            name = identify(clock.id, "paused", held.begin, held.kind)
            yield Output(name, "ClockPaused", held.begin, {**about, "ground": held.why})
    for before, turn in pairwise(clock.regimes):
        if turn.cause.type != PUBLISHED:
            yield _turned(clock, before.due_at, turn, about)
        elif turn.due_at != before.due_at:
            yield _taken_over(clock, before.due_at, turn, about)
    breach = next((r for r in clock.regimes if r.due_at < min(r.end or now, now)), None)
    if breach:
        name = identify(clock.id, "breached", breach.due_at)
        yield Output(name, "ClockBreached", breach.due_at, {**about, "due_at": breach.due_at})
    if clock.stopped_by is not None:
        yield _stopped(clock, about)


def _started(clock: Clock, about: Mapping[str, Any]) -> Output:
    due_at = clock.regimes[0].due_at
    terms = {
        "started_at": clock.anchor.occurred_at,
        "budget": None if clock.unit == "instant" else clock.first_budget,
        "unit": clock.unit,
        "due_at": due_at,
        "provisional": clock.calendar.provisional(due_at),
        "policy_version": clock.first_policy,
        "calendar_version": clock.calendar.version,
        "anchor_event_id": clock.anchor.event_id,
    }
    name = identify(clock.id, "started", due_at, *_unsure(clock, due_at))
    return Output(name, "ClockStarted", clock.anchor.occurred_at, {**about, **terms})


def _unsure(clock: Clock, due_at: int) -> tuple[str, ...]:
    """Part of the id of what is said of a provisional date: the final one is news, even where
    it is the same."""
    return ("provisional",) if clock.calendar.provisional(due_at) else ()


def _turned(clock: Clock, old_due: int, turn: Regime, about: Mapping[str, Any]) -> Output:
    """A fact moved the due instant: a pause ended, the term was extended, the case reopened."""
    if turn.cause.type == "ExtensionGranted":
        rule = clock.definition.extension
        most = rule.days if rule else 0
        days = min(int(turn.cause.data.get("days") or most), most)
        data = {**about, "days": days, "old_due": old_due, "new_due": turn.due_at}
        unsure = _unsure(clock, turn.due_at)
        name = identify(clock.id, "extended", turn.cause.event_id, turn.due_at, *unsure)
        return Output(name, "ClockExtended", turn.begin, data)
    unsure = _unsure(clock, turn.due_at)
    data = {**about, "due_at": turn.due_at, "provisional": bool(unsure), "unit": clock.unit}
    name = identify(clock.id, "resumed", turn.cause.event_id, turn.due_at, *unsure)
    return Output(name, "ClockResumed", turn.begin, data)


def _taken_over(clock: Clock, old_due: int, turn: Regime, about: Mapping[str, Any]) -> Output:
    """A newer policy moved the due instant of a clock that goes on."""
    unsure = _unsure(clock, turn.due_at)
    data = {
        **about,
        "reason": "policy",
        "old_due": old_due,
        "new_due": turn.due_at,
        "provisional": bool(unsure),
        "policy_version": clock.policy_by(turn.cause.data["version"]),
        "calendar_version": clock.calendar.version,
    }
    name = identify(clock.id, "taken over", turn.cause.event_id, old_due, turn.due_at, *unsure)
    return Output(name, "ClockSuperseded", turn.begin, data)


def _stopped(clock: Clock, about: Mapping[str, Any]) -> Output:
    assert clock.stopped_at is not None
    assert clock.stopped_by is not None
    result = {
        "outcome": clock.outcome,
        "stopped_at": clock.stopped_at,
        "due_at": clock.due_at,
        "consumed": clock.consumed,
        "saved": clock.saved,
        "late_minutes": clock.late_minutes(clock.stopped_at),
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
    noted = _acknowledged(facts, {alert_id(s) for s in out})
    named = {"case_id": subject.case_id, "item_name": subject.item_name}
    for signal, firing in out.items():
        said = {**about, **_said(firing)}
        told = {**said, **named, "alert_id": alert_id(signal)}
        if firing.rung.level != "escalate":
            said = {**said, "signal_id": signal, "item_code": subject.item_code}
            yield Output(signal, "SignalRaised", firing.at, said)
            yield from _alert(clock, firing, told, noted.get(alert_id(signal)))
        elif not any(f.occurred_at <= firing.at for f in noted.values()):
            yield Output(alert_id(signal), "AlertEscalated", firing.at, told)
            yield from _cleared(clock, told)


def _said(firing: Firing) -> dict[str, Any]:
    rung = firing.rung
    due_at = firing.regime.due_at
    said = {"level": rung.level, "rung": rung.name, "due_at": due_at, "at": firing.at}
    return {**said, "to_roles": list(rung.to)}


def _alert(
    clock: Clock, firing: Firing, told: Mapping[str, Any], noted: Fact | None
) -> Iterator[Output]:
    """The alert of a signal: raised, noted by somebody, cleared when the clock stopped."""
    alert = str(told["alert_id"])
    yield Output(alert, "AlertRaised", firing.at, told)
    if noted:
        by = {"acknowledged_by": noted.actor.role, "acknowledged_by_event": noted.event_id}
        at = max(noted.occurred_at, firing.at)
        yield Output(identify(alert, "noted"), "AlertNoted", at, {**told, **by, "at": at})
    yield from _cleared(clock, told)


def _cleared(clock: Clock, told: Mapping[str, Any]) -> Iterator[Output]:
    if clock.stopped_at is not None:
        name = identify(told["alert_id"], "cleared")
        yield Output(name, "AlertCleared", clock.stopped_at, {**told, "at": clock.stopped_at})


def _acknowledged(facts: Sequence[Fact], alerts: set[str]) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for fact in facts:
        if fact.type == "AlertAcknowledged" and fact.data.get("alert_id") in alerts:
            found.setdefault(str(fact.data["alert_id"]), fact)
    return found


def anomaly_outputs(subject: Subject, anomalies: Sequence[Anomaly]) -> Iterator[Output]:
    """One message for each fact that does not fit the life of its case."""
    about = {"item_code": subject.item_code, "window_id": subject.window_id}
    for code, event_id, at in anomalies:
        name = identify(subject.case_id, "anomaly", code, event_id)
        data = {**about, "anomaly": code, "about_event_id": event_id}
        yield Output(name, "AnomalyFound", at, data, subject.historical)
