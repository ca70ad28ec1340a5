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
WRITTEN_PLAINLY = ("case-events", "hall-events")  # other topics end in a control record
SECONDS = 1.0
TELL_SECONDS = 10.0  # between log lines while there is something left to read
log = structlog.get_logger()


@dataclass(slots=True)
class Backlog:
    """`as_of` is the last system time (epoch s) at which nothing was left to read; `moved_at` the
    last time (monotonic) at which anything was read; `answered` whether Kafka could be asked."""

    as_of: float | None = None
    moved_at: float = field(default_factory=time.monotonic)
    answered: bool = False
    _told_at: float = 0.0
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
            behind = {tp: _left(tp, last[tp] - offset) for tp, offset in places.items()}
            left |= {f"{group} {tp.topic}/{tp.partition}": n for tp, n in behind.items() if n}
            committed |= {(group, tp): offset for tp, offset in places.items()}
        if committed != self._committed or not left:
            self.moved_at = time.monotonic()
        if not left:
            self.as_of = asked_at
        elif asked_at - self._told_at > TELL_SECONDS:
            self._told_at = asked_at
            log.info("figures_behind", left=left)
        self._committed, self.answered = committed, True


def _left(tp: TopicPartition, behind: int) -> int:
    """Records left to read; the control record that ends a transaction is none."""
    return max(behind if tp.topic in WRITTEN_PLAINLY else behind - 1, 0)


backlog = Backlog()
