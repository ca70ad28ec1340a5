"""The rules of the house for schema files, and that the checker sees a breach of each."""

import copy
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from duban import avro, contracts, schema_docs, schema_rules
from duban.cli import application
from duban.launch import SCHEMAS


def raw_rating():
    return copy.deepcopy(contracts.schema("RatingGiven").raw)


def field(raw, name):
    return next(f for f in raw["fields"] if f["name"] == name)


def test_all_schemas_keep_the_rules_and_lie_where_they_belong():
    assert schema_rules.misplaced() == []
    assert schema_rules.flaws() == []


def test_every_schema_begins_with_the_same_envelope():
    envelope = avro.envelope()["fields"]
    assert len(envelope) == 17
    for schema in avro.all_schemas():
        assert schema.raw["fields"][:17] == envelope, schema.type


def test_all_fingerprints_differ_even_without_logical_types():
    marks = {schema.fingerprint for schema in avro.all_schemas()}
    assert len(marks) == len(avro.all_schemas())
    plain = {avro.fingerprint(avro.without_logical_types(s.raw)) for s in avro.all_schemas()}
    assert plain == marks  # CRC-64 does not see logical types: hence the rule against changing them


def test_state_schemas_differ_from_events_on_the_wire():
    marks = {schema.fingerprint for schema in avro.all_schemas()}
    for path in (SCHEMAS / "state").rglob("*.avsc"):
        assert avro.fingerprint(json.loads(path.read_text(encoding="utf-8"))) not in marks


def undocumented(raw):
    field(raw, "level")["doc"] = " "


def undocumented_inside(raw):
    del field(raw, "actor")["type"]["fields"][0]["doc"]


def enum_without_default(raw):
    del field(raw, "source")["type"]["default"]


def wide_union(raw):
    field(raw, "level")["type"] = ["null", "int", "string"]


def optional_without_default(raw):
    field(raw, "level")["type"] = ["null", "int"]
    field(raw, "level")["default"] = 0


def strange_attribute(raw):
    field(raw, "level")["minimum"] = 1


def part_of_nothing(raw):
    field(raw, "level")["at_most"] = "n"


def strange_format(raw):
    field(raw, "invitation_id")["format"] = "phone"


def strange_logical_type(raw):
    field(raw, "level")["type"] = {"type": "int", "logicalType": "date"}


def other_envelope(raw):
    field(raw, "note")["max_length"] = 5


def other_namespace(raw):
    raw["namespace"] = "com.example"


def unknown_topic(raw):
    raw["topic"] = "elsewhere"


def reserved_name(raw):
    field(raw, "tags")["name"] = "type"


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (undocumented, "level: no doc"),
        (undocumented_inside, "actor.id: no doc"),
        (enum_without_default, "default symbol of an enum"),
        (wide_union, "a union is [null, X]"),
        (optional_without_default, "an optional field defaults to null"),
        (strange_attribute, "attribute minimum is not known"),
        (part_of_nothing, "at_most n is no number here"),
        (strange_format, "format phone is not known"),
        (strange_logical_type, "logicalType date of int"),
        (other_envelope, "does not begin with the envelope"),
        (other_namespace, "namespace is not"),
        (unknown_topic, "topic elsewhere is not in topics.toml"),
        (reserved_name, "field name type is reserved"),
    ],
)
def test_a_planted_breach_is_found(plant, said):
    raw = raw_rating()
    plant(raw)
    flaws = schema_rules.flaws([avro.event_schema(raw)])
    assert any(said in flaw for flaw in flaws), flaws


def test_versions_that_differ_only_in_a_logical_type_collide():
    raw = raw_rating()
    first = avro.event_schema(raw)
    plain = avro.without_logical_types(raw)
    second = replace(avro.event_schema(plain), version=2)
    assert any("share the fingerprint" in flaw for flaw in schema_rules.flaws([first, second]))


def test_a_misplaced_file_and_a_missing_version_are_found(tmp_path):
    folder = tmp_path / "events" / "RatingGiven"
    folder.mkdir(parents=True)
    text = json.dumps({**raw_rating(), "version": 3})
    (folder / "3.avsc").write_text(text, encoding="utf-8")
    (folder / "4.avsc").write_text(text, encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    assert schema_rules.misplaced(tmp_path) == [
        "events/RatingGiven/3.avsc: the version before it is missing",
        "events/RatingGiven/4.avsc: holds RatingGiven 3",
        "events/RatingGiven/notes.txt: not a schema",
    ]


def test_the_reference_page_is_up_to_date():
    page = SCHEMAS.parent / "docs" / "reference" / "events.md"
    assert page.read_text(encoding="utf-8") == schema_docs.events_page(), (
        "stale: run `duban schemas docs > docs/reference/events.md`"
    )


def test_the_command_line_checks_and_lists_schemas():
    run = CliRunner().invoke
    checked = run(application(), ["schemas", "check", "--json"])
    assert checked.exit_code == 0
    assert json.loads(checked.stdout) == {"schemas": len(avro.all_schemas()), "flaws": []}
    listed = json.loads(run(application(), ["schemas", "list", "--json"]).stdout)["schemas"]
    assert [row["type"] for row in listed] == list(contracts.event_types())
