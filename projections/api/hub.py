"""One reader of `alerts` for all clients of this process, with the latest messages at hand.

It reads committed records only. A client that is further behind than what is at hand gets the
rest by a reader of its own, then joins the others.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import takewhile
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from duban import codec
from duban.events import Event
from projections.api.places import Places
from projections.kafka import reader

TOPIC = "alerts"
KEPT = 5_000  # messages at hand
RETRY_SECONDS = 2.0
log = structlog.get_logger()


class Message(NamedTuple):
    """One readable record of `alerts`."""

    number: int
    partition: int
    offset: int
    event: Event


class Hub:
    """Follows the topic from near its end on; `next` is where it stands."""

    def __init__(self, kept: int = KEPT) -> None:
        self.next: Places = {}
        self.stopping = False
        self._kept = kept
        self._first: Places = {}
        self._messages: deque[Message] = deque()
        self._count = 0
        self._arrived = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow, in the running event loop."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End following; streams of clients end too."""
        self.stopping = True
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        async with self._arrived:
            self._arrived.notify_all()

    async def ready(self, seconds: float = 10) -> bool:
        """Wait until it is known where the topic ends; False when Kafka stays away."""
        async with self._arrived:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait_for(lambda: bool(self.next)), seconds)
        return bool(self.next)

    @property
    def count(self) -> int:
        """How many messages have been read in all."""
        return self._count

    async def since(self, places: Places, seen: int = 0) -> AsyncIterator[Message]:
        """Messages from `places` on that came after the first `seen`; those no longer at hand by
        a reader of its own. Ends when there is nothing more for now; `places` is moved on."""
        behind = {p: at for p, at in places.items() if at < self._first.get(p, 0)}
        if behind:
            async for message in older(behind, dict(self._first)):
                places[message.partition] = message.offset + 1
                yield message
            places |= {p: max(places[p], self._first[p]) for p in behind}
            seen = 0
        for message in self._after(seen):
            if message.offset >= places.get(message.partition, 0):
                places[message.partition] = message.offset + 1
                yield message

    def _after(self, seen: int) -> list[Message]:
        newest_first = takewhile(lambda m: m.number > seen, reversed(self._messages))
        return list(newest_first)[::-1]

    async def wait(self, seen: int, seconds: float) -> int:
        """Wait for a message after the count `seen`, at most so long; the count now."""
        async with self._arrived:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._arrived.wait_for(lambda: self._count > seen or self.stopping), seconds
                )
        return self._count

    async def _follow(self) -> None:
        while True:
            consumer = reader(TOPIC)
            try:
                await consumer.start()
                await self._place(consumer)
                while True:
                    await self._take(await consumer.getmany(timeout_ms=500))
            except (KafkaError, OSError, LookupError) as error:
                log.warning("alerts_not_read", error=str(error)[:200])
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                await consumer.stop()

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        """Go on where it was, or, at first, some way before the end."""
        parts = partitions(consumer)
        first, last = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        for tp in parts:
            near = max(first[tp], last[tp] - self._kept // len(parts))
            self._first.setdefault(tp.partition, near)
            consumer.seek(tp, self.next.get(tp.partition, near))
        async with self._arrived:
            for tp in parts:
                self.next.setdefault(tp.partition, last[tp])
            self._arrived.notify_all()
        log.info("alerts_followed", partitions=len(parts))

    async def _take(self, found: dict[TopicPartition, list[Any]]) -> None:
        if not found:
            return
        async with self._arrived:
            for tp, records in found.items():
                for record in records:
                    self._add(tp.partition, record)
            self._arrived.notify_all()

    def _add(self, partition: int, record: Any) -> None:
        self.next[partition] = max(record.offset + 1, self.next.get(partition, 0))
        if (event := read(record.value)) is None:
            return
        self._count += 1
        self._messages.append(Message(self._count, partition, record.offset, event))
        while len(self._messages) > self._kept:
            gone = self._messages.popleft()
            self._first[gone.partition] = gone.offset + 1


def partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """The topic's partitions, which a started consumer has; `LookupError` where there are none."""
    parts = sorted(consumer.assignment())
    if not parts:
        raise LookupError(f"there is no topic {TOPIC!r} yet")
    return parts


async def older(start: Places, end: Places) -> AsyncIterator[Message]:
    """Messages of partitions from `start` up to, not including, `end`."""
    consumer = reader()
    await consumer.start()
    try:
        parts = [TopicPartition(TOPIC, p) for p in start]
        consumer.assign(parts)
        for tp in parts:
            consumer.seek(tp, start[tp.partition])
        left = {tp for tp in parts if start[tp.partition] < end[tp.partition]}
        while left:
            found = await consumer.getmany(timeout_ms=500)
            for tp, records in found.items():
                for record in records:
                    event = read(record.value) if record.offset < end[tp.partition] else None
                    if event is not None:
                        yield Message(0, tp.partition, record.offset, event)
            left = {tp for tp in left if await consumer.position(tp) < end[tp.partition]}
    finally:
        await consumer.stop()


async def places_at(instant_ms: int) -> Places:
    """Where the broker wrote the first record at or after an instant; the end where none is."""
    consumer = reader(TOPIC)
    await consumer.start()
    try:
        parts = partitions(consumer)
        # The ends first: what is written between the two questions lies after them.
        ends = await consumer.end_offsets(parts)
        found = await consumer.offsets_for_times(dict.fromkeys(parts, instant_ms))
        return {tp.partition: found[tp].offset if found[tp] else ends[tp] for tp in parts}
    finally:
        await consumer.stop()


def read(value: bytes | None) -> Event | None:
    """The event of a record; None where it cannot be read (the sink dead-letters such records)."""
    try:
        return codec.decode(value) if value is not None else None
    except codec.CodecError:
        return None


hub: Hub | None = None


def the_hub() -> Hub:
    """The hub of this process, made in its event loop at the first call."""
    global hub
    if hub is None:
        hub = Hub()
    return hub
