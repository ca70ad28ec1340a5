"""办件情况: how much was done, how fast, against the period before and the year before."""

from collections.abc import Mapping
from dataclasses import dataclass

from duban.figures import Rate
from projections.reports.model import (
    Block,
    Cell,
    Chart,
    Number,
    Percent,
    Section,
    Series,
    Table,
    Text,
    text_of,
    with_parts,
)  # fmt: skip
from projections.reports.period import Period
from projections.reports.source import Source

TREND = 12  # months


@dataclass(frozen=True, slots=True)
class Count:
    """A number with those of the period before and of the year before."""

    value: int
    before: int
    year_ago: int

    def mom(self) -> Percent:
        """环比."""
        return Percent(self.value / self.before - 1 if self.before else None, signed=True)

    def yoy(self) -> Percent:
        """同比."""
        return Percent(self.value / self.year_ago - 1 if self.year_ago else None, signed=True)


def counts(source: Source, period: Period) -> Mapping[str, Count]:
    """accepted, closed, kept and judged of a period."""
    return {
        row["figure"]: Count(row["value"], row["previous"], row["year_ago"])
        for row in source.ask("changes", period=period.code)
    }


def section(source: Source, period: Period) -> Section:
    """The section of the report."""
    found = counts(source, period)
    kept, judged = found["kept"], found["judged"]
    on_time = Rate(kept.value, judged.value)
    words: list[Block] = [Text(_said(found, on_time, period)), _figures(source, period, found)]
    if chart := _trend(source, period):
        words.append(chart)
    return Section("办件情况", words)


def _said(found: Mapping[str, Count], on_time: Rate, period: Period) -> str:
    accepted, closed = found["accepted"], found["closed"]
    kept, judged = found["kept"], found["judged"]
    points = _points(on_time, Rate(kept.year_ago, judged.year_ago))
    late = int(on_time.whole - on_time.part)
    return (
        f"{period.name}，大厅共受理申请{accepted.value:,}件{_compared(accepted)}；"
        f"办结{closed.value:,}件{_compared(closed)}。按时办结率{with_parts(on_time)}"
        + (f"，同比{points}" if points else "")
        + (f"；超期办结和超期未结共{late:,}件。" if late else "，无超期办件。")
    )


def _compared(count: Count) -> str:
    parts = [
        f"{name}{'增长' if (p.value or 0) >= 0 else '下降'}{text_of(Percent(abs(p.value)))}"
        for name, p in (("同比", count.yoy()), ("环比", count.mom()))
        if p.value is not None
    ]
    return f"，{'、'.join(parts)}" if parts else ""


def _points(now: Rate, before: Rate) -> str:
    """上升0.12个百分点; nothing where there is nothing to compare with."""
    if now.value is None or before.value is None:
        return ""
    difference = 100 * (now.value - before.value)
    if abs(difference) < 0.005:
        return "持平"
    return f"{'上升' if difference > 0 else '下降'}{abs(difference):.2f}个百分点"


def _figures(source: Source, period: Period, found: Mapping[str, Count]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        _count_row("受理申请（件）", found["accepted"]),
        _count_row("办结申请（件）", found["closed"]),
        _rate_row(
            "按时办结率",
            *(
                Rate(getattr(found["kept"], at), getattr(found["judged"], at))
                for at in ("value", "before", "year_ago")
            ),
        ),
    ]
    periods = (period, period.before, period.year_ago)
    for title, metric, part, whole in (
        ("提前办结率", "early_rate", "early", "timed"),
        ("网上办理率", "online_share", "online", "accepted"),
    ):
        rows.append(_rate_row(title, *(source.rate(metric, p, part, whole) for p in periods)))
    for title, metric, part, whole in (
        ("平均提前（工作日/件）", "saved_days", "saved", "timed"),
        ("平均到场（次/件）", "visits", "visits", "cases"),
        ("平均等候（分钟/号）", "wait_minutes", "minutes", "called"),
    ):
        rows.append(_mean_row(title, *(source.rate(metric, p, part, whole) for p in periods)))
    return Table(
        f"{period.name}主要指标",
        ("指标", "本期", "分子／分母", "上期", "环比", "上年同期", "同比"),
        rows,
        note="比率的环比、同比为百分点之差；平均数为总和除以件数。“—”表示没有可比数据。",
        widths=(2.3, 1.1, 1.7, 1.1, 1.2, 1.1, 1.2),
    )


def _count_row(title: str, count: Count) -> tuple[Cell, ...]:
    return (
        title, count.value, "", count.before or None, count.mom(), count.year_ago or None,
        count.yoy(),
    )  # fmt: skip


def _rate_row(title: str, now: Rate, before: Rate, ago: Rate) -> tuple[Cell, ...]:
    return title, now, _parts(now), before, _difference(now, before), ago, _difference(now, ago)


def _difference(now: Rate, other: Rate) -> Number:
    if now.value is None or other.value is None:
        return Number(None)
    return Number(100 * (now.value - other.value), 2, signed=True)


def _mean_row(title: str, now: Rate, before: Rate, ago: Rate) -> tuple[Cell, ...]:
    def change(other: Rate) -> Percent:
        if now.value is None or not other.value:
            return Percent(None, signed=True)
        return Percent(now.value / other.value - 1, signed=True)

    values = (Number(now.value), Number(before.value), Number(ago.value))
    return title, values[0], _parts(now), values[1], change(before), values[2], change(ago)


def _parts(rate: Rate) -> str:
    return f"{rate.part:,.0f}／{rate.whole:,.0f}" if rate.whole else ""


def _trend(source: Source, period: Period) -> Chart | None:
    """Twelve months to the last of the period, or as many as there is anything of."""
    rows = source.ask("months", month=period.months[-1], count=TREND)
    if len(rows) < 2:
        return None
    found = {row["month"]: row for row in rows}
    months = [m for m in period.back(TREND).each() if m.code >= rows[0]["month"]]

    def values(name: str) -> list[int]:
        return [found[m.code][name] if m.code in found else 0 for m in months]

    return Chart(
        "lines",
        "近月受理与办结",
        "件",
        [f"{m.start.year % 100}年{m.start.month}月" for m in months],
        [Series("受理", values("accepted")), Series("办结", values("closed"))],
    )
