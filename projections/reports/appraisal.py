"""评价分项, 满意度调查, 三评: what lies behind a single rate, each mean a sum over a sum."""

from collections import defaultdict

from duban.figures import Rate
from projections.reports.model import Cell, Number, Percent, Section, Table, Text, with_parts
from projections.reports.period import Period
from projections.reports.source import Row, Source
from projections.reports.words import ASPECTS, SIDES, VOICES, joined, named

AXES = {"aspect": ("维度", ASPECTS), "channel": ("渠道", SIDES), "source": ("来源", VOICES)}
LEVELS = ("数量", "级别之和", "平均级别", "满意", "满意率", "区间下限", "区间上限")
APPRAISERS = VOICES | {"mass": "群众评议"}
NOTE = "级别为一至五级，四级、五级为满意；区间为百分之九十五威尔逊区间。"


def of_ratings(source: Source, period: Period) -> Table | None:
    """Ratings by aspect, channel and source; an axis with one group says no more than the whole."""
    found = source.of("rating_aspects", period)
    groups = defaultdict(list)
    for row in found:
        groups[row["axis"]].append(row)
    rows: list[tuple[Cell, ...]] = [
        (title, named(words, row["group_name"]), *_levels(row))
        for axis, (title, words) in AXES.items()
        if axis == "aspect" or len(groups[axis]) > 1
        for row in groups[axis]
    ]
    if not rows:
        return None
    note = f"{NOTE}互评、点评和自评只列来源，不计入维度和渠道；核实为误评、恶意评价的不计。"
    return Table(
        "评价分项", ("分项", "名称", *LEVELS), rows, note=note, words=(0, 1),
        widths=(0.8, 1.6, 0.9, 1, 1, 0.9, 1.1, 1.1, 1.1),
    )  # fmt: skip


def _levels(row: Row) -> tuple[Cell, ...]:
    rate = Rate(row["satisfied"], row["n"])
    low, high = rate.interval or (None, None)
    mean = row["levels"] / row["n"]
    return (
        row["n"],
        row["levels"],
        Number(mean, 2),
        row["satisfied"],
        rate,
        Percent(low),
        Percent(high),
    )


def section(source: Source, period: Period) -> Section | None:
    """满意度调查与三评; none where nobody asked and nobody appraised."""
    surveys, appraisals = source.of("surveys", period), source.of("appraisals", period)
    if not surveys and not appraisals:
        return None
    tables = [_surveys(source, surveys), _by_source(appraisals), _by_window(source, appraisals)]
    return Section("满意度调查与三评", [Text(_said(surveys, appraisals)), *filter(None, tables)])


def _said(surveys: list[Row], appraisals: list[Row]) -> str:
    parts = []
    if surveys:
        times = sum(r["surveys"] for r in surveys)
        asked = Rate(sum(r["satisfied"] for r in surveys), sum(r["answered"] for r in surveys))
        parts.append(f"开展满意度调查{times}次，满意率{with_parts(asked)}")
    if appraisals:
        sources = [f"{named(APPRAISERS, s)}{r['n']:,}份" for s, r in _sums(appraisals).items()]
        parts.append(f"收到评议{joined(sources)}")
    return f"本期{'；'.join(parts)}。"


def _surveys(source: Source, rows: list[Row]) -> Table | None:
    def cells(row: Row) -> tuple[Cell, ...]:
        rate = Rate(row["satisfied"], row["answered"])
        low, high = rate.interval or (None, None)
        who = source.who(row["subject_kind"], row["subject"])
        return (
            who, row["surveys"], row["answered"], row["satisfied"], rate, Percent(low),
            Percent(high),
        )  # fmt: skip

    if not rows:
        return None
    heads = ("对象", "次数", "回收", "满意", "满意率", "区间下限", "区间上限")
    note = "满意率为满意数之和除以回收数之和；区间为百分之九十五威尔逊区间。"
    widths = (2.4, 0.8, 1, 1, 1.1, 1.1, 1.1)
    return Table("满意度调查", heads, [cells(r) for r in rows], note=note, widths=widths)


def _sums(appraisals: list[Row]) -> dict[str, Row]:
    """Appraisals by source, of all subjects together."""
    found: dict[str, Row] = {}
    for source in VOICES:
        rows = [r for r in appraisals if r["source"] == source]
        if rows:
            found[source] = {k: sum(r[k] for r in rows) for k in ("n", "levels", "satisfied")}
    return found


def _by_source(appraisals: list[Row]) -> Table | None:
    rows = [(named(APPRAISERS, s), *_levels(r)) for s, r in _sums(appraisals).items()]
    note = f"{NOTE}含对窗口、人员和支部的评议。"
    widths = (1.8, 0.9, 1, 1, 0.9, 1.1, 1.1, 1.1)
    return Table("三评汇总", ("来源", *LEVELS), rows, note=note, widths=widths) if rows else None


def _by_window(source: Source, appraisals: list[Row]) -> Table | None:
    """Of each window and branch the mean by source; those of persons are theirs to see."""
    found: defaultdict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in appraisals:
        if row["subject_kind"] in ("window", "branch"):
            found[row["subject_kind"], row["subject"]][row["source"]] = row
    heads = [s for s in VOICES if any(s in given for given in found.values())]
    rows: list[tuple[Cell, ...]] = [
        (source.who(*subject), *(_mean(given.get(s)) for s in heads))
        for subject, given in found.items()
    ]
    if not rows:
        return None
    return Table(
        "各窗口评议平均级别", ("窗口", *(named(APPRAISERS, s) for s in heads)), rows,
        note="括号内为级别之和／评议份数。", widths=(2, *(1.5 for _ in heads)),
    )  # fmt: skip


def _mean(row: Row | None) -> str:
    return f"{row['levels'] / row['n']:.2f}（{row['levels']}／{row['n']}）" if row else "—"
