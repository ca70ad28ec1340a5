"""Who is told when: the rungs of a ladder around each due instant of a clock.

A rung fires at its instant if the clock had begun by then and the due instant still held; those at
and after a date that had passed when it was set fire all the same. Those
that were past when the fact that set the due instant was recorded fold into the last of them.
"""

from typing import Any

from tests.model.oracle.clock import Clock
from tests.model.oracle.life import Fact

Signal = dict[str, Any]


def rung_at(clock: Clock, due: int, rung: dict[str, Any]) -> int:
    """The instant of a rung."""
    offset, days = rung["offset"], clock.days
    if offset == 0:
        return due
    if rung.get("unit", "working_day") == "working_minute":
        walk = days.after_work if offset > 0 else days.before_work
        return walk(due, abs(offset) * 60_000)
    on = days.date_of(due - 1)  # a close at midnight belongs to the day before
    if days.close(on) == due:
        after, before = due, due - 1
    else:
        after, before = days.day_end(due), days.midnight(days.date_of(due))
    if offset > 0:
        return days.nth_close(after, offset)
    return days.nth_close(before, 1 + offset)


def signals(clock: Clock) -> list[Signal]:
    """Every rung that fires or will fire if nothing more happens, once each."""
    found: dict[tuple[str, int], Signal] = {}
    for stretch in clock.stretches:
        fired = []
        for rung in stretch["rungs"]:
            at = rung_at(clock, stretch["due"], rung)
            if (at > clock.begun or at >= stretch["due"]) and (
                stretch["end"] is None or at < stretch["end"]
            ):
                fired.append({"level": rung["level"], "rung": name(rung), "at": at})
        past = [f for f in fired if f["at"] <= stretch["told"] and f["level"] != "escalate"]
        folded = max(past, key=lambda f: f["at"]) if past else None
        for one in fired:
            if one not in past or one is folded:
                seen = max(one["at"], stretch["told"])
                said = {**one, "due": stretch["due"], "seen": seen}
                found.setdefault((one["rung"], stretch["due"]), said)
    return list(found.values())


def name(rung: dict[str, Any]) -> str:
    """What a rung is called."""
    return f"{rung['level']}{rung['offset']:+d}{rung.get('unit', 'working_day')}"


def out_at(clock: Clock, facts: list[Fact], now: int) -> list[Signal]:
    """Signals that are out at an instant. An escalation is out only where nobody had acknowledged
    any signal of the clock by then."""
    visible = [s for s in signals(clock) if s["seen"] <= now]
    names = {alert_name(clock, s) for s in visible}
    noted: dict[str, int] = {}
    for fact in facts:
        if fact["type"] == "AlertAcknowledged" and fact["data"]["alert_id"] in names:
            noted.setdefault(fact["data"]["alert_id"], fact["occurred_at"])
    return [
        {**s, "noted": alert_name(clock, s) in noted}
        for s in visible
        if s["level"] != "escalate" or not any(at <= s["at"] for at in noted.values())
    ]


def alert_name(clock: Clock, signal: Signal) -> str:
    """What an acknowledgement in a test case calls the alert it answers."""
    parts = (clock.definition["kind"], clock.key, clock.anchor["id"], signal["rung"], signal["due"])
    return "|".join(map(str, parts))
