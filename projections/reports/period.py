"""The time a report is about: a month, a half-year, a year."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

FORM = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])|-(H[12])|-(Q[1-4]))?")
_PARTS = {"H": 6, "Q": 3}
_QUARTERS = ("一", "二", "三", "四")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months from the first day of one; `code` is as rankings name it: 2026-09, 2026-H1."""

    start: date
    length: int

    @property
    def months(self) -> tuple[str, ...]:
        """Its months, as metrics take them."""
        return tuple(_moved(self.start, n).strftime("%Y-%m") for n in range(self.length))

    def each(self, length: int = 1) -> tuple["Period", ...]:
        """Its months, or its parts of so many months, as periods of their own."""
        starts = range(0, self.length, length)
        return tuple(Period(_moved(self.start, n), length) for n in starts)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return _moved(self.start, self.length) - timedelta(1)

    def has(self, at: datetime) -> bool:
        """Whether an instant of the hall's own wall clock lies in it."""
        return self.start <= at.date() <= self.last_day

    @property
    def code(self) -> str:
        """2026-09, 2026-Q3, 2026-H1 or 2026."""
        year, nth = self.start.year, (self.start.month - 1) // self.length + 1
        if self.length == 12:
            return str(year)
        kind = {6: "H", 3: "Q"}.get(self.length)
        return f"{year}-{kind}{nth}" if kind else self.start.strftime("%Y-%m")

    @property
    def name(self) -> str:
        """2026年9月, 2026年上半年, 2026年第三季度, 2026年度."""
        return f"{self.start.year}年{'度' if self.length == 12 else self.part}"

    @property
    def part(self) -> str:
        """9月, 上半年, 第三季度: where the year is known."""
        nth = (self.start.month - 1) // self.length
        match self.length:
            case 12:
                return f"{self.start.year}年"
            case 6:
                return ("上半年", "下半年")[nth]
            case 3:
                return f"第{_QUARTERS[nth]}季度"
        return f"{self.start.month}月"

    @property
    def before(self) -> "Period":
        """The period of the same length before it."""
        return Period(_moved(self.start, -self.length), self.length)

    @property
    def year_ago(self) -> "Period":
        """The same period of the year before."""
        return Period(_moved(self.start, -12), self.length)

    def back(self, months: int) -> "Period":
        """So many months, the last of which is this period's last."""
        return Period(_moved(self.start, self.length - months), months)


def parse(text: str) -> Period:
    """A period as it is written. Raises `ValueError` for what is none."""
    found = FORM.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no period")
    year, month, half, quarter = found.groups()
    if part := half or quarter:
        length = _PARTS[part[0]]
        return Period(date(int(year), 1 + length * (int(part[1]) - 1), 1), length)
    return Period(date(int(year), int(month or 1), 1), 1 if month else 12)


def _moved(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def short(at: datetime) -> str:
    """10月8日."""
    return f"{at.month}月{at.day}日"


def spoken(day: date) -> str:
    """2026年10月8日."""
    return f"{day.year}年{day.month}月{day.day}日"
