"""A report as a workbook: the text on the first sheet, a sheet a section, native charts."""

import re
from io import BytesIO

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from duban.figures import Rate
from projections.reports.model import (
    Cell,
    Chart,
    Number,
    Percent,
    Report,
    Section,
    Table,
    Text,
)  # fmt: skip
from projections.reports.words import numeral

TITLE, HEAD, BODY = Font("宋体", 16, bold=True), Font("黑体", 11), Font("宋体", 11)
NOTE = Font("宋体", 9, color="5D6A7B")
RULE = Side("thin", color="9AA5B1")
GRID = Border(RULE, RULE, RULE, RULE)
SHADE = PatternFill("solid", start_color="F0F3F7")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def to_xlsx(report: Report) -> bytes:
    """The whole workbook."""
    book = Workbook()
    _text(book.active, report)  # type: ignore[arg-type]  # a new book has a worksheet
    for n, section in enumerate(report.sections, start=1):
        _section(book, section, f"{numeral(n)}、{section.title}")
    for n, section in enumerate(report.appendices, start=1):
        _section(book, section, f"附件{n} {section.title}")
    into = BytesIO()
    book.save(into)
    return into.getvalue()


def _text(sheet: Worksheet, report: Report) -> None:
    sheet.title = "正文"
    sheet.column_dimensions["A"].width = 96
    lines = [(report.banner, TITLE), (report.issue, BODY), (report.number, BODY)]
    lines += [(report.title, TITLE), (f"{report.addressees}：", BODY), (report.lead, BODY)]
    for n, section in enumerate(report.sections, start=1):
        lines.append((f"{numeral(n)}、{section.title}", HEAD))
        lines += [(b.words, BODY) for b in section.blocks if isinstance(b, Text)]
    lines += [(report.issuer, BODY), (report.dated, BODY), (report.footnote, NOTE)]
    for words, font in lines:
        if words.strip("："):
            sheet.append([words])
            cell = sheet.cell(sheet.max_row, 1)
            cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="top")


def _section(book: Workbook, section: Section, title: str) -> None:
    bare = not any(isinstance(b, Table | Chart) for b in section.blocks)
    if bare and not title.startswith("附件"):
        return
    sheet = book.create_sheet(_FORBIDDEN.sub("", title)[:31])
    row = _put(sheet, 1, [title], TITLE) + 1
    for block in section.blocks:
        match block:
            case Text(words):
                row = _put(sheet, row, [words], BODY)
            case Table():
                row = _table(sheet, row, block)
            case Chart():
                row = _chart(sheet, row, block)
    _widen(sheet)


def _put(sheet: Worksheet, row: int, cells: list[str], font: Font) -> int:
    for column, words in enumerate(cells, start=1):
        sheet.cell(row, column, words).font = font
    return row + 1


def _table(sheet: Worksheet, row: int, table: Table) -> int:
    if table.title:
        row = _put(sheet, row + 1, [table.title], HEAD)
    for column, head in enumerate(table.heads, start=1):
        cell = sheet.cell(row, column, head)
        cell.font, cell.fill, cell.border = HEAD, SHADE, GRID
        cell.alignment = Alignment("center", "center", wrap_text=True)
    for cells in table.rows:
        row += 1
        for column, value in enumerate(cells, start=1):
            _cell(sheet, row, column, value, column - 1 in table.words)
    return _put(sheet, row + 1, [f"注：{table.note}"], NOTE) if table.note else row + 2


def _cell(sheet: Worksheet, row: int, column: int, value: Cell, words: bool) -> None:
    """A number stays a number, so that it can be reckoned with."""
    cell = sheet.cell(row, column)
    cell.font, cell.border = BODY, GRID
    cell.alignment = Alignment("left" if words else "center", "center", wrap_text=words)
    match value:
        case Rate() | Percent() | Number() if value.value is None:
            cell.value = "—"
        case None:
            cell.value = "—"
        case Rate():
            cell.value, cell.number_format = value.value, "0.00%"
        case Percent(share, signed, decimals):
            shape = f"0.{'0' * decimals}%" if decimals else "0%"
            cell.value, cell.number_format = share, _signed(shape) if signed else shape
        case Number(number, decimals, signed):
            shape = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
            cell.value, cell.number_format = number, _signed(shape) if signed else shape
        case int():
            cell.value, cell.number_format = value, "#,##0"
        case str():
            cell.value, cell.data_type = value, "s"  # never a formula


def _signed(shape: str) -> str:
    return f"+{shape};-{shape};{shape}"


def _chart(sheet: Worksheet, row: int, chart: Chart) -> int:
    """The values as a table, and the chart of them beside it."""
    heads = ("", *(s.name for s in chart.series))
    values = [(label, *(s.values[n] for s in chart.series)) for n, label in enumerate(chart.labels)]
    first = row + 2
    row = _table(
        sheet, row,
        Table(chart.title, heads, [tuple(_plain(v) for v in line) for line in values]),
    )  # fmt: skip
    drawn = BarChart() if chart.kind == "bars" else LineChart()
    drawn.title, drawn.y_axis.title = chart.title, chart.unit
    drawn.x_axis.delete = drawn.y_axis.delete = False
    if isinstance(drawn, BarChart):
        drawn.type, drawn.gapWidth, drawn.legend = "bar", 60, None
        drawn.x_axis.scaling.orientation = "maxMin"
    drawn.y_axis.scaling.min = 0
    last = first + len(values)
    drawn.add_data(
        Reference(sheet, min_col=2, max_col=len(heads), min_row=first, max_row=last),
        titles_from_data=True,
    )
    drawn.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    drawn.width, drawn.height = 20, max(8, 1.2 + 0.7 * len(values))
    sheet.add_chart(drawn, f"{get_column_letter(len(heads) + 2)}{first - 1}")
    return max(row, first + int(drawn.height / 0.5))


def _plain(value: str | float | None) -> Cell:
    return value if isinstance(value, str | int) else Number(value, 2)


def _widen(sheet: Worksheet) -> None:
    """Columns as wide as their words, text that runs over several columns left out."""
    for column in sheet.iter_cols(min_row=2):
        widths = [
            sum(2 if ord(c) > 0x2E7F else 1.1 for c in str(cell.value))
            for cell in column
            if cell.value is not None and cell.border.left.style
        ]
        letter = get_column_letter(column[0].column or 1)
        sheet.column_dimensions[letter].width = min(48, max([10, *widths]) + 2)
