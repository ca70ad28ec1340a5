"""Facts at a steady rate, and when each was sent and where it lies."""

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench import believable
from bench.run import Sizes
from duban.bus import Producer
from duban.events import Event

DEADLINE_AHEAD_MS = 3_000  # so far before its due instant is a case told
DEADLINE_SHARE = 0.5  # of the time of a rate, from its start, in which cases with dates come


class Sent(NamedTuple):
    """One fact: its type, when it was given to the SDK (epoch s), its place on `case-events`."""

    type: str
    at: float
    partition: int
    offset: int


class Feed:
    """Sends `rate` facts a second for so long, and among them cases that fall due soon."""

    def __init__(self, producer: Producer, name: str, rate: int, sizes: Sizes) -> None:
        self.sent: list[Sent] = []
        self.due: dict[str, int] = {}  # case → due instant, epoch ms
        self.seconds = 0.0
        self._producer, self._name = producer, name
        self.rate, self._sizes = rate, sizes
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send everything at its moment; what comes late is sent at once. Waits for all."""
        count = int(self.rate * self._sizes.seconds)
        told = believable.steady(self._name)
        moments: list[tuple[float, Callable[[], None]]] = [
            (i / self.rate, lambda: self._send(next(told))) for i in range(count)
        ]
        step = self._sizes.seconds * DEADLINE_SHARE / self._sizes.deadlines
        for i in range(self._sizes.deadlines):
            moments.append((i * step, self._imposer(f"{self._name}-due-{i:05d}")))
        moments.sort(key=lambda moment: moment[0])
        begun = time.monotonic()
        for moment, act in moments:
            if (early := begun + moment - time.monotonic()) > 0:
                time.sleep(early)
            act()
        self.seconds = time.monotonic() - begun
        self._producer.flush()

    def _imposer(self, number: str) -> Callable[[], None]:
        def impose() -> None:
            case = f"{believable.HALL}/{number}"
            self.due[case] = time.time_ns() // 1_000_000 + DEADLINE_AHEAD_MS
            for event in believable.imposed(case, self.due[case]):
                self._send(event)

        return impose

    def _send(self, event: Event) -> None:
        at = time.time()
        self._producer.send(event).add_callback(self._acknowledged, event.type, at)

    def _acknowledged(self, event_type: str, at: float, metadata: Any) -> None:
        with self._lock:
            self.sent.append(Sent(event_type, at, metadata.partition, metadata.offset))
