"""From the SDK and the command line into Kafka, and back out: nothing lost in silence."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from duban import Actor, Basis, BrokerAway, ContractError, DeliveryError, Event, Producer, codec
from duban.bus import (
    Record,
    business_now,
    dead_letter,
    follow,
    kafka_config,
    new_id,
    read_all,
    read_reference,
)
from duban.settings import settings
from tests.flows.small import duban, duban_json, fact, small_stack
from tests.stack import CLI, Stack, environment

pytestmark = pytest.mark.stack
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    with small_stack(tmp_path_factory.mktemp("emit") / "data", outside) as made:
        yield made


def ids_in(topic: str) -> list[str]:
    return [(r.header("ce_id") or b"").decode() for r in read_all(topic)]


def test_the_sdk_writes_what_it_was_given_and_its_schema_once(small: Stack, tmp_path: Path) -> None:
    journal = tmp_path / "journal.ndjson"
    for _ in range(2):
        with Producer(journal=journal) as producer:
            made = producer.emit(
                "CaseAccepted",
                case="h1/sdk",
                actor=Actor("s-7", "handler", "market", "w3"),
                basis=Basis("行政许可法", "第四十二条"),
                note="材料齐全",
            )
    (record,) = [r for r in read_all("case-events") if r.header("ce_id") == made.event_id.encode()]
    assert codec.decode(record.value) == made
    assert (record.key, made.hall_id) == (b"h1/sdk", "h1")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {"event_id": made.event_id, "topic": "case-events"}.items() <= lines[-1].items()
    assert lines[-1]["offset"] == record.offset
    published = [e.data["name"] for e in read_reference() if e.type == "SchemaPublished"]
    assert published.count("cn.duban.events.CaseAccepted") == 1
    assert published.count("cn.duban.events.SchemaPublished") == 1


def test_the_sdk_refuses_what_breaks_the_contract(small: Stack) -> None:
    with Producer() as producer, pytest.raises(ContractError) as caught:
        producer.emit("CaseSubmitted", case="h1/x", colour="red")
    assert {p.field for p in caught.value.problems} == {"colour", "item_code"}


def test_a_tick_reaches_every_partition_and_is_business_time(small: Stack) -> None:
    with Producer() as producer:
        for at in (1_790_000_000_000, 1_790_000_360_000):
            producer.tick(at)
        partitions = producer.partitions("case-events")
    ticks = [r for r in read_all("case-events") if r.header("ce_type") == b"ClockTicked"]
    assert sorted(r.partition for r in ticks) == sorted(partitions * 2)
    with environment({**small.env, "DUBAN_BUSINESS_TIME": "ticks"}):
        assert business_now() == 1_790_000_360_000
    with environment(small.env):
        assert abs(business_now() - time.time() * 1000) < 5_000


def test_the_end_of_a_transactional_topic_is_found_behind_its_control_records(small: Stack) -> None:
    topic = f"transactional-{new_id()}"
    admin = KafkaAdminClient(**kafka_config())
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    admin.close()
    writer = KafkaProducer(**kafka_config(), transactional_id=topic)
    writer.init_transactions()
    for number, ending in enumerate((writer.commit_transaction, writer.abort_transaction)):
        writer.begin_transaction()
        for partition in (0, 1):
            writer.send(topic, value=f"{number}".encode(), partition=partition)
        writer.flush()
        ending()
    writer.close()
    assert [r.value for r in read_all(topic)] == [b"0", b"0"]
    assert [r.value for r in read_all(topic, partition=1)] == [b"0"]
    everything = read_all(topic, isolation="read_uncommitted")
    assert sorted(r.value or b"" for r in everything) == [b"0", b"0", b"1", b"1"]


def test_following_a_topic_gives_what_comes_after(small: Stack) -> None:
    seen: list[str] = []

    def watch() -> None:
        for record in follow(["hall-events"], start="earliest", quiet_after=6):
            seen.append((record.key or b"").decode())
            if seen[-1] == "last":
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    with Producer() as producer:
        producer.send_raw("hall-events", b"first", b"x").get(10)
        time.sleep(0.5)
        producer.send_raw("hall-events", b"last", b"x").get(10)
    watcher.join(10)
    assert seen[-2:] == ["first", "last"]


def test_one_event_from_the_command_line(small: Stack) -> None:
    said = duban_json(
        "emit", "CaseSubmitted", "--case", "h1/cli", "--set", "item_code=X-1",
        "--set", "actor.org_id=market", "--window", "w3", "--at", "2026-11-20T09:00",
    )  # fmt: skip
    (record,) = [r for r in read_all("case-events") if r.key == b"h1/cli"]
    event = codec.decode(record.value)
    assert said == {"sent": 1, "event_ids": [event.event_id]}
    assert event.actor == Actor(org_id="market", window_id="w3")
    assert event.occurred_at == 1_795_136_400_000  # 09:00 in the hall's zone


@pytest.mark.parametrize("way", [[], ["--http"]], ids=["kafka", "gateway"])
def test_ndjson_on_stdin_is_sent_whole_or_not_at_all(small: Stack, way: list[str]) -> None:
    good = [fact(), fact()]
    said = duban_json("emit", "-", *way, input="\n".join(map(json.dumps, good)))
    assert said["sent"] == 2
    assert set(said["event_ids"]) <= set(ids_in("case-events"))
    before = len(ids_in("case-events"))
    mixed = [json.dumps(fact()), "", json.dumps(fact(item_code=None)), "not json"]
    mixed += ['{"type": "Nonsense"}', '{"type": "SignalRaised"}']
    done = duban("emit", "-", "--json", *way, input="\n".join(mixed))
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert [(p["line"], p["field"]) for p in problems] == [
        (3, "item_code"), (4, ""), (5, "type"), (6, "type"),
    ]  # fmt: skip
    assert problems[-1]["reason"] == "is derived: only the streams write it"
    assert len(ids_in("case-events")) == before


def test_a_file_sent_twice_keeps_its_ids_and_bad_json_is_named_by_line(
    small: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(json.dumps(fact()) + "\n", encoding="utf-8-sig")
    ids = [duban_json("emit", "--file", str(file))["event_ids"] for _ in range(2)]
    assert ids[0] == ids[1]
    file.write_text("{}\nnot json\n", encoding="utf-8")
    done = duban("emit", "--file", str(file), "--json")
    problems = json.loads(done.stdout)["problems"]
    assert done.exit_code == 1
    assert [(p["line"], p["reason"].split(":")[0]) for p in problems] == [
        (1, "is missing"), (2, "is not JSON"),
    ]  # fmt: skip


def test_wrong_use_is_status_2(small: Stack) -> None:
    assert duban("emit").exit_code == 2
    assert duban("emit", "CaseSubmitted", "--case", "h1/1", "--set", "x").exit_code == 2
    assert duban("emit", "CaseSubmitted", "--case", "h1/1", "--at", "noon").exit_code == 2
    assert duban("dead-letters", "retry").exit_code == 2
    assert duban("alerts", "--level", "green").exit_code == 2


def test_dead_letters_are_listed_shown_and_driven_again(small: Stack) -> None:
    broken = Record("hall-events", 2, 41, 0, b"h9", b"\xff\x00", [("ce_id", b"x")])
    other = broken._replace(offset=42, value=None)
    with Producer() as producer:
        at = producer.send_raw(*dead_letter(broken, "test_magic", "starts ff", "clocks")).get(10)
        producer.send_raw(*dead_letter(other, "test_null", "no value", "clocks")).get(10)
    listed = duban_json("dead-letters", "list", "--reason", "test_magic")["dead_letters"]
    assert [(d["offset"], d["topic"], d["source_offset"]) for d in listed] == [
        (at.offset, "hall-events", 41)
    ]
    shown = duban_json("dead-letters", "show", str(at.offset))
    assert shown["value_base64"] == "/wA=" and shown["headers"] == {"ce_id": "x"}
    assert duban_json("dead-letters", "retry", "--reason", "test_magic")["retried"] == 1
    again = [r for r in read_all("hall-events", partition=2) if r.header("dlq.retry_of")]
    assert [(r.key, r.value, r.header("ce_id")) for r in again] == [(b"h9", b"\xff\x00", b"x")]
    assert again[0].header("dlq.retry_of") == f"dead-letters/0/{at.offset}".encode()
    assert duban_json("dead-letters", "list", "--reason", "test_magic")["count"] == 0
    everything = duban_json("dead-letters", "list", "--all")["dead_letters"]
    assert {d["reason"]: d["retried"] for d in everything} == {
        "test_magic": True,
        "test_null": False,
    }
    assert duban_json("dead-letters", "retry", "--all")["retried"] == 1
    assert duban_json("dead-letters", "retry", "--all")["retried"] == 0


def alert(number: int, level: str, at: int) -> Event:
    return Event(
        "AlertRaised",
        new_id(),
        f"h1/a{number}",
        at,
        at,
        hall_id="h1",
        channel="system",
        data={"alert_id": f"a{number}", "level": level, "at": at, "item_name": "[b]许可"},
    )


def test_alerts_are_replayed_from_a_time_filtered_and_followed(small: Stack) -> None:
    now = int(time.time() * 1000)
    with Producer() as producer:
        producer.send_many(
            alert(i, level, now - (3 - i) * HOUR_MS)
            for i, level in enumerate(("reminder", "yellow", "red"))
        )
    assert [a["alert_id"] for a in duban_json("alerts")["alerts"]] == ["a0", "a1", "a2"]
    late = duban_json("alerts", "--from", "90m", "--hall", "h1")["alerts"]
    assert [(a["alert_id"], a["level"]) for a in late] == [("a2", "red")]
    assert duban_json("alerts", "--level", "yellow")["alerts"][0]["subject_id"] == "h1/a1"
    assert duban_json("alerts", "--hall", "h2") == {"alerts": []}
    table = duban("alerts").stdout
    assert "黄牌预警" in table and "[b]许可" in table  # data is no markup
    arguments = ["alerts", "--follow", "--from", "150m", "--json"]
    command = [sys.executable, "-P", "-c", CLI, *arguments]
    with subprocess.Popen(command, env=small.env, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        followed = {json.loads(following.stdout.readline())["alert_id"] for _ in range(2)}
        with Producer() as producer:
            producer.send(alert(3, "red", now))
        followed.add(json.loads(following.stdout.readline())["alert_id"])
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0
    assert followed == {"a1", "a2", "a3"}


def test_what_cannot_be_delivered_is_raised(small: Stack) -> None:
    too_large = os.urandom(2 << 20)  # the broker measures it compressed
    big = Producer(max_request_size=4 << 20)
    with pytest.raises(DeliveryError, match="not acknowledged"), big:
        big.send_raw("case-events", b"h1/big", too_large)
    with environment({**small.env, "DUBAN_BROKER": "127.0.0.1:1"}):
        assert settings().brokers == "127.0.0.1:1"
        with pytest.raises(BrokerAway, match="duban up"):
            Producer(bootstrap_timeout_ms=500)


@pytest.mark.fault
def test_a_producer_works_again_after_an_outage_longer_than_its_patience(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(parts="broker,topics").start()
    limits = {"delivery_timeout_ms": 3_000, "request_timeout_ms": 1_500, "max_block_ms": 1_500}
    with stack.here(), Producer(**limits) as producer:
        producer.emit("CaseSubmitted", case="h1/before", item_code="X", at=1_790_000_000_000)
        producer.flush()
        stack.kill("broker", signal.SIGSTOP)
        try:
            producer.emit("CaseSubmitted", case="h1/lost", item_code="X")
            with pytest.raises(DeliveryError, match="Send them again"):
                producer.flush()
        finally:
            stack.kill("broker", signal.SIGCONT)
        producer.emit("CaseSubmitted", case="h1/after", item_code="X")
        producer.flush(60)
        keys = [record.key for record in read_all("case-events")]
    assert {b"h1/before", b"h1/after"} <= set(keys)
