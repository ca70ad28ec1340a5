"""Charts as shapes on a plane: SVG and PDF draw the same ones. Lengths are points, y goes down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from projections.reports.model import Chart

INK, MUTED, RULE, BLUE, GREEN, RED = (
    "#1d2733", "#5d6a7b", "#d5dbe3", "#1f5fae", "#17724a", "#c8321f",
)  # fmt: skip
COLOURS = (BLUE, GREEN)
WIDTH, SMALL, BAR, GAP = 440.0, 8.0, 11.0, 6.0


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Path:
    """Straight strokes through points."""

    points: Sequence[tuple[float, float]]
    stroke: str
    width: float = 0.6
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    fill: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text whose baseline begins, has its middle, or ends at a point."""

    x: float
    y: float
    text: str
    fill: str = INK
    anchor: Literal["start", "middle", "end"] = "start"
    size: float = SMALL


Shape = Box | Path | Dot | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes and the room they take."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def draw(chart: Chart) -> Drawing:
    """A chart as shapes."""
    return _bars(chart) if chart.kind == "bars" else _lines(chart)


def _bars(chart: Chart) -> Drawing:
    """Lying bars from nought, each with its label before and its value behind it."""
    values = [v or 0.0 for v in chart.series[0].values]
    left = 6 + max((_wide(label) for label in chart.labels), default=0.0) * SMALL
    right = 6 + max((_wide(m) for m in chart.marks), default=0.0) * SMALL + 34
    most = max(values, default=0.0) or 1.0
    height = len(values) * (BAR + GAP) + GAP
    shapes: list[Shape] = [Path(((left, 0), (left, height)), RULE)]
    for n, (label, value) in enumerate(zip(chart.labels, values, strict=True)):
        y = GAP + n * (BAR + GAP)
        length = max(0.0, value) / most * (WIDTH - left - right)
        mark = chart.marks[n] if chart.marks else ""
        shapes += [
            Words(left - 5, y + BAR - 2.5, label, anchor="end"),
            Box(left, y, length, BAR, BLUE),
            Words(left + length + 4, y + BAR - 2.5, f"{value:,.{chart.decimals}f}"),
        ]
        if mark:
            shapes.append(Words(left + length + 38, y + BAR - 2.5, mark, RED))
    return Drawing(WIDTH, height, tuple(shapes))


def _lines(chart: Chart) -> Drawing:
    """Lines from nought up, named at their ends."""
    height, top, bottom = 150.0, 12.0, 18.0
    known = [v for s in chart.series for v in s.values if v is not None]
    steps = _steps(max(known, default=0.0))
    left = 8 + max(_wide(f"{s:,.0f}") for s in steps) * SMALL
    right = 8 + max(_wide(s.name) for s in chart.series) * SMALL
    span = WIDTH - left - right

    def at(n: int, value: float) -> tuple[float, float]:
        x = left + span * n / max(1, len(chart.labels) - 1)
        return x, top + (height - top - bottom) * (1 - value / steps[-1])

    shapes: list[Shape] = []
    for step in steps:
        y = at(0, step)[1]
        shapes.append(Path(((left, y), (left + span, y)), RULE))
        shapes.append(Words(left - 4, y + 3, f"{step:,.0f}", MUTED, "end"))
    every = ceil(len(chart.labels) / 12)
    for n, label in enumerate(chart.labels):
        if n % every == 0:
            shapes.append(Words(at(n, 0)[0], height - 5, label, MUTED, "middle", 7))
    shapes += _strokes(chart, at)
    return Drawing(WIDTH, height, tuple(shapes))


def _strokes(chart: Chart, at) -> Iterator[Shape]:  # type: ignore[no-untyped-def]  # a closure
    taken: list[float] = []
    for nth, series in enumerate(chart.series):
        points = [at(n, v) for n, v in enumerate(series.values) if v is not None]
        colour = COLOURS[nth % len(COLOURS)]
        if not points:
            continue
        yield Path(points, colour, 1.4, dashed=nth > 0)
        for x, y in points:
            yield Dot(x, y, 1.7, colour)
        x, y = points[-1]
        while any(abs(y - other) < SMALL + 1 for other in taken):
            y += SMALL + 1
        taken.append(y)
        yield Words(x + 5, y + 3, series.name, colour)


def _steps(most: float) -> list[float]:
    """Round values from nought to above the greatest, four or so."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / 4
    power = 10.0 ** floor(log10(rough))
    step = max(1.0, next(m * power for m in (1, 2, 5, 10) if m * power >= rough))
    return [step * n for n in range(ceil(most / step) + 1)]


def _wide(text: str) -> float:
    """Width of text in ems: a Han character is one, any other about half."""
    return sum(1.0 if ord(c) > 0x2E7F else 0.56 for c in text)
