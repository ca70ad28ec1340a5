"""学习培训与活动: sessions held, people reached, cards and texts handed out."""

from collections import defaultdict

from projections.reports.facts import HallFacts
from projections.reports.model import Block, Cell, Section, Table, Text
from projections.reports.words import ACTIVITIES, joined, named


def section(facts: HallFacts) -> Section | None:
    """The section; none where nothing was held."""
    held = facts.of("ActivityHeld")
    outreach = facts.counted("OutreachDone", "kind", "count")
    if not held and not outreach:
        return None
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for fact in held:
        sums[str(fact.data.get("kind", ""))][0] += int(fact.data.get("sessions", 1))
        sums[str(fact.data.get("kind", ""))][1] += int(fact.data.get("headcount", 0))
    blocks: list[Block] = [Text(_said(sums, outreach))]
    if held:
        rows: list[tuple[Cell, ...]] = [
            (named(ACTIVITIES, f.data.get("kind", "")), f.data.get("topic") or "—",
             f.data.get("sessions", 1), f.data.get("headcount", 0))
            for f in held
        ]  # fmt: skip
        heads = ("类别", "主题", "次数", "人次")
        blocks.append(Table("活动情况", heads, rows, words=(0, 1), widths=(1.2, 4, 1, 1)))
    return Section("学习培训与活动", blocks)


def _said(sums: dict[str, list[int]], outreach: dict[str, int]) -> str:
    parts = [f"{named(ACTIVITIES, kind)}{n}次{people:,}人次" for kind, (n, people) in sums.items()]
    said = f"本期开展{joined(parts)}" if parts else "本期没有集中活动"
    given = [
        f"{word}{outreach[kind]:,}{unit}"
        for kind, word, unit in (("card", "便民联系卡", "张"), ("text", "政策资料", "份"))
        if outreach.get(kind)
    ]
    return said + (f"；发放{joined(given)}。" if given else "。")
