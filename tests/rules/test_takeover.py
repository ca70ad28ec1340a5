"""A newer policy takes over the clocks that run: `applies_to = "open_from_now"`."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban.explain import explain
from duban.policy import ClockDef, Extension, Rung
from streams.difference import look_at
from streams.state import Held
from tests.given import (
    CASE,
    GROUNDS,
    POLICY,
    PROMISE_LADDER,
    STOPS,
    assess,
    at,
    due,
    fact,
    said,
    signals,
    told,
    when,
)
from tests.rules.test_order import LATE, MINUTES, START, facts, net, run
from tests.rules.test_versions import STARTED, having, promised

DAY = "2026-10-14"


def taking_over(days: int, on: str = DAY, version: str = "2", **more):
    return having(promised(days, version, on, "open_from_now", **more))


def paused(day: str):
    return fact("ClockExclusionStarted", f"{day} 10:00", ground="hearing", written_notice_no="1")


def promise(seen):
    return next(c for c in seen.clocks if c.kind == "promise")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (10, "2026-10-26 17:00"),  # one of three days used: nine of ten are left
        (2, "2026-10-14 17:00"),
        (1, "2026-10-14 17:00"),  # used up before it was known: one day is left all the same
        (3, "2026-10-15 17:00"),
    ],
)
def test_what_was_used_up_counts_against_the_new_budget(days, expected):
    """Accepted Monday 12 October, three working days; a new term from Wednesday 14 October."""
    reference = taking_over(days)
    before = when("2026-10-13 18:00", *STARTED, reference=reference)
    after = when("2026-10-14 09:00", *STARTED, reference=reference)
    assert (due(before), before.policy_version) == ("2026-10-15 17:00", "default@1")
    assert said(before.next_wake) == "2026-10-14 00:00"
    assert (due(after), after.policy_version) == (expected, "default@1+2")
    assert promise(after).policy_version == "default@1+2"
    assert promise(after).first_budget == 3


def test_a_clock_that_was_due_before_stays_due():
    reference = taking_over(30, "2026-10-19")
    seen = when("2026-10-20 09:00", *STARTED, reference=reference)
    assert due(seen) == "2026-10-15 17:00"
    assert signals(seen)[1:] == ["yellow 2026-10-15 17:00", "red 2026-10-16 17:00"]
    assert promise(seen).policy_version == "default@1"


def test_a_paused_clock_goes_on_with_what_the_new_budget_leaves():
    held = fact(
        "ClockExclusionStarted", "2026-10-13 10:00", ground="hearing", written_notice_no="1"
    )
    end = fact("ClockExclusionEnded", "2026-10-16 10:00", ground="hearing")
    seen = when("2026-10-16 12:00", *STARTED, held, end, reference=taking_over(10))
    assert due(seen) == "2026-10-29 17:00"
    waiting = when("2026-10-15 12:00", *STARTED, held, reference=taking_over(10))
    assert (promise(waiting).state, promise(waiting).budget) == ("paused", 10)


def test_grounds_of_pause_are_the_new_ones_from_then_on():
    narrow = promised(3, "2", DAY, "open_from_now")
    clocks = tuple(replace(c, pause_grounds=GROUNDS - {"hearing"}) for c in narrow.clocks)
    reference = having(replace(narrow, clocks=clocks))
    now = "2026-10-14 12:00"
    assert promise(when(now, *STARTED, paused("2026-10-13"), reference=reference)).state == "paused"
    refused = when(now, *STARTED, paused("2026-10-14"), reference=reference)
    assert promise(refused).state == "running"
    assert "pause_without_ground" in {a.code for a in refused.view.anomalies}


def test_the_ladder_is_the_new_one_from_then_on():
    early = {**POLICY.ladders, "promise": (Rung("yellow", -1), *PROMISE_LADDER[2:])}
    reference = taking_over(3, ladders=early)
    seen = when("2026-10-20 09:00", *STARTED, reference=reference)
    assert signals(seen) == ["yellow 2026-10-14 17:00", "red 2026-10-16 17:00"]
    old = when("2026-10-20 09:00", *STARTED, reference=taking_over(3))
    assert signals(old)[0] == "reminder 2026-10-14 17:00"


def test_a_rung_that_has_fired_does_not_fire_again_under_the_new_ladder():
    reference = taking_over(3, "2026-10-15")
    before = when("2026-10-14 18:00", *STARTED, reference=reference)
    after = when("2026-10-15 18:00", *STARTED, reference=reference)
    assert signals(before) == ["reminder 2026-10-14 17:00"]
    assert signals(after) == ["reminder 2026-10-14 17:00", "yellow 2026-10-15 17:00"]


def test_kinds_that_vanish_go_on_and_new_ones_start_with_facts_from_then_on():
    wanted = promised(10, "2", DAY, "open_from_now")
    survey = ClockDef("survey", 2, "working_day", ("StepAssigned",), STOPS)
    review = ClockDef("review", 2, "working_day", ("CaseAccepted",), STOPS)
    newer = replace(wanted, clocks=(wanted.clocks[0], survey, review))
    before, after = (fact("StepAssigned", day, step="survey") for day in
                     ("2026-10-13 10:00", "2026-10-15 10:00"))  # fmt: skip
    seen = when("2026-10-16 12:00", *STARTED, before, after, reference=having(newer))
    kinds = {c.kind: (said(c.anchor.occurred_at), c.policy_version) for c in seen.clocks}
    assert kinds == {
        "promise": ("2026-10-12 10:00", "default@1+2"),
        "statutory": ("2026-10-12 10:00", "default@1"),
        "survey": ("2026-10-15 10:00", "default@2"),
    }


def test_a_clock_that_starts_after_the_day_is_wholly_under_the_new_version():
    order = fact("CaseSubmitted", "2026-10-12 09:00", item_code="sign")
    newer = promised(10, "2", DAY, "open_from_now")
    started = fact("StepAssigned", "2026-10-14 10:00", step="x")
    base = replace(POLICY, clocks=(
        ClockDef("step", 3, "working_day", ("StepAssigned",), STOPS),))  # fmt: skip
    newer = replace(newer, clocks=(
        ClockDef("step", 7, "working_day", ("StepAssigned",), STOPS),))  # fmt: skip
    reference = replace(having(newer), policies={"default": (base, newer)})
    seen = when("2026-10-14 12:00", order, started, reference=reference)
    assert [(c.budget, c.policy_version) for c in seen.clocks] == [(7, "default@2")]


def test_an_extension_that_was_granted_stays():
    longer = replace(promised(3, "2", "2026-10-20", "open_from_now"), clocks=tuple(
        replace(c, budget=30, extension=Extension(1, 15, "mayor")) if c.kind == "statutory" else c
        for c in POLICY.clocks))  # fmt: skip
    granted = fact("ExtensionGranted", "2026-10-15 10:00", days=10, approver_role="organ_head")
    again = fact("ExtensionGranted", "2026-10-21 10:00", days=15, approver_role="mayor")
    seen = when("2026-10-22 09:00", *STARTED, granted, again, reference=having(longer))
    clock = next(c for c in seen.clocks if c.kind == "statutory")
    assert (clock.budget, clock.first_budget, clock.extensions) == (40, 20, 1)
    assert "extended_too_often" in {a.code for a in seen.view.anomalies}


def test_a_case_reopened_later_goes_on_under_the_new_version():
    done = fact("DecisionMade", "2026-10-13 16:00", decision="approved")
    again = fact("CaseReopened", "2026-10-16 09:00", cause="quality")
    closed = when("2026-10-15 09:00", *STARTED, done, reference=taking_over(10))
    opened = when("2026-10-16 10:00", *STARTED, done, again, reference=taking_over(10))
    assert promise(closed).policy_version == "default@1"
    assert (due(opened), promise(opened).policy_version) == ("2026-10-26 17:00", "default@1+2")


def test_another_unit_does_not_take_over_a_clock_that_runs():
    newer = promised(600, "2", DAY, "open_from_now")
    clocks = tuple(replace(c, unit="working_minute") for c in newer.clocks)
    seen = when("2026-10-14 12:00", *STARTED, reference=having(replace(newer, clocks=clocks)))
    assert due(seen) == "2026-10-15 17:00"
    assert promise(seen).policy_version == "default@1"


def test_minutes_are_taken_over_to_the_millisecond():
    started = (
        fact("CaseSubmitted", "2026-10-13 16:30", item_code="firm"),
        fact("CaseAccepted", "2026-10-13 16:30"),
    )
    newer = promised(100, "2", DAY, "open_from_now")
    clocks = tuple(replace(c, unit="working_minute") for c in newer.clocks if c.kind == "promise")
    reference = having(replace(newer, clocks=clocks))
    seen = when("2026-10-14 09:05", *started, reference=reference)
    assert due(seen) == "2026-10-14 10:10"  # 30 of 100 minutes were used the day before


def test_two_versions_take_over_in_turn_and_a_recompute_wipes_them_out():
    ten = promised(10, "2", DAY, "open_from_now")
    five = promised(5, "10", "2026-10-16", "open_from_now")
    seen = when("2026-10-16 09:00", *STARTED, reference=having(ten, five))
    assert (due(seen), promise(seen).policy_version) == ("2026-10-19 17:00", "default@1+2+10")
    wiped = promised(4, "11", "2026-10-16", "open_recompute")
    seen = when("2026-10-16 09:00", *STARTED, reference=having(ten, wiped))
    assert (due(seen), promise(seen).policy_version) == ("2026-10-16 17:00", "default@11")
    moved = [o.data for o in
             when("2026-10-16 09:00", *STARTED, reference=having(ten, five)).outputs.values()
             if o.type == "ClockSuperseded" and o.data["kind"] == "promise"]  # fmt: skip
    assert [(d["policy_version"], said(d["old_due"]), said(d["new_due"])) for d in moved] == [
        ("default@1+2", "2026-10-15 17:00", "2026-10-26 17:00"),
        ("default@1+2+10", "2026-10-26 17:00", "2026-10-19 17:00"),
    ]


def test_a_takeover_is_said_once_and_taken_back_when_the_case_had_ended_before():
    held = Held(CASE, "sujiatun", "default")
    reference = taking_over(10)

    def superseded(now, cause, *facts):
        held.facts = told(*facts)
        _, events = look_at(held, reference, at(now), cause)
        held.version += 1
        return [
            (e.data["reason"], said(e.data["old_due"]), said(e.data["new_due"]))
            for e in events
            if e.type == "ClockSuperseded" and e.data["kind"] == "promise"
        ]

    done = fact("DecisionMade", "2026-10-13 12:00", recorded="2026-10-14 12:00")
    assert superseded("2026-10-13 09:00", STARTED[1].event_id, *STARTED) == []
    moved = ("policy", "2026-10-15 17:00", "2026-10-26 17:00")
    assert superseded("2026-10-14 00:00", "timer", *STARTED) == [moved]
    assert superseded("2026-10-14 09:00", "timer", *STARTED) == []
    back = ("late_event", "2026-10-26 17:00", "2026-10-15 17:00")
    assert superseded("2026-10-14 12:00", done.event_id, *STARTED, done) == [back]


NEWER = (
    promised(5, "2", "2026-10-05", "open_from_now"),
    promised(8, "3", "2026-10-12 12:00", "open_recompute", published_at=at("2026-10-20")),
    promised(2, "4", "2026-10-19", "open_from_now", published_at=at("2026-10-16")),
    promised(1, "5", "2026-10-26", "new_only"),
    promised(20, "6", "2026-11-02", "open_from_now"),
)
REFERENCE = having(*NEWER)


@settings(max_examples=200, deadline=None)
@given(st.data(), facts())
def test_order_of_arrival_and_moments_of_looking_do_not_matter(data, made):
    arrivals = data.draw(st.permutations([*made, *data.draw(st.lists(st.sampled_from(made)))]))
    moments = st.lists(MINUTES, min_size=len(arrivals), max_size=len(arrivals))
    turns = sorted(START + m * 60_000 for m in data.draw(moments))
    state, events = run(arrivals, turns, REFERENCE)
    plain_state, plain_events = run(made, [LATE] * len(made), REFERENCE)
    assert state == plain_state
    assert net(events) == net(plain_events)


@settings(max_examples=200, deadline=None)
@given(facts(), st.sampled_from(NEWER), st.sampled_from(NEWER))
def test_explain_sums_to_what_was_consumed_and_no_rung_fires_twice(made, one, other):
    reference = having(*{p.version: p for p in (one, other)}.values())
    seen = assess(CASE, "sujiatun", told(*made), reference, LATE)
    for clock in seen.clocks:
        if clock.stopped_at is not None and clock.unit != "instant":
            assert sum(line.used for line in explain(clock)) == clock.consumed
        assert clock.first_budget > 0 or clock.unit == "instant"
    rungs = [(o.data["clock_id"], o.data["rung"], o.data["due_at"]) for o in seen.outputs.values()
             if o.type == "SignalRaised"]  # fmt: skip
    assert len(rungs) == len(set(rungs))
