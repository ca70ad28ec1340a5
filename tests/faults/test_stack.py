"""The embedded stack under bad conditions: each is either survived or said in one sentence."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer

from deploy.local import datadir, doctor, topics
from deploy.local.clock import seconds_off
from deploy.local.process import runs
from deploy.local.status import restarts_lately
from deploy.local.trouble import Trouble
from duban.bus_dead import dead_letter
from duban.bus_read import Record
from duban.settings import PORTS
from tests.stack import Stack, free_base, new_stack, wait_for

pytestmark = pytest.mark.fault
BROKER_ONLY = "broker,topics"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Broker, topics and warehouse, on their own."""
    made = new_stack(
        tmp_path_factory.mktemp("small") / "data", parts="broker,topics,warehouse"
    ).start()
    yield made
    made.stop()


def test_topic_settings_read_back_equal_topics_toml(small: Stack) -> None:
    client = topics.admin(small.settings)
    wanted = topics.wanted(small.settings)
    assert {"case-events", "case-state", "alerts", "reference"} <= {t.name for t in wanted}
    assert topics.drift(client, wanted) == []
    described = {t["name"]: len(t["partitions"]) for t in client.describe_topics()}
    assert described["reference"] == 1
    assert described["case-events"] == described["case-state"] == described["sla-events"]
    assert described["hall-events"] == described["score-points"] == described["score-state"]
    assert "made-by-nobody" not in described
    client.close()


def test_other_partition_count_is_refused(small: Stack) -> None:
    eight = small.settings.model_copy(update={"partitions": 8})
    with pytest.raises(Trouble, match=r"case-events: partitions is 4, wanted 8") as caught:
        topics.ensure(eight)
    assert "DUBAN_PARTITIONS" in caught.value.next_step


def test_drifted_setting_is_found_by_doctor(small: Stack) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    client = topics.admin(small.settings)
    resource = ConfigResource(ConfigResourceType.TOPIC, "audit", {"retention.ms": "1000"})
    client.alter_configs([resource])
    said = json.loads(small.run("doctor", "--json").stdout)
    found = {c["name"]: c for c in said["checks"]}["topics"]
    assert not found["ok"]
    assert "audit: retention.ms is 1000, wanted -1" in found["found"]
    resource = ConfigResource(ConfigResourceType.TOPIC, "audit", {"retention.ms": "-1"})
    client.alter_configs([resource])
    client.close()


def test_status_has_the_keys_scripts_rely_on(small: Stack) -> None:
    said = small.json("status")
    assert said["ready"] is True
    keys = {"name", "state", "pid", "port", "rss_mb", "lag"}
    keys |= {"restarts", "restarts_lately", "last_end"}
    assert all(keys == set(part) for part in said["parts"])
    broker = next(p for p in said["parts"] if p["name"] == "broker")
    assert broker["state"] == "ready"
    assert 50 < broker["rss_mb"] < 1024
    assert broker["port"] == small.settings.port("broker")


