"""From records to the broker's acknowledgement, in bounded time."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from duban.bus_access import audit_record
from duban.bus_config import aiokafka_config
from duban.bus_intake import WRITTEN_BY_PRODUCERS
from producers.gateway.outgoing import Outgoing, Packed, pack
from producers.gateway.refusal import not_now
from producers.gateway.schemas import Schemas

log = structlog.get_logger(__name__)
WAIT_SECONDS = 10.0
RECONNECT_SECONDS = 1.0
AT_WORK_MAX = 64
REQUEST_TIMEOUT_MS = 4_000
BATCH_BYTES = 900_000  # below what the broker takes as one batch
AWAY = "The broker does not answer; send the same rows again later, they keep their ids."


class Delivery:
    """Holds the one producer, and makes it anew when the broker was away at start or it broke.

    The producer is idempotent and keeps trying what it was given. While it still holds records of
    a request that was already answered with 503, nothing more is taken: its memory stays bounded
    and the answer is quick.
    """

    def __init__(self) -> None:
        self._producer: Any = None
        self._partitions: dict[str, int] = {}
        self._connecting: asyncio.Task[None] | None = None
        self._given_up: set[asyncio.Future[Any]] = set()
        self._at_work = 0
        self._schemas = Schemas()

    def start(self) -> None:
        """Begin to look for the broker."""
        self._connecting = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        """Stop; what was not acknowledged was never answered with 202."""
        if self._connecting is not None:
            self._connecting.cancel()
        await self._drop()

    @property
    def connected(self) -> bool:
        """Whether a producer stands (the broker was reached)."""
        return self._producer is not None

    def check(self) -> None:
        """Raise `Refusal` 503 when nothing can be taken now."""
        if self._producer is None or self._given_up:
            raise not_now(AWAY)
        if self._at_work >= AT_WORK_MAX:
            raise not_now("Too many batches are waiting for the broker.")

    async def deliver(self, records: Sequence[Outgoing], types: set[str]) -> None:
        """Send records of these event types and wait until all are acknowledged.

        Raises `Refusal` 503 otherwise; the producer may still deliver them, under the same ids.
        """
        self.check()
        producer = self._producer
        self._at_work += 1
        waiting: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._schemas.publish(producer, types)
                await _send(producer, pack(producer, records, self._partitions), waiting)
                await asyncio.gather(*map(asyncio.shield, waiting))
        except (TimeoutError, KafkaTimeoutError) as error:
            self._give_up(waiting)
            log.warning("gateway.not_acknowledged", records=len(records))
            raise not_now(AWAY) from error
        except KafkaError as error:
            log.warning("gateway.producer_broke", records=len(records), error=repr(error))
            await self._anew(producer)
            raise not_now(AWAY) from error
        finally:
            self._at_work -= 1

    async def note(self, who: str, did: str, what: Mapping[str, Any]) -> None:
        """Write a note to `audit`; not waited for."""
        if self._producer is not None:
            topic, key, value = audit_record(who, did, what)
            with suppress(KafkaError):
                future = await self._producer.send(topic, key=key, value=value)
                future.add_done_callback(_looked_at)

    def _give_up(self, waiting: Sequence[asyncio.Future[Any]]) -> None:
        for future in waiting:
            if not future.done():
                self._given_up.add(future)
                future.add_done_callback(self._settled)

    def _settled(self, future: asyncio.Future[Any]) -> None:
        self._given_up.discard(future)
        _looked_at(future)

    async def _anew(self, broken: Any) -> None:
        if self._producer is broken:
            await self._drop()
            self.start()

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        self._given_up.clear()
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), timeout=5)

    async def _connect(self) -> None:
        while True:
            producer = AIOKafkaProducer(
                **aiokafka_config(),
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                max_batch_size=BATCH_BYTES,
                max_request_size=1 << 20,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await producer.start()
                for topic in WRITTEN_BY_PRODUCERS:
                    self._partitions[topic] = len(await producer.partitions_for(topic))
                self._producer = producer
                log.info("gateway.connected")
                return
            except KafkaError as error:
                log.warning("gateway.broker_away", error=str(error))
                await producer.stop()
                await asyncio.sleep(RECONNECT_SECONDS)


async def _send(
    producer: Any, batches: Sequence[Packed], waiting: list[asyncio.Future[Any]]
) -> None:
    """Hand batches over, each when its partition has room; their futures go into `waiting`."""
    for topic, partition, batch in batches:
        waiting.append(await producer.send_batch(batch, topic, partition=partition))


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Take note of an error nobody waits for, so that asyncio does not complain of it."""
    if not future.cancelled():
        future.exception()
