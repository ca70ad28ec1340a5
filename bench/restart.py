"""What every part weighs at the end of the run, and how soon a killed worker is back."""

import time

from bench.rig import Rig
from bench.run import Run
from duban.warehouse import query


def measure(run: Run, rig: Rig) -> None:
    """Resident memory of each part; then kill -9 of the worker until it is ready again."""
    run.say("memory, then kill -9 of the worker")
    for name, mb in sorted(rig.rss().items()):
        run.found(f"rss.{name}_mb", mb, "MB")
    cases, still_open = query("SELECT count(), countIf(closed_at IS NULL) FROM cases_now").rows[0]
    run.counted("restart.cases", int(cases))
    run.counted("restart.open_cases", int(still_open))
    rig.kill("streams")
    begun = time.monotonic()
    rig.start("streams").wait_ready()
    note = f"{cases:,} cases restored, {still_open:,} of them open"
    run.found("restart.ready_s", time.monotonic() - begun, "s", note)
