"""Look after a worker: what its metrics say, and an end to a process that makes no progress.

A task asks the broker how far each loop is, with a client of its own, so that a reader or a writer
that hangs cannot hide it. A thread sees to the event loop itself, which cannot see that it hangs.
Either ends the process at once (`watchdog` says when); the supervisor starts it again, and the
transaction that was open never happened.
"""

import asyncio
import faulthandler
import os
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any, NoReturn

import structlog
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition
from faust.exceptions import ConsumerNotStarted

from streams import metrics
from streams.kafka import reader
from streams.loop import PartitionLoop
from streams.watchdog import Phase, Seen, Watchdog

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
ANSWER_SECONDS = 10.0  # the broker is away when it says nothing for so long
THAWED_SECONDS = 5.0  # for a process that was frozen, to answer after all
STDERR = 2
EXIT_STANDSTILL = 75  # EX_TEMPFAIL: the supervisor starts the worker again

Loops = Callable[[], tuple[int, Sequence[PartitionLoop]]]
Position = Callable[[TopicPartition], Awaitable[int | None]]


def end_process(reason: str) -> NoReturn:
    """Say what every thread does and why this is the end; then end without any handler."""
    faulthandler.dump_traceback(file=STDERR)
    log.critical("worker_stands_still", reason=reason)
    os._exit(EXIT_STANDSTILL)


class Watch:
    """The task. `loops` tells the assignment's number and its loops, `position` where the reader
    stands, which alone passes control records."""

    def __init__(self, loops: Loops, position: Position, group: str, seconds: float) -> None:
        self._loops = loops
        self._position = position
        self._group = group
        self._every = min(LOOK_SECONDS, seconds / 4)
        self._watchdog = Watchdog(ceil(seconds / self._every))
        self._told: set[tuple[str, int]] = set()  # loops that the metrics speak of
        self._away = False

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        broker = reader(self._group)
        await broker.start()
        try:
            while True:
                await asyncio.sleep(self._every)
                seen = await self._look(broker)
                if reason := self._watchdog.look(seen):
                    end_process(reason)
        finally:
            await broker.stop()

    async def _look(self, broker: Any) -> list[Seen] | None:
        """All loops; None when the broker does not answer."""
        epoch, loops = self._loops()
        watched = [loop for loop in loops if not loop.is_stopping]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                seen = [await self._see(broker, epoch, loop) for loop in watched]
        except (KafkaError, TimeoutError) as error:
            self._say_away(repr(error))
            return None
        self._say_away("")
        metrics.looks.inc()
        if epoch != self._loops()[0]:  # another assignment meanwhile
            return []
        self._forget({(loop.spec.name, loop.partition) for loop in loops})
        return seen

    async def _see(self, broker: Any, epoch: int, loop: PartitionLoop) -> Seen:
        sources = [TopicPartition(topic, loop.partition) for topic in loop.spec.sources]
        ends = await broker.end_offsets(sources)
        committed = sum([await broker.committed(tp) or 0 for tp in sources])
        processed = behind = 0
        if loop.ready:
            processed = sum(loop.position(tp.topic) for tp in sources)
            behind = sum([await self._behind(loop, tp, ends[tp]) for tp in sources])
        seen = Seen(
            name=f"{loop.spec.name}/{loop.partition}",
            epoch=epoch,
            phase=_phase(loop),
            restored=loop.restoring.at,
            restore_end=loop.restoring.end,
            turns=loop.turns,
            processed=processed,
            committed=committed,
            behind=behind,
        )
        self._tell(loop, seen)
        return seen

    async def _behind(self, loop: PartitionLoop, tp: TopicPartition, end: int) -> int:
        """How many offsets were not applied. Control records at a topic's end are passed by the
        reader only, whose position counts when nothing waits."""
        reached = loop.position(tp.topic)
        if reached < end and not loop.on_the_way:
            try:
                async with asyncio.timeout(self._every):
                    reached = max(reached, await self._position(tp) or 0)
            except (IllegalStateError, ConsumerNotStarted, TimeoutError):
                # Revoked meanwhile, or the reader hangs: what was applied is all that is known.
                pass
        return max(0, end - reached)

    def _tell(self, loop: PartitionLoop, seen: Seen) -> None:
        labels = (loop.spec.name, str(loop.partition))
        self._told.add((loop.spec.name, loop.partition))
        metrics.restored_offset.labels(*labels).set(seen.restored)
        metrics.restore_end.labels(*labels).set(seen.restore_end)
        metrics.committed.labels(*labels).set(seen.committed)
        metrics.clock_off_seconds.labels(*labels).set(loop.clock_off_seconds)
        if loop.ready:
            metrics.processed.labels(*labels).set(seen.processed)
            metrics.lag.labels(*labels).set(seen.behind)

    def _forget(self, mine: set[tuple[str, int]]) -> None:
        for job, partition in self._told - mine:
            metrics.forget(job, partition)
        self._told &= mine

    def _say_away(self, error: str) -> None:
        if bool(error) != self._away:
            self._away = bool(error)
            metrics.broker_away.set(self._away)
            log.warning("broker_away" if error else "broker_back", error=error)


def _phase(loop: PartitionLoop) -> Phase:
    if loop.waits_on_purpose:
        return "waiting"
    return "running" if loop.ready else "opening"


class Pulse(threading.Thread):
    """The thread: asks the event loop for a sign of life, every second."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        super().__init__(name="pulse", daemon=True)
        self._loop = loop
        self._seconds = seconds

    def run(self) -> None:
        """Until the event loop is closed."""
        while True:
            # Should even this thread get no turn, since C code holds the interpreter.
            faulthandler.dump_traceback_later(
                2 * self._seconds + THAWED_SECONDS, exit=True, file=STDERR
            )
            sign = threading.Event()
            try:
                self._loop.call_soon_threadsafe(sign.set)
            except RuntimeError:
                faulthandler.cancel_dump_traceback_later()
                return
            if not (sign.wait(self._seconds) or sign.wait(THAWED_SECONDS)):
                end_process(f"the event loop has not moved for {self._seconds:g} s")
            time.sleep(min(1.0, self._seconds / 4))
