"""Dead letters of topic `reference`: one for each record, whoever reads it and however often.

Every worker reads the topic whole at each start. So one worker writes, the owner of a job's first
partition, under a transactional id that fences; and it looks first which letters are there.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aiokafka.structs import TopicPartition

from duban.bus_dead import dead_letter, original
from streams import metrics
from streams.kafka import reader
from streams.records import BY_KEY, Out
from streams.reference_feed import REFERENCE, ReferenceFeed, Unusable
from streams.transaction import Item, Writer, Writes

CONSUMER = "streams.reference"
SKEW_MS = 3_600_000  # brokers' clocks differ by less
POLL_MS = 200
PART = ("reference", "0")

Place = tuple[str, int]


class ReferenceLetters:
    """Writes letters for what a feed finds unusable."""

    def __init__(self, feed: ReferenceFeed, group: str) -> None:
        self._feed = feed
        self._group = group
        self._known: set[int] = set()  # offsets that have their letter

    async def write(self) -> None:
        """Write those that are missing, all or none; raises what Kafka's clients raise."""
        new = self._missing()
        if not new:
            return
        writer = Writer(f"{self._group}-reference", self._group)
        try:
            await writer.start()  # nobody else adds any from here on
            since = min(one.record.timestamp for one in new) - SKEW_MS
            self._known |= await _there(await _letters(writer, new), max(0, since))
            new = [one for one in new if one.record.offset not in self._known]
            if new:
                await writer.write(Writes(await _letters(writer, new), {}))
        finally:
            await writer.stop()
        self._known |= {one.record.offset for one in new}
        metrics.dead.labels(*PART).inc(len(new))

    def _missing(self) -> list[Unusable]:
        return [one for one in self._feed.unusable() if one.record.offset not in self._known]


async def _letters(writer: Writer, unusable: Iterable[Unusable]) -> dict[Place, list[Item]]:
    """The letters of records, by where they go."""
    placed: dict[Place, list[Item]] = defaultdict(list)
    for one in unusable:
        topic, key, value, headers = dead_letter(one.record, one.reason, one.detail, CONSUMER)
        out = Out(topic, key or b"", value, headers, BY_KEY)
        placed[await writer.place(out, 0)].append((out.key, out.value, out.headers))
    return placed


async def _there(places: Iterable[Place], since: int) -> set[int]:
    """Offsets of `reference` of which a letter lies at these places, written since an instant of
    the broker's clock (ms)."""
    parts = [TopicPartition(*place) for place in places]
    consumer = reader()
    await consumer.start()
    try:
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        found: set[int] = set()
        for part, start in (await consumer.offsets_for_times(dict.fromkeys(parts, since))).items():
            if start is not None:
                consumer.seek(part, start.offset)
                found |= await _read(consumer, part, ends[part])
        return found
    finally:
        await consumer.stop()


async def _read(consumer: Any, part: TopicPartition, end: int) -> set[int]:
    found = set()
    while await consumer.position(part) < end:
        chunk = await consumer.getmany(part, timeout_ms=POLL_MS)
        for record in chunk.get(part, ()):
            with suppress(ValueError):  # the mark of a letter that was driven again
                letter = original(record)
                if (letter.topic, letter.consumer) == (REFERENCE, CONSUMER):
                    found.add(letter.offset)
    return found
