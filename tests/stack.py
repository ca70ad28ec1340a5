"""A stack for tests: real Kafka, a real warehouse and the programs, in a directory of its own.

It ends with the process that runs the tests, however that ends.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from deploy.local.parts import PARTS
from deploy.local.process import last_lines, spawn
from duban.launch import PROGRAMS, program_env
from duban.settings import PORTS, Settings, settings

CLI = "from duban.cli import main; main()"
READY_LIMIT = 120.0  # seconds
Part = Literal["warehouse", "gateway", "dashboard"]


@dataclass
class Stack:
    """One running stack. `env` makes any child process (or `here()`, this one) use it."""

    data: Path
    env: dict[str, str]
    kind: str = "embedded"
    options: list[str] = field(default_factory=list)  # of `duban up`
    process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Settings:
        """The stack's settings, secrets included, as a program beside it reads them."""
        with self.here():
            return Settings()

    def url(self, part: Part) -> str:
        """Base URL of an HTTP part."""
        return self.settings.url(part)

    @contextmanager
    def here(self) -> Iterator["Stack"]:
        """Let `duban.settings.settings()` of this process mean this stack."""
        with environment(self.env):
            yield self

    def run(
        self, *arguments: str, input: str | None = None, timeout: float = 180, check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run `duban ARGUMENTS…` beside the stack; with `check`, a failure fails the test."""
        done = subprocess.run(
            [sys.executable, "-P", "-c", CLI, *arguments],
            env=self.env,
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"duban {arguments}: {done.returncode}\n{done.stderr}{done.stdout}"
            )
        return done

    def json(self, *arguments: str, **more: Any) -> Any:
        """What `duban ARGUMENTS… --json` prints."""
        return json.loads(self.run(*arguments, "--json", check=True, **more).stdout)

    def start(self) -> "Stack":
        """Start it and wait until it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        log = self.data / "up.log"
        command = [sys.executable, "-P", "-m", "deploy.local", "up", *self.options]
        self.process = spawn(command, self.env, log, self.data / "up.pid")
        self.wait_ready()
        return self

    def stop(self) -> None:
        """Stop it in order; nothing of it runs afterwards."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.process = None

    def parts(self) -> dict[str, dict[str, Any]]:
        """What the supervisor last said of each part, by name."""
        return {p["name"]: p for p in self._state().get("parts", [])}

    def _state(self) -> dict[str, Any]:
        path = self.data / "run" / "state.json"
        said: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        return said

    def pid(self, part: str) -> int:
        """Process id of a part that runs."""
        return wait_for(lambda: self.parts().get(part, {}).get("pid"), f"{part} runs")

    def kill(self, part: str, number: int = signal.SIGKILL) -> int:
        """Send a signal (kill -9) to a part; its process id."""
        pid = self.pid(part)
        os.kill(pid, number)
        return pid

    def wait_restarted(self, part: str, old: int, seconds: float = 60) -> None:
        """Wait until a killed part runs as another process and all is ready again."""
        wait_for(lambda: self.parts()[part]["pid"] not in (old, None), f"{part} again", seconds)
        self.wait_ready(seconds)

    def wait_ready(self, seconds: float = READY_LIMIT) -> None:
        """Wait until every part is ready; the failing part's last words otherwise."""

        def ready() -> bool:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError("`duban up` ended: " + last_lines(self.data / "up.log", 8))
            return bool(self._state().get("ready")) and self._fresh()

        try:
            wait_for(ready, "the stack is ready", seconds)
        except AssertionError as e:
            late = [n for n, p in self.parts().items() if p["state"] not in ("ready", "done")]
            said = {n: last_lines(self.data / "logs" / f"{n}.log", 5) for n in late}
            raise AssertionError(f"{e}; {said}") from None

    def _fresh(self) -> bool:
        return self.process is None or self._state().get("pid") == self.process.pid


@contextmanager
def environment(env: Mapping[str, str]) -> Iterator[None]:
    """Take the `DUBAN_…` variables of `env`, and no others, for a while."""
    ours = {k: v for k, v in env.items() if k.startswith("DUBAN_")}
    before = {k: v for k, v in os.environ.items() if k.startswith("DUBAN_")}
    try:
        _replace(before, ours)
        yield
    finally:
        _replace(ours, before)


def _replace(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
    settings.cache_clear()


def wait_for(what: Callable[[], Any], name: str, seconds: float = 120, every: float = 0.05) -> Any:
    """Call `what` until it gives something true, and give that; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := what():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:g} s: {name}")
        time.sleep(every)


def free_base() -> int:
    """A port base whose ports are all free, below the range that clients' ports come from."""
    for _ in range(200):
        base = random.randrange(22_000, 32_000, 100)
        if all(_free(base + offset) for offset in PORTS.values()):
            return base
    raise AssertionError("no free ports found")


def _free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _written(outside: Mapping[str, str]) -> str:
    """All parts whose program is there; "" when that is all of them."""
    modules = {p.name: p.command[1].replace(".", "/") for p in PARTS if p.command[:1] == ("-m",)}
    absent = {
        name
        for name, path in modules.items()
        if not any((PROGRAMS / f"{path}{end}").is_file() for end in (".py", "/__main__.py"))
    }
    if not absent:
        return ""
    ran = {"broker", "warehouse"} if outside else set()
    return ",".join(p.name for p in PARTS if p.name not in absent | ran)


def new_stack(
    data: Path,
    *,
    parts: str = "",
    business_time: Literal["wall", "ticks"] = "wall",
    outside: Mapping[str, str] | None = None,
    **more: str,
) -> Stack:
    """A stack that is not started yet, on ports of its own.

    `parts` as in `duban up --parts`; `outside` has the settings of a Kafka and a ClickHouse that
    run elsewhere; `more` are further `DUBAN_…` settings in lower case (`faults=…`).
    """
    base = {k: v for k, v in program_env().items() if not k.startswith("DUBAN_")}
    kept = {k: v for k, v in os.environ.items() if k in ("DUBAN_CACHE", "DUBAN_MAVEN_URL")}
    env = {
        **base,
        **kept,
        **(outside or {}),
        "DUBAN_DATA": str(data),
        "DUBAN_PORT_BASE": str(free_base()),
        "DUBAN_BUSINESS_TIME": business_time,
        **{f"DUBAN_{name.upper()}": value for name, value in more.items()},
    }
    parts = parts or _written(outside or {})
    options = ["--parts", parts] if parts else []
    return Stack(data, env, "containers" if outside else "embedded", options)
