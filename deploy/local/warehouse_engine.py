"""The chDB engine: a fixed pool of handles, some that read and some that write.

One process may own a data directory; handles never give their threads back, so there is a fixed
number of them and requests wait their turn. Nothing here knows about HTTP.
"""

import json
import os
import queue
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from deploy.local.warehouse_guard import Guard, Refused

Role = Literal["reader", "writer"]
WAIT_SECONDS = 30
CLOSE_SECONDS = 15
# What a reader's query may cost: seconds, rows and bytes of answer, bytes of memory.
READER_LIMITS = (
    "SET max_execution_time = 10, timeout_overflow_mode = 'throw', max_result_rows = 1000000,"
    " max_result_bytes = 268435456, result_overflow_mode = 'throw',"
    " max_memory_usage = 2000000000, max_threads = 2, readonly = 1"
)
WRITER_SETTINGS = "SET async_insert = 0, max_partitions_per_insert_block = 1000"
_CODE = re.compile(r"Code: (\d+)\.")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


class EngineError(Exception):
    """The engine said no; `code` is ClickHouse's number, the text is its own sentence."""

    def __init__(self, text: str) -> None:
        found = _CODE.search(text)
        self.code = int(found.group(1)) if found else 1000
        start = found.start() if found else 0
        super().__init__(text[start:] if found else f"Code: 1000. DB::Exception: {text}")


class Answer(NamedTuple):
    """Bytes in the format asked for, and what it took."""

    body: bytes = b""
    read_rows: int = 0
    result_rows: int = 0
    written_rows: int = 0
    elapsed_ns: int = 0


@dataclass(slots=True)
class Handle:
    """One connection to the engine and the database it stands in."""

    connection: Any
    database: str = "default"


class Engine:
    """Runs statements on pooled handles of one embedded ClickHouse."""

    def __init__(self, path: Path, zone: str, readers: int = 2, writers: int = 2) -> None:
        os.environ["TZ"] = zone  # what the engine takes as its own time zone
        time.tzset()
        import chdb  # starts threads and an engine at import: only this process, only now

        self.zone = zone
        self._guard = Guard()
        self._pools: dict[Role, queue.Queue[Handle]] = {
            "reader": queue.Queue(),
            "writer": queue.Queue(),
        }
        self._counts: dict[Role, int] = {"writer": writers, "reader": readers}
        for role, count in self._counts.items():
            for _ in range(count):
                handle = Handle(chdb.connect(f"{path}?mark_cache_size=268435456"))
                handle.connection.query(WRITER_SETTINGS if role == "writer" else READER_LIMITS)
                self._pools[role].put(handle)

    def query(
        self, sql: str, format_: str, params: Mapping[str, str], database: str, role: Role
    ) -> Answer:
        """Run one statement; `params` fill `{name:Type}`; raises `EngineError` or `Refused`."""
        with self._handle(role, database) as handle:
            self._check(handle, sql, role)
            started = time.monotonic_ns()
            try:
                result = handle.connection.query(sql, format_, params=dict(params))
            except (RuntimeError, ValueError, _chdb_error()) as error:
                raise EngineError(str(error)) from None
            return Answer(
                body=bytes(result.bytes() or b""),
                read_rows=result.storage_rows_read(),
                result_rows=result.rows_read(),
                written_rows=result.rows_written(),
                elapsed_ns=time.monotonic_ns() - started,
            )

    def shape(
        self, select: str, params: Mapping[str, str], database: str, role: Role
    ) -> list[tuple[str, str]]:
        """Names and types of the columns of a SELECT, for an answer without rows."""
        described = self.query(f"DESCRIBE TABLE ({select})", "JSONCompact", params, database, role)
        return [(row[0], row[1]) for row in json.loads(described.body)["data"]]

    def insert(self, sql: str, format_: str, data: bytes, database: str) -> Answer:
        """Insert `data`, bytes of `format_`, by a statement without FORMAT and without values."""
        with self._handle("writer", database) as handle:
            started = time.monotonic_ns()
            try:
                stream = handle.connection.send_insert(sql, format_)
            except RuntimeError as error:
                raise EngineError(str(error)) from None
            try:
                stream.append(data)
                done = stream.finish()  # commits; leaving without it would drop the rows silently
            except RuntimeError as error:
                stream.cancel()
                raise EngineError(str(error)) from None
            return Answer(written_rows=done.rows_written, elapsed_ns=time.monotonic_ns() - started)

    def close(self) -> None:
        """Close every handle, after the statement that it is running; the engine ends with the
        last one. A statement that outlives the wait is left to the end of the process."""
        deadline = time.monotonic() + CLOSE_SECONDS
        for role, count in self._counts.items():
            for _ in range(count):
                try:
                    left = max(0.0, deadline - time.monotonic())
                    self._pools[role].get(timeout=left).connection.close()
                except queue.Empty:
                    return

    @contextmanager
    def _handle(self, role: Role, database: str) -> Iterator[Handle]:
        pool = self._pools[role]
        try:
            handle = pool.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise EngineError(
                "Code: 202. DB::Exception: Too many simultaneous queries; try again."
                " (TOO_MANY_SIMULTANEOUS_QUERIES)"
            ) from None
        try:
            if handle.database != database:
                self._use(handle, database)
            yield handle
        finally:
            pool.put(handle)

    def _use(self, handle: Handle, database: str) -> None:
        quoted = database.replace("\\", "\\\\").replace("`", "\\`")
        try:
            handle.connection.query(f"USE `{quoted}`")
        except (RuntimeError, _chdb_error()) as error:
            raise EngineError(str(error)) from None
        handle.database = database

    def _check(self, handle: Handle, sql: str, role: Role) -> None:
        if role == "writer":
            if self._classes(handle, sql)["statement_count"] > 1:
                raise Refused(62, "Multi-statements are not allowed. (SYNTAX_ERROR)")
            return
        self._guard.check_reader(
            sql,
            lambda text: str(self._classes(handle, text)["query_class"]).endswith("READ_ONLY"),
            lambda text: self._canonical(handle, text),
        )

    def _classes(self, handle: Handle, sql: str) -> Mapping[str, Any]:
        # Not in chdb's published interface: a chdb that drops it must fail here, not let all pass.
        found: Mapping[str, Any] = handle.connection._conn.classify_query(sql, handle.database)
        return found

    def _canonical(self, handle: Handle, sql: str) -> str:
        try:
            result = handle.connection.query(
                "SELECT formatQuerySingleLine({statement:String})",
                "TSVRaw",
                params={"statement": sql.translate(_ESCAPES)},
            )
        except (RuntimeError, _chdb_error()) as error:
            raise EngineError(str(error)) from None
        return bytes(result.bytes() or b"").decode()


def _chdb_error() -> type[Exception]:
    import chdb

    error: type[Exception] = chdb.ChdbError
    return error


def private_temp(data: Path) -> None:
    """Give the engine a directory of its own for passing files, emptied at each start."""
    temp = data / "warehouse-tmp"
    shutil.rmtree(temp, ignore_errors=True)
    temp.mkdir(parents=True)
    os.environ["TMPDIR"] = str(temp)
