"""CSV and Excel: one row is one event; rows of one case are gathered into a trace, those of a sheet
about no case (`[row]` of the mapping) are a trace each.

Columns carry the names of the XES attributes (a case's own begin with `case:`), or the names that
a mapping's `[columns]` gives. All rows are held in memory: the rows of a case may lie anywhere.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

from openpyxl import load_workbook

from producers.importers.mapping import Columns, LogMapping
from producers.importers.source import BrokenFile, Reject, SourceEvent, Trace

CASE = "case:concept:name"
EQUALS = "row:equals"  # of a row of a sheet: how many equal ones came before it
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
    header = next(rows, (1, ()))
    if mapping.row:
        yield from _sheet(_valued(rows, _headings(header, mapping.row.columns())))
        return
    cases: dict[str, list[SourceEvent]] = {}
    for found in _valued(rows, _names(header, mapping.columns)):
        if isinstance(found, Reject):
            yield found
        elif case := found.attributes.get(CASE):
            cases.setdefault(case, []).append(found)
        else:
            yield Reject(found.line, f"no value under {mapping.columns.case!r}", events=1)
    for of_case in cases.values():
        yield _trace(of_case)


def _valued(rows: Iterable[Row], names: Sequence[str]) -> Iterator[SourceEvent | Reject]:
    """Rows with their values by name; blank ones are passed over."""
    for line, cells in rows:
        values = {n: t for n, c in zip(names, cells, strict=False) if n and (t := _text(c))}
        if not values:
            continue
        if len(cells) > len(names):
            yield Reject(line, f"{len(cells)} cells under {len(names)} headings", events=1)
        else:
            yield SourceEvent(line, values)


def _sheet(rows: Iterable[SourceEvent | Reject]) -> Iterator[Trace | Reject]:
    """Each row a trace of its own; how many equal ones came before it tells equal rows apart."""
    seen: Counter[tuple[tuple[str, str], ...]] = Counter()
    for found in rows:
        if isinstance(found, Reject):
            yield found
            continue
        content = tuple(sorted(found.attributes.items()))
        yield Trace(found.line, {EQUALS: str(seen[content])}, (found,))
        seen[content] += 1


def _names(header: Row, columns: Columns) -> list[str]:
    standard = {getattr(columns, key): name for key, name in STANDARD.items()}
    given = _headings(header, [columns.case, columns.activity, columns.time])
    return [standard.get(name, name) for name in given]


def _headings(header: Row, needed: Iterable[str]) -> list[str]:
    """The headings as they are written. Raises `BrokenFile` for one that is needed and missing."""
    line, cells = header
    given = [_text(cell) for cell in cells]
    if missing := [name for name in needed if name not in given]:
        has = ", ".join(filter(None, given)) or "none"
        raise BrokenFile(line, f"no column {missing[0]!r}; there are: {has}. Name them in --map")
    return given


def _trace(rows: Sequence[SourceEvent]) -> Trace:
    """A case's own attributes are the last that any of its rows gives."""
    own: dict[str, str] = {}
    events = []
    for line, values in rows:
        own |= {n.removeprefix("case:"): v for n, v in values.items() if n.startswith("case:")}
        events.append(SourceEvent(line, {n: v for n, v in values.items() if n[:5] != "case:"}))
    return Trace(rows[0].line, own, tuple(events))


def _text(cell: Any) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
