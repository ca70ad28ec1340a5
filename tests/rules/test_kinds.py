"""Kinds of clocks are data: keys, repeats, conditions, terms, pauses, extensions, reopening."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from duban.calendars import Override
from duban.explain import explain
from duban.policy import ClockDef, Extension, Item, Policy, Reference
from duban.reference_models import ClockModel
from duban.worktime import Hours, build
from tests.given import (
    GROUNDS,
    MAKE_UP,
    NATIONAL_DAY,
    PROMISE_LADDER,
    REFERENCE,
    STOPS,
    at,
    fact,
    said,
    when,
)  # fmt: skip

SUBMITTED = fact("CaseSubmitted", "2026-09-07 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-09-07 10:00")
DECIDED = fact("DecisionMade", "2026-09-10 10:00", decision="approved")
ITEM = Item("sign", "1", "户外广告", 0, promise=3, steps={"review": 2}, case_class="permit")


def using(*clocks, item=ITEM, **policy):
    """A reference with these clocks alone."""
    rules = Policy("default", "1", 0, clocks, {"promise": PROMISE_LADDER}, **policy)
    return replace(REFERENCE, items={"sign": (item,)}, policies={"default": (rules,)})


def kind(name="any", budget=5, unit="working_day", start="", stop="", **more):
    return ClockDef(name, budget, unit, tuple(start.split()), tuple(stop.split()), **more)


def told(case):
    """Each clock as "key start state due"."""
    return [
        f"{c.key or '-'} {said(c.anchor.occurred_at)} {c.state} {said(c.due_at)}"
        for c in case.clocks
    ]


def flags(case):
    return sorted(a.code for a in case.view.anomalies)


# --- which facts start and stop a clock ---------------------------------------------------------

STEP = kind(
    start="StepAssigned", stop="StepCompleted DecisionMade CaseClosed", per="step", repeats=True
)


def test_each_step_has_a_clock_of_its_own_and_an_ending_stops_them_all():
    case = when(
        "2026-09-30 09:00",
        SUBMITTED,
        fact("StepAssigned", "2026-09-08 09:00", step="review"),
        fact("StepAssigned", "2026-09-08 10:00", step="survey"),
        fact("StepCompleted", "2026-09-09 09:00", step="review"),
        DECIDED,
        reference=using(STEP),
    )
    assert [(c.key, c.state, said(c.stopped_at)) for c in case.clocks] == [
        ("review", "stopped", "2026-09-09 09:00"),
        ("survey", "stopped", "2026-09-10 10:00"),
    ]


def test_a_kind_that_repeats_starts_again_after_a_stop_and_never_twice_at_once():
    again = (
        fact("StepAssigned", "2026-09-08 09:00", step="review"),
        fact("StepAssigned", "2026-09-08 10:00", step="review"),
        fact("StepCompleted", "2026-09-09 09:00", step="review"),
        fact("StepAssigned", "2026-09-10 09:00", step="review"),
    )
    case = when("2026-09-10 12:00", SUBMITTED, *again, reference=using(STEP))
    assert told(case) == [
        "review 2026-09-08 09:00 stopped 2026-09-15 17:00",
        "review 2026-09-10 09:00 running 2026-09-17 17:00",
    ]
    once = using(replace(STEP, repeats=False))
    assert len(when("2026-09-10 12:00", SUBMITTED, *again, reference=once).clocks) == 1


def test_one_fact_stops_a_clock_and_starts_the_next():
    chase = kind(
        start="ForwardedUp UpstreamChased", stop="UpstreamChased UpstreamReplied", per="branch_id",
        repeats=True,
    )  # fmt: skip
    case = when(
        "2026-09-30 09:00",
        fact("ForwardedUp", "2026-09-07 10:00"),
        fact("UpstreamChased", "2026-09-14 10:00"),
        fact("UpstreamReplied", "2026-09-16 10:00"),
        reference=using(chase, item=replace(ITEM, code="sign")),
    )
    assert [(said(c.anchor.occurred_at), said(c.stopped_at)) for c in case.clocks] == [
        ("2026-09-07 10:00", "2026-09-14 10:00"),
        ("2026-09-14 10:00", "2026-09-16 10:00"),
    ]


def test_a_group_starts_a_clock_for_each_of_its_branches():
    joint = kind(
        start="ParallelGroupOpened", stop="BranchOpined CaseClosed", per="branch_id",
        budget="branch", fallback=5,
    )  # fmt: skip
    opened = fact(
        "ParallelGroupOpened",
        "2026-09-07 10:00",
        branches=[{"branch_id": "fire", "budget": 2}, {"branch_id": "land", "budget": None}],
    )
    agreed = fact("BranchOpined", "2026-09-08 10:00", branch_id="fire", opinion="agree")
    case = when("2026-09-08 12:00", opened, agreed, reference=using(joint))
    assert told(case) == [
        "fire 2026-09-07 10:00 stopped 2026-09-09 17:00",
        "land 2026-09-07 10:00 running 2026-09-14 17:00",
    ]
    assert len({c.id for c in case.clocks}) == 2


def test_conditions_choose_among_facts_of_one_type():
    urgent = kind(
        "urgent", 1, start="HotlineCallLogged", stop="HotlineAnswered",
        when={"urgent": frozenset({"true"})},
    )  # fmt: skip
    other = kind(
        "other", 3, start="HotlineCallLogged", stop="HotlineAnswered",
        when={"urgent": frozenset({"false", ""}), "kind": frozenset({"enquiry"})},
    )  # fmt: skip
    logged = {
        "urgent": fact("HotlineCallLogged", "2026-09-07 10:00", urgent=True, kind="enquiry"),
        "other": fact("HotlineCallLogged", "2026-09-07 10:00", kind="enquiry"),
        None: fact("HotlineCallLogged", "2026-09-07 10:00", urgent=False, kind="praise"),
    }
    for name, call in logged.items():
        case = when("2026-09-07 12:00", call, reference=using(urgent, other))
        assert [c.kind for c in case.clocks] == ([name] if name else [])


def test_a_condition_on_the_stop_lets_other_facts_pass():
    assign = kind(
        start="CaseAccepted", stop="StepAssigned", stop_when={"step": frozenset({"inspection"})}
    )
    other = fact("StepAssigned", "2026-09-08 10:00", step="review")
    right = fact("StepAssigned", "2026-09-09 10:00", step="inspection")
    case = when("2026-09-30 09:00", SUBMITTED, ACCEPTED, other, right, reference=using(assign))
    assert said(case.clocks[0].stopped_at) == "2026-09-09 10:00"


def test_class_and_item_are_read_from_the_case_where_the_fact_does_not_say_them():
    reported = kind(
        start="StepAssigned", stop="ForwardedUp",
        when={"case_class": frozenset({"reported"}), "item_code": frozenset({"sign"})},
    )  # fmt: skip
    assigned = fact("StepAssigned", "2026-09-08 10:00", step="review")
    by_fact = (SUBMITTED, fact("CaseAccepted", "2026-09-07 10:00", case_class="reported"), assigned)
    assert len(when("2026-09-08 12:00", *by_fact, reference=using(reported)).clocks) == 1
    plain = (SUBMITTED, ACCEPTED, assigned)
    assert when("2026-09-08 12:00", *plain, reference=using(reported)).clocks == []
    by_item = using(reported, item=replace(ITEM, case_class="reported"))
    assert len(when("2026-09-08 12:00", *plain, reference=by_item).clocks) == 1


def test_a_date_that_is_set_again_takes_the_place_of_the_one_before_until_it_is_met():
    rectify = kind(
        unit="instant", budget=0, start="RectificationOrdered RectificationRejected",
        stop="RectificationSubmitted RectificationAccepted", repeats=True,
    )  # fmt: skip
    case = when(
        "2026-09-30 09:00",
        fact("RectificationOrdered", "2026-09-07 10:00", due_at=at("2026-09-11 12:00")),
        fact("RectificationOrdered", "2026-09-08 10:00", due_at=at("2026-09-14 12:00")),
        fact("RectificationSubmitted", "2026-09-14 09:00"),
        fact("RectificationRejected", "2026-09-15 09:00", due_at=at("2026-09-21 12:00")),
        reference=using(rectify),
    )
    assert told(case) == [
        "- 2026-09-07 10:00 stopped 2026-09-14 12:00",
        "- 2026-09-15 09:00 running 2026-09-21 12:00",
    ]
    assert [c.outcome for c in case.clocks] == ["on_time", ""]


# --- terms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "said_of_it", "due"),
    [
        (kind(budget="step", start="StepAssigned"), {"step": "review"}, "2026-09-09 17:00"),
        (kind(budget="step", start="StepAssigned"), {"step": "other"}, None),
        (kind(budget="step", fallback=1, start="StepAssigned"), {"step": "x"}, "2026-09-08 17:00"),
        (kind(budget="fact.days", start="StepAssigned"), {"days": 4}, "2026-09-11 17:00"),
        (kind(budget="fact.days", start="StepAssigned"), {}, None),
        (kind(budget="item.promise", unit="item", start="StepAssigned"), {}, "2026-09-10 17:00"),
        (kind(budget="item.upper", start="StepAssigned"), {}, None),
        (kind(budget=0, unit="instant", due_field="expires_at", start="StepAssigned"),
         {"expires_at": at("2026-10-07 00:00")}, "2026-10-07 00:00"),
        (kind(budget=0, unit="instant", start="StepAssigned"), {"due_at": None}, None),
        (kind(budget=30, unit="working_minute", start="StepAssigned"), {}, "2026-09-07 10:30"),
        (kind(budget=15, unit="calendar_day", start="StepAssigned"), {}, "2026-09-22 17:00"),
        (kind(budget=1, start_day=True, start="StepAssigned"), {}, "2026-09-07 17:00"),
        (kind(budget=12, unit="calendar_day", start_day=True, start="StepAssigned"), {},
         "2026-09-18 17:00"),
    ],
)  # fmt: skip
def test_where_a_term_stands(definition, said_of_it, due):
    started = fact("StepAssigned", "2026-09-07 10:00", **said_of_it)
    case = when("2026-09-07 11:00", SUBMITTED, started, reference=using(definition))
    assert [said(c.due_at) for c in case.clocks] == ([due] if due else [])


def test_the_start_day_counts_only_while_its_close_lies_ahead():
    for unit in ("working_day", "calendar_day"):
        same_day = kind(budget=1, unit=unit, start_day=True, start="HotlineCallLogged")
        evening = fact("HotlineCallLogged", "2026-09-07 18:00")
        case = when("2026-09-07 19:00", evening, reference=using(same_day))
        assert said(case.clocks[0].due_at) == "2026-09-08 17:00"


def test_a_term_before_a_date_is_counted_back_from_its_day():
    notice = kind(budget=7, before="hearing_at", start="HearingScheduled", stop="HearingNotified")
    hearing = at("2026-09-24 14:00")
    scheduled = fact("HearingScheduled", "2026-09-07 10:00", hearing_at=hearing)
    case = when("2026-09-08 09:00", scheduled, reference=using(notice))
    # 9/20 is a make-up Sunday: 23, 22, 21, 20, 18, 17, 16
    assert said(case.clocks[0].due_at) == "2026-09-16 17:00"
    late = fact("HearingNotified", "2026-09-17 09:00")
    assert when("2026-09-18 09:00", scheduled, late, reference=using(notice)).clocks[0].outcome == (
        "late"
    )
    assert when("2026-09-08 09:00", fact("HearingScheduled", "2026-09-07 10:00"),
                reference=using(notice)).clocks == []  # fmt: skip


def test_the_day_of_an_event_at_midnight_is_the_day_that_begins():
    """Where business ends at 24:00 that instant is a close as well, of the day before."""
    notice = kind(budget=2, before="hearing_at", start="HearingScheduled", stop="HearingNotified")
    always = build([], Hours((((0, 1440),),) * 7))
    rules = replace(using(notice), calendars={"": always})
    scheduled = fact("HearingScheduled", "2026-09-07 10:00", hearing_at=at("2026-09-24 00:00"))
    case = when("2026-09-08 09:00", scheduled, reference=rules)
    assert said(case.clocks[0].due_at) == "2026-09-23 00:00"
    assert [f"{x.date:%m-%d} {x.n} {x.why}" for x in explain(case.clocks[0])] == [
        "09-24 0 event_day",
        "09-23 1 workday",
        "09-22 2 workday",
    ]


def test_branches_may_count_in_units_of_their_own():
    branch = kind(budget="branch", fallback=5, per="branch_id", start="BranchReceipted")
    opened = fact(
        "ParallelGroupOpened",
        "2026-09-07 09:00",
        branches=[{"branch_id": "a", "budget": 90, "unit": "working_minute"}],
    )
    receipts = [
        fact("BranchReceipted", "2026-09-07 10:00", branch_id=b, receipt_no="1") for b in "ab"
    ]
    case = when("2026-09-07 10:30", opened, *receipts, reference=using(branch))
    assert told(case) == [
        "a 2026-09-07 10:00 running 2026-09-07 11:30",
        "b 2026-09-07 10:00 running 2026-09-14 17:00",
    ]


def test_a_last_day_of_rest_rolls_over_and_the_days_between_count_for_nothing():
    petition = kind(budget=5, unit="calendar_day", start="CaseAccepted", stop="CaseClosed")
    case = when("2026-09-08 09:00", SUBMITTED, ACCEPTED, reference=using(petition))
    assert said(case.clocks[0].due_at) == "2026-09-14 17:00"  # 9/12 is a Saturday
    assert [f"{x.date:%m-%d} {x.n} {x.why}" for x in explain(case.clocks[0])][-3:] == [
        "09-12 5 weekend",
        "09-13 5 rolled",
        "09-14 5 rolled",
    ]
    for closed, consumed, outcome in (
        ("2026-09-14 16:00", 5, "on_time"),
        ("2026-09-16 09:00", 6, "late"),
        ("2026-09-11 09:00", 3, "early"),
    ):
        ended = (SUBMITTED, ACCEPTED, fact("CaseClosed", closed))
        clock = when("2026-09-30 09:00", *ended, reference=using(petition)).clocks[0]
        assert (clock.consumed, clock.outcome) == (consumed, outcome)
        assert sum(line.used for line in explain(clock)) == clock.consumed


def test_national_days_know_nothing_of_a_hall_s_own_days():
    shut = [Override(date(2026, 9, 8), (), "停电")]
    national = build([*NATIONAL_DAY, *MAKE_UP], version="cn")
    hall = build([*NATIONAL_DAY, *MAKE_UP], overrides=shut, version="hall")
    law = kind("law", 1, start="CaseAccepted", days="national")
    own = kind("own", 1, start="CaseAccepted")
    reference = replace(using(law, own), calendars={"": national, "sujiatun": hall})
    case = when("2026-09-07 12:00", SUBMITTED, ACCEPTED, reference=reference)
    assert [(c.kind, said(c.due_at)) for c in case.clocks] == [
        ("law", "2026-09-08 17:00"),
        ("own", "2026-09-09 17:00"),
    ]
    assert isinstance(reference, Reference)


# --- pauses and extensions -----------------------------------------------------------------------

HELD = kind("held", start="CaseAccepted", stop="DecisionMade", pause_grounds=GROUNDS)
BRANCH = kind(
    "branch", start="BranchReceipted", stop="BranchOpined DecisionMade", per="branch_id",
    pause_grounds=GROUNDS,
)  # fmt: skip


def pause(when_, ground="hearing", notice="听告1号", **more):
    return fact("ClockExclusionStarted", when_, ground=ground, written_notice_no=notice, **more)


def test_a_pause_without_the_number_of_its_notice_stops_nothing():
    case = when(
        "2026-09-09 09:00", SUBMITTED, ACCEPTED, pause("2026-09-08 10:00", notice=""),
        reference=using(HELD),
    )  # fmt: skip
    assert case.clocks[0].state == "running"
    assert flags(case) == ["pause_without_notice"]


def test_a_clock_that_no_law_lets_pause_runs_on_and_blames_nobody():
    never = kind("never", start="CaseAccepted")
    case = when(
        "2026-09-09 09:00", SUBMITTED, ACCEPTED, pause("2026-09-08 10:00"),
        reference=using(HELD, never),
    )  # fmt: skip
    assert [c.state for c in case.clocks] == ["paused", "running"]
    assert flags(case) == []


def test_a_pause_of_a_branch_holds_that_branch_and_the_case():
    receipts = [
        fact("BranchReceipted", f"2026-09-07 {h}:00", branch_id=b)
        for b, h in (("a", 11), ("b", 12))
    ]
    held = (SUBMITTED, ACCEPTED, *receipts, pause("2026-09-08 10:00", branch_id="a"))
    case = when("2026-09-09 09:00", *held, reference=using(HELD, BRANCH))
    assert [(c.kind, c.key, c.state) for c in case.clocks] == [
        ("held", "", "paused"),
        ("branch", "a", "paused"),
        ("branch", "b", "running"),
    ]
    other = fact("ClockExclusionEnded", "2026-09-09 10:00", ground="hearing", branch_id="b")
    right = fact("ClockExclusionEnded", "2026-09-10 10:00", ground="hearing", branch_id="a")
    case = when("2026-09-09 12:00", *held, other, reference=using(HELD, BRANCH))
    assert case.clocks[0].state == "paused"
    assert flags(case) == ["resumed_without_pause"]
    case = when("2026-09-10 12:00", *held, right, reference=using(HELD, BRANCH))
    assert [c.state for c in case.clocks] == ["running"] * 3
    assert case.view.status == "accepted"


def test_time_upstream_is_held_branch_by_branch():
    up = [fact("ForwardedUp", "2026-09-08 10:00", authority="省厅", branch_id=b) for b in "ab"]
    back = fact("UpstreamReplied", "2026-09-09 10:00", authority="省厅", branch_id="a")
    rest = fact("UpstreamReplied", "2026-09-10 10:00", authority="省厅", branch_id="b")
    half = when("2026-09-09 12:00", SUBMITTED, ACCEPTED, *up, back, reference=using(HELD))
    assert (half.clocks[0].state, half.view.status) == ("paused", "upstream")
    whole = when("2026-09-10 12:00", SUBMITTED, ACCEPTED, *up, back, rest, reference=using(HELD))
    # the 7th is the start day, the 8th and 9th were upstream: 10, 11, 14, 15, 16
    assert (whole.clocks[0].state, said(whole.clocks[0].due_at)) == ("running", "2026-09-16 17:00")


def test_a_pause_resumed_in_the_evening_leaves_the_next_day():
    days = kind(budget=2, unit="calendar_day", start="CaseAccepted", pause_grounds=GROUNDS)
    back = fact("ClockExclusionEnded", "2026-09-10 18:00", ground="hearing")
    case = when(
        "2026-09-10 19:00", SUBMITTED, ACCEPTED, pause("2026-09-09 10:00"), back,
        reference=using(days),
    )  # fmt: skip
    assert said(case.clocks[0].due_at) == "2026-09-11 17:00"


LONGER = kind(start="CaseAccepted", stop="DecisionMade", extension=Extension(1, 3, "organ_head", 2))


@pytest.mark.parametrize(
    ("role", "granted", "due", "flagged"),
    [
        ("organ_head", "2026-09-10 10:00", "2026-09-17 17:00", []),
        ("chief_rep", "2026-09-10 10:00", "2026-09-14 17:00", ["extended_by_wrong_role"]),
        ("", "2026-09-10 10:00", "2026-09-14 17:00", ["extended_by_wrong_role"]),
        ("organ_head", "2026-09-15 10:00", "2026-09-14 17:00", ["extended_after_due"]),
    ],
)
def test_an_extension_needs_its_approver_before_expiry(role, granted, due, flagged):
    more = fact("ExtensionGranted", granted, days=9, approver_role=role)
    case = when("2026-09-15 12:00", SUBMITTED, ACCEPTED, more, reference=using(LONGER))
    assert said(case.clocks[0].due_at) == due
    assert flags(case) == flagged
    told_days = [o.data["days"] for o in case.outputs.values() if o.type == "ClockExtended"]
    assert told_days == ([3] if not flagged else [])


def test_an_extension_asked_for_too_late_is_flagged_and_counts():
    asked = [
        fact("ExtensionRequested", day, days=3) for day in ("2026-09-10 17:00", "2026-09-11 09:00")
    ]
    more = fact("ExtensionGranted", "2026-09-11 10:00", days=3, approver_role="organ_head")
    for ask, flagged in zip(asked, ([], ["extension_asked_late"]), strict=True):
        case = when("2026-09-12 12:00", SUBMITTED, ACCEPTED, ask, more, reference=using(LONGER))
        assert said(case.clocks[0].due_at) == "2026-09-17 17:00"
        assert flags(case) == flagged


# --- reopening -----------------------------------------------------------------------------------

CLOSING = kind(start="CaseAccepted", stop=" ".join(STOPS), governs=1, ladder="promise")
REOPENED = fact("CaseReopened", "2026-09-14 10:00", cause="quality")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ["- 2026-09-07 10:00 running 2026-09-14 17:00"]),
        # used: 8 and 9; left: 14, 15, 16
        ({"reopen_mode": "continue_minus_closed"}, ["- 2026-09-07 10:00 running 2026-09-16 17:00"]),
        ({"reopen_by_cause": {"quality": "new_clock"}},
         ["- 2026-09-07 10:00 stopped 2026-09-14 17:00",
          "- 2026-09-14 10:00 running 2026-09-20 17:00"]),
        ({"reopen_by_cause": {"correction": "new_clock"}},
         ["- 2026-09-07 10:00 running 2026-09-14 17:00"]),
    ],
)  # fmt: skip
def test_a_reopened_case_is_counted_as_its_policy_says(policy, expected):
    case = when(
        "2026-09-14 12:00", SUBMITTED, ACCEPTED, DECIDED, REOPENED,
        reference=using(CLOSING, **policy),
    )  # fmt: skip
    assert told(case) == expected
    assert case.governing is case.clocks[-1]


def test_the_closed_stretch_is_told_day_by_day():
    ended = fact("DecisionMade", "2026-09-17 10:00", decision="approved")
    case = when(
        "2026-09-30 12:00", SUBMITTED, ACCEPTED, DECIDED, REOPENED, ended,
        reference=using(CLOSING, reopen_mode="continue_minus_closed"),
    )  # fmt: skip
    clock = case.clocks[0]
    assert [s.kind for s in clock.segments] == ["counted", "closed", "counted"]
    assert [f"{x.date:%m-%d} {x.n} {x.why}" for x in explain(clock)] == [
        "09-07 0 start_day",
        "09-08 1 workday",
        "09-09 2 workday",
        "09-10 2 closed",
        "09-11 2 closed",
        "09-12 2 weekend",
        "09-13 2 weekend",
        "09-14 3 workday",
        "09-15 4 workday",
        "09-16 5 workday",
        "09-17 5 not_closed",
    ]
    assert clock.consumed == 5
    assert "ClockPaused" not in {o.type for o in case.outputs.values()}


def test_a_clock_that_something_else_had_stopped_stays_stopped():
    precheck = kind(start="CaseSubmitted", stop="CaseAccepted CaseClosed")
    case = when(
        "2026-09-14 12:00", SUBMITTED, ACCEPTED, DECIDED, REOPENED, reference=using(precheck)
    )
    assert told(case) == ["- 2026-09-07 09:00 stopped 2026-09-14 17:00"]


def test_a_clock_may_end_late_outside_business_hours_without_a_working_minute_of_delay():
    evening = fact("DecisionMade", "2026-09-14 18:00", decision="approved")
    clock = when("2026-09-15 09:00", SUBMITTED, ACCEPTED, evening, reference=using(CLOSING)).clocks[
        0
    ]
    assert (clock.outcome, clock.late_minutes(clock.stopped_at)) == ("late", 0)


# --- data ----------------------------------------------------------------------------------------


def test_a_policy_may_name_only_fields_that_a_worker_keeps():
    good = {"kind": "x", "budget": 1, "start": ["StepAssigned"], "stop": ["StepCompleted"]}
    ClockModel.model_validate({**good, "per": "step"})
    for bad in ({"per": "colour"}, {"when": {"colour": ["red"]}}, {"budget": "fact.colour"}):
        with pytest.raises(ValidationError, match="no rule reads field colour"):
            ClockModel.model_validate({**good, **bad})


# --- after the end -------------------------------------------------------------------------------

CHASE = kind(
    start="ForwardedUp UpstreamChased",
    stop="UpstreamChased UpstreamReplied DecisionMade",
    repeats=True,
)
REVIEW = kind(start="NegativeReviewOpened", stop="ReviewRectified CaseClosed", repeats=True)
ORDER = kind(
    unit="instant", start="RectificationOrdered", stop="RectificationSubmitted", repeats=True
)


def test_what_also_stops_its_kind_starts_nothing_on_a_decided_case():
    chased = fact("UpstreamChased", "2026-09-14 10:00", authority="省厅")
    case = when("2026-11-01 09:00", SUBMITTED, ACCEPTED, DECIDED, chased, reference=using(CHASE))
    assert [c.state for c in case.clocks] == ["stopped"]
    again = fact("CaseReopened", "2026-09-11 10:00", cause="quality")
    case = when(
        "2026-11-01 09:00", SUBMITTED, ACCEPTED, DECIDED, again, chased, reference=using(CHASE)
    )
    assert [c.state for c in case.clocks] == ["running"]


def test_a_bad_review_of_a_closed_case_is_a_new_matter():
    closed = fact("CaseClosed", "2026-09-11 10:00")
    review = fact("NegativeReviewOpened", "2026-09-14 10:00", review_id="r1")
    case = when("2026-09-15 09:00", SUBMITTED, ACCEPTED, closed, review, reference=using(REVIEW))
    assert [c.state for c in case.clocks] == ["running"]


def test_an_order_without_a_date_leaves_the_date_that_was_set():
    first = fact("RectificationOrdered", "2026-09-08 10:00", due_at=at("2026-09-18 17:00"))
    vague = fact("RectificationOrdered", "2026-09-09 10:00")
    case = when("2026-09-15 09:00", SUBMITTED, first, vague, reference=using(ORDER))
    assert told(case) == ["- 2026-09-08 10:00 running 2026-09-18 17:00"]
