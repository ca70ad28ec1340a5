"""Which facts a person may record here, who may, and what each asks: read from its schema.

One description for the page that shows a form and the API that takes what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from duban import contracts
from duban.jsonform import Problem, longest_of, may_be_empty

DECIDE = ("centre_manager", "efficiency_office", "discipline_officer", "superior")
CONCERNED = ("chief_rep", "window_head", "handler")
RECORD = ("centre_manager", "duty_lead", "discipline_officer", "monitor")
WINDOWS, PEOPLE, BRANCHES, HALL = "window", "staff", "branch", "hall"
ANYBODY = (WINDOWS, PEOPLE)


@dataclass(frozen=True, slots=True)
class Form:
    """A type that can be recorded. One without a group answers another fact: it is opened there,
    with the fields that are `given`. `case` begins the number of a new case, or is "known"."""

    group: str
    roles: tuple[str, ...] = RECORD
    about: tuple[str, ...] = (*ANYBODY, BRANCHES, HALL)
    asks: frozenset[str] = frozenset()  # beyond what the schema must have
    given: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    case: str = ""
    is_proved: bool = False


_MEASURE = frozenset({"measure_event_id"})
_PLACE = frozenset({"policy_id", "period"})
_ORDER, _OPINION = frozenset({"order_no"}), frozenset({"opinion_id"})
FORMS: Mapping[str, Form] = {
    "CardIssued": Form("measures", DECIDE, (WINDOWS,), is_proved=True),
    "AdmonitionIssued": Form("measures", DECIDE, (PEOPLE,), is_proved=True),
    "TalkHeld": Form("measures", DECIDE, (*ANYBODY, BRANCHES), is_proved=True),
    "RectificationOrdered": Form(
        "measures", DECIDE, asks=frozenset({"what", "to_org"}), case="rectification",
        skips=frozenset({"finding_event_id"}), is_proved=True,
    ),
    "PublicCriticism": Form("measures", DECIDE, is_proved=True),
    "SupervisionOrdered": Form(
        "measures", DECIDE, asks=frozenset({"what", "to_org"}), case="supervision", is_proved=True
    ),
    "HonourGranted": Form("honours", DECIDE, is_proved=True),
    "PraiseReceived": Form("honours"),
    "AttendanceExcepted": Form("rounds", about=ANYBODY),
    "FindingRaised": Form("rounds", is_proved=True),
    "PatrolDone": Form("rounds", case="patrol"),
    "InspectionDone": Form("rounds", is_proved=True),
    "FeedbackCardReceived": Form("voices"),
    "SurveyClosed": Form("voices"),
    "AppraisalGiven": Form("voices", about=ANYBODY),
    "ComplaintFiled": Form(
        "voices", asks=frozenset({"complaint"}), case="complaint",
        skips=frozenset({"complainant_ref"}),
    ),
    "OpinionReceived": Form(
        "voices", asks=frozenset({"opinion"}), given=_OPINION, case="opinion"
    ),
    "CallbackDone": Form("voices", case="known", skips=frozenset({"about_case_id"})),
    "MeasureRevoked": Form("", DECIDE, given=_MEASURE),
    "MeasureAppealed": Form("", CONCERNED, given=_MEASURE),
    "MeasureAppealDecided": Form("", DECIDE, asks=frozenset({"reason"}), given=_MEASURE),
    "HonourRevoked": Form("", DECIDE, given=frozenset({"honour_event_id"})),
    "RankingAppealed": Form("", CONCERNED, given=_PLACE),
    "RankingAppealDecided": Form("", DECIDE, asks=frozenset({"reason"}), given=_PLACE),
    "FindingClosed": Form("", given=frozenset({"finding_id"}), is_proved=True),
    "RectificationSubmitted": Form(
        "", CONCERNED, asks=frozenset({"measure"}), given=_ORDER, case="known", is_proved=True
    ),
    "RectificationAccepted": Form("", DECIDE, given=_ORDER, case="known", is_proved=True),
    "RectificationRejected": Form(
        "", DECIDE, asks=frozenset({"reason"}), given=_ORDER, case="known"
    ),
    "SupervisionAnswered": Form(
        "", CONCERNED, asks=frozenset({"answer"}), given=_ORDER, case="known", is_proved=True
    ),
    "ComplaintTriaged": Form("", case="known"),
    "ComplaintAnswered": Form("", asks=frozenset({"answer"}), case="known"),
    "OpinionAnswered": Form("", asks=frozenset({"answer"}), given=_OPINION, case="known"),
    "NegativeReviewOpened": Form("", case="review"),
    "ReviewContacted": Form(
        "", asks=frozenset({"reached"}), skips=frozenset({"staff"}), case="known"
    ),
    "ReviewVerified": Form("", asks=frozenset({"reason"}), case="known", is_proved=True),
    "ReviewRectified": Form("", CONCERNED, asks=frozenset({"measure"}), case="known"),
    "ReviewAppealed": Form("", CONCERNED, asks=frozenset({"by", "reason"}), case="known"),
    "ReviewAppealDecided": Form("", DECIDE, asks=frozenset({"reason"}), case="known"),
    "ReviewClosed": Form("", asks=frozenset({"result"}), case="known"),
}  # fmt: skip
GROUPS = ("measures", "honours", "rounds", "voices")
YES_NO = ("true", "false")
RATINGS = ("5", "4", "3", "2", "1")
# How a code is chosen: the section that has its words, and the codes where the schema has none.
CODES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "CardColour": ("colour", ()), "CriticismScope": ("scope", ()), "PraiseKind": ("praise", ()),
    "ReviewVerdict": ("verdict", ()), "AppealDecision": ("appeal_decision", ()),
    "AttendanceKind": ("absence", ()), "FindingSeverity": ("severity", ()),
    "PatrolParty": ("role", ()), "InspectionPlan": ("plan", ()), "Inspector": ("inspector", ()),
    "InspectionManner": ("manner", ()), "AppraisalSource": ("voice", ()),
    "category": ("category", (
        *("attitude", "delay", "error", "conduct", "image", "refused", "no_reason", "fees"),
        *("files", "hygiene", "off_system"),
    )),
    "HonourGranted.kind": ("honour", (
        *("red_flag", "model_window", "service_star", "pioneer_post", "star", "good_deeds"),
        *("satisfied_window", "recommended"),
    )),
    "HonourGranted.level": ("honour_level", ("hall", "county", "city", "province", "nation")),
    "HonourGranted.board": ("honour", ("good_deeds",)),
    "HonourGranted.class_name": (
        "good_deeds", ("dedication", "honesty", "filial_piety", "thrift", "mutual_help")
    ),
    "FeedbackCardReceived.level": ("rating", RATINGS),
    "AppraisalGiven.level": ("appraised", RATINGS),
    "NegativeReviewOpened.level": ("rating", ("2", "1")),
    "SupervisionOrdered.by": (
        "role", ("leader", "efficiency_office", "inspection_office", "superior")
    ),
    "SupervisionOrdered.to_role": ("role", ("chief_rep", "window_head", "dept_leader")),
    "upheld": ("upheld", YES_NO), "boolean": ("yes_no", YES_NO),
}  # fmt: skip
CASES = ("case_id", "about_case_id", "patrol_case_id")
LONG_TEXT = 1000  # characters; what may be longer gets a box of several lines
Kind = Literal["choice", "period", "unit", "staff", "number", "time", "text", "long", "given"]


_PICKED: Mapping[str, Kind] = {
    "to_org": "unit", "about_window_id": "unit", "staff": "staff", "period": "period",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """What a form asks: how it is entered, and what it may be."""

    name: str
    kind: Kind
    required: bool
    default: str = ""
    section: str = ""
    codes: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    longest: int = 0
    step: str = "1"


def fields_of(event_type: str) -> tuple[Field, ...]:
    """What the form of a type asks beyond its subject, in the order of its schema."""
    form, schema = FORMS[event_type], contracts.schema(event_type)
    asked = (f for f in schema.fields if f["name"] in schema.own and f["name"] not in form.skips)
    found = (_field(event_type, f) for f in asked if f["name"] not in ("subject", "subject_kind"))
    return tuple(field for field in found if field)


def has_subject(event_type: str) -> bool:
    """Whether a type is about a window, a person or the hall."""
    return "subject" in contracts.schema(event_type).own


def needs_subject(event_type: str) -> bool:
    """Whether it cannot be about the hall itself."""
    return HALL not in FORMS[event_type].about


def _field(event_type: str, schema: Mapping[str, Any]) -> Field | None:
    form, name = FORMS[event_type], schema["name"]
    type_, is_optional = plain(schema["type"])
    required = "default" not in schema or name in form.asks
    if name in form.given or _logical(type_) == "uuid":
        return Field(name, "given", required and not is_optional)
    if found := _choice(event_type, name, type_):
        section, codes = found
        default = str(schema["default"]) if schema.get("default") in codes else ""
        return Field(name, "choice", required, default, section, codes)
    if _logical(type_) == "timestamp-millis":
        return Field(name, "time", required)
    if type_ in ("int", "double"):
        default = schema.get("default", "")
        shown = f"{default:g}" if default != "" else ""
        step = "1" if type_ == "int" else "0.5"
        return Field(
            name, "number", required, shown, least=schema.get("min"), most=schema.get("max"),
            step=step,
        )  # fmt: skip
    return _text(name, schema, required) if type_ == "string" else None


def _text(name: str, schema: Mapping[str, Any], required: bool) -> Field:
    if kind := _PICKED.get(name):
        return Field(name, kind, required)
    longest = longest_of(schema)
    required = required or not may_be_empty(schema)
    return Field(name, "long" if longest > LONG_TEXT else "text", required, longest=longest)


def _choice(event_type: str, name: str, type_: Any) -> tuple[str, tuple[str, ...]] | None:
    if isinstance(type_, dict) and type_["type"] == "enum":
        codes = tuple(symbol for symbol in type_["symbols"] if symbol != "unknown")
        return CODES[type_["name"]][0], codes
    for key in (f"{event_type}.{name}", name, str(type_)):
        if key in CODES:
            return CODES[key]
    return None


def plain(type_: Any) -> tuple[Any, bool]:
    """A type of a schema without its null, and whether it had one."""
    if isinstance(type_, list):
        return next(branch for branch in type_ if branch != "null"), True
    return type_, False


def _logical(type_: Any) -> str:
    return str(type_.get("logicalType", "")) if isinstance(type_, dict) else ""


def missing(event_type: str, fields: Mapping[str, Any]) -> list[Problem]:
    """What the form asks and the schema could do without."""
    asked = (f.name for f in fields_of(event_type) if f.name in FORMS[event_type].asks)
    needed = [name for name in asked if not str(fields.get(name, "")).strip()]
    if has_subject(event_type) and needs_subject(event_type) and not fields.get("subject"):
        needed.insert(0, "subject")
    return [Problem(name, "is missing") for name in needed]
