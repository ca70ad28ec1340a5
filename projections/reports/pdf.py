"""A report as PDF: A4 as official letters are laid out, charts as vectors, pages numbered."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from reportlab.graphics import shapes as rl
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    HRFlowable,
    KeepTogether,
    PageBreak,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)  # fmt: skip
from reportlab.platypus import Table as Grid

from projections.reports.drawing import (
    INK,
    MUTED,
    RED,
    RULE,
    Box,
    Dot,
    Drawing,
    Path,
    Shape,
    Words,
    draw,
)  # fmt: skip
from projections.reports.fonts import Fonts, fonts
from projections.reports.model import Block, Chart, Report, Section, Table, Text, text_of
from projections.reports.prose import Face, Prose, shown
from projections.reports.words import numeral

PADDING = 6  # of a frame, on each side
WIDTH = A4[0] - 52 * mm - 2 * PADDING
HEIGHT = A4[1] - 60 * mm - 2 * PADDING  # of a picture with its caption


class Styles:
    """How each part of a letter is set: sizes as 公文 have them, a little smaller."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        ink, muted, red = HexColor(INK), HexColor(MUTED), HexColor(RED)
        body, heads, title = fonts
        self.banner = Face(title, 38, 52, red, "middle")
        self.issue = Face(body, 12, 20, ink, "middle")
        self.title = Face(title, 19, 30, ink, "middle")
        self.heading = Face(heads, 13, 21, ink, indent=26, before=10, after=4)
        self.body = Face(body, 12, 20, ink, "both", indent=24, after=4)
        self.flush = Face(body, 12, 20, ink)
        self.signed = Face(body, 12, 20, ink, "right", right=24)
        self.caption = Face(heads, 10.5, 17, ink, "middle", before=6, after=3)
        self.note = Face(body, 9, 13, muted, before=2, after=4)
        self.cell = Face(body, 9, 12.5, ink)
        self.middle = Face(body, 9, 12.5, ink, "middle")
        self.head = Face(heads, 9, 12.5, ink, "middle")
        self.head_left = Face(heads, 9, 12.5, ink)


def to_pdf(report: Report, font: str = "") -> bytes:
    """The whole document. Raises `ValueError` for a font that cannot be embedded."""
    styles, into = Styles(fonts(font)), BytesIO()
    document = SimpleDocTemplate(
        into, pagesize=A4, leftMargin=27 * mm, rightMargin=25 * mm, topMargin=26 * mm,
        bottomMargin=24 * mm, title=report.title, author=report.issuer, lang="zh-CN",
    )  # fmt: skip

    def numbered(canvas: Canvas, _: Any) -> None:
        canvas.setFont(styles.fonts.body, 10)
        canvas.drawCentredString(A4[0] / 2, 14 * mm, f"— {canvas.getPageNumber()} —")

    document.build(list(_story(report, styles)), onFirstPage=numbered, onLaterPages=numbered)
    return into.getvalue()


def _story(report: Report, s: Styles) -> Iterator[Flowable]:
    yield from _head(report, s)
    if report.addressees:
        yield Prose(f"{report.addressees}：", s.flush)
    if report.lead:
        yield Prose(report.lead, s.body)
    body = [
        flowable
        for n, section in enumerate(report.sections, start=1)
        for flowable in _section(section, f"{numeral(n)}、{section.title}", s)
    ]
    signed = [Spacer(1, 28), Prose(report.issuer, s.signed), Prose(report.dated, s.signed)]
    # A signature never stands on a page of its own, nor a heading at the foot of one.
    last = 2 if getattr(body[-2:][0], "style", None) is s.heading else 1
    yield from body[:-last]
    yield KeepTogether([*body[-last:], *signed])
    for n, section in enumerate(report.appendices, start=1):
        if n == 1:
            yield PageBreak()
        yield from _section(section, f"附件{n}　{section.title}", s)
    yield Spacer(1, 14)
    yield HRFlowable(width="100%", thickness=0.6, color=HexColor(INK))
    if report.copies:
        yield Prose(f"抄送：{'，'.join(report.copies)}。", s.note)
    yield Prose(report.footnote, s.note)


