"""What already lies in a marker table, so that a record read again is not stored again.

After a crash the first batch may be in the table although its offset was never committed. The
table is read back in windows of offsets, so memory stays small even where Kafka forgot the group.
"""

from collections.abc import Callable

WINDOW = 200_000  # offsets read back at a time

ReadBack = Callable[[int, int], set[tuple[int, str]]]


class Have:
    """Stored (offset, identity) pairs of one partition, from where the sink reads on.

    Identity is compared too: a topic that was made anew counts its offsets from zero, and its
    records are others. Offsets must be asked about in rising order.
    """

    def __init__(self, floor: int, highest: int, read_back: ReadBack) -> None:
        self._highest = highest
        self._read_back = read_back
        self._pairs: set[tuple[int, str]] = set()
        self._known_to = floor - 1

    def __contains__(self, pair: tuple[int, str]) -> bool:
        offset = pair[0]
        if offset > self._highest:
            return False
        if offset > self._known_to:
            first, last = offset, min(offset + WINDOW, self._highest)
            self._pairs = self._read_back(first, last)
            self._known_to = last
        return pair in self._pairs
