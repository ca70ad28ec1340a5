"""A shelf: where values of cases lie on disk, one RocksDB per partition.

It is a place to put things, never a truth: the state topic is. Unless it is kept, it is emptied
whenever a partition is taken up and filled by the restore. It takes in what a turn changed only
after that turn's transaction; so one that is not kept needs no log of its own. The log of one that
is kept is not synced: a killed worker loses nothing, a power cut the end of what was written.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping
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
    """Where values lie, by key."""

    def get(self, key: str) -> bytes | None:
        """A value, or None."""

    def scan(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """All pairs whose keys begin so."""

    def write(self, changes: Mapping[str, bytes | None]) -> None:
        """Put values; None takes one away. All or nothing."""

    def clear(self) -> None:
        """Take everything away."""

    def close(self) -> None:
        """Let go of it."""


class InMemory:
    """A shelf for jobs that live no longer than a test or a measurement."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """A value, or None."""
        return self._values.get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """All pairs whose keys begin so, in the order of the keys."""
        return ((k, v) for k, v in sorted(self._values.items()) if k.startswith(prefix))

    def write(self, changes: Mapping[str, bytes | None]) -> None:
        """Put values; None takes one away."""
        for key, value in changes.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value

    def clear(self) -> None:
        """Take everything away."""
        self._values.clear()

    def close(self) -> None:
        """Nothing to let go of."""


class OnDisk:
    """A RocksDB in a directory of its own. Empty when opened and removed when closed, unless it is
    to be kept: then what was in it before is there again, as far as it is whole.

    Every method raises `StoreTrouble` where the disk or another process is in the way.
    """

    def __init__(self, path: Path, *, keep: bool = False) -> None:
        self._path = path
        self._keep = keep
        self._quick = WriteOptions()
        self._quick.disable_wal = not keep
        if not (keep and path.exists() and self._reopened()):
            self._open_empty()

    def get(self, key: str) -> bytes | None:
        """A value, or None."""
        try:
            value: bytes | None = self._db.get(key.encode())
        except Exception as error:
            raise _trouble(self._path, "cannot be read", error) from error
        return value

    def scan(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """All pairs whose keys begin so, in the order of the keys."""
        start = prefix.encode()
        try:
            for key, value in self._db.items(from_key=start):
                if not key.startswith(start):
                    return
                yield key.decode(), value
        except Exception as error:
            raise _trouble(self._path, "cannot be read", error) from error

    def write(self, changes: Mapping[str, bytes | None]) -> None:
        """Put values; None takes one away. All or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key.encode())
            else:
                batch.put(key.encode(), value)
        try:
            self._db.write(batch, self._quick)
        except Exception as error:
            raise _trouble(self._path, "cannot be written", error) from error

    def clear(self) -> None:
        """Take everything away."""
        self._db.close()
        self._open_empty()

    def close(self) -> None:
        """Close it. Unless it is kept it is removed: whoever has the partition next restores from
        Kafka."""
        if self._keep:
            self._db.flush()
        self._db.close()
        if not self._keep:
            remove(self._path)

    def _open_empty(self) -> None:
        remove(self._path)
        try:
            self._path.mkdir(parents=True)
            self._db = Rdict(str(self._path), _options())
        except Exception as error:  # rocksdict knows no other
            raise _trouble(self._path, "cannot be opened", error) from error

    def _reopened(self) -> bool:
        """Whether what was left there could be opened; one that another process holds cannot be
        removed either, and that is said."""
        try:
            self._db = Rdict(str(self._path), _options())
        except Exception as error:
            log.warning("store_replaced", path=str(self._path), error=str(error))
            return False
        return True


class Buffered:
    """A shelf on which what a turn changes waits in memory until its transaction went through."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._waiting: dict[str, bytes | None] = {}

    def get(self, key: str) -> bytes | None:
        """The last value of a key, else None."""
        if key in self._waiting:
            return self._waiting[key]
        return self._shelf.get(key)

    def put(self, key: str, value: bytes | None) -> None:
        """Put a value; None takes one away."""
        self._waiting[key] = value

    def restore(self, key: str, value: bytes | None) -> None:
        """Put a value of the state topic: committed, so it need not wait for long."""
        self._waiting[key] = value
        if len(self._waiting) >= BATCH:
            self.committed()

    def committed(self) -> None:
        """The transaction went through: what waits goes onto the shelf."""
        if self._waiting:
            self._shelf.write(self._waiting)
            self._waiting = {}

    def scan(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """All pairs on the shelf whose keys begin so; what waits is not among them."""
        return self._shelf.scan(prefix)

    def clear(self) -> None:
        """Take everything away."""
        self._waiting = {}
        self._shelf.clear()

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
                log.warning("store_left_behind", path=str(path), error=str(error))


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
        f"the store {path} {what}: {error}. Is the disk full or read-only, or does another worker "
        "run with the same DUBAN_DATA and DUBAN_WORKER?"
    )
