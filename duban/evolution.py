"""What a new version of a schema may change: FULL_TRANSITIVE, and a little stricter than Avro.

Every version must read what every other version wrote, in both directions. So only fields with a
default come and go, and enums, which carry a default symbol, may gain and lose symbols. Type
changes that Avro would promote (int to long) are refused too: they read in one direction only.
Logical types may not change because the fingerprint does not see them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from duban.avro import EventSchema, written_out

Schema = Mapping[str, Any]


def forbidden_changes(older: Schema, newer: Schema) -> list[str]:
    """Everything that keeps two versions of a schema from reading each other's records."""
    found = []
    if newer.get("topic") != older.get("topic"):
        found.append(f"topic changed from {older.get('topic')} to {newer.get('topic')}")
    if not _number(newer) > _number(older):
        found.append("version does not rise")
    old, new = written_out(older, {}), written_out(newer, {})
    return found + list(_differences(old, new, str(old["name"])))


def forbidden_in(schemas: Iterable[EventSchema]) -> dict[str, list[str]]:
    """Forbidden changes between all pairs of versions of each type, by "Type old→new"."""
    found = {}
    for one, other in combinations(schemas, 2):
        if one.type == other.type:
            older, newer = sorted((one, other), key=lambda schema: schema.version)
            if changes := forbidden_changes(older.raw, newer.raw):
                found[f"{one.type} {older.version}→{newer.version}"] = changes
    return found


def _number(schema: Schema) -> int:
    return int(schema.get("version", 0))


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    """Differences of two types, named types written out."""
    if isinstance(old, list) or isinstance(new, list):
        yield from _unions(old, new, path)
        return
    if isinstance(old, str) or isinstance(new, str):
        if old != new:
            yield f"{path}: type changed from {_said(old)} to {_said(new)}"
        return
    if old["type"] != new["type"]:
        yield f"{path}: type changed from {_said(old)} to {_said(new)}"
        return
    if old.get("logicalType") != new.get("logicalType"):
        yield f"{path}: logicalType changed"
    for name in ("name", "namespace", "aliases", "size"):
        if old.get(name) != new.get(name):
            yield f"{path}: {name} changed from {old.get(name)} to {new.get(name)}"
    yield from _PARTS.get(old["type"], _nothing)(old, new, path)


def _unions(old: Any, new: Any, path: str) -> Iterator[str]:
    both_unions = isinstance(old, list) and isinstance(new, list)
    if not both_unions or len(old) != len(new):
        yield f"{path}: type changed from {_said(old)} to {_said(new)}"
        return
    for one, other in zip(old, new, strict=True):
        yield from _differences(one, other, path)


def _records(old: Schema, new: Schema, path: str) -> Iterator[str]:
    was = {field["name"]: field for field in old["fields"]}
    now = {field["name"]: field for field in new["fields"]}
    for name in was.keys() ^ now.keys():
        if "default" not in (was.get(name) or now[name]):
            yield f"{path}.{name}: {'removed' if name in was else 'added'} without a default"
    for name in was.keys() & now.keys():
        one, other, where = was[name], now[name], f"{path}.{name}"
        if one.get("aliases") != other.get("aliases"):
            yield f"{where}: aliases changed"
        if "default" in one and "default" in other and one["default"] != other["default"]:
            yield f"{where}: default changed"
        yield from _differences(one["type"], other["type"], where)


def _enums(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if "default" not in old or "default" not in new:
        yield f"{path}: enum without a default symbol"
    elif old["default"] != new["default"]:
        yield f"{path}: default symbol changed"


def _arrays(old: Schema, new: Schema, path: str) -> Iterator[str]:
    yield from _differences(old["items"], new["items"], f"{path}[]")


def _maps(old: Schema, new: Schema, path: str) -> Iterator[str]:
    yield from _differences(old["values"], new["values"], f"{path}{{}}")


def _nothing(_old: Schema, _new: Schema, _path: str) -> Iterator[str]:
    yield from ()


_PARTS = {"record": _records, "enum": _enums, "array": _arrays, "map": _maps}


def _said(schema: Any) -> str:
    if isinstance(schema, list):
        return " or ".join(_said(branch) for branch in schema)
    if isinstance(schema, str):
        return schema
    return str(schema.get("name") or schema.get("logicalType") or schema["type"])
