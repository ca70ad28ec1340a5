"""One engine's turn: start it, watch what it commits from outside, stop it, check what it wrote."""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import RetriableError

from bench.streams import homes
from bench.streams.check import Wrong, check
from bench.streams.engines import Engine
from bench.streams.rule import FIRST, HELD, RAW
from bench.streams.workload import PARTITIONS, TOPIC, Load, Model
from deploy.local.process import MB, last_lines, spawn

LOOK_SECONDS = 0.05
STOP_SECONDS = 60.0
MILLION = 1_000_000

Say = Callable[[int], None]


class Broke(RuntimeError):
    """An engine ended or stood still before it was done."""


FAILURES = (homes.Unavailable, Broke, Wrong)


@dataclass(frozen=True, slots=True)
class Measured:
    """From the first processed record after the warm-up to the last committed one."""

    records: int
    seconds: float
    cpu_seconds: float
    rss_mb: float  # the highest that was seen

    @property
    def events_per_s(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def cpu_s_per_million(self) -> float:
        """Processor time of the engine alone, without the broker's, for a million records."""
        return self.cpu_seconds / self.records * MILLION


@dataclass(slots=True)
class Race:
    """What all engines run on. `env` means the stack; `folder` is emptied for each engine."""

    broker: str
    env: dict[str, str]
    folder: Path
    load: Load
    model: Model
    client: KafkaAdminClient
    limit: float = 1800.0  # seconds that an engine may take

    def run(self, engine: Engine, say: Say) -> Measured:
        """Run one engine. Raises one of `FAILURES` where it gets no figure; `say` hears how many
        records it has committed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        command = homes.command(engine, self.folder)
        with self._topics(engine):
            child = spawn(command, self._told(engine), self._log(engine), self.folder / "pid")
            try:
                measured = self._watch(engine, child, say)
                self._finish(engine, child)
            finally:
                _kill(child)
            asyncio.run(check(engine, self.folder, self.broker, self.model))
        return measured

    def _watch(self, engine: Engine, child: subprocess.Popen[bytes], say: Say) -> Measured:
        """Look at the engine until it has committed everything."""
        deadline = time.monotonic() + self.limit
        first, used, used_before, rss = 0.0, 0.0, 0.0, 0.0
        process = psutil.Process(child.pid)
        while True:
            alive = child.poll() is None
            if alive:
                used, rss = _cpu_seconds(process, used), max(rss, _rss_mb(process))
            if not first and (self.folder / FIRST).is_file():
                first, used_before = float((self.folder / FIRST).read_text()), used
            done, ended = self._committed(engine)
            say(done)
            if done >= self.load.total:
                break
            if not alive:
                raise Broke(f"ended early: {last_lines(self._log(engine))}")
            if time.monotonic() > deadline:
                raise Broke(f"not done within {self.limit:g} s: {done:,} records committed")
            time.sleep(LOOK_SECONDS)
        return Measured(self.load.records, ended - first, used - used_before, rss)

    def _committed(self, engine: Engine) -> tuple[int, float]:
        """How many records are committed, and when that was so (epoch s)."""
        if engine.commits:
            try:
                places = self.client.list_group_offsets([engine.group])[engine.group]
            except RetriableError:  # the broker is only preparing for its first group
                return 0, 0.0
            done = sum(max(0, at.offset) for tp, at in places.items() if tp.topic == TOPIC)
            return done, time.time()
        held = self.folder / HELD
        if not held.is_file():
            return 0, 0.0
        return self.load.total, json.loads(held.read_text())["ended"]

    def _finish(self, engine: Engine, child: subprocess.Popen[bytes]) -> None:
        """Wait for one that ends by itself; stop any other in order."""
        if not engine.leaves:
            child.terminate()
        code: int | None
        try:
            code = child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if engine.leaves and code != 0:
            raise Broke(f"did not end well ({code}): {last_lines(self._log(engine))}")

    @contextmanager
    def _topics(self, engine: Engine) -> Iterator[None]:
        """The topics an engine writes to; gone afterwards, with those it has made itself."""
        before = set(self.client.list_topics())
        wanted = [NewTopic(engine.output_topic, PARTITIONS, 1)]
        if engine.changelog and not engine.home:  # ours; peers make their own
            compact = {"cleanup.policy": "compact"}
            wanted.append(NewTopic(engine.changelog, PARTITIONS, 1, topic_configs=compact))
        self.client.create_topics(wanted)
        self.client.wait_for_topics([topic.name for topic in wanted])
        try:
            yield
        finally:
            made = set(self.client.list_topics()) - before
            self.client.delete_topics([name for name in made if not name.startswith("__")])

    def _told(self, engine: Engine) -> dict[str, str]:
        told = {
            "broker": self.broker,
            "source": TOPIC,
            "output": engine.output_topic,
            "state": engine.changelog,
            "group": engine.group,
            "warmup": str(self.load.warmup),
            "total": str(self.load.total),
            "folder": str(self.folder),
            "schema": json.dumps(RAW),
        }
        named = {f"BENCH_{name.upper()}": value for name, value in told.items()}
        duban = {} if engine.home else {"DUBAN_STREAMS_ID": engine.group, "DUBAN_WORKER": "bench"}
        return {**self.env, **homes.environment(), **named, **duban}

    def _log(self, engine: Engine) -> Path:
        return self.folder.parent / "logs" / f"{engine.name}.log"


def _cpu_seconds(process: psutil.Process, before: float) -> float:
    """Processor time of a process and its children; as before when it has just ended."""
    try:
        family = [process, *process.children(recursive=True)]
        times = [one.cpu_times() for one in family]
    except psutil.NoSuchProcess:
        return before
    return float(sum(used.user + used.system for used in times))


def _rss_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss / MB)
    except psutil.NoSuchProcess:
        return 0.0


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()
        child.wait()
