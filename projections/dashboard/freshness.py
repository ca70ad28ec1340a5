"""How fresh the figures are, and how that is said: 数据截至 14:32:07，延迟 0.8 秒."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from duban.settings import settings
from projections.dashboard.sentences import Speaker
from projections.dashboard.words import Lang, say

State = Literal["ok", "behind", "away", "wait"]
BEHIND_SECONDS = 5.0  # from here on yellow
STILL_SECONDS = 30.0  # nothing moved for so long although there is something to do: red


@dataclass(frozen=True, slots=True)
class Freshness:
    """`as_of` is the system time (epoch s) up to which every fact is in the figures."""

    as_of: float | None = None
    lag: float = 0.0
    state: State = "wait"
    zone: str = "Asia/Shanghai"

    def said(self, lang: Lang) -> tuple[str, str]:
        """(sentence, state) for the pill."""
        if self.as_of is None:
            return say(
                "fresh.away_first" if self.state == "away" else "fresh.wait", lang
            ), self.state
        clock = datetime.fromtimestamp(self.as_of, ZoneInfo(self.zone)).strftime("%H:%M:%S")
        if self.state == "away":
            return say("fresh.away", lang, at=clock), self.state
        return say("fresh.ok", lang, at=clock, lag=lag_text(self.lag, lang)), self.state


def business_said(now: int, zone: str, lang: Lang) -> str:
    """业务时间 2026-09-28 16:30, where business time comes by ticks; else nothing."""
    if settings().business_time != "ticks" or not now:
        return ""
    local = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    return say("fresh.business", lang, at=f"{local:%Y-%m-%d %H:%M}")


def lag_text(seconds: float, lang: Lang) -> str:
    """0.8 秒, 12 秒, 3 分钟, 2 小时 5 分钟."""
    if seconds < 60:
        unit = "秒" if lang == "zh" else "s"
        return f"{seconds:.1f} {unit}" if seconds < 10 else f"{seconds:.0f} {unit}"
    return Speaker.minutes_in(lang, int(seconds // 60))


def judge(as_of: float | None, now: float, still: float, answered: bool, zone: str) -> Freshness:
    """State of the figures. `still` is for how many seconds nothing has moved while behind."""
    if as_of is None:
        return Freshness(None, 0.0, "wait" if answered else "away", zone)
    lag = max(now - as_of, 0.0)
    if not answered or (lag > STILL_SECONDS and still > STILL_SECONDS):
        return Freshness(as_of, lag, "away", zone)
    return Freshness(as_of, lag, "behind" if lag > BEHIND_SECONDS else "ok", zone)
