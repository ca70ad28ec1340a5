"""The load, made once per run, and what a plain model says must come of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from random import Random

import fastavro
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from bench.streams.rule import EVERY, FRAME, HEAD, SCHEMA
from duban.bus import partition_of

TOPIC = "bench-in"
PARTITIONS = 4
SEED = 1
BATCH_BYTES = 256 << 10
FETCH_BYTES = 8 << 20
BEGIN = 1_767_225_600_000  # 2026-01-01, epoch ms
EVENTS = ("CaseSubmitted", "CaseAccepted", "MaterialsAsked", "MaterialsCame", "CaseDecided")
SAY_EVERY = 20_000

Pair = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Load:
    """How much: so many records are measured, after a first part that warms an engine up."""

    records: int = 1_000_000
    keys: int = 100_000

    @property
    def warmup(self) -> int:
        """Records before the first measured one."""
        return self.records // 10

    @property
    def total(self) -> int:
        """All records of the topic."""
        return self.warmup + self.records


@dataclass(slots=True)
class Model:
    """What state and outputs must be in the end. It knows no engine: it counts."""

    state: dict[bytes, bytes] = field(default_factory=dict)
    outputs: list[Pair] = field(default_factory=list)
    _counts: dict[bytes, int] = field(default_factory=dict)

    def takes(self, key: bytes, value: bytes, minutes: int, offset: int) -> None:
        """One more record."""
        count = self._counts[key] = self._counts.get(key, 0) + 1
        self.state[key] = HEAD.pack(count, minutes) + value
        if offset % EVERY == 0:
            self.outputs.append((key, self.state[key]))


def bodies(load: Load) -> Iterator[tuple[bytes, bytes, int]]:
    """Key, value and minutes of every record; the same for the same load."""
    rng = Random(SEED)
    for number in range(load.total):
        case = f"fuzhou-gulou/S-{rng.randrange(load.keys):08d}"
        minutes = number % 481
        buffer = BytesIO()
        buffer.write(FRAME)
        body = {
            "case_id": case,
            "event": EVENTS[number % len(EVENTS)],
            "window_id": f"W-{number % 37:02d}",
            "staff_id": f"staff-{number % 211:04d}",
            "occurred_at": BEGIN + number * 997,
            "minutes": minutes,
        }
        fastavro.schemaless_writer(buffer, SCHEMA, body)
        yield case.encode(), buffer.getvalue(), minutes


async def send(broker: str, load: Load, say: Callable[[int], None]) -> Model:
    """Write the load to its topic; the model of it. `say` hears how many have been written."""
    model, offsets = Model(), [0] * PARTITIONS
    producer = AIOKafkaProducer(bootstrap_servers=broker, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        batches = [producer.create_batch() for _ in range(PARTITIONS)]
        for number, (key, value, minutes) in enumerate(bodies(load), start=1):
            place = partition_of(key, PARTITIONS)
            if batches[place].append(key=key, value=value, timestamp=None) is None:
                await producer.send_batch(batches[place], TOPIC, partition=place)
                batches[place] = producer.create_batch()
                batches[place].append(key=key, value=value, timestamp=None)
            model.takes(key, value, minutes, offsets[place])
            offsets[place] += 1
            if number % SAY_EVERY == 0:
                say(number)
        for place, batch in enumerate(batches):
            await producer.send_batch(batch, TOPIC, partition=place)
        await producer.flush()
    finally:
        await producer.stop()
    return model


async def read(broker: str, topic: str) -> AsyncIterator[Pair]:
    """Key and value of all committed records of a topic, each partition in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while left := [tp for tp in places if await consumer.position(tp) < ends[tp]]:
            for records in (await consumer.getmany(*left, timeout_ms=200)).values():
                for record in records:
                    yield record.key, record.value
    finally:
        await consumer.stop()
