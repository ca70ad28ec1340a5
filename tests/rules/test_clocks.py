"""Clocks and their ladders: given facts, when time passes, then signals."""

from dataclasses import replace
from uuid import uuid5

from duban.ids import SPACE, identify
from tests.given import GROUNDS, POLICY, REFERENCE, at, due, fact, said, signals, when

SUBMITTED = fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-09-28 16:30")
PAUSED = fact(
    "ClockExclusionStarted",
    "2026-09-29 10:00",
    ground="expert_review",
    written_notice_no="评审告知1号",
)
RESUMED = fact("ClockExclusionEnded", "2026-10-09 15:00", ground="expert_review")


STRICT = replace(POLICY.clocks[2], pause_grounds=GROUNDS - {"upstream"})
HALL_TIME_ONLY = replace(
    REFERENCE,
    policies={"default": (replace(POLICY, clocks=(*POLICY.clocks[:2], STRICT)),)},
)


def clock(assessment, kind="promise"):
    return next(c for c in assessment.clocks if c.kind == kind)


def test_three_working_days_skip_national_day_and_exclude_the_start_day():
    assert due(when("2026-09-28 17:00", ACCEPTED, SUBMITTED)) == "2026-10-08 17:00"


def test_promise_and_statute_run_together():
    both = when("2026-09-28 17:00", SUBMITTED, ACCEPTED)
    assert due(both, "statutory") == "2026-10-30 17:00"
    assert both.governing.kind == "promise"


def test_a_case_left_alone_is_reminded_then_yellow_then_red():
    assert signals(when("2026-10-12 09:00", SUBMITTED, ACCEPTED)) == [
        "reminder 2026-09-30 17:00",
        "yellow 2026-10-08 17:00",
        "red 2026-10-09 17:00",
    ]


def test_a_rung_is_out_at_its_instant_and_not_before():
    assert signals(when("2026-09-30 16:59", SUBMITTED, ACCEPTED)) == []
    assert signals(when("2026-09-30 17:00", SUBMITTED, ACCEPTED)) == ["reminder 2026-09-30 17:00"]


def test_next_wake_is_the_next_rung():
    assert said(when("2026-09-30 17:00", SUBMITTED, ACCEPTED).next_wake) == "2026-10-08 17:00"


def test_closing_at_the_due_instant_is_on_time_and_one_minute_later_is_late():
    for closed, outcome in (("2026-10-08 17:00", "on_time"), ("2026-10-08 17:01", "late")):
        done = fact("DecisionMade", closed, decision="approved")
        assert clock(when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done)).outcome == outcome


def test_three_days_promised_and_done_in_one_saves_two():
    done = fact("DecisionMade", "2026-09-29 16:00", decision="approved")
    early = clock(when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done))
    assert (early.outcome, early.saved) == ("early", 2)


def test_a_decision_told_late_takes_the_signals_back():
    done = fact(
        "DecisionMade", "2026-09-30 16:00", recorded="2026-10-12 09:00", decision="approved"
    )
    assert signals(when("2026-10-12 09:00", SUBMITTED, ACCEPTED, done)) == []


def test_a_legal_pause_keeps_what_remains():
    paused = when("2026-09-30 09:00", SUBMITTED, ACCEPTED, PAUSED)
    assert clock(paused).state == "paused"
    assert signals(when("2026-12-01 09:00", SUBMITTED, ACCEPTED, PAUSED)) == []
    resumed = when("2026-10-09 16:00", SUBMITTED, ACCEPTED, PAUSED, RESUMED)
    assert due(resumed) == "2026-10-12 17:00"


def test_no_other_ground_stops_the_clock():
    illness = fact("ClockExclusionStarted", "2026-09-29 10:00", ground="leader_absent")
    kept = when("2026-09-30 09:00", SUBMITTED, ACCEPTED, illness)
    assert clock(kept).state == "running"
    assert "pause_without_ground" in {a.code for a in kept.view.anomalies}


def test_overlapping_pauses_end_with_the_last():
    other = fact(
        "ClockExclusionStarted",
        "2026-09-30 10:00",
        ground="hearing",
        written_notice_no="听证告知1号",
    )
    end = fact("ClockExclusionEnded", "2026-10-08 10:00", ground="expert_review")
    still = when("2026-10-08 12:00", SUBMITTED, ACCEPTED, PAUSED, other, end)
    assert clock(still).state == "paused"


