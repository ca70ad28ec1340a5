"""Terms: how long a clock has, in which unit, from which instant, and when that is used up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from duban.clocks import Clock
from duban.policy import ClockDef
from duban.tracks import Life, Track
from duban.worktime import Calendar

COUNTED = ("working_day", "working_minute", "calendar_day")


class Term(NamedTuple):
    """A budget in a unit; `fixed_due` (ms) where the due instant does not follow from it."""

    budget: int
    unit: str
    fixed_due: int | None = None


def term_of(definition: ClockDef, track: Track, life: Life, calendar: Calendar) -> Term | None:
    """The term that a track starts, or None where nobody has named any: no clock."""
    fact = track.terms
    if definition.unit == "instant":
        due_at = fact.data.get(definition.due_field)
        return None if due_at is None else Term(0, "instant", int(due_at))
    item = life.item
    unit = item.unit if item and definition.unit == "item" else definition.unit
    budget: int | str | None = definition.budget
    if budget == "branch":
        branch = life.branch(track.key or str(fact.data.get("branch_id") or "")) or {}
        budget = _number(branch.get("budget"))
        if budget and branch.get("unit") in COUNTED:
            unit = branch["unit"]
    elif isinstance(budget, str):
        budget = _named(budget, fact.data, life)
    amount = budget or definition.fallback
    if not isinstance(amount, int) or amount < 1 or unit not in COUNTED:
        return None
    return _fixed(definition, track, amount, calendar) if definition.before else Term(amount, unit)


def _named(name: str, data: Mapping[str, Any], life: Life) -> int:
    """Where the policy says that the term stands."""
    if name == "step":
        return _number(life.item.steps.get(str(data.get("step") or ""))) if life.item else 0
    if name.startswith("fact."):
        return _number(data.get(name[5:]))
    return _number(getattr(life.item, name.removeprefix("item."), 0)) if life.item else 0


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _fixed(definition: ClockDef, track: Track, budget: int, calendar: Calendar) -> Term | None:
    """A term that is counted back: so many working days before the day of an event to come."""
    event = track.terms.data.get(definition.before)
    if event is None:
        return None
    before = calendar.nth_close(calendar.day_start(int(event)), 1 - budget)
    return Term(budget, "working_day", before)


def counts_from(definition: ClockDef, unit: str, start: int, calendar: Calendar) -> int:
    """The instant after which days count: the end of the start day (民法典 art 201), or, where
    the rule counts that day too, the start itself while its close still lies ahead."""
    if unit not in ("working_day", "calendar_day"):
        return start
    if definition.start_day and (
        unit == "working_day" or calendar.nth_close(calendar.day_start(start), 1) > start
    ):
        return start
    return calendar.day_end(start)


def due_after(clock: Clock, since: int, remaining: int) -> int:
    """The instant (ms) at which `remaining` grains, counted from `since`, are used up."""
    if clock.fixed_due is not None:
        return clock.fixed_due
    calendar, unit = clock.calendar, clock.unit
    if unit == "working_minute":
        return calendar.add_worked_ms(since, remaining)
    since = max(since, clock.counts_from)
    if unit == "working_day":
        return calendar.nth_close(since, remaining)
    due_at = calendar.nth_day(since, max(remaining, 1))
    return due_at if due_at > since else calendar.nth_close(since, 1)
