"""Facts of halls on the real stack: every kind comes in by every way, is stored once, and goes
again when it is corrected or voided; what is no fact of a hall is buried."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from duban import bus, codec, contracts, warehouse
from duban.events import Actor, Event
from duban.launch import SCHEMAS
from tests.flows.small import WHEN, Door, duban, duban_json
from tests.stack import Stack, new_stack, wait_for

pytestmark = pytest.mark.stack

HALL = "h1"
PERSON = Actor(id="xnb-01", role="efficiency_office")


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    parts = "broker,topics,apply,warehouse,sink,gateway"  # a closing names a published policy
    made = new_stack(tmp_path_factory.mktemp("halls") / "data", parts=parts)
    try:
        with made.start().here():
            yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def door(hall: Stack) -> Door:
    made = Door(hall, duban_json("token", "create", "--hall", HALL)["token"])
    wait_for(lambda: made.one({}).status_code == 422, "the gateway knows the token")
    return made


def examples() -> list[dict[str, Any]]:
    """Every example of a fact of a hall, as if it were of one hall."""
    files = sorted((SCHEMAS / "examples").glob("*/*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return [
        {**one, "hall_id": HALL, "subject_id": HALL}
        for one in found
        if contracts.topic_of(one["type"]) == "hall-events"
    ]


def stored(*event_ids: str, table: str = "events_now") -> set[str]:
    """Which of these ids lie there; each may lie there once only."""
    sql = f"SELECT toString(event_id) FROM {table} WHERE event_id IN {{ids:Array(UUID)}}"
    found = [event_id for (event_id,) in warehouse.query(sql, ids=list(event_ids)).rows]
    assert len(found) == len(set(found)), found
    return set(found)


def wait_stored(*event_ids: str) -> None:
    wait_for(lambda: stored(*event_ids) == set(event_ids), "all facts are stored", 120)


def standing(*event_ids: str) -> set[str]:
    return stored(*event_ids, table="hall_facts_now")


def emitted(producer: bus.Producer, type_: str, **fields: Any) -> Event:
    return producer.emit(type_, hall=HALL, actor=PERSON, **fields)


def test_every_kind_of_fact_comes_in_by_sdk_and_gateway_and_is_stored_once(door: Door) -> None:
    told = examples()
    assert {one["type"] for one in told} == {
        t for t in contracts.event_types() if contracts.topic_of(t) == "hall-events"
    }
    with bus.Producer() as producer:
        producer.send_many(contracts.from_json(one) for one in told[::2])
    answer = door.batch(told[1::2])
    assert answer.status_code == 202, answer.text
    again = door.batch(told)  # the whole once more, by the other way too
    assert again.json()["event_ids"] == [one["event_id"] for one in told]
    wait_stored(*(one["event_id"] for one in told))
    records = [r for r in bus.read_all("hall-events") if r.key == HALL.encode()]
    assert len(records) == 2 * len(told)
    void = {one["voided_event_id"] for one in told if one["type"] == "HallFactVoided"}
    ids = {one["event_id"] for one in told if one["type"] != "HallFactVoided"}
    assert standing(*(one["event_id"] for one in told)) == ids - void


def test_the_measures_of_the_examples_stand_as_people_left_them(door: Door) -> None:
    wait_stored(*(one["event_id"] for one in examples()))
    said = duban_json("query", "measures", "--hall", HALL)
    found = [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]]
    assert [(m["event_type"], m["detail"], m["state"], m["flags"]) for m in found] == [
        ("CardIssued", "yellow", "in_force", []),
        ("AdmonitionIssued", "", "in_force", []),
        ("CardIssued", "red", "revoked", []),
        ("TalkHeld", "", "in_force", ["no_lower_step"]),
        ("PublicCriticism", "city", "in_force", []),
    ]


def test_a_corrected_fact_and_a_voided_one_are_gone_whatever_came_first(hall: Stack) -> None:
    first, second, gone = (str(uuid4()) for _ in range(3))
    praise = {"kind": "letter", "subject": "w1", "at": 1_790_000_000_000}
    with bus.Producer() as producer:
        better = emitted(
            producer, "PraiseReceived", event_id=second, corrects_event_id=first, count=3, **praise
        )
        void = emitted(producer, "HallFactVoided", voided_event_id=gone, reason="误录")
        emitted(producer, "PraiseReceived", event_id=first, count=5, **praise)
        emitted(producer, "PraiseReceived", event_id=gone, **praise)
    wait_stored(first, second, gone, void.event_id)
    assert standing(first, second, gone, void.event_id) == {second}
    with bus.Producer() as producer:
        back = [
            emitted(producer, "HallFactVoided", voided_event_id=one, reason="误作废").event_id
            for one in (void.event_id, better.event_id)
        ]
    wait_stored(*back)
    assert standing(first, second, gone) == {first, gone}


def test_a_token_of_a_hall_writes_for_its_hall_and_says_no_more_than_it_must(door: Door) -> None:
    card = {"type": "CardIssued", "occurred_at": WHEN, "colour": "yellow", "reason": "超期"}
    answer = door.one({**card, "hall_id": HALL, "subject": "w1"})
    assert answer.status_code == 202, answer.text
    wait_stored(*answer.json()["event_ids"])
    assert door.one({**card, "hall_id": "h2", "subject": "w1"}).status_code == 403
    without = door.one({**card, "hall_id": HALL})
    assert [(p["field"], p["reason"]) for p in without.json()["problems"]] == [
        ("subject", "is missing")
    ]
    wrong = door.one({**card, "hall_id": HALL, "subject_id": f"{HALL}/1", "subject": "w1"})
    assert wrong.status_code == 422


def test_the_command_line_sends_a_fact_of_a_hall(hall: Stack, tmp_path: Path) -> None:
    done = duban_json(
        "emit", "HonourGranted", "--hall", HALL, "--actor", "zx-01", "--actor-role",
        "centre_manager", "--set", "subject=w1", "--set", "kind=red_flag",
    )  # fmt: skip
    lines = tmp_path / "facts.ndjson"
    praise = {"type": "PraiseReceived", "hall_id": HALL, "kind": "phone", "occurred_at": WHEN}
    lines.write_text(json.dumps(praise), encoding="utf-8")
    more = duban_json("emit", "--file", str(lines))
    wait_stored(*done["event_ids"], *more["event_ids"])
    assert duban("emit", "PeriodClosed", "--hall", HALL).exit_code == 1  # without its period


def test_a_sheet_is_imported_once(hall: Stack, tmp_path: Path) -> None:
    sheet = tmp_path / "cards.csv"
    rows = ["编号,日期,窗口,办件编号,满意度", "1,2026-09-01,w1,,满意", "2,2026-09-02,w1,,不满意"]
    sheet.write_text("\n".join(rows), encoding="utf-8")
    command = ("import", str(sheet), "--map", "feedback-cards", "--hall", "of-sheets")
    assert hall.json(*command)["added"] == 2
    sql = "SELECT count() FROM hall_facts_now WHERE hall_id = 'of-sheets'"
    wait_for(lambda: warehouse.query(sql).rows == [(2,)], "both cards are stored")
    again = hall.json(*command)
    assert (again["added"], again["duplicates"]) == (0, 2)


def test_what_is_no_fact_of_the_hall_goes_to_the_dead_letters(hall: Stack) -> None:
    kept = bus.make("PraiseReceived", hall=HALL, kind="press")
    other = bus.make("PraiseReceived", hall="h2", kind="press")
    case = bus.make("CaseSubmitted", case=f"{HALL}/9", item_code="x")
    with bus.Producer() as producer:
        for event in (other, case, kept):
            producer.send_raw(
                "hall-events", HALL.encode(), codec.encode(event), bus.headers_of(event)
            )
    wait_stored(kept.event_id)
    wait_for(lambda: buried() >= {"wrong_key", "wrong_topic"}, "the letters are stored")
    assert stored(other.event_id, case.event_id) == set()


def buried() -> set[str]:
    sql = "SELECT reason FROM dead_letters_now WHERE source_topic = 'hall-events'"
    return {reason for (reason,) in warehouse.query(sql).rows}
