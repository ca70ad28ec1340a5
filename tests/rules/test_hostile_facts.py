"""Facts and reference data that are legal and senseless: flagged, and never the end of a worker."""

from dataclasses import replace

import pytest

from duban.policy import Rung
from streams.clocks_job import ClocksJob
from tests.given import POLICY, REFERENCE, at, fact, when
from tests.rules.test_clocks import ACCEPTED, SUBMITTED
from tests.rules.test_clocks_job import ACCEPTED as ACCEPTED_BYTES
from tests.rules.test_clocks_job import SUBMITTED as SUBMITTED_BYTES
from tests.rules.test_clocks_job import Fixed, event, messages, record, tick, told

MS_1960, MS_2199 = -315_619_200_000, 7_258_032_000_000
LONG = {"sign": (replace(REFERENCE.items["sign"][0], promise=100_000),)}
ODD_UNIT = {"sign": (replace(REFERENCE.items["sign"][0], unit="instant"),)}
FAR_RUNG = replace(POLICY, ladders={"promise": (Rung("red", 1_000_000),)})


@pytest.mark.parametrize("due_at", [MS_1960, 0, MS_2199])
def test_a_deadline_that_no_calendar_reaches_is_flagged(due_at):
    told = fact("DeadlineImposed", "2026-09-28 09:00", due_at=due_at)
    case = when("2026-09-29 09:00", SUBMITTED, ACCEPTED, told)
    assert [c.kind for c in case.clocks if c.kind != "imposed"] == ["promise", "statutory"]
    if due_at in (MS_1960, MS_2199):
        assert "beyond_calendar" in {a.code for a in case.view.anomalies}


@pytest.mark.parametrize(
    "changed",
    [{"items": LONG}, {"items": ODD_UNIT}, {"policies": {"default": (FAR_RUNG,)}}],
)
def test_senseless_reference_data_costs_a_clock_and_not_the_worker(changed):
    case = when("2026-09-29 09:00", SUBMITTED, ACCEPTED, reference=replace(REFERENCE, **changed))
    assert "promise" not in {c.kind for c in case.clocks}
    assert case.view.status == "accepted"


def test_a_doubled_fact_is_no_news_and_repeats_no_id():
    job = ClocksJob(0, Fixed)
    late = record(event("DecisionMade", "2026-09-29 10:00", decision="approved"))
    sent = [job.apply([SUBMITTED_BYTES, ACCEPTED_BYTES, tick("2026-10-12 09:00")], None)]
    sent += [
        job.apply([late], None),
        job.apply([late], None),
        job.apply([ACCEPTED_BYTES, late], None),
    ]
    ids = [m.event_id for m in messages(*sent)]
    assert len(ids) == len(set(ids))
    assert sent[2].is_empty and sent[3].is_empty


def test_a_case_decided_before_it_was_accepted_has_no_clock_running():
    done = fact("DecisionMade", "2026-09-28 12:00", decision="approved")
    case = when("2026-12-01 09:00", SUBMITTED, done, ACCEPTED)
    assert {c.state for c in case.clocks} == {"stopped"}
    assert not [o for o in case.outputs.values() if o.type == "SignalRaised"]


def test_a_pause_that_begins_at_the_due_instant_comes_too_late():
    pause = fact(
        "ClockExclusionStarted", "2026-10-08 17:00", ground="hearing", written_notice_no="7"
    )
    case = when("2026-12-01 09:00", SUBMITTED, ACCEPTED, pause)
    assert "pause_after_due" in {a.code for a in case.view.anomalies}


def test_who_looks_at_an_alert_does_not_take_the_case_over():
    seen = fact("AlertAcknowledged", "2026-10-08 18:00", alert_id="x")
    seen = seen._replace(actor=seen.actor._replace(window_id="office"))
    assert when("2026-10-09 09:00", SUBMITTED, ACCEPTED, seen).view.window_id == "w1"


def test_ticks_mean_nothing_where_business_time_is_the_walls():
    job = ClocksJob(0, Fixed)
    job.apply([SUBMITTED_BYTES, ACCEPTED_BYTES], at("2026-09-28 17:00"))
    assert told(job.apply([tick("2026-11-11 09:00")], at("2026-09-28 17:01"))) == []
