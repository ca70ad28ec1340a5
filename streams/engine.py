"""All loops of a worker: made and stopped as Kafka assigns partitions.

The transport asks here which partitions have owners, what they want and where they go on; the
agents hand batches on; Faust's signals tell about assignments.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import structlog
from aiokafka.structs import TopicPartition

from streams.loop import PartitionLoop
from streams.patience import Patience
from streams.records import Batch, JobSpec, References
from streams.restore import sources_of

log = structlog.get_logger(__name__)

EXIT_FAILED = 70  # EX_SOFTWARE: the supervisor starts the worker again
STOP_SECONDS = 30


class Place(NamedTuple):
    """A topic and partition, whichever client it comes from."""

    topic: str
    partition: int


def leave(loop: PartitionLoop, error: BaseException) -> None:
    """End the process at once: no handler may commit anything after a failed turn."""
    log.critical("loop_failed", job=loop.spec.name, partition=loop.partition, exc_info=error)
    sys.stderr.flush()
    os._exit(EXIT_FAILED)


class Engine:
    """The loops of this worker, by job and partition number."""

    def __init__(
        self,
        specs: Sequence[JobSpec],
        *,
        group: str,
        references: References,
        patience: Patience,
        wall_time: bool,
        on_ready: Callable[[], object] = lambda: None,
        on_failure: Callable[[PartitionLoop, BaseException], None] = leave,
    ) -> None:
        self.epoch = 0  # counts assignments and revocations
        self.loops: dict[tuple[str, int], PartitionLoop] = {}
        self.seek: Callable[[Place], Awaitable[None]] | None = None  # set by the app
        self._specs = sources_of(specs)
        self._group = group
        self._references = references
        self._patience = patience
        self._wall_time = wall_time
        self._on_ready = on_ready
        self._on_failure = on_failure

    # What Faust's signals say.

    async def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Start a loop for every partition number of a job that is now ours."""
        await self.revoked()
        mine = {Place(*tp) for tp in partitions}
        for place in sorted(mine):
            spec = self._specs.get(place.topic)
            if spec is None or (spec.name, place.partition) in self.loops:
                continue
            apart = {Place(topic, place.partition) for topic in spec.sources} - mine
            if apart:
                raise RuntimeError(f"{spec.name} got {place} without {sorted(apart)}")
            self._start(spec, place.partition)
        self._say_when_ready()

    async def revoked(self) -> None:
        """Stop all loops; each finishes the transaction it is in. Rebalances are eager."""
        self.epoch += 1
        loops = list(self.loops.values())
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.gather(*(loop.stop() for loop in loops))
        self.loops.clear()

    # What the transport asks.

    def has(self, tp: TopicPartition) -> bool:
        """Whether loops own partitions of this topic."""
        return tp.topic in self._specs

    def wants(self, tp: TopicPartition) -> bool:
        """Whether the partition should be read now."""
        loop = self._loop(tp)
        return loop is not None and loop.wants

    def next_offset(self, tp: TopicPartition) -> int | None:
        """Where to read next; None while nobody knows."""
        loop = self._loop(tp)
        return loop.next_offset(tp.topic) if loop is not None and loop.restored else None

    def restored(self) -> list[Place]:
        """Partitions whose loops know where to go on."""
        return [
            Place(topic, loop.partition)
            for loop in self.loops.values()
            if loop.restored
            for topic in loop.spec.sources
        ]

    def delivering(self, tp: TopicPartition, batch: Batch) -> None:
        """A batch goes into the agent's channel."""
        loop = self._loop(tp)
        if loop is not None:
            loop.delivering(batch)

    def asks_position(self, tp: TopicPartition) -> bool:
        """Whether the owner wants to hear the reading position though there are no records."""
        loop = self._loop(tp)
        return loop is not None and loop.asks_position

    def read_up_to(self, tp: TopicPartition, position: int) -> None:
        """Nothing but control records lies between the last record and `position`."""
        loop = self._loop(tp)
        if loop is not None:
            loop.read_up_to(tp.topic, position)

    # What agents and reference data bring.

    def take(self, batch: Batch) -> None:
        """Give a batch to its loop, unless it was read for an earlier assignment."""
        loop = self._loop(Place(batch.topic, batch.partition))
        if loop is not None and batch.epoch == self.epoch:
            loop.take(batch)

    def reference_changed(self) -> None:
        """Tell every loop."""
        for loop in self.loops.values():
            loop.reference_changed()

    def _loop(self, tp: TopicPartition) -> PartitionLoop | None:
        spec = self._specs.get(tp.topic)
        return None if spec is None else self.loops.get((spec.name, tp.partition))

    def _start(self, spec: JobSpec, partition: int) -> None:
        loop = PartitionLoop(
            spec,
            partition,
            group=self._group,
            references=self._references,
            patience=self._patience,
            wall_time=self._wall_time,
            on_restored=self._open_to,
            on_failure=self._on_failure,
        )
        self.loops[spec.name, partition] = loop
        loop.start()

    async def _open_to(self, loop: PartitionLoop) -> None:
        """Set the reading position of a restored loop, then let it be read for."""
        if self.seek is not None:
            for topic in loop.spec.sources:
                await self.seek(Place(topic, loop.partition))
        loop.ready = True
        self._say_when_ready()

    def _say_when_ready(self) -> None:
        """Every partition that is ours has been restored; none need be ours."""
        if all(loop.ready for loop in self.loops.values()):
            self._on_ready()
