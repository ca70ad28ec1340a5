"""What a partition's owner writes: one Kafka transaction at a time, under an id that fences.

Starting a producer with a transactional id makes the broker refuse every older one with that id,
and finishes what it left open. So whoever starts last owns the partition, and nobody else can
write anything that counts.
"""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.failpoints import passing
from streams.kafka import connection
from streams.records import BY_KEY, Out

log = structlog.get_logger(__name__)

# A batch of records on its way to the broker; well under the broker's limit for one (1 MiB).
BATCH_BYTES = 512 << 10
# The broker gives a transaction up after this time; so do we, a little earlier.
TRANSACTION_MS = 60_000
GIVE_UP_SECONDS = 50
BACKOFF_SECONDS = 0.2
NO_HEADERS: list[tuple[str, bytes]] = []  # a list is what aiokafka's builder takes; never changed
LOG_APPEND_TIME = 1  # a record's type of timestamp, as Kafka numbers it

Item = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]  # key, value, headers


class Writes(NamedTuple):
    """One transaction: records by topic and partition, consumer offsets by source partition."""

    records: Mapping[tuple[str, int], Sequence[Item]]
    offsets: Mapping[tuple[str, int], int]


class Written(NamedTuple):
    """Of a transaction that went through: the offset of its first record, and the broker's time
    (LogAppendTime, epoch ms), None where the topics have another one."""

    offset: int
    broker_time: int | None


class TransactionLost(Exception):
    """A transaction neither went through nor can be tried again by this process."""


class Writer:
    """The transactional producer of one loop."""

    def __init__(self, transactional_id: str, group: str) -> None:
        self._group = group
        self._id = transactional_id
        self._producer: Any = None
        self._counts: dict[str, int] = {}
        self._murmur2 = DefaultPartitioner()

    async def start(self) -> None:
        """Fence every older owner; returns when what it left open is finished."""
        producer = AIOKafkaProducer(
            **connection(),
            transactional_id=self._id,
            transaction_timeout_ms=TRANSACTION_MS,
            max_batch_size=BATCH_BYTES,
            compression_type="lz4",
        )
        try:
            await producer.start()
        except BaseException:  # stopped half-way: `stop` of aiokafka needs a started one
            await producer.client.close()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Close the producer; harmless if it never started."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def place(self, out: Out, own: int) -> tuple[str, int]:
        """Topic and partition that a record goes to; `own` is the loop's partition number."""
        count = self._counts.get(out.topic)
        if count is None:
            count = len(await self._producer.partitions_for(out.topic))
            self._counts[out.topic] = count
        if out.partition == BY_KEY:
            everywhere = list(range(count))
            return out.topic, self._murmur2(out.key, everywhere, everywhere)
        number = own if out.partition is None else out.partition
        if number >= count:
            raise ValueError(f"{out.topic} has {count} partitions, none with number {number}")
        return out.topic, number

    async def write(self, writes: Writes) -> Written:
        """Write all or nothing. Tries again where the broker asks for it; raises otherwise."""
        give_up = monotonic() + GIVE_UP_SECONDS
        passing("streams.before_transaction")
        while True:
            try:
                async with asyncio.timeout(give_up - monotonic()):
                    await self._producer.begin_transaction()
                    written = await self._send(writes)
                    passing("streams.before_commit")
            except (KafkaError, TimeoutError) as error:
                await self._abort(error, give_up)
                continue
            await self._commit(give_up)
            passing("streams.after_commit")
            return written

    async def _send(self, writes: Writes) -> Written:
        """Offsets first, records after: a broker that is adding offsets to a transaction cannot
        verify it for records at the same time, and would make the producer try again."""
        if writes.offsets:
            offsets = {
                TopicPartition(topic, partition): OffsetAndMetadata(offset, "")
                for (topic, partition), offset in writes.offsets.items()
            }
            await self._producer.send_offsets_to_transaction(offsets, self._group)
        deliveries = []
        for (topic, partition), items in writes.records.items():
            deliveries += await self._send_items(topic, partition, items)
        done = await asyncio.gather(*deliveries)
        times = (d.timestamp for d in done if d.timestamp_type == LOG_APPEND_TIME)
        return Written(done[0].offset, max(times, default=None))

    async def _send_items(self, topic: str, partition: int, items: Sequence[Item]) -> list[Any]:
        """Batches as large as allowed; the first record of a batch always fits (aiokafka)."""
        deliveries = []
        batch = self._producer.create_batch()
        append = batch.append
        for key, value, headers in items:
            more = list(headers) if headers else NO_HEADERS
            if append(key=key, value=value, timestamp=None, headers=more) is None:
                deliveries.append(
                    await self._producer.send_batch(batch, topic, partition=partition)
                )
                batch = self._producer.create_batch()
                append = batch.append
                append(key=key, value=value, timestamp=None, headers=more)
        deliveries.append(await self._producer.send_batch(batch, topic, partition=partition))
        return deliveries

    async def _abort(self, error: Exception, give_up: float) -> None:
        """Undo a transaction that may be tried again; raise where it may not."""
        retriable = getattr(error, "retriable", False) and not isinstance(error, ProducerFenced)
        if not retriable or monotonic() >= give_up:
            raise TransactionLost(f"{self._id}: {error!r}") from error
        log.warning("transaction_aborted", transactional_id=self._id, error=repr(error))
        try:
            async with asyncio.timeout(give_up - monotonic()):
                await self._producer.abort_transaction()
        except (KafkaError, TimeoutError) as second:
            raise TransactionLost(f"{self._id}: no abort: {second!r}") from error
        await asyncio.sleep(BACKOFF_SECONDS)

    async def _commit(self, give_up: float) -> None:
        """Whether a failed commit went through only the broker knows: a restart asks it."""
        try:
            async with asyncio.timeout(give_up - monotonic()):
                await self._producer.commit_transaction()
        except (KafkaError, TimeoutError) as error:
            raise TransactionLost(f"{self._id}: commit unconfirmed: {error!r}") from error
