"""kill -9 of workers under load: at random moments and at failpoints around the transaction."""

import random
import time
from dataclasses import dataclass

from tests.engine.rig import PARTITIONS, Rig, Worker
from tests.faults.invariants import settle
from tests.faults.scene import Scene
from tests.stack import wait_for

FAILPOINTS = ("streams.before_transaction", "streams.before_commit", "streams.after_commit")
KILLED = -9
NAMES = ("a", "b", "c")
TWO_EACH = 2 * len(NAMES)  # Faust's assignor fills up workers: of four, the third would get none


@dataclass
class Life:
    """A worker and how it is to die: at the nth passing of a failpoint, or so many seconds after
    its first partition is restored."""

    name: str
    worker: Worker
    failpoint: str
    passing: int
    seconds: float
    started: float
    restored: float = 0.0

    def look(self, before: int) -> None:
        """Note when it is ready; kill it when its moment has come."""
        if not self.restored:
            if self.worker.said("partition_restored") > before:
                self.restored = time.monotonic()
        elif not self.failpoint and time.monotonic() - self.restored > self.seconds:
            self.worker.kill()

    def told(self) -> str:
        """How it died."""
        if self.failpoint:
            return f"{self.name} at {self.failpoint}, passing {self.passing}"
        return f"{self.name} at random, {self.seconds:.2f} s after a restore"


class Killing:
    """Three workers that die and come back under the same names until enough were killed."""

    def __init__(self, rig: Rig, scene: Scene, seed: int) -> None:
        self.rig = rig
        self.scene = scene
        self.chance = random.Random(seed)
        self.killed = 0
        self.ready: list[float] = []
        self._before: dict[str, int] = {}

    def start(self, name: str) -> Life:
        """Start a worker with a fate of its own."""
        failpoint = self.chance.choice((*FAILPOINTS, "", ""))
        passing, seconds = self.chance.randrange(1, 80), self.chance.uniform(0, 3)
        fault = f"{failpoint}:{passing}" if failpoint else ""
        worker = self.rig.worker(name, fault)
        self._before[name] = worker.said("partition_restored")
        return Life(name, worker, failpoint, passing, seconds, time.monotonic())

    def run(self, kills: int) -> None:
        """Until so many were killed, whatever they had in hand."""
        lives = [self.start(name) for name in NAMES]
        while self.killed < kills:
            for place, life in enumerate(lives):
                life.look(self._before[life.name])
                if life.worker.ended is not None:
                    self._buried(life)
                    lives[place] = self.start(life.name)
            time.sleep(0.02)
        for life in lives:
            life.worker.kill()

    def _buried(self, life: Life) -> None:
        code, in_flight = life.worker.ended, self.rig.sent - self.rig.committed()
        if life.restored:
            self.ready.append(life.restored - life.started)
        if code != KILLED:  # fenced by whoever has its partitions now: as it should
            self.scene.say(f"{life.name} ended by itself with {code}")
            return
        self.killed += 1
        self.scene.say(f"kill {self.killed}: {life.told()}; {in_flight} records in flight")


def at_random(scene: Scene) -> None:
    """Fault 1: three workers, killed under load at any moment and before, in and after the
    transaction; what is out is the model's exactly."""
    seed = random.randrange(10**6)
    with scene.rig(TWO_EACH) as rig:
        if scene.long:
            rig.load(100_000, keys=100_000)
        killing = Killing(rig, scene, seed)
        with rig.steady_load(600):
            killing.run(50 if scene.long else 8)
        for name in NAMES:
            rig.worker(name)
        settle(rig)
        raw = len(rig.read(rig.topic("out"), "read_uncommitted"))
    scene.say(
        f"seed {seed}: {rig.sent} outputs committed of {raw} written; a worker had its first "
        f"partition {max(killing.ready):.1f} s after its start at the latest"
    )


def between_alert_and_mark(scene: Scene) -> None:
    """Fault 2: a worker dies when what its timers say is with the broker and not committed, and
    another one when it is committed and nobody has been told so."""
    timers = 24_000  # a partition fires them in several turns, of several workers
    with scene.rig() as rig:
        first = rig.worker()
        wait_for(lambda: first.said("caught_up") == PARTITIONS, "caught up", 60)
        due = int(time.time() * 1000) + 8000
        for number in range(timers):
            rig.send(b"t%d" % number, b"due:%d" % due)
        rig.producer.flush()
        wait_for(lambda: rig.committed() == timers, "the timers are known")
        first.kill()
        time.sleep(max(0, due / 1000 - time.time()))
        for failpoint in FAILPOINTS[1:]:
            assert any(_fires_and_dies(scene, rig, failpoint) for _ in range(6))
        rig.worker()
        settle(rig)


def _fires_and_dies(scene: Scene, rig: Rig, failpoint: str) -> bool:
    """Start a worker that dies at a failpoint; whether that was in a turn of timers. Each partition
    first writes a turn without any, to hear the broker's time, and their order is chance: so the
    failpoint is passed until each is likely to have done so, and timers are left."""
    before = rig.fired().total()
    worker = rig.worker(faults=f"{failpoint}:{PARTITIONS + 2}")
    assert worker.process.wait(60) == KILLED
    written = rig.read(rig.topic("out"), "read_uncommitted")
    raw, committed = sum(r.value.startswith(b"fired") for r in written), rig.fired().total()
    scene.say(f"killed at {failpoint}: {raw} written, {committed} committed")
    return raw > committed if failpoint == FAILPOINTS[1] else committed > before


def between_state_and_commit(scene: Scene) -> None:
    """Fault 3: killed at each failpoint around the transaction, again and again."""
    with scene.rig() as rig:
        for failpoint in FAILPOINTS:
            for passing in (1, 2, 6) if scene.long else (1, 4):
                rig.load(2000)
                with rig.steady_load(500):
                    worker = rig.worker(faults=f"{failpoint}:{passing}")
                    assert worker.process.wait(60) == KILLED
                in_flight = rig.sent - rig.committed()
                scene.say(f"killed at {failpoint}:{passing}; {in_flight} records in flight")
                assert in_flight > 0
        rig.worker()
        settle(rig)
