"""工作通报 of a month, and the pack of a half-year or a year."""

import re

from duban.periods import MONTHS
from duban.warehouse import load_metric
from projections.reports import (
    activity,
    appraisal,
    catalogue,
    conduct,
    fairness,
    pack,
    ranking,
    voices,
    volume,
)  # fmt: skip
from projections.reports.facts import hall_facts
from projections.reports.letter import Cover, letter
from projections.reports.model import Report, Section, Text
from projections.reports.period import Period
from projections.reports.source import Source

# Figures whose definitions a reader may want, in the order in which they come up.
_LATIN = re.compile("[A-Za-z]")
DEFINED = (
    "on_time", "early_rate", "saved_days", "online_share", "visits", "wait_minutes",
    "satisfaction", "response_rate", "feedback", "rating_aspects", "surveys", "appraisals",
    "patrol_turns", "compression", "fairness",
)  # fmt: skip


def bulletin(source: Source, period: Period, cover: Cover) -> Report:
    """工作通报 of a month, or the pack of a longer period."""
    facts = hall_facts(source, period)
    is_ranked = MONTHS[source.terms(period).period] == period.length
    ranked = ranking.section if is_ranked else ranking.of_parts
    whole = pack.ranked_whole(source, period)
    sections = (
        volume.section(source, period),
        ranked(source, period),
        *pack.sections(source, whole, period),
        voices.section(source, period),
        appraisal.section(source, period),
        conduct.praise_and_blame(source, period, facts),
        conduct.supervision(source, period, facts),
        catalogue.section(source, period),
        fairness.section(source, period),
        activity.section(facts),
    )
    details = ranking.appendix(source, period) if is_ranked else None
    title = "窗口服务情况的通报" if period.length == 1 else "政务服务工作情况的通报"
    return letter(
        source,
        cover,
        banner="工作通报",
        title=f"关于{period.name}{title}",
        lead=f"现将{period.name}办件、评比、评价和监督情况通报如下。",
        sections=sections,
        appendices=(details, *pack.appendices(whole, period), definitions()),
    )


def definitions() -> Section:
    """指标口径: each figure as its one definition says it."""
    metrics = [load_metric(name) for name in DEFINED]
    return Section(
        "指标口径", [Text(f"{m.titles['zh']}：{plain(m.definitions['zh'])}") for m in metrics]
    )


def plain(definition: str) -> str:
    """A definition as a reader of reports needs it: what is said of columns and parameters, which
    have Latin names, is left out."""
    sentences = (
        "；".join(clause for clause in sentence.split("；") if not _LATIN.search(clause))
        for sentence in definition.split("。")
    )
    return "".join(f"{sentence}。" for sentence in sentences if sentence)
