"""The sink is killed again and again while facts and cases stream in; nothing is lost or doubled.

Merging is switched off, so that a row stored twice stays visible: the raw tables are counted, not
the views. Each kill says what was in flight.
"""

import io
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import fastavro
import pytest

from duban import codec, warehouse
from duban.bus import Producer, new_id
from duban.events import Event
from duban.launch import SCHEMAS
from tests.faults.invariants import stop_merges
from tests.stack import Stack, new_stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.fault]

CASES = 500
FAILPOINTS = ("before_insert", "before_marker", "after_insert", "before_commit", "after_commit")
RANDOM_KILLS = 6


@pytest.fixture
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Broker, topics and warehouse; the sink is started by the test."""
    stack = new_stack(
        tmp_path_factory.mktemp("kills") / "data",
        parts="broker,topics,warehouse",
        sink_batch_rows="150",
        sink_batch_seconds="0.05",
    )
    try:
        with stack.start().here():
            yield stack
    finally:
        stack.stop()


class Sinks:
    """One sink after the other; at most one lives."""

    def __init__(self, stack: Stack, instance: str = "a") -> None:
        self._stack = stack
        self._instance = instance
        self._log = stack.data / f"sink-{instance}.log"
        self._ready = stack.data / f"sink-{instance}.ready"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, faults: str = "") -> None:
        self._ready.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "projections.sink"],
                env={
                    **self._stack.env,
                    "DUBAN_FAULTS": faults,
                    "DUBAN_SINK_INSTANCE": self._instance,
                    "DUBAN_READY_FILE": str(self._ready),
                },
                stdout=log,
                stderr=log,
            )

    def ready(self) -> None:
        """Wait until it has its partitions; the tables are made by then."""
        wait_for(self._ready.exists, "the sink ready", 120)

    def died(self, seconds: float = 60) -> None:
        assert self.process is not None
        assert self.process.wait(seconds) == -signal.SIGKILL, self._log.read_text()[-2000:]

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.ready()
            self.process.terminate()
            assert self.process.wait(30) == 0


@pytest.fixture
def sinks(road: Stack) -> Iterator[Sinks]:
    made = Sinks(road)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.kill()


RAW = json.loads((SCHEMAS / "state/CaseState/1.avsc").read_text(encoding="utf-8"))
SCHEMA = fastavro.parse_schema(RAW)
FRAME = codec.MAGIC + codec.fingerprint(RAW).to_bytes(8, "little")


def state(case_id: str, version: int) -> bytes:
    body = io.BytesIO()
    body.write(FRAME)
    clocks = [
        {"clock_id": f"{case_id}/{kind}", "kind": kind, "consumed": version}
        for kind in ("promise", "statutory")
    ]
    value = {
        "version": version, "tenant_id": "default", "hall_id": "aq", "case_id": case_id,
        "case": {"status": "accepted", "facts": version}, "clocks": clocks, "core": b"",
    }  # fmt: skip
    fastavro.schemaless_writer(body, SCHEMA, value)
    return body.getvalue()


class Emitter(threading.Thread):
    """Facts and states until `finish`; `journal` gets ids once the broker has acknowledged them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.journal: set[str] = set()
        self.versions: dict[str, int] = {}
        self.letters = 0
        self._enough = threading.Event()

    def run(self) -> None:
        dice, n = random.Random(1), 0
        with Producer() as producer:
            while not self._enough.is_set():
                sent = [self._one(producer, dice, n := n + 1) for _ in range(20)]
                if n % 1_000 == 20:
                    producer.send_raw("case-events", b"aq/1", b"broken bytes")
                    self.letters += 1
                producer.flush()
                self.journal.update(sent)
                time.sleep(0.1)

    def _one(self, producer: Producer, dice: random.Random, n: int) -> str:
        case_id = f"aq/{dice.randrange(CASES)}"
        event = producer.emit("CaseSubmitted", case=case_id, item_code=f"i{n}")
        self.versions[case_id] = version = self.versions.get(case_id, 0) + 1
        producer.send_raw("case-state", case_id.encode(), state(case_id, version))
        return event.event_id

    def finish(self) -> None:
        self._enough.set()
        self.join(60)
        assert not self.is_alive()

    def wait_stored(self) -> None:
        """Wait until everything emitted lies in the tables."""
        wait_for(lambda: number("SELECT uniqExact(event_id) FROM events") >= len(self.journal),
                 "all facts", 120)  # fmt: skip
        wait_for(lambda: number("SELECT count() FROM dead_letters_now") >= self.letters,
                 "dead letters", 60)  # fmt: skip
        whole = sum(self.versions.values())
        wait_for(lambda: number("SELECT sum(version) FROM cases_now") == whole, "all cases", 120)


def number(sql: str) -> int:
    return int(warehouse.query(sql).rows[0][0])


