"""The due instant of a budget from a start, with pauses, and its derivation day by day (pure).

What `duban due` prints. A clock of a case does the same over facts (`clocks`); here the pauses are
given as instants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from duban.worktable import MINUTE
from duban.worktime import Calendar, Day

Pause = tuple[int, int]  # from, to: the clock does not run in (from, to]


class DayUsed(NamedTuple):
    """A date of the derivation: what it is, the units it used up, the sum so far, and why not."""

    day: Day
    used: int
    total: int
    why: str  # the day's kind, or start_day, paused, rolled


@dataclass(frozen=True, slots=True)
class Due:
    """When a budget is used up, and how each date contributed."""

    at: int
    provisional: bool
    days: tuple[DayUsed, ...]


class _Unit(NamedTuple):
    """How a unit is counted in (a, b], and where the n-th one after an instant falls.

    Minutes are counted in milliseconds, so that no pause costs or wins a part of a minute.
    """

    used: Callable[[int, int], int]
    nth: Callable[[int, int], int]
    from_next_day: bool
    parts: int = 1


def due(
    calendar: Calendar, unit: str, start: int, budget: int, pauses: Sequence[Pause] = ()
) -> Due:
    """Derive the due instant of `budget` (at least 1) units of `unit` from `start`."""
    if budget < 1:
        raise ValueError("a budget is at least one unit")
    how = _unit(calendar, unit)
    begin = calendar.day_end(start) if how.from_next_day else start
    running = _running(begin, pauses)
    at, remaining = 0, budget * how.parts
    for a, b in running:
        used = how.used(a, b) if b is not None else remaining
        if used >= remaining:
            at = how.nth(a, remaining)
            break
        remaining -= used
    days = _derivation(calendar, how, start, at, budget, running)
    return Due(at, calendar.provisional(at), tuple(days))


def _unit(calendar: Calendar, unit: str) -> _Unit:
    units = {
        "working_day": _Unit(calendar.closes_between, calendar.nth_close, True),
        "calendar_day": _Unit(calendar.days_between, calendar.nth_day, True),
        "working_minute": _Unit(calendar.worked_ms, calendar.add_worked_ms, False, MINUTE),
    }
    return units[unit]


def _running(begin: int, pauses: Sequence[Pause]) -> list[tuple[int, int | None]]:
    """Stretches in which the clock runs; pauses may overlap and come in any order."""
    stretches: list[tuple[int, int | None]] = []
    for stop, go in sorted(pauses):
        if stop > begin:
            stretches.append((begin, stop))
        begin = max(begin, go)
    return [*stretches, (begin, None)]


def _derivation(
    calendar: Calendar,
    how: _Unit,
    start: int,
    at: int,
    budget: int,
    running: Sequence[tuple[int, int | None]],
) -> list[DayUsed]:
    days: list[DayUsed] = []
    total, parts, midnight = 0, 0, calendar.day_start(start)
    while midnight <= at:
        end = calendar.day_end(midnight)
        stretches = [
            (max(a, midnight), end if b is None else min(b, end)) for a, b in running if a < end
        ]
        parts += sum(how.used(a, b) for a, b in stretches if b > a)
        used = min(parts // how.parts, budget) - total
        total += used
        day = calendar.day(calendar.date_of(midnight))
        days.append(DayUsed(day, used, total, _why(how, day, used, total >= budget, not days)))
        midnight = end
    return days


def _why(how: _Unit, day: Day, used: int, reached: bool, first: bool) -> str:
    if used:
        return day.kind
    if first and how.from_next_day:
        return "start_day"
    if reached:
        return "rolled"
    return "paused" if day.works else day.kind
