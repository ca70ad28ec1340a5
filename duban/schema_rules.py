"""What every schema file must keep to, beyond being Avro: the house rules of `schemas/events`."""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from duban import avro
from duban.avro import EventSchema
from duban.evolution import forbidden_in
from duban.formats import FORMATS
from duban.jsonform import parts_of
from duban.launch import SCHEMAS

LOGICAL = {"timestamp-millis": "long", "uuid": "string"}
NUMBERS = ("int", "long", "double")
RESERVED = {"type", "data"}  # the JSON form's own word, and where Event keeps a type's fields
FIELD_ATTRIBUTES = {
    "name", "type", "doc", "default", "format", "min", "max", "at_most", "max_length",
    "allow_empty",
}  # fmt: skip


def flaws(schemas: Iterable[EventSchema] | None = None) -> list[str]:
    """Every breach of the rules in a set of schemas, by default all that lie in `schemas`."""
    checked = tuple(avro.all_schemas() if schemas is None else schemas)
    topics = tomllib.loads((SCHEMAS / "topics.toml").read_text(encoding="utf-8"))["topics"]
    found = [f"{s.type}/{s.version}: {flaw}" for s in checked for flaw in _of_one(s, topics)]
    for pair, changes in forbidden_in(checked).items():
        found += [f"{pair}: {change}" for change in changes]
    return found + list(_collisions(checked))


def misplaced(root: Path = SCHEMAS) -> list[str]:
    """Files that do not lie at events/<name>/<version>.avsc for what is in them, and gaps."""
    found = []
    for path in sorted((root / "events").rglob("*.*")):
        if path.suffix != ".avsc":
            found.append(f"{path.relative_to(root)}: not a schema")
            continue
        raw = json.loads(path.read_text(encoding="utf-8"))
        if (path.parent.name, path.stem) != (raw["name"], str(raw["version"])):
            found.append(f"{path.relative_to(root)}: holds {raw['name']} {raw['version']}")
        if int(path.stem) > 1 and not path.with_name(f"{int(path.stem) - 1}.avsc").is_file():
            found.append(f"{path.relative_to(root)}: the version before it is missing")
    return found


def _of_one(schema: EventSchema, topics: Mapping[str, Any]) -> Iterator[str]:
    envelope = avro.envelope()["fields"]
    if schema.raw["fields"][: len(envelope)] != envelope:
        yield "does not begin with the envelope, field for field"
    if schema.raw.get("namespace") != avro.NAMESPACE:
        yield f"namespace is not {avro.NAMESPACE}"
    if schema.topic not in topics:
        yield f"topic {schema.topic} is not in topics.toml"
    if reserved := RESERVED & set(schema.own):
        yield f"field name {', '.join(sorted(reserved))} is reserved"
    yield from _of_parts(schema)
    yield from _of_type({**schema.raw, "fields": list(schema.fields)}, "")


def _of_parts(schema: EventSchema) -> Iterator[str]:
    """A part is counted as its whole is; both must be there."""
    types = {field["name"]: field["type"] for field in schema.fields}
    for part, whole in parts_of(schema.fields):
        if types[part] not in NUMBERS or types.get(whole) != types[part]:
            yield f"{part}: at_most {whole} is no number here"


def _of_type(type_: Any, path: str) -> Iterator[str]:
    if isinstance(type_, list):
        if len(type_) != 2 or type_[0] != "null":
            yield f"{path}: a union is [null, X]"
        for branch in type_:
            yield from _of_type(branch, path)
        return
    if isinstance(type_, str):
        return
    logical = type_.get("logicalType")
    if logical is not None and LOGICAL.get(logical) != type_["type"]:
        yield f"{path}: logicalType {logical} of {type_['type']} is not used here"
    if type_["type"] in ("record", "enum") and not type_.get("doc"):
        yield f"{path or type_['name']}: no doc"
    if type_["type"] == "enum" and type_.get("default") != "unknown":
        yield f"{path}: the default symbol of an enum is unknown"
    for part in ("items", "values"):
        if part in type_:
            yield from _of_type(type_[part], f"{path}[]")
    for field in type_.get("fields", ()):
        yield from _of_field(field, f"{path}.{field['name']}".lstrip("."))


def _of_field(field: Mapping[str, Any], path: str) -> Iterator[str]:
    if not str(field.get("doc", "")).strip():
        yield f"{path}: no doc"
    if strange := field.keys() - FIELD_ATTRIBUTES:
        yield f"{path}: attribute {', '.join(sorted(strange))} is not known"
    if field.get("format", "") not in FORMATS:
        yield f"{path}: format {field['format']} is not known"
    if isinstance(field["type"], list) and field.get("default", "") is not None:
        yield f"{path}: an optional field defaults to null"
    yield from _of_type(field["type"], path)


def _collisions(schemas: Iterable[EventSchema]) -> Iterator[str]:
    """Schemas that readers could not tell apart on the wire."""
    by_mark = defaultdict(list)
    for schema in schemas:
        by_mark[schema.fingerprint].append(f"{schema.type}/{schema.version}")
    for mark, names in by_mark.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} share the fingerprint {mark:016x}"
