"""The gateway on a real broker: each answer it can give, and what is in Kafka afterwards."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from duban import codec
from duban.bus import Record, read_all
from tests.flows.small import WHEN, Door, duban_json, fact, small_stack
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    with small_stack(tmp_path_factory.mktemp("gateway") / "data", outside) as made:
        yield made


def token(hall: str, *more: str) -> str:
    made: str = duban_json("token", "create", "--hall", hall, *more)["token"]
    return made


@pytest.fixture(scope="module")
def h1(small: Stack) -> Door:
    door = Door(small, token("h1"))
    wait_for(lambda: door.one({}).status_code == 422, "the gateway knows the token")
    return door


def found(*event_ids: str) -> list[Record]:
    wanted = {event_id.encode() for event_id in event_ids}
    return [r for r in read_all("case-events") if r.header("ce_id") in wanted]


def test_202_means_that_the_event_lies_in_kafka(h1: Door) -> None:
    event = fact(item_name="食品经营许可", actor={"id": "s-7", "role": "handler"})
    answer = h1.one(event)
    assert answer.status_code == 202
    (record,) = found(*answer.json()["event_ids"])
    written = codec.decode(record.value)
    assert (written.subject_id, written.hall_id) == (event["subject_id"], "h1")
    assert written.data["item_name"] == "食品经营许可"
    assert record.key == event["subject_id"].encode()
    assert record.header("duban_hall") == b"h1"
    assert record.header("ce_type") == b"CaseSubmitted"


def test_a_batch_is_sent_in_order_and_whole(h1: Door) -> None:
    case = fact()["subject_id"]
    steps = [
        {"type": "StepCompleted", "subject_id": case, "occurred_at": WHEN, "step": f"s{i}"}
        for i in range(500)
    ]
    answer = h1.batch(steps)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 500
    written = [codec.decode(r.value).data["step"] for r in found(*answer.json()["event_ids"])]
    assert written == [f"s{i}" for i in range(500)]


def test_one_bad_row_and_nothing_is_sent(h1: Door) -> None:
    good, late = fact(event_id=str(uuid4())), fact(occurred_at="2126-01-01T00:00:00Z")
    answer = h1.batch([good, fact(item_code=7), late, {"type": "Nonsense"}])
    assert answer.status_code == 422
    problems = {(p["line"], p["field"]) for p in answer.json()["problems"]}
    assert problems == {(2, "item_code"), (3, "occurred_at"), (4, "type")}
    assert all(p["reason"] for p in answer.json()["problems"])
    assert found(good["event_id"]) == []


def test_the_same_idempotency_key_gives_the_same_ids_and_bytes(h1: Door) -> None:
    rows, key = [fact(), fact()], uuid4().hex
    first, again = h1.batch(rows, key), h1.batch(rows, key)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert len(set(first.json()["event_ids"])) == 2
    records = found(*first.json()["event_ids"])
    assert len(records) == 4 and len({r.value for r in records}) == 2
    other = h1.batch([fact()], key)
    assert other.status_code == 422
    assert other.json()["problems"][0]["field"] == "Idempotency-Key"


def test_rows_without_a_key_keep_their_ids_in_any_batch(h1: Door) -> None:
    row, keyed = fact(), fact(row_key="2026-17")
    ids = h1.batch([row, row, keyed]).json()["event_ids"]
    assert len(set(ids)) == 3
    assert h1.batch([keyed, row]).json()["event_ids"] == [ids[2], ids[0]]


@pytest.mark.parametrize("show", ["", "nonsense", "dbn_00000000_x"])
def test_401_without_a_token_in_force(small: Stack, show: str) -> None:
    answer = Door(small, show).one(fact())
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_is_shut_out_and_a_reading_one_may_not_write(small: Stack) -> None:
    reader, writer = token("h1", "--scope", "read"), token("h1")
    wait_for(lambda: Door(small, reader).one(fact()).status_code == 403, "read scope is refused")
    wait_for(lambda: Door(small, writer).one(fact()).status_code == 202, "the token works")
    duban_json("token", "revoke", writer.split("_")[1])
    wait_for(lambda: Door(small, writer).one(fact()).status_code == 401, "it is shut out")
    states = {t["token_id"]: t["state"] for t in duban_json("token", "list")["tokens"]}
    assert states[writer.split("_")[1]] == "revoked"
    assert states[reader.split("_")[1]] == "active"


def test_403_for_another_halls_case_except_what_a_guest_may_say(h1: Door) -> None:
    mine, theirs = fact(event_id=str(uuid4())), fact("h2")
    answer = h1.batch([mine, theirs])
    assert answer.status_code == 403
    assert [(p["line"], p["field"]) for p in answer.json()["problems"]] == [(2, "subject_id")]
    assert found(mine["event_id"]) == []
    guest = {"type": "UpstreamReplied", "subject_id": theirs["subject_id"], "occurred_at": WHEN}
    answer = h1.one({**guest, "authority": "h1"})
    assert answer.status_code == 202, answer.text
    assert found(*answer.json()["event_ids"])[0].header("duban_hall") == b"h1"


def test_a_batch_is_checked_whole_and_every_fault_is_listed_by_line(h1: Door) -> None:
    mine = fact(event_id=str(uuid4()))
    lines = [
        json.dumps(mine),
        "{not json",
        json.dumps(fact(item_code=None)),
        json.dumps(fact("h2")),
    ]
    answer = h1.raw("\n".join(lines).encode(), "application/x-ndjson")
    assert answer.status_code == 422
    assert [(p["line"], p["field"]) for p in answer.json()["problems"]] == [
        (2, ""), (3, "item_code"), (4, "subject_id"),
    ]  # fmt: skip
    assert found(mine["event_id"]) == []


def test_what_only_streams_or_all_halls_may_write(small: Stack, h1: Door) -> None:
    derived = {"type": "AlertRaised", "subject_id": "h1/1", "occurred_at": WHEN}
    answer = h1.one(derived)
    assert answer.status_code == 422
    assert [(p["field"], p["reason"]) for p in answer.json()["problems"]] == [
        ("type", "is derived: only the streams write it")
    ]
    tick = {"type": "ClockTicked", "subject_id": "t", "subject_type": "time", "at": WHEN}
    assert h1.one({**tick, "occurred_at": WHEN}).status_code == 403
    everybody = Door(small, small.settings.gateway_token.get_secret_value())
    assert everybody.one(fact("h77")).status_code == 202


def test_413_beyond_the_limit_chunked_or_not(h1: Door) -> None:
    size = (4 << 20) + 1

    def chunks() -> Iterator[bytes]:
        for _ in range(size // 65536 + 1):
            yield b" " * 65536

    for body in (b" " * size, chunks()):
        try:
            answer = h1.raw(body, "application/x-ndjson")
        except (httpx.WriteError, httpx.ReadError):
            continue  # closed in our face while we were still writing: refused, too
        assert answer.status_code == 413
    assert h1.one(fact()).status_code == 202


def test_415_for_a_body_of_another_kind(h1: Door) -> None:
    assert h1.raw(b"a,b", "text/csv").status_code == 415


HOSTILE = {
    b"": 400,
    b"\n\n": 400,
    b"[]": 400,
    b"null": 400,
    b"\xff\xfe{": 400,
    b'{"type":': 400,
    b"[" * 100_000: 400,
    b'{"a":' * 50_000: 400,
    b'{"type": "CaseSubmitted", "subject_id": "h1/\\ud800"}': 422,
    b'{"type": "CaseSubmitted", "seq": 1' + b"0" * 4000 + b"}": 422,
    b'{"type": "CaseSubmitted", "seq": 1' + b"0" * 5000 + b"}": 400,
    b'{"type": "CaseSubmitted", "seq": NaN}': 422,
    b'{"type": "CaseSubmitted", "seq": 1e999}': 422,
    b'{"type": ["CaseSubmitted"]}': 422,
    b'{"type": "CaseSubmitted", "actor": []}': 422,
    b'{"type": "CaseSubmitted", "evidence": {"0": 1}}': 422,
    b'{"type": "CaseSubmitted", "subject_id": {"$gt": ""}}': 422,
    b'{"type": "CaseSubmitted", "row_key": {}}': 422,
    b'{"type": "CaseSubmitted", "event_id": null}': 422,
    b'{"type": "CaseSubmitted", "note": "' + b"x" * 600_000 + b'"}': 422,
}


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:40]))
def test_hostile_rows_are_refused_by_line_never_by_a_fault(h1: Door, body: bytes) -> None:
    answer = h1.raw(body, "application/x-ndjson")
    assert answer.status_code == HOSTILE[body], answer.text
    assert answer.json()["problems"][0]["line"] >= 1


def test_text_that_utf8_cannot_hold_is_refused_in_every_field(h1: Door) -> None:
    for field in ("subject_id", "item_code", "item_name", "note", "event_id", "row_key"):
        row = json.dumps({**fact(), field: "h1/\ud800"}).encode()
        answer = h1.raw(row, "application/x-ndjson")
        assert answer.status_code == 422, (field, answer.text)


def test_openapi_is_served_and_names_every_answer(small: Stack) -> None:
    said = httpx.get(small.url("gateway") + "/docs", follow_redirects=True).json()
    post = said["paths"]["/api/v1/events"]["post"]
    assert set(post["responses"]) == {"202", "400", "401", "403", "413", "415", "422", "503"}
    assert "http://" not in json.dumps(said) and "https://" not in json.dumps(said)


@pytest.mark.fault
def test_503_while_the_broker_is_away_and_the_same_ids_after(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(parts="broker,topics,gateway").start()
    door = Door(stack, stack.settings.gateway_token.get_secret_value())
    row = fact()
    ids = door.one(row).json()["event_ids"]
    stack.kill("broker", signal.SIGSTOP)  # with the note for `audit` maybe in flight
    try:
        began = time.monotonic()
        answers = [door.one(row) for _ in range(2)]
        assert time.monotonic() - began < 25
    finally:
        stack.kill("broker", signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert int(answers[0].headers["Retry-After"]) >= 1
    again = wait_for(
        lambda: (a := door.one(row)).status_code == 202 and a, "the gateway works again", 60, 1
    )
    assert again.json()["event_ids"] == ids
