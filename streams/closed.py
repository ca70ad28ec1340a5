"""Cases that time can no longer change: on disk, one store per partition, found again by any fact.

A store is a place to put things, never a truth: `case-state` is. It is emptied whenever a partition
is taken up, filled by the restore, and takes in what a turn closed only after that turn's
transaction; so it needs no log of its own, and nothing that was in it before can be believed.
"""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

import structlog
from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

log = structlog.get_logger(__name__)

MIB = 1 << 20
BATCH = 1000  # values written at once while a partition is restored
BLOOM_BITS = 10  # of a case's memory once it is closed; a key that is not there costs no disk


class StoreTrouble(Exception):
    """A store cannot be opened, read or written; the message says which and why."""


class Shelf(Protocol):
    """Where the values of closed cases lie, by case."""

    def get(self, case_id: str) -> bytes | None: ...

    def write(self, changes: Mapping[str, bytes | None]) -> None: ...

    def close(self) -> None: ...


class InMemory:
    """A shelf for jobs that live no longer than a test or a measurement."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def get(self, case_id: str) -> bytes | None:
        """The value of a case, or None."""
        return self._values.get(case_id)

    def write(self, changes: Mapping[str, bytes | None]) -> None:
        """Put values; None takes one away."""
        for case_id, value in changes.items():
            if value is None:
                self._values.pop(case_id, None)
            else:
                self._values[case_id] = value

    def close(self) -> None:
        """Nothing to let go of."""


class OnDisk:
    """A RocksDB in a directory of its own, empty when opened and removed when closed.

    Every method raises `StoreTrouble` where the disk or another process is in the way.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._quick = WriteOptions()
        self._quick.disable_wal = True
        remove(path)
        try:
            path.mkdir(parents=True)
            self._db = Rdict(str(path), _options())
        except Exception as error:  # rocksdict knows no other
            raise _trouble(path, "cannot be opened", error) from error

    def get(self, case_id: str) -> bytes | None:
        """The value of a case, or None."""
        try:
            value: bytes | None = self._db.get(case_id.encode())
        except Exception as error:
            raise _trouble(self._path, "cannot be read", error) from error
        return value

    def write(self, changes: Mapping[str, bytes | None]) -> None:
        """Put values; None takes one away. All or nothing."""
        batch = WriteBatch(raw_mode=True)
        for case_id, value in changes.items():
            if value is None:
                batch.delete(case_id.encode())
            else:
                batch.put(case_id.encode(), value)
        try:
            self._db.write(batch, self._quick)
        except Exception as error:
            raise _trouble(self._path, "cannot be written", error) from error

    def close(self) -> None:
        """Close and remove it: whoever has the partition next restores from Kafka."""
        self._db.close()
        remove(self._path)


class ClosedCases:
    """The closed cases of a partition. What a turn changes waits in memory for `committed`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._waiting: dict[str, bytes | None] = {}

    def get(self, case_id: str) -> bytes | None:
        """The last value of a case that is closed, else None."""
        if case_id in self._waiting:
            return self._waiting[case_id]
        return self._shelf.get(case_id)

    def put(self, case_id: str, value: bytes) -> None:
        """A case has closed, or has changed and is still closed."""
        self._waiting[case_id] = value

    def take_away(self, case_id: str) -> None:
        """A case is open again."""
        self._waiting[case_id] = None

    def committed(self) -> None:
        """The transaction went through: put on the shelf what it holds."""
        if self._waiting:
            self._shelf.write(self._waiting)
            self._waiting = {}

    def restore(self, case_id: str, value: bytes | None) -> None:
        """Take in one record of the state topic: committed, so it need not wait for long."""
        if value is not None or self.get(case_id) is not None:
            self._waiting[case_id] = value
        if len(self._waiting) >= BATCH:
            self.committed()

    def close(self) -> None:
        """Let go of the shelf; what waits was never committed."""
        self._shelf.close()


def remove(path: Path) -> None:
    """Remove a store, whatever is in it; raises `StoreTrouble` where somebody has it open."""
    if not path.exists():
        return
    try:
        Rdict.destroy(str(path), Options(raw_mode=True))  # takes the store's lock first
        if path.exists():  # things that are no part of a store
            shutil.rmtree(path)
    except Exception as error:
        raise _trouble(path, "cannot be removed", error) from error


def sweep(folder: Path, owned: Collection[int]) -> None:
    """Remove the stores of partitions that are not `owned`: a worker that was killed left them."""
    mine = {str(number) for number in owned}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in mine:
            try:
                remove(path)
            except StoreTrouble as error:
                log.warning("closed_cases_left_behind", path=str(path), error=str(error))


def _options() -> Options:
    """Small: a store is for the few closed cases that are spoken of again."""
    table = BlockBasedOptions()
    table.set_bloom_filter(BLOOM_BITS, False)
    table.set_block_cache(Cache(4 * MIB))
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(8 * MIB)
    options.set_max_write_buffer_number(2)
    options.set_max_background_jobs(2)
    options.set_max_open_files(128)
    options.set_keep_log_file_num(1)
    return options


def _trouble(path: Path, what: str, error: Exception) -> StoreTrouble:
    return StoreTrouble(
        f"the store of closed cases {path} {what}: {error}. Is the disk full or read-only, or does "
        "another worker run with the same DUBAN_DATA and DUBAN_WORKER?"
    )
