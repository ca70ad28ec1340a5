"""The loop: read, insert, commit; and what a rebalance or a crash asks for.

One batch of a topic is in flight at a time. A batch is committed only when its rows lie in the
warehouse and its dead letters on their topic. Offsets are never expected to be contiguous:
transactions and compaction leave holes.
"""

import asyncio
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError

from duban.bus_dead import dead_letter
from duban.launch import tell_ready
from duban.settings import Settings
from projections.sink.batch import ready, write
from projections.sink.faults import failpoint
from projections.sink.have import Have, ReadBack
from projections.sink.schemas import Schemas
from projections.sink.store import Abandoned, Store

log = structlog.get_logger()

Batch = dict[TopicPartition, list[Any]]


class Sink(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Feeds tables from the partitions that this process is given."""

    def __init__(
        self, consumer: AIOKafkaConsumer, letters: AIOKafkaProducer, given: Settings
    ) -> None:
        self._consumer, self._letters, self._settings = consumer, letters, given
        self._busy = asyncio.Lock()
        self._have: dict[str, dict[int, Have]] = {}
        self._next: dict[TopicPartition, int] = {}  # first offset not stored yet, of ours
        self._generation = 0
        self._handed_on = 0.0  # when the last batch was complete
        self._stopping = self._revoking = False
        self.store = Store(given_up=self._given_up)
        self._schemas = Schemas(given_up=self._given_up)

    def _given_up(self) -> bool:
        return self._stopping or self._revoking

    def stop(self) -> None:
        """End after the batch in flight."""
        self._stopping = True

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let the batch in flight end, or give it up if it waits; forget what was read ahead."""
        self._revoking = True
        async with self._busy:
            self._generation += 1
            self._have.clear()
            self._next.clear()
        self._revoking = False

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Go to the committed offset of each partition and see what lies in its table beyond."""
        ours = sorted(assigned)
        async with self._busy:
            floors = await self._floors(ours)
            for topic in {tp.topic for tp in ours}:
                highest = await asyncio.to_thread(self.store.highest, topic)
                self._have[topic] = {
                    tp.partition: Have(floor, highest.get(tp.partition, -1), self._reader(tp))
                    for tp, floor in floors.items()
                    if tp.topic == topic
                }
            self._next.update(floors)
            self._generation += 1
            for tp, floor in floors.items():
                self._consumer.seek(tp, floor)
        log.info("assigned", floors={f"{tp.topic}/{tp.partition}": n for tp, n in floors.items()})
        tell_ready()

    async def _floors(self, ours: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where reading begins: the committed offset, or the first one that Kafka still has."""
        if not ours:
            return {}
        first = await self._consumer.beginning_offsets(ours)
        committed = await asyncio.gather(*(self._consumer.committed(tp) for tp in ours))
        return {tp: max(first[tp], offset or 0) for tp, offset in zip(ours, committed, strict=True)}

    def _reader(self, tp: TopicPartition) -> ReadBack:
        return lambda first, last: self.store.stored(tp.topic, tp.partition, first, last)

    async def run(self) -> None:
        """Work until `stop`; a batch that was given up is read again later."""
        while not self._stopping:
            generation = self._generation
            batch = await self._collect()
            if not batch:
                continue
            async with self._busy:
                try:
                    if generation == self._generation:
                        await self._store_batch(batch)
                        continue
                except Abandoned as error:
                    log.warning("batch_given_up", waiting_for=str(error))
                self._go_back(batch)

    async def _collect(self) -> Batch:
        """Records until there are enough for one insert, or the time to wait is over.

        It is over a batch's time after the batch before: a lone fact is stored at once, a stream
        of them makes a few large inserts.
        """
        rows_max, batch, count = self._settings.sink_batch_rows, Batch(), 0
        deadline: float | None = None
        generation = self._generation
        while count < rows_max and not self._stopping and generation == self._generation:
            left = 0.2 if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            found = await self._consumer.getmany(
                timeout_ms=int(left * 1000) + 1, max_records=rows_max - count
            )
            for tp, records in found.items():
                batch.setdefault(tp, []).extend(records)
                count += len(records)
            if deadline is None:
                if not found:
                    return batch
                deadline = self._handed_on + self._settings.sink_batch_seconds
        self._handed_on = time.monotonic()
        return batch

    async def _store_batch(self, batch: Batch) -> None:
        started = time.monotonic()
        by_topic: dict[str, list[Any]] = {}
        for tp, records in batch.items():
            # After a seek a record may come twice; what is stored is left out.
            fresh = [r for r in records if r.offset >= self._next[tp]]
            by_topic.setdefault(tp.topic, []).extend(fresh)
        stored = 0
        for topic, records in by_topic.items():
            stored += await self._store_topic(topic, records)
        failpoint("sink.before_commit")
        done = {tp: records[-1].offset + 1 for tp, records in batch.items()}
        self._next.update(done)
        await self._commit(done)
        failpoint("sink.after_commit")
        read = sum(map(len, batch.values()))
        log.info("stored", read=read, stored=stored, seconds=round(time.monotonic() - started, 3))

    async def _store_topic(self, topic: str, records: Sequence[Any]) -> int:
        buried: list[tuple[Any, str, str]] = []

        def bury(record: Any, reason: str, detail: str) -> None:
            buried.append((record, reason, detail))

        def work() -> int:
            made = ready(records, self._schemas.wait, bury)
            failpoint("sink.before_insert")
            return write(topic, made, self.store, self._have[topic], bury)

        stored = await asyncio.to_thread(work)
        failpoint("sink.after_insert")
        await self._bury(buried)
        return stored

    async def _bury(self, buried: Sequence[tuple[Any, str, str]]) -> None:
        sent = []
        for record, reason, detail in buried:
            topic, key, value, headers = dead_letter(record, reason, detail, "sink")
            sent.append(await self._letters.send(topic, key=key, value=value, headers=headers))
            log.warning(
                "buried", reason=reason, topic=record.topic, partition=record.partition,
                offset=record.offset,
            )  # fmt: skip
        for acknowledged in sent:
            await acknowledged

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        try:
            await self._consumer.commit(dict(offsets))
        except KafkaError as error:
            # Not ours any more, or not just now: whoever reads on finds the rows by reading back.
            log.warning("not_committed", error=str(error))

    def _go_back(self, batch: Batch) -> None:
        for tp in batch:
            if tp in self._next and tp in self._consumer.assignment():
                self._consumer.seek(tp, self._next[tp])


def new_consumer(given: Settings, security: Mapping[str, Any]) -> AIOKafkaConsumer:
    """A consumer of the sink's group that sees committed records only."""
    return AIOKafkaConsumer(
        **security,
        group_id="duban-sink",
        # A static member that was killed is back in its group at once, not after its session.
        group_instance_id=given.sink_instance or f"sink-{socket.gethostname()}",
        # aiokafka joins once for each assignor; a second join of one start would be a rebalance.
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
        fetch_max_bytes=32 << 20,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=600_000,
    )
