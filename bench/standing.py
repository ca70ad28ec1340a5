"""The whole stack with nothing to do: how soon it is ready, what it weighs."""

import time

from bench.rig import Rig
from bench.run import Run

SETTLE_SECONDS = 5


def measure(run: Run, rig: Rig) -> None:
    """From the command to all parts ready, then resident memory at rest."""
    run.say("the whole stack, from nothing to ready")
    run.found("stack.ready_s", rig.up(by_hand=False), "s", "jars fetched, data directory empty")
    time.sleep(SETTLE_SECONDS)
    weights = rig.rss()
    run.counted("stack.parts", len(weights))
    note = ", ".join(f"{name} {mb:.0f}" for name, mb in weights.items())
    run.found("stack.idle_rss_mb", sum(weights.values()), "MB", note)
