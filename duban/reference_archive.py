"""Calendars as they stood at an instant: what a case that ended then was counted by.

Made when a case asks, once per set of notices, and kept by content.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from duban.events import Event
from duban.reference_calendars import NATIONAL, by_scope, calendar_of, national_of, natural
from duban.worktime import Calendar


@dataclass(frozen=True)
class Published:
    """Versions of one scope in the order in which they were published."""

    events: tuple[Event, ...] = ()

    @cached_property
    def instants(self) -> tuple[int, ...]:
        """When each was published, in ms."""
        return tuple(event.occurred_at for event in self.events)

    @property
    def last(self) -> int:
        """When the last one was published; 0 where there is none."""
        return self.instants[-1] if self.events else 0

    def by(self, at: int) -> tuple[Event, ...]:
        """Those published at or before an instant."""
        return self.events[: bisect_right(self.instants, at)]


NONE = Published()


@dataclass(frozen=True)
class Archive:
    """Calendars as they stood at an instant: made of what had been published by then.

    A case that has ended keeps its days whatever is published later.
    """

    national: Published
    hours: Mapping[str, Published]
    zone: str

    def as_of(self, hall_id: str, window_id: str, at: int) -> Calendar | None:
        """The calendar of a window at `at` (ms); None where nothing was published since: then
        the present one is the same."""
        scope = f"{hall_id}/{window_id}"
        hall, own = self.hours.get(hall_id, NONE), self.hours.get(scope, NONE)
        if at >= max(self.national.last, hall.last, own.last):
            return None
        notices, of_hall, of_window = self.national.by(at), hall.by(at), own.by(at)
        if of_window:
            return _past(_Edition(scope, notices, of_hall, of_window, self.zone))
        return _past(_Edition(hall_id if of_hall else "", notices, (), of_hall, self.zone))

    def national_as_of(self, hall_id: str, at: int) -> Calendar | None:
        """The national days at a hall's weekly hours at `at` (ms); None: the present ones."""
        hall = self.hours.get(hall_id, NONE)
        if at >= max(self.national.last, hall.last):
            return None
        of_hall = hall.by(at)
        scope = f"{hall_id}#{NATIONAL}" if of_hall else ""
        return _past(_Edition(scope, self.national.by(at), (), of_hall, self.zone))


def archive(
    national: Sequence[Event], hours: Sequence[Event], zone: str = "Asia/Shanghai"
) -> Archive:
    """All notices and hours, as they were published."""
    scopes = {scope: _in_turn(events) for scope, events in by_scope(hours).items()}
    return Archive(_in_turn(national), scopes, zone)


def _in_turn(events: Sequence[Event]) -> Published:
    return Published(tuple(sorted(events, key=lambda e: (e.occurred_at, natural(e)))))


class _Edition:
    """What a past calendar is made of; two of the same versions are equal."""

    __slots__ = ("_key", "hall", "national", "own", "scope", "zone")

    def __init__(
        self,
        scope: str,
        national: Sequence[Event],
        hall: Sequence[Event],
        own: Sequence[Event],
        zone: str,
    ) -> None:
        self.scope, self.national, self.hall, self.own = scope, national, hall, own
        self.zone = zone
        self._key = (scope, zone, *(e.event_id for e in (*national, *hall, *own)))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Edition) and self._key == other._key


@lru_cache(maxsize=512)
def _past(edition: _Edition) -> Calendar:
    """A calendar of three years, 50 kB; it grows by itself where a case asks for more."""
    last = max((int(e.data["year"]) for e in edition.national), default=2005)
    years = (last - 1, last + 1)
    hall, _, national = edition.scope.partition("#")
    if national:
        return national_of(hall, edition.national, edition.own, edition.zone, years)
    return calendar_of(
        edition.scope, edition.national, edition.hall, edition.own, edition.zone, years
    )
