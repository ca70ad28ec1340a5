"""Chinese text set in lines: no stop begins a line, no bracket ends one, no number is broken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

STOPS, OPENERS = "，。；：、？！）〕】》」』”’％%", "（〔【《「『“‘"
# An unbreakable piece: brackets that open, a character or a number, stops that follow.
_PIECE = re.compile(
    rf"[{OPENERS}]*(?:[0-9A-Za-z.,/+\-−×]+|[^{OPENERS}])[{STOPS}]*|[{OPENERS}]+", re.S
)
# What a face without a glyph shows instead.
_INSTEAD = {"−": "-", "÷": "/", "—": "-", "／": "/", "〔": "[", "〕": "]"}


@dataclass(frozen=True, slots=True)
class Face:
    """How a text is set; lengths in points."""

    font: str
    size: float
    leading: float
    colour: Color
    align: Literal["left", "right", "middle", "both"] = "left"
    indent: float = 0.0
    right: float = 0.0
    before: float = 0.0
    after: float = 0.0


class Line(NamedTuple):
    """One line; `ends` where the text does."""

    text: str
    indent: float
    ends: bool


class Prose(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A paragraph, or what stands in a cell."""

    def __init__(self, text: str, face: Face, lines: tuple[Line, ...] = ()) -> None:
        super().__init__()
        self.text, self.face, self.lines = text, face, lines
        self.spaceBefore, self.spaceAfter = face.before, face.after
        self._set = bool(lines)

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        """The room that it takes at a width."""
        if not self._set:
            self.lines = tuple(broken(shown(self.text, self.face.font), self.face, width))
        self.width, self.height = width, len(self.lines) * self.face.leading
        return width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        """What fits on this page, and the rest."""
        self.wrap(width, height)
        fit = int(height // self.face.leading)
        if fit <= 0 or fit >= len(self.lines):
            return [] if fit <= 0 else [self]
        return [Prose("", self.face, self.lines[:fit]), Prose("", self.face, self.lines[fit:])]

    def draw(self) -> None:
        """Line by line; a full line reaches the margin where both edges are straight."""
        face, canvas = self.face, self.canv
        canvas.setFillColor(face.colour)
        y = self.height - face.leading + (face.leading - face.size) / 2 + face.size * 0.12
        for line in self.lines:
            room = self.width - line.indent - face.right
            used = stringWidth(line.text, face.font, face.size)
            left, spread = line.indent, 0.0
            if face.align == "both" and not line.ends and len(line.text) > 1:
                spread = max(0.0, (room - used) / (len(line.text) - 1))
            elif face.align in ("right", "middle"):
                left += (room - used) / (1 if face.align == "right" else 2)
            text = canvas.beginText(left, y)
            text.setFont(face.font, face.size)
            text.setCharSpace(spread)
            text.textOut(line.text)
            canvas.drawText(text)
            y -= face.leading


def broken(text: str, face: Face, width: float) -> Iterator[Line]:
    """Lines of a text: each takes as many whole pieces as there is room for."""
    indent, line, used = face.indent, "", 0.0
    for piece in _PIECE.findall(text):
        needed = stringWidth(piece, face.font, face.size)
        if line and used + needed > width - indent - face.right + 0.01:
            yield Line(line.rstrip(), indent, False)
            indent, line, used = 0.0, "", 0.0
        line, used = line + piece, used + needed
    if line:
        yield Line(line, indent, True)


def shown(text: str, font: str) -> str:
    """The text in characters that the face has."""
    face = getattr(pdfmetrics.getFont(font), "face", None)
    glyphs = getattr(face, "charToGlyph", None)
    if glyphs is None:
        return text
    return "".join(_INSTEAD[c] if ord(c) not in glyphs and c in _INSTEAD else c for c in text)
