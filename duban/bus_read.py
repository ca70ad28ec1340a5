"""Read topics without a consumer group: to their end, or on and on.

A reader here keeps its own place; nothing is committed to Kafka. Topics written in transactions
end in control records, so "the end" is a position at or past the end offset, never a last record.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from duban import codec
from duban.bus_config import away, kafka_config
from duban.events import Event
from duban.settings import settings

Isolation = Literal["read_committed", "read_uncommitted"]
TICK = b"ClockTicked"


class Record(NamedTuple):
    """One record as Kafka keeps it; `timestamp` is the broker's, in epoch ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    def header(self, name: str) -> bytes | None:
        """Value of the last header of that name."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


@contextmanager
def consumer(isolation: Isolation = "read_committed", **more: Any) -> Iterator[Any]:
    """A kafka-python consumer without a group, closed at the end; raises `BrokerAway`."""
    try:
        made = KafkaConsumer(
            **kafka_config(),
            isolation_level=isolation,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            max_partition_fetch_bytes=4 << 20,
            max_poll_records=4000,
            **more,
        )
    except KafkaError as error:
        raise away(error) from error
    try:
        yield made
    finally:
        made.close()


def read_all(
    topic: str,
    *,
    partition: int | None = None,
    isolation: Isolation = "read_committed",
    start: int | None = None,
) -> Iterator[Record]:
    """Every record of a topic up to the end it had when reading began.

    Partition after partition is not promised, order within one is. `start` is an instant in
    epoch ms (broker time); earlier records are left out.
    """
    with consumer(isolation) as kafka:
        parts = _assign(kafka, [topic], partition)
        _seek(kafka, parts, start)
        ends = kafka.end_offsets(parts)
        open_ = {tp for tp in parts if kafka.position(tp) < ends[tp]}
        while open_:
            for tp, records in kafka.poll(timeout_ms=500).items():
                yield from (_record(r) for r in records if r.offset < ends[tp])
            done = {tp for tp in open_ if kafka.position(tp) >= ends[tp]}
            open_ -= done
            kafka.pause(*done)


def follow(
    topics: Iterable[str],
    *,
    start: int | Literal["earliest", "latest"] = "latest",
    isolation: Isolation = "read_committed",
    quiet_after: float | None = None,
) -> Iterator[Record]:
    """Records of topics as they come, for ever; from an instant (epoch ms), the start or the end.

    With `quiet_after` it ends when nothing has come for that many seconds.
    """
    with consumer(isolation) as kafka:
        parts = _assign(kafka, list(topics), None)
        if start == "latest":
            kafka.seek_to_end(*parts)
        else:
            _seek(kafka, parts, None if start == "earliest" else start)
        last = time.monotonic()
        while quiet_after is None or time.monotonic() - last < quiet_after:
            for records in kafka.poll(timeout_ms=200).values():
                last = time.monotonic()
                yield from map(_record, records)


def read_reference() -> list[Event]:
    """All events of `reference`, in order of writing; unreadable ones are left out."""
    events = []
    for record in read_all("reference", partition=0):
        if record.value is not None:
            try:
                events.append(codec.decode(record.value))
            except codec.CodecError:
                continue  # the worker that owns the first partition puts it into dead-letters
    return events


def business_now() -> int:
    """Business time in epoch ms: the wall clock, or the last `ClockTicked` on case-events.

    With ticks and before the first of them, the wall clock.
    """
    if settings().business_time == "wall":
        return time.time_ns() // 1_000_000
    tick = _last_tick("case-events", 0)
    return tick if tick is not None else time.time_ns() // 1_000_000


def _last_tick(topic: str, partition: int, step: int = 500) -> int | None:
    """Look back from the end of a partition, further each time, for the last tick."""
    tp = TopicPartition(topic, partition)
    with consumer() as kafka:
        kafka.assign([tp])
        end, first = kafka.end_offsets([tp])[tp], kafka.beginning_offsets([tp])[tp]
        upper = end
        while upper > first:
            lower = max(first, upper - step)
            found = [r for r in _span(kafka, tp, lower, upper) if r.header("ce_type") == TICK]
            if found:
                event = codec.decode(found[-1].value or b"")
                return int(event.data.get("at", event.occurred_at))
            upper, step = lower, step * 4
    return None


def _span(kafka: Any, tp: TopicPartition, lower: int, upper: int) -> Iterator[Record]:
    kafka.seek(tp, lower)
    while kafka.position(tp) < upper:
        for record in kafka.poll(timeout_ms=500).get(tp, []):
            if record.offset < upper:
                yield _record(record)


def _assign(kafka: Any, topics: list[str], partition: int | None) -> list[TopicPartition]:
    parts = []
    for topic in topics:
        numbers = kafka.partitions_for_topic(topic)
        if not numbers:
            raise LookupError(f"There is no topic {topic!r}: `duban up` makes all topics.")
        wanted = sorted(numbers) if partition is None else [partition]
        parts += [TopicPartition(topic, number) for number in wanted]
    kafka.assign(parts)
    return parts


def _seek(kafka: Any, parts: list[TopicPartition], start: int | None) -> None:
    if start is None:
        kafka.seek_to_beginning(*parts)
        return
    found = kafka.offsets_for_times(dict.fromkeys(parts, start))
    for tp in parts:
        if found[tp] is None:
            kafka.seek_to_end(tp)
        else:
            kafka.seek(tp, found[tp].offset)


def _record(r: Any) -> Record:
    return Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers)
