"""Outcomes through the worker: said when time comes, encoded, taken back, never said twice."""

from collections import Counter
from dataclasses import replace

from duban.events import Actor
from streams.clocks_job import ClocksJob
from tests.given import at
from tests.rules.test_clocks_job import event, messages, record, tick
from tests.rules.test_deemed import SILENT

SUBMITTED = record(event("CaseSubmitted", "2026-09-21 10:00", item_code="sign"))


class Silent:
    """Reference data with effects of silence."""

    current = SILENT


def of(type_, *results):
    return [m for m in messages(*results) if m.type == type_]


def accepted(when, recorded):
    return record(replace(event("CaseAccepted", when), recorded_at=at(recorded)))


def test_silence_is_said_at_its_instant_and_taken_back_when_an_answer_in_time_turns_up():
    job = ClocksJob(0, Silent)
    before = job.apply([SUBMITTED, tick("2026-09-28 17:00")], None)
    assert of("DeemedOutcomeReached", before) == []
    after = job.apply([tick("2026-09-28 17:01")], None)
    (reached,) = of("DeemedOutcomeReached", after)
    assert reached.data["due_at"] == at("2026-09-28 17:00")
    found = job.apply([accepted("2026-09-24 10:00", "2026-09-29 09:00")], None)
    (back,) = of("DeemedOutcomeRetracted", found)
    assert back.data["deemed_event_id"] == reached.event_id
    assert back.data["reason"] == "late_event"


def test_a_confirmation_makes_the_case_and_leaves_what_was_reached():
    job = ClocksJob(0, Silent)
    job.apply([SUBMITTED, tick("2026-09-30 10:00")], None)
    confirmed = event("DeemedOutcomeConfirmed", "2026-09-30 10:00", outcome="acceptance")
    result = job.apply([record(confirmed)], None)
    started = {m.data["kind"]: m.data["anchor_event_id"] for m in of("ClockStarted", result)}
    assert started["promise"] == confirmed.event_id
    assert of("DeemedOutcomeRetracted", result) == of("ClockBreachRetracted", result) == []


def test_a_program_that_confirms_changes_nothing_but_a_flag():
    job = ClocksJob(0, Silent)
    job.apply([SUBMITTED, tick("2026-09-30 10:00")], None)
    confirmed = event("DeemedOutcomeConfirmed", "2026-09-30 10:00", outcome="acceptance")
    result = job.apply([record(replace(confirmed, actor=Actor("duban", "system")))], None)
    assert [m.data["anomaly"] for m in of("AnomalyFound", result)] == ["confirmed_by_no_person"]
    assert of("ClockStarted", result) == []


def test_shares_of_a_delay_that_later_facts_change_are_taken_back_by_their_opposite():
    job = ClocksJob(0, Silent)
    done = event("DecisionMade", "2026-09-28 17:00", decision="approved")
    facts = [SUBMITTED, accepted("2026-09-21 11:00", "2026-09-21 11:00"), record(done)]
    first = job.apply([*facts, tick("2026-09-28 17:00")], None)
    (whole,) = of("DelayAttributed", first)
    assert (whole.data["minutes"], whole.data["party"]) == (2 * 420, "department")
    up = event("ForwardedUp", "2026-09-25 09:00", authority="省厅", level="province",
               hall_id_above="", document_no="", branch_id="")  # fmt: skip
    second = job.apply([record(up)], None)
    shares: Counter[str] = Counter()
    for part in of("DelayAttributed", first, second):
        shares[part.data["party"]] += part.data["minutes"]
    assert +shares == {"upstream": 2 * 420}
    (back,) = (m for m in of("DelayAttributed", second) if m.data["minutes"] < 0)
    assert back.data["reverses"] == whole.event_id


def test_a_pause_past_its_days_wakes_the_case_and_an_end_told_late_takes_the_sign_back():
    job = ClocksJob(0, Silent)
    pause = {"ground": "hearing", "written_notice_no": "告1", "expected_days": 2, "branch_id": ""}
    facts = [
        SUBMITTED,
        accepted("2026-09-21 11:00", "2026-09-21 11:00"),
        record(event("ClockExclusionStarted", "2026-09-22 09:00", **pause)),
    ]
    first = job.apply([*facts, tick("2026-09-24 17:00")], None)
    assert of("IntegritySignal", first) == []
    (sign,) = of("IntegritySignal", job.apply([tick("2026-09-24 17:01")], None))
    assert (sign.data["signal"], sign.data["minutes"]) == ("pause_overrun", None)
    ended = event("ClockExclusionEnded", "2026-09-23 09:00", ground="hearing", branch_id="")
    late = job.apply([record(ended)], None)
    (back,) = of("IntegrityRetracted", late)
    assert back.data["signal_event_id"] == sign.event_id
