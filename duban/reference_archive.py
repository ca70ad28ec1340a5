"""Calendars as they stood at an instant: what a case that ended then was counted by.

Made when a case asks, once per set of notices, and kept by content.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from duban.events import Event
from duban.reference_calendars import NATIONAL, by_scope, calendar_of, national_of, natural
from duban.worktime import Calendar


@dataclass(frozen=True)
class Published:
    """Versions of one scope in the order in which they were published; when each was, in ms."""

    events: tuple[Event, ...] = ()
    instants: tuple[int, ...] = ()

    def by(self, at: int) -> int:
        """How many had been published at an instant."""
        return bisect_right(self.instants, at)


NONE = Published()
NEAR_MAX = 512  # calendars at hand


@dataclass(frozen=True)
class Archive:
    """Calendars as they stood at an instant: made of what had been published by then.

    A case that has ended keeps its days whatever is published later.
    """

    national: Published
    hours: Mapping[str, Published]
    zone: str
    _near: dict[tuple[str, int, int, int], Calendar] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def last(self) -> int:
        """When anything was published last (ms): most cases ended after that."""
        published = (self.national, *self.hours.values())
        return max((of.instants[-1] for of in published if of.instants), default=0)

    def as_of(self, hall_id: str, window_id: str, at: int) -> Calendar | None:
        """The calendar of a window at `at` (ms); None where nothing was published since: then
        the present one is the same."""
        if at >= self.last:
            return None
        scope = f"{hall_id}/{window_id}"
        hall, own = self.hours.get(hall_id, NONE), self.hours.get(scope, NONE)
        notices, of_hall, of_window = self.national.by(at), hall.by(at), own.by(at)
        published = (len(self.national.events), len(hall.events), len(own.events))
        if (notices, of_hall, of_window) == published:
            return None
        if of_window:
            return self._made(scope, notices, hall, of_hall, own, of_window)
        return self._made(hall_id if of_hall else "", notices, NONE, 0, hall, of_hall)

    def national_as_of(self, hall_id: str, at: int) -> Calendar | None:
        """The national days at a hall's hours at `at` (ms); None: the present ones."""
        if at >= self.last:
            return None
        hall = self.hours.get(hall_id, NONE)
        notices, of_hall = self.national.by(at), hall.by(at)
        if (notices, of_hall) == (len(self.national.events), len(hall.events)):
            return None
        scope = f"{hall_id}#{NATIONAL}" if of_hall else ""
        return self._made(scope, notices, NONE, 0, hall, of_hall)

    def _made(
        self, scope: str, notices: int, hall: Published, of_hall: int, own: Published, of_own: int
    ) -> Calendar:
        """The calendar of so many notices and hours, the first of each to be published."""
        name = (scope, notices, of_hall, of_own)
        found = self._near.get(name)
        if found is None:
            if len(self._near) >= NEAR_MAX:
                self._near.clear()
            first = self.national.events[:notices], hall.events[:of_hall], own.events[:of_own]
            found = self._near[name] = _past(_Edition(scope, *first, self.zone))
        return found


def archive(
    national: Sequence[Event], hours: Sequence[Event], zone: str = "Asia/Shanghai"
) -> Archive:
    """All notices and hours, as they were published."""
    scopes = {scope: _in_turn(events) for scope, events in by_scope(hours).items()}
    return Archive(_in_turn(national), scopes, zone)


def _in_turn(events: Sequence[Event]) -> Published:
    ordered = tuple(sorted(events, key=lambda e: (e.occurred_at, natural(e))))
    return Published(ordered, tuple(event.occurred_at for event in ordered))


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


@lru_cache(maxsize=NEAR_MAX)
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
