"""The derivation of a due date is readable, and adds up to what the clock says."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from duban.explain import explain
from tests.given import at, fact, when
from tests.rules.test_clocks import ACCEPTED, PAUSED, RESUMED, SUBMITTED


def table(assessment, kind="promise"):
    clock = next(c for c in assessment.clocks if c.kind == kind)
    return [f"{x.date:%m-%d} {x.n if x.used else '-'} {x.why}" for x in explain(clock)]


def test_three_working_days_over_national_day():
    assert table(when("2026-09-28 17:00", SUBMITTED, ACCEPTED)) == [
        "09-28 - start_day",
        "09-29 1 workday",
        "09-30 2 workday",
        "10-01 - holiday",
        "10-02 - holiday",
        "10-03 - holiday",
        "10-04 - holiday",
        "10-05 - holiday",
        "10-06 - holiday",
        "10-07 - holiday",
        "10-08 3 workday",
    ]


def test_days_excluded_by_law_name_their_ground():
    lines = table(when("2026-10-09 16:00", SUBMITTED, ACCEPTED, PAUSED, RESUMED))
    assert lines[:3] == ["09-28 - start_day", "09-29 - excluded", "09-30 - excluded"]
    assert lines[-4:] == [
        "10-09 1 workday",
        "10-10 2 makeup",
        "10-11 - weekend",
        "10-12 3 workday",
    ]


@settings(deadline=None)
@given(st.integers(0, 30_000), st.integers(0, 30_000), st.integers(1, 60_000))
def test_the_days_add_up_to_what_was_consumed(pause, length, stop):
    start = at("2026-09-28 16:30")
    moves = [
        PAUSED._replace(occurred_at=start + pause * 60_000),
        RESUMED._replace(occurred_at=start + (pause + length) * 60_000),
        fact("DecisionMade", "2026-09-28 16:30", decision="approved")._replace(
            occurred_at=start + stop * 60_000
        ),
    ]
    case = when("2027-06-01 09:00", SUBMITTED, ACCEPTED, *moves)
    assume(case.clocks)
    for clock in case.clocks:
        assert sum(line.used for line in explain(clock)) == clock.consumed
