"""Instants and spans as people say them, on a screen and in a terminal alike.

今日 15:10, 超期 2 个工作日, 剩 38 分钟. Instants are epoch milliseconds; the zone and the days are
those of the hall's calendar.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from duban.worktime import Calendar

Lang = Literal["zh", "en"]
MINUTE, HOUR = 60_000, 3_600_000
WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
NEAR = {
    "zh": {-1: "昨日", 0: "今日", 1: "明日"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}
LESS = {"zh": "不足 1 个工作日", "en": "< 1 workday"}
UNITS = {
    "zh": {"working_day": "个工作日", "working_minute": "分钟", "calendar_day": "天"},
    "en": {"working_day": "workdays", "working_minute": "min", "calendar_day": "days"},
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says instants and spans in one language, as of one business instant, by one calendar."""

    lang: Lang
    now: int
    calendar: Calendar

    def by(self, calendar: Calendar) -> "Speaker":
        """The same, by another calendar."""
        return self if calendar is self.calendar else replace(self, calendar=calendar)

    def local(self, at: int) -> datetime:
        """The instant on the hall's wall clock."""
        return datetime.fromtimestamp(at / 1000, ZoneInfo(self.calendar.zone))

    def instant(self, at: int | None) -> str:
        """今日 15:10, 明日 09:00, 11-18 17:00, 2025-11-18 17:00."""
        return "—" if at is None else f"{self.day(at)} {self.clock(at)}"

    def clock(self, at: int) -> str:
        """15:10."""
        return self.local(at).strftime("%H:%M")

    def day(self, at: int) -> str:
        """今日, 昨日, 明日, 11-18, or 2025-11-18 in another year."""
        local, today = self.local(at), self.local(self.now)
        near = NEAR[self.lang].get(local.date().toordinal() - today.date().toordinal())
        return near or local.strftime("%m-%d" if local.year == today.year else "%Y-%m-%d")

    def weekday(self, at: int) -> str:
        """一 … 日."""
        return WEEKDAYS[self.lang][self.local(at).weekday()]

    def span(self, a: int, b: int, unit: str = "working_day") -> str:
        """How long from a to b: working days between closes; within a day, hours and minutes."""
        if unit == "working_minute":
            return self.minutes(self.calendar.minutes_between(a, b))
        if self.local(a).date() == self.local(b).date():
            return self.minutes((b - a) // MINUTE)
        if unit == "calendar_day":
            return self.amount((self.local(b).date() - self.local(a).date()).days, unit)
        days = self.calendar.closes_between(a, b)
        return self.amount(days, "working_day") if days else LESS[self.lang]

    def minutes(self, minutes: int) -> str:
        """38 分钟, 3 小时 10 分钟."""
        return self.minutes_in(self.lang, minutes)

    @staticmethod
    def minutes_in(lang: Lang, minutes: int) -> str:
        """The same where no calendar is at hand."""
        hour, minute = ("小时", "分钟") if lang == "zh" else ("h", "min")
        hours, rest = divmod(max(minutes, 0), 60)
        parts = [f"{hours} {hour}"] if hours else []
        return " ".join([*parts, f"{rest} {minute}"] if rest or not hours else parts)

    def amount(self, n: int, unit: str) -> str:
        """20 个工作日, 55 分钟, 60 天."""
        if unit == "working_minute":
            return self.minutes(n)
        if self.lang == "en" and n == 1:
            return f"1 {UNITS['en'].get(unit, 'days')[:-1]}"
        return f"{n:,} {UNITS[self.lang].get(unit, UNITS[self.lang]['calendar_day'])}"

    def left(self, due: int | None, unit: str = "working_day", ended: int | None = None) -> str:
        """剩 4 个工作日, 超期 2 个工作日; for a case that ended late, by how much it was."""
        if due is None:
            return "—"
        until = self.now if ended is None else ended
        if until > due:
            return _after("超期" if self.lang == "zh" else "over", self.span(due, until, unit))
        if ended is not None:
            return "按时" if self.lang == "zh" else "on time"
        return _after("剩" if self.lang == "zh" else "left", self._ahead(until, due, unit))

    def _ahead(self, now: int, due: int, unit: str) -> str:
        """Time left as people count it: a due date tomorrow is one day ahead, whatever the hour."""
        if unit in ("working_day", "instant") and self.local(now).date() != self.local(due).date():
            return self.span(self.calendar.day_end(now) - 1, due, unit)
        return self.span(now, due, unit)


def _after(word: str, span: str) -> str:
    """超期 2 个工作日, but 超期不足 1 个工作日."""
    return f"{word}{span}" if span == LESS["zh"] else f"{word} {span}"
