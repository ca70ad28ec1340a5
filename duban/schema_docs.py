"""The reference page of all events, written from the schemas."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from duban import avro
from duban.avro import EventSchema
from duban.events import rank

TITLES = {
    "reference": "Reference data",
    "case-events": "Facts about cases",
    "hall-events": "Facts about halls and windows",
    "sla-events": "What the clocks did",
    "alerts": "Warnings",
    "score-points": "Points",
    "verdicts": "Ratings that do not count",
    "score-state": "Scores",
}
HEAD = """# Events

<!-- Written by `duban schemas docs > docs/reference/events.md`. Do not edit. -->

Every event is a flat Avro record: the envelope's fields, then its own. The contracts are the files
`schemas/events/<type>/<version>.avsc`; every version stays. Each type has an example in
`schemas/examples/<type>/`. In the JSON form an event also has `type`, and an instant is an
ISO-8601 time with an offset. A field without a default is required, except that in the JSON form
whoever takes the event in may supply `event_id`, and `recorded_at` is then the time of arrival.

On the wire a record is Avro single-object encoding: `C3 01`, the eight bytes of its schema's
CRC-64-AVRO fingerprint, lowest first, and the body. Where a schema registry is configured it is
Confluent framing instead: `00`, four bytes of schema id, the body. Readers accept both.

A uuid has one spelling, in small letters. In the JSON form capitals are taken too, and made small;
on a topic they break the contract.

The symbol `unknown` of an enum is what a reader sees in place of a symbol newer than itself.
"""


def events_page() -> str:
    """The page, in Markdown."""
    parts = [HEAD, _contents(), "## Envelope\n", _table(avro.envelope()["fields"])]
    for topic, schemas in _by_topic().items():
        parts.append(f"## {TITLES.get(topic, topic)} (topic `{topic}`)\n")
        parts += [_section(schema) for schema in schemas]
    return "\n".join(parts)


def _by_topic() -> dict[str, list[EventSchema]]:
    ordered = sorted(avro.newest().values(), key=lambda schema: (rank(schema.type), schema.type))
    grouped = {t: [schema for schema in ordered if schema.topic == t] for t in TITLES}
    return {topic: schemas for topic, schemas in grouped.items() if schemas}


def _contents() -> str:
    rows = ["| Topic | Events |", "|---|---|"]
    for topic, schemas in _by_topic().items():
        links = ", ".join(f"[{s.type}](#{s.type.lower()})" for s in schemas)
        rows.append(f"| `{topic}` | {links} |")
    return "\n".join(rows) + "\n"


def _section(schema: EventSchema) -> str:
    own = [field for field in schema.fields if field["name"] in schema.own]
    mark = f"Version {schema.version} · fingerprint `{schema.fingerprint:016x}`"
    body = _table(own) if own else "No fields of its own.\n"
    return f"### {schema.type}\n\n{schema.raw['doc']}\n\n{mark}\n\n{body}"


def _table(fields: Iterable[Mapping[str, Any]]) -> str:
    rows = ["| Field | Type | Default | Meaning |", "|---|---|---|---|"]
    rows += [_row(field, "") for field in fields]
    return "\n".join(rows) + "\n"


def _row(field: Mapping[str, Any], prefix: str) -> str:
    name = f"{prefix}{field['name']}"
    default = _default(field)
    meaning = " ".join(filter(None, [str(field["doc"]), _bounds(field)])).replace("|", "\\|")
    row = f"| `{name}` | {_type(field['type'])} | {default} | {meaning} |"
    record, inner = _record_in(field["type"], name)
    if record is None:
        return row
    return "\n".join([row, *(_row(part, inner) for part in record["fields"])])


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return "required"
    if isinstance(field["default"], dict):
        return "empty"
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _record_in(type_: Any, path: str) -> tuple[Mapping[str, Any] | None, str]:
    """The record that a type holds, if any, and the prefix of its fields' paths."""
    if isinstance(type_, list):
        return _record_in(type_[1], path)
    if isinstance(type_, dict) and type_["type"] == "array":
        return _record_in(type_["items"], f"{path}[]")
    if isinstance(type_, dict) and type_["type"] == "record":
        return type_, f"{path}."
    return None, ""


def _type(type_: Any) -> str:
    if isinstance(type_, list):
        return f"{_type(type_[1])} or null"
    if isinstance(type_, str):
        return type_
    if "logicalType" in type_:
        return {"timestamp-millis": "instant", "uuid": "uuid"}[type_["logicalType"]]
    match type_["type"]:
        case "enum":
            return "one of " + ", ".join(f"`{symbol}`" for symbol in type_["symbols"])
        case "array":
            return f"list of {_type(type_['items'])}"
        case "map":
            return f"map of {_type(type_['values'])}"
        case "record":
            return "record"
    return str(type_["type"])


def _bounds(field: Mapping[str, Any]) -> str:
    said = []
    if "min" in field or "max" in field:
        said.append(f"{field.get('min', '…')} to {field.get('max', '…')}")
    if "at_most" in field:
        said.append(f"at most `{field['at_most']}`")
    if "max_length" in field:
        said.append(f"at most {field['max_length']} characters")
    return f"({'; '.join(said)})" if said else ""
