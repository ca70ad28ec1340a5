"""One supervised part: its process, its state, and when it may be tried again."""

import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from deploy.local.parts import Part, Probe
from deploy.local.process import last_lines, spawn
from duban.settings import Settings

State = Literal["waiting", "starting", "ready", "restarting", "done", "failed", "stopped"]
FIRST_DELAY = 0.5  # seconds before a part that ended is started again; doubles each time
LONGEST_DELAY = 30.0
STABLE = 30.0  # seconds ready after which the delay is FIRST_DELAY again
ENDS_KEPT = 20
START_LIMIT = 90.0  # seconds in which a part that runs must become ready, else it is replaced


class Supervised:
    """The life of one part. `step` looks once and never waits."""

    def __init__(
        self, part: Part, settings: Settings, command: Sequence[str], env: Mapping[str, str]
    ) -> None:
        self.part = part
        self.settings = settings
        self.command = list(command)
        self.port = settings.port(part.port) if part.port else None
        self.log = settings.data / "logs" / f"{part.name}.log"
        self.pid_file = settings.data / "run" / f"{part.name}.pid"
        self.ready_file = settings.data / "run" / f"{part.name}.ready"
        self.env = {**env, **dict(part.env)}
        self.env |= {"DUBAN_READY_FILE": str(self.ready_file), "DUBAN_PART": part.name}
        self.state: State = "waiting"
        self.restarts = 0
        self.code: int | None = None  # of the last end
        self.ends: deque[float] = deque(maxlen=ENDS_KEPT)  # when it last ended by itself (epoch)
        self.last_end = ""  # why, as far as it said
        self.child: subprocess.Popen[bytes] | None = None
        self.delay = FIRST_DELAY
        self.started = self.ready_at = self.try_at = 0.0  # time.monotonic()

    @property
    def settled(self) -> bool:
        """Whether parts that need this one may start."""
        return self.state in ("ready", "done") or (self.state == "failed" and not self.part.must)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.child.pid if self.child else None

    def step(self, needs_met: bool) -> bool:
        """Look at the part once and start it when it may; whether its state changed."""
        before = (self.state, self.pid)
        if self.child is not None:
            self._look(self.child)
        elif (
            self.state in ("waiting", "restarting")
            and needs_met
            and time.monotonic() >= self.try_at
        ):
            self._start()
        return before != (self.state, self.pid)

    def _start(self) -> None:
        self.ready_file.unlink(missing_ok=True)
        self.child = spawn(self.command, self.env, self.log, self.pid_file)
        self.started = time.monotonic()
        self.state = "starting"

    def _look(self, child: subprocess.Popen[bytes]) -> None:
        now = time.monotonic()
        code = child.poll()
        if code is not None:
            self._ended(code)
        elif self.state == "starting" and self.part.check is not None:
            if self.part.check(Probe(self.settings, self.port, self.ready_file, self.started)):
                self.state = "ready"
                self.ready_at = now
            elif now - self.started > START_LIMIT:
                child.kill()
        elif self.state == "ready" and now - self.ready_at > STABLE:
            self.delay = FIRST_DELAY

    def _ended(self, code: int) -> None:
        self.child = None
        self.code = code
        self.pid_file.unlink(missing_ok=True)
        if self.part.once:
            self.state = "done" if code == 0 else "failed"
            return
        self.state = "restarting"
        self.restarts += 1
        self.ends.append(time.time())
        self.last_end = self.said()
        self.try_at = time.monotonic() + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)

    def ask_to_stop(self) -> None:
        """Send SIGTERM once; `stopped` tells when it is gone."""
        self.try_at = time.monotonic() + self.part.stop_seconds
        if self.child is not None:
            self.child.terminate()

    def stopped(self) -> bool:
        """Whether it is gone; SIGKILL when it takes longer than it may."""
        if self.child is not None and self.child.poll() is None:
            if time.monotonic() > self.try_at:
                self.child.kill()
            return False
        self.child = None
        self.pid_file.unlink(missing_ok=True)
        self.ready_file.unlink(missing_ok=True)
        if not self.part.once:
            self.state = "stopped"
        return True

    def said(self) -> str:
        """Why it ended: the signal, or the last thing it logged."""
        if self.code is not None and self.code < 0:
            return f"killed by signal {-self.code}"
        return f"exit {self.code}: {last_lines(self.log, 2 if self.part.once else 1)}"

    def row(self) -> dict[str, Any]:
        """What `status` shows of it."""
        return {
            "name": self.part.name,
            "state": self.state,
            "pid": self.pid,
            "port": self.port,
            "restarts": self.restarts,
            "ends": list(self.ends),
            "last_end": self.last_end,
        }


def run_directory(data: Path) -> Path:
    """Where pid files, ready files and `state.json` lie."""
    return data / "run"
