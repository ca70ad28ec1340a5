"""Hours of steady load with a kill every few minutes: nothing is lost, nothing grows."""

import time
from typing import NamedTuple

import psutil

from tests.engine.rig import Worker
from tests.faults.invariants import settle
from tests.faults.scene import Scene
from tests.stack import wait_for


class Use(NamedTuple):
    """What a worker holds of the machine."""

    rss_mb: float
    files: int


def soak(scene: Scene) -> None:
    """Fault 22: 200 records a second, and a kill -9 at every interval."""
    seconds, every = (24 * 3600, 600) if scene.long else (60, 15)
    uses: list[Use] = []
    with scene.rig() as rig:
        with rig.steady_load(200):
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                worker = rig.worker()
                known = worker.said("caught_up")
                wait_for(lambda w=worker, n=known: w.said("caught_up") > n, "it works", 60)
                uses.append(_used_for(worker, every))
                in_flight = rig.sent - rig.committed()
                worker.kill()
                use = uses[-1]
                scene.say(
                    f"kill {len(uses)}: {in_flight} records in flight, {use.rss_mb:.0f} MB, "
                    f"{use.files} open files"
                )
        rig.worker()
        settle(rig, seconds=600)
    scene.say(f"{rig.sent} records; from {uses[0]} after the first interval to {uses[-1]}")


def _used_for(worker: Worker, seconds: float) -> Use:
    """Let a worker work for a while; what it holds in the end."""
    time.sleep(seconds)
    process = psutil.Process(worker.process.pid)
    return Use(process.memory_info().rss / (1 << 20), process.num_fds())
