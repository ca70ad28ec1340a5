"""Shapes of the reference files (`schemas/reference`, `duban apply DIR`), checked by pydantic.

A file may hold any of the tables below; how the files of a directory are named and split is free.
Calendars and hours are in `reference_shapes`.
"""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from duban.case import RULES_READ
from duban.events import LIFECYCLE
from duban.reference_scores import ScoreModel
from duban.reference_shapes import CalendarModel, HoursModel, Id, ShiftList, Table, Version


def _known(event_type: str) -> str:
    if event_type not in LIFECYCLE:
        raise ValueError(f"{event_type} is no fact of a case's life")
    return event_type


Unit = Literal["working_day", "working_minute", "calendar_day", "instant"]
Role = Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")]
Ground = Literal[
    "hearing", "bidding", "auction", "inspection", "testing", "quarantine", "appraisal",
    "expert_review", "upstream",
]  # fmt: skip
FactType = Annotated[str, AfterValidator(_known)]
TERM = re.compile(r"item\.(promise|statutory|upper)|step|branch|fact\.[a-z_]{1,40}")
Mode = Literal["continue", "new_clock", "continue_minus_closed"]


class StepModel(Table):
    """One step on the way to a decision."""

    step: Id
    name: str = ""
    org: str = ""
    budget: int | None = None


class MaterialModel(Table):
    """One document an applicant hands in."""

    code: Id
    name: str = ""
    required: bool = True
    copies: int = Field(1, ge=0, le=100)


class ItemModel(Version):
    """A matter that halls handle. `unit` is that of the promise; `statutory` and `upper` are in
    working days unless the policy's clock says otherwise. A term of none would have no clock: what
    is done on the spot promises minutes."""

    item_code: Id
    name: str = Field(min_length=1, max_length=400)
    item_class: Literal["approval", "service"] = Field("approval", alias="class")
    domain: str = ""
    level: str = ""
    case_class: str = "permit"
    statutory: int | None = Field(None, ge=1, le=3650)
    upper: int | None = Field(None, ge=1, le=3650)
    promise: int | None = Field(None, ge=1, le=100_000)
    unit: Unit = "working_day"
    policy_id: Id = "default"
    window_id: str = ""
    steps: list[StepModel] = Field(default_factory=list)
    materials: list[MaterialModel] = Field(default_factory=list)
    basis: list[str] = Field(default_factory=list)
    rules: str = ""
    procedure: str = ""
    in_hall: bool = True
    decides_in_hall: bool = True

    @model_validator(mode="after")
    def _kept(self) -> "ItemModel":
        limit = self.upper if self.upper is not None else self.statutory
        if self.unit == "working_day" and limit is not None and (self.promise or 0) > limit:
            raise ValueError(f"promises {self.promise} days where {limit} are allowed")
        return self


class RungModel(Table):
    """One step of a ladder: so many units after the due instant (before it when negative)."""

    level: Literal["reminder", "yellow", "red", "escalate"]
    offset: int
    unit: Literal["working_day", "working_minute"] = "working_day"
    to: list[Role] = Field(min_length=1)


class LadderModel(Table):
    """Who is told, and when, as a due instant comes near and passes."""

    rungs: list[RungModel] = Field(min_length=1)


class ExtensionModel(Table):
    """How often, by how much and by whom a clock may be extended."""

    max: int = Field(1, ge=1, le=10)
    days: int = Field(ge=1, le=3650)
    approver_role: str = ""
    ask_before: int = Field(0, ge=0)


class EffectModel(Table):
    """What follows in law from an expiry, once a person confirms it."""

    outcome: Literal["acceptance", "consent", "renewal"]
    basis: str = Field(min_length=1, max_length=400)


FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Values = dict[FieldName, list[str]]


