"""Hypothesis strategies for events in JSON form, built from the schemas."""

import json
from typing import Any

from hypothesis import strategies as st

from duban import avro
from duban.contracts import schema, to_json
from duban.jsonform import EARLIEST, LATEST, WHOLE, parts_of, to_iso
from duban.reference import SHIPPED, load
from duban.reference_check import TYPES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.text(min_size=1, max_size=12).filter(lambda s: s.isprintable() and not s.isspace())
HEX = st.sampled_from("0123456789abcdef")
CLOCK = st.times().map(lambda t: t.strftime("%H:%M"))
INSTANTS = st.integers(EARLIEST, LATEST - 1).map(to_iso)

FORMATTED = {
    "": TEXT,
    "id": IDS,
    "date": st.dates().map(str),
    "time": CLOCK | st.just("24:00"),
    "period": st.from_regex(r"2[01][0-9]{2}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?", fullmatch=True),
    "decimal": st.decimals(-(10**9), 10**9, places=2).map(lambda d: f"{d:.2f}"),
    "hex16": st.text(HEX, min_size=16, max_size=16),
    "sha256": st.text(HEX, min_size=64, max_size=64),
    "zone": st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "UTC"]),
    "json": st.dictionaries(TEXT, st.integers()).map(json.dumps),
}


def events(event_type: str) -> st.SearchStrategy[dict[str, Any]]:
    """Valid events of a type; optional fields are sometimes absent."""
    found = schema(event_type)
    if event_type in TYPES:
        return published(event_type)

    of_hall = found.topic == "hall-events"

    def as_subject(flat: dict[str, Any]) -> dict[str, Any]:
        hall = flat["subject_id"].replace("/", "-")
        about = ("hall", hall) if of_hall else ("case", f"{hall}/{hall}")
        ids = {"hall_id": hall, "subject_type": about[0], "subject_id": about[1]}
        if flat.get("about_case_id"):
            ids["about_case_id"] = f"{hall}/{hall}"
        return {**flat, "type": event_type, **ids}

    def as_parts(flat: dict[str, Any]) -> dict[str, Any]:
        return flat | {part: min(flat[part], flat[whole]) for part, whole in parts_of(found.fields)}

    return record(list(found.fields)).map(as_parts).map(as_subject)


def published(event_type: str) -> st.SearchStrategy[dict[str, Any]]:
    """Reference events that ship, in any envelope: their own fields have to make sense."""
    shipped = [to_json(e) for e in load(SHIPPED) if e.type == event_type]
    free = [f for f in avro.envelope()["fields"] if not f["name"].startswith("subject_")]
    return st.builds(lambda one, other: one | other, st.sampled_from(shipped), record(free))


def record(fields: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Records with these fields."""
    needed = {f["name"]: values(f["type"], f) for f in fields if "default" not in f}
    optional = {f["name"]: values(f["type"], f) for f in fields if "default" in f}
    return st.fixed_dictionaries(needed, optional=optional)


def values(type_: Any, field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a type, within the bounds of its field."""
    if isinstance(type_, list):
        return st.none() | values(type_[1], field)
    if isinstance(type_, str):
        return plain(type_, field)
    if type_.get("logicalType") == "timestamp-millis":
        return INSTANTS
    if type_.get("logicalType") == "uuid":
        return st.uuids().map(str)
    match type_["type"]:
        case "enum":
            return st.sampled_from(type_["symbols"])
        case "record":
            return record(type_["fields"])
        case "array":
            return st.lists(values(type_["items"], field), max_size=3)
        case "map":
            return st.dictionaries(IDS, values(type_["values"], field), max_size=3)
    raise AssertionError(f"no strategy for {type_}")


def plain(kind: str, field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a primitive type."""
    if kind == "string":
        return FORMATTED[field.get("format", "")]
    if kind == "boolean":
        return st.booleans()
    if kind == "double":
        return st.floats(field.get("min"), field.get("max"), allow_nan=False, allow_infinity=False)
    lowest, highest = WHOLE[kind]
    return st.integers(field.get("min", lowest), field.get("max", highest))
