"""When the open cases of a partition have something to say by themselves: an index of instants.

The cases hold the truth. The heap holds the instants up to a horizon, so that it stays small where
most cases are due in weeks; entries of cases that have moved on lead nowhere and are passed over.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

HORIZON_MS = 48 * 3_600_000
LOOK_THROUGH_MS = 3_600_000  # all cases are looked through this often
SLACK = 10_000  # entries that lead nowhere before the heap is made anew

Wakes = Callable[[], Iterable[tuple[int, str]]]


class Timers:
    """Instants (epoch ms of business time) with the names of their cases. `wakes` gives what the
    cases say now."""

    def __init__(self, wakes: Wakes) -> None:
        self._wakes = wakes
        self.clear()

    def clear(self) -> None:
        """Forget the index; it is made anew when it is asked for what is due."""
        self._heap: list[tuple[int, str]] = []
        self._looked_at: int | None = None
        self._horizon: int | None = None
        self._beyond: int | None = None  # the earliest instant that is not in the heap, or earlier

    def __len__(self) -> int:
        """Entries in the heap, those that lead nowhere included."""
        return len(self._heap)

    @property
    def next(self) -> int | None:
        """The earliest instant, or one before it; None where there is none."""
        if not self._heap:
            return self._beyond
        first = self._heap[0][0]
        return first if self._beyond is None else min(first, self._beyond)

    def add(self, wake: int, name: str, alive: int) -> None:
        """Note an instant; the heap holds more than `alive` cases have only up to a bound."""
        if self._horizon is None or wake > self._horizon:
            self._beyond = wake if self._beyond is None else min(self._beyond, wake)
            return
        heapq.heappush(self._heap, (wake, name))
        if len(self._heap) > 2 * alive + SLACK:
            self._look_through(self._horizon)

    def due(self, now: int) -> Iterator[tuple[int, str]]:
        """Take out what is due at `now`, the earliest first; who stops asking leaves the rest."""
        if self._looked_at is None or now >= self._looked_at + LOOK_THROUGH_MS:
            self._looked_at = now
            self._look_through(now + HORIZON_MS)
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)

    def _look_through(self, horizon: int) -> None:
        self._horizon, self._beyond = horizon, None
        self._heap = []
        for wake, name in self._wakes():
            if wake <= horizon:
                self._heap.append((wake, name))
            elif self._beyond is None or wake < self._beyond:
                self._beyond = wake
        heapq.heapify(self._heap)
