"""Many timers: those that fell due while nobody was there, and very many at once."""

import time
from collections import defaultdict

from tests.engine.rig import Rig, Worker
from tests.faults.invariants import settle
from tests.faults.scene import Scene
from tests.stack import wait_for

HOUR_MS = 3_600_000


def downtime(scene: Scene) -> None:
    """Fault 14: timers fall due while no worker is there. All fire once when one is back, late,
    and the facts that arrive meanwhile are not kept waiting by them."""
    count = 50_000 if scene.long else 5_000
    with scene.rig() as rig:
        worker = _working(rig)
        due = _now() + (30_000 if scene.long else 8_000)
        _set(rig, count, due)
        worker.kill()
        assert _now() < due, "the timers fell due before the worker was killed"
        time.sleep(max(0.0, (due - _now()) / 1000) + 1)
        with rig.steady_load(200):
            started = time.monotonic()
            rig.worker()
            wait_for(lambda: rig.fired().total() == count, "all have fired", 120, 0.5)
            took = time.monotonic() - started
        settle(rig)
        waits = sorted(latencies(rig))
    p99 = waits[int(len(waits) * 0.99)]
    scene.say(f"{count} fired within {took:.1f} s of the start; a fact waited {p99:.2f} s (p99)")


def at_once(scene: Scene) -> None:
    """Fault 24: very many timers are open, and a part of them falls due in the same second."""
    open_, due_now = (1_000_000, 10_000) if scene.long else (100_000, 1_000)
    with scene.rig() as rig:
        _working(rig)
        _set(rig, open_, _now() + HOUR_MS, "far")
        due = _now() + (10_000 if scene.long else 4_000)
        _set(rig, due_now, due, "near", spread=1000)
        wait_for(lambda: rig.fired().total() == due_now, "all have fired", 120, 0.5)
        settle(rig, seconds=300)
        late = sorted(lateness(rig))
    assert late[0] >= 0, "a timer fired early"
    scene.say(
        f"{open_} open, {due_now} due within a second: the last was out {late[-1]:.2f} s after "
        f"its instant, half of them within {late[len(late) // 2]:.2f} s"
    )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _working(rig: Rig) -> Worker:
    worker = rig.worker()
    wait_for(lambda: worker.said("caught_up") == rig.partitions, "caught up", 60)
    return worker


def _set(rig: Rig, count: int, due: int, name: str = "t", spread: int = 1) -> None:
    """Set timers and wait until the worker knows them."""
    for number in range(count):
        rig.send(b"%s-%d" % (name.encode(), number), b"due:%d" % (due + number % spread))
    rig.producer.flush()
    wait_for(lambda: rig.committed() == rig.ends(), "the timers are known", 300, 0.2)


def lateness(rig: Rig) -> list[float]:
    """Seconds between a timer's instant and its record in the broker's log."""
    fired = [r for r in rig.read(rig.topic("out")) if r.value.startswith(b"fired")]
    return [(r.timestamp - int(r.value.split()[1])) / 1000 for r in fired]


def latencies(rig: Rig) -> list[float]:
    """Seconds from a fact's arrival at the broker to its output, of facts without a timer."""
    came: dict[bytes, list[int]] = defaultdict(list)
    for record in rig.read(rig.topic("in")):
        if record.value == b"+":
            came[record.key].append(record.timestamp)
    numbers = (r for r in rig.read(rig.topic("out")) if r.value.isdigit() and r.key in came)
    return [(r.timestamp - came[r.key][int(r.value) - 1]) / 1000 for r in numbers]
