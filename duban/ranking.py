"""Rankings: from scores to places, sides and measures. Ties share a place; order of arrival plays
no part."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from duban.periods import before
from duban.score_policy import Consequence, ScorePolicy

BELOW = "below_minimum"
GRADE = "grade:"
HONOUR = "honour"


class Contender(NamedTuple):
    """Somebody with a score, as they come into a ranking."""

    subject: str
    score: float
    points: float = 0.0
    n: int = 0
    on_time: int = 0
    late: int = 0
    ratings: int = 0
    satisfied: int = 0
    grade: str = ""


class Entry(NamedTuple):
    """A place in a ranking; 0 for whom too few points stand. `sides` holds top, bottom, flag."""

    subject: str
    place: int
    score: float
    points: float
    n: int
    on_time: int
    late: int
    ratings: int
    satisfied: int
    grade: str
    sides: tuple[str, ...]


class Measure(NamedTuple):
    """What the policy names for somebody; a person carries it out."""

    subject: str
    measure: str
    scope: str
    because: str


def rank(contenders: Iterable[Contender], policy: ScorePolicy) -> list[Entry]:
    """Places, best first, then those for whom fewer than the policy's `minimum_n` points stand.

    Top and flag are everyone placed within the first so many, bottom everyone with fewer than so
    many below; ties may make it more. Whoever is in the top is not also in the bottom.

    Source: seed 004 月评比 (前三、后三、红旗窗口); base 100, at most 110: monthly window score.
    """
    by_score = sorted(contenders, key=lambda c: (-c.score, c.subject))
    placed = [c for c in by_score if c.n >= policy.minimum_n]
    scores = sorted(c.score for c in placed)
    entries = []
    for one in placed:
        place = 1 + len(scores) - bisect_right(scores, one.score)
        sides = _sides(place, bisect_left(scores, one.score), policy)
        entries.append(_entry(one, place, sides))
    return entries + [_entry(c, 0, (BELOW,)) for c in by_score if c.n < policy.minimum_n]


def _sides(place: int, below: int, policy: ScorePolicy) -> tuple[str, ...]:
    top = place <= policy.top
    bottom = below < policy.bottom and not top
    flag = place <= policy.flags
    asked = (("top", top), ("bottom", bottom), ("flag", flag))
    return tuple(side for side, is_so in asked if is_so)


def _entry(one: Contender, place: int, sides: tuple[str, ...]) -> Entry:
    return Entry(place=place, sides=sides, **one._asdict())


class Stood(NamedTuple):
    """How somebody stood in a ranking that is published."""

    sides: Sequence[str]
    score: float


Standings = Mapping[str, Stood]  # of a published ranking, by subject


def measures(
    entries: Sequence[Entry],
    policy: ScorePolicy,
    period: str,
    published: Callable[[str], Standings | None],
) -> list[Measure]:
    """What follows from the places, and from the grades, which stand without a place too: so many
    faults need no more cases, an honour does. `published` gives the standings of an earlier period
    as they are published, None where that period is not closed."""
    found = {
        Measure(entry.subject, rule.measure, rule.scope, because)
        for rule in policy.measures
        for entry in entries
        if entry.place or (rule.when.startswith(GRADE) and rule.measure != HONOUR)
        for because in _because(rule, entry, period, published)
    }
    return sorted(found)


def _because(
    rule: Consequence, entry: Entry, period: str, published: Callable[[str], Standings | None]
) -> Iterator[str]:
    if rule.when.startswith(GRADE):
        if rule.when == GRADE + entry.grade:
            yield f"{rule.when} {period}"
        return
    side, _, rest = rule.when.partition(":")
    times = int(rest or 1)
    if side != "worse" and side not in entry.sides:
        return
    periods, last = [period], Stood(entry.sides, entry.score)
    for number in range(1, times + (side == "worse")):
        earlier = before(period, number)
        stood = (published(earlier) or {}).get(entry.subject)
        if stood is None or not _goes_on(side, stood, last):
            return
        periods.append(earlier)
        last = stood
    yield f"{side} {', '.join(reversed(periods))}"


def _goes_on(side: str, earlier: Stood, later: Stood) -> bool:
    """Whether an earlier period continues the run: on the same side, or with a better score."""
    return later.score < earlier.score if side == "worse" else side in earlier.sides
