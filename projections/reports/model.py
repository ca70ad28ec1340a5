"""A report as plain values: sections of text, tables and charts, of which all forms are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from duban.figures import Rate


@dataclass(frozen=True, slots=True)
class Percent:
    """A share or a change shown as a percentage; `signed` for changes."""

    value: float | None
    signed: bool = False
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is no whole one: scores, days, minutes."""

    value: float | None
    decimals: int = 1
    signed: bool = False


Cell = str | int | None | Number | Percent | Rate


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads. Columns named in `words` hold words and stand to the left."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    words: Sequence[int] = (0,)
    widths: Sequence[float] = ()  # shares of the width; equal where none is given


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one set of bars."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """Values by label: `bars` lie, one for each label; `lines` go from left to right. `marks` are
    words after a bar's value."""

    kind: Literal["bars", "lines"]
    title: str
    unit: str
    labels: Sequence[str]
    series: Sequence[Series]
    marks: Sequence[str] = ()
    decimals: int = 0


Block = Text | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Report:
    """A document as it is sent. `banner` is the red head; `number` its 文号, `issue` its 期号."""

    banner: str
    title: str
    issuer: str
    dated: str
    sections: Sequence[Section]
    number: str = ""
    issue: str = ""
    addressees: str = ""
    lead: str = ""
    appendices: Sequence[Section] = ()
    footnote: str = ""
    copies: Sequence[str] = field(default=())  # 抄送

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Every block with the heading that it stands under."""
        for section in (*self.sections, *self.appendices):
            for block in section.blocks:
                yield section.title, block


def text_of(cell: Cell) -> str:
    """A cell as people read it; what is missing is a dash."""
    match cell:
        case None:
            return "—"
        case Rate():
            return percent(cell)
        case Percent(value=None) | Number(value=None):
            return "—"
        case Percent(value=value, signed=signed, decimals=decimals):
            return _signed(100 * float(value or 0), decimals, signed) + "%"
        case Number(value=value, signed=signed, decimals=decimals):
            return _signed(float(value or 0), decimals, signed)
        case int():
            return _signed(cell, 0, False)
    return cell


def percent(rate: Rate, decimals: int = 2) -> str:
    """A rate; 100% is said of all of them only, and 0% of none."""
    if rate.value is None:
        return "—"
    if rate.part in (0, rate.whole):
        return "100%" if rate.part else "0%"
    least = 10.0**-decimals
    share = max(least, min(100 - least, 100 * rate.value)) if rate.part > 0 else 100 * rate.value
    return _signed(share, decimals, False) + "%"


def with_parts(rate: Rate, decimals: int = 2) -> str:
    """A rate with its numerator and denominator: 99.94%（1,284/1,285）."""
    return f"{percent(rate, decimals)}（{rate.part:,.0f}/{rate.whole:,.0f}）"


def _signed(value: float, decimals: int, signed: bool) -> str:
    shown = f"{abs(value):,.{decimals}f}"
    if float(shown.replace(",", "")) == 0:
        return shown
    return f"{'−' if value < 0 else '+' if signed else ''}{shown}"
