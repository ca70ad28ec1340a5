"""Workers that leave, return and freeze: who owns a partition changes, and nothing else does."""

import re
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from tests.engine.rig import PARTITIONS, Rig, Worker
from tests.faults.invariants import settle
from tests.faults.kills import NAMES, TWO_EACH
from tests.faults.scene import Scene
from tests.stack import wait_for

GENERATION = re.compile(r"generation id (\d+) app")
STANDSTILL_SECONDS = 1.0
SESSION_SECONDS = 8.0  # less the two between heartbeats


def generation(workers: Iterable[Worker]) -> int:
    """The group's generation, as the worker says that saw the newest one."""
    told = (GENERATION.findall(w.log.read_text(encoding="utf-8")) for w in workers)
    return max((int(number) for numbers in told for number in numbers), default=0)


def storm(scene: Scene) -> None:
    """Fault 10: one of three workers leaves and returns again and again. A static member that is
    back in time costs no new generation; any other costs one as it leaves and one as it returns."""
    times, every = (10, 10.0) if scene.long else (1, 5.0)
    for static in (True, False):
        with scene.rig(TWO_EACH) as rig:
            with rig.steady_load(400):
                rose, too_late = _leave_and_return(rig, static, times, every)
            settle(rig)
            still = standstills(rig)
        scene.say(
            f"{'static members' if static else 'members that say goodbye'}: {times} times away and "
            f"back, {too_late} times too late; the generation rose by {rose}; partitions stood "
            f"still {len(still)} times, {sum(still):.0f} s in all, {max(still, default=0):.1f} s "
            "at the longest"
        )
        assert rose <= 2 * too_late if static else rose >= 2 * times


def _leave_and_return(rig: Rig, static: bool, times: int, every: float) -> tuple[int, int]:
    """How much the group's generation rose, and how often the worker was away for longer than a
    static member may (its session ends ten seconds after its last heartbeat)."""
    workers = {name: rig.worker(name, streams_static=str(static)) for name in NAMES}
    wait_for(lambda: all(w.said("caught_up") for w in workers.values()), "each has some", 90)
    wait_for(lambda: rig.sent - rig.committed() < 1000, "they work", 60)
    before, too_late = generation(workers.values()), 0
    for _ in range(times):
        began = time.monotonic()
        known = workers["c"].said("caught_up")
        assert workers["c"].stop() == 0
        workers["c"] = rig.worker("c", streams_static=str(static))
        wait_for(lambda n=known: workers["c"].said("caught_up") > n, "it is back", 90)
        away = time.monotonic() - began
        too_late += away > SESSION_SECONDS
        time.sleep(max(0.0, every - away))
    return generation(workers.values()) - before, too_late


def standstills(rig: Rig) -> list[float]:
    """Seconds for which a partition under steady load had no output, each time."""
    at: dict[int, list[int]] = defaultdict(list)
    for record in rig.read(rig.topic("out")):
        at[record.partition].append(record.timestamp)
    return list(_gaps(at.values()))


def _gaps(partitions: Iterable[list[int]]) -> Iterator[float]:
    for instants in partitions:
        for before, after in pairwise(sorted(instants)):
            if (seconds := (after - before) / 1000) > STANDSTILL_SECONDS:
                yield seconds


def frozen(scene: Scene) -> None:
    """Fault 11: a worker is frozen until another one has all its partitions, and wakes up: what it
    had in hand counts for nothing, and it ends or joins again."""
    with scene.rig() as rig:
        with rig.steady_load(500):
            a = rig.worker("a")
            wait_for(lambda: a.said("partition_restored") == PARTITIONS, "a has all", 60)
            a.process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            b = rig.worker("b")
            wait_for(lambda: b.said("caught_up") == PARTITIONS, "b has all", 90)
            time.sleep(max(0.0, (120 if scene.long else 0) - (time.monotonic() - began)))
            a.process.send_signal(signal.SIGCONT)
            scene.say(f"frozen for {time.monotonic() - began:.0f} s")
            time.sleep(5)
        settle(rig)
        wait_for(lambda: _out_or_in(a, PARTITIONS), "it ends or joins again", 60)
        scene.say(f"the frozen worker {'goes on' if a.ended is None else f'ended with {a.ended}'}")


def _out_or_in(worker: Worker, partitions: int) -> bool:
    return worker.ended is not None or worker.said("partition_restored") > partitions
