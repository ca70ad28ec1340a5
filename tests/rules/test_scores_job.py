"""The score job: a total is the plain sum over point ids, however and how often points come."""

import json
from collections import defaultdict
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban import codec
from duban.events import Event
from duban.policy import Reference
from duban.score_policy import ScorePolicy, ScoreRule
from projections.sink import rows as sink
from projections.sink.tables import COLUMNS
from streams import points
from streams.records import Here, JobSpec, Record
from streams.restore import StateLost, _go_on_at
from streams.scores_job import ScoresJob
from streams.shelf import OnDisk
from tests.given import at

HALL, MONTH = "sujiatun", "2026-10"
RULES = {
    "kept": ("outcome:on_time", 0.1),
    "late": ("outcome:late", -5.0),
    "good": ("rating:5", 0.2),
    "poor": ("rating:2", -1.0),
    "card": ("finding:dirty", -0.3),
}
WORTH = {name: worth for name, (_, worth) in RULES.items()}


def policy(version: str) -> ScorePolicy:
    return ScorePolicy(version, 0, tuple(ScoreRule(n, on, w) for n, (on, w) in RULES.items()))


class Published:
    """Reference data that grows."""

    def __init__(self, *versions: str) -> None:
        self.current = Reference(scores=tuple(map(policy, versions)))

    def publish(self, *versions: str) -> None:
        self.current = Reference(scores=tuple(map(policy, versions)))


BOTH = Published("1", "2")


def uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def point(name: str, rule: str = "kept", version: str = "1", **more: Any) -> Event:
    data = {
        "point_id": uuid(name), "subject": "w1", "period": MONTH, "rule_id": rule,
        "points": WORTH.get(rule, 0.7), "at": at("2026-10-09 17:00"), "reverses": None,
        "case_id": "", "cause_event_id": None, "score_policy_version": version,
    }  # fmt: skip
    return Event("ScorePointPosted", uuid(name), HALL, data["at"], data["at"], subject_type="hall",
                 hall_id=HALL, data=data | more)  # fmt: skip


def opposite(of: Event) -> Event:
    name = uuid(f"not {of.data['point_id']}")
    taken = {"point_id": name, "points": -of.data["points"], "reverses": of.data["point_id"]}
    return replace(of, event_id=name, data=of.data | taken)


def records(*said: Event | bytes | None, key: str = HALL, start: int = 0) -> list[Record]:
    bodies = [codec.encode(one) if isinstance(one, Event) else one for one in said]
    return [
        Record("score-points", 0, start + i, 0, key.encode(), body, ())
        for i, body in enumerate(bodies)
    ]


