"""From checked events to the broker's acknowledgement, in bounded time."""

import asyncio
import threading
from collections.abc import Callable, Sequence
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
        self._given_up: set[_Batch] = set()

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
        if producer is None or self._given_up:
            raise not_now(AWAY)
        if self._at_work >= AT_WORK_MAX:
            raise not_now("Too many batches are waiting for the broker.")
        self._at_work += 1
        batch = _Batch(len(events), self._settled)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await asyncio.to_thread(_send, producer, events, grant, batch)
                await asyncio.shield(batch.done)
        except (KafkaError, TimeoutError, BrokerAway, LookupError) as error:
            log.warning("gateway.not_acknowledged", events=len(events), error=repr(error))
            self._give_up(batch)
            raise not_now(AWAY) from error
        finally:
            self._at_work -= 1
        note = {"events": len(events), "first": events[0].event_id, "hall": grant.hall}
        audit(producer, grant.token_id, "events written", note)

    def _give_up(self, batch: "_Batch") -> None:
        """Take nothing more while records nobody waits for any longer fill the producer."""
        if not batch.settled:
            self._given_up.add(batch)

    def _settled(self, batch: "_Batch") -> None:
        self._given_up.discard(batch)

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


def _send(producer: Producer, events: Sequence[Event], grant: Grant, batch: "_Batch") -> None:
    headers = [(HALL_HEADER, grant.hall.encode())]
    for index, event in enumerate(events):
        try:
            future = producer.send(event, headers)
        except BaseException as error:
            batch.failed(error, len(events) - index)  # the rest will never be sent
            raise
        future.add_callback(batch.acknowledged)
        future.add_errback(batch.failed)


class _Batch:
    """The deliveries of one request: `done` when all are acknowledged, or the first has failed.

    `settled` once the producer holds none of them any longer; then `on_settled` is called.
    """

    def __init__(self, count: int, on_settled: Callable[["_Batch"], None]) -> None:
        self._left = count
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._on_settled = on_settled
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.settled = False

    def acknowledged(self, _metadata: Any) -> None:
        """One delivery is acknowledged (called on the producer's thread)."""
        self._count(None, 1)

    def failed(self, error: BaseException, count: int = 1) -> None:
        """Deliveries have failed (called on the producer's thread)."""
        self._count(error, count)

    def _count(self, error: BaseException | None, count: int) -> None:
        with self._lock:
            self._left -= count
            left = self._left
        if error is not None or left == 0:
            self._loop.call_soon_threadsafe(self._finish, error, left == 0)

    def _finish(self, error: BaseException | None, settled: bool) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
                self.done.exception()  # known here: nobody may be waiting any longer
        if settled:
            self.settled = True
            self._on_settled(self)
