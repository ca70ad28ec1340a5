"""Business time as query parameters: now, starts of its day and month, the same a period ago."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """Business time, and the starts of its day, its month and the month before, in a zone."""

    now: int
    zone: str
    soon: int = 0

    def starts(self) -> tuple[datetime, datetime, datetime]:
        """Start of the day, of the month and of the month before."""
        local = datetime.fromtimestamp(self.now / 1000, ZoneInfo(self.zone))
        day = datetime.combine(local.date(), time(), local.tzinfo)
        month = day.replace(day=1)
        before = datetime.combine(
            (month.date() - timedelta(1)).replace(day=1), time(), local.tzinfo
        )
        return day, month, before

    def parameters(self) -> dict[str, str]:
        """Query parameters as UTC texts that ClickHouse reads as DateTime64(3, 'UTC')."""
        day, month, before = self.starts()
        now = datetime.fromtimestamp(self.now / 1000, UTC)
        named = {
            "now": now,
            "day": day,
            "month": month,
            "month_before": before,
            "day_before": day - timedelta(1),
            "now_before": now - timedelta(1),
            "week_day": day - timedelta(7),
            "week_now": now - timedelta(7),
            "soon": datetime.fromtimestamp((self.soon or self.now) / 1000, UTC),
        }
        return {name: utc_text(at) for name, at in named.items()}


def utc_text(at: datetime) -> str:
    """2026-11-18 06:32:07.123, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def at(name: str) -> str:
    """SQL of the parameter `name`, an instant."""
    return f"{{{name}:DateTime64(3, 'UTC')}}"
