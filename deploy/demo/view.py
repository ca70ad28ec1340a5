"""The terminal while the demo runs: figures, the last signals and recoveries; Chinese first."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.demo.figures import HALL, Figures, Notice
from duban import reference
from duban.words import CLOCKS

WEEKDAYS = "一二三四五六日"
LEVELS = {
    "reminder": ("提醒", "cyan"),
    "yellow": ("黄牌预警", "yellow"),
    "red": ("红牌预警", "bold red"),
}
TITLES = {
    "cases": "案件", "closed": "办结", "on_time": "按时", "late": "超时", "open": "在办",
    "reminders": "提醒", "yellow": "黄牌预警", "red": "红牌预警", "events_projected": "事件",
}  # fmt: skip


def screen(figures: Figures, notices: Sequence[Notice], now: datetime | None) -> RenderableType:
    """Everything on one screen."""
    counts = Table.grid(padding=(0, 3))
    for _ in TITLES:
        counts.add_column(justify="right")
    counts.add_row(*(Text(title, style="dim") for title in TITLES.values()))
    counts.add_row(*(Text(f"{getattr(figures, n):,}", style=_style(n)) for n in TITLES))
    ticker = Table.grid(padding=(0, 2))
    for notice in notices:
        ticker.add_row(*_line(notice))
    newest = Text("最近的预警（每类至多三条）", style="dim")
    title = f"督办演示 · {_hall()} · {told(now)}"
    return Panel(Group(counts, Text(), newest, ticker), title=title, title_align="left", width=100)


def told(now: datetime | None) -> str:
    """Business time as people say it."""
    return f"{now:%Y-%m-%d} 星期{WEEKDAYS[now.weekday()]} {now:%H:%M}" if now else "尚未开始"


def line(notice: Notice) -> Text:
    """A signal on one line, for terminals that cannot be redrawn."""
    return Text("  ").join(_line(notice))


def _line(notice: Notice) -> tuple[Text, ...]:
    name, style = LEVELS[notice.level]
    what = {
        "AlertRaised": Text(name, style=style),
        "AlertCleared": Text(f"已恢复（{name}）", style="green"),
        "AlertRetracted": Text(f"已撤回（{name}）", style="dim"),
    }[notice.event_type]
    local = notice.case_id.partition("/")[2]
    clock = CLOCKS.get(notice.clock_kind, notice.clock_kind)
    texts = (clock, notice.item_name, _window(notice.window_id), local)
    return Text(f"{notice.at:%m-%d %H:%M}"), what, *map(Text, texts)


def _style(name: str) -> str:
    return {"late": "red", "red": "bold red", "yellow": "yellow", "reminders": "cyan"}.get(
        name, "bold"
    )


@cache
def _names() -> dict[str, str]:
    return dict(reference.reference_from(reference.load(reference.SHIPPED)).names)


def _hall() -> str:
    return _names().get(HALL, HALL)


def _window(window: str) -> str:
    return _names().get(f"{HALL}/{window}", window)
