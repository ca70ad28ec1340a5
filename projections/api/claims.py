"""Numbers of cases that were begun here just now: the warehouse does not have them yet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 600.0  # that a fact takes to arrive, at the most


class Claims:
    """Numbers taken by this process; each is known until the warehouse must have it."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    @contextmanager
    def claimed(self, case: str, now: float | None = None) -> Iterator[bool]:
        """Whether the number was free, which it is no more; free again where what follows fails."""
        now = time.monotonic() if now is None else now
        self._until = {name: end for name, end in self._until.items() if end > now}
        if case in self._until:
            yield False
            return
        self._until[case] = now + SECONDS
        try:
            yield True
        except BaseException:
            del self._until[case]
            raise
