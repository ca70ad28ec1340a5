"""FULL_TRANSITIVE: what a new version may change, and every way to break it."""

import copy

import pytest

from duban import avro, contracts
from duban.evolution import forbidden_changes, forbidden_in


def versions():
    older = contracts.schema("RatingGiven").raw
    return older, {**copy.deepcopy(older), "version": 2}


def field(raw, name):
    return next(f for f in raw["fields"] if f["name"] == name)


def test_every_version_in_the_repository_reads_every_other():
    assert forbidden_in(avro.all_schemas()) == {}


def test_fields_with_defaults_may_come_and_go_and_enums_may_grow():
    older, newer = versions()
    newer["fields"] = [f for f in newer["fields"] if f["name"] != "tags"]
    newer["fields"].append({"name": "stars", "type": "int", "default": 0, "doc": "Stars."})
    field(newer, "source")["type"]["symbols"].insert(0, "press")
    field(newer, "level")["doc"] = "Said better."
    assert forbidden_changes(older, newer) == []


def add_required(raw):
    raw["fields"].append({"name": "stars", "type": "int", "doc": "Stars."})


def remove_required(raw):
    raw["fields"] = [f for f in raw["fields"] if f["name"] != "level"]


def rename(raw):
    field(raw, "level")["name"] = "grade"


def rename_optional_with_alias(raw):
    field(raw, "tags")["aliases"] = ["phrases"]


def int_to_long(raw):
    field(raw, "level")["type"] = "long"


def long_to_int(raw):
    field(raw, "seq")["type"] = "int"


def make_nullable(raw):
    field(raw, "level")["type"] = ["null", "int"]


def drop_null(raw):
    field(raw, "note")["type"] = "string"


def change_union_branch(raw):
    field(raw, "note")["type"] = ["null", "bytes"]


def add_logical_type(raw):
    field(raw, "invitation_id")["type"] = {"type": "string", "logicalType": "uuid"}


def drop_logical_type(raw):
    field(raw, "occurred_at")["type"] = {"type": "long"}


def other_logical_type(raw):
    field(raw, "occurred_at")["type"]["logicalType"] = "timestamp-micros"


def drop_enum_default(raw):
    del field(raw, "source")["type"]["default"]


def change_enum_default(raw):
    field(raw, "source")["type"]["default"] = "mass"


def rename_enum(raw):
    field(raw, "source")["type"]["name"] = "Source"


def change_items(raw):
    field(raw, "tags")["type"]["items"] = "int"


def change_map_values(raw):
    field(raw, "dims")["type"]["values"] = "long"


def add_required_inside(raw):
    inner = field(raw, "evidence")["type"]["items"]["fields"]
    inner.append({"name": "size", "type": "long", "doc": "Bytes."})


def change_default(raw):
    field(raw, "identified")["default"] = True


def rename_record(raw):
    raw["name"] = "Rated"


def change_topic(raw):
    raw["topic"] = "hall-events"


def keep_version(raw):
    raw["version"] = 1


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (add_required, "stars: added without a default"),
        (remove_required, "level: removed without a default"),
        (rename, "grade: added without a default"),
        (rename_optional_with_alias, "tags: aliases changed"),
        (int_to_long, "level: type changed from int to long"),
        (long_to_int, "seq: type changed from long to int"),
        (make_nullable, "level: type changed from int to null or int"),
        (drop_null, "note: type changed from null or string to string"),
        (change_union_branch, "note: type changed from string to bytes"),
        (add_logical_type, "invitation_id: type changed from string to uuid"),
        (drop_logical_type, "occurred_at: logicalType changed"),
        (other_logical_type, "occurred_at: logicalType changed"),
        (drop_enum_default, "source: enum without a default symbol"),
        (change_enum_default, "source: default symbol changed"),
        (rename_enum, "source: name changed"),
        (change_items, "tags[]: type changed"),
        (change_map_values, "dims{}: type changed"),
        (add_required_inside, "evidence[].size: added without a default"),
        (change_default, "identified: default changed"),
        (rename_record, "name changed from RatingGiven to Rated"),
        (change_topic, "topic changed"),
        (keep_version, "version does not rise"),
    ],
)
def test_a_planted_violation_is_found(plant, said):
    older, newer = versions()
    plant(newer)
    changes = forbidden_changes(older, newer)
    assert any(said in change for change in changes), changes


def test_a_field_that_left_and_came_back_otherwise_is_seen_against_the_first_version():
    first, second = versions()
    second["fields"] = [f for f in second["fields"] if f["name"] != "tags"]
    third = {**copy.deepcopy(first), "version": 3}
    field(third, "tags")["type"]["items"] = "int"
    assert forbidden_changes(first, second) == []
    assert forbidden_changes(second, third) == []
    schemas = [avro.event_schema(raw) for raw in (first, second, third)]
    assert list(forbidden_in(schemas)) == ["RatingGiven 1→3"]
