"""A worker that hangs ends and is started again; one that has nothing to do, or waits, does not."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer

from deploy.local.parts import Part, says_so
from deploy.local.process import end, last_lines, left_behind
from deploy.local.supervised import Supervised
from tests.engine.rig import PARTITIONS, Rig, Worker
from tests.stack import Stack, free_base, wait_for

pytestmark = pytest.mark.stack
LIMIT = "4"  # seconds; four looks of the watchdog
ENOUGH = 16  # looks after which it would have ended long ago
PORT = free_base()


@pytest.fixture
def rig(kafka: Stack, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(kafka, tmp_path)
    rig.make_topics()
    yield rig
    rig.close()


def watched(rig: Rig, **more: str) -> Worker:
    """A worker that is ready, with little patience."""
    worker = rig.worker(standstill_seconds=LIMIT, metrics_port=str(PORT), **more)
    wait_for(lambda: worker.said("caught_up") == PARTITIONS, "caught up")
    return worker


def metric(name: str) -> float:
    """Sum of a metric of the worker over its partitions."""
    lines = httpx.get(f"http://127.0.0.1:{PORT}/metrics").text.splitlines()
    name = f"duban_streams_{name}"
    return sum(float(x.split()[-1]) for x in lines if x.startswith((f"{name}{{", f"{name} ")))


def is_left_alone(worker: Worker) -> None:
    """The watchdog has looked often enough to have ended it."""
    before = metric("watchdog_looks_total")
    wait_for(lambda: metric("watchdog_looks_total") >= before + ENOUGH, "looks", 120)
    assert worker.process.poll() is None


def test_a_job_that_hangs_ends_the_worker_which_comes_back(rig: Rig, tmp_path: Path) -> None:
    for name in ("logs", "run"):
        (tmp_path / name).mkdir()
    child = Supervised(
        Part("streams", check=says_so),
        rig.stack.settings.model_copy(update={"data": tmp_path}),
        [sys.executable, "-m", "tests.engine.counting_job"],
        rig.env("s", standstill_seconds=LIMIT),
    )

    def stepping(what: Callable[[], object]) -> Callable[[], object]:
        return lambda: (child.step(True), what())[1]

    def counted() -> int:
        return sum(map(len, rig.numbers().values()))

    try:
        rig.load(200)
        wait_for(stepping(lambda: counted() == 200), "the load is counted", 120, 0.2)
        rig.send(b"k0", b"hang")
        rig.load(100)
        wait_for(stepping(lambda: child.restarts), "the worker ends", 120, 0.2)
        assert child.code == 75
        last = json.loads(last_lines(child.log, 1))
        assert last["event"] == "worker_stands_still"
        assert last["reason"] == f"the event loop has not moved for {LIMIT} s"
        assert "counting_job.py" in child.log.read_text(encoding="utf-8")  # where it hangs
        wait_for(stepping(lambda: counted() == 300), "it goes on", 120, 0.2)
        assert rig.numbers() == rig.expected()
    finally:
        end(left_behind(tmp_path / "run"))


def test_a_reader_that_falls_silent_ends_the_worker(rig: Rig, monkeypatch) -> None:
    monkeypatch.setitem(rig.stack.env, "COUNT_DEAF", "1")
    worker = watched(rig)
    rig.load(100)
    rig.wait_done()
    rig.flag.touch()
    with rig.steady_load(200):
        assert worker.process.wait(60) == 75
    assert worker.said("behind at") and worker.said("and nothing moves")
    rig.flag.unlink()
    rig.worker()
    rig.wait_done()


def test_an_idle_worker_is_left_alone(rig: Rig) -> None:
    worker = watched(rig)
    rig.load(100)
    rig.wait_done()
    is_left_alone(worker)
    assert (metric("processed"), metric("committed"), metric("lag")) == (100, 100, 0)
    rig.load(100)
    rig.wait_done()


def test_control_records_at_a_topics_end_are_no_lag(rig: Rig) -> None:
    worker = watched(rig)
    producer = KafkaProducer(bootstrap_servers=rig.brokers, transactional_id=rig.run)
    producer.init_transactions()
    for finish in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        for partition in range(PARTITIONS):
            producer.send(rig.topic("in"), b"+", b"k%d" % partition, partition=partition)
        finish()
    producer.close()
    wait_for(lambda: metric("processed") == PARTITIONS, "the committed ones are counted")
    is_left_alone(worker)
    assert metric("lag") == 0


def test_a_worker_that_waits_for_a_registry_is_left_alone(rig: Rig) -> None:
    worker = watched(rig)
    rig.send(b"k0", b"away").get(10)
    rig.load(100)
    wait_for(lambda: worker.said("waiting_for_schema"), "it waits")
    is_left_alone(worker)
    assert metric("lag") > 0
    rig.flag.touch()  # the registry is back
    rig.wait_done()


def test_while_the_broker_is_away_a_worker_waits(rig: Rig) -> None:
    if rig.stack.kind != "embedded":
        pytest.skip("the containers' broker is not ours to stop")
    worker = watched(rig)
    rig.load(100)
    rig.wait_done()
    rig.stack.kill("broker", signal.SIGSTOP)
    try:
        wait_for(lambda: metric("broker_away") == 1, "it knows", 120)
        looks = metric("watchdog_looks_total")
        wait_for(lambda: worker.said("broker_away"), "it says so")
    finally:
        rig.stack.kill("broker", signal.SIGCONT)
    wait_for(lambda: metric("watchdog_looks_total") > looks, "it knows", 120)
    assert worker.process.poll() is None
    rig.load(100)
    rig.wait_done()