def test_time_upstream_is_not_the_halls():
    up = fact("ForwardedUp", "2026-09-29 10:00", authority="省自然资源厅")
    back = fact("UpstreamReplied", "2026-10-09 15:00", authority="省自然资源厅")
    forwarded = when("2026-10-09 16:00", SUBMITTED, ACCEPTED, up, back)
    assert due(forwarded) == "2026-10-12 17:00"
    assert [s.kind for s in clock(forwarded).segments] == ["counted", "upstream", "counted"]


def test_the_statutory_term_runs_on_upstream_and_nobody_is_accused():
    up = fact("ForwardedUp", "2026-09-29 10:00", authority="省自然资源厅")
    forwarded = when("2026-10-09 16:00", SUBMITTED, ACCEPTED, up, reference=HALL_TIME_ONLY)
    assert [clock(forwarded, k).state for k in ("promise", "statutory")] == ["paused", "running"]
    assert forwarded.view.anomalies == ()


def test_a_statutory_term_is_extended_once_by_the_head_of_the_organ():
    first = fact("ExtensionGranted", "2026-10-12 10:00", days=10, approver_role="organ_head")
    again = fact("ExtensionGranted", "2026-10-13 10:00", days=10, approver_role="organ_head")
    once = when("2026-10-14 09:00", SUBMITTED, ACCEPTED, first)
    twice = when("2026-10-14 09:00", SUBMITTED, ACCEPTED, first, again)
    assert due(once, "statutory") == due(twice, "statutory") == "2026-11-13 17:00"
    assert "extended_too_often" in {a.code for a in twice.view.anomalies}


def test_an_extension_after_expiry_changes_nothing():
    late = fact("ExtensionGranted", "2026-11-02 10:00", days=10, approver_role="organ_head")
    assert due(when("2026-11-03 09:00", SUBMITTED, ACCEPTED, late), "statutory") == (
        "2026-10-30 17:00"
    )


def test_an_imposed_deadline_is_an_instant():
    imposed = fact("DeadlineImposed", "2026-09-28 09:00", due_at=at("2026-10-01 00:00"))
    done = fact("CaseClosed", "2026-10-01 00:00")
    closed = when("2026-10-09 09:00", fact("CaseSubmitted", "2026-09-28 09:00"), imposed, done)
    assert closed.policy_state == "no_policy"
    assert closed.governing.outcome == "on_time"


def test_fifty_five_minutes_cross_the_lunch_break():
    firm = fact("CaseSubmitted", "2026-09-28 09:00", item_code="firm")
    accepted = fact("CaseAccepted", "2026-09-28 11:30")
    assert due(when("2026-09-28 12:00", firm, accepted)) == "2026-09-28 13:25"


def test_a_backdated_start_folds_the_rungs_already_past_into_the_highest():
    backdated = fact("CaseAccepted", "2026-09-28 16:30", recorded="2026-10-13 09:00")
    assert signals(when("2026-10-13 09:00", SUBMITTED, backdated)) == ["red 2026-10-09 17:00"]


def test_a_case_told_of_weeks_late_is_red_and_escalated_but_not_a_flood():
    backdated = fact("CaseAccepted", "2026-09-28 16:30", recorded="2026-11-20 09:00")
    late = when("2026-11-20 09:00", SUBMITTED, backdated)
    assert late.signal == "red"
    assert signals(late) == ["red 2026-10-09 17:00"]
    promised = [o for o in late.outputs.values() if o.data.get("clock_kind") == "promise"]
    assert sorted(o.type for o in promised if o.type.startswith("Alert")) == [
        "AlertEscalated",
        "AlertRaised",
    ]


def test_every_alert_is_cleared_when_the_clock_stops():
    done = fact("DecisionMade", "2026-10-20 09:00", decision="approved")
    closed = when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done).outputs.values()
    raised = {o.data["alert_id"] for o in closed if o.type in ("AlertRaised", "AlertEscalated")}
    assert raised == {o.data["alert_id"] for o in closed if o.type == "AlertCleared"}
    assert len(raised) == 4


