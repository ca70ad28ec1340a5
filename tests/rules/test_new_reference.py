"""What the clock job says when calendars and policies change under its open cases."""

import io
from dataclasses import replace

import fastavro
import pytest

from duban.policy import Reference
from duban.reference import SHIPPED, load, reference_from
from streams import state
from streams.clocks_job import ClocksJob
from tests.given import REFERENCE, at, said
from tests.rules.test_clocks_job import event, messages, record, restored
from tests.rules.test_versions import AFTER, BEFORE, having, notice, promised, with_calendars

OPEN, CLOSED = "sujiatun/open", "sujiatun/closed"


class Changing:
    """Reference data that somebody publishes in the middle."""

    def __init__(self, current: Reference) -> None:
        self.current = current


def fact(type_: str, when: str, case: str, **data):
    return record(event(type_, when, case, **data), key=case)


def job_with(current: Reference):
    references = Changing(current)
    return ClocksJob(0, references), references


def looked_again(job: ClocksJob, references: Changing, current: Reference, when: str):
    references.current = current
    job.reference_changed()
    return job.fire(at(when), 100)


def moves(*results):
    """Each ClockSuperseded: case, reason, old and new due, provisional."""
    return [
        (m.subject_id, m.data["reason"], said(m.data["old_due"]), said(m.data["new_due"]),
         m.data["provisional"])
        for m in messages(*results)
        if m.type == "ClockSuperseded" and m.data["kind"] == "promise"
    ]  # fmt: skip


def clock_rows(result, case):
    """Columns of a case's promise clock in the last state that was written."""
    value = dict(result.state)[case.encode()]
    buffer = io.BytesIO(value[len(state.FRAME) :])
    found = fastavro.schemaless_reader(buffer, state._SCHEMA, None)
    return next(c for c in found["clocks"] if c["kind"] == "promise")


def across_new_year():
    """One case open, one decided, both accepted on 30 December 2026."""
    job, references = job_with(BEFORE)
    facts = [
        fact(type_, when, case, **data)
        for case in (OPEN, CLOSED)
        for type_, when, data in (
            ("CaseSubmitted", "2026-12-30 09:00", {"item_code": "sign"}),
            ("CaseAccepted", "2026-12-30 10:00", {}),
        )
    ]
    done = fact("DecisionMade", "2026-12-30 15:00", CLOSED, decision="approved")
    first = job.apply([*facts, done], at("2026-12-30 16:00"))
    return job, references, first


NOTICE = with_calendars(
    notice(2026, "2025-11-04", []), notice(2027, "2026-12-30 15:30", ["2027-01-01"])
)


def test_a_new_calendar_moves_open_cases_and_makes_provisional_dates_final():
    job, references, first = across_new_year()
    assert clock_rows(first, OPEN)["provisional"] is True
    moved = looked_again(job, references, NOTICE, "2026-12-30 17:00")
    assert moves(moved) == [(OPEN, "calendar", "2027-01-04 17:00", "2027-01-05 17:00", False)]
    assert {m.subject_id for m in messages(moved)} == {OPEN}
    row = clock_rows(moved, OPEN)
    assert (row["provisional"], row["calendar_version"]) == (False, "cn:2026-2027@1")
    assert looked_again(job, references, NOTICE, "2026-12-30 17:30").is_empty


def test_a_closed_case_with_a_late_fact_keeps_the_days_of_its_end():
    job, references, _ = across_new_year()
    looked_again(job, references, NOTICE, "2026-12-30 17:00")
    rated = fact("RatingGiven", "2026-12-30 16:00", CLOSED, level=5, source="mass")
    after = job.apply([rated], at("2026-12-31 09:00"))
    assert moves(after) == []
    row = clock_rows(after, CLOSED)
    assert (said(row["due_at"]), row["calendar_version"]) == ("2027-01-04 17:00", "cn:2026@1")


def test_delivery_that_outlives_its_case_follows_a_notice_of_that_time():
    """国办发明电〔2020〕1号 of 27 January 2020 prolonged the holidays to 2 February."""
    every = load(SHIPPED)
    before = reference_from(e for e in every if not e.subject_id.endswith("2020@1"))
    job, references = job_with(before)
    facts = [fact("CaseSubmitted", "2020-01-10 09:30", CLOSED, item_code="outdoor-sign"),
             fact("CaseAccepted", "2020-01-13 10:00", CLOSED),
             fact("DecisionMade", "2020-01-17 10:00", CLOSED, decision="approved")]  # fmt: skip
    job.apply(facts, at("2020-01-20 09:00"))
    told = looked_again(job, references, reference_from(every), "2020-01-28 09:00")
    found = [m.data for m in messages(told) if m.type == "ClockSuperseded"]
    assert [(d["kind"], d["reason"]) for d in found] == [("delivery", "calendar")]
    dates = [(said(d["old_due"]), said(d["new_due"])) for d in found]
    assert dates == [("2020-02-05 17:00", "2020-02-07 17:00")]


def test_the_same_date_become_final_is_said_too():
    job, references, _ = across_new_year()
    same = with_calendars(
        notice(2026, "2025-11-04", []), notice(2027, "2026-12-30 15:30", ["2027-02-08"])
    )
    moved = looked_again(job, references, same, "2026-12-30 17:00")
    assert moves(moved) == [(OPEN, "calendar", "2027-01-04 17:00", "2027-01-04 17:00", False)]


