"""Several streams workers in one embedded stack share the partitions; one stands in for another."""

import os
import re
import signal
from collections.abc import Callable

import httpx
import pytest

from deploy.local.trouble import Trouble
from deploy.local.up import check_workers
from duban.settings import Settings
from tests.faults import random_cases
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.fault
ALL = {"0", "1", "2", "3"}
CASES = 200


def owned(stack: Stack, worker: int) -> set[str]:
    """Partitions whose cases a worker has, by its metrics; none while it is away."""
    try:
        text = httpx.get(f"http://127.0.0.1:{stack.settings.metrics(worker)}/metrics").text
    except httpx.TransportError:
        return set()
    found = r'^duban_streams_processed\{job="clocks",partition="(\d+)"\}'
    return set(re.findall(found, text, re.M))


def shared(stack: Stack) -> bool:
    """Each partition has one owner, and each worker has some."""
    first, second = owned(stack, 0), owned(stack, 1)
    return bool(first and second) and not first & second and first | second == ALL


def test_two_workers_share_the_partitions_and_one_stands_in_for_the_other(
    make_stack: Callable[..., Stack], tmp_path
) -> None:
    stack = make_stack(parts=random_cases.PARTS, business_time="ticks", workers="2").start()
    assert {"streams", "streams-2"} <= stack.parts().keys()
    wait_for(lambda: shared(stack), "both have some", 60)

    def freeze(stack: Stack) -> None:
        """A frozen worker keeps its supervisor quiet: the other one has to take over."""
        old = stack.pid("streams-2")
        os.kill(old, signal.SIGSTOP)
        wait_for(lambda: owned(stack, 0) == ALL, "the first has taken over", 90)
        stack.kill("streams-2")
        stack.wait_restarted("streams-2", old, 90)
        wait_for(lambda: shared(stack), "both have some again", 90)

    random_cases.exercise(stack, CASES, 1, tmp_path / "worlds", kill=freeze)
    stack.stop()

    stack.env["DUBAN_WORKERS"] = "1"
    stack.start()
    assert "streams-2" not in stack.parts()
    wait_for(lambda: owned(stack, 0) == ALL, "the one that is left has all", 90)
    assert stack.json("down") == {"stopped": True}


def test_more_workers_than_partitions_are_refused() -> None:
    check_workers(Settings(workers=4))
    with pytest.raises(Trouble, match="5 streams workers, but case-events has 4 partitions"):
        check_workers(Settings(workers=5))
    check_workers(Settings(workers=5, partitions=8))
