"""When a worker should end so that it is started again; decides, and does nothing.

Patience is counted in looks, not in time: a machine that slept has not stood still. A look at
which the broker did not answer ends all counting, since waiting is then right and a restart would
not help; so does a loop that waits on purpose.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Phase = Literal["opening", "waiting", "running"]
OPENING_TIMES = 2  # a restore may stand still this much longer than a loop


class Seen(NamedTuple):
    """One partition loop at one look; places are offsets, summed over its source topics."""

    name: str
    epoch: int  # of the assignment
    phase: Phase
    restored: int = 0  # next offset of the state topic to read
    restore_end: int = 0
    turns: int = 0
    processed: int = 0  # next offset to apply
    committed: int = 0  # as the group has it
    behind: int = 0  # offsets that are there and were not applied


class Standstill:
    """Counts the looks at which nothing has changed."""

    def __init__(self) -> None:
        self.looks = 0
        self._last: object = None

    def look(self, value: object) -> int:
        """Looks since `value` was another one."""
        self.looks = self.looks + 1 if value == self._last else 0
        self._last = value
        return self.looks


class Watched:
    """What is remembered of one loop from look to look."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._restored, self._turns = Standstill(), Standstill()
        self._processed, self._uncommitted = Standstill(), Standstill()
        self._commit = self._at_commit = -1  # the last commit seen, and what was processed then

    def look(self, seen: Seen) -> str | None:
        """Why the worker should end, if it should."""
        if seen.phase == "opening":
            if self._restored.look(seen.restored) >= self._limit * OPENING_TIMES:
                return f"the restore stands at {seen.restored} of {seen.restore_end}"
            return None
        if self._turns.look(seen.turns) >= self._limit:
            return "the loop takes no turn"
        is_behind = seen.behind > 0
        if self._processed.look((seen.processed, is_behind)) >= self._limit and is_behind:
            return f"{seen.behind} behind at {seen.processed}, and nothing moves"
        if seen.committed != self._commit:
            self._commit, self._at_commit = seen.committed, seen.processed
        is_ahead = seen.processed > self._at_commit
        if self._uncommitted.look((seen.committed, is_ahead)) >= self._limit and is_ahead:
            return f"processed up to {seen.processed}, but committed only {seen.committed}"
        return None


class Watchdog:
    """Decides from one look after another."""

    def __init__(self, limit: int) -> None:
        self._limit = limit  # looks without progress after which the worker ends
        self._watched: dict[tuple[str, int], Watched] = {}

    def look(self, seen: Sequence[Seen] | None) -> str | None:
        """Why the worker should end now; None while all is well. `seen` is None when the broker
        did not answer."""
        before, self._watched = self._watched, {}
        for one in seen or ():
            if one.phase == "waiting":
                continue
            key = (one.name, one.epoch)
            watched = self._watched[key] = before.get(key) or Watched(self._limit)
            if reason := watched.look(one):
                return f"{one.name}: {reason}"
        return None
