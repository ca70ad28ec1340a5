"""What electronic supervision scores of a case: terms that ran out, and signs about its record."""

from dataclasses import replace

import pytest

from duban.policy import ClockDef
from duban.score_policy import ScorePolicy, ScoreRule
from tests.given import REFERENCE, at, fact, when
from tests.rules.test_clocks import ACCEPTED, SUBMITTED

STEP = ClockDef("step", 1, "working_day", ("StepAssigned",), ("StepCompleted",), per="step")
SURVEY = fact("StepAssigned", "2026-09-28 10:00", step="survey", org="planning", staff="s1")
SURVEYED = fact("StepCompleted", "2026-09-30 09:00", step="survey")
IN_TIME = fact("DecisionMade", "2026-09-30 10:00", decision="approved")
NOTICES = [fact("OneTimeNoticeIssued", f"2026-09-29 1{h}:00", items=[]) for h in range(3)]
RULES = (
    ScoreRule("step-late", "breach:step", -1.0),
    ScoreRule("survey-late", "breach:step", -2.0, where={"step": "survey"}),
    ScoreRule("other-late", "breach:step", -4.0, where={"step": "seal"}),
    ScoreRule("promise-late", "breach:promise", -8.0),
    ScoreRule("told-twice", "sign:repeat_notice", -16.0),
)
END = "2026-10-08 09:00"


def assessed(
    *facts, subject="window", now=END, clock=STEP, rules=RULES, item=None, limits=None
):  # fmt: skip
    """A case under a policy of points that has these rules."""
    [policy] = REFERENCE.policies["default"]
    terms = replace(policy.integrity, **limits or {})
    policy = replace(policy, clocks=(*policy.clocks, clock), integrity=terms)
    reference = replace(
        REFERENCE,
        items=REFERENCE.items | ({"sign": (item,)} if item else {}),
        policies={"default": (policy,)},
        scores=(ScorePolicy("1", 0, rules, subject=subject),),
    )
    begun = [SUBMITTED, ACCEPTED]
    if item:
        begun = [f._replace(actor=f.actor._replace(window_id=item.window_id)) for f in begun]
    return when(now, *begun, *facts, reference=reference)


def earned(*facts, **more):
    """Rule, subject, points and instant of every point of a case."""
    case = assessed(*facts, **more)
    found = [o.data for o in case.outputs.values() if o.type == "ScorePointPosted"]
    return sorted((d["rule_id"], d["subject"], d["points"], d["at"]) for d in found)


DUE = at("2026-09-29 17:00")


def test_a_step_over_its_term_costs_though_the_promise_is_kept():
    assert earned(SURVEY, SURVEYED, IN_TIME) == [
        ("step-late", "w1", -1.0, DUE), ("survey-late", "w1", -2.0, DUE),
    ]  # fmt: skip
    assert earned(SURVEY, SURVEYED._replace(occurred_at=DUE), IN_TIME) == []


def test_it_costs_from_the_moment_the_step_has_run_out():
    assert earned(SURVEY, now="2026-09-29 17:00") == []
    assert len(earned(SURVEY, now="2026-09-29 17:01")) == 2


@pytest.mark.parametrize(
    ("more", "who"),
    [
        ([], {"s1"}),
        ([fact("StepAssigned", "2026-09-28 11:00", step="survey", org="planning", staff="s2")],
         {"s2"}),
        ([fact("StepAssigned", "2026-09-29 18:00", step="survey", org="planning", staff="s2")],
         {"s1"}),  # who took it over late is not to blame
    ],
)  # fmt: skip
def test_whoever_held_the_step_when_it_ran_out_answers_for_it(more, who):
    late = earned(SURVEY, *more, SURVEYED, IN_TIME, subject="staff")
    assert {subject for _, subject, *_ in late} == who


def test_a_step_that_nobody_is_named_for_is_no_persons():
    nobodys = SURVEY._replace(data={"step": "survey", "org": "planning"})
    decided = IN_TIME._replace(actor=IN_TIME.actor._replace(id="s9"))
    assert earned(nobodys, SURVEYED, decided, subject="staff") == []
    assert len(earned(nobodys, SURVEYED, decided)) == 2


def test_a_case_at_no_window_costs_its_hall_and_whoever_held_the_step():
    nowhere = replace(REFERENCE.items["sign"][0], window_id="")
    told = [f._replace(actor=f.actor._replace(window_id="")) for f in (SURVEY, SURVEYED, IN_TIME)]
    for subject, points in (("hall", 2), ("window", 0), ("staff", 2)):
        assert len(earned(*told, subject=subject, item=nowhere)) == points


def test_a_term_of_the_applicants_costs_nobody():
    asked = fact("SupplementRequested", "2026-09-28 11:00", items=[])
    theirs = ClockDef("supplement_wait", 1, "working_day", ("SupplementRequested",),
                      ("SupplementReceived",), side="applicant")  # fmt: skip
    rules = (ScoreRule("waits", "breach:supplement_wait", -1.0),)
    assert earned(asked, clock=theirs, rules=rules) == []
    assert len(earned(asked, clock=replace(theirs, side="organ"), rules=rules)) == 1


def test_a_pause_that_is_one_too_many_and_too_long_has_the_sign_once():
    pauses = [
        fact("ClockExclusionStarted", f"2026-09-2{day} 10:00", ground="hearing", expected_days=1,
             written_notice_no="1")
        for day in (8, 9)
    ]  # fmt: skip
    rules = (ScoreRule("pauses", "sign:pause_overrun", -1.0),)
    found = earned(*pauses, rules=rules, now="2026-12-01 09:00", limits={"pauses": 1})
    assert len(found) == 2  # the first by its days, the second by both


def test_a_notice_is_known_to_be_the_second_once_the_first_is_told():
    late = fact("OneTimeNoticeIssued", "2026-09-29 09:00", recorded="2026-11-05 09:00", items=[])
    case = assessed(late, NOTICES[0], IN_TIME)
    [point] = [o.data for o in case.outputs.values() if o.type == "ScorePointPosted"]
    assert point["at"] == NOTICES[0].occurred_at
    assert point["cause_recorded_at"] == late.recorded_at


def test_a_promise_that_ran_out_may_be_scored_as_a_term_like_any_other():
    [found] = earned(now="2026-10-09 09:00")
    assert (found[0], found[2]) == ("promise-late", -8.0)


def test_each_one_time_notice_after_the_first_costs_once():
    assert earned(NOTICES[0], IN_TIME) == []
    told_twice = earned(*NOTICES, IN_TIME)
    assert [(rule, points) for rule, _, points, _ in told_twice] == [("told-twice", -16.0)] * 2
    assert {moment for *_, moment in told_twice} == {n.occurred_at for n in NOTICES[1:]}


def test_a_notice_that_is_voided_costs_nothing():
    second = "OneTimeNoticeIssued 2026-09-29 11:00 [('items', [])]"
    void = fact("EventVoided", "2026-09-30 09:00", of=second)
    assert len(earned(*NOTICES, void, IN_TIME)) == 1