class Worker:
    """A score job with its state topic; `restart` forgets everything else."""

    def __init__(self, references: Any = BOTH, topic: Any = ()) -> None:
        self.references = references
        self.topic: list[tuple[bytes, bytes]] = list(topic)
        self.restart()

    def restart(self) -> None:
        self.job = ScoresJob(0, self.references)
        for key, value in self.topic:
            self.job.restore(key, value)
        self.job.restored()

    def compact(self) -> None:
        """What Kafka's cleaner leaves of the topic."""
        self.topic = [(k, v) for i, (k, v) in enumerate(self.topic) if k not in
                      {later for later, _ in self.topic[i + 1 :]}]  # fmt: skip

    def read(self, *said: Event, live: bool = True) -> None:
        """One turn: apply, publish when caught up, commit."""
        if said:
            self.topic += self.job.apply(records(*said, start=len(self.topic)), None).state
        if live:
            self.publish()
        self.job.committed(Here("", 0))

    def publish(self, limit: int = 500) -> list[dict[str, Any]]:
        told = []
        while self.job.next_due() == 0:
            told += self.job.fire(None, limit).state
        self.topic += told
        return [codec.decode(value).data for key, value in told if not key.startswith(b"__")]

    def totals(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """What a reader of the topic knows in the end."""
        last = {k: codec.decode(v) for k, v in self.topic if not k.startswith(b"__")}
        return {(d["subject"], d["period"]): figures(d) for d in (e.data for e in last.values())}


def figures(data: Any) -> tuple[Any, ...]:
    return tuple(data[n] for n in ("points", "n", "on_time", "late", "ratings", "satisfied"))


def plain(*said: Event) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The sum over point ids, written down without the job's code."""
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    once = {e.data["point_id"]: e.data for e in said}
    for data in once.values():
        step = 1 if data["reverses"] is None else -1
        on = RULES[data["rule_id"]][0]
        moved = (
            round(data["points"] * 10), step,
            step * (on == "outcome:on_time"), step * (on == "outcome:late"),
            step * on.startswith("rating"), step * (on == "rating:5"),
        )  # fmt: skip
        total = sums[data["subject"], data["period"]]
        total[:] = [a + b for a, b in zip(total, moved, strict=True)]
    return {key: (total[0] / 10, *total[1:]) for key, total in sums.items()}


@st.composite
def posted(draw: st.DrawFn) -> list[Event]:
    """Points of three windows and two months; some are taken back, some of these posted again."""
    made: list[Event] = []
    for number in range(draw(st.integers(1, 8))):
        one = point(
            f"point {number}",
            draw(st.sampled_from(list(RULES))),
            draw(st.sampled_from(("1", "2"))),
            subject=draw(st.sampled_from(("w1", "w2", "a|b"))),
            period=draw(st.sampled_from((MONTH, "2026-11"))),
        )
        made.append(one)
        if draw(st.booleans()):
            made.append(opposite(one))
            if draw(st.booleans()):
                made.append(replace(one, data=one.data | {"point_id": uuid(f"again {number}")}))
    return made


@settings(max_examples=200, deadline=None)
@given(st.data(), posted())
def test_any_order_doubling_and_restart_gives_the_plain_sum_over_point_ids(data, made):
    doubled = [*made, *data.draw(st.lists(st.sampled_from(made), max_size=10))]
    arrivals = data.draw(st.permutations(doubled))
    worker = Worker()
    while arrivals:
        size = data.draw(st.integers(1, 5))
        turn, arrivals = arrivals[:size], arrivals[size:]
        worker.read(*turn, live=data.draw(st.booleans()))
        if data.draw(st.integers(0, 3)) == 0:
            worker.compact()
            worker.restart()
    worker.read()
    assert worker.totals() == plain(*made)
    worker.restart()
    assert worker.publish() == []


def test_a_point_that_comes_again_writes_nothing():
    worker, one = Worker(), point("one")
    result = worker.job.apply(records(one, one), None)
    assert [key for key, _ in result.state] == [points.key_of(uuid("one"))]
    assert worker.job.apply(records(one), None).is_empty  # its turn is not even written
    worker.job.committed(Here("", 0))
    assert worker.job.apply(records(one), None).is_empty


def test_points_are_found_on_disk_and_leave_memory_with_their_transaction(tmp_path):
    shelf = OnDisk(tmp_path / "points" / "0")
    job = ScoresJob(0, BOTH, shelf)
    state = job.apply(records(point("one")), None).state
    assert shelf.get(uuid("one")) is None
    job.committed(Here("", 0))
    assert shelf.get(uuid("one")) == dict(state)[points.key_of(uuid("one"))]
    assert job.apply(records(point("one")), None).is_empty
    job.close()


def test_of_two_bodies_under_one_id_the_one_recorded_first_stands_in_any_order():
    first, second = point("one"), replace(point("one", "late"), recorded_at=at("2026-10-10 09:00"))
    for told in ((first, second), (second, first), (second, first, second)):
        worker = Worker()
        for one in told:
            worker.read(one)
        assert worker.totals() == plain(first)
        worker.restart()
        assert worker.publish() == []


def test_tenths_add_up_to_the_same_in_any_order():
    tenths = [point(str(n), ("kept", "good", "card")[n % 3]) for n in range(30)]
    there, back = Worker(), Worker()
    there.read(*tenths)
    back.read(*reversed(tenths))
    assert there.totals() == back.totals() == plain(*tenths)


def test_a_reversal_told_before_its_point_counts_nothing_below_zero():
    worker, one = Worker(), point("one", "good")
    worker.read(opposite(one))
    assert worker.totals() == {("w1", MONTH): (-0.2, 0, 0, 0, 0, 0)}
    worker.read(one)
    assert worker.totals() == {("w1", MONTH): (0.0, 0, 0, 0, 0, 0)} == plain(one, opposite(one))


@pytest.mark.parametrize("restarted", [False, True])
def test_what_points_count_as_follows_when_their_policy_version_becomes_known(restarted):
    said = [point("a", "kept", "2"), point("b", "good", "2"), point("c", "late", "1")]
    known = Published("1")
    worker = Worker(known)
    worker.read(*said)
    assert worker.totals() == {("w1", MONTH): (-4.7, 3, 0, 1, 0, 0)}
    known.publish("1", "2")
    if restarted:
        worker.restart()
    else:
        worker.job.reference_changed()
    assert [figures(d) for d in worker.publish()] == [(-4.7, 3, 1, 1, 1, 1)]
    assert worker.totals() == plain(*said)


def test_other_changes_of_reference_data_are_no_reason_to_look_again():
    worker = Worker()
    worker.read(point("one"))
    worker.job.reference_changed()
    assert worker.job.next_due() is None


def test_nothing_is_published_before_the_end_is_reached_and_then_once():
    worker = Worker()
    worker.read(point("one"), live=False)
    worker.read(point("two"), opposite(point("one")), live=False)
    assert worker.totals() == {}
    worker.restart()
    assert [d["points"] for d in worker.publish(limit=1)] == [0.1]


def test_versions_of_a_total_rise_even_over_those_of_a_lost_topic():
    worker, versions = Worker(), []
    for number in range(3):
        worker.job.apply(records(point(str(number)), start=7 * number), None)
        versions += [d["version"] for d in worker.publish()]
    assert versions == sorted(set(versions))
    lost = Worker()
    lost.job.apply(records(*(point(str(n)) for n in range(3)), start=12), None)
    assert lost.publish()[0]["version"] >= versions[-1]


# --- what an older worker left ---


def total(points_: float, n: int, version: int) -> tuple[bytes, bytes]:
    """A record of form 1: running totals, and nothing of what they are made of."""
    data = {"subject": "w1", "period": MONTH, "points": points_, "n": n, "on_time": n, "late": 0,
            "ratings": 0, "satisfied": 0, "version": version}  # fmt: skip
    event = Event("ScoreState", uuid("total"), HALL, 1, 1, subject_type="hall", hall_id=HALL,
                  data=data)  # fmt: skip
    return json.dumps((HALL, "w1", MONTH)).encode(), codec.encode(event)


def test_totals_of_an_older_worker_stand_until_all_points_have_been_read_again():
    worker = Worker(topic=[total(0.2, 2, 4410)])
    assert worker.job.next_due() is None
    worker.read(point("one"), live=False)
    assert worker.totals() == {("w1", MONTH): (0.2, 2, 2, 0, 0, 0)}
    worker.read(point("two"))
    [_, (_, value)] = [row for row in worker.topic if not row[0].startswith(b"__")]
    assert codec.decode(value).data["score"] == 100.2  # which the older worker did not say


def test_a_total_of_an_older_worker_that_counted_a_point_twice_is_put_right_above_its_version():
    worker = Worker(topic=[total(0.3, 3, 4410)])
    worker.read(point("one"), point("two"), point("two"))
    assert worker.totals() == {("w1", MONTH): (0.2, 2, 2, 0, 0, 0)}
    assert codec.decode(worker.topic[-1][1]).data["version"] == 4411


def test_rows_of_an_older_worker_are_those_of_the_default_policy():
    old = points.row_of(codec.decode_record(codec.encode(point("one"))))
    shorter = msgspec.msgpack.encode([1, *msgspec.to_builtins(old)[1:10]])
    worker = Worker(topic=[(points.key_of(uuid("one")), shorter)])
    worker.read(point("one"), point("two"))
    assert worker.totals() == plain(point("one"), point("two"))


SPEC = JobSpec("scores", ("score-points",), "score-state", ScoresJob, form=2)


@pytest.mark.parametrize(
    ("position", "committed", "start"),
    [
        ({"score-points": 7, "__now": 1, "__form": 2}, 7, 7),
        ({"score-points": 7, "__now": 1}, 7, 0),  # form 1 did not say so
        ({"score-points": 7, "__now": 1, "__form": 3}, 7, 0),
        ({}, 7, 0),  # the topic was lost; the sources say everything
        ({}, 0, 0),
    ],
)
def test_the_sources_are_read_again_where_the_state_is_of_another_form(position, committed, start):
    assert _go_on_at(SPEC, 0, position, {"score-points": committed}) == {"score-points": start}


def test_a_job_that_cannot_be_made_anew_says_that_its_state_is_lost():
    spec = JobSpec("clocks", ("case-events",), "case-state", ScoresJob)
    assert _go_on_at(spec, 0, {"case-events": 7}, {"case-events": 7}) == {"case-events": 7}
    with pytest.raises(StateLost):
        _go_on_at(spec, 0, {}, {"case-events": 7})


def test_a_source_that_an_older_worker_did_not_know_is_read_once_more():
    spec = JobSpec("clocks", ("case-events", "verdicts"), "case-state", ScoresJob)
    committed = {"case-events": 7, "verdicts": 3}
    started = _go_on_at(spec, 0, {"case-events": 7}, committed)
    assert started == {"case-events": 7, "verdicts": 0}
    with pytest.raises(StateLost):
        _go_on_at(spec, 0, {"case-events": 6}, committed)
    with pytest.raises(StateLost):
        _go_on_at(spec, 0, {}, committed)


# --- what others see ---


def test_the_sink_makes_rows_of_totals_and_passes_over_points():
    worker = Worker()
    worker.read(point("one"), point("two", "good"))
    made = [
        sink.rows(Record("score-state", 0, i, 0, key, value, ()))
        for i, (key, value) in enumerate(worker.topic)
    ]
    assert [len(rows) for rows in made] == [0, 0, 0, 1]
    [(table, row)] = made[-1]
    values = dict(zip(COLUMNS["scores"], row, strict=True))
    assert table == "scores"
    assert (values["points"], values["n"], values["score"]) == (0.3, 2, 100.3)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (records(None), "null_value"),
        (records(b"{}"), "wrong_magic"),
        (records(codec.encode(point("x"))[:-4]), "truncated"),
        (records(codec.decode(total(1.0, 1, 1)[1])), "wrong_topic"),
        (records(point("x"), key="pengzhou"), "wrong_key"),
        (records(point("x", period="October")), "schema_rules"),
        (records(point("x", points=float("nan"))), "schema_rules"),
    ],
)
def test_what_is_no_point_of_this_hall_is_laid_aside_and_the_partition_goes_on(bad, reason):
    job = ScoresJob(0, BOTH)
    result = job.apply([*records(point("a")), *bad, *records(point("b"))], None)
    assert [(r is bad[0], why) for r, why, _ in result.dead] == [(True, reason)]
    assert len(result.state) == 2


def test_an_unknown_schema_is_waited_for_before_anything_has_changed():
    job = ScoresJob(0, BOTH)
    stranger = records(point("a"), b"\xc3\x01" + b"\x07" * 8 + b"body")
    with pytest.raises(codec.RetryLater):
        job.apply(stranger, None)
    assert job.next_due() is None
    result = job.apply(stranger, None, final=True)
    assert [why for _, why, _ in result.dead] == ["unknown_schema"]
    assert len(result.state) == 1
