"""How far the warehouse is behind the facts, by the offsets that readers have committed.

Facts pass two groups, the worker's and the sink's. The figures hold everything written before the
oldest record that one of them has still to read, or, when there is none, everything to this moment.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from duban.bus_config import aiokafka_config
from projections.kafka import reader

PARTS = ("streams", "sink")  # a group belongs to the part whose name is in its own
WRITTEN_PLAINLY = ("case-events", "hall-events")  # all other topics are written in transactions
LOOKS = 5  # of a tenth of a second, for reading a few offsets
REMEMBERED = 1_000
FETCH_BYTES = 4_096  # one record is looked at; Kafka gives at least that
SECONDS = 1.0
TELL_SECONDS = 10.0  # between log lines while there is something left to read
log = structlog.get_logger()
Span = tuple[int, int]  # from an offset up to, not including, another


@dataclass(slots=True)
class Backlog:
    """`as_of` is the system time (epoch s) up to which all facts have been read; `moved_at` the
    last time (monotonic) at which anything was read; `answered` whether Kafka could be asked."""

    as_of: float | None = None
    moved_at: float = field(default_factory=time.monotonic)
    answered: bool = False
    _told_at: float = 0.0
    _seen: dict[tuple[TopicPartition, int], tuple[float | None, int]] = field(default_factory=dict)
    _committed: dict[tuple[str, TopicPartition], int] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, in the running event loop."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End watching."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            admin, ends = AIOKafkaAdminClient(**aiokafka_config()), reader(fetch_bytes=FETCH_BYTES)
            try:
                await admin.start()
                await ends.start()
                while True:
                    await self._look(admin, ends)
                    await asyncio.sleep(SECONDS)
            except (KafkaError, OSError) as error:
                self.answered = False
                log.warning("broker_away", error=str(error)[:200])
                await asyncio.sleep(2 * SECONDS)
            finally:
                await ends.stop()
                await admin.close()

    async def _look(self, admin: Any, ends: Any) -> None:
        asked_at = time.time()
        committed: dict[tuple[str, TopicPartition], int] = {}
        unread: dict[str, float | None] = {}
        for group in [name for name, *_ in await admin.list_consumer_groups()]:
            if not any(part in group for part in PARTS):
                continue
            found = await admin.list_consumer_group_offsets(group)
            places = {tp: place.offset for tp, place in found.items() if place.offset >= 0}
            last = await ends.end_offsets(list(places)) if places else {}
            spans = {tp: (offset, last[tp]) for tp, offset in places.items() if offset < last[tp]}
            for tp, written_at in (await self._oldest(ends, spans)).items():
                unread[f"{group} {tp.topic}/{tp.partition}"] = written_at
            committed |= {(group, tp): offset for tp, offset in places.items()}
        if committed != self._committed or not unread:
            self.moved_at = time.monotonic()
        known = [at for at in unread.values() if at is not None]
        if len(known) == len(unread):
            self.as_of = min([asked_at, *known])
        if unread and asked_at - self._told_at > TELL_SECONDS:
            self._told_at = asked_at
            log.info("figures_behind", unread=sorted(unread), as_of=self.as_of)
        self._committed, self.answered = committed, True

    async def _oldest(
        self, ends: Any, spans: dict[TopicPartition, Span]
    ) -> dict[TopicPartition, float | None]:
        """When the oldest unread record of each partition was written (epoch s; None: not known).

        Left out are partitions in whose span nothing lies but the marks that end transactions: a
        group cannot commit beyond them. What a transaction wrote has its mark behind it, so a
        single offset left in such a topic is one.
        """
        spans = {tp: s for tp, s in spans.items() if tp.topic in WRITTEN_PLAINLY or s[1] - s[0] > 1}
        if len(self._seen) > REMEMBERED:
            self._seen.clear()
        if unknown := {tp: span for tp, span in spans.items() if not self._knows(tp, span)}:
            for tp, written_at in (await _first_written(ends, unknown)).items():
                begin, end = unknown[tp]
                self._seen[tp, begin] = (written_at, end)
        found: dict[TopicPartition, float | None] = {}
        for tp, (begin, end) in spans.items():
            written_at, _ = self._seen.get((tp, begin), (None, 0))
            if written_at is not None or not self._knows(tp, (begin, end)):
                found[tp] = written_at
        return found

    def _knows(self, tp: TopicPartition, span: Span) -> bool:
        """A first record stays the first; that there is none holds up to where one has looked."""
        written_at, looked_to = self._seen.get((tp, span[0]), (None, -1))
        return written_at is not None or looked_to >= span[1]


async def _first_written(
    ends: Any, spans: dict[TopicPartition, Span]
) -> dict[TopicPartition, float | None]:
    """When the first record of each span was written; None where there is none in it. Spans that
    could not be read in time are left out."""
    ends.assign(list(spans))
    for tp, (begin, _) in spans.items():
        ends.seek(tp, begin)
    found: dict[TopicPartition, float | None] = {}
    for _ in range(LOOKS):
        for tp, records in (await ends.getmany(timeout_ms=100)).items():
            if records and records[0].offset < spans[tp][1]:
                found.setdefault(tp, records[0].timestamp / 1000)
        for tp in set(spans) - set(found):
            if await ends.position(tp) >= spans[tp][1]:
                found[tp] = None
        if len(found) == len(spans):
            break
    return found


backlog = Backlog()
