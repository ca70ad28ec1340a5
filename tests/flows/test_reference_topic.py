"""What lies on `reference` and is of no use: put aside once, by one worker, and all goes on."""

import json
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import pytest

from duban import bus, codec, contracts
from duban.bus_dead import letters
from duban.bus_make import make
from duban.launch import SCHEMAS
from duban.publish import plan
from tests.stack import Stack, wait_for

HALL = "evil"
PARTS = "broker,topics,apply,streams"


def example(event_type: str):
    path = next((SCHEMAS / "examples" / event_type).glob("*.json"))
    return contracts.from_json(json.loads(path.read_text(encoding="utf-8")))


def policy(name: str, body: str):
    good = example("PolicyPublished")
    data = {**good.data, "policy_id": name, "version": "2", "body": body}
    return replace(good, event_id=str(uuid4()), subject_id=f"{name}@2", data=data)


NOPE = '{"clocks":[{"budget":"item.promise","kind":"promise","start":["Nope"],"unit":"fortnight"}]}'
EVIL = policy("evil", NOPE)


def item(promise: int, recorded_at: int = 0):
    good = example("ItemPublished")
    data = {**good.data, "item_code": "evil", "version": "1", "promise": promise}
    return replace(good, event_id=str(uuid4()), subject_id="evil@1", data=data,
                   recorded_at=good.recorded_at + recorded_at)  # fmt: skip


def put_on(producer: bus.Producer, key: str, value: bytes | None) -> int:
    """Bytes past every door; the offset they got."""
    return int(producer.send_raw("reference", key.encode(), value).get(30).offset)


def hostile() -> dict[str, tuple[str, bytes | None]]:
    """reason → (key, value)."""
    schema = codec.schema_published("RatingGiven", 0)
    deep = {**schema.data, "schema_json": "[" * 20_000, "fingerprint": "0" * 16}
    return {
        "wrong_magic": ("policy:default@1", b"junk"),
        "null_value": ("policy:default@1", None),
        "schema_rules": ("policy:evil@2", codec.encode(EVIL)),
        "bad_schema": ("schema:0@1", codec.encode(replace(schema, data=deep))),
        "wrong_topic": ("evil/1", codec.encode(make("CaseAccepted", case="evil/1"))),
        "unknown_schema": ("item:evil@9", b"\xc3\x01" + b"\x07" * 8 + b"later"),
    }


def laid_aside() -> Counter[tuple[int, str]]:
    found = (one.letter for one in letters(bus.read_all("dead-letters")))
    return Counter((x.offset, x.reason) for x in found if x.topic == "reference")


def promised(case: str) -> list[int]:
    """Budgets of the promise clocks that have started on a case."""
    records = bus.read_all("sla-events")
    events = [codec.decode(r.value) for r in records if (r.key or b"").decode() == case]
    started = [e.data for e in events if e.type == "ClockStarted"]
    return [data["budget"] for data in started if data["kind"] == "promise"]


def accept(producer: bus.Producer, case: str) -> None:
    producer.emit("CaseSubmitted", case=case, item_code="evil")
    producer.emit("CaseAccepted", case=case)
    producer.flush()
    wait_for(lambda: promised(case) == [5], f"{case} has five days", 120, 0.5)


@pytest.mark.stack
def test_one_letter_for_each_and_the_clocks_run_whoever_reads_it_again(make_stack) -> None:
    stack: Stack = make_stack(parts=PARTS).start()
    with stack.here(), bus.Producer() as producer:
        producer.send(item(5))
        bad = {(put_on(producer, *record), reason) for reason, record in hostile().items()}
        put_on(producer, "item:evil@1", codec.encode(item(9, recorded_at=1)))
        accept(producer, f"{HALL}/1")
        wait_for(lambda: len(laid_aside()) >= len(bad), "all are laid aside", 120, 0.5)

        stack.wait_restarted("streams", stack.kill("streams"), 90)
        bad.add((put_on(producer, "policy:evil@3", b"more junk"), "wrong_magic"))
        accept(producer, f"{HALL}/2")
        wait_for(lambda: len(laid_aside()) >= len(bad), "the new one is laid aside", 120, 0.5)
        assert laid_aside() == Counter(bad)
        assert stack.parts()["streams"]["restarts"] == 1

    told = json.loads(stack.run("doctor", "--json").stdout)
    said = next(c["found"] for c in told["checks"] if c["name"] == "dead letters")
    assert "start[0] Nope is no fact" in said


@pytest.mark.stack
def test_emit_says_what_is_wrong_in_a_policy(make_stack) -> None:
    done = make_stack().run("emit", "-", "--json", input=json.dumps(contracts.to_json(EVIL)))
    assert done.returncode == 1
    fields = {problem["field"] for problem in json.loads(done.stdout)["problems"]}
    assert {"body.clocks[0].start[0]", "body.clocks[0].stop"} <= fields


def test_an_unusable_version_takes_no_key_from_a_good_one() -> None:
    good = policy("evil", example("PolicyPublished").data["body"])
    assert plan([good], [EVIL]).new == (good,)
    assert plan([good], [EVIL, good]).same == (good,)
