"""What every report has in common as a letter: its head, its date, how fresh its figures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from projections.reports.model import Report, Section
from projections.reports.period import spoken
from projections.reports.source import Source


@dataclass(frozen=True, slots=True)
class Cover:
    """What the sender decides: 文号, 期号, to whom, the day, and copies."""

    number: str = ""
    issue: str = ""
    to: str = "各窗口、各有关单位"
    dated: date | None = None
    copies: tuple[str, ...] = ()


def letter(
    source: Source,
    cover: Cover,
    *,
    banner: str,
    title: str,
    lead: str,
    sections: Sequence[Section | None],
    appendices: Sequence[Section | None] = (),
    addressees: str = "",
) -> Report:
    """A report under its cover; sections of which there is nothing to say are left out."""
    return Report(
        banner=banner,
        title=title,
        issuer=source.hall_name,
        dated=spoken(cover.dated or source.as_of.date()),
        number=cover.number,
        issue=cover.issue,
        addressees=addressees or cover.to,
        lead=lead,
        sections=[s for s in sections if s],
        appendices=[s for s in appendices if s],
        footnote=_as_of(source),
        copies=cover.copies,
    )


def _as_of(source: Source) -> str:
    at = source.as_of
    return f"数据截至{spoken(at.date())}{at:%H}时{at:%M}分。各项比率均附分子、分母，可逐件查验。"
