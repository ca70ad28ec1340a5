"""What points add up to: the sums of one subject in one period of a policy, and the score."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from duban.score_policy import Axis, ScorePolicy, ScoreRule

Rule = tuple[str, str, str]  # version of the policy, id of the rule, axis
Counters = Mapping[tuple[str, str], tuple[str, ...]]
MILLION = 1_000_000
DIGITS = 4
TOP_LEVEL = 5.0  # ratings and appraisals are levels from 1 to 5
COUNTED = {
    "outcome:on_time": ("on_time",),
    "outcome:late": ("late",),
    "rating:4": ("ratings", "satisfied"),
    "rating:5": ("ratings", "satisfied"),
}


class Total(NamedTuple):
    """What a subject's points of a period add up to; `n` is how many of them stand."""

    points: float
    n: int
    on_time: int
    late: int
    ratings: int
    satisfied: int


class Scored(NamedTuple):
    """A score by the policy of its period: what each axis gave, the grade, the version."""

    score: float
    axes: Mapping[str, float]
    grade: str
    policy_version: str


def millionths(points: float) -> int:
    """Points as a whole number: sums of floats would depend on the order of adding."""
    return round(points * MILLION)


def counters(policies: Iterable[ScorePolicy]) -> dict[str, Counters]:
    """Which counters a point moves, by its policy, its version and the rule that it names. Of rules
    that one cause fulfils all at once only the first counts it: two rules about a rating make one
    rating."""
    found: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
    for policy in policies:
        of = found.setdefault(policy.policy_id, {})
        for rule in policy.rules:
            beside = policy.by_cause[rule.on]
            of[policy.version, rule.rule_id] = () if _repeats(rule, beside) else _counted(rule)
    return dict(found)


def _repeats(rule: ScoreRule, beside: Sequence[ScoreRule]) -> bool:
    """Whether whatever fulfils a rule fulfils another one as well, which asks for less, or as much
    and stands before it. To go by a number asks for that number."""
    asked, place = _asked(rule), beside.index(rule)
    return any(
        _asked(other) < asked or (_asked(other) == asked and number < place)
        for number, other in enumerate(beside)
    )


def _asked(rule: ScoreRule) -> set[tuple[str, str]]:
    """What a rule asks of its cause beyond being it: rating:5 is of level 5."""
    said = {("level", rule.on.removeprefix("rating:"))}
    return {*rule.terms, *((("per", rule.per),) if rule.per else ())} - said


def _counted(rule: ScoreRule) -> tuple[str, ...]:
    """Peers and leaders who rate are no citizens; nor is a rating multiplied one of several."""
    if rule.on.startswith("rating:"):
        if rule.where.get("source", "mass") != "mass":
            return ()
        return COUNTED.get(rule.on, ("ratings",))
    return COUNTED.get(rule.on, ())


class Tally:
    """Points of one subject and period, summed for each rule that they name, so that what is
    counted can be said anew when reference data brings a version that was not known."""

    def __init__(self, sums: Mapping[Rule, tuple[int, int]] | None = None) -> None:
        self._sums = dict(sums or {})  # points that stand, and their millionths

    def __bool__(self) -> bool:
        """Whether any point was added."""
        return bool(self._sums)

    @property
    def stands(self) -> bool:
        """Whether any point stands: of one that was taken back nothing does."""
        return any(count for count, _ in self._sums.values())

    def copy(self) -> Self:
        """The same sums, to be added to apart."""
        return type(self)(self._sums)

    def add(self, rule: Rule, points: int, standing: int) -> None:
        """Add millionths of points; `standing` is 1 for a posting, -1 for one that takes back."""
        count, before = self._sums.get(rule, (0, 0))
        self._sums[rule] = count + standing, before + points

    def total(self, counts: Counters) -> Total:
        """The sums. A point whose policy version is not in `counts` adds its points and is among
        `n`, but moves no other counter. A count is never below zero, though a point may be taken
        back before it is known itself."""
        found = dict.fromkeys(Total._fields[2:], 0)
        for (version, rule_id, _), (count, _) in self._sums.items():
            for name in counts.get((version, rule_id), ()):
                found[name] += count
        n = sum(count for count, _ in self._sums.values())
        points = sum(points for _, points in self._sums.values()) / MILLION
        return Total(points, max(0, n), **{name: max(0, c) for name, c in found.items()})

    def scored(self, policy: ScorePolicy | None) -> Scored:
        """Base, points without axis and what each axis gives, within the policy's limits. Points
        of an axis that the policy does not have count as they are.

        A mean of nothing is no bad mark. Upon a base it gives nothing. Where there is no base, and
        means make the whole score, such an axis is absent, and the means that there are take over
        what it could have given, each in proportion to what it can give itself. Only axes of
        positive weight give anything to share.
        """
        terms = policy or ScorePolicy("", 0, ())
        known = {axis.axis: axis for axis in terms.axes}
        sums: dict[str, tuple[int, int]] = {}
        for (_, _, axis), (count, points) in self._sums.items():
            name = axis if axis in known else ""
            n, before = sums.get(name, (0, 0))
            sums[name] = n + count, before + points
        _, free = sums.pop("", (0, 0))
        present = {name: own for name, own in sums.items() if _is_present(known[name], *own)}
        best = _at_best(terms)
        share = 1.0 if terms.base else _share(best, present)
        axes = {
            name: _given(known[name], share if name in best else 1.0, *present[name])
            for name in sorted(present)
        }
        raw = terms.base + free / MILLION + sum(axes.values())
        score = round(max(terms.minimum, min(terms.maximum, raw)), DIGITS)
        shown = {name: round(value, 6) for name, value in axes.items()}
        return Scored(score, shown, terms.grade_of(score), terms.version)


def _is_present(axis: Axis, n: int, points: int) -> bool:
    """Whether anything of an axis stands. A sum counts also what was taken back before it came."""
    return n > 0 or (axis.how == "sum" and points != 0)


def _share(best: Mapping[str, float], present: Container[str]) -> float:
    """By how much more the means that there are weigh: 1 where none is absent."""
    there = sum(most for name, most in best.items() if name in present)
    return sum(best.values()) / there if there else 1.0


def _at_best(policy: ScorePolicy) -> Mapping[str, float]:
    """What each mean can give: its limit, or where it has none, what the best cause for it earns.
    One that can only take away has no part that others could take over."""
    best = {}
    for axis in policy.axes:
        earned = (r.points * _most(r.per) for r in policy.rules if r.axis == axis.axis)
        most = max(earned, default=TOP_LEVEL)
        if axis.how == "mean" and axis.weight > 0 and most > 0:
            best[axis.axis] = axis.at_most or axis.weight * most
    return best


def _most(per: str) -> float:
    """The most that a field multiplies points by; of one without a limit, as much as a level."""
    return 1.0 if per in ("", "share") else TOP_LEVEL


def _given(axis: Axis, share: float, n: int, points: int) -> float:
    """What an axis gives; a mean that shares gives `share` times what it would if none were
    absent, and takes no more than it would then."""
    value = points / MILLION
    if axis.how == "mean":
        value = axis.weight * value / n
    if axis.at_most:
        value = max(-axis.at_most, min(axis.at_most, value))
    return value * share if value > 0 else value
