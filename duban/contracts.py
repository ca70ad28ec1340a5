"""What an event must look like, from the `.avsc` files alone, and its JSON form.

The JSON form is flat: `type`, the envelope's fields, the type's own fields; instants are ISO-8601
with an offset. It is what the gateway and `duban emit` take and what examples are written in.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from functools import cache
from typing import Any

from duban import avro, codec
from duban.avro import EventSchema
from duban.events import Event
from duban.fieldrules import Rule, compile_rules
from duban.jsonform import Check, Problem, compile_record, to_iso

__all__ = [
    "ContractError", "Problem", "check", "check_sound", "event_types", "from_json", "is_sound",
    "schema", "to_json", "topic_of", "unsound",
]  # fmt: skip

AHEAD_MS = 24 * 3600 * 1000  # a fact may be dated this much ahead: clocks of halls are not exact
CASE_TOPICS = ("case-events", "sla-events", "alerts", "verdicts")
HALL_TOPIC = "hall-events"
REFERENCE = "reference"


class ContractError(ValueError):
    """An event that breaks its contract; `problems` names every field and what is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{field} {reason}" for field, reason in problems))
        self.problems = problems


def event_types() -> tuple[str, ...]:
    """Names of all event types, sorted."""
    return tuple(avro.newest())


def schema(event_type: str, version: int | None = None) -> EventSchema:
    """A version of a type's schema, by default the newest; KeyError where there is none."""
    if version is None:
        return avro.newest()[event_type]
    for found in avro.all_schemas():
        if (found.type, found.version) == (event_type, version):
            return found
    raise KeyError(f"{event_type}/{version}")


def topic_of(event_type: str) -> str:
    """The topic that holds a type; KeyError for a type that does not exist."""
    return avro.newest()[event_type].topic


def from_json(
    value: Mapping[str, Any], *, now: int | None = None, defaults: Mapping[str, Any] | None = None
) -> Event:
    """The event of a JSON form; raises ContractError with all problems found.

    `now` (business time, ms) fills `recorded_at` and bounds the dates, where it is given;
    `defaults`, also in JSON form, fills what is absent, such as `event_id`, `hall_id` or `actor`.
    """
    if not isinstance(value, Mapping):  # it came from outside
        raise ContractError([Problem("", "must be an object")])
    fields = {**(defaults or {}), **value}
    event_type = fields.pop("type", None)
    if not isinstance(event_type, str) or event_type not in avro.newest():
        reason = "is missing" if event_type is None else "is not a known event type"
        raise ContractError([Problem("type", reason)])
    if now is not None:
        fields.setdefault("recorded_at", to_iso(now))
    problems: list[Problem] = []
    record = _checker(event_type, True)(fields, "", problems)
    _rules(event_type, record, now, problems)
    _about(record, problems)
    if problems:
        raise ContractError(problems)
    return codec.event_of({**record, "type": event_type})


def check(event: Event, now: int | None = None) -> None:
    """Hold an event against its contract; raises ContractError with all problems found.

    Dates are bounded only where `now` (business time, ms) is given.
    """
    if event.type not in avro.newest():
        raise ContractError([Problem("type", "is not a known event type")])
    both = sorted(event.data.keys() & avro.envelope_names())
    if both:
        raise ContractError(
            [Problem(name, "belongs to the envelope, not to data") for name in both]
        )
    problems: list[Problem] = []
    record = _checker(event.type, False)(codec.record_of(event), "", problems)
    _rules(event.type, record, now, problems)
    _about(record, problems)
    if problems:
        raise ContractError(problems)


def is_sound(record: Mapping[str, Any]) -> bool:
    """Whether a flat record just decoded, with its `type`, keeps the rules of its fields: so that
    nobody validates twice. Of one that does not, `check` says what is wrong."""
    return _keeper(record["type"])(record)


def unsound(record: Mapping[str, Any]) -> str:
    """What is wrong with a flat record just decoded; "" where it `is_sound`."""
    if is_sound(record):
        return ""
    try:
        check(codec.event_of(dict(record)))
    except ContractError as error:
        return str(error)
    return ""


def check_sound(record: Mapping[str, Any], now: int | None = None) -> None:
    """What is left to `check` of a flat record that `is_sound`: rules that tie fields together,
    and the dates. Raises ContractError."""
    problems: list[Problem] = []
    _rules(record["type"], record, now, problems)
    if problems:
        raise ContractError(problems)


