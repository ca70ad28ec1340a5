"""Bring a job's state back from its state topic, and learn where to go on.

The state topic is written in transactions, so it ends in control records: the end is reached when
the reading position is at or past the end offset, not when a last record was seen.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from aiokafka.structs import TopicPartition

from streams.kafka import reader
from streams.records import POSITION_KEY, Job, JobSpec

CHUNK = 2000
STANDSTILL_SECONDS = 120
NOW = "__now"


class Restored(NamedTuple):
    """Where to go on: next offset and end offset (as of today) per source topic, the business time
    reached (epoch ms, wall time only), and how many records were read."""

    position: dict[str, int]
    ends: dict[str, int]
    now: int
    records: int


class StateLost(Exception):
    """The state topic knows less than the consumer group: going on would write outputs twice."""


async def restore(spec: JobSpec, partition: int, job: Job, group: str) -> Restored:
    """Read the whole of the state partition into `job`. Call it only after fencing."""
    consumer = reader(group)
    await consumer.start()
    try:
        sources = [TopicPartition(topic, partition) for topic in spec.sources]
        state = TopicPartition(spec.state_topic, partition)
        consumer.assign([state, *sources])
        consumer.pause(*sources)
        position, records = await _read_state(consumer, state, job)
        committed = {tp.topic: await consumer.committed(tp) or 0 for tp in sources}
        _check(spec, partition, position, committed)
        ends = {tp.topic: end for tp, end in (await consumer.end_offsets(sources)).items()}
    finally:
        await consumer.stop()
    places = {topic: position.get(topic, 0) for topic in spec.sources}
    return Restored(places, ends, position.get(NOW, 0), records)


def encode_position(position: Mapping[str, int], now: int) -> bytes:
    """Value of the position record, JSON: next offset by source topic, and the time reached."""
    return json.dumps({**position, NOW: now}).encode()


async def _read_state(consumer: Any, state: TopicPartition, job: Job) -> tuple[dict[str, int], int]:
    await consumer.seek_to_beginning(state)
    end = (await consumer.end_offsets([state]))[state]
    position: dict[str, int] = {}
    count, reached, moved_at = 0, -1, monotonic()
    while (now_at := await consumer.position(state)) < end:
        if now_at > reached:
            reached, moved_at = now_at, monotonic()
        elif monotonic() - moved_at > STANDSTILL_SECONDS:
            raise TimeoutError(f"{state.topic}/{state.partition} stands at {now_at} of {end}")
        chunk = await consumer.getmany(state, timeout_ms=200, max_records=CHUNK)
        for record in chunk.get(state, ()):
            count += 1
            if record.key == POSITION_KEY:
                position = json.loads(record.value)
            else:
                job.restore(record.key, record.value)
        await asyncio.sleep(0)
    job.restored()
    return position, count


def _check(
    spec: JobSpec, partition: int, position: dict[str, int], committed: dict[str, int]
) -> None:
    behind = [t for t in spec.sources if committed[t] > position.get(t, 0)]
    if behind:
        raise StateLost(
            f"{spec.state_topic}/{partition} stands at {position}, but the group has committed "
            f"{ {t: committed[t] for t in behind} }. State was lost: going on would "
            "write outputs twice. Bring the topic back from a backup."
        )


def sources_of(specs: Sequence[JobSpec]) -> dict[str, JobSpec]:
    """Which job reads which topic; raises `ValueError` where two want the same."""
    found: dict[str, JobSpec] = {}
    for spec in specs:
        for topic in spec.sources:
            if topic in found:
                raise ValueError(f"{topic} is read by {found[topic].name} and {spec.name}")
            found[topic] = spec
    return found
