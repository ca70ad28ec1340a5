"""How far the warehouse is behind the facts, by the offsets that readers have committed.

Facts pass two groups, the worker's and the sink's. As long as neither has anything left to read,
the figures hold everything up to this very moment.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from projections.api.kafka import connection, reader

PARTS = ("streams", "sink")  # a group belongs to the part whose name is in its own
WRITTEN_PLAINLY = ("case-events", "hall-events")  # all other topics are written in transactions
LOOKS = 5  # of a tenth of a second, for reading a few offsets
REMEMBERED = 1_000
MARKS_MAX = 16  # transactions that may have ended one after the other at the end of a partition
SECONDS = 1.0
TELL_SECONDS = 10.0  # between log lines while there is something left to read
log = structlog.get_logger()
Span = tuple[int, int]  # from an offset up to, not including, another


@dataclass(slots=True)
class Backlog:
    """`as_of` is the last system time (epoch s) at which nothing was left to read; `moved_at` the
    last time (monotonic) at which anything was read; `answered` whether Kafka could be asked."""

    as_of: float | None = None
    moved_at: float = field(default_factory=time.monotonic)
    answered: bool = False
    _told_at: float = 0.0
    _marks: dict[tuple[TopicPartition, Span], bool] = field(default_factory=dict)
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
            admin, ends = AIOKafkaAdminClient(**connection()), reader()
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
        left: dict[str, int] = {}
        for group in [name for name, *_ in await admin.list_consumer_groups()]:
            if not any(part in group for part in PARTS):
                continue
            found = await admin.list_consumer_group_offsets(group)
            places = {tp: place.offset for tp, place in found.items() if place.offset >= 0}
            last = await ends.end_offsets(list(places)) if places else {}
            spans = {tp: (offset, last[tp]) for tp, offset in places.items() if offset < last[tp]}
            empty = await self._only_marks(ends, spans)
            left |= {
                f"{group} {tp.topic}/{tp.partition}": b - a
                for tp, (a, b) in spans.items()
                if tp not in empty
            }
            committed |= {(group, tp): offset for tp, offset in places.items()}
        if committed != self._committed or not left:
            self.moved_at = time.monotonic()
        if not left:
            self.as_of = asked_at
        elif asked_at - self._told_at > TELL_SECONDS:
            self._told_at = asked_at
            log.info("figures_behind", left=left)
        self._committed, self.answered = committed, True

    async def _only_marks(
        self, ends: Any, spans: dict[TopicPartition, Span]
    ) -> set[TopicPartition]:
        """Partitions in whose span nothing lies but the marks that end transactions.

        A group cannot commit beyond such marks. What a transaction wrote has its mark behind it,
        so a single offset left is one; a few are looked at, and what was found is remembered.
        """
        written = {tp: span for tp, span in spans.items() if tp.topic not in WRITTEN_PLAINLY}
        marks = {tp for tp, (a, b) in written.items() if b - a == 1}
        few = {tp: s for tp, s in written.items() if tp not in marks and s[1] - s[0] <= MARKS_MAX}
        unknown = {tp: span for tp, span in few.items() if (tp, span) not in self._marks}
        if unknown:
            for tp, is_mark in (await _looked_at(ends, unknown)).items():
                self._marks[tp, unknown[tp]] = is_mark
        found = {tp for tp, span in few.items() if self._marks.get((tp, span))}
        if len(self._marks) > REMEMBERED:
            self._marks.clear()
        return marks | found


async def _looked_at(ends: Any, spans: dict[TopicPartition, Span]) -> dict[TopicPartition, bool]:
    """For spans that could be read: whether no record lies in them."""
    ends.assign(list(spans))
    for tp, (begin, _) in spans.items():
        ends.seek(tp, begin)
    filled: set[TopicPartition] = set()
    for _ in range(LOOKS):
        filled |= {tp for tp, records in (await ends.getmany(timeout_ms=100)).items() if records}
        at_end = {tp for tp, (_, end) in spans.items() if await ends.position(tp) >= end}
        if filled | at_end == set(spans):
            break
    return {tp: tp not in filled for tp in filled | at_end}


backlog = Backlog()
