"""One case as it is told: a cursor in business time, and the facts so far. Pure, seeded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid5

from duban.events import NOBODY, Actor, Event
from duban.policy import Item
from duban.worktime import Calendar

SPACE = UUID("d0b1f0c4-5c52-5c9e-8b43-2f1c6a0e77aa")
MINUTE = 60_000
APPLICANT = Actor(role="applicant")  # who it is stands in applicant_ref
STAFF_PER_WINDOW = 3

T = TypeVar("T")


def pick(rng: Random, weighted: Iterable[tuple[T, float]]) -> T:
    """One of several, by weight."""
    pairs = list(weighted)
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


@dataclass(slots=True)
class Story:
    """A case in the making. `at` is the instant (ms) that the telling has reached."""

    rng: Random
    case_id: str
    item: Item
    window: str
    calendar: Calendar
    steps: Sequence[tuple[str, str]]
    at: int
    care: float = 1.0  # the window's own factor: above 1 it is late more often
    fate: str = ""  # kept, late, red (past the red signal) or stalled; the feed decides
    channel: str = "counter"
    submitted_at: int = 0
    accepted_at: int = 0
    due_at: int = 0
    facts: list[Event] = field(default_factory=list)

    @property
    def hall(self) -> str:
        """Hall of the case."""
        return self.case_id.partition("/")[0]

    def staff(self, role: str = "handler") -> Actor:
        """A member of the window's staff; the same case mostly meets the same one."""
        number = 1 if role == "chief_rep" else self._desk
        return Actor(f"{self.hall}-{self.window}-{number:02d}", role, self.window, self.window)

    @property
    def _desk(self) -> int:
        return 1 + sum(self.case_id.encode()) % STAFF_PER_WINDOW

    def chance(self, share: float) -> bool:
        """True in so many of all cases."""
        return self.rng.random() < share

    def wait(self, minutes: float) -> None:
        """Let so many minutes of business pass, and a few seconds."""
        self.at = self.calendar.add_minutes(self.at, max(1, round(minutes)))
        self.at += self.rng.randrange(MINUTE)

    def until(self, at: int) -> None:
        """Go on to an instant, never back."""
        self.at = max(self.at + 1, at)

    def number(self, kind: str) -> str:
        """Number of a document of this case."""
        return f"{kind}-{self.case_id.partition('/')[2]}"

    def tell(
        self, event_type: str, actor: Actor = NOBODY, *, recorded_at: int = 0, **data: Any
    ) -> None:
        """State a fact at the cursor. It is recorded at once unless `recorded_at` says later."""
        seq = len(self.facts) + 1
        correlation = data.pop("correlation_id", None)
        self.facts.append(
            Event(
                type=event_type,
                event_id=str(uuid5(SPACE, f"{self.case_id}|{self.rng.getrandbits(64)}|{seq}")),
                subject_id=self.case_id,
                occurred_at=self.at,
                recorded_at=max(self.at, recorded_at),
                hall_id=self.hall,
                seq=seq,
                actor=actor,
                channel=data.pop("channel", self.channel),
                correlation_id=correlation,
                data=data,
            )
        )
