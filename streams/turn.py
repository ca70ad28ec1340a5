"""One turn of a loop: how much to apply at once, and what to write for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from duban.bus_dead import dead_letter
from streams.records import BY_KEY, POSITION_KEY, JobSpec, Out, Record, Result
from streams.restore import encode_position
from streams.transaction import Item, Writes

SLICE_SECONDS = 0.05  # the event loop (heartbeats) waits no longer than this for a job
SLICE_MIN, SLICE_MAX = 16, 2000

Place = Callable[[Out, int], Awaitable[tuple[str, int]]]


class Slice:
    """How much a job gets at once, records or due timers, from how long it took for the last."""

    def __init__(self) -> None:
        self.size = 500

    def took(self, count: int, seconds: float) -> None:
        """Learn; by no more than a factor of two at a time, and nothing where nothing was done."""
        if not count:
            return
        fits = int(count * SLICE_SECONDS / seconds) if seconds > 0 else SLICE_MAX
        bounded = min(max(fits, self.size // 2), self.size * 2)
        self.size = min(max(bounded, SLICE_MIN), SLICE_MAX)


class Turn:
    """Collects results until they are written in one transaction."""

    def __init__(self, spec: JobSpec, partition: int) -> None:
        self.records = 0
        self._spec = spec
        self._partition = partition
        self._state: dict[bytes, bytes | None] = {}
        self._outputs: list[Out] = []
        self._dead: list[tuple[Record, str, str]] = []

    @property
    def dead(self) -> int:
        """Dead letters in this turn."""
        return len(self._dead)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write, not even a new position."""
        return not (self.records or self._state or self._outputs or self._dead)

    def add(self, result: Result, records: Sequence[Record] = ()) -> None:
        """Take in what a step of the job returned for `records` (none for timers)."""
        self.records += len(records)
        self._state.update(result.state)
        self._outputs += result.outputs
        self._dead += result.dead

    async def writes(
        self, place: Place, position: Mapping[str, int], now: int, origin: str
    ) -> Writes:
        """The transaction, state first; consumer offsets only where records were applied."""
        records: dict[tuple[str, int], list[Item]] = {}
        state = records.setdefault((self._spec.state_topic, self._partition), [])
        state += [(key, value, ()) for key, value in self._state.items()]
        state.append((POSITION_KEY, encode_position(position, now, origin, self._spec.form), ()))
        offsets = {}
        if self.records:
            offsets = {(topic, self._partition): offset for topic, offset in position.items()}
        for out in self._outputs + self._letters():
            where = await place(out, self._partition)
            records.setdefault(where, []).append((out.key, out.value, out.headers))
        return Writes(records, offsets)

    def _letters(self) -> list[Out]:
        letters = []
        for record, reason, detail in self._dead:
            consumer = f"streams.{self._spec.name}"
            topic, key, value, headers = dead_letter(record, reason, detail, consumer)
            letters.append(Out(topic, key or b"", value, headers, BY_KEY))
        return letters
