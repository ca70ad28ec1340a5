"""Closed periods and their rankings, of one partition.

A period is closed by the first `PeriodClosed` that stands (smallest `recorded_at`, id) and was
recorded when the period was over; that instant is its cut. Revision 0 is made of the points
whose cause was recorded by the cut; whatever changes it later makes the next revision.

What was published lies in `score-state` under "rank/…", a key for each revision; what only the
worker needs under `__rank/…`.
"""

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from duban.appeals import upheld
from duban.case import Fact
from duban.events import Event
from duban.periods import bounds
from duban.policy import Reference
from duban.ranking import Standings, Stood
from streams.hall_facts import FactRow
from streams.points import Row
from streams.posting import Ledger

ROW_VERSION = 1
PREFIX = b"__rank/"
PUBLISHED = b"rank/"


class Group(NamedTuple):
    """Whose places are compared: those of a hall in a period of a policy."""

    hall_id: str
    policy_id: str
    period: str


class Told(NamedTuple):
    """How much had been told after the cut when a ranking was published: facts that came late,
    points taken back, appeals upheld. Each grows, unless what was told is voided or overruled."""

    late: int = 0
    taken_back: int = 0
    appeals: int = 0


class Kept(msgspec.Struct, array_like=True):
    """What a worker needs beside the ranking itself. `posted` has the points that places earned."""

    v: int = ROW_VERSION
    told: Told = Told()
    posted: Ledger = msgspec.field(default_factory=dict)


class Closing(NamedTuple):
    """The fact that closed a period."""

    recorded_at: int
    event_id: str
    tenant_id: str


class Ranking:
    """One period of a policy in a hall: who closed it, what was published, what came late."""

    def __init__(self) -> None:
        self.closings: dict[str, Closing] = {}
        self.decisions: dict[str, Fact] = {}  # on appeals against places, by id
        self.said: Mapping[str, Any] | None = None
        self.tenant_id = ""  # of what was published; its closing may be voided
        self.kept = Kept()
        self.late: dict[Row, int] = {}  # recorded after the period's end, with how often it counts

    def first(self, end: int) -> Closing | None:
        """The closing that counts, of a period that ends at an instant; None while it is open."""
        return min((c for c in self.closings.values() if c.recorded_at > end), default=None)

    def publish(self, event: Event) -> None:
        """Keep what is, or was, published last."""
        self.said, self.tenant_id = event.data, event.tenant_id

    def standings(self) -> Standings | None:
        """Who stands where by what was published last."""
        if self.said is None:
            return None
        return {e["subject"]: Stood(e["sides"], e["score"]) for e in self.said["entries"]}

    def after(self, cut: int) -> Iterator[tuple[Row, int]]:
        """Points whose cause was recorded after an instant, with how often each counts."""
        return ((row, n) for row, n in self.late.items() if n and row.cause_recorded_at > cut)

    def told(self, cut: int) -> Told:
        """How much has been told after the cut by now."""
        late = taken_back = 0
        for row, n in self.after(cut):
            taken_back += n if row.reverses else 0
            late += 0 if row.reverses else n
        return Told(late, taken_back, len(upheld(self.decisions.values())))


def reason(now: Told, was: Told) -> str:
    """Why a ranking changed; "recount" where nothing was told after the cut: points that belonged
    to it were only counted afterwards, or what it is counted by is another version."""
    for grown, name in (
        (now.appeals > was.appeals, "appeal"),
        (now.taken_back > was.taken_back, "correction"),
        (now.late > was.late, "late_fact"),
    ):
        if grown:
            return name
    return "recount"


class Rankings:
    """All rankings of a partition, and which of them must be looked at."""

    def __init__(self) -> None:
        self.of: defaultdict[Group, Ranking] = defaultdict(Ranking)
        self.moved: OrderedDict[Group, None] = OrderedDict()

    def restore(self, key: bytes, value: bytes) -> bool:
        """Take back what was published of a ranking, or what is kept beside it."""
        if key.startswith(PREFIX):
            kept = _unpack(value)
            if kept.v > ROW_VERSION:
                raise ValueError(f"a ranking of version {kept.v}; this worker reads {ROW_VERSION}")
            self.of[_group_in(key)].kept = kept
            return True
        return False

    def said(self, event: Event) -> None:
        """A ranking that was published; of several revisions the last one counts."""
        group = Group(event.hall_id, event.data["policy_id"], event.data["period"])
        ranking = self.of[group]
        if ranking.said is None or ranking.said["revision"] < event.data["revision"]:
            ranking.publish(event)

    def closing(self, row: FactRow, stands: bool) -> None:
        """A fact that a ranking follows from: it stands, or does no more."""
        fact = row.fact
        group = Group(row.hall_id, fact.data["policy_id"], fact.data["period"])
        ranking = self.of[group]
        if fact.type == "PeriodClosed":
            ranking.closings.pop(fact.event_id, None)
            if stands:
                closing = Closing(fact.recorded_at, fact.event_id, row.tenant_id)
                ranking.closings[fact.event_id] = closing
        else:
            ranking.decisions.pop(fact.event_id, None)
            if stands:
                ranking.decisions[fact.event_id] = fact
        self.move(group)

    def point(self, row: Row, times: int, reference: Reference) -> None:
        """A point that was added, or (`times` -1) replaced by another body."""
        group = Group(row.hall_id, row.policy_id, row.period)
        if row.cause_recorded_at > end_of(group, reference):
            late = self.of[group].late
            late[row] = late.get(row, 0) + times
        self.move(group)

    def move(self, group: Group) -> None:
        """Look at a ranking again, if its period is closed."""
        ranking = self.of.get(group)
        if ranking is not None and (ranking.closings or ranking.said):
            self.moved[group] = None

    def move_all(self) -> None:
        """Look at all of them again."""
        for group in list(self.of):
            self.move(group)

    def following(self, group: Group) -> None:
        """The standings of a period changed: rankings of later ones may rest on them."""
        for other in list(self.of):
            if other[:2] == group[:2] and other.period > group.period:
                self.move(other)

    def earlier(self, group: Group, period: str) -> Standings | None:
        """The standings of another period of the same policy, as published."""
        ranking = self.of.get(group._replace(period=period))
        return ranking.standings() if ranking else None


def end_of(group: Group, reference: Reference) -> int:
    """The last instant of a period, in ms."""
    return bounds(group.period, reference.zone_of(group.hall_id))[1] - 1


pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Kept).decode


def kept_key(group: Group) -> bytes:
    """The key of what is kept beside a ranking."""
    return PREFIX + json.dumps(group).encode()


def published_key(group: Group, revision: int) -> bytes:
    """The key of a revision."""
    return PUBLISHED + json.dumps((*group, revision)).encode()


def _group_in(key: bytes) -> Group:
    return Group(*json.loads(key[len(PREFIX) :]))
