"""What kind of day a date is, and its shifts: national days, opening hours, a hall's own days.

Three layers decide a date, the later one wins: the weekly opening hours; the national notice
(holidays, and make-up days 调休 that work on a weekend); the hall's or window's own override, which
goes both ways (open during 春节, closed on a workday). A date beyond the last published national
notice follows the weekly hours alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

DayKind = Literal["workday", "weekend", "holiday", "makeup", "hall_rest", "hall_work"]
Shift = tuple[int, int]  # minutes after local midnight: from, to (at most 1440)
Shifts = tuple[Shift, ...]

OFFICE: Shifts = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
UNPUBLISHED = "unpublished"  # source of a day that no national notice covers yet


class DayRule(NamedTuple):
    """One date of a national notice; `shifts` only where the notice names hours (half days)."""

    date: date
    kind: Literal["holiday", "makeup"]
    name: str = ""
    source: str = ""
    shifts: Shifts | None = None


class Override(NamedTuple):
    """One date as a hall or window keeps it; no shifts means closed."""

    date: date
    shifts: Shifts
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly opening hours from a date on: seven days, Monday first."""

    weekly: tuple[Shifts, ...] = (OFFICE,) * 5 + ((),) * 2
    effective_from: date = date.min
    source: str = ""

    def makeup(self) -> Shifts:
        """Shifts of a make-up day: those of the week's first working day."""
        return next((shifts for shifts in self.weekly if shifts), OFFICE)


class Day(NamedTuple):
    """A date, what it is, when the hall works, and the notice that says so."""

    date: date
    kind: DayKind
    shifts: Shifts
    source: str = ""
    name: str = ""

    @property
    def works(self) -> bool:
        """True if business is done at all."""
        return bool(self.shifts)


@dataclass(frozen=True, slots=True)
class DayBook:
    """The layers of one calendar; answers for any date."""

    hours: tuple[Hours, ...]
    published_through: date
    national: dict[date, DayRule] = field(default_factory=dict)
    overrides: dict[date, Override] = field(default_factory=dict)

    def hours_on(self, on: date) -> Hours:
        """The weekly hours in force on a date; the earliest ones reach back for ever."""
        chosen = self.hours[0]
        for hours in self.hours[1:]:
            if hours.effective_from <= on:
                chosen = hours
        return chosen

    def day(self, on: date) -> Day:
        """What a date is."""
        if override := self.overrides.get(on):
            kind: DayKind = "hall_work" if override.shifts else "hall_rest"
            return Day(on, kind, override.shifts, override.source, override.name)
        hours = self.hours_on(on)
        if rule := self.national.get(on):
            if rule.kind == "holiday":
                return Day(on, "holiday", rule.shifts or (), rule.source, rule.name)
            return Day(on, "makeup", rule.shifts or hours.makeup(), rule.source, rule.name)
        shifts = hours.weekly[on.weekday()]
        source = UNPUBLISHED if on > self.published_through else hours.source
        return Day(on, "workday" if shifts else "weekend", shifts, source)

    def special(self) -> dict[date, Shifts]:
        """Shifts of every date that does not follow the weekly hours."""
        return {on: self.day(on).shifts for on in (*self.national, *self.overrides)}


def check_shifts(shifts: Shifts) -> None:
    """Refuse shifts that overlap, run backwards or leave the day."""
    before = 0
    for start, end in shifts:
        if not before <= start < end <= 1440:
            raise ValueError(f"shifts must follow one another within one day: {shifts}")
        before = end


def day_book(
    national: Sequence[DayRule],
    hours: Hours | Sequence[Hours],
    overrides: Sequence[Override],
    published_through: date,
) -> DayBook:
    """Put the layers together; of two overrides for one date the later in the list wins."""
    periods = (hours,) if isinstance(hours, Hours) else tuple(hours)
    weekly = [shifts for period in periods for shifts in period.weekly]
    days = [o.shifts for o in overrides] + [rule.shifts or () for rule in national]
    for shifts in weekly + days:
        check_shifts(shifts)
    if not periods or any(len(period.weekly) != 7 for period in periods):
        raise ValueError("opening hours name seven days, Monday first")
    return DayBook(
        hours=tuple(sorted(periods, key=lambda period: period.effective_from)),
        published_through=published_through,
        national={rule.date: rule for rule in national},
        overrides={override.date: override for override in overrides},
    )
