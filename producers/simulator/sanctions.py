"""Blame in the simulated year: cards, an admonition, talks, a term to mend, and what is undone.

What happens once (an appeal, a correction, a void, a fact that comes after its month was closed)
stands on a working day of its own, so that every year has it.
"""

from collections.abc import Callable
from typing import Any

from duban.events import Actor, Event
from producers.simulator.diary import Page, officer, proof

Earlier = dict[str, Event]  # facts that others name, by what they are called here


def duties(page: Page, number: int, earlier: Earlier) -> None:
    """What people decide on working day `number` of the year."""
    for act in DUTIES.get(number, ()):
        act(page, earlier)


# --- attendance: late, wrong, void ---


def _late_absence(page: Page, _: Earlier) -> None:
    """Found in the books after the month was closed: its ranking is revised."""
    first = page.later(1)
    _absence(page, page.careless(3), page.at(8.75, first), recorded_at=page.at(11, page.later(25)))


def _wrong_absence(page: Page, earlier: Earlier) -> None:
    earlier["absence"] = _absence(page, page.careless(1), page.at(8.75))


def _correct_absence(page: Page, earlier: Earlier) -> None:
    """It was leave that somebody had asked for."""
    wrong = earlier["absence"]
    page.note(
        "AttendanceExcepted",
        wrong.occurred_at,
        officer(page.hall, "duty_lead"),
        subject=wrong.data["subject"],
        kind="leave",
        half_days=1.0,
        recorded_at=page.at(10),
        corrects=wrong.event_id,
    )


def _void_absence(page: Page, _: Earlier) -> None:
    wrong = _absence(page, page.careless(5), page.at(8.75))
    page.note(
        "HallFactVoided",
        page.at(11),
        officer(page.hall, "duty_lead"),
        subject=wrong.data["subject"],
        voided_event_id=wrong.event_id,
        reason="记错了窗口",
    )


def _absence(page: Page, window: str, at: int, recorded_at: int = 0) -> Event:
    return page.note(
        "AttendanceExcepted",
        at,
        officer(page.hall, "duty_lead"),
        subject=window,
        kind="absent",
        half_days=1.0,
        recorded_at=recorded_at,
    )


# --- the ladder ---


def _decided(
    page: Page, event_type: str, subject: str, reason: str, paper: str, **more: Any
) -> Event:
    """A measure of the efficiency office, with its paper; "" for one without."""
    papers = [proof(paper, page.day)] if paper else []
    actor = officer(page.hall, "efficiency_office")
    of = "staff" if event_type == "AdmonitionIssued" else "window"
    return page.note(
        event_type,
        page.at(10),
        actor,
        subject=subject,
        of=of,
        evidence=papers,
        reason=reason,
        **more,
    )


def _yellow(page: Page, _: Earlier) -> None:
    window = page.careless(0 if page.day.month < 4 else 1)
    _decided(page, "CardIssued", window, "一个月内多件超过承诺时限", "record", colour="yellow")


def _bare_yellow(page: Page, _: Earlier) -> None:
    """Without evidence: it stands, and is flagged."""
    _decided(
        page, "CardIssued", page.careless(4), "值班长当场发现，未留书面记录", "", colour="yellow"
    )


def _red(page: Page, earlier: Earlier) -> None:
    earlier["red"] = _decided(
        page, "CardIssued", page.careless(), "黄牌之后再次发生同类问题", "record", colour="red"
    )


def _talk(page: Page, _: Earlier) -> None:
    _decided(page, "TalkHeld", page.careless(), "连续两月排名末位", "minutes")


def _criticise(page: Page, _: Earlier) -> None:
    reason = "整改不到位，三个季度排名末位"
    _decided(page, "PublicCriticism", page.careless(), reason, "notice", scope="city")


