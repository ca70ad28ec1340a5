"""Honours and the quotas of their boards.

A board such as 善行功德榜 has classes, each with so many places for a period. An honour is held
until it expires or a person revokes it; one beyond the places of its class is flagged and stands,
for people to settle. Those granted first have the places.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from duban.events import Event
from duban.hall_facts import Statement, read

Quotas = Mapping[tuple[str, str], int]  # places by board and class
HELD, EXPIRED, REVOKED = "held", "expired", "revoked"


class Honour(NamedTuple):
    """An honour as it stands at an instant."""

    honour_id: str
    hall_id: str
    subject_kind: str
    subject: str
    kind: str
    level: str
    board: str
    class_name: str
    period: str
    at: int
    valid_to: int | None
    state: str
    flags: tuple[str, ...] = ()


class Places(NamedTuple):
    """How many places a class of a board has in a period, and how many are taken."""

    hall_id: str
    board: str
    period: str
    class_name: str
    quota: int
    granted: int

    @property
    def over(self) -> int:
        """How many were granted beyond the quota."""
        return max(0, self.granted - self.quota)


def honours(events: Iterable[Event], quotas: Quotas, now: int) -> list[Honour]:
    """All honours of the given facts in the order of granting, as they stand at `now` (ms)."""
    facts = read(events)
    revoked = {
        (hall := said.event.hall_id, facts.named(hall, said.data["honour_event_id"]))
        for said in facts.of("HonourRevoked")
        if not said.event.actor.is_program
    }
    granted = facts.of("HonourGranted")
    found = [
        _honour(said, (said.event.hall_id, said.statement_id) in revoked, now) for said in granted
    ]
    return list(_flagged(found, quotas))


def places(found: Iterable[Honour], quotas: Quotas) -> list[Places]:
    """The classes of every board that has a quota, for each hall and period that grants there; a
    class that nobody is in is there too, one that the board does not have has no places."""
    taken: defaultdict[tuple[str, str, str], defaultdict[str, int]]
    taken = defaultdict(lambda: defaultdict(int))
    for one in _on_boards(found, quotas):
        taken[one.hall_id, one.board, one.period][one.class_name] += 1
    return [
        Places(hall, board, period, name, quotas.get((board, name), 0), classes.get(name, 0))
        for (hall, board, period), classes in sorted(taken.items())
        for name in sorted({*classes, *(n for b, n in quotas if b == board)})
    ]


def _honour(said: Statement, revoked: bool, now: int) -> Honour:
    data, valid_to = said.data, said.data["valid_to"]
    expired = valid_to is not None and valid_to <= now
    return Honour(
        honour_id=said.statement_id,
        hall_id=said.event.hall_id,
        subject_kind=data["subject_kind"],
        subject=data["subject"],
        kind=data["kind"],
        level=data["level"],
        board=data["board"],
        class_name=data["class_name"],
        period=data["period"],
        at=said.event.occurred_at,
        valid_to=valid_to,
        state=REVOKED if revoked else EXPIRED if expired else HELD,
    )


def _on_boards(found: Iterable[Honour], quotas: Quotas) -> Iterable[Honour]:
    """What takes a place: granted on a board with quotas, and not revoked."""
    return (one for one in found if _takes_a_place(one, quotas))


def _takes_a_place(one: Honour, quotas: Quotas) -> bool:
    return one.state != REVOKED and any(board == one.board for board, _ in quotas)


def _flagged(found: Iterable[Honour], quotas: Quotas) -> Iterator[Honour]:
    """The honours in order, those beyond the places of their class flagged."""
    taken: Counter[tuple[str, ...]] = Counter()
    for one in found:
        if _takes_a_place(one, quotas):
            place = one.hall_id, one.board, one.class_name, one.period
            taken[place] += 1
            if taken[place] > quotas.get((one.board, one.class_name), 0):
                yield one._replace(flags=("over_quota",))
                continue
        yield one
