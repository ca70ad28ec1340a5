"""Figures: the arithmetic of the five seeds, published intervals, laws that always hold."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban.figures import (
    Rate,
    Term,
    change,
    compression,
    gap,
    parts_within,
    pooled,
    wilson,
)

rates = st.integers(1, 5000).flatmap(
    lambda whole: st.integers(0, whole).map(lambda part: Rate(part, whole))
)


def test_thirty_days_cut_to_twenty_three_are_23_3_percent():
    """Seed 000: 审批时限由市里规定的30个工作日压缩为23个."""
    found = compression([Term(23, 30)] * 168)
    assert f"{found.rate:.1%}" == "23.3%"
    assert found.items == 168


def test_141_days_cut_of_148_are_95_percent():
    """Seed 001: 分公司 2 and 合作社 5 working days are left of 148."""
    found = compression([Term(2, 50), Term(5, 98)])
    assert (found.cut, found.base) == (141, 148)
    assert f"{found.rate:.2%}" == "95.27%"


def test_841_items_made_723_are_14_percent_less():
    assert f"{change(723, 841):.2%}" == "-14.03%"
    assert 841 - 723 == 118


@pytest.mark.parametrize("before", [25_703, 25_704])
def test_39072_cases_are_52_01_percent_more_than_the_year_before(before):
    assert f"{change(39_072, before):+.2%}" == "+52.01%"


def test_only_two_numbers_of_the_year_before_fit_52_01_percent():
    fits = [n for n in range(25_000, 26_500) if f"{change(39_072, n):+.2%}" == "+52.01%"]
    assert fits == [25_703, 25_704]


def test_99_99_percent_of_774000_allow_39_to_116_late_cases():
    assert parts_within("99.99", 774_000) == (39, 116)
    for late, fits in ((38, False), (39, True), (116, True), (117, False)):
        rate = Rate(774_000 - late, 774_000)
        # Half a last digit up: 38.7 late would already be shown as 100.00 %.
        assert (0.99985 <= rate.value < 0.99995) is fits


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(0, 10_000))
def test_numbers_that_a_percentage_allows_round_to_it(whole, hundredths):
    shown = f"{hundredths / 100:.2f}"
    least, most = parts_within(shown, whole)
    for misses in range(whole + 1):
        kept = 2 * 10_000 * (whole - misses)  # in whole numbers, half up
        rounds = (2 * hundredths - 1) * whole <= kept < (2 * hundredths + 1) * whole
        assert rounds == (least <= misses <= most)


def test_five_classes_of_six_are_thirty_honours():
    """Seed 004: 善行功德榜."""
    assert pooled(Rate(6, 6) for _ in range(5)) == Rate(30, 30)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998a, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_bounds_are_the_published_ones(part, whole, low, high):
    found = wilson(part, whole)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),  # Newcombe 1998b, table II, method 10
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_gap_bounds_are_the_published_ones(one, other, low, high):
    found = gap(Rate(*one), Rate(*other))
    assert found.interval.low == pytest.approx(low, abs=5e-5)
    assert found.interval.high == pytest.approx(high, abs=5e-5)
    assert found.differs is (low > 0 or high < 0)


@settings(deadline=None)
@given(rates)
def test_a_rate_lies_within_its_interval_and_that_within_nought_and_one(rate):
    low, high = rate.interval
    assert 0 <= low <= rate.value + 1e-12
    assert rate.value - 1e-12 <= high <= 1


@settings(deadline=None)
@given(rates, rates)
def test_a_gap_turned_round_is_its_opposite(one, other):
    found, back = gap(one, other), gap(other, one)
    assert found.value == pytest.approx(-back.value)
    assert found.interval.low == pytest.approx(-back.interval.high)
    assert found.differs == back.differs


@settings(deadline=None)
@given(st.lists(rates, min_size=1, max_size=12))
def test_a_mean_of_months_is_sum_over_sum(months):
    found = pooled(months)
    assert found.value == pytest.approx(sum(m.part for m in months) / sum(m.whole for m in months))
    values = [m.value for m in months]
    assert min(values) - 1e-12 <= found.value <= max(values) + 1e-12


def test_nothing_has_no_rate_no_interval_no_gap_and_no_change():
    assert Rate().value is None
    assert Rate().interval is None
    assert gap(Rate(), Rate(1, 2)) is None
    assert change(3, 0) is None
    assert compression([Term(5, None)]) == (0, 0, 0, 1)
    assert compression([]).rate is None


def test_a_promise_longer_than_its_base_lowers_the_compression():
    assert compression([Term(10, 20), Term(25, 20)]).rate == pytest.approx(5 / 40)


def test_more_cases_narrow_an_interval():
    small, large = Rate(9, 10).interval, Rate(900, 1000).interval
    assert math.dist(*[[large.low], [large.high]]) < math.dist(*[[small.low], [small.high]])