def _rectify(page: Page, earlier: Earlier) -> None:
    """限期整改: ordered, handed in, accepted."""
    office, window = officer(page.hall, "efficiency_office"), page.careless()
    case, order = f"{page.hall}/rectify-{page.day:%Y%m%d}", f"order-{page.day:%Y%m%d}"
    head = Actor(page.staff_of(window)[0], "window_head", window, window)
    due = page.at(17, page.later(10))
    page.tell("RectificationOrdered", case, page.at(10), office, order_no=order, due_at=due,
              to_org=window, what="承诺时限内办结", because=earlier["red"],
              evidence=[proof("notice", page.day)])  # fmt: skip
    page.tell("RectificationSubmitted", case, page.at(14, page.later(8)), head, order_no=order,
              measure="高峰时段增开一个席位")  # fmt: skip
    page.tell("RectificationAccepted", case, page.at(10, page.later(9)), office, order_no=order)


# --- what is appealed and taken back ---


def _admonish(page: Page, earlier: Earlier) -> None:
    staff = page.staff_of(page.careless())[1]
    earlier["admonition"] = _decided(
        page,
        "AdmonitionIssued",
        staff,
        "无故让办事群众长时间等候",
        "record",
        because=earlier["red"],
    )


def _appeal(page: Page, earlier: Earlier) -> None:
    """The admonition is appealed against, the appeal upheld, and who gave it takes it back."""
    given = earlier["admonition"]
    about: dict[str, Any] = {
        "subject": given.data["subject"],
        "of": "staff",
        "measure_event_id": given.event_id,
    }
    office, decided = officer(page.hall, "efficiency_office"), page.later(4)
    person = Actor(given.data["subject"], "handler")
    page.note("MeasureAppealed", page.at(9), person, reason="当日排号机故障", **about)
    page.note("MeasureAppealDecided", page.at(14, decided), office, upheld=True,
              reason="设备日志属实", **about)  # fmt: skip
    page.note("MeasureRevoked", page.at(15, decided), office, reason="申诉成立", **about)


def _ranking_appeal(page: Page, _: Earlier) -> None:
    """A window appeals against last month's place; points are given back."""
    window, office = page.careless(2), officer(page.hall, "centre_manager")
    month = f"{page.day.year}-{page.day.month - 1:02d}"
    about: dict[str, Any] = {"subject": window, "policy_id": "window-month", "period": month}
    head = Actor(page.staff_of(window)[0], "chief_rep", window, window)
    page.note("RankingAppealed", page.at(9), head, reason="一件超期由上级系统停机造成", **about)
    decided = page.at(15, page.later(3))
    page.note("RankingAppealDecided", decided, office, upheld=True, reason="停机公告属实", **about)
    page.note("ScoreAdjusted", decided + 60_000, office, points=5.0, reason="申诉成立，退回扣分",
              approver=office.id, **about)  # fmt: skip


def _take_back_honour(page: Page, _: Earlier) -> None:
    """A star granted by mistake, taken back the same afternoon."""
    window, manager = page.careless(6), officer(page.hall, "centre_manager")
    about: dict[str, Any] = {"subject": page.staff_of(window)[2], "of": "staff"}
    star = page.note("HonourGranted", page.at(10), manager, kind="service_star", level="hall",
                     period=f"{page.day.year}-Q3", **about)  # fmt: skip
    page.note("HonourRevoked", page.at(15), manager, honour_event_id=star.event_id,
              reason="材料与本人不符", **about)  # fmt: skip


Act = Callable[[Page, Earlier], None]
DUTIES: dict[int, tuple[Act, ...]] = {
    22: (_late_absence,),
    38: (_yellow,),
    61: (_wrong_absence,),
    64: (_correct_absence,),
    70: (_yellow,),
    80: (_void_absence,),
    96: (_red,),
    99: (_talk,),
    104: (_rectify,),
    131: (_admonish,),
    140: (_appeal,),
    150: (_ranking_appeal,),
    163: (_yellow,),
    185: (_take_back_honour,),
    190: (_bare_yellow,),
    200: (_criticise,),
    210: (_talk,),
}
