"""What a pack has that a bulletin has not: rankings of the whole period, and nominations."""

from dataclasses import replace

from duban.periods import MONTHS
from projections.reports import ranking
from projections.reports.consequences import nominations
from projections.reports.model import Section, Table, Text
from projections.reports.period import Period
from projections.reports.source import Source


def ranked_whole(source: Source, period: Period) -> list[Source]:
    """The same by each other policy that ranks the period as a whole, where somebody has a place;
    none for a month, whose bulletin is of one policy."""
    if period.length == 1:
        return []
    others = [
        replace(source, policy=policy)
        for policy in source.names.reference.by_policy
        if policy != source.policy
    ]
    return [
        other
        for other in others
        if MONTHS[other.terms(period).period] == period.length
        and ranking.standings(other, period).ranked
    ]


def sections(source: Source, whole: list[Source], period: Period) -> list[Section]:
    """The ranking of the period by each of them, then who is nominated by all of these."""
    found = [ranking.section(one, period, drawn=False) for one in whole]
    rows = [
        row for one in (source, *whole) for row in nominations(one, one.terms(period), period)
        if period.length > 1
    ]  # fmt: skip
    if rows:
        said = f"按{period.name}评比结果，下列对象符合评比办法规定的表彰条件，请审定。"
        table = Table(
            "推荐表彰名单", ("推荐对象", "评比", "依据"), rows, words=(0, 1, 2), widths=(2, 2, 3),
            note="名单由评比结果列出，是否授予由有权人员决定；授予后列入荣誉。",
        )  # fmt: skip
        found.append(Section("推荐表彰", [Text(said), table]))
    return found


def appendices(whole: list[Source], period: Period) -> list[Section | None]:
    """All places by each of them."""
    return [ranking.appendix(one, period) for one in whole]
