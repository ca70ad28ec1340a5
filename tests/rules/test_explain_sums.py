"""Whatever happens to a clock, of whatever unit: its days add up to what it consumed."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.explain import explain
from duban.policy import Policy
from tests.given import GROUNDS, REFERENCE, fact, when
from tests.rules.test_kinds import ITEM, kind

MINUTE = 60_000
START = "2026-09-24 16:30"
STOPS = "DecisionMade CaseClosed"
LASTING = {"start": "CaseAccepted", "stop": STOPS, "pause_grounds": GROUNDS}
KINDS = (
    kind("days", 6, **LASTING),
    kind("days_with_the_first", 6, start_day=True, **LASTING),
    kind("calendar", 9, "calendar_day", **LASTING),
    kind("calendar_with_the_first", 9, "calendar_day", start_day=True, **LASTING),
    kind("minutes", 55, "working_minute", **LASTING),
    kind("before", 3, before="hearing_at", start="HearingScheduled", stop=STOPS),
)
FACTS = (
    ("ClockExclusionStarted", {"ground": "hearing", "written_notice_no": "1"}),
    ("ClockExclusionStarted", {"ground": "inspection", "written_notice_no": "2"}),
    ("ClockExclusionEnded", {"ground": "hearing"}),
    ("ClockExclusionEnded", {}),
    ("ForwardedUp", {}),
    ("UpstreamReplied", {}),
    ("DecisionMade", {"decision": "approved"}),
    ("CaseReopened", {"cause": "quality"}),
    ("CaseReopened", {"cause": "bad_review"}),
    ("CaseReopened", {"cause": "new_material"}),
    ("CaseClosed", {}),
)
POLICY = Policy(
    "default", "1", 0, KINDS, {}, reopen_mode="continue",
    reopen_by_cause={"quality": "continue_minus_closed", "bad_review": "new_clock"},
)  # fmt: skip
RULES = replace(REFERENCE, items={"sign": (ITEM,)}, policies={"default": (POLICY,)})


@st.composite
def lives(draw):
    """A case accepted before 国庆, with up to eight facts in the weeks after."""
    begun = fact("CaseAccepted", START)
    scheduled = fact("HearingScheduled", START, hearing_at=begun.occurred_at + 19 * 86_400_000)
    facts = [begun, scheduled]
    for name, data in draw(st.lists(st.sampled_from(FACTS), max_size=8)):
        later = draw(st.integers(0, 30 * 24 * 60)) * MINUTE
        one = fact(name, START, **data)
        identity = f"{one.event_id[:-4]}{len(facts):04x}"
        facts.append(
            one._replace(occurred_at=begun.occurred_at + later, event_id=identity, digest=identity)
        )
    return facts


@settings(max_examples=200, deadline=None)
@given(lives())
def test_the_days_add_up_to_what_was_consumed_in_every_unit(facts):
    case = when("2027-06-01 09:00", *facts, reference=RULES)
    assert {c.kind for c in case.clocks} == {c.kind for c in KINDS}
    for clock in case.clocks:
        lines = explain(clock)
        total = sum(line.used for line in lines)
        if clock.definition.before:
            assert total == clock.budget
        elif clock.state == "running":
            assert total >= clock.consumed
            if not clock.breached_by(clock.segments[-1].begin) and clock.fixed_due is None:
                assert total == clock.budget
        else:
            assert total == clock.consumed
        assert [line.n for line in lines] == sorted(line.n for line in lines)
        if clock.outcome in ("early", "on_time") and clock.fixed_due is None:
            assert clock.consumed + clock.saved <= clock.budget


@settings(max_examples=200, deadline=None)
@given(lives())
def test_the_stretches_of_a_clock_follow_one_another_without_a_gap(facts):
    for clock in when("2027-06-01 09:00", *facts, reference=RULES).clocks:
        ends = [segment.end for segment in clock.segments]
        begins = [segment.begin for segment in clock.segments]
        assert begins[0] == clock.anchor.occurred_at
        assert begins[1:] == ends[:-1]
        assert (ends[-1] is None) == (clock.stopped_at is None)
