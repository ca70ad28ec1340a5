"""Whether the streams workers believe this machine's clock; their metrics say so."""

import http.client

from prometheus_client.parser import text_string_to_metric_families

from duban.settings import Settings

METRIC = "duban_streams_clock_off_seconds"


def seconds_off(text: str) -> float:
    """The value furthest from 0 in a worker's metrics; positive where the clock is ahead."""
    values = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == METRIC
    ]
    return max(values, key=abs, default=0.0)


def workers_off(s: Settings) -> float | None:
    """The same over all workers; None when none answers."""
    texts = [text for n in range(s.workers) if (text := _metrics(s.metrics(n))) is not None]
    return max(map(seconds_off, texts), key=abs) if texts else None


def _metrics(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
