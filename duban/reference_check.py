"""What a reference event must say beyond its schema: the rules of the files that `duban apply`
publishes, held at every door, and again by whoever reads it.

Decided by the event alone: whatever else is published, the same event is usable or is not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from duban.jsonform import Problem
from duban.reference_models import ItemModel, PolicyBody, PolicyModel, UnitModel
from duban.reference_scores import ScoreModel
from duban.reference_shapes import CalendarModel, HoursModel
from duban.score_policy import DEFAULT_POLICY

Data = Mapping[str, Any]
Made = tuple[str, str]  # kind and name of the subject
SHOWN_MAX = 20  # faults of one event
GIVEN_MAX = 60  # characters of a value that is not what it should be
GROUPS = {"holiday": "holidays", "rest": "holidays", "makeup": "makeup_days", "work": "makeup_days"}


def problems_of(event_type: str, record: Data) -> list[Problem]:
    """What is wrong with a flat record that keeps its schema; nothing for types of which no rule
    reads anything."""
    shape = _SHAPES.get(event_type)
    if shape is None:
        return []
    try:
        kind, name = shape(record)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)[:SHOWN_MAX]
        within = "body" if error.title == PolicyBody.__name__ else ""
        return [Problem(_path(within, fault["loc"]), reason_of(fault)) for fault in faults]
    return list(_subject(record, kind, name))


def reason_of(fault: Mapping[str, Any]) -> str:
    """A fault that pydantic found, as people read it."""
    reason = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    plain = isinstance(given, str | int | float) and fault["type"] != "value_error"
    return f"{reason} (given: {repr(given)[:GIVEN_MAX]})" if plain else reason


def _path(within: str, loc: tuple[int | str, ...]) -> str:
    path = within
    for step in loc:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _subject(record: Data, kind: str, name: str) -> Iterator[Problem]:
    """An event under another one's name would stand in its place."""
    if record["subject_type"] != kind:
        yield Problem("subject_type", f"must be {kind} for this type")
    found, _, version = record["subject_id"].rpartition("@")
    if (found, version) != (name or found, record["version"]):
        yield Problem("subject_id", f"must be {name or 'NAME'}@{record['version']}")


# --- each type, as the table of a file that it would come from ------------------------------------


def _fields(model: type[BaseModel], record: Data, **other: Any) -> dict[str, Any]:
    names = (field.alias or name for name, field in model.model_fields.items())
    return {name: record[name] for name in names if name in record} | other


def _from(record: Data) -> datetime:
    return datetime.fromtimestamp(record["effective_from"] / 1000, UTC)


def _policy(record: Data) -> Made:
    PolicyBody.model_validate_json(record["body"])
    PolicyModel(**_fields(PolicyModel, record, effective_from=_from(record)))
    return "policy", record["policy_id"]


def _item(record: Data) -> Made:
    ItemModel(**_fields(ItemModel, record, effective_from=_from(record), basis=()))
    return "item", record["item_code"]


def _score(record: Data) -> Made:
    ScoreModel(**_fields(ScoreModel, record, effective_from=_from(record)))
    of = record.get("policy_id", DEFAULT_POLICY)
    return "score", "" if of == DEFAULT_POLICY else of  # that one is older than its name


def _unit(record: Data) -> Made:
    UnitModel(**_fields(UnitModel, record, effective_from=_from(record)))
    return "unit", record["org_id"]


def _calendar(record: Data) -> Made:
    groups: dict[str, list[Data]] = defaultdict(list)
    for day in record["days"]:
        group = {"name": day["name"], "days": [day["date"]], "shifts": day["hours"]}
        groups[GROUPS.get(day["kind"], day["kind"])].append(group)  # an unknown kind fits no field
    published = datetime.fromtimestamp(record["occurred_at"] / 1000, UTC).date()
    CalendarModel(**_fields(CalendarModel, record, published_on=published, **groups))
    return "calendar", f"{record['calendar_id']}-{record['year']}"


def _hours(record: Data) -> Made:
    hall, _, window = record["scope_id"].partition("/")
    weekly = [{"weekdays": [w["weekday"]], "shifts": w["shifts"]} for w in record["weekly"]]
    other = {"effective_from": _from(record), "weekly": weekly, "hall": hall, "window": window}
    HoursModel(**_fields(HoursModel, record, **other))
    return "hours", record["scope_id"]


_SHAPES: dict[str, Callable[[Data], Made]] = {
    "PolicyPublished": _policy,
    "ItemPublished": _item,
    "ScorePolicyPublished": _score,
    "OrgUnitChanged": _unit,
    "CalendarPublished": _calendar,
    "HallHoursChanged": _hours,
}
TYPES = frozenset(_SHAPES)
