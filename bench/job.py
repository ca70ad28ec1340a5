"""The clock job by itself: real records in batches, no Kafka; and what an open case weighs.

Times are processor time of this process, so other work on the machine matters little.
"""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil

from bench import believable
from bench.run import Run
from duban import reference
from duban.bus import make, partition_of
from duban.events import Event
from duban.policy import Reference
from streams import clocks_job
from streams.clocks_job import ClocksJob
from streams.records import Here, Record
from streams.shelf import OnDisk

PARTITIONS = 4  # as topics.toml has it
SLICE = 150  # records a call; the worker takes what fits 50 ms
RULES = ("evolve", "look_at")  # what the job calls of the pure core


class Published:
    """Reference data as a job wants it."""

    def __init__(self) -> None:
        self.current: Reference = reference.reference_from(reference.load(reference.SHIPPED))


def measure(run: Run) -> None:
    """Catch-up of all partitions in this process, then memory in a fresh one."""
    run.say("the clock job without Kafka")
    spent = {"rules": 0, "all": 0, "outputs": 0}
    slices = _slices(believable.past(run.sizes.events))
    published = Published()
    with _on_disk(published) as jobs, _timed(spent):
        for number, records in slices:
            begun = time.process_time_ns()
            result = jobs[number].apply(records, records[-1].timestamp)
            jobs[number].committed(Here("", 0))
            spent["all"] += time.process_time_ns() - begun
            spent["outputs"] += len(result.outputs)
    count = sum(len(records) for _, records in slices)
    each = {name: value / 1000 / count for name, value in spent.items()}
    run.counted("job.events", count)
    run.counted("job.outputs", spent["outputs"])
    run.found("job.rules_us", each["rules"], "µs/event", "mean, in batches; processor time")
    run.found(
        "job.rest_us", each["all"] - each["rules"], "µs/event",
        f"decode, contract check, state, {spent['outputs'] / count:.1f} outputs an event",
    )  # fmt: skip
    _memory(run)


@contextmanager
def _on_disk(published: Published) -> Iterator[list[ClocksJob]]:
    """A job for each partition, with its closed cases on disk as a worker has them."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            ClocksJob(number, published, OnDisk(Path(folder) / str(number)))
            for number in range(PARTITIONS)
        ]
        try:
            yield jobs
        finally:
            for job in jobs:
                job.close()


def _slices(told: Sequence[Event]) -> list[tuple[int, list[Record]]]:
    """Records as a worker applies them: slices of one partition, the partitions in turn."""
    partitions: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for event in told:
        mine = partitions[partition_of(event.subject_id.encode(), PARTITIONS)]
        mine.append(believable.record(len(mine), event))
    longest = max(map(len, partitions))
    return [
        (number, records[first : first + SLICE])
        for first in range(0, longest, SLICE)
        for number, records in enumerate(partitions)
        if records[first : first + SLICE]
    ]


def _memory(run: Run) -> None:
    cases = run.sizes.open_cases
    run.say(f"memory of {cases:,} open cases")
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        grown = fresh.submit(grown_by, cases).result()
    run.counted("job.open_cases", cases)
    note = f"{cases:,} cases with their clocks and a timer, submitted and accepted"
    run.found("job.memory_per_open_case_kb", grown / cases / 1024, "KB", note)


def grown_by(cases: int) -> int:
    """Bytes by which this process grows when a job takes in so many open cases."""
    job = ClocksJob(0, Published())
    _take_in(job, range(cases, cases + SLICE))  # what is there only once
    gc.collect()
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    for first in range(0, cases, SLICE):
        _take_in(job, range(first, min(cases, first + SLICE)))
    gc.collect()
    grown: int = process.memory_info().rss - before
    return grown


def _take_in(job: ClocksJob, numbers: Sequence[int]) -> None:
    cases = [f"{believable.HALL}/m-{number:07d}" for number in numbers]
    for facts in (
        [believable.submitted(case) for case in cases],
        [make("CaseAccepted", case=case) for case in cases],
    ):
        job.apply([believable.record(i, fact) for i, fact in enumerate(facts)], _now())
        job.committed(Here("", 0))


def _now() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def _timed(spent: dict[str, int]) -> Iterator[None]:
    """Add the processor time of the rules, as the job calls them, to `spent["rules"]` (ns)."""

    def watched(work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            begun = time.process_time_ns()
            try:
                return work(*args)
            finally:
                spent["rules"] += time.process_time_ns() - begun

        return timed

    before = {name: getattr(clocks_job, name) for name in RULES}
    for name, work in before.items():
        setattr(clocks_job, name, watched(work))
    try:
        yield
    finally:
        for name, work in before.items():
            setattr(clocks_job, name, work)
