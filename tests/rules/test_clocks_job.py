"""The clock job on records as Kafka would give them: ticks, due timers, restore, dead letters."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban import codec
from duban.events import Actor, Event
from streams.clocks_job import ClocksJob, record_of
from streams.records import Record
from tests.given import CASE, REFERENCE, at, said


class Fixed:
    """Reference data that a test has at hand."""

    current = REFERENCE


def event(type_: str, when: str, case: str = CASE, **data: Any) -> Event:
    return Event(
        type=type_,
        event_id=str(uuid5(NAMESPACE_URL, f"{type_}{when}{case}")),
        subject_id=case,
        hall_id="sujiatun",
        occurred_at=at(when),
        recorded_at=at(when),
        actor=Actor("", "handler", "", "w1"),
        data=data,
    )


def record(value: Event | bytes | None, offset: int = 0, key: str = CASE) -> Record:
    body = codec.encode(value) if isinstance(value, Event) else value
    return Record("case-events", 0, offset, 0, key.encode(), body, ())


def tick(when: str) -> Record:
    ticked = replace(event("ClockTicked", when, "tick"), data={"at": at(when)})
    return record(ticked, key="tick")


SUBMITTED = record(event("CaseSubmitted", "2026-09-28 09:00", item_code="sign"))
ACCEPTED = record(event("CaseAccepted", "2026-09-28 16:30"))


def messages(*results):
    return [codec.decode(o.value) for result in results for o in result.outputs]


def told(*results):
    """Signals and retractions in the order in which they were sent."""
    kinds = ("SignalRaised", "SignalRetracted")
    return [
        f"{m.type} {m.data['level']} {said(m.occurred_at)}"
        for m in messages(*results)
        if m.type in kinds
    ]


def restored(*results, references: Any = Fixed) -> ClocksJob:
    """A job that restarts from the state that another one wrote."""
    job = ClocksJob(0, references)
    for result in results:
        for key, value in result.state:
            job.restore(key, value)
    job.restored()
    return job


def test_ticks_of_business_time_raise_each_rung_once_and_in_order():
    job = ClocksJob(0, Fixed)
    days = ("2026-09-28 17:00", "2026-10-08 16:00", "2026-10-08 17:00", "2026-10-20 09:00")
    result = job.apply([SUBMITTED, ACCEPTED, *map(tick, days)], None)
    assert told(result) == [
        "SignalRaised reminder 2026-09-30 17:00",
        "SignalRaised yellow 2026-10-08 17:00",
        "SignalRaised red 2026-10-09 17:00",
    ]


def test_a_job_restored_from_its_state_goes_on_where_the_other_stopped():
    job = ClocksJob(0, Fixed)
    first = job.apply([SUBMITTED, ACCEPTED, tick("2026-10-08 17:00")], None)
    second = restored(first)
    while second.next_due() == 0:
        assert second.fire(None, 10).is_empty
    assert said(second.next_due()) == "2026-10-08 17:00"
    assert told(second.apply([tick("2026-10-09 17:00")], None)) == [
        "SignalRaised red 2026-10-09 17:00"
    ]


def test_timers_fire_by_the_wall_clock_where_business_time_is_the_walls():
    job = ClocksJob(0, Fixed)
    first = job.apply([SUBMITTED, ACCEPTED], at("2026-09-28 17:00"))
    assert told(first) == []
    assert said(job.next_due()) == "2026-09-30 17:00"
    assert told(job.fire(at("2026-09-30 17:00"), 10)) == ["SignalRaised reminder 2026-09-30 17:00"]
    assert job.fire(at("2026-09-30 17:00"), 10).is_empty


def test_a_decision_told_late_retracts_what_was_raised():
    job = ClocksJob(0, Fixed)
    raised = job.apply([SUBMITTED, ACCEPTED, tick("2026-10-12 09:00")], None)
    done = event("DecisionMade", "2026-09-29 10:00", decision="approved")
    late = replace(done, recorded_at=at("2026-10-12 09:00"))
    back = job.apply([record(late)], None)
    assert len(told(raised)) == len(told(back)) == 3
    assert {t.split()[0] for t in told(back)} == {"SignalRetracted"}
    types = [m.type for m in messages(back)]
    assert types.count("AlertRetracted") == 3
    assert types.count("ClockBreachRetracted") == 1


LOOKED = at("2026-10-20 09:00")


def late(type_: str, when: str, told: str, **more: Any) -> Event:
    return replace(event(type_, when, **more), recorded_at=at(told))


RATED = event("RatingGiven", "2026-09-29 10:00", level=5)
HEARD = {"ground": "hearing", "written_notice_no": "7"}
STORY = [  # in which later facts revise what earlier ones earned, on both sides of the month's end
    event("CaseSubmitted", "2026-09-28 09:00", item_code="sign"),
    event("CaseAccepted", "2026-09-28 16:30"),
    event("DecisionMade", "2026-09-29 09:30", decision="approved"),
    RATED,
    event("EventVoided", "2026-09-30 09:00", voids_event_id=RATED.event_id, reason="误录"),
    event("CaseReopened", "2026-09-30 10:00", reason="复核"),
    late("RatingGiven", "2026-09-30 11:00", "2026-10-09 09:00", level=5),
    event("DecisionMade", "2026-10-15 10:00", decision="approved"),
    late("ClockExclusionStarted", "2026-10-08 09:00", "2026-10-16 09:00", **HEARD),
    late("ClockExclusionEnded", "2026-10-14 17:00", "2026-10-16 09:01", ground="hearing"),
    event("CaseClosed", "2026-10-17 09:00"),
]


def points(*results):
    return [m.data for m in messages(*results) if m.type == "ScorePointPosted"]


def back(*results):
    """What was taken back of each cause, by when that was told."""
    return {
        (p["rule_id"], p["cause_event_id"], said(p["cause_recorded_at"]))
        for p in points(*results)
        if p["reverses"]
    }


def net(*results):
    sums: Counter[tuple[str, str]] = Counter()
    for p in points(*results):
        sums[p["rule_id"], p["cause_event_id"]] += round(p["points"] * 10)
    return {of: n for of, n in sums.items() if n}


@given(st.data())
def test_points_go_with_the_fact_that_takes_them_back_whatever_came_in_beside_it(data):
    story = [record(one) for one in STORY if data.draw(st.booleans()) or one in STORY[:2]]
    first = data.draw(st.integers(1, len(story)))  # what came before the slice
    alone, together = ClocksJob(0, Fixed), ClocksJob(0, Fixed)
    by_itself = [alone.apply([one], LOOKED) for one in story]
    in_a_slice = [together.apply(some, LOOKED) for some in (story[:first], story[first:])]
    assert net(*in_a_slice) == net(*by_itself)
    assert back(*in_a_slice) <= back(*by_itself)


def test_a_voided_rating_is_gone_from_when_that_was_told_though_a_later_fact_came_with_it():
    job = ClocksJob(0, Fixed)
    job.apply([record(one) for one in STORY[:4]], LOOKED)
    result = job.apply([record(one) for one in STORY[4:]], LOOKED)
    assert ("good", RATED.event_id, "2026-09-30 09:00") in back(result)


def test_points_are_never_taken_back_before_they_were():
    rated = late("RatingGiven", "2026-09-29 10:00", "2026-10-09 09:00", level=5)
    void = event("EventVoided", "2026-10-01 09:00", voids_event_id=rated.event_id, reason="误录")
    job = ClocksJob(0, Fixed)
    results = [job.apply([record(one)], LOOKED) for one in (*STORY[:3], rated, void)]
    of_the_rating = {told for rule, _, told in back(*results) if rule == "good"}
    assert of_the_rating == {"2026-10-09 09:00"}


def test_the_state_of_a_case_carries_its_rows():
    job = ClocksJob(0, Fixed)
    done = record(event("DecisionMade", "2026-09-29 10:00", decision="approved"))
    result = job.apply([SUBMITTED, ACCEPTED, done], at("2026-09-29 12:00"))
    key, value = result.state[-1]
    assert key.decode() == CASE
    assert value is not None
    again = restored(result)
    assert again.next_due() is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(None), "null_value"),
        (record(b"\x00\x01junk of no magic"), "no_registry"),
        (record(b"{}"), "wrong_magic"),
        (record((ACCEPTED.value or b"")[:-4]), "truncated"),
        (record(event("CaseAccepted", "2026-10-30 09:00")), "schema_rules"),
        (record(event("CaseAccepted", "2026-09-28 09:00"), key="other/1"), "wrong_key"),
        (record(event("OrgUnitChanged", "2026-09-28 09:00", org_id="x", kind="hall", name="x",
                      version="1", effective_from=0)), "wrong_topic"),
        (record(event("CaseAccepted", "2026-09-28 09:00", case="nohall"), key="nohall"),
         "schema_rules"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_fact_is_laid_aside_and_the_partition_goes_on(bad, reason):
    job = ClocksJob(0, Fixed)
    result = job.apply([SUBMITTED, bad, ACCEPTED], at("2026-09-28 17:00"))
    assert [(r is bad, why) for r, why, _ in result.dead] == [(True, reason)]
    assert "ClockStarted" in {m.type for m in messages(result)}


def test_an_unknown_schema_is_waited_for_and_only_then_laid_aside():
    stranger = record(b"\xc3\x01" + b"\x07" * 8 + b"body")
    job = ClocksJob(0, Fixed)
    with pytest.raises(codec.RetryLater):
        job.apply([SUBMITTED, stranger], at("2026-09-28 17:00"))
    result = job.apply([SUBMITTED, stranger], at("2026-09-28 17:00"), final=True)
    assert [why for _, why, _ in result.dead] == ["unknown_schema"]


def test_messages_of_a_case_stay_in_its_partition_and_points_go_to_their_hall():
    point = Event("ScorePointPosted", str(uuid5(NAMESPACE_URL, "p")), "sujiatun", 0, 0,
                  hall_id="sujiatun", data={
                      "point_id": str(uuid5(NAMESPACE_URL, "p")), "subject": "w1",
                      "period": "2026-10", "rule_id": "late", "points": -5.0, "at": 0})  # fmt: skip
    assert record_of(point).partition == -1
    assert record_of(point).key == b"sujiatun"


def test_a_fact_from_a_hall_that_the_case_has_not_named_is_flagged():
    stranger = ACCEPTED._replace(headers=(("duban_hall", b"pengzhou"),))
    own = ACCEPTED._replace(headers=(("duban_hall", b"sujiatun"),))
    named = record(event("ForwardedUp", "2026-09-28 17:00", authority="市局", level="city",
                         hall_id_above="pengzhou", document_no="", branch_id=""))  # fmt: skip

    def flags(*records):
        found = messages(ClocksJob(0, Fixed).apply(records, at("2026-09-28 18:00")))
        return [m.data["anomaly"] for m in found if m.type == "AnomalyFound"]

    assert flags(SUBMITTED, stranger) == ["from_a_hall_not_named"]
    assert flags(SUBMITTED, own) == flags(SUBMITTED, stranger, named) == []


def test_a_case_that_would_outgrow_its_record_lays_further_facts_aside():
    job = ClocksJob(0, Fixed)
    branches = [
        {"branch_id": f"b{i}", "org": "x" * 150, "hall_id": "", "item_code": "", "budget": None,
         "unit": "working_day"} for i in range(200)
    ]  # fmt: skip
    when = "2026-09-28 17:00"
    groups = [
        record(replace(event("ParallelGroupOpened", when, group_id=str(i), lead=CASE,
                             branches=branches), event_id=str(uuid5(NAMESPACE_URL, str(i)))))
        for i in range(30)
    ]  # fmt: skip
    result = job.apply([SUBMITTED, *groups, ACCEPTED], at(when))
    assert {why for _, why, _ in result.dead} == {"case_too_large"}
    assert max(len(value or b"") for _, value in result.state) < 1_000_000
