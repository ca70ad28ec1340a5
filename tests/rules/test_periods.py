"""Periods are named as people write them, and lie where the hall's clock says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.formats import FORMATS
from duban.periods import before, bounds, length_of, period_of
from tests.given import at, said

LENGTHS = ("month", "quarter", "half", "year")
INSTANTS = st.integers(at("2004-01-02 00:00"), at("2100-01-01 00:00"))


@pytest.mark.parametrize(
    ("when", "names"),
    [
        ("2026-01-01 00:00", ["2026-01", "2026-Q1", "2026-H1", "2026"]),
        ("2026-06-30 23:59", ["2026-06", "2026-Q2", "2026-H1", "2026"]),
        ("2026-07-01 00:00", ["2026-07", "2026-Q3", "2026-H2", "2026"]),
        ("2026-12-31 23:59", ["2026-12", "2026-Q4", "2026-H2", "2026"]),
    ],
)
def test_an_instant_lies_in_one_period_of_each_length(when, names):
    assert [period_of(at(when), "Asia/Shanghai", length) for length in LENGTHS] == names


@given(INSTANTS, st.sampled_from(LENGTHS), st.sampled_from(["Asia/Shanghai", "Asia/Urumqi"]))
def test_a_period_holds_its_instants_and_follows_the_one_before_it(instant, length, zone):
    period = period_of(instant, zone, length)
    begin, end = bounds(period, zone)
    assert begin <= instant < end
    assert bounds(before(period), zone)[1] == begin
    assert length_of(period) == length
    assert before(before(period), 2) == before(period, 3)
    assert FORMATS["period"][0](period)


def test_a_month_begins_at_midnight_in_the_hall():
    assert said(bounds("2026-09", "Asia/Shanghai")[0]) == "2026-09-01 00:00"
    assert said(bounds("2026-09", "Asia/Urumqi")[0]) == "2026-09-01 02:00"
    assert period_of(at("2026-10-01 00:00"), "Asia/Urumqi") == "2026-09"


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "2026-H3", "26", "2026-", "0999-01"])
def test_what_is_no_period_is_not_taken_for_one(text):
    assert not FORMATS["period"][0](text)
