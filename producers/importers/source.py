"""What every reader of a file yields: traces with their lines, and what is wrong with one."""

import gzip
import io
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple


class SourceEvent(NamedTuple):
    """One event of the source, attributes as written; `line` is where it begins."""

    line: int
    attributes: Mapping[str, str]


class Trace(NamedTuple):
    """One case of the source: its own attributes and its events in file order."""

    line: int
    attributes: Mapping[str, str]
    events: tuple[SourceEvent, ...]


class Reject(NamedTuple):
    """A trace or row that was left out, why, and how many source events went with it."""

    line: int
    reason: str
    case: str = ""
    events: int = 0


class BrokenFile(Exception):
    """The file cannot be read on; `line` is where reading stopped."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Input:
    """A file opened for reading, unpacked when it is gzip, that knows how far it has been read.

    What is gzip is told by its first bytes, never by the name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw = path.open("rb")
        packed = self._raw.read(2) == b"\x1f\x8b"
        self._raw.seek(0)
        self.stream: BinaryIO = (
            io.BufferedReader(gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        )

    @property
    def position(self) -> int:
        """Bytes of the file itself (packed, where it is) that have been read."""
        return self._raw.tell()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


def stem(path: Path) -> str:
    """Name of a log without its endings: receipt.xes.gz is receipt."""
    name = path.name
    for ending in (".gz", ".xes", ".csv", ".xlsx", ".ndjson", ".jsonl"):
        name = name.removesuffix(ending)
    return name


def kind(path: Path) -> str:
    """Format of a file by its name: xes, csv, xlsx or ndjson; empty when unknown."""
    ending = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    return {"jsonl": "ndjson"}.get(ending, ending if ending in FORMATS else "")


FORMATS = ("xes", "csv", "xlsx", "ndjson")
