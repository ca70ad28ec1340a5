"""The cases of one partition: those that time can still change at hand, every other on the shelf.

By setting `streams_store` the open ones lie on the shelf as well, and only when each has something
to say by itself stays in memory; such a shelf is kept over a restart, which then reads of the state
topic only what it has missed.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from streams import state
from streams.records import Here
from streams.shelf import Buffered, Shelf
from streams.state import Stored

# Keys beside the cases' own, which never begin with NUL.
OPEN = "\x00open/"
HERE = "\x00here"
# What was deleted from the state topic longer ago than its `delete.retention.ms` (7 days) leaves no
# trace there; a shelf as old as that would bring it back.
OLDEST_MS = 6 * 86_400_000


class Place(NamedTuple):
    """How far a shelf has come in the state topic; business time and the last look at open cases
    as of then, and when that was (system time, ms)."""

    here: Here
    tick: int | None
    looked: str
    saved_at: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode_stub = msgspec.msgpack.Decoder(Stored).decode
_decode_place = msgspec.msgpack.Decoder(Place).decode


class Cases:
    """Cases by id. What a turn changes reaches the shelf with `committed`, not before.

    With `all_on_shelf` what is in memory of an open case is a `Stored` without its core.
    """

    def __init__(self, shelf: Shelf, *, all_on_shelf: bool = False) -> None:
        self._shelf = Buffered(shelf)
        self._all_on_shelf = all_on_shelf
        self._open: dict[str, Stored] = {}

    # What is there.

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def __contains__(self, name: str) -> bool:
        """Whether a case is open."""
        return name in self._open

    def names(self) -> list[str]:
        """The open ones."""
        return list(self._open)

    def wake(self, name: str) -> int | None:
        """When an open case has something to say by itself."""
        stored = self._open.get(name)
        return stored.wake if stored else None

    def wakes(self) -> Iterator[tuple[int, str]]:
        """The same of all that have."""
        return ((s.wake, name) for name, s in self._open.items() if s.wake is not None)

    def get(self, name: str) -> Stored | None:
        """A case, open or closed; None where no fact of it is known."""
        stored = self._open.get(name)
        if stored is not None and not self._all_on_shelf:
            return stored
        value = self._shelf.get(name)
        return state.decode(value) if value is not None else None

    # What a turn does.

    def put(self, name: str, stored: Stored, value: bytes) -> None:
        """A case has changed; `value` is its record in the state topic."""
        was_open = self._open.pop(name, None) is not None
        for key, change in self._moved(name, stored, value, was_open):
            self._shelf.put(key, change)

    def committed(self, place: Place | None = None) -> None:
        """The transaction went through: put on the shelf what belongs there. `place` is kept with
        it where all cases are there."""
        if place is not None and self._all_on_shelf:
            self._shelf.put(HERE, _encode(place._replace(saved_at=_now())))
        self._shelf.committed()

    # How a partition is taken up and given away.

    def reopen(self) -> Place | None:
        """Find again what a shelf that was kept holds, and how far it had come; None where it
        holds nothing that can be gone on from."""
        value = self._shelf.get(HERE) if self._all_on_shelf else None
        if value is None:
            return None
        place = _decode_place(value)
        if not 0 <= _now() - place.saved_at < OLDEST_MS:
            return None
        for key, stub in self._shelf.scan(OPEN):
            self._open[key.removeprefix(OPEN)] = _decode_stub(stub)
        return place

    def restore(self, name: str, value: bytes | None) -> None:
        """Take in one record of the state topic."""
        was_open = self._open.pop(name, None) is not None
        stored = state.decode(value) if value is not None else None
        for key, change in self._moved(name, stored, value, was_open):
            self._shelf.restore(key, change)

    def forget(self) -> None:
        """Let go of everything: the shelf is of another topic, or too old."""
        self._open.clear()
        self._shelf.clear()

    def close(self) -> None:
        """Let go of the shelf; what waits was never committed."""
        self._shelf.close()

    def _moved(
        self, name: str, stored: Stored | None, value: bytes | None, was_open: bool
    ) -> Iterator[tuple[str, bytes | None]]:
        """Note whether a case is open; what follows for the shelf."""
        is_open = stored is not None and stored.changing
        if stored is not None and is_open:
            self._open[name] = self._at_hand(stored)
        if self._all_on_shelf:
            yield name, value
            if is_open or was_open:
                yield OPEN + name, _encode(self._open[name]) if is_open else None
        elif not is_open and value is not None:
            yield name, value
        elif not was_open and self._shelf.get(name) is not None:
            yield name, None

    def _at_hand(self, stored: Stored) -> Stored:
        """What stays in memory of an open case."""
        return msgspec.structs.replace(stored, squeezed=b"") if self._all_on_shelf else stored


def _now() -> int:
    return time.time_ns() // 1_000_000
