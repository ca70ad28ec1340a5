"""What a report says, read back from its forms: the tables of its HTML, the text of its PDF."""

import io
from html.parser import HTMLParser

from pypdf import PdfReader

# A face of PDF without a glyph shows another one instead.
_ALIKE = str.maketrans("−—／〔〕", "--/[]")


class _Rows(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def bare(text: str) -> str:
    """Words and figures without the white space between them, as any face shows them."""
    return "".join(text.split()).translate(_ALIKE)


def html_rows(page: str) -> list[list[str]]:
    """Every row of every table, heads included, as `bare` cells."""
    parser = _Rows()
    parser.feed(page)
    return [[bare(cell) for cell in row] for row in parser.rows]


def pdf_text(document: bytes) -> str:
    """All pages after each other, `bare`, without the numbers of pages."""
    pages = PdfReader(io.BytesIO(document)).pages
    return "".join(
        bare(page.extract_text()).replace(f"-{number}-", "", 1)
        for number, page in enumerate(pages, start=1)
    )
