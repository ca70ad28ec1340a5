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


def test_what_a_running_clock_has_used_grows_with_the_days_that_close():
    for now, used in (
        ("09-28 17:30", 0),
        ("09-29 16:59", 0),
        ("09-30 09:00", 1),
        ("10-12 09:00", 5),
    ):
        case = when(f"2026-{now}", SUBMITTED, ACCEPTED)
        clock = next(c for c in case.clocks if c.kind == "promise")
        assert clock.consumed_by(at(f"2026-{now}")) == used, now
        assert clock.consumed == 0  # what is kept reaches up to the last change


def test_a_paused_clock_uses_nothing_more():
    now = "2026-10-09 16:00"
    clock = next(c for c in when(now, SUBMITTED, ACCEPTED, PAUSED).clocks if c.kind == "promise")
    assert clock.consumed_by(at(now)) == clock.consumed
