"""Figures with one definition each: rates with an interval, changes, compression, gaps.

Every rate keeps its numerator and denominator; a mean is a sum over a sum, so that figures of
months or windows add up. SQL in `projections/metrics` says the same; tests hold the two together.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

Z95 = 1.959964  # 95 % of a normal distribution lie within this many deviations of its mean


class Interval(NamedTuple):
    """Bounds of what a sample allows to be said."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies within."""
        return self.low <= value <= self.high


class Rate(NamedTuple):
    """A share of a whole, which are always shown with it."""

    part: float = 0
    whole: float = 0

    @property
    def value(self) -> float | None:
        """The share; none of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> Interval | None:
        """95 % Wilson interval, which stays within 0 and 1 for small samples too."""
        return wilson(self.part, self.whole)


def pooled(rates: Iterable[Rate]) -> Rate:
    """Sum over sum: the rate of all together, never the mean of rates."""
    found = list(rates)
    return Rate(sum(r.part for r in found), sum(r.whole for r in found))


def wilson(part: float, whole: float, z: float = Z95) -> Interval | None:
    """Wilson score interval of a share (E. B. Wilson, 1927)."""
    if not whole:
        return None
    share, square = part / whole, z * z
    middle = share + square / (2 * whole)
    reach = z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    scale = 1 + square / whole
    return Interval(max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


class Gap(NamedTuple):
    """Difference of two rates with its 95 % interval; `differs` where the interval leaves out 0."""

    value: float
    interval: Interval

    @property
    def differs(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        return not self.interval.holds(0.0)


def gap(one: Rate, other: Rate) -> Gap | None:
    """The first rate less the second, with Newcombe's hybrid score interval (R. Newcombe, 1998);
    none where one of them is a rate of nothing."""
    first, second = one.interval, other.interval
    if first is None or second is None or one.value is None or other.value is None:
        return None
    value = one.value - other.value
    below = math.hypot(one.value - first.low, second.high - other.value)
    above = math.hypot(first.high - one.value, other.value - second.low)
    return Gap(value, Interval(value - below, value + above))


def change(now: float, before: float) -> float | None:
    """Change over an earlier figure, as a share of it (同比, 环比); none where it was nothing."""
    return now / before - 1 if before else None


class Term(NamedTuple):
    """What an item promises, and what it is compared with: days allowed by law (`statutory`), by
    the city or another upper authority (`upper`), or the promise before (`previous`)."""

    promise: int
    base: int | None


class Compression(NamedTuple):
    """承诺时限压缩率 Σ(base − promise) ÷ Σ base over the items that have such a base."""

    cut: int
    base: int
    items: int
    without_base: int

    @property
    def rate(self) -> float | None:
        """Share of the base that was cut; none where no item has a base."""
        return self.cut / self.base if self.base else None


def compression(terms: Iterable[Term]) -> Compression:
    """Days cut over days allowed. An item that promises more than its base lowers the figure."""
    found = list(terms)
    based = [(t.promise, t.base) for t in found if t.base is not None]
    base = sum(allowed for _, allowed in based)
    cut = base - sum(promised for promised, _ in based)
    return Compression(cut, base, len(based), len(found) - len(based))


def parts_within(rate: str, whole: int) -> tuple[int, int]:
    """Least and greatest number of misses that a rounded percentage allows: "99.99" of 774,000 is
    39 to 116. Whole numbers alone, so that no rounding of floats decides."""
    digits = len(rate.partition(".")[2])
    scale = 2 * 100 * 10**digits  # rounding reaches half a last digit up and down
    shown = 2 * int(rate.replace(".", ""))
    most_kept = -(-whole * (shown + 1) // scale) - 1  # the upper bound itself rounds up
    least_kept = -(-whole * (shown - 1) // scale)
    return max(0, whole - most_kept), whole - least_kept
