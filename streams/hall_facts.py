"""Facts of halls as the score job keeps them, and the points that they earn.

A row per fact, under `__fact/<hall>/<id>` in `score-state` and on the shelf, with what was posted
for it: no hall speaks of another one's facts, whatever ids it names. Facts that correct, void or
overturn each other are looked at together; any other by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha1
from typing import Any

import msgspec

from duban.alerting import Output
from duban.avro import newest
from duban.case import Fact
from duban.causes import NOT_READ, hall_cause, person_of
from duban.events import Actor, Event
from duban.policy import Reference
from duban.scoring import points_of
from duban.standing import VOIDINGS, effective, first_told
from streams.posting import Ledger, Whose, settle
from streams.shelf import Buffered

# What takes away the points of a measure or an honour, though it was given, and the field that
# names it; an appeal that is decided only where it was upheld.
OVERTURNING: Mapping[str, str] = {
    "MeasureRevoked": "measure_event_id",
    "MeasureAppealDecided": "measure_event_id",
    "HonourRevoked": "honour_event_id",
}
ANSWERED: Mapping[str, str] = {**VOIDINGS, **OVERTURNING}
ROW_VERSION = 1
PREFIX = b"__fact/"
SHELF = "fact/"
# What the ranking of a period follows from, whichever came first.
OF_RANKINGS = frozenset({"PeriodClosed", "RankingAppealDecided"})


class FactRow(msgspec.Struct, array_like=True):
    """A fact of a hall and the points posted for it."""

    v: int
    tenant_id: str
    hall_id: str
    fact: Fact
    posted: Ledger


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(FactRow).decode


class Look:
    """What came of looking at facts: rows to write, points to send, and of those that rankings
    follow from, whether they stand."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.points: list[Event] = []
        self.closings: list[tuple[FactRow, bool]] = []


class HallFacts:
    """The facts of the halls of one partition, which lie on `shelf`."""

    def __init__(self, shelf: Buffered) -> None:
        self._shelf = shelf
        self._beside: dict[str, set[str]] = defaultdict(set)  # who corrects or voids whom
        self._people: dict[str, set[str]] = defaultdict(set)  # facts that follow a person's post

    def restore(self, fact_id: str, value: bytes) -> bool:
        """Take back a row; whether a ranking may follow from it."""
        row = unpack(value)
        self._shelf.restore(SHELF + fact_id, value)
        self._link(row.hall_id, row.fact)
        return row.fact.type in OF_RANKINGS

    def take(self, event: Mapping[str, Any], value: bytes) -> str:
        """Keep a fact, given flat and as bytes; its name, which is hall and id, "" where nothing is
        new. Of two bodies under one id the one recorded first stands."""
        fact, hall_id = _fact(event, value), event["hall_id"]
        name = _name(hall_id, fact.event_id)
        known = self._row(name)
        if known is not None:
            if (known.fact.recorded_at, known.fact.digest) <= (fact.recorded_at, fact.digest):
                return ""
            known.fact = fact
        row = known or FactRow(ROW_VERSION, event["tenant_id"], hall_id, fact, {})
        self._shelf.put(SHELF + name, _pack(row))
        self._link(hall_id, fact)
        return name

    def look(self, fact_id: str, reference: Reference, look: Look, *, fresh: bool) -> None:
        """See what a fact, and those that it corrects or voids, earn now, and settle it. The row
        of a `fresh` fact is written though nothing was posted for it."""
        rows = {name: row for name in self._group(fact_id) if (row := self._row(name))}
        facts = {row.fact.event_id: row.fact for row in rows.values()}
        standing = {f.event_id for f in effective(list(facts.values()))}
        overturned = _overturned(facts, standing)
        told_at = rows[fact_id].fact.recorded_at
        settled: list[Event] = []
        for name, row in rows.items():
            stands = row.fact.event_id in standing
            if row.fact.type in OF_RANKINGS:
                look.closings.append((row, stands))
            earns = stands and first_told(row.fact, facts) not in overturned
            points = list(_earned(row, reference)) if earns else []
            sent = settle(_whose(row), row.posted, points, told_at)
            if sent or (fresh and name == fact_id):
                settled += sent
                look.rows[name] = packed = _pack(row)
                self._shelf.put(SHELF + name, packed)
        look.points += sorted(settled, key=lambda e: e.data["reverses"] is None)

    def all_ids(self) -> Iterator[str]:
        """Ids of all facts on the shelf; called when nothing waits."""
        return (key.removeprefix(SHELF) for key, _ in self._shelf.scan(SHELF))

    def of_people(self, people: Iterable[str] | None = None) -> Iterator[str]:
        """Ids of facts that count for the window of a post, of some people ("hall/person") or of
        all."""
        for who in self._people if people is None else people:
            yield from self._people.get(who, ())

    def _row(self, fact_id: str) -> FactRow | None:
        value = self._shelf.get(SHELF + fact_id)
        return unpack(value) if value is not None else None

    def _link(self, hall_id: str, fact: Fact) -> None:
        name = _name(hall_id, fact.event_id)
        if person := person_of(fact):
            self._people[f"{hall_id}/{person}"].add(name)
        for other in (fact.corrects, fact.data.get(ANSWERED.get(fact.type, ""))):
            if other:
                self._beside[name].add(_name(hall_id, str(other)))
                self._beside[_name(hall_id, str(other))].add(name)

    def _group(self, fact_id: str) -> list[str]:
        """The fact and all that are tied to it, in the order of their ids."""
        if fact_id not in self._beside:
            return [fact_id]
        found, waiting = {fact_id}, [fact_id]
        while waiting:
            new = self._beside[waiting.pop()] - found
            found |= new
            waiting += new
        return sorted(found)


