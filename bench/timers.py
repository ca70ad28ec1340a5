"""Many open cases at once: what they weigh, how soon a killed worker has them again, and how late
signals are beside so many timers, one by one and many due in the same second.

The cases are made by the clock job itself, partition by partition, and written to `case-state` as a
worker writes them; so a worker finds them there as after a restart.
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import count, islice
from multiprocessing import get_context
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from bench import believable
from bench.feeding import Feed
from bench.job import PARTITIONS, Published
from bench.rig import Rig
from bench.run import Run, Sizes
from bench.watching import Alerts
from deploy.local.process import rss_mb
from duban.bus import Producer, make, partition_of
from duban.settings import settings
from streams.clocks_job import LOOKED_KEY, ClocksJob
from streams.code_mark import code_mark
from streams.kafka import connection

SLICE = 500
BATCH_BYTES = 900_000
RATE = 1_000  # events/s beside the timers
AHEAD_MS, AHEAD_EACH_MS = 10_000, 4  # so far before their one instant are the many told
PATIENCE = 120.0
STATE = "case-state"


def measure(run: Run, rig: Rig) -> None:
    """Write the cases; then weigh, kill, and let timers fall due."""
    run.say("a stack without worker and sink")
    rig.up(by_hand=True)
    empty = _weigh(rig)
    cases = run.sizes.timers
    run.say(f"writing {cases:,} open cases")
    _write(cases)
    run.say(f"a worker with {cases:,} open cases")
    rig.start("streams").wait_ready()
    run.counted("timers.open_cases", cases)
    run.counted("timers.restored", _restored())
    note = f"{cases:,} cases with a clock and a timer each, in the worker's memory, restored"
    grown = rss_mb(rig.pids()["streams"], True) - empty
    run.found("timers.memory_per_open_case_kb", grown * 1024 / cases, "KB", note)
    rig.kill("streams")
    begun = time.monotonic()
    rig.start("streams").wait_ready()
    run.found("timers.ready_s", time.monotonic() - begun, "s", f"kill -9, {cases:,} open cases")
    with Producer() as producer:
        _one_by_one(run, producer)
        _all_at_once(run, producer)


def _weigh(rig: Rig) -> float:
    """Resident MB of a worker with nothing to hold."""
    rig.start("streams").wait_ready()
    empty = rss_mb(rig.pids()["streams"], True)
    rig.kill("streams")
    return empty


def _restored() -> int:
    """How many cases the worker says that it has open."""
    text = httpx.get(f"http://127.0.0.1:{settings().metrics()}/metrics").text
    samples = (line for line in text.splitlines() if line.startswith("duban_streams_open_cases{"))
    return int(sum(float(line.rpartition(" ")[2]) for line in samples))


def _one_by_one(run: Run, producer: Producer) -> None:
    sizes = Sizes(seconds=run.sizes.seconds, deadlines=run.sizes.deadlines)
    run.say(f"timers: {RATE:,} events/s for {sizes.seconds:g} s, {sizes.deadlines} due meanwhile")
    feed, alerts = Feed(producer, "one-by-one", RATE, sizes), Alerts()
    alerts.start()
    try:
        feed.run()
        late = _told(alerts, feed.due)
    finally:
        alerts.stop()
    note = f"{len(late)} of {len(feed.due)} due, {run.sizes.timers:,} timers open"
    run.spread("timers.signal_late", late, "s", f"{note}, {RATE:,} events/s")


def _all_at_once(run: Run, producer: Producer) -> None:
    many = min(run.sizes.timers // 10, 10_000)
    ahead = AHEAD_MS + many * AHEAD_EACH_MS
    due_at = (time.time_ns() // 1_000_000 + ahead) // 1000 * 1000
    run.say(f"timers: {many:,} due in one second")
    due = {f"{believable.HALL}/at-once-{i:05d}": due_at + i % 1000 for i in range(many)}
    alerts = Alerts()
    alerts.start()
    try:
        for case, at in due.items():
            for event in believable.imposed(case, at):
                producer.send(event)
        producer.flush()
        spare = due_at / 1000 - time.time()
        late = _told(alerts, due)
    finally:
        alerts.stop()
    run.counted("timers.at_once", len(late))
    note = f"{len(late):,} of {many:,}, told {spare:.0f} s before; {run.sizes.timers:,} timers open"
    run.found("timers.at_once_all_out_s", max(late, default=None), "s", note)


def _told(alerts: Alerts, due: dict[str, int]) -> list[float]:
    """Lateness of every alert, once all are out or nobody would wait longer."""
    wait_until = max(due.values()) / 1000 + PATIENCE
    while len(alerts.lateness(due)) < len(due) and time.time() < wait_until:
        time.sleep(0.1)
    return alerts.lateness(due)


# --- making cases ------------------------------------------------------------------------------


def _write(cases: int) -> None:
    share = cases // PARTITIONS
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for made in [pool.submit(_write_partition, n, share) for n in range(PARTITIONS)]:
            made.result()


def _write_partition(partition: int, cases: int) -> None:
    asyncio.run(_send(partition, _states(partition, cases)))


def _states(partition: int, cases: int) -> Iterator[tuple[bytes, bytes | None]]:
    """Records of the state topic for so many accepted cases, and that all were looked at."""
    published = Published()
    first = f"{believable.HALL}/first"
    life = [believable.submitted(first), make("CaseAccepted", case=first)]
    names = islice(_names(partition), cases)
    while chunk := list(islice(names, SLICE)):
        job = ClocksJob(partition, published)
        told = [replace(fact, subject_id=case) for fact in life for case in chunk]
        records = [believable.record(i, event) for i, event in enumerate(told)]
        yield from job.apply(records, time.time_ns() // 1_000_000).state
    yield LOOKED_KEY, f"{published.current.mark}+{code_mark()}".encode()


def _names(partition: int) -> Iterator[str]:
    for number in count():
        case = f"{believable.HALL}/open-{number:08d}"
        if partition_of(case.encode(), PARTITIONS) == partition:
            yield case


async def _send(partition: int, pairs: Iterator[tuple[bytes, bytes | None]]) -> None:
    producer = AIOKafkaProducer(
        **connection(), max_batch_size=BATCH_BYTES, compression_type="lz4", acks="all"
    )
    await producer.start()
    try:
        await producer.partitions_for(STATE)
        batch, sent = producer.create_batch(), []
        for key, value in pairs:
            if not _append(batch, key, value):
                sent.append(await producer.send_batch(batch, STATE, partition=partition))
                batch = producer.create_batch()
                _append(batch, key, value)
        sent.append(await producer.send_batch(batch, STATE, partition=partition))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def _append(batch: Any, key: bytes, value: bytes | None) -> bool:
    return batch.append(key=key, value=value, timestamp=None) is not None
