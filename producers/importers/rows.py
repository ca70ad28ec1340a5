"""CSV and Excel: one row is one event; rows of one case are gathered into a trace.

Columns carry the names of the XES attributes (a case's own begin with `case:`), or the names that
a mapping's `[columns]` gives. All rows are held in memory: the rows of a case may lie anywhere.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

from openpyxl import load_workbook

from producers.importers.mapping import Columns, LogMapping
from producers.importers.source import BrokenFile, Reject, SourceEvent, Trace

CASE = "case:concept:name"
STANDARD = {
    "case": CASE,
    "activity": "concept:name",
    "time": "time:timestamp",
    "resource": "org:resource",
    "group": "org:group",
}
Row = tuple[int, Sequence[Any]]


def read_csv(stream: BinaryIO, mapping: LogMapping) -> Iterator[Trace | Reject]:
    """Traces of a CSV file, UTF-8 or GB 18030 (Excel's in China). Raises `BrokenFile`."""
    text = _decoded(stream.read())
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    yield from _traces(_csv_rows(reader), mapping)


def read_xlsx(path: Path, mapping: LogMapping) -> Iterator[Trace | Reject]:
    """Traces of the first sheet of an Excel workbook. Raises `BrokenFile`."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise BrokenFile(0, f"not an Excel workbook: {error}") from error
    sheet = book.worksheets[0]
    try:
        yield from _traces(enumerate(sheet.iter_rows(values_only=True), start=1), mapping)
    finally:
        book.close()


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenFile(line, "neither UTF-8 nor GB 18030") from error


def _csv_rows(reader: Any) -> Iterator[Row]:
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise BrokenFile(reader.line_num, f"not CSV: {error}") from error


def _traces(rows: Iterable[Row], mapping: LogMapping) -> Iterator[Trace | Reject]:
    rows = iter(rows)
    names = _names(next(rows, (1, ())), mapping.columns)
    cases: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, cells in rows:
        values = {n: t for n, c in zip(names, cells, strict=False) if n and (t := _text(c))}
        if not values:
            continue
        if len(cells) > len(names):
            yield Reject(line, f"{len(cells)} cells under {len(names)} headings", events=1)
        elif case := values.get(CASE):
            cases.setdefault(case, []).append((line, values))
        else:
            yield Reject(line, f"no value under {mapping.columns.case!r}", events=1)
    for found in cases.values():
        yield _trace(found)


def _names(header: Row, columns: Columns) -> list[str]:
    line, cells = header
    standard = {getattr(columns, key): name for key, name in STANDARD.items()}
    given = [_text(cell) for cell in cells]
    missing = [getattr(columns, k) for k in ("case", "activity", "time")]
    missing = [name for name in missing if name not in given]
    if missing:
        has = ", ".join(filter(None, given)) or "none"
        raise BrokenFile(line, f"no column {missing[0]!r}; there are: {has}. Name them in --map")
    return [standard.get(name, name) for name in given]


def _trace(rows: Sequence[tuple[int, dict[str, str]]]) -> Trace:
    """A case's own attributes are the last that any of its rows gives."""
    own: dict[str, str] = {}
    events = []
    for line, values in rows:
        own |= {n.removeprefix("case:"): v for n, v in values.items() if n.startswith("case:")}
        events.append(SourceEvent(line, {n: v for n, v in values.items() if n[:5] != "case:"}))
    return Trace(rows[0][0], own, tuple(events))


def _text(cell: Any) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
