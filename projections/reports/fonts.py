"""Type for PDF: a Chinese font of this machine, embedded, or else the viewer's own song face."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

VIEWERS = "STSong-Light"  # every PDF reader that knows Chinese has it, or shows its own song face
FOLDERS = ("C:/Windows/Fonts", "/usr/share/fonts", "/Library/Fonts", "~/.fonts")
# File and face in it, best first: fangsong for text, song for titles, hei for heads of tables.
BODY = ("simfang.ttf", "STFANGSO.TTF", "simsun.ttc", "uming.ttc", "wqy-zenhei.ttc")
HEADS = ("simhei.ttf", "msyh.ttc", "wqy-zenhei.ttc")
TITLES = ("STZHONGS.TTF", "simsun.ttc", "uming.ttc", "simhei.ttf", "wqy-zenhei.ttc")


class Fonts(NamedTuple):
    """Names under which reportlab knows them."""

    body: str
    heads: str
    title: str


def fonts(named: str = "") -> Fonts:
    """Register what there is. `named` is a TrueType file that is to be used for everything; raises
    `ValueError` where it cannot be."""
    if named:
        if (found := _registered(Path(named))) is None:
            raise ValueError(f"{named} is no TrueType font that can be embedded")
        return Fonts(found, found, found)
    return Fonts(*(_first(names) for names in (BODY, HEADS, TITLES)))


def _first(names: tuple[str, ...]) -> str:
    for path in _files(names):
        if found := _registered(path):
            return found
    if VIEWERS not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(VIEWERS))
    return VIEWERS


def _files(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        for folder in FOLDERS:
            yield from Path(folder).expanduser().rglob(name)


def _registered(path: Path) -> str | None:
    name = path.stem
    if name in pdfmetrics.getRegisteredFontNames():
        return name
    try:
        pdfmetrics.registerFont(TTFont(name, str(path)))
    except (TTFError, OSError):
        return None
    return name
