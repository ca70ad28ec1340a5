"""What a worker says about itself, as Prometheus text on a loopback port."""

import structlog
from prometheus_client import Counter, Gauge, Histogram, start_http_server

log = structlog.get_logger(__name__)

PART = ("job", "partition")

records = Counter("duban_streams_records", "Records applied.", PART)
dead = Counter("duban_streams_dead_letters", "Records put aside as dead letters.", PART)
fired = Counter("duban_streams_fired", "Transactions that held due timers.", PART)
turn_records = Histogram(
    "duban_streams_turn_records",
    "Records in one transaction.",
    PART,
    buckets=(1, 10, 100, 1000, 2000, 4000, 8000),
)
transaction_seconds = Histogram(
    "duban_streams_transaction_seconds",
    "Time from begin to commit.",
    PART,
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 20),
)
timer_lateness_seconds = Histogram(
    "duban_streams_timer_lateness_seconds",
    "How long after its due instant the earliest due timer was looked at (wall time only).",
    PART,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300, 3600),
)
waiting = Gauge("duban_streams_waiting", "Records read but not yet applied.", PART)
lag = Gauge("duban_streams_lag", "Offsets between the position and the end.", PART)
processed = Gauge("duban_streams_processed", "Next offset to apply.", PART)
committed = Gauge("duban_streams_committed", "Offset that the group has committed.", PART)
open_cases = Gauge("duban_streams_open_cases", "Cases in memory: time may change them.", PART)
timers = Gauge("duban_streams_timers", "Entries of the heap of due instants.", PART)
restored_records = Gauge("duban_streams_restored_records", "Records read at restore.", PART)
restored_offset = Gauge("duban_streams_restored_offset", "Where the restore reads.", PART)
restore_end = Gauge("duban_streams_restore_end", "Where the restore will end.", PART)
restore_seconds = Gauge("duban_streams_restore_seconds", "Fencing and restore together.", PART)
clock_off_seconds = Gauge(
    "duban_streams_clock_off_seconds",
    "By how much the system clock is ahead of the broker's, or (negative) went back; "
    "0 while it is believed.",
    PART,
)
looks = Counter("duban_streams_watchdog_looks", "Looks at the loops with the broker answering.")
broker_away = Gauge("duban_streams_broker_away", "1 while the broker does not tell how far it is.")

OF_A_LOOP = (
    waiting, lag, processed, committed, open_cases, timers, restored_records, restored_offset,
    restore_end, restore_seconds, clock_off_seconds,
)  # fmt: skip


def forget(job: str, partition: int) -> None:
    """A partition that went elsewhere must not be counted twice."""
    for gauge in OF_A_LOOP:
        gauge.remove(job, str(partition))


def serve(port: int) -> None:
    """Serve the metrics on 127.0.0.1; a taken port costs the metrics, not the worker."""
    try:
        start_http_server(port, addr="127.0.0.1")
    except OSError as error:
        log.warning("metrics_port_taken", port=port, error=str(error))