def test_a_calendar_that_moves_nothing_is_named_from_then_on_and_says_nothing():
    job, references = job_with(BEFORE)
    facts = [fact("CaseSubmitted", "2026-06-01 09:00", OPEN, item_code="sign"),
             fact("CaseAccepted", "2026-06-01 10:00", OPEN)]  # fmt: skip
    job.apply(facts, at("2026-06-01 12:00"))
    moved = looked_again(job, references, AFTER, "2026-06-01 13:00")
    assert moved.outputs == []
    assert clock_rows(moved, OPEN)["calendar_version"] == "cn:2026-2027@1"


def begun(current: Reference, now: str):
    job, references = job_with(current)
    facts = [fact("CaseSubmitted", "2026-10-12 09:00", OPEN, item_code="sign"),
             fact("CaseAccepted", "2026-10-12 10:00", OPEN)]  # fmt: skip
    return job, references, job.apply(facts, at(now))


def test_a_new_policy_moves_open_cases_on_its_day_without_a_fact():
    reference = having(promised(2, "2", "2026-10-14", "open_recompute"))
    job, _, _ = begun(reference, "2026-10-12 12:00")
    assert said(job.next_due()) == "2026-10-14 00:00"
    moved = job.fire(at("2026-10-14 00:00"), 10)
    assert moves(moved) == [(OPEN, "policy", "2026-10-15 17:00", "2026-10-14 17:00", False)]
    (one,) = [m for m in messages(moved) if m.type == "ClockSuperseded"]
    assert one.data["policy_version"] == "default@2"


def test_signals_that_a_new_policy_takes_back_name_it():
    """A longer term: the yellow signal of the old one is taken back, and says why."""
    longer = promised(6, "2", "2026-10-12 00:00", "new_only", published_at=at("2026-10-15 18:00"))
    job, references, first = begun(REFERENCE, "2026-10-15 18:00")
    assert "SignalRaised" in {m.type for m in messages(first)}
    moved = looked_again(job, references, having(longer), "2026-10-15 19:00")
    assert moves(moved) == [(OPEN, "policy", "2026-10-15 17:00", "2026-10-20 17:00", False)]
    undone = [m for m in messages(moved) if m.type.endswith("Retracted")]
    assert {m.type for m in undone} >= {"SignalRetracted", "ClockBreachRetracted"}
    assert {m.data["reason"] for m in undone} == {"policy"}


@pytest.mark.parametrize("later", ["timer", "reference"])
def test_a_restored_job_says_a_change_as_the_one_that_ran_through(later):
    """Reasons come from what the state names, not from memory."""
    day = "2026-10-14 00:00"
    reference = having(promised(2, "2", day, "open_recompute"))
    job, references, first = begun(reference, "2026-10-12 12:00")
    again = ClocksJob(0, references)
    for key, value in first.state:
        again.restore(key, value)
    if later == "timer":
        again.restored()
        assert again.fire(at("2026-10-13 00:00"), 10).is_empty
    else:
        again.restored()
    assert moves(again.fire(at(day), 10)) == moves(job.fire(at(day), 10)) != []


def test_every_version_at_once_leaves_the_rest_of_a_case_alone():
    """A policy that changes nothing for the case says nothing."""
    same = replace(promised(3, "2", "2026-10-13", "open_recompute"))
    job, references, _ = begun(REFERENCE, "2026-10-12 12:00")
    moved = looked_again(job, references, having(same), "2026-10-13 09:00")
    assert moved.outputs == []
    assert clock_rows(moved, OPEN)["policy_version"] == "default@2"


NAMED = replace(BEFORE, mark="before")


def looked_and_told():
    """A case under reference data that has a name, looked at; what was written."""
    job, references = job_with(NAMED)
    submitted = fact("CaseSubmitted", "2026-12-30 09:00", OPEN, item_code="sign")
    accepted = fact("CaseAccepted", "2026-12-30 16:00", OPEN)
    told = job.apply([submitted, accepted], at("2026-12-30 16:00"))
    job.reference_changed()
    return references, [told, job.fire(at("2026-12-30 16:00"), 10)]


def test_a_restart_looks_at_no_case_again_while_nothing_is_published():
    references, written = looked_and_told()
    again = restored(*written, references=references)
    wake = state.decode(dict(written[0].state)[OPEN.encode()]).wake
    assert again.next_due() == wake
    assert again.fire(wake - 1, 10).is_empty


def test_a_restart_wakes_every_case_when_it_has_something_to_say():
    references, written = looked_and_told()
    again = restored(*written, references=references)
    assert not again.fire(again.next_due(), 10).is_empty


def test_what_was_published_while_nobody_ran_is_seen_at_the_restart():
    references, written = looked_and_told()
    references.current = replace(NOTICE, mark="notice")
    again = restored(*written, references=references)
    assert again.next_due() == 0
    assert moves(again.fire(at("2026-12-30 17:00"), 10))


def test_a_look_that_was_not_finished_begins_again_after_a_restart():
    references, written = looked_and_told()
    references.current = replace(NOTICE, mark="notice")
    broken_off = restored(*written, references=references)
    broken_off.reference_changed()  # and then it is killed
    assert restored(*written, references=references).next_due() == 0
