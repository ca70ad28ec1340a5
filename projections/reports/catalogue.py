"""承诺时限与事项目录: how much was promised below each base, and what is in the catalogue."""

from datetime import timedelta

from duban.figures import Rate
from projections.reports.model import Block, Cell, Number, Section, Table, Text
from projections.reports.period import Period
from projections.reports.source import Row, Source
from projections.reports.words import BASES


def section(source: Source, period: Period) -> Section | None:
    """The section; none where the hall has published no item."""
    month = period.months[-1]
    [found] = source.ask("catalogue", month=month)
    if not found["items"]:
        return None
    bases = {base: source.ask("compression", month=month, base=base)[0] for base in BASES}
    blocks: list[Block] = [Text(_said(source, period, found)), _compression(bases), _table(found)]
    return Section("承诺时限与事项目录", blocks)


def _said(source: Source, period: Period, found: Row) -> str:
    over = period.last_day < source.as_of.date()
    until = str(period.last_day + timedelta(1)) if over else ""
    [change] = source.ask("catalogue_change", since=str(period.start), until=until)
    said = (
        f"期末在用事项{found['items']:,}项，其中审批事项{found['approval']:,}项、"
        f"服务事项{found['service']:,}项"
    )
    moved = [
        f"{word}{change[name]}项" for name, word in (("added", "新增"), ("removed", "取消"))
        if change[name]
    ]  # fmt: skip
    return said + (f"，期内{'、'.join(moved)}。" if moved else "，期内没有增减。")


def _compression(bases: dict[str, Row]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            BASES[base], row["items"], row["base_sum"], row["promise_sum"], row["cut"],
            Rate(row["cut"], row["base_sum"]), row["without_base"],
        )
        for base, row in bases.items()
        if row["items"]
    ]  # fmt: skip
    return Table(
        "承诺时限压缩",
        ("比较基数", "事项", "基数之和", "承诺之和", "压缩天数", "压缩率", "无此基数"),
        rows,
        note="压缩率为各事项基数减承诺之和除以基数之和，以工作日计；没有该基数或承诺不以工作日计的事项不计入。",
        widths=(2, 1, 1.2, 1.2, 1.2, 1.2, 1.2),
    )


def _table(found: Row) -> Table:
    items = found["items"]
    rows: list[tuple[Cell, ...]] = [
        ("进厅办理（应进必进）", found["in_hall"], Rate(found["in_hall"], items)),
        ("厅内可办结（授权到位）", found["decided_in_hall"], Rate(found["decided_in_hall"], items)),
        ("五公开齐全", found["disclosed"], Rate(found["disclosed"], items)),
        ("平均承诺时限（工作日）", found["promised"], Number(found["mean_promise"])),
        ("平均申请材料（份）", items, Number(found["mean_materials"])),
    ]
    return Table("事项目录", ("项目", "事项数", "比例或平均"), rows, widths=(3, 1, 1))
