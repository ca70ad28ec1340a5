"""At a steady rate: how long until a fact is in the warehouse and on the screen, and how late a
signal is after its due instant."""

import time

from bench.feeding import DEADLINE_AHEAD_MS, Feed
from bench.run import Run, Sizes
from bench.watching import LOOK_SECONDS, Alerts, Screen, Warehouse, screen
from duban.bus import Producer
from duban.warehouse import query

DRAIN_SECONDS = 30.0  # that the last facts get to show up
WARM_UP = Sizes(seconds=2, rates=(50,), deadlines=1)  # is not measured
HELD = 0.98  # of the rate asked for, so that a rate counts as held


def measure(run: Run) -> None:
    """Each rate in turn, with one page open all the time."""
    with Producer() as producer, screen() as page:
        run.say("live: warming up")
        _feed(Feed(producer, "warm", WARM_UP.rates[0], WARM_UP), page)
        for rate in run.sizes.rates:
            run.say(f"live: {rate:,} events/s for {run.sizes.seconds:g} s")
            _one_rate(run, Feed(producer, f"live-{rate}", rate, run.sizes), page)


def _feed(feed: Feed, page: Screen | None) -> tuple[Warehouse, Alerts, float]:
    """Send it all; what was seen meanwhile, and the seconds until the last could be seen."""
    warehouse, alerts = Warehouse(_floor()), Alerts()
    if page is not None:
        page.begin()
    warehouse.start()
    alerts.start()
    try:
        feed.run()
        drained = _drain(feed, warehouse, alerts, page)
    finally:
        warehouse.stop()
        alerts.stop()
    return warehouse, alerts, drained


def _one_rate(run: Run, feed: Feed, page: Screen | None) -> None:
    warehouse, alerts, drained = _feed(feed, page)
    name = f"live.{feed.rate}"
    _visible(run, name, feed, warehouse, drained)
    _on_screen(run, name, feed, page)
    late = alerts.lateness(feed.due)
    run.counted(f"{name}.due", len(feed.due))
    run.counted(f"{name}.signals", len(late))
    note = f"{len(late)} of {len(feed.due)} alerts, {_open_cases():,} cases open"
    run.spread(f"{name}.signal_late", late, "s", note)


def _drain(feed: Feed, warehouse: Warehouse, alerts: Alerts, page: Screen | None) -> float:
    """Wait for what has been sent to be seen; seconds that took, at the most DRAIN_SECONDS."""
    begun = time.monotonic()
    last_due = begun + DEADLINE_AHEAD_MS / 1000
    accepted = [one for one in feed.sent if one.type == "CaseAccepted"]
    took = 0.0
    while time.monotonic() - begun < DRAIN_SECONDS:
        stored = warehouse.has(feed.sent)
        took = took if stored and took else time.monotonic() - begun
        shown = page is None or len(page.delays(accepted)) == len(accepted)
        told = len(alerts.lateness(feed.due)) == len(feed.due)
        if stored and shown and (told or time.monotonic() > last_due + DRAIN_SECONDS / 2):
            break
        time.sleep(0.1)
    return took


def _visible(run: Run, name: str, feed: Feed, warehouse: Warehouse, drained: float) -> None:
    delays = warehouse.delays(feed.sent)
    run.counted(f"{name}.sent", len(feed.sent))
    run.counted(f"{name}.in_warehouse", len(delays))
    asked = int(run.sizes.seconds * feed.rate)
    reached = asked / feed.seconds
    held = "held" if reached >= HELD * feed.rate else "NOT held by the sender"
    note = f"{len(delays):,} of {len(feed.sent):,}; {reached:,.0f} events/s, {held}"
    note += f"; all there {drained:.1f} s after the last; looked every {LOOK_SECONDS * 1000:g} ms"
    run.spread(f"{name}.warehouse", _all(delays, len(feed.sent)), "s", note)


def _on_screen(run: Run, name: str, feed: Feed, page: Screen | None) -> None:
    accepted = [one for one in feed.sent if one.type == "CaseAccepted"]
    run.counted(f"{name}.accepted", len(accepted))
    if page is None:
        for word in ("p50", "p99"):
            run.found(f"{name}.screen_{word}_s", None, "s", "no dashboard answered")
        return
    delays = page.delays(accepted)
    run.counted(f"{name}.on_screen", len(delays))
    note = f"今日受理 counted {len(delays):,} of {len(accepted):,} in {len(page.seen)} pushes"
    run.spread(f"{name}.screen", _all(delays, len(accepted)), "s", note)


def _all(delays: list[float], count: int) -> list[float]:
    """What was never seen took for ever: percentiles must not leave it out."""
    return delays + [float("inf")] * (count - len(delays))


def _floor() -> int:
    """An offset that no partition has passed much further than the others."""
    highest = query(
        "SELECT max(kafka_offset) FROM events WHERE kafka_topic = 'case-events'"
        " GROUP BY kafka_partition"
    ).rows
    return min((int(offset) for (offset,) in highest), default=0)


def _open_cases() -> int:
    return int(query("SELECT count() FROM cases_now WHERE closed_at IS NULL").rows[0][0])
