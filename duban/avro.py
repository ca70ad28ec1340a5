"""The event schemas as they lie in `schemas/events`: read once, fingerprinted, ready for fastavro.

A schema's fingerprint is CRC-64-AVRO over its Parsing Canonical Form (Avro specification,
"Schema Fingerprints"); on the wire it stands little-endian. Canonical form drops docs, defaults,
logical types and our own attributes, so no two versions may differ in those alone.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import fastavro
from fastavro.schema import fingerprint as _hex_fingerprint
from fastavro.schema import to_parsing_canonical_form

from duban.launch import SCHEMAS

NAMESPACE = "cn.duban.events"


class CodecError(Exception):
    """Bytes that are no event, or an event that gives no bytes. `reason` is one word for
    machines (it stands in dead letters), `detail` a phrase for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class RetryLater(CodecError):
    """It may work later: pause, look again, and only then give up."""


class UnknownSchema(RetryLater):
    """The writer's schema is not known here yet; topic `reference` may bring it."""

    def __init__(self, fingerprint: int) -> None:
        super().__init__("unknown_schema", f"fingerprint {fingerprint:016x}")
        self.fingerprint = fingerprint


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One version of one event type.

    `raw` is the file's JSON, `fields` its fields with named types written out, `parsed` the form
    for fastavro without logical types (instants stay epoch milliseconds, uuids strings), `own`
    the names of the fields beyond the envelope in file order, `names` those of all fields.
    """

    type: str
    version: int
    topic: str
    raw: dict[str, Any]
    fields: tuple[dict[str, Any], ...]
    parsed: Any
    fingerprint: int
    own: tuple[str, ...]
    names: frozenset[str]

    @property
    def text(self) -> str:
        """The schema as compact JSON, as it is published and registered."""
        return json.dumps(self.raw, ensure_ascii=False, separators=(",", ":"))


def fingerprint(schema: Any) -> int:
    """CRC-64-AVRO of a schema (any JSON form) as an unsigned 64-bit number."""
    # fastavro prints the eight bytes in wire order, lowest first.
    digits = _hex_fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
    return int.from_bytes(bytes.fromhex(digits), "little")


def without_logical_types(schema: Any) -> Any:
    """A copy of a schema whose values decode to plain numbers and strings."""
    if isinstance(schema, list):
        return [without_logical_types(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if "logicalType" in schema:
        return schema["type"]
    nested = {"type", "items", "values", "fields"}
    return {k: without_logical_types(v) if k in nested else v for k, v in schema.items()}


def written_out(schema: Any, named: dict[str, Any]) -> Any:
    """A copy of a schema in which every use of a named type is its definition."""
    if isinstance(schema, str):
        return named.get(schema, schema)
    if isinstance(schema, list):
        return [written_out(branch, named) for branch in schema]
    result = dict(schema)
    for part in ("items", "values"):
        if part in result:
            result[part] = written_out(result[part], named)
    if "fields" in result:
        result["fields"] = [
            {**field, "type": written_out(field["type"], named)} for field in result["fields"]
        ]
    if "name" in result:
        named[result["name"]] = result
    return result


def parse(raw: Any) -> Any:
    """Parse a schema for reading and writing; raises fastavro's SchemaParseException."""
    return fastavro.parse_schema(without_logical_types(raw))


@cache
def envelope() -> dict[str, Any]:
    """The record of fields that every event begins with."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "envelope.avsc").read_text(encoding="utf-8"))
    return loaded


@cache
def envelope_names() -> frozenset[str]:
    """Names of the envelope's fields."""
    return frozenset(field["name"] for field in envelope()["fields"])


def event_schema(raw: dict[str, Any]) -> EventSchema:
    """Make one from the JSON of an `.avsc` file."""
    names = [field["name"] for field in raw["fields"]]
    return EventSchema(
        type=raw["name"],
        version=int(raw["version"]),
        topic=raw["topic"],
        raw=raw,
        fields=tuple(written_out(raw, {})["fields"]),
        parsed=parse(raw),
        fingerprint=fingerprint(raw),
        own=tuple(name for name in names if name not in envelope_names()),
        names=frozenset(names),
    )


@cache
def all_schemas(root: Path = SCHEMAS) -> tuple[EventSchema, ...]:
    """Every version of every type, by type and then version."""
    files = (root / "events").glob("*/*.avsc")
    found = (event_schema(json.loads(path.read_text(encoding="utf-8"))) for path in files)
    return tuple(sorted(found, key=lambda schema: (schema.type, schema.version)))


def schema_id(schema: EventSchema) -> str:
    """Id of the fact that publishes a schema: the same schema gives the same fact anywhere."""
    return str(uuid5(NAMESPACE_URL, f"duban:schema:{schema.fingerprint:016x}"))


@cache
def newest() -> dict[str, EventSchema]:
    """The newest version of every type."""
    return {schema.type: schema for schema in all_schemas()}
