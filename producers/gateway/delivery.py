"""From checked events to the broker's acknowledgement, in bounded time."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import structlog
from kafka.errors import KafkaError

from duban.access import Grant
from duban.bus import BrokerAway, Producer
from duban.bus_access import audit
from duban.bus_intake import WRITTEN_BY_PRODUCERS
from duban.events import Event
from producers.gateway.doors import HALL_HEADER
from producers.gateway.refusal import not_now

log = structlog.get_logger(__name__)
WAIT_SECONDS = 10.0
RECONNECT_SECONDS = 1.0
AT_WORK_MAX = 64
KAFKA_LIMITS: dict[str, Any] = {
    "delivery_timeout_ms": 8_000,
    "request_timeout_ms": 4_000,
    "max_block_ms": 4_000,
    "bootstrap_timeout_ms": 4_000,
}
AWAY = "The broker does not answer; send the same rows again later, they keep their ids."


class Delivery:
    """Holds the one producer; makes it anew while the broker is away."""

    def __init__(self) -> None:
        self._producer: Producer | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="producer", daemon=True)
        self._at_work = 0

    def start(self) -> None:
        """Begin to look for the broker."""
        self._thread.start()

    def stop(self) -> None:
        """Flush and close; what was not acknowledged was never answered with 202."""
        self._stop.set()
        self._thread.join(KAFKA_LIMITS["bootstrap_timeout_ms"] / 1000 + 1)
        if self._producer is not None:
            try:
                self._producer.close(timeout=5)
            except (RuntimeError, KafkaError) as error:
                log.warning("gateway.close", error=str(error))

    @property
    def connected(self) -> bool:
        """Whether a producer stands (the broker was reached at least once)."""
        return self._producer is not None

    async def deliver(self, events: Sequence[Event], grant: Grant) -> None:
        """Send events and wait until all are acknowledged. Raises `Refusal` 503 otherwise."""
        producer = self._producer
        if producer is None:
            raise not_now(AWAY)
        if self._at_work >= AT_WORK_MAX:
            raise not_now("Too many batches are waiting for the broker.")
        self._at_work += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._deliver(producer, events, grant)
        except (KafkaError, TimeoutError, BrokerAway, LookupError) as error:
            log.warning("gateway.not_acknowledged", events=len(events), error=repr(error))
            raise not_now(AWAY) from error
        finally:
            self._at_work -= 1

    async def _deliver(self, producer: Producer, events: Sequence[Event], grant: Grant) -> None:
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[None] = loop.create_future()
        countdown = _Countdown(len(events), loop, acknowledged)
        await asyncio.to_thread(_send, producer, events, grant, countdown)
        await acknowledged
        note = {"events": len(events), "first": events[0].event_id, "hall": grant.hall}
        audit(producer, grant.token_id, "events written", note)

    def _connect(self) -> None:
        """Look for the broker until it is there; then know all topics, so that sends never wait."""
        while not self._stop.is_set() and self._producer is None:
            try:
                producer = Producer(**KAFKA_LIMITS)
                for topic in (*sorted(WRITTEN_BY_PRODUCERS), "audit"):
                    producer.partitions(topic)
                self._producer = producer
                log.info("gateway.connected")
            except (BrokerAway, KafkaError) as error:
                log.warning("gateway.broker_away", error=str(error))
                self._stop.wait(RECONNECT_SECONDS)


def _send(
    producer: Producer, events: Sequence[Event], grant: Grant, countdown: "_Countdown"
) -> None:
    headers = [(HALL_HEADER, grant.hall.encode())]
    for event in events:
        future = producer.send(event, headers)
        future.add_callback(countdown.one_less)
        future.add_errback(countdown.failed)


class _Countdown:
    """Sets an asyncio future when all deliveries are acknowledged, or the first has failed."""

    def __init__(
        self, count: int, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None]
    ) -> None:
        self._left = count
        self._loop = loop
        self._done = done
        self._lock = threading.Lock()

    def one_less(self, _metadata: Any) -> None:
        """One delivery is acknowledged (called on the producer's thread)."""
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._loop.call_soon_threadsafe(self._finish, None)

    def failed(self, error: BaseException) -> None:
        """One delivery has failed (called on the producer's thread)."""
        self._loop.call_soon_threadsafe(self._finish, error)

    def _finish(self, error: BaseException | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)
