"""The score job: points and facts of halls in; points, scores and rankings out.

One instance owns one partition of `score-points` and `hall-events`, which are keyed by hall. Rows
are the state: one per point, so that a point that comes again changes nothing and a reversal is a
point of its own; one per fact of a hall, with what was posted for it. Scores and rankings are an
index of the rows, and what is published of them is worked off like anything that is due: what
follows from rows and reference, less what was said already.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from duban import bus, codec
from duban.events import Event
from duban.ids import identify
from duban.periods import bounds
from duban.policy import Reference
from duban.tally import Counters, Tally, counters
from streams import closing, hall_facts, points, rankings, score_intake
from streams.hall_facts import HallFacts, Look
from streams.points import Key, Row
from streams.rankings import Group, Rankings
from streams.records import Here, Out, Record, References, Result
from streams.score_events import score_event, standing
from streams.shelf import Buffered, InMemory, Shelf

FORM = 2  # 1 kept running totals alone
SEEN = b"__policies"  # by which score policies all facts were looked at last
State = list[tuple[bytes, bytes | None]]


@dataclass(slots=True)
class Score:
    """The points of one key, and what was published of them last."""

    tenant_id: str = ""
    kind: str = "window"
    recorded_at: int = 0  # of the latest point
    tally: Tally = field(default_factory=Tally)
    said: dict[str, Any] | None = None
    version: int = 0


class ScoresJob:
    """The points and hall facts of one partition, which lie on `shelf`; what they add up to, in
    memory."""

    def __init__(self, _partition: int, references: References, shelf: Shelf | None = None) -> None:
        self._references = references
        self._rows = Buffered(shelf or InMemory())
        self._facts = HallFacts(self._rows)
        self._scores: dict[Key, Score] = {}
        self._groups: defaultdict[Group, dict[str, Tally]] = defaultdict(dict)
        self._rankings = Rankings()
        self._moved: OrderedDict[Key, None] = OrderedDict()  # scores to look at, in order
        self._look_at: OrderedDict[str, None] = OrderedDict()  # facts to look at
        self._policies, self._posts = _mark(references.current), references.current.posts
        self._seen = ""
        self._counters = counters(references.current.scores)
        self._offset = 0

    # --- what the engine calls ---

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back a row, or what was published; nothing is ever deleted."""
        if value is None:
            return
        if point_id := points.id_in(key):
            if self._take(point_id, points.unpack(value)):
                self._rows.restore(point_id, value)
        elif fact_id := hall_facts.id_in(key):
            if self._facts.restore(fact_id, value):
                self._look_at[fact_id] = None
        elif key == SEEN:
            self._seen = value.decode()
        elif not self._rankings.restore(key, value):
            self._restore_said(codec.decode(value))

    def restored(self) -> None:
        """Every row is back, and so is every sum: what was not published waits."""
        self._rows.committed()
        self._look_at_all_by_new_policies()
        # No row says which posts a fact was looked at by; there may be new ones.
        self._look_at.update(dict.fromkeys(self._facts.of_people()))

    def here(self) -> Here | None:
        """The shelf is emptied at every restore."""
        return None

    def forget(self) -> None:
        """Nothing of the shelf is believed."""

    def committed(self, here: Here) -> None:
        """The rows that were returned last are written: they leave memory."""
        self._rows.committed()

    def close(self) -> None:
        """Let go of the partition."""
        self._rows.close()

    def reference_changed(self) -> None:
        """A point of a case keeps the worth it was posted with. But what points count as, what
        facts of halls are worth, and by what a period is scored, follow from the score policies;
        which window gets what a person earned, from the posts."""
        self._look_at_people_by_new_posts()
        if _mark(self._references.current) == self._policies:
            return
        self._policies = _mark(self._references.current)
        self._counters = counters(self._references.current.scores)
        self._moved = OrderedDict.fromkeys(k for k, score in self._scores.items() if score.tally)
        self._rankings.move_all()
        self._look_at_all_by_new_policies()

    def next_due(self) -> int | None:
        """What may have moved waits for no instant."""
        return 0 if self._look_at or self._moved or self._rankings.moved else None

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        """Keep the points or facts that are new, a row of state for each; send the points that the
        facts earn."""
        found = score_intake.read(records, final, self._references.current)
        state: State = []
        outputs: list[Out] = []
        for event, record in found.told:
            if event["type"] == "ScorePointPosted":
                state += self._keep(event["point_id"], points.row_of(event))
                self._offset = max(self._offset, record.offset)
            elif fact_id := self._facts.take(event, record.value or b""):
                self._look(fact_id, state, outputs, fresh=True)
                self._note_policies(state)
        return Result(state, outputs, found.dead)

    def fire(self, now: int | None, limit: int) -> Result:
        """Work off what may have moved, `limit` pieces at the most: facts by new policies first,
        then scores, then rankings."""
        state: State = []
        outputs: list[Out] = []
        for _ in range(min(limit, len(self._look_at))):
            self._look(_next(self._look_at), state, outputs, fresh=False)
        if self._look_at:
            return Result(state, outputs)
        self._note_policies(state)
        while len(state) < limit and self._moved:
            state += self._say_score(_next(self._moved))
        while len(state) < limit and not self._moved and self._rankings.moved:
            self._say_ranking(_next(self._rankings.moved), state, outputs)
        return Result(state, outputs)

    # --- inside ---

    def _restore_said(self, event: Event) -> None:
        data = event.data
        if event.type != "ScoreState":
            self._rankings.said(event)
            return
        score = self._score(Key(event.hall_id, data["subject"], data["period"], data["policy_id"]))
        names = ("subject", "subject_kind", "period", "policy_id", "version")
        score.said = {name: value for name, value in data.items() if name not in names}
        score.version = data["version"]

    def _look_at_all_by_new_policies(self) -> None:
        if self._seen != self._policies:
            self._look_at.update(dict.fromkeys(self._facts.all_ids()))

    def _look_at_people_by_new_posts(self) -> None:
        posts = self._references.current.posts
        people = posts.keys() | self._posts.keys()
        moved = {who for who in people if posts.get(who) != self._posts.get(who)}
        self._posts = posts
        self._look_at.update(dict.fromkeys(self._facts.of_people(moved)))

    def _note_policies(self, state: State) -> None:
        """Once no fact waits, all have been looked at by the policies of now."""
        if not self._look_at and self._seen != self._policies:
            self._seen = self._policies
            state.append((SEEN, self._seen.encode()))

    def _look(self, fact_id: str, state: State, outputs: list[Out], *, fresh: bool) -> None:
        look = Look()
        self._facts.look(fact_id, self._references.current, look, fresh=fresh)
        state += [(hall_facts.key_of(name), row) for name, row in look.rows.items()]
        self._send(look.points, state, outputs)
        for row, stands in look.closings:
            self._rankings.closing(row, stands)

    def _send(self, sent: Sequence[Event], state: State, outputs: list[Out]) -> None:
        """Points of our own count at once; when they come back they are known."""
        for event in sent:
            state += self._keep(event.event_id, points.row_of(codec.record_of(event)))
            value, headers = codec.encode(event), bus.headers_of(event)
            outputs.append(Out("score-points", event.hall_id.encode(), value, headers))

    def _keep(self, point_id: str, row: Row) -> State:
        fresh = self._take(point_id, row)
        return [(points.key_of(point_id), points.pack(row))] if fresh else []

    def _take(self, point_id: str, row: Row) -> bool:
        """Add a point; False where it was known. Of two bodies under one id the smaller stands."""
        known = self._rows.get(point_id)
        if known is not None:
            before = points.unpack(known)
            if before <= row:
                return False
            self._count(before, -1)
        self._rows.put(point_id, points.pack(row))
        self._count(row, 1)
        return True

    def _count(self, row: Row, times: int) -> None:
        score = self._score(row.key)
        score.tally.add(row.rule, times * row.millionths, times * row.standing)
        score.tenant_id, score.kind = row.tenant_id, row.subject_kind
        score.recorded_at = max(score.recorded_at, row.recorded_at)
        self._moved[row.key] = None
        self._rankings.point(row, times, self._references.current)

    def _score(self, key: Key) -> Score:
        score = self._scores.get(key)
        if score is None:
            score = self._scores[key] = Score()
            group = Group(key.hall_id, key.policy_id, key.period)
            self._groups[group][key.subject] = score.tally
        return score

    def _counts(self, policy_id: str) -> Counters:
        return self._counters.get(policy_id, {})

    def _say_score(self, key: Key) -> State:
        """The score of a key, where it differs from what was said of it."""
        score, reference = self._scores[key], self._references.current
        begins = bounds(key.period, reference.zone_of(key.hall_id))[0]
        terms = reference.score_terms(key.policy_id, begins)
        said = standing(score.tally, self._counts(key.policy_id), terms)
        if said == score.said:
            return []
        score.said = said
        # Rises with the source too: above what a topic that was lost had said.
        score.version = max(score.version, self._offset) + 1
        event = score_event(
            key, score.kind, score.tenant_id, score.recorded_at, said, score.version
        )
        return [(points.name_of(key), codec.encode(event))]

    def _say_ranking(self, group: Group, state: State, outputs: list[Out]) -> None:
        tallies = self._groups[group]
        counts, reference = self._counts(group.policy_id), self._references.current
        said = closing.say(group, self._rankings, tallies, counts, reference)
        if said is None:
            return
        if said.event is not None:
            key = rankings.published_key(group, said.event.data["revision"])
            state.append((key, codec.encode(said.event)))
            self._rankings.move(group)  # revision 0 holds what was told by the cut alone
        self._send(said.points, state, outputs)
        state.append((rankings.kept_key(group), rankings.pack(self._rankings.of[group].kept)))


def _next(waiting: OrderedDict[Any, None]) -> Any:
    return waiting.popitem(last=False)[0]


def _mark(reference: Reference) -> str:
    """Names the score policies and the zones of halls, by whose months points are counted."""
    policies = (f"{p.policy_id}@{p.version} {p.published_at}" for p in reference.scores)
    zones = (f"{hall} {reference.zone_of(hall)}" for hall in sorted(reference.calendars))
    return identify(*policies, *zones)
