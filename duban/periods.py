"""Periods of a score: a month, quarter, half or year, named as people write them, in a hall's zone.

"2026-09", "2026-Q3", "2026-H2", "2026". An instant lies in the period that its local date lies in.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Length = Literal["month", "quarter", "half", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_SIGNS = {"Q": "quarter", "H": "half"}


@lru_cache(maxsize=8192)
def period_of(at: int, zone: str, length: str = "month") -> str:
    """The period of a length in which an instant (ms) lies."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    return _named(local.year * 12 + local.month - 1, length)


@lru_cache(maxsize=1024)
def bounds(period: str, zone: str) -> tuple[int, int]:
    """First instant of a period, and the first after it, in ms."""
    first, length = _first_month(period)
    return _instant(first, zone), _instant(first + MONTHS[length], zone)


def length_of(period: str) -> str:
    """How long a period is: month, quarter, half or year."""
    return _first_month(period)[1]


def before(period: str, count: int = 1) -> str:
    """The period of the same length so many before this one."""
    first, length = _first_month(period)
    return _named(first - count * MONTHS[length], length)


def _first_month(period: str) -> tuple[int, str]:
    """Months since year 0 at its beginning, and the length."""
    year, _, part = period.partition("-")
    if not part:
        return int(year) * 12, "year"
    if part[0] in _SIGNS:
        length = _SIGNS[part[0]]
        return int(year) * 12 + (int(part[1:]) - 1) * MONTHS[length], length
    return int(year) * 12 + int(part) - 1, "month"


def _named(month: int, length: str) -> str:
    year, month = divmod(month, 12)
    number = month // MONTHS[length] + 1
    match length:
        case "year":
            return f"{year:04d}"
        case "half":
            return f"{year:04d}-H{number}"
        case "quarter":
            return f"{year:04d}-Q{number}"
        case _:
            return f"{year:04d}-{number:02d}"


def _instant(month: int, zone: str) -> int:
    year, month = divmod(month, 12)
    return int(datetime(year, month + 1, 1, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
