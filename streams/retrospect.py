"""With which of the facts that came in together something came or went in the life of a case.

Facts come in by slices, and a case is looked at once for all that a slice has of it. What is then
gone went with one of them, and is dated by that one: not by the last, which is chance.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property

from duban.assess import Assessment
from duban.case import Fact, Facts

Look = Callable[[Facts], Assessment]
DEEPEST = 64  # facts that are thought away: beyond that a slice would hold up its worker


class Retrospect:
    """A case without some of the facts `new` to it (ids), seen as of now; `outputs` are the names
    of what is out with all of them. Looks once for each new fact at the most, and never more than
    `DEEPEST` times."""

    def __init__(
        self, facts: Facts, new: Collection[str], outputs: Iterable[str], look: Look
    ) -> None:
        self._facts, self._new, self._look = facts, new, look
        self._seen = [frozenset(outputs)]

    def turned_at(self, name: str) -> int | None:
        """Instant (ms) at which the new fact was recorded with which an output came, if it is out,
        or went; of more facts than are thought away, the first. None where it was no fact, but
        time or new reference data."""
        is_out = name in self._seen[0]
        for n in range(1, min(len(self._told), DEEPEST) + 1):
            if (name in self._without(n)) != is_out:
                return self._told[-n].recorded_at
        return self._told[0].recorded_at if len(self._told) > DEEPEST else None

    @cached_property
    def _told(self) -> list[Fact]:
        new = [fact for fact in self._facts.ordered if fact.event_id in self._new]
        return sorted(new, key=lambda fact: (fact.recorded_at, fact.event_id))

    def _without(self, n: int) -> frozenset[str]:
        """Names of what would be out but for the `n` new facts that were told last."""
        while len(self._seen) <= n:
            gone = {fact.event_id for fact in self._told[-len(self._seen) :]}
            left = tuple(fact for fact in self._facts.ordered if fact.event_id not in gone)
            seen = self._look(Facts(left, self._facts.conflicting))
            self._seen.append(frozenset(seen.outputs))
        return self._seen[n]
