"""The demo's own stack and simulator: a fresh data directory, free ports, an end to both."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import datadir, jars
from deploy.local.process import last_lines, spawn
from deploy.local.status import state_of
from deploy.local.trouble import Trouble
from duban.launch import program_env
from duban.settings import PORTS, Settings, settings

READY_LIMIT = 180.0  # seconds
STOP_LIMIT = 60.0
# Settings that may hold for the demo too; all others of the caller mean another stack.
KEPT = ("DUBAN_CACHE", "DUBAN_MAVEN_URL", "DUBAN_LANGUAGE", "DUBAN_LOG_LEVEL")
PORT_STEP, PORT_TRIES = 1000, 20


@dataclass(frozen=True, slots=True)
class Stage:
    """A stack that was started for one demo. Its children end with this process."""

    data: Path
    env: dict[str, str]
    stack: subprocess.Popen[bytes]

    @property
    def token(self) -> str:
        """Token of the login page."""
        return str(datadir.read_stack(self.data)["dashboard_token"])

    def simulate(self, options: Sequence[str]) -> "Simulation":
        """Start the simulator beside the stack."""
        log = self.data / "logs" / "simulator.log"
        command = [sys.executable, "-P", "-m", "producers.simulator", *options]
        child = spawn(command, self.env, log, self.data / "run" / "simulator.pid")
        return Simulation(child, log)

    def stop(self) -> None:
        """Stop the stack in order."""
        self.stack.terminate()
        try:
            self.stack.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.stack.kill()
            self.stack.wait()


@dataclass(frozen=True, slots=True)
class Simulation:
    """The simulator as a process. Its log has one JSON line for each tick."""

    child: subprocess.Popen[bytes]
    log: Path

    def runs(self) -> bool:
        """Whether it is still at work. Raises `Trouble` when it failed."""
        status = self.child.poll()
        if status:
            raise Trouble(f"The simulator failed: {last_lines(self.log)}", f"See {self.log}.")
        return status is None

    def reached(self) -> dict[str, Any]:
        """How far it is: `at` in ms and `events`, all acknowledged; zeros before the first tick."""
        for line in reversed(last_lines(self.log, 2).splitlines()):
            try:
                said: dict[str, Any] = json.loads(line)
            except ValueError:
                continue  # a line half written
            return said
        return {"at": 0, "events": 0}

    def stop(self) -> None:
        """End it, if it has not."""
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait()


def open_stage(data: Path, port_base: int | None, waiting: Callable[[str], None]) -> Stage:
    """Start a stack on a fresh directory and wait until it is ready; `waiting` hears for what.

    From then on `duban.settings.settings()` of this process means that stack.
    """
    data = data.expanduser().resolve()
    clear(data)
    base = port_base or free_base(Settings().port_base)
    env = _environment(data, base)
    _take(env)
    mine = settings()
    jars.provide(mine.cache, maven_url=mine.maven_url)
    for name in ("logs", "run"):
        (data / name).mkdir(parents=True, exist_ok=True)
    log = data / "logs" / "supervisor.log"
    options = ["--port-base", str(base), "--business-time", "ticks"]
    command = [sys.executable, "-P", "-m", "deploy.local", "up", *options]
    stage = Stage(data, env, spawn(command, env, log, data / "demo.pid"))
    try:
        _wait(stage, log, waiting)
    except BaseException:
        stage.stop()
        raise
    settings.cache_clear()  # stack.json has been written since
    return stage


def clear(data: Path) -> None:
    """Remove what an earlier demo left. Raises `Trouble` for a directory that is none of ours."""
    if not data.exists():
        return
    if pid := datadir.holder(data):
        raise Trouble(
            f"A demo runs on {data}, process {pid}.",
            f"Stop it: DUBAN_DATA={data} duban down. Or name another directory with --data.",
        )
    ours = (data / "VERSION").is_file() or (data / "demo.pid").is_file()
    if any(data.iterdir()) and not ours:
        raise Trouble(f"{data} is no data directory of Duban.", "Name another one with --data.")
    shutil.rmtree(data)


def free_base(first: int) -> int:
    """The first port base, by thousands, whose ports are all free."""
    for base in range(first, first + PORT_TRIES * PORT_STEP, PORT_STEP):
        if all(_free(base + offset) for offset in PORTS.values()):
            return base
    raise Trouble("Found no free ports.", "Name a port base with --port-base.")


def _free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _environment(data: Path, base: int) -> dict[str, str]:
    kept = {k: v for k, v in program_env().items() if k in KEPT or not k.startswith("DUBAN_")}
    ours = {"DUBAN_DATA": str(data), "DUBAN_PORT_BASE": str(base), "DUBAN_BUSINESS_TIME": "ticks"}
    return {**kept, **ours}


def _take(env: dict[str, str]) -> None:
    """Let this process's settings mean the demo's stack too."""
    for name in [n for n in os.environ if n.startswith("DUBAN_")]:
        del os.environ[name]
    os.environ.update({n: v for n, v in env.items() if n.startswith("DUBAN_")})
    settings.cache_clear()


def _wait(stage: Stage, log: Path, waiting: Callable[[str], None]) -> None:
    deadline = time.monotonic() + READY_LIMIT
    while True:
        state = state_of(stage.data)
        if state.get("ready") and state.get("pid") == stage.stack.pid:
            return
        if stage.stack.poll() is not None:
            raise Trouble(f"The stack ended: {last_lines(log)}", f"See {log}.")
        late = [p["name"] for p in state.get("parts", []) if p["state"] not in ("ready", "done")]
        if time.monotonic() > deadline:
            raise Trouble(f"Not ready after {READY_LIMIT:.0f} s: {', '.join(late)}.", f"See {log}.")
        waiting(", ".join(late))
        time.sleep(0.2)
