"""Broken bytes and hostile events: each is laid aside with its reason, and everything goes on."""

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import fastavro
import pytest

from duban import avro, bus, codec, contracts, warehouse
from duban.bus_dead import original
from duban.bus_make import make
from duban.events import Event
from projections.sink.schemas import VAIN_S
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

HALL = "hostile"
DAY = datetime(2026, 11, 20, 1, tzinfo=UTC)
SCHEMA_WAIT_SECONDS = 60


def accepted(number: int, **more: Any) -> Event:
    event = make("CaseAccepted", case=f"{HALL}/{number}", at=DAY)
    return replace(event, event_id=str(uuid4()), **more)


def of_a_later_version(event: Event) -> tuple[bytes, Event]:
    """Bytes written with a schema that this release has never seen, and what publishes it."""
    raw = json.loads(contracts.schema("CaseAccepted").text)
    raw["fields"].append({"name": "mood", "type": "string", "default": "", "doc": "Of later."})
    raw["version"] = 2
    body = io.BytesIO()
    fastavro.schemaless_writer(body, avro.parse(raw), {**codec.record_of(event), "mood": "calm"})
    mark = avro.fingerprint(raw)
    known = codec.schema_published("CaseAccepted", 0)
    text = json.dumps(raw, ensure_ascii=False)
    data = {**known.data, "schema_json": text, "fingerprint": f"{mark:016x}"}
    published = replace(known, event_id=str(uuid4()), data=data)
    return b"\xc3\x01" + mark.to_bytes(8, "little") + body.getvalue(), published


def hostile(later: bytes) -> dict[str, tuple[str, bytes | None, str]]:
    """What is wrong → (key, value, reason)."""
    good, key = accepted(1), f"{HALL}/1"
    value = codec.encode(good)
    ahead = codec.encode(accepted(1, occurred_at=good.occurred_at + 40 * 86_400_000))
    elsewhere = codec.encode(accepted(1, hall_id="another"))
    long = codec.encode(accepted(1, note="长" * 5_000))
    unit = make(
        "OrgUnitChanged",
        hall=HALL,
        subject_type="unit",
        subject_id=f"{HALL}@1",
        org_id=HALL,
        kind="hall",
        name="x",
        version="1",
        effective_from=DAY,
    )
    return {
        "null": (key, None, "null_value"),
        "no magic": (key, b"hello, hall", "wrong_magic"),
        "cut short": (key, value[:-5], "truncated"),
        "left over": (key, value + b"tail", "garbled"),
        "registry framing without a registry": (key, b"\x00\x00\x00\x00\x07body", "no_registry"),
        "unknown schema": (f"{HALL}/9", later, "unknown_schema"),
        "another case's key": (f"{HALL}/2", value, "wrong_key"),
        "of another topic": (HALL, codec.encode(unit), "wrong_topic"),
        "dated far ahead": (key, ahead, "schema_rules"),
        "another hall's name": (key, elsewhere, "schema_rules"),
        "a novel for a note": (key, long, "schema_rules"),
    }


def letters() -> dict[str, tuple[bytes | None, str]]:
    """key and reason of the worker's dead letters of this hall, by the record's place."""
    found = {}
    for record in bus.read_all("dead-letters"):
        letter = original(record)
        if letter.consumer.startswith("streams") and (letter.key or b"").startswith(b"hostile"):
            found[f"{letter.partition}/{letter.offset}"] = (letter.value, letter.reason)
    return found


def test_each_is_laid_aside_with_its_reason_and_the_rest_goes_on(stack: Stack) -> None:
    arrived = accepted(9)
    later, schema = of_a_later_version(arrived)
    bad = hostile(later)
    with bus.Producer() as producer:
        sent = {}
        for name, (key, value, reason) in bad.items():
            put = producer.send_raw("case-events", key.encode(), value).get(30)
            sent[f"{put.partition}/{put.offset}"] = (name, reason)
        producer.send(accepted(1))
        producer.send(accepted(9, note="after the unknown schema"))

    wait_for(lambda: len(letters()) >= len(bad), "all are laid aside", SCHEMA_WAIT_SECONDS, 0.5)
    found = letters()
    assert {sent[place]: found[place][1] for place in sent} == {v: v[1] for v in sent.values()}
    assert {found[place][0] for place, (name, _) in sent.items() if name == "cut short"} == {
        bad["cut short"][1]
    }
    wait_for(lambda: {1, 9} <= _numbers(), "the partitions go on", 120, 0.5)

    told = json.loads(stack.run("doctor", "--json").stdout)
    assert "unknown_schema" in json.dumps(told)

    with bus.Producer() as producer:
        producer.send(schema)
    time.sleep(VAIN_S)
    stack.run("dead-letters", "retry", "--reason", "unknown_schema", check=True)
    wait_for(lambda: arrived.event_id in _facts(9), "the mended event has arrived", 120, 0.5)


def _numbers() -> set[int]:
    sql = "SELECT case_id FROM cases_now WHERE hall_id = {hall:String}"
    return {int(row["case_id"].split("/")[1]) for row in warehouse.rows(sql, hall=HALL)}


def _facts(number: int) -> set[str]:
    sql = "SELECT toString(event_id) AS id FROM events_now WHERE case_id = {case:String}"
    return {row["id"] for row in warehouse.rows(sql, case=f"{HALL}/{number}")}
