"""A hall in mid-month, as facts: what the screens are looked at and tested with.

The same instant gives the same facts. Windows, matters and terms are those of `schemas/reference`.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from duban.bus_make import make, stable_id
from duban.events import Actor, Event

ZONE = ZoneInfo("Asia/Shanghai")
HALL = "sujiatun"
DAYS = 40
# matter, window, cases a day, usual days to the decision
MATTERS = (
    ("food-licence", "yaopin", 6, 5),
    ("hygiene-licence", "weijian", 4, 5),
    ("labour-dispatch", "renshe", 3, 7),
    ("road-transport", "jiaotong", 5, 3),
    ("construction-permit", "zhujian", 3, 2),
    ("fire-inspection", "xiaofang", 3, 3),
    ("land-planning", "guihua", 2, 7),
    ("works-planning", "guihua", 1, 7),
    ("tree-felling", "linye", 1, 5),
    ("seed-licence", "nongye", 1, 6),
    ("project-filing", "fagai", 4, 0),
)
GRADES = (5, 5, 5, 5, 4, 4, 5, 3, 5, 2)


@dataclass(frozen=True)
class Case:
    """One case to be told: when it came in and how many days it took (None: still open)."""

    no: int
    item: str
    window: str
    accepted: datetime
    days: int | None
    rating: int | None
    online: bool

    @property
    def id(self) -> str:
        return f"{HALL}/{self.accepted.year}-{self.no:05}"


class Told(NamedTuple):
    """One fact before it is made into an event."""

    case: Case
    kind: str
    at: datetime
    channel: str
    fields: Mapping[str, Any]


def facts(now_ms: int) -> Iterator[Event]:
    """All facts of the scene up to an instant, in order of time within each case."""
    now = datetime.fromtimestamp(now_ms / 1000, ZONE)
    dice = random.Random(77)
    lives = [_life(case, dice) for case in _cases(now, dice)]
    for life in (*lives, _long_case(now)):
        yield from (_event(told) for told in life if told.at <= now)


def _cases(now: datetime, dice: random.Random) -> Iterator[Case]:
    no = 8000
    for back in range(DAYS, -1, -1):
        day = now.date() - timedelta(back)
        if day.weekday() >= 5:
            continue
        for item, window, many, usual in MATTERS:
            for _ in range(max(0, many + dice.randint(-1, 1))):
                no += 1
                late = dice.random() < 0.02
                days = usual + dice.randint(-2, 1) + (9 if late else 0)
                rating = dice.choice(GRADES) if dice.random() < 0.4 else None
                at = _at(day, dice, back == 0)
                yield Case(no, item, window, at, max(days, 0), rating, dice.random() < 0.3)


def _at(day: date, dice: random.Random, today: bool) -> datetime:
    hour = dice.choice((9, 9, 10) if today else (9, 9, 10, 10, 11, 13, 14, 14, 15, 16))
    return datetime.combine(day, time(hour, dice.randint(0, 59)), ZONE)


def _life(case: Case, dice: random.Random) -> Iterator[Told]:
    at = case.accepted
    channel = "online" if case.online else "counter"
    submitted = at - timedelta(minutes=dice.randint(5, 90))
    yield _fact(case, "CaseSubmitted", submitted, channel, item_code=case.item)
    yield _fact(case, "CaseAccepted", at, channel)
    if case.days is None:
        return
    end = _working_days_later(at, case.days) + timedelta(minutes=dice.randint(1, 80))
    yield _fact(case, "DecisionMade", end, channel, decision="approved")
    yield _fact(case, "ResultDelivered", end + timedelta(minutes=6), channel)
    if case.rating is not None:
        yield _fact(case, "RatingGiven", end + timedelta(minutes=9), channel, level=case.rating)


def _long_case(now: datetime) -> Iterator[Told]:
    """One with everything: a supplement, an expert review, upstream's time, a late record."""
    start = _working_days_later(datetime.combine(now.date() - timedelta(38), time(16, 40), ZONE), 0)
    case = Case(1, "works-planning", "guihua", start, None, None, True)
    yield _fact(case, "CaseSubmitted", start - timedelta(days=3), "online", item_code=case.item)
    yield _fact(case, "CaseAccepted", start, "online")
    review = _working_days_later(start, 4)
    notice = {"ground": "expert_review", "written_notice_no": "规〔2026〕118 号"}
    yield _fact(case, "ClockExclusionStarted", review, "counter", **notice)
    back = _working_days_later(review, 8)
    yield _fact(case, "ClockExclusionEnded", back, "counter", ground="expert_review")
    sent = _working_days_later(back, 2)
    yield _fact(case, "ForwardedUp", sent, "counter", authority="市自然资源局")
    answered = _working_days_later(sent, 3)
    late = {"recorded_at": _iso(answered + timedelta(days=2))}
    yield _fact(case, "UpstreamReplied", answered, "counter", authority="市自然资源局", **late)
    yield _fact(case, "EnquiryAnswered", answered + timedelta(hours=1), "counter", **late)


def _fact(case: Case, kind: str, at: datetime, channel: str, **fields: Any) -> Told:
    return Told(case, kind, at, channel, fields)


def _event(told: Told) -> Event:
    case = told.case
    recorded = {"recorded_at": _iso(told.at + timedelta(minutes=1))}
    return make(
        told.kind,
        case=case.id,
        at=told.at,
        actor=Actor(f"{case.window}-01", "handler", case.window, case.window),
        channel=told.channel,
        event_id=stable_id("scene", f"{case.id}/{told.kind}", 0),
        **{**recorded, **told.fields},
    )


def _working_days_later(at: datetime, days: int) -> datetime:
    while days or at.weekday() >= 5:
        at += timedelta(days=1)
        days -= at.weekday() < 5 and days > 0
    return at


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
