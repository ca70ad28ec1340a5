"""kill -9 of workers under load, at random and at every failpoint: outputs equal the model's."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.rig import PARTITIONS, Rig
from tests.stack import Stack, new_stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.fault]

FAILPOINTS = ("streams.before_transaction", "streams.before_commit", "streams.after_commit")


@pytest.fixture(scope="module")
def kafka(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """A broker alone."""
    made = new_stack(
        tmp_path_factory.mktemp("kafka") / "data", parts="broker,topics", outside=outside
    )
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def rig(kafka: Stack, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(kafka, tmp_path)
    rig.make_topics()
    yield rig
    rig.close()


def test_ten_kills_at_random(rig: Rig) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    with rig.steady_load(800):
        for number in range(10):
            worker = rig.worker()
            restored = worker.said("partition_restored")
            wait_for(lambda w=worker, n=restored: w.said("partition_restored") > n, "restored", 30)
            time.sleep(chance.uniform(0, 1.2))
            worker.kill()
            in_flight = rig.sent - rig.committed()
            print(f"seed {seed} kill {number}: {in_flight} records in flight")
            assert in_flight > 0
    rig.worker()
    rig.wait_done()
    raw = len(rig.read(rig.topic("out"), "read_uncommitted"))
    print(f"{rig.sent} outputs committed of {raw} written")


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kills_at_a_failpoint(rig: Rig, failpoint: str) -> None:
    for at in (1, 2, 6):
        rig.load(3000)
        with rig.steady_load(500):
            worker = rig.worker(faults=f"{failpoint}:{at}")
            assert worker.process.wait(30) == -9
    rig.worker()
    rig.wait_done()


def test_two_workers_join_leave_and_die(rig: Rig) -> None:
    with rig.steady_load(1000):
        a = rig.worker("a")
        wait_for(lambda: a.said("partition_restored") == PARTITIONS, "a has all", 30)
        b = rig.worker("b")
        wait_for(lambda: b.said("caught_up") >= 1, "b has some", 40)
        time.sleep(2)
        assert b.stop() == 0  # static member: its partitions wait for it
        b = rig.worker("b")
        before = b.said("partition_restored")
        wait_for(lambda: b.said("partition_restored") > before, "b is back", 40)
        time.sleep(1)
        b.kill()
        before = a.said("partition_restored")
        wait_for(lambda: a.said("partition_restored") >= before + PARTITIONS, "a took over", 60)
    rig.wait_done()
    assert a.process.poll() is None


def test_a_frozen_worker_writes_nothing_that_counts(rig: Rig) -> None:
    with rig.steady_load(500):
        a = rig.worker("a")
        wait_for(lambda: a.said("partition_restored") == PARTITIONS, "a has all", 60)
        a.process.send_signal(signal.SIGSTOP)
        b = rig.worker("b")
        wait_for(lambda: b.said("caught_up") == PARTITIONS, "b has all", 90)
        a.process.send_signal(signal.SIGCONT)
        time.sleep(5)
    wait_for(lambda: a.process.poll() is not None or rig.committed() == rig.sent, "a is out", 60)
    print(f"the frozen worker ended with {a.process.poll()}")
    rig.wait_done()


def test_a_second_worker_of_the_same_name_drives_the_first_out(rig: Rig) -> None:
    with rig.steady_load(500):
        first = rig.worker("a")
        wait_for(lambda: first.said("partition_restored") == PARTITIONS, "restored", 60)
        rig.worker("a")
        assert first.process.wait(60) != 0
    rig.wait_done()


def test_a_broker_killed_under_load(rig: Rig) -> None:
    if rig.stack.kind != "embedded":
        pytest.skip("the containers' broker is not ours to kill")
    a = rig.worker("a")
    wait_for(lambda: a.said("partition_restored") == PARTITIONS, "restored", 60)
    with rig.steady_load(500):
        time.sleep(2)
        old = rig.stack.kill("broker")
        rig.stack.wait_restarted("broker", old, 90)
        time.sleep(2)
    wait_for(lambda: a.process.poll() is not None or rig.committed() == rig.sent, "goes on", 120)
    print(f"the worker ended with {a.process.poll()}")
    if a.process.poll() is not None:  # the supervisor would do this
        assert a.process.poll() != 0
        rig.worker("a")
    rig.wait_done()