def _head(report: Report, s: Styles) -> Iterator[Flowable]:
    yield Prose("　".join(report.banner), s.banner)
    if report.issue:
        yield Prose(report.issue, s.issue)
    yield Spacer(1, 8)
    line = [[report.issuer, report.number, report.dated]]
    grid = Grid(line, colWidths=[WIDTH * 0.42, WIDTH * 0.26, WIDTH * 0.32])
    grid.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), s.fonts.body, 11),
                ("ALIGN", (1, 0), (1, 0), "CENTER"),
                ("ALIGN", (2, 0), (2, 0), "RIGHT"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("LINEBELOW", (0, 0), (-1, -1), 1.6, HexColor(RED)),
            ]
        )
    )
    yield grid
    yield Spacer(1, 22)
    yield Prose(report.title, s.title)
    yield Spacer(1, 12)


def _section(section: Section, heading: str, s: Styles) -> Iterator[Flowable]:
    yield CondPageBreak(30 * mm)
    yield Prose(heading, s.heading)
    for block in section.blocks:
        yield from _block(block, s)


def _block(block: Block, s: Styles) -> Iterator[Flowable]:
    match block:
        case Text(words):
            yield Prose(words, s.body)
        case Chart():
            caption = Prose(f"{block.title}（{block.unit}）", s.caption)
            yield KeepTogether([caption, _picture(draw(block), s), Spacer(1, 6)])
        case Table():
            yield from _table(block, s)


def _table(table: Table, s: Styles) -> Iterator[Flowable]:
    shares = table.widths or [1.0] * len(table.heads)
    widths = [WIDTH * share / sum(shares) for share in shares]
    heads = [
        Prose(h, s.head_left if n in table.words else s.head) for n, h in enumerate(table.heads)
    ]
    body = [
        [Prose(text_of(c), s.cell if n in table.words else s.middle) for n, c in enumerate(row)]
        for row in table.rows
    ]
    grid = Grid([heads, *body], widths, repeatRows=1)
    grid.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("BACKGROUND", (0, 0), (-1, 0), HexColor("#f5f7fa")),
                ("LINEABOVE", (0, 0), (-1, 0), 1.1, HexColor(INK)),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, HexColor(INK)),
                ("LINEBELOW", (0, 1), (-1, -2), 0.4, HexColor(RULE)),
                ("LINEBELOW", (0, -1), (-1, -1), 1.1, HexColor(INK)),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    parts: list[Flowable] = [Prose(table.title, s.caption)] if table.title else []
    parts.append(grid)
    parts.append(Prose(f"注：{table.note}", s.note) if table.note else Spacer(1, 6))
    if len(table.rows) <= 8:
        yield KeepTogether(parts)
    else:
        yield CondPageBreak(50 * mm)
        yield from parts


def _picture(drawing: Drawing, s: Styles) -> rl.Drawing:
    """A drawing as vectors, no larger than a page; its y goes down, a page's goes up."""
    scale = min(WIDTH / drawing.width, HEIGHT / drawing.height)
    group = rl.Group(*(_shape(shape, drawing.height, s) for shape in drawing.shapes))
    group.scale(scale, scale)
    picture = rl.Drawing(WIDTH, drawing.height * scale)
    picture.add(group)
    return picture


def _shape(shape: Shape, height: float, s: Styles) -> Any:
    match shape:
        case Box(x, y, wide, high, fill):
            return rl.Rect(x, height - y - high, wide, high, fillColor=HexColor(fill),
                           strokeColor=None)  # fmt: skip
        case Path(points, stroke, wide, dashed):
            flat = [v for x, y in points for v in (x, height - y)]
            return rl.PolyLine(flat, strokeColor=HexColor(stroke), strokeWidth=wide,
                               strokeDashArray=[4, 2] if dashed else None)  # fmt: skip
        case Dot(x, y, radius, fill):
            return rl.Circle(x, height - y, radius, fillColor=HexColor(fill), strokeColor=None)
        case Words(x, y, text, fill, anchor, size):
            heads = s.fonts.heads
            return rl.String(x, height - y, shown(text, heads), fontName=heads, fontSize=size,
                             fillColor=HexColor(fill), textAnchor=anchor)  # fmt: skip
