"""Start the parts in order, keep them running, stop them in reverse order.

One thread, one loop: each turn looks at every part once. A part starts when what it needs is
ready, so parts that do not need each other start together; it is stopped when nothing that needs
it runs any more.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

from deploy.local import broker, datadir, jars
from deploy.local.parts import Part, command_of
from deploy.local.process import end, left_behind, turn_over
from deploy.local.supervised import Supervised, run_directory
from deploy.local.trouble import Trouble
from duban.launch import program_env
from duban.settings import Settings

TURN = 0.1  # seconds between two looks
HOUSEKEEPING = 60.0  # seconds between two looks at log sizes

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Report = Callable[[Supervised], None]


class Supervisor:
    """The embedded stack of one data directory; made and run while holding the directory."""

    def __init__(self, settings: Settings, parts: Sequence[Part], report: Report) -> None:
        self.settings = settings
        self.report = report
        self.ready = False
        self.stopping = False
        self._greeted = False
        self._housekeeping = 0.0
        end(left_behind(run_directory(settings.data)))
        check_ports(settings, parts)
        env = child_env(settings, parts)
        self.children = [Supervised(p, settings, _command(p, settings), env) for p in parts]
        self.names = {p.name for p in parts}
        self.tell()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Keep the parts running until SIGINT, SIGTERM or SIGHUP; then stop them in order.

        `on_ready` is called once, the first time all parts are ready.

        Raises `Trouble` when a part that must succeed once has failed.
        """
        handlers = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}
        try:
            while not self.stopping:
                self._turn(on_ready)
                time.sleep(TURN)
        finally:
            self.shut_down()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _turn(self, on_ready: Callable[[], None]) -> None:
        settled = {c.part.name for c in self.children if c.settled}
        changed = False
        for child in self.children:
            needs = {n for n in child.part.needs if n in self.names}
            if child.step(needs <= settled):
                changed = True
                self.report(child)
            if child.state == "failed" and child.part.must:
                raise Trouble(f"{child.part.name} failed, {child.said()}", f"See {child.log}.")
        ready = all(c.settled for c in self.children)
        if changed or ready != self.ready:
            self.ready = ready
            self.tell()
        if ready and not self._greeted:
            self._greeted = True
            on_ready()
        self._keep_house()

    def _keep_house(self) -> None:
        if time.monotonic() < self._housekeeping:
            return
        self._housekeeping = time.monotonic() + HOUSEKEEPING
        for child in self.children:
            turn_over(child.log)

    def shut_down(self) -> None:
        """Stop all parts: those that others need after those others."""
        self.ready = False
        living = list(self.children)
        asked: set[str] = set()
        while living:
            needed = {n for c in living for n in c.part.needs}
            for child in living:
                if child.part.name not in needed | asked:
                    asked.add(child.part.name)
                    child.ask_to_stop()
            gone = [c for c in living if c.part.name in asked and c.stopped()]
            for child in gone:
                living.remove(child)
            self.tell()
            if not gone:
                time.sleep(0.05)

    def tell(self) -> None:
        """Write what `status` reads."""
        said: dict[str, Any] = {
            "pid": os.getpid(),
            "ready": self.ready,
            "business_time": self.settings.business_time,
            "parts": [child.row() for child in self.children],
        }
        path = run_directory(self.settings.data) / "state.json"
        datadir.write_private(path, json.dumps(said) + "\n")


def _command(part: Part, settings: Settings) -> list[str]:
    if part.name != "broker":
        return command_of(part)
    return broker.prepare(settings, jars.provide(settings.cache, maven_url=settings.maven_url))


def child_env(settings: Settings, parts: Sequence[Part]) -> Mapping[str, str]:
    """Environment of every child: where the data is; the rest is in `stack.json`, not in `ps`."""
    env = program_env()
    for part, name in (("broker", "DUBAN_BROKER"), ("warehouse", "DUBAN_WAREHOUSE_URL")):
        if any(p.name == part for p in parts):
            env.pop(name, None)
    loopback = ["127.0.0.1", "localhost"]
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [env.get(name), *loopback]))
    return {
        **env,
        "DUBAN_DATA": str(settings.data),
        "DUBAN_PORT_BASE": str(settings.port_base),
        "DUBAN_BUSINESS_TIME": settings.business_time,
        "PYTHONUNBUFFERED": "1",
    }


def check_ports(settings: Settings, parts: Sequence[Part]) -> None:
    """Raise `Trouble` for a port that somebody else listens on."""
    ports = {p.name: settings.port(p.port) for p in parts if p.port}
    if "broker" in ports:
        ports["broker (controller)"] = settings.port("controller")
    taken = {name: port for name, port in ports.items() if not _free(port)}
    if taken:
        named = ", ".join(f"{port} for {name}" for name, port in taken.items())
        raise Trouble(
            f"Port taken by another program: {named} (127.0.0.1).",
            "Stop that program, or move all ports with `duban up --port-base N` "
            f"or DUBAN_PORT_BASE (now {settings.port_base}).",
        )


def _free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