def test_doctor_shows_dead_letters_and_their_reasons(small: Stack) -> None:
    with small.here():
        record = Record("case-events", 1, 7, 0, b"k", b"\x00broken", ())
        topic, key, value, headers = dead_letter(record, "wrong_magic", "no C3 01", "tests")
        producer = KafkaProducer(bootstrap_servers=small.settings.brokers)
        producer.send(topic, value=value, key=key, headers=headers).get(timeout=30)
        producer.close()
    done = small.run("doctor", "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert not said["ok"]
    found = {c["name"]: c for c in said["checks"]}["dead letters"]
    assert found["found"].startswith("1 records")
    assert "wrong_magic: no C3 01 (case-events/1/7)" in found["found"]
    assert "dead-letters retry" in found["next_step"]


def test_second_up_says_who_holds_the_directory(small: Stack) -> None:
    assert small.process
    for options in ((), ("-d",)):
        done = small.run("up", *options)
        assert done.returncode == 1
        assert f"process {small.process.pid}" in done.stderr
        assert "duban down" in done.stderr


def test_secrets_are_private_and_not_on_a_command_line(small: Stack) -> None:
    stack = small.data / "stack.json"
    assert stack.stat().st_mode & 0o777 == 0o600
    said = json.loads(stack.read_text())
    assert set(datadir.SECRETS) <= set(said)
    shown = " ".join(
        " ".join(psutil.Process(small.pid(name)).cmdline()) for name in ("broker", "warehouse")
    )
    logs = "".join(p.read_text() for p in (small.data / "logs").glob("*.log"))
    for name in datadir.SECRETS:
        assert said[name] not in shown
        assert said[name] not in logs


def test_all_ports_are_on_loopback(small: Stack) -> None:
    for name in ("broker", "warehouse"):
        listening = [
            c
            for c in psutil.Process(small.pid(name)).net_connections("inet")
            if c.status == "LISTEN"
        ]
        assert listening
        assert {c.laddr.ip for c in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_killed_broker_comes_back_with_its_data(small: Stack) -> None:
    producer = KafkaProducer(bootstrap_servers=small.settings.brokers, acks="all")
    futures = [producer.send("audit", b"before %d" % i) for i in range(500)]
    for future in futures:
        future.get(timeout=30)
    old = small.kill("broker")
    small.wait_restarted("broker", old)
    assert producer.send("audit", b"after").get(timeout=60).offset >= 500
    producer.close()
    consumer = KafkaConsumer(
        "audit",
        bootstrap_servers=small.settings.brokers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=5_000,
    )
    values = [record.value for record in consumer]
    consumer.close()
    assert values == [b"before %d" % i for i in range(500)] + [b"after"]


def test_killed_warehouse_comes_back(small: Stack) -> None:
    old = small.kill("warehouse")
    small.wait_restarted("warehouse", old)
    assert small.json("status")["ready"]
    assert small.parts()["warehouse"]["restarts"] >= 1


def test_down_leaves_no_process_and_up_again_keeps_tokens(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(parts=BROKER_ONLY)
    first = stack.run("up", "-d", "--parts", BROKER_ONLY, check=True)
    token = stack.settings.dashboard_token.get_secret_value()
    assert token in first.stdout
    pids = [stack.pid("broker"), stack.json("status")["supervisor"]["pid"]]
    again = stack.run("up", "-d", "--parts", BROKER_ONLY)
    assert again.returncode == 1
    assert stack.json("down") == {"stopped": True}
    assert not any(runs(pid) for pid in pids)
    said = stack.json("status")
    assert not said["ready"]
    assert {p["state"] for p in said["parts"]} == {"stopped"}
    second = stack.run("up", "-d", "--parts", BROKER_ONLY, check=True)
    assert token not in second.stdout
    assert stack.settings.dashboard_token.get_secret_value() == token
    assert stack.json("down") == {"stopped": True}
    assert stack.json("down") == {"stopped": False}


def test_killed_supervisor_leaves_nothing_in_the_way(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(parts=BROKER_ONLY).start()
    assert stack.process
    broker = stack.pid("broker")
    stack.process.kill()
    stack.process.wait()
    stack.start()
    assert stack.pid("broker") != broker
    assert not runs(broker)


def test_ctrl_c_stops_everything_in_order(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(parts="broker,topics,warehouse").start()
    assert stack.process
    pids = [stack.pid("broker"), stack.pid("warehouse")]
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert not any(runs(pid) for pid in pids)
    assert {p["state"] for p in stack.parts().values()} == {"stopped", "done"}
    assert list((stack.data / "run").glob("*.pid")) == []


def test_newer_directory_is_refused(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.data.mkdir(parents=True)
    (stack.data / "VERSION").write_text(json.dumps({"layout": 99, "duban": "9.0"}))
    for options in ((), ("-d",)):
        done = stack.run("up", "--parts", BROKER_ONLY, *options)
        assert done.returncode == 1
        assert "written by a newer Duban (9.0, layout 99)" in " ".join(done.stderr.split())
    assert not (stack.data / "kafka").exists()


def test_taken_port_is_named_with_part_and_setting(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    port = int(stack.env["DUBAN_PORT_BASE"]) + PORTS["broker"]
    with socket.create_server(("127.0.0.1", port)):
        done = stack.run("up", "--parts", BROKER_ONLY)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert f"{port} for broker" in said
    assert "--port-base" in said
    assert "DUBAN_PORT_BASE" in said


def test_data_moves_to_other_ports(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(parts=BROKER_ONLY).start()
    stack.stop()
    stack.env["DUBAN_PORT_BASE"] = str(free_base())
    stack.start()
    client = topics.admin(stack.settings)
    assert topics.drift(client, topics.wanted(stack.settings)) == []
    client.close()


def test_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datadir, "LEAST_FREE", 1 << 62)
    with pytest.raises(Trouble, match="nearly full"), datadir.hold(tmp_path / "data"):
        pytest.fail("held a directory on a full disk")
    assert datadir.holder(tmp_path / "data") is None


def test_part_that_keeps_ending_is_tried_with_growing_pauses(tmp_path: Path) -> None:
    from deploy.local.parts import Part, says_so
    from deploy.local.supervised import Supervised
    from duban.settings import Settings

    s = Settings(data=tmp_path)
    for name in ("logs", "run"):
        (tmp_path / name).mkdir()
    part = Part("broken", check=says_so)
    child = Supervised(part, s, ["/bin/sh", "-c", "echo cannot; exit 3"], dict(os.environ))
    pauses = []
    while child.restarts < 3:
        before = child.restarts
        wait_for(lambda: child.step(True) and child.restarts, "an end", 20, 0.01)
        if child.restarts > before:
            pauses.append(child.try_at - time.monotonic())
    assert [round(p, 1) for p in pauses] == [0.5, 1.0, 2.0]
    assert child.code == 3
    assert child.said() == "exit 3: cannot"
    row = child.row()
    assert (restarts_lately(row), row["last_end"]) == (3, "exit 3: cannot")


def test_doctor_finds_a_part_that_is_started_again_and_again(tmp_path: Path) -> None:
    now = time.time()
    part = {"name": "streams", "state": "ready", "restarts": 9, "last_end": "exit 75: stands"}
    log = tmp_path / "streams.log"
    often = doctor.part_finding({**part, "ends": [now - 90, now - 60, now - 30]}, log)
    assert not often.ok
    said = "started again 9 times, 3 of them in the last 10 minutes; last ended: exit 75: stands"
    assert said in often.found
    long_ago = doctor.part_finding({**part, "ends": [now - 3600] * 3}, log)
    assert long_ago.ok and long_ago.found == "ready, started again 9 times"


def test_doctor_tells_by_how_much_the_clock_is_off() -> None:
    labels = 'duban_streams_clock_off_seconds{job="clocks",partition="%d"} %s\n'
    assert seconds_off("") == 0
    assert seconds_off(labels % (0, "0.0") + labels % (1, "600.5")) == 600.5
    assert seconds_off(labels % (0, "-90.0") + labels % (1, "61.0")) == -90
