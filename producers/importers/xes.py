"""Streaming reader of XES (IEEE 1849): one trace in memory at a time, line numbers kept.

Expat is driven directly, for its line numbers. Document types are refused, so no entity is ever
declared, let alone expanded; nothing outside the file is fetched.
"""

import zlib
from collections.abc import Iterator
from gzip import BadGzipFile
from typing import BinaryIO
from xml.parsers import expat

from producers.importers.source import BrokenFile, SourceEvent, Trace

CHUNK_BYTES = 64 << 10
ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})


class _Builder:
    """Collects finished traces while expat walks the file."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.finished: list[Trace] = []
        self.log: dict[str, str] = {}
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._events: list[SourceEvent] = []
        self._event: dict[str, str] = {}
        self._lines = {"trace": 0, "event": 0}

    def _doctype(self, *_: object) -> None:
        raise BrokenFile(self.parser.CurrentLineNumber, "a document type is not allowed in a log")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        parent = self._path[-1] if self._path else ""
        if not parent and tag != "log":
            raise BrokenFile(self.parser.CurrentLineNumber, f"not an XES log: <{tag}>")
        if tag == "trace" and parent == "log":
            self._trace, self._events = {}, []
            self._lines["trace"] = self.parser.CurrentLineNumber
        elif tag == "event" and parent == "trace":
            self._event = {}
            self._lines["event"] = self.parser.CurrentLineNumber
        elif tag in ATTRIBUTES and "key" in attributes:
            target = {"log": self.log, "trace": self._trace, "event": self._event}.get(parent)
            if target is not None:
                target[attributes["key"]] = attributes.get("value", "")
        self._path.append(tag)

    def _end(self, _: str) -> None:
        tag = self._path.pop()
        parent = self._path[-1] if self._path else ""
        if tag == "event" and parent == "trace":
            self._events.append(SourceEvent(self._lines["event"], self._event))
        elif tag == "trace" and parent == "log":
            self.finished.append(Trace(self._lines["trace"], self._trace, tuple(self._events)))


def read(stream: BinaryIO) -> Iterator[Trace]:
    """Traces of an XES document as they are completed. Raises `BrokenFile` where it breaks."""
    builder = _Builder()
    while True:
        try:
            chunk = stream.read(CHUNK_BYTES)
            builder.parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            yield from builder.finished
            reason = f"not well-formed: {expat.ErrorString(error.code)}"
            raise BrokenFile(error.lineno, reason) from error
        except (BadGzipFile, EOFError, zlib.error) as error:
            yield from builder.finished
            line = builder.parser.CurrentLineNumber
            raise BrokenFile(line, f"broken gzip: {error}") from error
        yield from builder.finished
        builder.finished.clear()
        if not chunk:
            return
