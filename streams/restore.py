"""Bring a job's state back from its state topic, and learn where to go on.

The state topic is written in transactions, so it ends in control records: the end is reached when
the reading position is at or past the end offset, not when a last record was seen.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import structlog
from aiokafka.structs import TopicPartition

from streams.kafka import reader
from streams.records import POSITION_KEY, Job, JobSpec

log = structlog.get_logger(__name__)

CHUNK = 2000
NOW, ORIGIN, FORM = "__now", "__origin", "__form"


class Restored(NamedTuple):
    """Where to go on: next offset and end offset (as of today) per source topic, the business time
    reached (epoch ms, wall time only), the name of the state topic's content, and how many records
    were read."""

    position: dict[str, int]
    ends: dict[str, int]
    now: int
    origin: str
    records: int


class Progress:
    """How far a restore has come: next offset of the state topic to read, and its end."""

    at = 0
    end = 0


class StateLost(Exception):
    """The state topic knows less than the consumer group: going on would write outputs twice."""


async def restore(
    spec: JobSpec, partition: int, job: Job, group: str, progress: Progress
) -> Restored:
    """Read the state partition into `job`, what its own store has left out. Call it only after
    fencing."""
    consumer = reader(group)
    await consumer.start()
    try:
        sources = [TopicPartition(topic, partition) for topic in spec.sources]
        state = TopicPartition(spec.state_topic, partition)
        consumer.assign([state, *sources])
        consumer.pause(*sources)
        position, records = await _fill(consumer, state, job, progress)
        committed = {tp.topic: await consumer.committed(tp) or 0 for tp in sources}
        places = _go_on_at(spec, partition, position, committed)
        ends = {tp.topic: end for tp, end in (await consumer.end_offsets(sources)).items()}
    finally:
        await consumer.stop()
    job.restored()
    origin = str(position.get(ORIGIN) or uuid4())
    return Restored(places, ends, int(position.get(NOW, 0)), origin, records)


def encode_position(position: Mapping[str, int], now: int, origin: str, form: int) -> bytes:
    """Value of the position record, JSON: next offset by source topic, the time reached, the name
    that the topic's content was given with its first record, and the form of the state (see
    `JobSpec`)."""
    return json.dumps({**position, NOW: now, ORIGIN: origin, FORM: form}).encode()


async def _fill(
    consumer: Any, state: TopicPartition, job: Job, progress: Progress
) -> tuple[dict[str, Any], int]:
    """Read from where the job's own store ends, where it is of this very topic; else everything."""
    here = job.here()
    if here is not None:
        first = (await consumer.beginning_offsets([state]))[state]
        if first <= here.offset <= (await consumer.end_offsets([state]))[state]:
            consumer.seek(state, here.offset)
            position, records = await _read_state(consumer, state, job, progress)
            if position.get(ORIGIN) == here.origin:
                return position, records
        log.warning("store_not_of_this_topic", topic=state.topic, partition=state.partition)
        job.forget()
    await consumer.seek_to_beginning(state)
    return await _read_state(consumer, state, job, progress)


async def _read_state(
    consumer: Any, state: TopicPartition, job: Job, progress: Progress
) -> tuple[dict[str, Any], int]:
    """The position record and how many records were read; `streams.watch` sees a standstill."""
    progress.end = end = (await consumer.end_offsets([state]))[state]
    position: dict[str, Any] = {}
    count = 0
    while (now_at := await consumer.position(state)) < end:
        progress.at = now_at
        chunk = await consumer.getmany(state, timeout_ms=200, max_records=CHUNK)
        for record in chunk.get(state, ()):
            count += 1
            if record.key == POSITION_KEY:
                position = json.loads(record.value)
            else:
                job.restore(record.key, record.value)
        await asyncio.sleep(0)
    progress.at = end
    return position, count


def _go_on_at(
    spec: JobSpec, partition: int, position: dict[str, Any], committed: dict[str, int]
) -> dict[str, int]:
    """Next offset by source topic. Records of before there were forms are of form 1."""
    found = position.get(FORM, 1)
    if found != spec.form:
        if any(committed.values()):
            log.warning(
                "state_made_anew", job=spec.name, partition=partition, found=found, form=spec.form
            )
        return dict.fromkeys(spec.sources, 0)
    if spec.again and not any(committed.values()):  # a new group: see `JobSpec`
        return dict.fromkeys(spec.sources, 0)
    # A worker from before a source was one names it nowhere: that source is read once more, whole.
    named = [t for t in spec.sources if t in position] or spec.sources
    behind = [t for t in named if committed[t] > position.get(t, 0)]
    if behind:
        raise StateLost(
            f"{spec.state_topic}/{partition} stands at {position}, but the group has committed "
            f"{ {t: committed[t] for t in behind} }. State was lost: going on would "
            "write outputs twice. Bring the topic back from a backup."
        )
    return {topic: position.get(topic, 0) for topic in spec.sources}


def sources_of(specs: Sequence[JobSpec]) -> dict[str, JobSpec]:
    """Which job reads which topic; raises `ValueError` where two want the same."""
    found: dict[str, JobSpec] = {}
    for spec in specs:
        for topic in spec.sources:
            if topic in found:
                raise ValueError(f"{topic} is read by {found[topic].name} and {spec.name}")
            found[topic] = spec
    return found
