"""A stack of the bench's own. Worker and sink are started by hand, so that loads can wait for them.

The rest runs under `python -m deploy.local up`, as for everybody.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local import datadir
from deploy.local.parts import PARTS, command_of
from deploy.local.process import last_lines, rss_mb, spawn
from deploy.local.status import state_of
from duban.launch import program_env
from duban.settings import settings

BY_HAND = ("streams", "sink")
READY_LIMIT = 180.0  # seconds
STOP_LIMIT = 60.0
MARK = "made-by-bench"  # a directory with this file may be removed
KEPT = ("DUBAN_CACHE", "DUBAN_MAVEN_URL")  # all other settings of the caller mean another stack


class BenchError(RuntimeError):
    """The bench cannot go on; the message says what did not happen and where to look."""


@dataclass(slots=True)
class Child:
    """A part that the bench started itself. `started` is in `time.monotonic()` seconds."""

    name: str
    process: subprocess.Popen[bytes]
    started: float
    ready_file: Path
    log: Path

    @property
    def ready(self) -> bool:
        """Whether it said that it does its work now. A child that has ended is an error."""
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended: {last_lines(self.log)} (see {self.log})")
        return self.ready_file.exists()

    def wait_ready(self) -> float:
        """Seconds from its start until it was ready."""
        wait(lambda: self.ready, f"{self.name} to be ready", every=0.01)
        return time.monotonic() - self.started

    def cpu_seconds(self) -> float:
        """Processor time it has used so far."""
        return cpu_seconds(self.process.pid)


@dataclass(slots=True)
class Rig:
    """A data directory, an environment that means it, and what runs there."""

    data: Path
    env: dict[str, str]
    supervisor: subprocess.Popen[bytes] | None = None
    children: dict[str, Child] = field(default_factory=dict)

    def up(self, by_hand: bool = False, only: Sequence[str] = ()) -> float:
        """Start the stack, `by_hand` without worker and sink, or `only` some parts; seconds until
        it was ready."""
        names = only or [p.name for p in PARTS if not (by_hand and p.name in BY_HAND)]
        command = [sys.executable, "-P", "-m", "deploy.local", "up", "--parts", ",".join(names)]
        log = self.data / "up.log"
        begun = time.monotonic()
        self.supervisor = spawn(command, self.env, log, self.data / "up.pid")
        supervisor = self.supervisor

        def ready() -> bool:
            if supervisor.poll() is not None:
                raise BenchError(f"The stack ended: {last_lines(log)} (see {log})")
            state = state_of(self.data)
            return bool(state.get("pid") == supervisor.pid and state.get("ready"))

        wait(ready, "the stack to be ready")
        settings.cache_clear()  # stack.json has been written since
        return time.monotonic() - begun

    def start(self, name: str) -> Child:
        """Start worker or sink as the supervisor would."""
        part = next(p for p in PARTS if p.name == name)
        run, log = self.data / "run", self.data / "logs" / f"{name}.log"
        ready_file = run / f"{name}.ready"
        ready_file.unlink(missing_ok=True)
        env = {**self.env, "DUBAN_READY_FILE": str(ready_file), "DUBAN_PART": name}
        begun = time.monotonic()
        process = spawn(command_of(part), env, log, run / f"{name}.pid")
        self.children[name] = Child(name, process, begun, ready_file, log)
        return self.children[name]

    def kill(self, name: str) -> None:
        """kill -9."""
        child = self.children.pop(name)
        child.process.kill()
        child.process.wait()

    def pids(self) -> dict[str, int]:
        """Process ids of all parts that run, the supervisor too."""
        said = state_of(self.data).get("parts", [])
        found = {p["name"]: int(p["pid"]) for p in said if p["pid"]}
        found |= {name: child.process.pid for name, child in self.children.items()}
        return found | ({"supervisor": self.supervisor.pid} if self.supervisor else {})

    def rss(self) -> dict[str, float]:
        """Resident MB of each part; memory that processes share is counted in each."""
        pids = self.pids()
        return {name: rss_mb(pid, name != "supervisor") for name, pid in pids.items()}

    def down(self) -> None:
        """Stop everything in order; what was started by hand first."""
        for child in self.children.values():
            _end(child.process)
        self.children.clear()
        if self.supervisor is not None:
            _end(self.supervisor)
            self.supervisor = None


@contextmanager
def own_stack(data: Path, port_base: int) -> Iterator[Rig]:
    """A fresh directory and an environment that means it, here too; all is stopped at the end.

    The directory is removed unless something failed: then its logs are of use.
    """
    data = data.expanduser().resolve()
    _clear(data)
    (data / "logs").mkdir(parents=True)
    (data / MARK).touch()
    (data / "run").mkdir()
    given = {k: v for k, v in program_env().items() if k in KEPT or not k.startswith("DUBAN_")}
    ours = {"DUBAN_DATA": str(data), "DUBAN_PORT_BASE": str(port_base)}
    for name in [n for n in os.environ if n.startswith("DUBAN_") and n not in KEPT]:
        del os.environ[name]
    os.environ.update(ours)
    settings.cache_clear()
    rig = Rig(data, {**given, **ours, "PYTHONUNBUFFERED": "1"})
    try:
        yield rig
    finally:
        rig.down()
    shutil.rmtree(data)


def _clear(data: Path) -> None:
    if not data.exists():
        return
    if pid := datadir.holder(data):
        raise BenchError(f"A stack runs on {data}, process {pid}: name another one with --data.")
    if any(data.iterdir()) and not (data / MARK).is_file():
        raise BenchError(f"{data} is not of the bench: name another one with --data.")
    shutil.rmtree(data)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(
    what: Callable[[], bool], name: str, seconds: float = READY_LIMIT, every: float = 0.05
) -> None:
    """Wait until `what` holds. Raises `BenchError` naming what did not happen."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise BenchError(f"Waited {seconds:g} s for {name}.")
        time.sleep(every)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, user and system."""
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)