def _name(hall_id: str, event_id: str) -> str:
    return f"{hall_id}/{event_id}"


def unpack(value: bytes) -> FactRow:
    """The row of a value; raises `ValueError` where a newer worker wrote it."""
    row = _unpack(value)
    if row.v > ROW_VERSION:
        raise ValueError(f"a fact of version {row.v}; this worker reads up to {ROW_VERSION}")
    return row


def key_of(fact_id: str) -> bytes:
    """The key of a row in the state topic."""
    return PREFIX + fact_id.encode()


def id_in(key: bytes) -> str:
    """The way back; "" where the key is no row's."""
    return key[len(PREFIX) :].decode() if key.startswith(PREFIX) else ""


def _fact(event: Mapping[str, Any], value: bytes) -> Fact:
    own = newest()[event["type"]].own
    return Fact(
        event["occurred_at"],
        0,
        event["recorded_at"],
        event["event_id"],
        event["type"],
        sha1(value, usedforsecurity=False).hexdigest(),
        Actor(**event["actor"]),
        event["channel"],
        event["corrects_event_id"],
        event["historical"],
        {name: event[name] for name in own if name not in NOT_READ},
    )


def _overturned(facts: Mapping[str, Fact], standing: Collection[str]) -> set[str]:
    """The first wordings of measures and honours that a person took back."""
    found = set()
    for name in standing:
        fact = facts[name]
        if fact.type not in OVERTURNING or fact.actor.is_program:
            continue
        if fact.data.get("upheld", True):
            target = facts.get(str(fact.data[OVERTURNING[fact.type]]))
            found |= {first_told(target, facts)} if target else set()
    return found


def _earned(row: FactRow, reference: Reference) -> Iterator[Output]:
    policies = reference.score_policies(row.fact.occurred_at)
    cause = hall_cause(row.hall_id, row.fact, reference)
    return points_of(cause, policies, reference.zone_of(row.hall_id))


def _whose(row: FactRow) -> Whose:
    return Whose(row.tenant_id, row.hall_id, row.fact.event_id, row.fact.historical)
