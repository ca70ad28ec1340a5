"""A worker that keeps all its cases on disk goes on from its own store after a kill."""

import json
import shutil
from pathlib import Path

import pytest

from duban import bus
from duban.bus import make
from tests.faults.rungs import wait_idle
from tests.stack import Stack, new_stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.fault]

CASES = 120


@pytest.fixture
def running(tmp_path: Path):
    made = new_stack(tmp_path / "data", parts="broker,topics,apply,streams", streams_store="disk")
    try:
        yield made.start()
    finally:
        made.stop()


def restores(stack: Stack) -> list[int]:
    """How many records each restore of a case partition has read so far."""
    log = (stack.data / "logs" / "streams.log").read_text(encoding="utf-8")
    said = [json.loads(line) for line in log.splitlines() if '"partition_restored"' in line]
    return [found["records"] for found in said if found["job"] == "clocks"]


def life(number: int):
    case = f"sujiatun/2026-{number:04d}"
    yield make("CaseSubmitted", case=case, item_code="project-joint", applicant_ref="app-1")
    yield make("CaseAccepted", case=case)
    if number % 3 == 0:
        yield make("DecisionMade", case=case, decision="approved")


def test_a_killed_worker_reads_only_what_its_store_has_missed(running: Stack) -> None:
    with running.here():
        with bus.Producer() as producer:
            producer.send_many(fact for number in range(CASES) for fact in life(number))
        stopped(CASES // 3)
        for number in range(12):  # small turns in every partition, since the last is read again
            with bus.Producer() as producer:
                producer.send(make("StepAssigned", case=f"sujiatun/2026-{number:04d}", step="x"))
            wait_idle(120)
        assert kill_and_restore(running) < CASES // 4
        with bus.Producer() as producer:  # decided while nothing of these cases is in memory
            producer.send_many(
                make("DecisionMade", case=f"sujiatun/2026-{number:04d}", decision="approved")
                for number in range(CASES)
                if number % 3 == 1
            )
        stopped(2 * CASES // 3)


def test_a_store_of_another_topic_is_not_believed(running: Stack, tmp_path: Path) -> None:
    tell(running, range(CASES))
    stores = running.data / "streams" / "0" / "cases"
    running.stop()
    foreign = tmp_path / "foreign"
    shutil.copytree(stores, foreign)
    shutil.rmtree(running.data)
    running.start()  # another broker, another topic of the same name
    tell(running, range(CASES, CASES + 40))
    running.stop()
    shutil.rmtree(stores)
    shutil.copytree(foreign, stores)
    running.start()
    log = running.data / "logs" / "streams.log"
    wait_for(lambda: "store_not_of_this_topic" in log.read_text(encoding="utf-8"), "distrust", 120)
    tell(running, range(CASES + 40, CASES + 50), known=40)


def tell(stack: Stack, numbers: range, known: int = 0) -> None:
    """Tell the lives of cases and wait until the state topic has them all."""
    with stack.here():
        with bus.Producer() as producer:
            producer.send_many(fact for number in numbers for fact in life(number))
        wanted = known + len(numbers)
        wait_for(lambda: len(outcomes()) == wanted, f"{wanted} cases", 120, 0.5)


def stopped(count: int) -> None:
    """Wait until all cases are there and so many of their promises have stopped."""

    def so_many() -> bool:
        found = outcomes()
        return len(found) == CASES and sum(s == "stopped" for s in found.values()) == count

    wait_for(so_many, f"{count} of {CASES} promises stopped", 120, 0.5)


def outcomes() -> dict[str, str]:
    """State of each case's promise clock, from the state topic."""
    from projections.sink.state import decode_state

    found = {}
    for record in bus.read_all("case-state"):
        if record.key and not record.key.startswith(b"__") and record.value is not None:
            clocks = decode_state(record.value)["clocks"]
            promise = [c["state"] for c in clocks if c["kind"] == "promise" and not c["is_deleted"]]
            found[record.key.decode()] = promise[0] if promise else ""
    return found


def kill_and_restore(stack: Stack) -> int:
    """kill -9 of the worker; the records that its restore then read of all case partitions."""
    known = len(restores(stack))
    old = stack.kill("streams")
    stack.wait_restarted("streams", old)
    wait_for(lambda: len(restores(stack)) >= known + 4, "restored", 120)
    return sum(restores(stack)[known : known + 4])