def test_whatever_moment_the_sink_dies_at_every_fact_is_stored_once(
    road: Stack, sinks: Sinks, capsys: pytest.CaptureFixture[str]
) -> None:
    sinks.start()
    sinks.ready()
    assert stop_merges()
    emitter = Emitter()
    emitter.start()
    in_flight = harass(sinks, emitter.journal, capsys)
    emitter.finish()
    sinks.start()
    emitter.wait_stored()
    sinks.end()
    assert in_flight > RANDOM_KILLS  # kills with nothing to repair would prove nothing
    check(emitter)


def harass(sinks: Sinks, journal: set[str], capsys: pytest.CaptureFixture[str]) -> int:
    """Kill at every failpoint and at random moments; returns how often rows were in flight."""
    dice, in_flight = random.Random(2), 0
    sinks.kill()
    plan = [f"sink.{name}:{dice.randrange(2, 6)}" for name in FAILPOINTS] + [""] * RANDOM_KILLS
    dice.shuffle(plan)
    for where in plan:
        sinks.start(where)
        if where:
            sinks.died()
        else:
            before = number("SELECT count() FROM events")
            wait_for(lambda: number("SELECT count() FROM events") > before, "progress", 120)  # noqa: B023  called at once
            time.sleep(dice.random() * 0.4)
            sinks.kill()
        stored = number("SELECT count() FROM events")
        waiting = len(journal) - stored
        in_flight += waiting > 0
        with capsys.disabled():
            moment = where or "a random moment"
            print(f"\n  killed at {moment}: {stored} facts stored, {waiting} acknowledged and not",
                  end="")  # fmt: skip
    return in_flight


def check(emitter: Emitter) -> None:
    stored = [str(r[0]) for r in warehouse.query("SELECT event_id FROM events").rows]
    assert len(stored) == len(set(stored)) == len(emitter.journal)
    assert set(stored) == emitter.journal
    places = "SELECT uniqExact(kafka_partition, kafka_offset) FROM events"
    assert number(places) == len(stored)
    cases = {r[0]: r[1] for r in warehouse.query("SELECT case_id, version FROM cases_now").rows}
    assert cases == emitter.versions
    clocks = warehouse.query(
        "SELECT case_id, count(), min(consumed), max(consumed), min(version) FROM clocks_now"
        " GROUP BY case_id"
    ).rows
    assert {c[0]: c[1:] for c in clocks} == {
        case_id: (2, v, v, v) for case_id, v in emitter.versions.items()
    }
    letters = "SELECT uniqExact(source_partition, source_offset) FROM dead_letters"
    assert number(letters) == emitter.letters


def test_two_sinks_share_the_partitions_and_one_takes_over_when_the_other_dies(
    road: Stack, sinks: Sinks
) -> None:
    other = Sinks(road, "b")
    sinks.start()
    sinks.ready()
    assert stop_merges()
    emitter = Emitter()
    emitter.start()
    try:
        other.start()
        other.ready()
        wait_for(lambda: number("SELECT count() FROM events") > 300, "some facts", 120)
        sinks.kill()
        stored = number("SELECT count() FROM events")
        wait_for(lambda: number("SELECT count() FROM events") > stored + 300, "more facts", 120)
        emitter.finish()
        emitter.wait_stored()
    finally:
        other.end()
    check(emitter)


def test_when_the_warehouse_is_away_the_topic_keeps_what_comes_and_it_drains_later(
    road: Stack, sinks: Sinks
) -> None:
    sinks.start()
    sinks.ready()
    old = road.kill("warehouse", signal.SIGSTOP)
    with Producer() as producer:
        for n in range(300):
            producer.emit("CaseSubmitted", case=f"aq/{n}", item_code="x")
    time.sleep(1)
    road.kill("warehouse", signal.SIGCONT)
    road.kill("warehouse")
    road.wait_restarted("warehouse", old)
    wait_for(lambda: number("SELECT count() FROM events_now") == 300, "all rows", 120)
    sinks.end()
    assert number("SELECT uniqExact(event_id) FROM events") == 300


def test_business_time_is_what_every_partition_has_reached(road: Stack, sinks: Sinks) -> None:
    sinks.start()
    sinks.ready()
    at = 1_795_000_000_000
    with Producer() as producer:
        for partition in range(4):
            value = codec.encode(tick(at + partition * 1_000))
            producer.send_raw("case-events", b"tick", value, partition=partition)
    wait_for(lambda: number("SELECT count() FROM business_clock FINAL") == 4, "ticks", 120)
    road.env["DUBAN_BUSINESS_TIME"] = "ticks"
    with road.here():
        assert warehouse.business_now() == at
    sinks.end()


def tick(at: int) -> Event:
    return Event(type="ClockTicked", event_id=new_id(), subject_id="clock", subject_type="time",
                 occurred_at=at, recorded_at=at, channel="system", data={"at": at})  # fmt: skip
