"""Business time of a loop, where it is wall time."""

import time
from collections.abc import Sequence

from streams.records import Record


class BusinessTime:
    """Wall time in epoch ms that never goes back, restarts included; None where ticks bring it."""

    def __init__(self, wall: bool) -> None:
        self.reached = 0
        self._wall = wall

    def of(self, records: Sequence[Record]) -> int | None:
        """For applying records: when the broker had the last of them. So facts that waited for a
        worker are judged as on the day, not by what has become overdue meanwhile."""
        return self._move_on(min(records[-1].timestamp, _now()))

    def now(self) -> int | None:
        """For timers."""
        return self._move_on(_now())

    def _move_on(self, to: int) -> int | None:
        if not self._wall:
            return None
        self.reached = max(self.reached, to)
        return self.reached


def _now() -> int:
    return time.time_ns() // 1_000_000
