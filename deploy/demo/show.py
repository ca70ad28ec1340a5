"""From the first event to the summary: watch the simulator and the warehouse until all is in."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from rich.console import Console
from rich.live import Live

from deploy.demo.figures import Figures, Notice, business_time, figures, latest
from deploy.demo.stage import Simulation
from deploy.demo.view import line, screen, told
from deploy.local.status import group_lags
from duban.settings import settings
from duban.warehouse import WarehouseError

EVERY = 0.5  # seconds between two looks
QUIET = 3.0  # seconds without any change after which everything counts as arrived
SETTLE_LIMIT = 90.0  # seconds after the last event


class Ended(NamedTuple):
    """How it ended: the warehouse's numbers, what was sent, and whether all had arrived."""

    figures: Figures
    emitted: int
    through: str
    settled: bool


class Watcher:
    """Shows what the warehouse says, as a screen or as lines, and remembers when it changed."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seen = Figures()
        self.changed = time.monotonic()
        self._told: set[Notice] = set()
        self._day = ""
        self._live: Live | None = Live(console=console) if console.is_terminal else None

    def __enter__(self) -> "Watcher":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def look(self) -> None:
        """Ask once and show it; a warehouse that does not answer for a moment is asked again."""
        try:
            found, notices, now = figures(), latest(), business_time()
        except WarehouseError:
            return
        if found != self.seen:
            self.seen, self.changed = found, time.monotonic()
        if self._live:
            self._live.update(screen(found, notices, now))
            return
        for notice in reversed(notices):
            if notice not in self._told:
                self._told.add(notice)
                self.console.print(line(notice), soft_wrap=True)
        if now and self._day != (day := f"{now:%Y-%m-%d}"):
            self._day = day
            said = " ".join(f"{name}={value}" for name, value in found._asdict().items())
            self.console.print(f"— {told(now)}  {said}", highlight=False, soft_wrap=True)


def watch(simulation: Simulation, console: Console) -> Ended:
    """Watch until the simulator has ended and its last event is in every figure."""
    with Watcher(console) as watcher:
        while simulation.runs():
            watcher.look()
            time.sleep(EVERY)
        reached = simulation.reached()
        settled = _settle(watcher, reached["events"], reached["at"])
    return Ended(watcher.seen, reached["events"], told(business_time()), settled)


def _settle(watcher: Watcher, emitted: int, last_tick: int) -> bool:
    """Wait until nothing is on the way any more; False when that takes too long."""
    deadline = time.monotonic() + SETTLE_LIMIT
    while time.monotonic() < deadline:
        watcher.look()
        quiet = time.monotonic() - watcher.changed > QUIET
        if quiet and watcher.seen.events_projected >= emitted and _caught_up(last_tick):
            return True
        time.sleep(EVERY)
    return False


def _caught_up(last_tick: int) -> bool:
    """Every consumer has read all facts, and business time is where the simulator left it."""
    now = business_time()
    arrived = now is not None and round(now.timestamp() * 1000) >= last_tick
    return arrived and not any(
        lag.behind for lag in group_lags(settings()) if lag.topic == "case-events"
    )


def summary(ended: Ended, **more: Any) -> dict[str, Any]:
    """The object that `duban demo --json` ends with."""
    numbers = ended.figures._asdict()
    projected = numbers.pop("events_projected")
    return {
        **numbers,
        "events_emitted": ended.emitted,
        "events_projected": projected,
        "settled": ended.settled,
        "business_time": ended.through,
        **more,
    }


def status_line(console: Console) -> tuple[AbstractContextManager[Any], Callable[[str], None]]:
    """Something that says for what we wait: a spinner, or nothing where there is no terminal."""
    if not console.is_terminal or not sys.stderr.isatty():
        return nullcontext(), lambda _: None
    spinner = console.status("正在启动 Starting …")
    return spinner, lambda late: spinner.update(f"正在启动 Starting: {late}")
