"""Business time of a loop, where it is wall time.

An instant has come when two clocks say so: this machine's, and the broker's, which is known from
the loop's own transactions (LogAppendTime) and carried on by a steady clock between them. While
the two agree within a minute, this machine's counts. If it is further ahead, it has jumped or was
set wrongly: the broker's counts, and the loop asks for it until the two agree again. A clock that
goes back is waited out.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from streams.records import Record

log = structlog.get_logger(__name__)

TOLERANCE_MS = 60_000
ASK_SECONDS = 5.0


class Clocks(NamedTuple):
    """Where time comes from; tests move clocks of their own."""

    wall: Callable[[], int]  # epoch ms
    steady: Callable[[], float]  # seconds; nobody sets it, and it may stop while a machine sleeps


SYSTEM = Clocks(lambda: time.time_ns() // 1_000_000, time.monotonic)


class BusinessTime:
    """Epoch ms that never go back, restarts included; None where ticks bring business time."""

    def __init__(self, wall: bool, clocks: Clocks = SYSTEM) -> None:
        self.reached = 0
        # By how many ms the machine's clock is ahead of the broker's, or (negative) behind what was
        # reached; 0 while it is believed.
        self.off = 0
        self._wall = wall
        self._clocks = clocks
        self._broker: tuple[int, float] | None = None  # its time, and when we heard it (steady)
        self._ask_at = 0.0
        self._believing = not wall  # nobody to compare with

    @property
    def known(self) -> bool:
        """Whether timers may fire: the machine's clock has been compared with the broker's."""
        return self._believing or self._broker is not None

    def of(self, records: Sequence[Record]) -> int | None:
        """For applying records: when the broker had the last of them. So facts that waited for a
        worker are judged as on the day, not by what has become overdue meanwhile."""
        return self._move_on(min(records[-1].timestamp, self._clocks.wall()))

    def so_far(self) -> int | None:
        """What was reached, for records that time does not come with."""
        return self._move_on(0)

    def now(self) -> int | None:
        """For timers."""
        wall = self._clocks.wall()
        if self._broker is None:
            return self._move_on(wall if self._believing else 0)
        said, heard = self._broker
        broker = said + int((self._clocks.steady() - heard) * 1000)
        self._compare(wall, broker)
        return self._move_on(broker if self.off > 0 else wall)

    def asks(self) -> bool:
        """Whether to write a transaction now, if only to hear the broker's time in it."""
        if self.known and self.off <= 0:
            return False
        now = self._clocks.steady()
        if now < self._ask_at:
            return False
        self._ask_at = now + ASK_SECONDS
        return True

    def broker_said(self, at: int | None) -> None:
        """The broker's time in a transaction just written; None from one that tells none."""
        if at is None:
            self._believing = True
        else:
            self._broker = at, self._clocks.steady()

    def _compare(self, wall: int, broker: int) -> None:
        before, self.off = self.off, 0
        if wall - broker > TOLERANCE_MS:
            self.off = wall - broker
        elif self.reached - wall > TOLERANCE_MS:
            self.off = wall - self.reached
        if self.off and not before:
            self._ask_at = 0.0
            log.warning("system_clock_not_believed", off_seconds=self.off / 1000)
        elif before and not self.off:
            log.warning("system_clock_believed_again", was_off_seconds=before / 1000)

    def _move_on(self, to: int) -> int | None:
        if not self._wall:
            return None
        self.reached = max(self.reached, to)
        return self.reached
