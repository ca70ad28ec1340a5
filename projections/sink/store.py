"""The warehouse as the sink sees it: put rows into a table, read back which ones lie there.

A warehouse that is away is waited for, with growing pauses; the topics keep what comes meanwhile.
Rows that ClickHouse or its client cannot take are another matter and are told apart.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError
from urllib3.exceptions import HTTPError

from duban.warehouse import WarehouseError, connect
from projections.migrate import migrate
from projections.sink.rows import Row
from projections.sink.tables import COLUMNS, FEEDS

log = structlog.get_logger()
T = TypeVar("T")

PAUSE_FIRST_S, PAUSE_MAX_S = 0.2, 5.0
# ClickHouse: cannot parse, type mismatch, out of bound; a row is at fault, not the server.
_ROW_AT_FAULT = frozenset({6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 321, 376, 691})
AWAY = (ClickHouseError, HTTPError, OSError, WarehouseError)


class Unstorable(Exception):
    """These rows can never be inserted, however long one waits."""


class Abandoned(Exception):
    """Waiting was given up: the partitions are no longer ours, or the sink is to stop."""


class Store:
    """Inserts and read-backs with patience. `given_up` is asked between tries."""

    def __init__(self, given_up: Callable[[], bool] = lambda: False) -> None:
        self._given_up = given_up
        self._client: Client | None = None
        self._contexts: dict[str, Any] = {}

    def migrate(self) -> list[str]:
        """Bring the tables up to date; waits for the warehouse. Raises `MigrationError`."""

        def work() -> list[str]:
            outside = connect("writer", database="")
            try:
                return migrate(outside)
            finally:
                outside.close()

        return self._patiently("migrate", work)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """One insert of all rows, by column. Raises `Unstorable`, or `Abandoned`."""
        columns = list(zip(*rows, strict=True))

        def work() -> None:
            client = self._connected()
            context = self._contexts.get(table)
            if context is None:
                context = client.create_insert_context(
                    table, column_names=list(COLUMNS[table]), column_oriented=True
                )
                self._contexts[table] = context
            context.data = columns
            try:
                client.insert(context=context)
            finally:
                context.data = None

        self._patiently(table, work)

    def stored(self, topic: str, partition: int, first: int, last: int) -> set[tuple[int, str]]:
        """(offset, identity) of the marker rows of a partition from `first` to `last`."""
        feed = FEEDS[topic]
        sql = (
            f"SELECT kafka_offset, toString({feed.identity}) FROM {feed.marker}"
            " WHERE kafka_topic = {topic:String} AND kafka_partition = {partition:UInt16}"
            " AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64}"
        )
        bounds = {"topic": topic, "partition": partition, "first": first, "last": last}
        found = self._patiently(
            feed.marker, lambda: self._connected().query(sql, parameters=bounds).result_rows
        )
        return {(int(offset), str(identity)) for offset, identity in found}

    def highest(self, topic: str) -> dict[int, int]:
        """Highest offset stored of each partition that has any."""
        sql = (
            f"SELECT kafka_partition, max(kafka_offset) FROM {FEEDS[topic].marker}"
            " WHERE kafka_topic = {topic:String} GROUP BY kafka_partition"
        )
        found = self._patiently(
            "highest", lambda: self._connected().query(sql, parameters={"topic": topic}).result_rows
        )
        return {int(partition): int(offset) for partition, offset in found}

    def _connected(self) -> Client:
        if self._client is None:
            self._client = connect("writer")
        return self._client

    def _patiently(self, what: str, work: Callable[[], T]) -> T:
        pause = PAUSE_FIRST_S
        while True:
            try:
                return work()
            except (DataError, ValueError, TypeError, OverflowError) as error:
                raise Unstorable(f"{what}: {error}"[:500]) from error
            except AWAY as error:
                if getattr(error, "code", None) in _ROW_AT_FAULT:
                    raise Unstorable(f"{what}: {error}"[:500]) from error
                log.warning("warehouse_away", doing=what, error=str(error)[:300], pause_s=pause)
                self._forget()
            if self._given_up():
                raise Abandoned(what)
            time.sleep(pause)
            pause = min(PAUSE_MAX_S, pause * 2)

    def _forget(self) -> None:
        self._client = None
        self._contexts.clear()
