"""A report as one HTML file that needs nothing beside it: styles and charts lie within."""

from functools import cache
from pathlib import Path as File

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from projections.reports.drawing import Box, Dot, Drawing, Path, Shape, Words, draw
from projections.reports.model import Block, Chart, Report, Table, Text, text_of
from projections.reports.words import numeral

HERE = File(__file__).parent / "templates"


def to_html(report: Report) -> str:
    """The whole page."""
    return _environment().get_template("report.html").render(report=report)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        numeral=numeral,
        text_of=text_of,
        svg=lambda chart: svg(draw(chart)),
        kind=_kind,
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),  # ours
    )
    return environment


def _kind(block: Block) -> str:
    match block:
        case Text():
            return "text"
        case Table():
            return "table"
        case Chart():
            return "chart"


def svg(drawing: Drawing) -> Markup:
    """A drawing as an SVG element."""
    inside = Markup("").join(_element(shape) for shape in drawing.shapes)
    return Markup('<svg viewBox="0 0 {:g} {:g}" role="img">{}</svg>').format(
        drawing.width, drawing.height, inside
    )


def _element(shape: Shape) -> Markup:
    match shape:
        case Box(x, y, width, height, fill):
            return Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>'
            ).format(x, y, width, height, fill)
        case Path(points, stroke, width, dashed):
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            dashes = Markup(' stroke-dasharray="4 2"') if dashed else ""
            return Markup(
                '<polyline points="{}" fill="none" stroke="{}" stroke-width="{:g}"{}/>'
            ).format(line, stroke, width, dashes)
        case Dot(x, y, radius, fill):
            return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:g}" fill="{}"/>').format(
                x, y, radius, fill
            )
        case Words(x, y, text, fill, anchor, size):
            return Markup(
                '<text x="{:.1f}" y="{:.1f}" fill="{}" text-anchor="{}" font-size="{:g}">{}</text>'
            ).format(x, y, fill, anchor, size, escape(text))
