"""Workers and the broker that come, go and die under load: outputs equal the model's.

Kills at failpoints and the like are numbered faults: see `tests/faults/catalogue.py`."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.rig import PARTITIONS, Rig
from tests.stack import Stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.fault]


@pytest.fixture
def rig(kafka: Stack, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(kafka, tmp_path)
    rig.make_topics()
    yield rig
    rig.close()


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
