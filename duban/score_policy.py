"""Score policies: who is scored, for what, by how much, in which period, and what follows from it.

Several run side by side. All of it is data (`schemas/reference/scores.toml`, `presets`); a weight
that no document gives says so in `source`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from duban.periods import MONTHS

DEFAULT_POLICY = "window-month"
PERSONS = ("staff", "chief_rep")
SIDES = ("top", "bottom", "flag")
EVERYBODY = "all"  # whoever is in a ranking, with a place or without


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """Points for one kind of cause: "outcome:on_time", "outcome:late", "rating:1" … "rating:5",
    "breach:KIND" of a clock, "sign:SIGN" of `duban.integrity`, a type of hall facts, or
    "rank:POLICY:top" (bottom, flag; all: whoever is in the ranking).

    The fields of the cause named in `where` must all have these values; a rating counts that
    citizens gave, unless `where` names another source. `per` names a number of the cause by which
    the points are multiplied.
    """

    rule_id: str
    on: str
    points: float
    source: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    per: str = ""
    axis: str = ""
    terms: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """What is asked of each cause."""
        rated = {"source": "mass"} if self.on.startswith("rating:") else {}
        object.__setattr__(self, "terms", tuple((rated | dict(self.where)).items()))


@dataclass(frozen=True, slots=True)
class Axis:
    """A part of the score: the sum of its points, at most `at_most` either way (0: no limit), or
    `weight` times their mean."""

    axis: str
    name: str = ""
    at_most: float = 0.0
    how: str = "sum"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the lowest score that has it."""

    name: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a side or a grade leads to. `when` is "top", "bottom", "flag", "grade:NAME", or
    "bottom:2": in the bottom two periods running; "worse:2": a lower score than the period before,
    twice running."""

    when: str
    measure: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """One version of a score policy. `by_cause` has its rules by what they are about."""

    version: str
    effective_from: int
    rules: tuple[ScoreRule, ...]
    base: float = 100.0
    maximum: float = 110.0
    published_at: int = 0
    policy_id: str = DEFAULT_POLICY
    name: str = ""
    subject: str = "window"
    period: str = "month"
    minimum: float = 0.0
    minimum_n: int = 1
    top: int = 3
    bottom: int = 3
    flags: int = 1
    axes: tuple[Axis, ...] = ()
    grades: tuple[Grade, ...] = ()
    measures: tuple[Consequence, ...] = ()
    by_cause: Mapping[str, tuple[ScoreRule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Rules by cause: looked up for every outcome and rating."""
        found: dict[str, list[ScoreRule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.on].append(rule)
        object.__setattr__(self, "by_cause", {on: tuple(rules) for on, rules in found.items()})

    def is_longer_than(self, other: str) -> bool:
        """Whether its periods are longer than those of a length: only then may it take over
        places, so that no ranking ever waits for itself."""
        return MONTHS[self.period] > MONTHS[other]

    def grade_of(self, score: float) -> str:
        """The best grade that a score reaches; "" where the policy has none."""
        reached = [g for g in self.grades if score >= g.at_least]
        return max(reached, key=lambda g: g.at_least).name if reached else ""
