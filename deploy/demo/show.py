"""From the first event to the summary: watch the simulator and the warehouse until all is in."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console
from rich.live import Live

from deploy.demo.figures import Figures, Newer, business_time, figures, latest
from deploy.demo.stage import Simulation
from deploy.demo.view import line, screen, told
from deploy.local.status import group_lags
from duban.settings import settings
from duban.warehouse import WarehouseError

EVERY = 0.5  # seconds between two looks
QUIET = 3.0  # seconds without any change after which everything counts as arrived
SETTLE_LIMIT = 90.0  # seconds after the last event

EACH = (
    "以下逐条列出黄牌预警、红牌预警及其解除与撤回；提醒只计数。"
    " Yellow and red warnings, each; reminders are only counted."
)


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
        self._newer = Newer()
        self._reached: datetime | None = None  # business time at the look before
        self._day = ""
        self._live: Live | None = Live(console=console) if console.is_terminal else None

    def __enter__(self) -> "Watcher":
        if self._live:
            self._live.start()
        else:
            self.console.print(EACH, soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def look(self) -> None:
        """Ask once and show it; a warehouse that does not answer for a moment is asked again."""
        try:
            found, now = figures(), business_time()
            notices = latest() if self._live else self._newer.read(self._reached)
        except WarehouseError:
            return
        if found != self.seen:
            self.seen, self.changed = found, time.monotonic()
        if self._live:
            self._live.update(screen(found, notices, now))
            return
        self._reached = now
        for notice in notices:
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
        lag.behind for lag in group_lags(settings()) if lag.topic in ("case-events", "hall-events")
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
