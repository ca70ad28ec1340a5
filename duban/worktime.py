"""Working time: closes of business, working minutes and calendar days of one hall or window.

The one rule: *a working day is consumed at its close of business if the clock runs at that
instant; the start day is never consumed* (民法典 art. 201, 203; 行政许可法 art. 82). So a count of
working days is a count of closes, found by bisection in a sorted array. Calendar days go by local
midnights and working minutes by whole minutes of business in the same way.

Instants are epoch milliseconds UTC, dates are those of the calendar's zone. Nothing here reads a
clock or a file.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duban.calendars import (
    OFFICE,
    UNPUBLISHED,
    Day,
    DayBook,
    DayKind,
    DayRule,
    Hours,
    Override,
    Shift,
    Shifts,
    day_book,
)
from duban.worktable import MINUTE, Table, tabulate

__all__ = [
    "OFFICE", "OFFICE_HOURS", "UNPUBLISHED", "BeyondCalendar", "Calendar", "Day", "DayKind",
    "DayRule", "Hours", "Line", "Override", "Shift", "Shifts", "build",
]  # fmt: skip

OFFICE_HOURS = Hours()  # 09:00-12:00, 13:00-17:00, Monday to Friday
EARLIEST, LATEST = 1970, 2199  # years a calendar can grow to


class BeyondCalendar(ValueError):
    """An instant before 1970 or after 2199, or a budget that runs past it."""


class Line(NamedTuple):
    """One day of a derivation; `n` is its number among the counted days, 0 when not counted."""

    date: date
    counted: bool
    why: str  # a DayKind, or "start_day", "before_start", "after_end" for a day that works
    source: str = ""
    name: str = ""
    n: int = 0


class Calendar:
    """Immutable to its users: it answers for any date, and tabulates further years when asked."""

    __slots__ = (
        "_book", "_table", "_unpublished_from", "_years", "_zone", "id", "published_through",
        "version",
    )  # fmt: skip

    def __init__(
        self, calendar_id: str, version: str, book: DayBook, zone: str, years: tuple[int, int]
    ) -> None:
        self.id = calendar_id
        self.version = version
        self.published_through = book.published_through
        self._book = book
        self._zone = ZoneInfo(zone)
        self._years = years
        self._table = tabulate(book, self._zone, *years)
        self._unpublished_from = _midnight_after(book.published_through, self._zone)

    @property
    def zone(self) -> str:
        """IANA name of the zone that dates are in."""
        return self._zone.key

    # --- dates -------------------------------------------------------------------------------

    def date_of(self, at: int) -> date:
        """Local date of an instant."""
        return date.fromordinal(self._covering(at).first + self._index(at))

    def day(self, on: date) -> Day:
        """What a date is: kind, shifts, and the notice that says so."""
        return self._book.day(on)

    def is_working(self, on: date) -> bool:
        """True if the hall does business on a date."""
        return self._book.day(on).works

    def day_start(self, at: int) -> int:
        """Local midnight that begins the day of `at`."""
        midnights = self._covering(at).midnights
        return midnights[bisect_right(midnights, at) - 1]

    def day_end(self, at: int) -> int:
        """Local midnight that ends the day of `at`."""
        midnights = self._covering(at).midnights
        return midnights[bisect_right(midnights, at)]

    def provisional(self, at: int) -> bool:
        """True if the date of `at` lies beyond the last published national notice."""
        self._covering(at)
        return at >= self._unpublished_from

    # --- working days ------------------------------------------------------------------------

    def closes_between(self, a: int, b: int) -> int:
        """Closes of business in (a, b]; negative when b is before a."""
        self._covering(a)
        closes = self._covering(b).closes
        return bisect_right(closes, b) - bisect_right(closes, a)

    def nth_close(self, after: int, n: int) -> int:
        """The n-th close of business strictly after `after` (n = 0: the last one not after it)."""
        closes = self._covering(after).closes
        index = bisect_right(closes, after) + n - 1
        if 0 <= index < len(closes):
            return closes[index]
        return self._close(lambda closes: bisect_right(closes, after) + n - 1)

    def before_close(self, at: int, n: int) -> int:
        """The close n working days before the close at `at` (or before the day of `at`)."""
        if self._is_close(at):
            return self._close(lambda closes: bisect_left(closes, at) - n)
        start = self.day_start(at)
        return self._close(lambda closes: bisect_right(closes, start) - n)

    def after_close(self, at: int, n: int) -> int:
        """The close n working days after the close at `at` (or after the day of `at`)."""
        return self.nth_close(at if self._is_close(at) else self.day_end(at), n)

    def add_days(self, start: int, n: int) -> int:
        """Due instant of n working days from a start; n = 0 is the close still ahead."""
        return self.nth_close(self.day_end(start), n) if n else self.nth_close(start, 1)

    # --- calendar days -----------------------------------------------------------------------

    def days_between(self, a: int, b: int) -> int:
        """Local midnights in (a, b]: calendar days consumed; negative when b is before a."""
        self._covering(a)
        self._covering(b)
        return self._index(b) - self._index(a)

    def nth_day(self, after: int, n: int) -> int:
        """Close of the day that ends at the n-th midnight after `after`; of the next working day
        when that day is a day of rest (民法典 art. 203)."""
        while self._index_of(after) + n >= len(self._table.midnights):
            self._grow()
        while self._index(after) + n < 1:
            self._grow(back=True)
        return self.nth_close(self._table.midnights[self._index(after) + n - 1], 1)

    def calendar_due(self, at: int, n: int) -> int:
        """Due instant of n calendar days; the start day is not counted."""
        return self.nth_day(self.day_end(at), n)

    # --- working minutes ---------------------------------------------------------------------

    def worked_ms(self, a: int, b: int) -> int:
        """Business done in (a, b], in milliseconds; negative when b is before a."""
        self._covering(a)
        self._covering(b)
        return self._worked(b) - self._worked(a)

    def minutes_between(self, a: int, b: int) -> int:
        """Whole minutes of business completed in (a, b]; adds up over adjoining stretches."""
        self._covering(a)
        self._covering(b)
        return self._worked(b) // MINUTE - self._worked(a) // MINUTE

    def add_minutes(self, at: int, minutes: int) -> int:
        """The earliest instant by which so many minutes of business are done since `at`."""
        return self.add_worked_ms(at, minutes * MINUTE)

    def add_worked_ms(self, at: int, worked: int) -> int:
        """The same to the millisecond, for what a pause left of a term."""
        self._covering(at)
        if worked <= 0:
            return at
        while (target := self._worked(at) + worked) > self._table.worked[-1]:
            self._grow()
        table = self._table
        shift = bisect_left(table.worked, target) - 1
        return table.opens[shift] + target - table.worked[shift]

    def minutes_before(self, at: int, minutes: int) -> int:
        """The latest instant from which so many minutes of business remain until `at`."""
        self._covering(at)
        while (target := self._worked(at) - minutes * MINUTE) < 0:
            self._grow(back=True)
        table = self._table
        shift = bisect_right(table.worked, target) - 1
        return table.opens[shift] + target - table.worked[shift]

    # --- derivation --------------------------------------------------------------------------

    def explain(self, a: int, b: int, start_day_excluded: bool = True) -> list[Line]:
        """Every date from a to b: counted if its close lies in (a, b] and it is no start day."""
        lines, n = [], 0
        first, last = self.date_of(a), self.date_of(b)
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = self._book.day(date.fromordinal(ordinal))
            why: str = day.kind
            if day.works:
                start = self._table.midnights[ordinal - self._table.first]
                close = self.nth_close(start, 1)
                if start_day_excluded and day.date == first:
                    why = "start_day"
                elif close <= a or close > b:
                    why = "before_start" if close <= a else "after_end"
            counted = day.works and why == day.kind
            n += counted
            lines.append(Line(day.date, counted, why, day.source, day.name, n if counted else 0))
        return lines

    # --- the table ---------------------------------------------------------------------------

    def _covering(self, at: int) -> Table:
        midnights = self._table.midnights
        if midnights[0] <= at < midnights[-1]:
            return self._table
        while at < self._table.midnights[0]:
            self._grow(back=True)
        while at >= self._table.midnights[-1]:
            self._grow()
        return self._table

    def _index(self, at: int) -> int:
        return bisect_right(self._table.midnights, at) - 1

    def _index_of(self, at: int) -> int:
        self._covering(at)
        return self._index(at)

    def _is_close(self, at: int) -> bool:
        closes = self._covering(at).closes
        index = bisect_left(closes, at)
        return index < len(closes) and closes[index] == at

    def _close(self, place: Callable[["array[int]"], int]) -> int:
        while (index := place(self._table.closes)) >= len(self._table.closes):
            self._grow()
        while (index := place(self._table.closes)) < 0:
            self._grow(back=True)
        return self._table.closes[index]

    def _worked(self, at: int) -> int:
        table = self._table
        shift = bisect_right(table.opens, at) - 1
        if shift < 0:
            return 0
        return table.worked[shift] + min(at, table.ends[shift]) - table.opens[shift]

    def _grow(self, back: bool = False) -> None:
        first, last = self._years
        if (first <= EARLIEST) if back else (last >= LATEST):
            raise BeyondCalendar(f"calendar {self.id} reaches from {EARLIEST} to {LATEST}")
        span = last - first + 1
        first = max(EARLIEST, first - span) if back else first
        last = last if back else min(LATEST, last + span)
        self._years = (first, last)
        self._table = tabulate(self._book, self._zone, first, last)


def _midnight_after(on: date, zone: ZoneInfo) -> int:
    """The instant (ms) at which a date ends; of the last date of all, an instant never reached."""
    if on == date.max:
        return 1 << 62
    end = on + timedelta(days=1)
    return int(datetime(end.year, end.month, end.day, tzinfo=zone).timestamp()) * 1000


def build(
    national: Sequence[DayRule],
    hours: Hours | Sequence[Hours] = OFFICE_HOURS,
    overrides: Sequence[Override] = (),
    zone: str = "Asia/Shanghai",
    first_year: int = 2004,
    last_year: int = 0,
    published_through: date | None = None,
    version: str = "",
    calendar_id: str = "cn",
) -> Calendar:
    """Make a calendar from its layers.

    `hours` may be several periods (`effective_from`); of two overrides for a date the later wins.
    Left out: `published_through` is the end of the last year with a national day (no such day:
    for ever), `last_year` five years more.
    """
    known = max((rule.date.year for rule in national), default=0)
    through = published_through or (date(known, 12, 31) if known else date.max)
    last = last_year or (known or first_year) + 5
    book = day_book(national, hours, overrides, through)
    years = (min(max(first_year, EARLIEST), LATEST), min(max(first_year, last), LATEST))
    return Calendar(calendar_id, version, book, zone, years)
