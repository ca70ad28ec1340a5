"""A disk is full, read-only, gone or old, a topic compacted: a worker says so or does without."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from duban import bus
from duban.events import Event
from tests.engine.rig import ROOT, Rig, Worker
from tests.faults import cases
from tests.faults.invariants import settle
from tests.faults.rungs import ITEM, START, fact, ms, wait_idle
from tests.faults.scene import Scene, Skipped
from tests.stack import Stack, wait_for

PARTS = "broker,topics,apply"
TROUBLE = "Is the disk full or read-only"
LAST = START + timedelta(days=60)
OFTEN = {
    "segment.ms": "200",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
    "max.compaction.lag.ms": "500",
}


def worker_of(stack: Stack, data: Path, sources: Path = ROOT, store: str = "memory") -> Worker:
    """A worker of the stack's jobs with a data directory of its own, of these or other sources."""
    env = {
        **stack.env,
        "DUBAN_STREAMS_STORE": store,
        "DUBAN_DATA": str(data),
        "DUBAN_BROKER": stack.settings.brokers,
    }
    return Worker(stack.data / "worker.log", env, "streams", sources)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 24 MB; `Skipped` where this user may not mount one."""
    options = ["-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skipped(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_or_read_only(scene: Scene) -> None:
    """Fault 16: no room, or no right, to write: the worker ends and says why; then it goes on."""
    if shutil.which("mount") is None:
        raise Skipped("there is no `mount` here")
    with (
        small_disk(scene.folder()) as disk,
        scene.stack(parts=PARTS, business_time="ticks") as stack,
        stack.here(),
        bus.Producer() as producer,
    ):
        told = [e for n in range(200) for e in life(f"disk/{n}")]
        say(producer, told)
        fill(disk)
        _ends_with_a_word(stack, disk, scene, "a full disk")
        (disk / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        _ends_with_a_word(stack, disk, scene, "a read-only disk")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        worker = worker_of(stack, disk)
        wait_for(lambda: cases.stored().keys() == _names(told), "all are known", 90, 0.5)
        if scene.long:
            told += _fills_up_meanwhile(producer, worker, disk)
            _ends_with_a_word(stack, disk, scene, "a disk that is full by now")
            (disk / "filler").unlink()
            worker = worker_of(stack, disk)
        say(producer, [], LAST)
        wait_idle(120)
        wait_for(lambda: cases.stored().keys() == _names(told), "all are known", 90, 0.5)
        cases.check(sorted(_names(told)), "disk", ms(LAST))
        worker.kill()


def _ends_with_a_word(stack: Stack, disk: Path, scene: Scene, what: str) -> None:
    worker = worker_of(stack, disk)
    before = worker.said(TROUBLE)
    code = worker.process.wait(90)
    assert code != 0
    assert worker.said(TROUBLE) > before, worker.log.read_text(encoding="utf-8")[-2000:]
    scene.say(f"{what}: the worker ended with {code} and said why")


def _fills_up_meanwhile(producer: bus.Producer, worker: Worker, disk: Path) -> list[Event]:
    """Fill the disk while the worker runs, then close cases until it must write."""
    fill(disk)
    told: list[Event] = []
    number = 1000
    while worker.ended is None:
        more = [e for n in range(number, number + 1000) for e in life(f"disk/{n}")]
        say(producer, more)
        told += more
        number += 1000
        time.sleep(5)
    return told


def fill(disk: Path) -> None:
    """Leave no room."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def life(case: str) -> list[Event]:
    """A case that is closed the next day."""
    day = START + timedelta(days=1)
    return [
        fact("CaseSubmitted", case, START, item_code=ITEM),
        fact("CaseAccepted", case, START + timedelta(minutes=5)),
        fact("DecisionMade", case, day, decision="approved"),
        fact("CaseClosed", case, day + timedelta(minutes=5)),
    ]


def say(producer: bus.Producer, events: list[Event], at: object = None) -> None:
    """Send facts; business time has passed them by then."""
    producer.tick(ms(at or START + timedelta(days=2)))  # type: ignore[arg-type]  # a datetime
    producer.send_many(events)
    producer.flush()


def _names(events: list[Event]) -> set[str]:
    return {event.subject_id for event in events}


def gone_or_old(scene: Scene) -> None:
    """Fault 17: a worker that keeps all cases on disk loses its data directory, then finds an old
    copy in its place: what it lacks comes from `case-state`, and no old word of a case counts."""
    data, copy = scene.folder() / "data", scene.folder() / "copy"
    names = [f"old/{number}" for number in range(100)]
    with (
        scene.stack(parts=PARTS, business_time="ticks") as stack,
        stack.here(),
        bus.Producer() as producer,
    ):
        worker = worker_of(stack, data, store="disk")
        say(producer, [e for name in names for e in life(name)])
        wait_for(lambda: cases.closed_by_state() == len(names), "all are closed", 120, 0.5)
        worker.kill()
        shutil.copytree(data, copy)
        worker = worker_of(stack, data, store="disk")
        later = START + timedelta(days=3)
        say(producer, [fact("CaseReopened", n, later, cause="quality") for n in names[:50]], later)
        wait_for(lambda: cases.closed_by_state() == 50, "half are open again", 60, 0.5)
        worker.kill()
        shutil.rmtree(data)
        worker = worker_of(stack, data, store="disk")
        told = START + timedelta(hours=3)
        say(producer, [fact("RatingGiven", n, told, level=5, source="mass") for n in names], later)
        wait_for(lambda: _facts_of(names) == 5.5, "a fact more of each", 90, 0.5)
        worker.kill()
        scene.say("the directory was deleted: each late fact found its case")
        shutil.rmtree(data)
        shutil.copytree(copy, data)
        worker = worker_of(stack, data, store="disk")
        told = START + timedelta(hours=4)
        say(producer, [fact("StepCompleted", n, told, step="review") for n in names], LAST)
        wait_for(lambda: _facts_of(names) == 6.5, "another fact of each", 90, 0.5)
        cases.check(names, "old", ms(LAST))
        worker.kill()
    scene.say("an old copy was put back: nothing of it came to life")


def _facts_of(names: list[str]) -> float:
    """Facts that are kept of a case, on average."""
    held = cases.states()
    return sum(len(held[name].facts.ordered) for name in names) / len(names)


def compacted(scene: Scene) -> None:
    """Fault 18: the state topic is compacted, its segments are rolled and one partition is empty:
    the restore comes to its end and knows everything."""
    with scene.rig(**OFTEN) as rig:
        first = rig.worker()
        wait_for(lambda: first.said("caught_up") == rig.partitions, "caught up", 60)
        for _ in range(30):
            _load_all_but_one(rig, 100)
            time.sleep(0.1)
        settle(rig)
        first.kill()
        written = _positions(rig)
        wait_for(lambda: _compact(rig) < written / 2, "the cleaner has passed", 300, 2.0)
        scene.say(f"{written} positions were written, {_positions(rig)} are left")
        _load_all_but_one(rig, 500)
        rig.worker()
        settle(rig)


def _load_all_but_one(rig: Rig, records: int) -> None:
    for number in range(records):
        rig.send(b"k%d" % (number % 21), partition=number % 21 % (rig.partitions - 1))
    rig.producer.flush()


def _positions(rig: Rig) -> int:
    return sum(r.key == b"__position" for r in rig.read(rig.topic("state")))


def _compact(rig: Rig) -> int:
    """Write tombstones of a key that never was, which makes the broker close the last segment."""
    for partition in range(rig.partitions - 1):
        rig.producer.send(rig.topic("state"), None, b"nobody", partition=partition)
    rig.producer.flush()
    return _positions(rig)
