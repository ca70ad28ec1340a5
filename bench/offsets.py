"""How far groups have come, asked of Kafka; a group that has committed nothing stands at zero.

Transactions end in control records, which no group reads: several may follow a topic's last
record where several owners write to one partition. So a short rest is read to see what it holds.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.local.lag import end_offsets
from deploy.local.topics import transactional, wanted
from duban.bus_config import kafka_config
from duban.bus_read import consumer

SHORT = 64  # offsets that may be nothing but control records
READ_SECONDS = 2.0


class Offsets:
    """Ends of topics and commits of groups."""

    def __init__(self, client: KafkaAdminClient, reader: Any) -> None:
        self._client, self._reader = client, reader
        self._partitions = {t.name: t.partitions for t in wanted()}
        self._marked = transactional()
        self._nothing: set[tuple[TopicPartition, int, int]] = set()  # rests without any record

    def records(self, topics: Iterable[str]) -> int:
        """Offsets that topics have come to, all partitions together."""
        return sum(end_offsets(self._client, self._of(topics)).values())

    def behind(self, group: str, topics: Iterable[str]) -> int:
        """Offsets that a group has yet to commit; 0 when no record is left to read."""
        places = self._client.list_group_offsets([group])[group]
        ends = end_offsets(self._client, self._of(topics))
        left = 0
        for tp, end in ends.items():
            place = max(0, places[tp].offset) if tp in places else 0
            if place < end and not self._holds_nothing(tp, place, end):
                left += end - place
        return left

    def _holds_nothing(self, tp: TopicPartition, place: int, end: int) -> bool:
        """Whether control records alone lie from `place` to `end`."""
        if tp.topic not in self._marked or end - place > SHORT:
            return False
        if (tp, place, end) not in self._nothing:
            if not self._reads_nothing(tp, place, end):
                return False
            self._nothing.add((tp, place, end))
        return True

    def _reads_nothing(self, tp: TopicPartition, place: int, end: int) -> bool:
        self._reader.assign([tp])
        self._reader.seek(tp, place)
        deadline = time.monotonic() + READ_SECONDS
        while self._reader.position(tp) < end:
            if self._reader.poll(timeout_ms=50) or time.monotonic() > deadline:
                return False
        return True

    def _of(self, topics: Iterable[str]) -> set[TopicPartition]:
        return {TopicPartition(t, n) for t in topics for n in range(self._partitions[t])}


@contextmanager
def offsets() -> Iterator[Offsets]:
    """An `Offsets` of the stack that the settings mean."""
    client = KafkaAdminClient(**kafka_config())
    try:
        with consumer() as reader:
            yield Offsets(client, reader)
    finally:
        client.close()