def to_json(event: Event, *, zone: tzinfo = UTC, full: bool = True) -> dict[str, Any]:
    """The JSON form of an event; without `full`, fields at their default are left out."""
    record = codec.record_of(event)
    return {"type": event.type, **_printed(schema(event.type).fields, record, zone, full)}


@cache
def _checker(event_type: str, json_form: bool) -> Check:
    return compile_record(schema(event_type).fields, json_form)


@cache
def _keeper(event_type: str) -> Rule:
    return compile_rules(schema(event_type).fields)


def _rules(
    event_type: str, record: Mapping[str, Any], now: int | None, problems: list[Problem]
) -> None:
    """Rules that tie fields together; a field that is broken in itself is passed over."""
    broken, topic = {problem.field for problem in problems}, topic_of(event_type)
    if topic in CASE_TOPICS and event_type != "ClockTicked":
        if record.get("subject_type") != "case":
            problems.append(Problem("subject_type", "must be case for this type"))
        elif not broken & {"hall_id", "subject_id"}:
            _case_id(record["hall_id"], record["subject_id"], problems)
    elif topic == HALL_TOPIC:
        _of_hall(record, problems)
    elif topic == REFERENCE and not problems:
        problems += _reference(event_type, record)
    for name in ("corrects_event_id", "voids_event_id", "voided_event_id"):
        if record.get(name) is not None and record[name] == record.get("event_id"):
            problems.append(Problem(name, "names the event itself"))
    if now is None:
        return
    for name in ("occurred_at", "recorded_at"):
        if name not in broken and record[name] > now + AHEAD_MS:
            problems.append(Problem(name, "lies more than 24 hours ahead"))


def _reference(event_type: str, record: Mapping[str, Any]) -> list[Problem]:
    """The rules of what `duban apply` publishes. Who writes facts of cases alone never needs the
    models that hold them, so they are imported here."""
    from duban.reference_check import problems_of

    return problems_of(event_type, record)


def _case_id(hall_id: str, case_id: str, problems: list[Problem]) -> None:
    if not hall_id or "/" in hall_id:
        problems.append(Problem("hall_id", "must name a hall, without a slash"))
    elif not case_id.startswith(f"{hall_id}/") or len(case_id) == len(hall_id) + 1:
        problems.append(Problem("subject_id", f'must be a case of the hall: "{hall_id}/…"'))


def _about(record: Mapping[str, Any], problems: list[Problem]) -> None:
    """Another case is named with its hall. Asked of who sends only: of what a topic holds already,
    a case that cannot be found is no reason to lose the fact."""
    about = record.get("about_case_id")
    if isinstance(about, str) and about and not all(about.partition("/")):
        problems.append(Problem("about_case_id", 'must be a case with its hall: "hall/…"'))


def _of_hall(record: Mapping[str, Any], problems: list[Problem]) -> None:
    """A fact about a hall names it twice, as whose it is and as what it is about."""
    hall_id = record.get("hall_id")
    if not hall_id or "/" in hall_id:
        problems.append(Problem("hall_id", "must name a hall, without a slash"))
    elif (record.get("subject_type"), record.get("subject_id")) != ("hall", hall_id):
        reason = "must be the hall itself, with subject_type hall"
        problems.append(Problem("subject_id", reason))


def _printed(
    fields: Iterable[Mapping[str, Any]], record: Mapping[str, Any], zone: tzinfo, full: bool
) -> dict[str, Any]:
    """A record in JSON form; without `full`, fields at their default are left out."""
    result = {}
    for field in fields:
        name, default = field["name"], field.get("default")
        value = record.get(name, default)
        if full or "default" not in field or value != default:
            result[name] = _printed_value(field["type"], value, zone, full)
    return result


def _printed_value(type_: Any, value: Any, zone: tzinfo, full: bool) -> Any:
    if isinstance(type_, list):
        type_ = next(one for one in type_ if one != "null")
    if value is None or not isinstance(type_, dict):
        return value
    if type_.get("logicalType") == "timestamp-millis":
        return to_iso(value, zone)
    if type_["type"] == "array":
        return [_printed_value(type_["items"], one, zone, full) for one in value]
    if type_["type"] == "record":
        return _printed(type_["fields"], value, zone, full)
    return value
