"""One poller for all open pages: a cheap probe twice a second, figures only when something moved.

A page watches the poller; it is called with each change of the data and with each new freshness.
Figures are kept when the warehouse is away, so a page always has something to show.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import dropwhile

import structlog

from duban.settings import settings
from duban.worktime import Calendar
from projections.dashboard import queries, sources
from projections.dashboard.ask import Away
from projections.dashboard.backlog import backlog
from projections.dashboard.case_queries import due_first
from projections.dashboard.figures import DayFlow, Overview
from projections.dashboard.freshness import Freshness, judge
from projections.dashboard.moments import Moment

PROBE_SECONDS = 0.5
IDLE_SECONDS = 3.0  # between probes while no page is open
RESTED = 0.5  # of the time that figures took, so that pages never ask without end
TURN_SECONDS = 20.0  # figures are computed anew after so long, since time itself moves them
log = structlog.get_logger()

Watcher = Callable[[bool], None]


@dataclass(slots=True)
class Live:
    """The poller's state; `overviews` holds the last figures by hall ("" is all halls), `told_at`
    is when watchers were last told of a change (epoch seconds)."""

    freshness: Freshness = field(default_factory=Freshness)
    now: int = 0
    overviews: dict[str, Overview] = field(default_factory=dict)
    told_at: float = 0.0
    _watchers: dict[int, tuple[str, Watcher]] = field(default_factory=dict)
    _mark: str = ""
    _computed_at: float = 0.0
    _rest: float = 0.0
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll, in the running event loop."""
        self._task = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """End polling."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def watch(self, hall: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher(data_changed)` at each turn; what is returned ends that."""
        self._watchers[id(watcher)] = (hall, watcher)
        return lambda: self._watchers.pop(id(watcher), None) and None

    async def overview(self, hall: str) -> Overview:
        """The figures of a hall, at the most as old as the last change. Raises `Away`."""
        kept = self.overviews  # a turn replaces them: what is computed late is none of the new ones
        if hall not in kept:
            kept[hall] = await compute(await sources.business_now(), hall)
        return kept[hall]

    async def _poll(self) -> None:
        while True:
            started, changed = time.monotonic(), False
            try:
                changed = await self._turn()
            except Exception:  # a fault in one turn must not stop all pages for good
                log.exception("turn_failed")
            self._tell(changed)
            pause = PROBE_SECONDS if self._watchers else IDLE_SECONDS
            elapsed = time.monotonic() - started
            await asyncio.sleep(max(pause - elapsed, self._rest if changed else 0.05))

    async def _turn(self) -> bool:
        """One probe, and new figures when due. Returns whether figures are new."""
        zone = settings().zone
        try:
            probe = await sources.probe()
            if changed := self._is_due(probe):
                began = time.monotonic()
                halls = {"", *(hall for hall, _ in self._watchers.values())}
                self.overviews = {hall: await compute(probe.now, hall) for hall in halls}
                self._mark, self.now = probe.mark, probe.now
                self._computed_at = time.monotonic()
                self._rest = max(RESTED * (self._computed_at - began), 0.05)
        except Away as error:
            log.warning("warehouse_away", error=str(error)[:200])
            self.freshness = judge(self.freshness.as_of, time.time(), 0, False, zone)
            return False
        still = time.monotonic() - backlog.moved_at
        self.freshness = judge(backlog.as_of, time.time(), still, backlog.answered, zone)
        return changed

    def _is_due(self, probe: sources.Probe) -> bool:
        """Whether something moved since the figures; or they are old."""
        age = time.monotonic() - self._computed_at
        ticked = settings().business_time == "ticks" and probe.now != self.now
        moved = probe.mark != self._mark or ticked
        return moved or age > TURN_SECONDS

    def _tell(self, changed: bool) -> None:
        if changed:
            self.told_at = time.time()
        for _, watcher in list(self._watchers.values()):
            watcher(changed)


async def compute(now: int, hall: str) -> Overview:
    """All figures of the overview as of business time `now`. Raises `Away`."""
    calendar = sources.names().calendar(hall)
    moment = Moment(now, calendar.zone, hall)
    (rows, in_all), flow, counts, windows = await asyncio.gather(
        due_first(moment), queries.flow(moment), queries.counts(moment), queries.windows(moment)
    )
    return Overview(now, counts, _worked(flow, calendar), rows, in_all, windows)


def _worked(flow: tuple[DayFlow, ...], calendar: Calendar) -> tuple[DayFlow, ...]:
    """Days worth a point: from the first with a case on, without rest days that had none."""
    begun = dropwhile(lambda d: not (d.accepted or d.closed), flow)
    return tuple(d for d in begun if d.accepted or d.closed or calendar.is_working(d.day))


live = Live()
