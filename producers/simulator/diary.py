"""What is written down in a hall on a day about no case: one page of its diary. Pure, seeded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid5
from zoneinfo import ZoneInfo

from duban.events import NOBODY, Actor, Event, Evidence
from duban.worktime import Calendar
from producers.simulator.story import SPACE, STAFF_PER_WINDOW

MINUTE = 60_000
# Who writes about windows and staff; their posts are not those of any window.
CENTRE = "centre"


def officer(hall: str, role: str) -> Actor:
    """Somebody of the centre in a role, as a reference."""
    return Actor(f"{hall}-{role.replace('_', '-')}-01", role, CENTRE)


@dataclass(slots=True)
class Page:
    """One day of the diary: its facts so far, and who may be written about."""

    seed: int
    hall: str
    windows: Sequence[str]
    care: Sequence[float]  # of each window: above 1, more goes wrong there
    calendar: Calendar
    day: date
    facts: list[Event] = field(default_factory=list)
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(f"{self.seed}|diary|{self.day.isoformat()}")

    def at(self, hour: float, day: date | None = None) -> int:
        """An instant of this day, or of another, by the hall's clock."""
        day = day or self.day
        zone = ZoneInfo(self.calendar.zone)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return int(midnight.timestamp() * 1000) + round(hour * 60) * MINUTE

    @property
    def of_month(self) -> int:
        """Which working day of its month this one is, from one; 0 for a day of rest."""
        if not self.calendar.is_working(self.day):
            return 0
        days = (self.day.replace(day=1) + timedelta(n) for n in range(self.day.day))
        return sum(self.calendar.is_working(day) for day in days)

    def later(self, days: int) -> date:
        """The working day so many after this one."""
        day = self.day
        while days:
            day += timedelta(1)
            days -= self.calendar.is_working(day)
        return day

    def some_window(self) -> str:
        """A window, a careless one more often."""
        return self.rng.choices(self.windows, self.care)[0]

    def good_window(self) -> str:
        """A window, a careful one more often."""
        return self.rng.choices(self.windows, [1 / care for care in self.care])[0]

    def careless(self, place: int = 0) -> str:
        """The window that is the most careless of all, or the one behind it."""
        order = sorted(range(len(self.windows)), key=lambda n: (-self.care[n], self.windows[n]))
        return self.windows[order[place]]

    def staff_of(self, window: str) -> list[str]:
        """References of a window's staff; the first is its chief representative."""
        return [f"{self.hall}-{window}-{n:02d}" for n in range(1, STAFF_PER_WINDOW + 1)]

    def chance(self, share: float) -> bool:
        """True in so many of all tries."""
        return self.rng.random() < share

    def note(
        self,
        event_type: str,
        at: int,
        actor: Actor = NOBODY,
        *,
        subject: str = "",
        of: str = "window",
        recorded_at: int = 0,
        evidence: Iterable[Evidence] = (),
        corrects: str | None = None,
        because: Event | None = None,
        channel: str = "system",
        **data: Any,
    ) -> Event:
        """Write down a fact about a window, a person (`of`) or, without subject, the hall."""
        about = {"subject": subject, "subject_kind": of if subject else "hall"}
        return self._add(
            event_type,
            at,
            "hall",
            self.hall,
            actor=actor,
            recorded_at=max(at, recorded_at),
            evidence=tuple(evidence),
            corrects_event_id=corrects,
            causation_id=because.event_id if because else None,
            channel=channel,
            data=about | data,
        )

    def tell(
        self,
        event_type: str,
        case: str,
        at: int,
        actor: Actor,
        *,
        evidence: Iterable[Evidence] = (),
        because: Event | None = None,
        **data: Any,
    ) -> Event:
        """Write down a fact of a case of its own life: a patrol, a rectification."""
        return self._add(
            event_type,
            at,
            "case",
            case,
            actor=actor,
            recorded_at=at,
            evidence=tuple(evidence),
            causation_id=because.event_id if because else None,
            channel="site",
            data=data,
        )

    def _add(self, event_type: str, at: int, kind: str, subject: str, **fields: Any) -> Event:
        number = len(self.facts) + 1
        name = f"{self.hall}|{self.day.isoformat()}|{self.rng.getrandbits(64)}|{number}"
        event = Event(
            event_type,
            str(uuid5(SPACE, name)),
            subject,
            at,
            hall_id=self.hall,
            subject_type=kind,
            **fields,
        )
        self.facts.append(event)
        return event


def proof(kind: str, day: date) -> Evidence:
    """A document on file, as a reference."""
    return Evidence(kind, f"archive:{kind}/{day:%Y%m%d}")
