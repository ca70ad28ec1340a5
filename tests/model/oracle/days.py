"""Dates and the hours of business in them, one date after the other.

Sources: 行政许可法 art. 82 (working days, no statutory holidays), 民法典 art. 201 (the start day
is not counted) and 203 (a last day of rest is followed by the next working day; it ends when
business stops). Instants are milliseconds since 1970, UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

USUAL = [[(540, 720), (780, 1020)]] * 5 + [[], []]  # minutes of the day, Monday first
ONE_DAY = timedelta(days=1)
BEIJING = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(at: date | datetime) -> int:
    """A date in published data begins at midnight in Beijing."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=BEIJING)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=BEIJING)
    return (at.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def number(version: str) -> list[Any]:
    """Versions in the order in which people count: 9 before 10."""
    parts = version.replace("-", ".").split(".")
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def minutes(text: str) -> int:
    """ "09:30" as minutes after midnight."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def shifts_in(texts: list[str]) -> list[tuple[int, int]]:
    """ "09:00-12:00" and so on, as minutes."""
    pairs = [text.split("-") for text in texts]
    return [(minutes(start), minutes(end)) for start, end in pairs]


class Days:
    """What every date is at one window: the weekly hours, the notice of the year, its own days."""

    def __init__(
        self,
        zone: str,
        layers: list[list[dict[str, Any]]],
        notices: list[dict[str, Any]],
        national: bool = False,
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.national = national
        self.layers = [by_day_of_effect(layer) for layer in layers]
        starts = [start for layer in self.layers for start, _ in layer]
        self.earliest = min(starts, default=date.min)
        self.off: dict[date, list[tuple[int, int]]] = {}
        self.made_up: dict[date, list[tuple[int, int]]] = {}
        for notice in notices:
            for group in notice.get("holidays", []):
                self.off |= {d: shifts_in(group.get("shifts", [])) for d in group["days"]}
            for group in notice.get("makeup_days", []):
                self.made_up |= {d: shifts_in(group.get("shifts", [])) for d in group["days"]}
        self.years = sorted({notice["year"] for notice in notices})
        self._hours: dict[date, list[tuple[int, int]]] = {}
        self._midnights: dict[date, int] = {}

    # --- what a date is ---

    def week(self, on: date) -> list[list[tuple[int, int]]]:
        """The weekly hours in force: the window's, else the hall's, else the usual ones. By the law
        Monday to Friday are worked (art. 82), whatever the hall keeps: of it come the hours alone,
        for a weekday on which it rests those of its first day of work."""
        week = USUAL
        for layer in self.layers:
            in_force = [hours for start, hours in layer if start <= max(on, self.earliest)]
            if in_force and in_force[-1].get("weekly"):
                week = [[] for _ in range(7)]
                for some in in_force[-1]["weekly"]:
                    for weekday in some["weekdays"]:
                        week[weekday - 1] = shifts_in(some["shifts"])
        if self.national:
            some_day = next((shifts for shifts in week if shifts), USUAL[0])
            week = [shifts or some_day for shifts in week[:5]] + [[], []]
        return week

    def shifts(self, on: date) -> list[tuple[int, int]]:
        """Minutes of the day in which business is done; none on a day of rest."""
        own = self.own(on)
        if own is not None:
            return own
        week = self.week(on)
        working = [shifts for shifts in week if shifts]
        if on in self.made_up:
            return self.made_up[on] or (working[0] if working else USUAL[0])
        if on in self.off:
            return self.off[on]
        return week[on.weekday()]

    def own(self, on: date) -> list[tuple[int, int]] | None:
        """Hours of a day that the hall, or over it the window, gave itself."""
        found = None
        for layer in [] if self.national else self.layers:
            for index, (start, hours) in enumerate(layer):
                begun = index == 0 or start <= on
                over = index + 1 < len(layer) and layer[index + 1][0] <= on
                for day in hours.get("days", []) if begun and not over else []:
                    if day["date"] == on:
                        found = self.own_hours(on, day)
        return found

    def own_hours(self, on: date, day: dict[str, Any]) -> list[tuple[int, int]]:
        """A day the hall gave itself without saying the hours has those of such a weekday."""
        if not day.get("open", True):
            return []
        if day.get("shifts"):
            return shifts_in(day["shifts"])
        week = self.week(on)
        working = [shifts for shifts in week if shifts]
        return week[on.weekday()] or (working[0] if working else USUAL[0])

    # --- instants ---

    def wall(self, on: date, minute: int) -> int:
        """The instant of a local time."""
        naive = datetime(on.year, on.month, on.day) + timedelta(minutes=minute)  # noqa: DTZ001
        return (naive.replace(tzinfo=self.zone).astimezone(UTC) - EPOCH) // timedelta(
            milliseconds=1
        )

    def midnight(self, on: date) -> int:
        """The instant at which a date begins."""
        if on not in self._midnights:
            self._midnights[on] = self.wall(on, 0)
        return self._midnights[on]

    def date_of(self, at: int) -> date:
        """The local date of an instant."""
        return (EPOCH + timedelta(milliseconds=at)).astimezone(self.zone).date()

    def day_end(self, at: int) -> int:
        """The midnight that ends the date of an instant."""
        return self.midnight(self.date_of(at) + ONE_DAY)

    def hours(self, on: date) -> list[tuple[int, int]]:
        """The shifts of a date as instants."""
        if on not in self._hours:
            shifts = self.shifts(on)
            self._hours[on] = [(self.wall(on, start), self.wall(on, end)) for start, end in shifts]
        return self._hours[on]

    def close(self, on: date) -> int | None:
        """When business stops on a date; None on a day of rest."""
        hours = self.hours(on)
        return hours[-1][1] if hours else None

    def provisional(self, at: int) -> bool:
        """Whether the date lies beyond the unbroken run of years whose notice is out."""
        if not self.years:
            return True
        last = self.years[0]
        while last + 1 in self.years:
            last += 1
        return self.date_of(at).year > last

    # --- walking ---

    def closes_after(self, at: int) -> Iterator[int]:
        """Every close of business after an instant, one by one."""
        on = self.date_of(at) - ONE_DAY
        while True:
            close = self.close(on)
            if close is not None and close > at:
                yield close
            on += ONE_DAY

    def closes_before(self, at: int) -> Iterator[int]:
        """Every close of business at or before an instant, going back."""
        on = self.date_of(at)
        while True:
            close = self.close(on)
            if close is not None and close <= at:
                yield close
            on -= ONE_DAY

    def nth_close(self, after: int, n: int) -> int:
        """The n-th close of business after an instant; for n = 0 the last that is past."""
        if n <= 0:
            return take(self.closes_before(after), 1 - n)
        return take(self.closes_after(after), n)

    def closes(self, begin: int, end: int) -> int:
        """How many closes of business lie after `begin` and not after `end`."""
        count = 0
        for close in self.closes_after(begin):
            if close > end:
                break
            count += 1
        return count

    def midnights(self, begin: int, end: int) -> Iterator[int]:
        """The ends of days after `begin` and not after `end`."""
        on = self.date_of(begin) + ONE_DAY
        while self.midnight(on) <= end:
            yield self.midnight(on)
            on += ONE_DAY

    def nth_day(self, after: int, n: int) -> int:
        """The close of the n-th day that ends after an instant, or, where that is a day of rest or
        business has stopped by then, of the next working day."""
        on = self.date_of(after)
        for _ in range(n - 1):
            on += ONE_DAY
        while (close := self.close(on)) is None or close <= after:
            on += ONE_DAY
        return close

    def worked(self, begin: int, end: int) -> int:
        """Milliseconds of business between two instants."""
        on, total = self.date_of(begin) - ONE_DAY, 0
        while self.midnight(on) <= end:
            for start, close in self.hours(on):
                total += max(0, min(close, end) - max(start, begin))
            on += ONE_DAY
        return total

    def after_work(self, begin: int, work: int) -> int:
        """The instant at which so many milliseconds of business have been done since `begin`."""
        if work <= 0:
            return begin
        on = self.date_of(begin) - ONE_DAY
        while True:
            for start, close in self.hours(on):
                here = max(0, close - max(start, begin))
                if here >= work:
                    return max(start, begin) + work
                work -= here
            on += ONE_DAY

    def before_work(self, end: int, work: int) -> int:
        """The latest instant from which so many milliseconds of business remain until `end`."""
        on = self.date_of(end) + ONE_DAY
        while True:
            for start, close in reversed(self.hours(on)):
                here = max(0, min(close, end) - start)
                if here >= work:
                    return min(close, end) - work
                work -= here
            on -= ONE_DAY

    def whole_minutes(self, begin: int, end: int) -> int:
        """Minutes of business that end between two instants."""
        return self.worked(begin, end) // 60_000


def take(closes: Iterator[int], n: int) -> int:
    """The n-th of them."""
    for _ in range(n - 1):
        next(closes)
    return next(closes)


def by_day_of_effect(layer: list[dict[str, Any]]) -> list[tuple[date, dict[str, Any]]]:
    """Versions of a place's hours by the local date from which each holds."""
    found: dict[date, dict[str, Any]] = {}
    ranked = sorted(layer, key=lambda h: (instant_of(h["effective_from"]), number(h["version"])))
    for hours in ranked:
        zone = ZoneInfo(hours.get("zone", "Asia/Shanghai"))
        at = EPOCH + timedelta(milliseconds=instant_of(hours["effective_from"]))
        found[at.astimezone(zone).date()] = hours
    return sorted(found.items())
