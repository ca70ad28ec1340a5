"""Topic `reference`, read to its end before the first fact, then followed.

It is read by a consumer of its own, without a group: every worker needs all of it. What rules see
depends on the set of versions only, never on when one was read.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from aiokafka.structs import TopicPartition

from duban import codec
from duban.codec import CodecError, RetryLater
from duban.events import Event
from duban.policy import Reference
from streams.kafka import reader

log = structlog.get_logger(__name__)

REFERENCE = "reference"
PARTITION = TopicPartition(REFERENCE, 0)
SCHEMA_PUBLISHED = "SchemaPublished"
POLL_MS = 500
LOOK_SECONDS = 0.02


class ReferenceFeed:
    """Keeps the newest `Reference` and the writer schemas; tells when there is a new one."""

    def __init__(
        self, build: Callable[[Iterable[Event]], Reference], changed: Callable[[], None]
    ) -> None:
        self._build = build
        self._changed = changed
        self._events: dict[bytes, Event] = {}  # by record key, as compaction keeps them
        self._unread: list[Any] = []  # records whose schema is not known yet
        self._current: Reference | None = None
        self._ready = asyncio.Event()
        self._position = 0
        self._consumer: Any = None

    @property
    def current(self) -> Reference:
        """All versions known now; a new object after each change."""
        if self._current is None:
            raise RuntimeError("reference data is asked for before it has been read")
        return self._current

    async def wait_ready(self) -> None:
        """Return when the topic has been read to the end it had at the start."""
        await self._ready.wait()

    async def refresh(self) -> None:
        """Return when everything that is in the topic now has been taken in."""
        await self.wait_ready()
        end = (await self._consumer.end_offsets([PARTITION]))[PARTITION]
        while self._position < end:
            await asyncio.sleep(LOOK_SECONDS)

    async def run(self) -> None:
        """Read and follow, until cancelled."""
        self._consumer = reader()
        await self._consumer.start()
        try:
            self._consumer.assign([PARTITION])
            await self._consumer.seek_to_beginning(PARTITION)
            end = (await self._consumer.end_offsets([PARTITION]))[PARTITION]
            while True:
                await self._poll(end)
        finally:
            await self._consumer.stop()

    async def _poll(self, end: int) -> None:
        news = False
        position = await self._consumer.position(PARTITION)
        if self._ready.is_set() or position < end:
            chunk = await self._consumer.getmany(PARTITION, timeout_ms=POLL_MS)
            for record in chunk.get(PARTITION, ()):
                news |= self._take(record)
            position = await self._consumer.position(PARTITION)
        if not self._ready.is_set():
            if position >= end:
                self._renew()
                self._ready.set()
        elif news:
            self._renew()
            self._changed()
        self._position = position

    def _take(self, record: Any) -> bool:
        """Keep an event, learn a schema; whether rules may see a difference."""
        try:
            event = codec.decode(record.value)
        except RetryLater:
            self._unread.append(record)
            return False
        except CodecError as error:
            log.warning("reference_unreadable", offset=record.offset, error=str(error))
            return False
        if event.type == SCHEMA_PUBLISHED:
            return self._learn(event)
        self._events[record.key] = event
        return True

    def _learn(self, event: Event) -> bool:
        try:
            codec.learn(event.data["schema_json"])
        except CodecError as error:
            log.warning("schema_unusable", subject=event.subject_id, error=str(error))
            return False
        again, self._unread = self._unread, []
        news = False
        for record in again:
            news |= self._take(record)
        return news

    def _renew(self) -> None:
        self._current = self._build(self._events.values())
        log.info("reference_read", events=len(self._events))
