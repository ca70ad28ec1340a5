"""How far alerts are dealt with: the lowest place that still has a delivery under way."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cursor:
    """Counts deliveries under way by (partition, offset); `next` is what was read up to."""

    next: dict[int, int] = field(default_factory=dict)
    _under_way: Counter[tuple[int, int]] = field(default_factory=Counter)

    def begin(self, place: tuple[int, int]) -> None:
        """A delivery of the alert at this place has begun."""
        self._under_way[place] += 1

    def end(self, place: tuple[int, int]) -> None:
        """One of its deliveries has ended."""
        self._under_way[place] -= 1
        if self._under_way[place] <= 0:
            del self._under_way[place]

    def read(self, partition: int, offset: int) -> None:
        """Everything up to and including this offset has been looked at."""
        self.next[partition] = offset + 1

    @property
    def under_way(self) -> int:
        """Deliveries not ended."""
        return self._under_way.total()

    def places(self) -> dict[int, int]:
        """Where reading must begin again after a crash."""
        found = dict(self.next)
        for partition, offset in self._under_way:
            found[partition] = min(found.get(partition, offset), offset)
        return found