def test_a_correction_replaces_and_a_voiding_removes():
    wrong = "CaseAccepted 2026-09-28 16:30 []"
    right = fact("CaseAccepted", "2026-10-12 09:00", of=wrong)
    assert due(when("2026-10-12 09:00", SUBMITTED, ACCEPTED, right)) == "2026-10-15 17:00"
    voided = fact("EventVoided", "2026-10-12 09:00", of=wrong, reason="录入有误")
    assert when("2026-10-12 09:00", SUBMITTED, ACCEPTED, voided).clocks == []


def test_of_a_chain_of_corrections_only_the_last_stands():
    second = fact("CaseAccepted", "2026-10-12 09:00", of="CaseAccepted 2026-09-28 16:30 []")
    third = fact("CaseAccepted", "2026-10-13 09:00", of="CaseAccepted 2026-10-12 09:00 []")
    chain = (SUBMITTED, ACCEPTED, second, third)
    assert due(when("2026-10-13 10:00", *chain)) == "2026-10-16 17:00"
    back = fact("EventVoided", "2026-10-14 09:00", of="CaseAccepted 2026-10-13 09:00 []")
    assert due(when("2026-10-14 10:00", *chain, back)) == "2026-10-15 17:00"


def test_a_reopened_case_goes_on_with_its_clock():
    done = fact("DecisionMade", "2026-09-29 16:00", decision="approved")
    again = fact("CaseReopened", "2026-10-09 10:00", cause="quality")
    reopened = when("2026-10-09 18:00", SUBMITTED, ACCEPTED, done, again)
    assert clock(reopened).state == "running"
    assert due(reopened) == "2026-10-08 17:00"
    assert signals(reopened) == ["yellow 2026-10-08 17:00", "red 2026-10-09 17:00"]


def test_escalation_waits_for_nobodys_answer():
    left = when("2026-10-19 09:00", SUBMITTED, ACCEPTED)
    alerts = {o.type: o for o in left.outputs.values()}
    assert alerts["AlertEscalated"].data["to_roles"] == ["efficiency_office"]
    red = next(
        o for o in left.outputs.values()
        if o.type == "AlertRaised" and o.data["level"] == "red"
    )  # fmt: skip
    seen = fact("AlertAcknowledged", "2026-10-10 09:00", alert_id=red.data["alert_id"])
    heard = when("2026-10-19 09:00", SUBMITTED, ACCEPTED, seen)
    assert "AlertEscalated" not in {o.type for o in heard.outputs.values()}
    assert "AlertNoted" in {o.type for o in heard.outputs.values()}


def test_an_escalation_that_somebody_acknowledges_is_noted_as_any_other_alert():
    now = "2026-10-19 09:00"
    left = when(now, SUBMITTED, ACCEPTED)
    (told,) = [o for o in left.outputs.values() if o.type == "AlertEscalated"]
    seen = fact("AlertAcknowledged", "2026-10-19 08:00", alert_id=told.data["alert_id"])
    heard = when(now, SUBMITTED, ACCEPTED, seen).outputs.values()
    assert "AlertEscalated" in {o.type for o in heard}
    (noted,) = [o for o in heard if o.type == "AlertNoted"]
    assert (noted.data["alert_id"], noted.data["level"]) == (told.data["alert_id"], "escalate")


def test_points_name_their_cause():
    late = fact("DecisionMade", "2026-10-12 09:00", decision="approved")
    rated = fact("RatingGiven", "2026-10-13 09:00", level=5, source="mass")
    own = fact("RatingGiven", "2026-10-13 10:00", level=5, source="self")
    case = when("2026-10-14 09:00", SUBMITTED, ACCEPTED, late, rated, own)
    points = {o.data["rule_id"]: o.data for o in case.outputs.values() if "points" in o.data}
    assert {name: p["points"] for name, p in points.items()} == {"late": -5, "good": 0.2}
    [breach] = [o.id for o in case.outputs.values() if o.type == "ClockBreached"
                and o.data["clock_id"] == case.governing.id]  # fmt: skip
    assert points["late"]["cause_event_id"] == breach
    assert points["good"]["cause_event_id"] == rated.event_id
    assert points["late"]["period"] == "2026-10"


def test_ids_are_uuid5_of_what_they_name():
    assert identify("a", 1, "督办") == str(uuid5(SPACE, "a|1|督办"))
