"""四个一样: whether groups of applicants are served alike, with what chance alone would do."""

from duban.figures import Rate, gap
from projections.reports.model import Block, Cell, Number, Section, Table, Text
from projections.reports.period import Period
from projections.reports.source import Row, Source
from projections.reports.words import AXES, SIDES, joined, named

MINIMUM = 10  # a group with fewer cases is shown and not judged


def section(source: Source, period: Period) -> Section | None:
    """The section; none where nothing was judged."""
    rows = source.of("fairness", period)
    if not rows:
        return None
    order = list(AXES)
    rows.sort(key=lambda r: (order.index(r["axis"]), -r["judged"], r["group_name"]))
    blocks: list[Block] = [Text(_said(rows)), _table(rows)]
    return Section("四个一样", blocks)


def _judged(row: Row) -> str:
    """Whether a group differs from the rest: 无差异, 偏高, 偏低, 样本不足."""
    if min(row["judged"], row["rest_judged"]) < MINIMUM:
        return "样本不足"
    found = gap(Rate(row["kept"], row["judged"]), Rate(row["rest_kept"], row["rest_judged"]))
    if found is None or not found.differs:
        return "无明显差异"
    return "偏高" if found.value > 0 else "偏低"


def _said(rows: list[Row]) -> str:
    lower = [
        f"{named(AXES, r['axis'])}中的{named(SIDES, r['group_name'])}" for r in rows
        if _judged(r) == "偏低"
    ]  # fmt: skip
    if not lower:
        return "按忙时闲时、渠道、申请人类别、生熟、对己对人分组比较，各组按时办结率没有明显差异。"
    return f"分组比较，按时办结率明显偏低的有：{joined(lower)}。请有关窗口查明原因。"


def _table(rows: list[Row]) -> Table:
    def cells(row: Row) -> tuple[Cell, ...]:
        one, rest = Rate(row["kept"], row["judged"]), Rate(row["rest_kept"], row["rest_judged"])
        found = gap(one, rest)
        wait = row["minutes"] / row["waits"] if row["waits"] else None
        return (
            named(AXES, row["axis"]), named(SIDES, row["group_name"]), row["judged"], one, rest,
            Number(100 * found.value if found else None, 2, signed=True), _judged(row),
            Number(wait),
        )  # fmt: skip

    return Table(
        "分组按时办结率",
        ("维度", "分组", "应计件数", "按时率", "其余按时率", "相差百分点", "判断", "平均等候"),
        [cells(r) for r in rows],
        note=f"判断依据为两组之差的百分之九十五区间，任一组不足{MINIMUM}件的不作判断；平均等候以分钟计。",
        words=(0, 1, 6),
        widths=(1.2, 1.4, 1, 1, 1.1, 1.1, 1.3, 1),
    )
