"""Shapes of calendars and opening hours in reference files, and what all their tables share.

Dates are local dates; hours are written "09:00-12:00".
"""

import re
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^[\w./-]{1,120}$")]
SHIFT = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)$")


def _shift(value: Any) -> Any:
    """ "09:00-12:00" as start and end."""
    if isinstance(value, str):
        if not SHIFT.match(value):
            raise ValueError('hours are written "09:00-12:00"')
        start, end = value.split("-")
        return {"start": start, "end": end}
    return value


class Table(BaseModel):
    """A table of a reference file: no key that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShiftModel(Table):
    """One stretch of opening hours, local time."""

    start: str
    end: str

    @model_validator(mode="after")
    def _forward(self) -> "ShiftModel":
        if self.start >= self.end:
            raise ValueError(f"{self.start}-{self.end} ends before it begins")
        return self


def _in_order(shifts: list[ShiftModel]) -> list[ShiftModel]:
    for one, following in pairwise(shifts):
        if following.start < one.end:
            raise ValueError(f"{following.start} lies before {one.end}: shifts overlap")
    return shifts


ShiftList = Annotated[
    list[Annotated[ShiftModel, BeforeValidator(_shift)]], AfterValidator(_in_order)
]


class Version(Table):
    """What every version has: its number, when it was published, when it takes effect."""

    version: Id
    effective_from: date | datetime
    published_on: date | None = None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name} is no IANA time zone, such as Asia/Shanghai") from error
    return name


class NamedDays(Table):
    """Dates of one holiday; `shifts` where the notice names hours (a half day)."""

    name: str = Field(max_length=100)
    days: list[date]
    shifts: ShiftList = []


class CalendarModel(Table):
    """A year's national notice (放假调休)."""

    calendar_id: Id = "cn"
    year: int = Field(ge=1990, le=2200)
    version: Id
    doc_no: str = ""
    published_on: date
    holidays: list[NamedDays] = []
    makeup_days: list[NamedDays] = []

    @model_validator(mode="after")
    def _once(self) -> "CalendarModel":
        seen: set[date] = set()
        for day in (d for group in (*self.holidays, *self.makeup_days) for d in group.days):
            if day in seen:
                raise ValueError(f"{day} is listed twice")
            if not date(self.year - 1, 12, 15) < day <= date(self.year, 12, 31):
                raise ValueError(f"{day} does not belong to the notice of {self.year}")
            seen.add(day)
        return self


class WeekModel(Table):
    """Hours of some weekdays: 1 Monday … 7 Sunday."""

    weekdays: list[Annotated[int, Field(ge=1, le=7)]]
    shifts: ShiftList


class OwnDay(Table):
    """A date on which the hall or window departs from the public calendar."""

    date: date
    open: bool = True
    shifts: ShiftList = []
    why: str = Field("", max_length=400)


class HoursModel(Version):
    """Opening hours of a hall, or of one window."""

    hall: Id
    window: str = ""
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    weekly: list[WeekModel] = []
    days: list[OwnDay] = []
