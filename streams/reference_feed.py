"""Topic `reference`, read to its end before the first fact, then followed.

It is read by a consumer of its own, without a group: every worker needs all of it. What rules see
depends on the set of versions only, never on when one was read. What they cannot use is kept apart
and named, for `reference_letters`; nothing that lies there stops a worker.
"""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, NamedTuple

import structlog
from aiokafka.structs import TopicPartition

from duban import codec, contracts
from duban.codec import CodecError, RetryLater, UnknownSchema
from duban.events import Event
from duban.policy import Reference
from duban.reference_set import fault_of, first_of
from streams.kafka import reader

log = structlog.get_logger(__name__)

REFERENCE = "reference"
PARTITION = TopicPartition(REFERENCE, 0)
SCHEMA_PUBLISHED = "SchemaPublished"
POLL_MS = 500
LOOK_SECONDS = 0.02
SCHEMA_SECONDS = 10.0  # as long as `patience` waits for one


class Unusable(NamedTuple):
    """A record of which the rules read nothing, with a short reason and a detail."""

    record: Any
    reason: str
    detail: str


class Waiting(NamedTuple):
    """A record that cannot be read yet, why, and since when (monotonic seconds)."""

    record: Any
    error: RetryLater
    since: float


class ReferenceFeed:
    """Keeps the newest `Reference` and the writer schemas; tells when there is a new one."""

    def __init__(
        self, build: Callable[[Iterable[Event]], Reference], changed: Callable[[], None]
    ) -> None:
        self._build = build
        self._changed = changed
        self._events: dict[tuple[str, str], Event] = {}  # by type and subject, the one that counts
        self._unusable: list[Unusable] = []
        self._waiting: list[Waiting] = []
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

    def unusable(self) -> list[Unusable]:
        """What has been of no use so far; records whose schema stays away are among them, and are
        read all the same when it comes."""
        late = monotonic() - SCHEMA_SECONDS
        away = [w for w in self._waiting if isinstance(w.error, UnknownSchema) and w.since < late]
        unread = [Unusable(w.record, w.error.reason, w.error.detail) for w in away]
        return self._unusable + unread

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
        news = await self._ask_registry()
        position = await self._consumer.position(PARTITION)
        if self._ready.is_set() or position < end:
            chunk = await self._consumer.getmany(PARTITION, timeout_ms=POLL_MS)
            for record in chunk.get(PARTITION, ()):
                news |= self._take(record, monotonic())
                await asyncio.sleep(0)  # a registry that does not answer holds each one up
            position = await self._consumer.position(PARTITION)
        if not self._ready.is_set():
            if position >= end and not self._registry_away:
                self._renew()
                self._ready.set()
        elif news:
            self._renew()
            self._changed()
        self._position = position

    @property
    def _registry_away(self) -> bool:
        return any(not isinstance(w.error, UnknownSchema) for w in self._waiting)

    async def _ask_registry(self) -> bool:
        """Good records wait for a registry that is away, and facts wait for them."""
        if not self._registry_away:
            return False
        await asyncio.sleep(POLL_MS / 1000)
        return self._take_again()

    def _take(self, record: Any, since: float) -> bool:
        """Keep an event, learn a schema; whether rules may see a difference."""
        try:
            event = codec.decode(record.value)
        except RetryLater as error:
            self._waiting.append(Waiting(record, error, since))
            return False
        except CodecError as error:
            return self._lay_aside(record, error.reason, error.detail)
        if event.type == SCHEMA_PUBLISHED:
            return self._learn(record, event)
        if contracts.topic_of(event.type) != REFERENCE:
            return self._lay_aside(record, "wrong_topic", f"{event.type} is no reference data")
        if fault := fault_of(event):
            return self._lay_aside(record, "schema_rules", fault)
        return self._keep(event)

    def _keep(self, event: Event) -> bool:
        name = (event.type, event.subject_id)
        before = self._events.get(name)
        self._events[name] = first_of(event, before)
        return self._events[name] is not before

    def _lay_aside(self, record: Any, reason: str, detail: str) -> bool:
        log.warning("reference_unusable", offset=record.offset, reason=reason, detail=detail)
        self._unusable.append(Unusable(record, reason, detail))
        return False

    def _learn(self, record: Any, event: Event) -> bool:
        try:
            codec.learn(event.data["schema_json"])
        except CodecError as error:
            return self._lay_aside(record, error.reason, error.detail)
        return self._take_again()

    def _take_again(self) -> bool:
        again, self._waiting = self._waiting, []
        news = False
        for number, one in enumerate(again, 1):
            news |= self._take(one.record, one.since)
            if self._registry_away:  # it is asked once a turn
                self._waiting += again[number:]
                break
        return news

    def _renew(self) -> None:
        self._current = self._build(self._events.values())
        log.info("reference_read", events=len(self._events))
