"""群众评价: ratings, cards and calls with their numbers, and matters that citizens brought."""

from typing import Any

from duban.figures import Rate
from projections.reports import appraisal
from projections.reports.model import (
    Block,
    Cell,
    Percent,
    Section,
    Table,
    Text,
    percent,
    with_parts,
)  # fmt: skip
from projections.reports.period import Period
from projections.reports.source import Source
from projections.reports.words import MATTERS

MINIMUM = 30  # fewer answers are shown, and said to be too few to compare
SOURCES = {"card": "客户意见反馈卡", "callback": "电话回访", "all": "两项合计"}
BROUGHT = ("complaint", "hotline", "review", "opinion")


def section(source: Source, period: Period) -> Section:
    """The section of the report."""
    rated = source.rate("satisfaction", period, "satisfied", "rated")
    asked = source.rate("response_rate", period, "answered", "invited")
    feedback = {
        row["source"]: Rate(row["satisfied"], row["n"]) for row in source.of("feedback", period)
    }
    blocks: list[Block] = [Text(_said(rated, asked))]
    if rated.whole or feedback:
        blocks.append(_satisfaction(rated, feedback))
    if parts := appraisal.of_ratings(source, period):
        blocks.append(parts)
    if matters := matters_of(source, period, BROUGHT):
        blocks.append(_matters(matters, "投诉、热线、差评和意见办理"))
    blocks += [_reviews(row) for row in source.of("reviews", period) if row["opened"]]
    return Section("群众评价", blocks)


def _said(rated: Rate, asked: Rate) -> str:
    said = (
        f"已评价办件好评率{with_parts(rated)}，{interval(rated)}"
        if rated.whole
        else "本期没有群众评价"
    )
    if asked.whole:
        said += f"；发出邀评{asked.whole:,.0f}次，评价参与率{with_parts(asked)}"
    if 0 < rated.whole < MINIMUM:
        said += f"。评价不足{MINIMUM}件，好评率仅供参考"
    return said + "。"


def interval(rate: Rate) -> str:
    """百分之九十五置信区间99.10%至99.95%."""
    low, high = rate.interval or (0, 0)
    return f"百分之九十五置信区间{percent(Rate(low, 1))}至{percent(Rate(high, 1))}"


def _satisfaction(rated: Rate, feedback: dict[str, Rate]) -> Table:
    rows = [_row("好差评（办件评价）", rated)]
    rows += [_row(SOURCES[s], feedback[s]) for s in ("card", "callback") if s in feedback]
    if len(feedback) > 2:  # both sources, and both together
        rows.append(_row(SOURCES["all"], feedback["all"]))
    return Table(
        "满意情况",
        ("来源", "满意", "样本", "满意率", "区间下限", "区间上限"),
        rows,
        note="满意指评价四级、五级或回访表示满意；区间为百分之九十五威尔逊区间，样本越小区间越宽。",
        widths=(2.2, 1, 1, 1.2, 1.2, 1.2),
    )


def _row(title: str, rate: Rate) -> tuple[Cell, ...]:
    low, high = rate.interval or (None, None)
    return title, int(rate.part), int(rate.whole), rate, Percent(low), Percent(high)


def _reviews(row: dict[str, Any]) -> Table:
    """The loop of bad ratings step by step, each as a share of what it is a part of."""
    steps = (
        ("已联系评价人", "contacted", "opened"), ("核实属实", "valid", "opened"),
        ("核实误评", "mistaken", "opened"), ("核实恶意", "malicious", "opened"),
        ("属实的已整改", "fixed", "valid"), ("整改按期", "in_time", "rectified"),
        ("已回访", "called_back", "opened"), ("回访满意", "content", "called_back"),
        ("申诉成立", "upheld", "appealed"), ("已结案", "closed", "opened"),
    )  # fmt: skip
    return Table(
        "差评闭环",
        ("环节", "件数", "基数", "占比"),
        [(title, row[part], row[of], Rate(row[part], row[of])) for title, part, of in steps],
        note=f"本期立案差评{row['opened']}件，按立案时间统计；回访应为百分之百。",
    )


def matters_of(source: Source, period: Period, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Cases of their own kind that began in a period: how many, closed, late."""
    rows = [row for row in source.of("matters", period) if row["kind"] in classes]
    return sorted(rows, key=lambda r: classes.index(r["kind"]))


def _matters(rows: list[dict[str, Any]], title: str) -> Table:
    return Table(
        title,
        ("类别", "收到", "办结", "其中超期", "在办超期", "按时率"),
        [
            (
                MATTERS[r["kind"]], r["brought"], r["closed"], r["late"], r["overdue"],
                Rate(r["kept"], r["timed"]),
            )
            for r in rows
        ],
        note="按收到时间统计；按时率为按时完成除以按时完成、超期完成与到期未完成之和。",
    )  # fmt: skip


def table_of(source: Source, period: Period, classes: tuple[str, ...], title: str) -> Table | None:
    """Such a table for other kinds; none where nothing began."""
    rows = matters_of(source, period, classes)
    return _matters(rows, title) if rows else None