class ClockModel(Table):
    """One kind of clock. `governs` is its rank when the case's outcome is decided; 0: never.
    `duban.policy.ClockDef` says what each field means."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    name: str = Field("", max_length=40)
    budget: int | str = 0
    fallback: int = Field(0, ge=0)
    due_field: FieldName = "due_at"
    before: FieldName | Literal[""] = ""
    per: FieldName | Literal[""] = ""
    when: Values = Field(default_factory=dict)
    stop_when: Values = Field(default_factory=dict)
    repeats: bool = False
    final: list[FactType] = Field(default_factory=list)
    start_day: bool = False
    side: Literal["organ", "applicant", "upstream"] = "organ"
    days: Literal["hall", "national"] = "hall"
    effect: EffectModel | None = None
    unit: Unit | Literal["item"] = "working_day"
    start: list[FactType] = Field(min_length=1)
    stop: list[FactType] = Field(min_length=1)
    pause_grounds: list[Ground] = Field(default_factory=list)
    extension: ExtensionModel | None = None
    ladder: str = ""
    governs: int = Field(0, ge=0, le=100)
    source: str = ""

    @model_validator(mode="after")
    def _term(self) -> "ClockModel":
        if isinstance(self.budget, str) and not TERM.fullmatch(self.budget):
            raise ValueError(
                "budget is a number, item.promise, item.statutory, item.upper, step, branch or"
                " fact.FIELD"
            )
        if self.budget == 0 and self.unit != "instant":
            raise ValueError("a clock needs a budget; only unit instant has none")
        if self.before and self.unit != "working_day":
            raise ValueError("a term before a date is counted in working days")
        if wrong := sorted({*self.final} - {*self.stop}):
            raise ValueError(f"final names {', '.join(wrong)}, which is no stop of the clock")
        return self

    @model_validator(mode="after")
    def _fields_are_kept(self) -> "ClockModel":
        """A worker keeps only the fields of facts that rules read; a clock that named another
        would never start."""
        named = {self.due_field, self.before, self.per, *self.when, *self.stop_when} - {""}
        if isinstance(self.budget, str) and self.budget.startswith("fact."):
            named.add(self.budget.removeprefix("fact."))
        if unknown := sorted(named - RULES_READ):
            raise ValueError(f"no rule reads field {', '.join(unknown)} of a fact")
        return self


class IntegrityModel(Table):
    """From where on the record of a case deserves a look: `duban.policy.Integrity`."""

    late_minutes: int = Field(420, ge=0, le=1_000_000)
    batch_facts: int = Field(3, ge=2, le=1_000)
    batch_seconds: int = Field(60, ge=0, le=86_400)
    batch_span_minutes: int = Field(420, ge=1, le=1_000_000)
    pause_days: int = Field(30, ge=1, le=3_650)
    pauses: int = Field(3, ge=1, le=1_000)


class PolicyParts(Table):
    """What a policy table may say of time; in a file some of it may be taken over by `extends`."""

    reopen_mode: Mode = "continue"
    reopen_by_cause: dict[FieldName, Mode] = Field(default_factory=dict)
    absence: EffectModel | None = None
    unreasoned: EffectModel | None = None
    integrity: IntegrityModel = IntegrityModel()
    clocks: list[ClockModel] = Field(default_factory=list)
    ladders: dict[str, LadderModel] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_kind_once(self) -> Self:
        kinds = [clock.kind for clock in self.clocks]
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise ValueError(f"clock {kind} is defined twice")
        return self


class PolicyBody(PolicyParts):
    """What a PolicyPublished carries as JSON: complete in itself."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.clocks:
            raise ValueError("a policy needs a clock, its own or one taken over by extends")
        for clock in self.clocks:
            if clock.ladder and clock.ladder not in self.ladders:
                raise ValueError(f"clock {clock.kind} names ladder {clock.ladder}: there is none")
        return self


class PolicyModel(PolicyParts, Version):
    """A version of the rules about time, as a file has it. `extends` names policies of the same
    directory ("id" or "id@version") whose clocks and ladders it takes over, `without` the kinds it
    leaves out; one that says `publish = false` is only there to be taken over."""

    policy_id: Id
    doc_no: str = ""
    applies_to: Literal["new_only", "open_from_now", "open_recompute"] = "new_only"
    extends: list[str] = Field(default_factory=list)
    without: list[str] = Field(default_factory=list)
    publish: bool = True


# --- units and subscriptions -------------------------------------------------------------------


class UnitModel(Version):
    """A hall, agency, window or branch; a window's id is "hall/window"."""

    org_id: Id
    kind: Literal["hall", "agency", "window", "branch"]
    name: str = Field(min_length=1, max_length=400)
    parent_id: str = ""
    level: str = ""
    tier: str = ""
    active: bool = True


class SubscriptionModel(Table):
    """Who hears which warnings; addresses and secrets are kept by notify, never here."""

    subscription_id: Id
    version: Id
    effective_from: date | datetime
    subscriber: Id
    halls: list[Id] = Field(default_factory=list)
    windows: list[Id] = Field(default_factory=list)
    roles: list[Role] = Field(default_factory=list)
    levels: list[Literal["reminder", "yellow", "red", "escalate"]] = Field(default_factory=list)
    channels: list[Id] = Field(default_factory=list)
    quiet_hours: ShiftList = Field(default_factory=list)
    active: bool = True


class ReferenceFile(Table):
    """Everything a file may hold."""

    calendar: list[CalendarModel] = Field(default_factory=list)
    hours: list[HoursModel] = Field(default_factory=list)
    item: list[ItemModel] = Field(default_factory=list)
    policy: list[PolicyModel] = Field(default_factory=list)
    score: list[ScoreModel] = Field(default_factory=list)
    unit: list[UnitModel] = Field(default_factory=list)
    subscription: list[SubscriptionModel] = Field(default_factory=list)
