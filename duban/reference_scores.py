"""Score policies in reference files and events: their shape, and the value that the rules use."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from duban import avro
from duban.avro import EventSchema
from duban.case import RULES_READ
from duban.causes import DERIVED, NOT_READ
from duban.contracts import HALL_TOPIC
from duban.events import Event
from duban.integrity import SIGNS
from duban.reference_shapes import Id, Table, Version
from duban.score_policy import Axis, Consequence, Grade, ScorePolicy, ScoreRule

OF_CASES = re.compile(
    rf"outcome:(on_time|late)|rating:[1-5]|breach:[a-z_]{{1,40}}|sign:({'|'.join(sorted(SIGNS))})"
)
OF_RANKINGS = re.compile(r"rank:([\w.-]{1,120}):(top|bottom|flag|all)")
WHEN = re.compile(r"(top|bottom|flag|worse)(:[1-9][0-9]?)?|grade:.{1,40}")
DAYS = frozenset({"days", "expected_days", "saved_days"})
NUMBERS = DAYS | {"level"}  # of facts of cases
NUMBERS_OF = {"rating": frozenset({"level"}), "outcome": DAYS}  # where not all of them can be
COUNTABLE = ("int", "long", "double", "boolean")  # types of Avro; of facts of halls
OF_PLACES = frozenset({"score"})  # what a rule may read of a place in a ranking
FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
AxisId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class ScoreRuleModel(Table):
    """Points for one kind of cause: `duban.score_policy.ScoreRule`."""

    rule_id: Id
    on: str
    points: float
    source: str = ""
    where: dict[FieldName, str] = Field(default_factory=dict)
    per: FieldName | Literal[""] = ""
    axis: AxisId | Literal[""] = ""

    @field_validator("on")
    @classmethod
    def _known(cls, on: str) -> str:
        of_hall = on in avro.newest() and avro.newest()[on].topic == HALL_TOPIC
        if not (of_hall or OF_CASES.fullmatch(on) or OF_RANKINGS.fullmatch(on)):
            raise ValueError(
                "on is outcome:on_time, outcome:late, rating:1 … rating:5, breach:CLOCK, sign:SIGN,"
                " a type of hall facts, or rank:POLICY:top, bottom, flag or all"
            )
        return on

    @model_validator(mode="after")
    def _fields_are_there(self) -> "ScoreRuleModel":
        found = avro.newest().get(self.on)
        of_case = RULES_READ if OF_CASES.fullmatch(self.on) else OF_PLACES
        derived = DERIVED.get(self.on, frozenset())
        of_hall = frozenset(found.own if found else ()) | derived
        fields = of_hall - NOT_READ if found else of_case
        if unknown := sorted({*self.where, self.per} - fields - {""}):
            raise ValueError(f"no rule reads field {', '.join(unknown)} of {self.on}")
        of_kind = NUMBERS_OF.get(self.on.partition(":")[0], NUMBERS | OF_PLACES)
        numbers = _numbers(found) | derived if found else of_kind
        if self.per and self.per not in numbers:
            raise ValueError(f"{self.per} of {self.on} is no number that points go by")
        return self


def _numbers(schema: EventSchema) -> frozenset[str]:
    """Fields that points can go by: numbers, and truth, which counts one. An instant is none."""
    types = {f["name"]: f["type"] for f in schema.fields}
    unions = {name: t if isinstance(t, list) else [t] for name, t in types.items()}
    return frozenset(name for name, ts in unions.items() if any(t in COUNTABLE for t in ts))


class AxisModel(Table):
    """A part of the score: `duban.score_policy.Axis`."""

    axis: AxisId
    name: str = Field("", max_length=100)
    at_most: float = Field(0.0, ge=0)
    how: Literal["sum", "mean"] = "sum"
    weight: float = 1.0


class GradeModel(Table):
    """A grade and the lowest score that has it."""

    name: str = Field(min_length=1, max_length=40)
    at_least: float = Field(alias="from")


class ConsequenceModel(Table):
    """What a side or a grade leads to: `duban.score_policy.Consequence`."""

    when: Annotated[str, Field(pattern=WHEN.pattern.join(("^(?:", ")$")))]
    measure: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    scope: Literal["", "hall", "city", "press", "system"] = ""


class ScoreModel(Version):
    """A version of a score policy: `duban.score_policy.ScorePolicy`."""

    policy_id: Id = "window-month"
    name: str = Field("", max_length=100)
    subject: Literal["window", "staff", "chief_rep", "branch", "hall"] = "window"
    period: Literal["month", "quarter", "half", "year"] = "month"
    base: float = 100.0
    maximum: float = 110.0
    minimum: float = 0.0
    minimum_n: int = Field(1, ge=0, le=100_000)
    top: int = Field(3, ge=0, le=1000)
    bottom: int = Field(3, ge=0, le=1000)
    flags: int = Field(1, ge=0, le=1000)
    axes: list[AxisModel] = Field(default_factory=list)
    grades: list[GradeModel] = Field(default_factory=list)
    measures: list[ConsequenceModel] = Field(default_factory=list)
    rules: list[ScoreRuleModel]

    @model_validator(mode="after")
    def _whole(self) -> "ScoreModel":
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is above maximum {self.maximum:g}")
        for what, names in (
            ("axis", [axis.axis for axis in self.axes]),
            ("rule", [rule.rule_id for rule in self.rules]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{what} {', '.join(twice)} is defined twice")
        named = {rule.axis for rule in self.rules} - {""}
        if unknown := sorted(named - {axis.axis for axis in self.axes}):
            raise ValueError(f"rules name axis {', '.join(unknown)}: there is none")
        grades = {grade.name for grade in self.grades}
        asked = {m.when.removeprefix("grade:") for m in self.measures if m.when[:6] == "grade:"}
        if unknown := sorted(asked - grades):
            raise ValueError(f"measures name grade {', '.join(unknown)}: there is none")
        return self


def score_policy(event: Event) -> ScorePolicy:
    """The value of a `ScorePolicyPublished`."""
    data = event.data
    plain = (
        "version effective_from base maximum policy_id name subject period minimum minimum_n top"
        " bottom flags"
    )
    return ScorePolicy(
        rules=tuple(ScoreRule(**rule) for rule in data["rules"]),
        published_at=event.occurred_at,
        axes=tuple(Axis(**axis) for axis in data.get("axes", ())),
        grades=tuple(Grade(g["name"], g["from"]) for g in data.get("grades", ())),
        measures=tuple(Consequence(**m) for m in data.get("measures", ())),
        **{name: data[name] for name in plain.split() if name in data},
    )
