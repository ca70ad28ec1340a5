"""How fast worker and sink work off what waits for them, start-up left out."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from bench.offsets import Offsets, offsets
from bench.rig import Child, Rig, wait
from bench.run import Run
from duban.settings import settings
from duban.warehouse import query
from projections.sink.tables import FEEDS

SINK = "duban-sink"
TABLES = (
    "events", "sla_events", "cases", "clocks", "alerts", "score_points", "scores", "dead_letters",
)  # fmt: skip
LIMIT = 900.0  # seconds that a catch-up may take


class CatchUp(NamedTuple):
    """What a part worked off between its being ready and its having nothing left."""

    records: int
    seconds: float
    cpu_seconds: float
    start_seconds: float


def worker(run: Run, rig: Rig) -> None:
    """The clock job over everything that lies on `case-events`."""
    group = settings().streams_id
    with offsets() as asked:
        waiting = asked.records(["case-events"])
        run.say(f"worker: catching up {waiting:,} facts")
        done = _catch_up(rig.start("streams"), asked, group, ["case-events"])
        # What it has still to score would run beside the next measurement.
        wait(lambda: not asked.behind(group, ["score-points"]), "the scores", LIMIT)
        outputs = asked.records(["sla-events", "alerts", "score-points"])
    run.counted("worker.events", waiting)
    run.counted("worker.outputs", outputs)
    cpu = done.cpu_seconds / done.records * 1e6
    note = f"{waiting:,} facts, one process, transactions on; {cpu:.0f} µs of processor an event"
    run.found("worker.events_per_s", done.records / done.seconds, "events/s", note)
    run.found("worker.cpu_us", cpu, "µs/event", "processor time, scoring included")
    _rest(run, cpu)
    run.found("worker.start_s", done.start_seconds, "s", "from start to ready, nothing to restore")


def _rest(run: Run, cpu: float) -> None:
    """What is not rules, and what is not the job: part `job` has measured those by themselves."""
    known = {f.name: f.value for f in run.figures}
    rules, rest = known.get("job.rules_us"), known.get("job.rest_us")
    if rules is None or rest is None:
        return
    note = "processor time without the rules: transport, contracts, state, outputs, scoring"
    run.found("worker.rest_cpu_us", cpu - rules, "µs/event", note)
    note = "of it without the whole job: group, batches, transactions, scoring"
    run.found("worker.transport_cpu_us", cpu - rules - rest, "µs/event", note)


def sink(run: Run, rig: Rig) -> None:
    """All topics into an empty warehouse."""
    topics = list(FEEDS)
    with offsets() as asked:
        run.say(f"sink: catching up {asked.behind(SINK, topics):,} records")
        done = _catch_up(rig.start("sink"), asked, SINK, topics)
    rows = {table: int(query(f"SELECT count() FROM {table}").rows[0][0]) for table in TABLES}
    run.counted("sink.records", done.records)
    run.counted("sink.events", rows["events"])
    run.counted("sink.cases", rows["cases"])
    cpu = done.cpu_seconds / done.records * 1e6
    note = f"records of all topics; {cpu:.0f} µs of processor an event, the warehouse's apart"
    run.found("sink.events_per_s", done.records / done.seconds, "events/s", note)
    total = sum(rows.values())
    note = f"{total:,} rows lie there; of a case only the last row of each insert"
    run.found("sink.rows_per_s", total / done.seconds, "rows/s", note)


def _catch_up(child: Child, asked: Offsets, group: str, topics: Sequence[str]) -> CatchUp:
    started = child.wait_ready()
    begun, busy = time.monotonic(), child.cpu_seconds()
    waiting = asked.behind(group, topics)
    ended: list[float] = []

    def done() -> bool:
        ended.append(time.monotonic())
        return child.ready and not asked.behind(group, topics)

    wait(done, f"{child.name} to catch up", LIMIT, every=0.02)
    # The commit was seen by a look that began at `ended[-1]`.
    return CatchUp(waiting, ended[-1] - begun, child.cpu_seconds() - busy, started)
