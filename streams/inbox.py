"""What a loop has been given and has not applied yet, and where it stands in its source topics."""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from operator import attrgetter

from streams.records import Batch, Record

FULL = 4000  # the partition is not read further while more records than this wait


class Inbox:
    """Batches in order of arrival. `position` is the next offset to apply by topic, `read_to` the
    next to read; `ends` is where the topics ended when the partition was assigned."""

    def __init__(self, position: Mapping[str, int], ends: Mapping[str, int]) -> None:
        self.position = dict(position)
        self.read_to = dict(position)
        self.on_the_way = 0  # records announced and not yet applied
        self._ends = dict(ends)
        self._waiting: deque[Batch] = deque()

    def __bool__(self) -> bool:
        """Whether records wait to be applied."""
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether enough is on the way."""
        return self.on_the_way >= FULL

    @property
    def has_caught_up(self) -> bool:
        """Whether all that was there at assignment has been applied. Control records at the end
        of a topic are passed by the reading position only, which counts when nothing waits."""
        known = self.position if self.on_the_way else self.read_to
        return all(known[topic] >= end for topic, end in self._ends.items())

    def announce(self, batch: Batch) -> None:
        """A batch has been read and is on its way to `put`."""
        self.on_the_way += len(batch.records)
        self.read_to[batch.topic] = batch.records[-1].offset + 1

    def put(self, batch: Batch) -> None:
        """The batch has arrived."""
        self._waiting.append(batch)

    def read_up_to(self, topic: str, position: int) -> None:
        """Nothing that is not here lies below `position`."""
        self.read_to[topic] = max(self.read_to[topic], position)

    def next_records(self, size: int) -> list[Record]:
        """At most `size` records of the first batch, without those applied before a restart."""
        batch = self._waiting[0]
        records = list(batch.records[:size])
        known = bisect_left(records, self.position[batch.topic], key=attrgetter("offset"))
        if known:
            self.applied(known)
        return records[known:]

    def applied(self, count: int) -> None:
        """The first `count` records have been applied."""
        if not count:
            return
        self.on_the_way -= count
        batch = self._waiting[0]
        last = batch.records[count - 1].offset
        self.position[batch.topic] = max(self.position[batch.topic], last + 1)
        if count == len(batch.records):
            self._waiting.popleft()
        else:
            self._waiting[0] = batch._replace(records=batch.records[count:])
