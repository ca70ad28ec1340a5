"""Who hears what: subscriptions as `reference` has them, and which alerts are theirs.

A subscription hears what the broker wrote down after it was published; a new version goes on where
the old one stood, an inactive one ends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from duban.events import Event

HEARD = frozenset({"AlertRaised", "AlertEscalated", "AlertRetracted"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. Empty sets mean no restriction; `since` is broker time, epoch ms."""

    name: str
    since: int
    halls: frozenset[str] = frozenset()
    windows: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()
    quiet: tuple[tuple[time, time], ...] = ()

    def hears(self, event: Event, written_at: int) -> bool:
        """Whether an alert is for this subscription; never one of imported history."""
        data = event.data
        window = str(data.get("window_id", ""))
        return (
            event.type in HEARD
            and not event.historical
            and written_at >= self.since
            and _within(self.halls, event.hall_id)
            and (_within(self.windows, window) or f"{event.hall_id}/{window}" in self.windows)
            and (not self.roles or bool(self.roles & set(data.get("to_roles", ()))))
            and _within(self.levels, str(data.get("level", "")))
        )

    def wait(self, at: datetime) -> timedelta:
        """How long a message must wait for the end of the quiet hours; zero outside of them."""
        for start, end in self.quiet:
            if _covers(start, end, at.time()):
                until = datetime.combine(at.date(), end, at.tzinfo)
                return (until if until > at else until + timedelta(days=1)) - at
        return timedelta()


def _within(allowed: frozenset[str], value: str) -> bool:
    return not allowed or value in allowed


def _covers(start: time, end: time, at: time) -> bool:
    return start <= at < end if start < end else at >= start or at < end


@dataclass(slots=True)
class Book:
    """All subscriptions in force, built from `SubscriptionChanged` in order of writing."""

    active: dict[str, Subscription] = field(default_factory=dict)

    def take(self, event: Event, written_at: int) -> None:
        """Take in one event of `reference`; other types are passed over."""
        if event.type != "SubscriptionChanged":
            return
        data = event.data
        name = str(data["subscription_id"])
        if not data.get("active", True):
            self.active.pop(name, None)
            return
        before = self.active.get(name)
        self.active[name] = Subscription(
            name=name,
            since=before.since if before else written_at,
            halls=frozenset(data.get("halls", ())),
            windows=frozenset(data.get("windows", ())),
            roles=frozenset(data.get("roles", ())),
            levels=frozenset(data.get("levels", ())),
            channels=tuple(data.get("channels", ())),
            quiet=tuple(_hours(shift) for shift in data.get("quiet_hours", ())),
        )


def _hours(shift: Mapping[str, str]) -> tuple[time, time]:
    return _time(shift["start"]), _time(shift["end"])


def _time(text: str) -> time:
    """HH:MM; 24:00 is the day's end, which a time of day writes as 00:00."""
    hour, _, minute = text.partition(":")
    return time(int(hour) % 24, int(minute or 0))


def here(zone: str) -> datetime:
    """The wall clock in a zone."""
    return datetime.now(ZoneInfo(zone))
