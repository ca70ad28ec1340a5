"""Rankings: from sums of points to places. Ties share a place; order of arrival plays no part."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Standing(NamedTuple):
    """A subject's place in one period. `score` is base plus points, at most the maximum."""

    place: int
    subject: str
    score: float
    points: float
    n: int


def rank(
    totals: Iterable[tuple[str, float, int]],
    base: float = 100.0,
    maximum: float = 110.0,
    minimum_n: int = 1,
) -> list[Standing]:
    """Places of `(subject, points, n)`, best first; fewer than `minimum_n` causes: not ranked.

    Source: seed 004 月评比 (前三、后三); base 100, at most 110: monthly window score.
    """
    scored = [
        (subject, round(min(maximum, base + points), 4), points, n)
        for subject, points, n in totals
        if n >= minimum_n
    ]
    scored.sort(key=lambda s: (-s[1], s[0]))
    return [
        Standing(1 + sum(other[1] > s[1] for other in scored), s[0], s[1], s[2], s[3])
        for s in scored
    ]


def top(standings: Sequence[Standing], count: int = 3) -> list[Standing]:
    """前三: everyone placed within the first `count`; ties may make it more."""
    return [s for s in standings if s.place <= count]


def bottom(standings: Sequence[Standing], count: int = 3) -> list[Standing]:
    """后三: everyone with fewer than `count` below; a subject of the top is not also here."""
    best = {s.subject for s in top(standings, count)}
    return [
        s
        for s in standings
        if s.subject not in best and sum(o.score < s.score for o in standings) < count
    ]
