"""Ask ClickHouse: a client, plain SQL, and the metrics that each have one definition.

Everything goes through ClickHouse's HTTP interface, embedded or on a cluster. The reader may only
read; the sink writes. Parameters stand in SQL as `{name:Type}` and are filled by the server.
"""

import logging
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from urllib3.exceptions import HTTPError

from duban.metrics import Metric, MetricError, load_metric, metric_names
from duban.settings import settings

__all__ = [
    "Answer", "Metric", "MetricError", "WarehouseAway", "WarehouseError", "business_now", "connect",
    "epoch", "load_metric", "metric", "metric_names", "query", "rows",
]  # fmt: skip

# Its errors reach the caller as ours; without a handler it would also print them.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())

Role = Literal["reader", "writer"]
_UNKNOWN_TABLE, _UNKNOWN_DATABASE, _TIMEOUT, _READONLY, _WRONG_TOKEN = 60, 81, 159, 164, 516
# Nothing, a date, a number, a set that a metric does not have (throwIf), a parameter that it
# cannot read, days further back than days go.
_BAD_VALUES = frozenset({32, 38, 41, 72, 395, 457, 475})
_NEXT_STEP = {
    _UNKNOWN_TABLE: "The sink makes the tables when it starts: `duban status` shows it.",
    _UNKNOWN_DATABASE: "The sink makes the tables when it starts: `duban status` shows it.",
    _TIMEOUT: "Ask for less: one hall, one month, fewer columns.",
    _READONLY: "Only one reading statement is allowed here.",
    _WRONG_TOKEN: "The token is not this stack's: set DUBAN_DATA to its data directory.",
}


class WarehouseError(RuntimeError):
    """ClickHouse refused or failed; `code` is its number, `next_step` what to do ('' unknown)."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.next_step = _NEXT_STEP.get(code, "")

    @property
    def is_about_a_value(self) -> bool:
        """Whether it could not read what was asked with, and has no fault itself."""
        return self.code in _BAD_VALUES


class WarehouseAway(WarehouseError):
    """Nothing answers at the warehouse's address."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No warehouse at {settings().url('warehouse')} ({reason}).")
        self.next_step = "Start the embedded stack with `duban up`, or set DUBAN_WAREHOUSE_URL."


class Answer(NamedTuple):
    """A table as it was asked for; instants are aware datetimes."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row as column → value."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def first(self) -> dict[str, Any]:
        """The first row; empty when there is none."""
        return next(self.dicts(), {})


def connect(role: Role = "reader", *, database: str | None = None) -> Client:
    """A clickhouse-connect client, safe for several threads; raises `WarehouseError`.

    `database` defaults to ours; "" stands outside of any, for making it.
    """
    s = settings()
    url = urlsplit(s.url("warehouse"))
    reading = role == "reader"
    secret = s.warehouse_reader_password if reading else s.warehouse_password
    try:
        return clickhouse_connect.get_client(
            interface=url.scheme,
            host=url.hostname or "127.0.0.1",
            port=url.port or (8443 if url.scheme == "https" else 8123),
            username=s.warehouse_reader if reading else s.warehouse_user,
            password=secret.get_secret_value(),
            database=s.warehouse_database if database is None else database or "default",
            autogenerate_session_id=False,
            compress=url.hostname not in ("127.0.0.1", "localhost", "::1"),
            connect_timeout=5,
            send_receive_timeout=30 if reading else 300,
            query_limit=0,
        )
    except (ClickHouseError, HTTPError, OSError) as error:
        raise _explained(error) from error


def _reader() -> Client:
    s = settings()
    secret = s.warehouse_reader_password.get_secret_value()
    return _reader_of(s.url("warehouse"), s.warehouse_reader, secret, s.warehouse_database)


@cache
def _reader_of(*_where: str) -> Client:
    """One client for each place and account that the settings have meant."""
    return connect("reader")


def query(sql: str, /, **params: Any) -> Answer:
    """Ask as the reader; `params` fill `{name:Type}`. Raises `WarehouseError` with a sentence."""
    try:
        result = _reader().query(sql, parameters=params or None)
    except (ClickHouseError, HTTPError, OSError) as error:
        raise _explained(error) from error
    return Answer(tuple(result.column_names), [tuple(row) for row in result.result_rows])


def rows(sql: str, /, **params: Any) -> list[dict[str, Any]]:
    """The rows of `query` as dicts."""
    return list(query(sql, **params).dicts())


def metric(name: str, /, **filters: Any) -> Answer:
    """Ask a named metric. Filters it does not take raise `MetricError`; those left out have the
    defaults of its file; `now` (epoch ms) defaults to business time, `zone` to the settings', which
    is that of all halls together: who asks of one hall names its zone (`derivation.zone_of`)."""
    found = load_metric(name)
    given = dict(filters)
    if "now" in found.parameters:
        given["now"] = epoch(given["now"] if "now" in given else business_now())
    if "zone" in found.parameters:
        given.setdefault("zone", settings().zone)
    return query(found.sql, **found.fill(given))


def epoch(at_ms: int) -> str:
    """An instant in ms as text that `DateTime64(3)` reads the same in every time zone."""
    return f"{at_ms // 1000}.{at_ms % 1000:03}"


def business_now() -> int:
    """Business time in epoch ms: the wall clock, or the tick that all partitions have reached.

    With ticks and before the first of them, the wall clock.
    """
    if settings().business_time == "wall":
        return _wall()
    found = query("SELECT toUnixTimestamp64Milli(min(at)), count() FROM business_clock FINAL")
    reached, partitions = found.rows[0]
    return int(reached) if partitions else _wall()


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _explained(error: Exception) -> WarehouseError:
    """Our own error for a driver's: short, without the address and the statement."""
    code = getattr(error, "code", None)
    if code or (isinstance(error, DatabaseError) and not isinstance(error, OperationalError)):
        text = str(error).split("server response: ")[-1].split(" (for url")[0].strip()
        return WarehouseError(text, int(code or 0))
    if isinstance(error, OperationalError | HTTPError | OSError):
        return WarehouseAway("nothing answers")
    return WarehouseError(str(error))
