"""Kafka for everybody who writes facts: a producer that loses nothing silently.

`send` returns a future that resolves when the broker has the event on all its replicas; `flush`
and `close` raise the first delivery that failed. Reading is in `bus_read`, dead letters in
`bus_dead`; their public names are here too.
"""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from kafka.errors import KafkaError, KafkaTimeoutError

from duban import codec, contracts
from duban.bus_client import connected_producer
from duban.bus_config import BrokerAway, kafka_config
from duban.bus_dead import dead_letter, original
from duban.bus_make import (
    headers_of,
    key_of,
    make,
    new_id,
    now_ms,
    partition_of,
    stable_id,
    tick_at,
)
from duban.bus_read import Record, business_now, follow, read_all, read_reference
from duban.bus_schemas import published_schemas, schema_key
from duban.events import Actor, Basis, Event
from duban.settings import settings

__all__ = [
    "BrokerAway", "Delivery", "DeliveryError", "Producer", "Record", "business_now", "dead_letter",
    "follow", "headers_of", "kafka_config", "key_of", "make", "new_id", "original",
    "partition_of", "read_all", "read_reference", "stable_id",
]  # fmt: skip

FLUSH_MORE_SECONDS = 10.0
CLOSE_SECONDS = 2.0


class DeliveryError(RuntimeError):
    """Events that the broker did not acknowledge; nothing is known to be written for them."""


class Delivery(Protocol):
    """What `send` returns: the acknowledgement to come, with partition and offset."""

    def get(self, timeout: float | None = None) -> Any:
        """Wait for the acknowledgement; raises the delivery error."""

    def add_callback(self, f: Callable[..., Any], *args: Any) -> Any:
        """Call `f(*args, metadata)` once acknowledged."""

    def add_errback(self, f: Callable[..., Any], *args: Any) -> Any:
        """Call `f(*args, error)` when the delivery has failed."""


class Producer:
    """Writes events to the topic of their type: acks=all, idempotent, murmur2, lz4.

    Use it in a `with` block: leaving it flushes, and raises `DeliveryError` when an event was
    not acknowledged. Safe for several threads. `journal` names a file to which the id of every
    acknowledged event is appended, one JSON object a line.
    """

    def __init__(self, *, journal: Path | str | None = None, **kafka: Any) -> None:
        self._kafka = connected_producer(kafka)
        self._published: set[bytes] | None = None
        self._ready: set[str] = set()
        self._publishing = threading.Lock()
        self._lock = threading.Lock()
        self._failed: list[BaseException] = []
        self._failures = 0
        self._journal = open(journal, "a", encoding="utf-8") if journal else None  # noqa: SIM115  closed in close()

    def send(self, event: Event, headers: Sequence[tuple[str, bytes]] = ()) -> Delivery:
        """Send one event; the future resolves when the broker has acknowledged it.

        `headers` stand beside the CloudEvents ones, such as the hall whose token brought it.
        """
        value = codec.encode(event)
        self.publish_schema(event.type)
        topic = contracts.topic_of(event.type)
        return self._put(topic, key_of(topic, event), value, event, headers)

    def tick(self, at: int) -> None:
        """Set business time (epoch ms) for everybody: `ClockTicked` on every case partition."""
        event = tick_at(at)
        value = codec.encode(event)
        self.publish_schema(event.type)
        for partition in self.partitions("case-events"):
            key = event.subject_id.encode()
            self.send_raw("case-events", key, value, headers_of(event), partition)

    def send_many(self, events: Iterable[Event]) -> int:
        """Send events in order, wait for all; returns how many. Raises `DeliveryError`."""
        count = 0
        for event in events:
            self.send(event)
            count += 1
        self.flush()
        return count

    def send_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> Delivery:
        """Send bytes as they are: hashes of tokens, dead letters, a record driven again."""
        future: Any = self._kafka.send(
            topic, key=key, value=value, headers=list(headers), partition=partition
        )
        future.add_errback(self._on_error)
        return future  # type: ignore[no-any-return]  # kafka-python has no types

    def emit(
        self,
        event_type: str,
        *,
        case: str = "",
        hall: str = "",
        at: datetime | int | None = None,
        actor: Actor | None = None,
        basis: Basis | None = None,
        **fields: Any,
    ) -> Event:
        """Make an event from its fields, check it against its contract and send it.

        `case` is "hall/local-no"; `hall` is the subject where there is no case. `at` is when it
        happened (aware datetime or epoch ms; default now). Raises `ContractError`.
        """
        event = make(event_type, case=case, hall=hall, at=at, actor=actor, basis=basis, **fields)
        self.send(event)
        return event

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything sent is acknowledged; raise `DeliveryError` if any was not.

        `timeout` is in seconds; by default a little more than the delivery time-out (120 s).
        """
        if timeout is None:
            timeout = self._kafka.config["delivery_timeout_ms"] / 1000 + FLUSH_MORE_SECONDS
        try:
            self._kafka.flush(timeout)
        except KafkaTimeoutError as error:
            raise DeliveryError(f"events still unacknowledged after {timeout} s") from error
        if self._journal:
            self._journal.flush()
        self.raise_failure()

    def raise_failure(self) -> None:
        """Raise `DeliveryError` for deliveries that failed since the last call, if any."""
        with self._lock:
            failures, first = self._failures, self._failed[:1]
            self._failures, self._failed = 0, []
        if first:
            raise DeliveryError(
                f"{failures} event(s) not acknowledged by {settings().brokers}: {first[0]!r}. "
                "Send them again under the same event_id; duplicates collapse."
            ) from first[0]

    def close(self, timeout: float | None = None) -> None:
        """Flush, then close. Raises `DeliveryError` like `flush`."""
        try:
            self.flush(timeout)
        finally:
            with suppress(KafkaTimeoutError):  # `flush` has said it already
                self._kafka.close(timeout=CLOSE_SECONDS)
            if self._journal:
                self._journal.close()
                self._journal = None

    def partitions(self, topic: str) -> list[int]:
        """Partition numbers of a topic."""
        return sorted(self._kafka.partitions_for(topic))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _t: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        with suppress(DeliveryError, KafkaError):  # the error that left the block is the one to see
            self.close(timeout=10)

    def _put(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        event: Event,
        more: Sequence[tuple[str, bytes]] = (),
    ) -> Delivery:
        future = self.send_raw(topic, key, value, [*headers_of(event), *more])
        if self._journal:
            future.add_callback(self._write_journal, event.event_id)
        return future

    def _on_error(self, error: BaseException) -> None:
        with self._lock:
            self._failures += 1
            if not self._failed:
                self._failed.append(error)

    def _write_journal(self, event_id: str, metadata: Any) -> None:
        line = {
            "event_id": event_id,
            "topic": metadata.topic,
            "partition": metadata.partition,
            "offset": metadata.offset,
        }
        with self._lock:
            if self._journal:
                self._journal.write(json.dumps(line) + "\n")
                self._journal.flush()

    def publish_schema(self, event_type: str) -> None:
        """Let readers have the writer's schema before its first event (no registry set)."""
        if event_type in self._ready:
            return
        with self._publishing:
            if not settings().schema_registry_url:
                if self._published is None:
                    self._published = published_schemas()
                for needed in ("SchemaPublished", event_type):
                    self._publish_once(needed, self._published)
            self._ready.add(event_type)

    def _publish_once(self, event_type: str, published: set[bytes]) -> None:
        key = schema_key(event_type)
        if key not in published:
            event = codec.schema_published(event_type, now_ms())
            self._put("reference", key, codec.encode(event), event).get(timeout=60)
            published.add(key)
