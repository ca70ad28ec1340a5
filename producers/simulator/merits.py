"""Praise and titles of the simulated year: feedback cards, banners, stars, the board of deeds."""

from typing import Any

from duban.boards import quotas
from duban.events import Actor
from producers.simulator.diary import Page, officer, proof
from producers.simulator.story import APPLICANT, Story, pick

CARD_SHARE = 0.06  # 客户意见反馈卡, of closed cases
PRAISE_SHARE = 0.016  # 锦旗、镜匾、表扬信: 639 for 39,072 cases (seed 004)
CARD_MARKS = ((5, 70), (4, 24), (3, 4), (2, 2))
CARD_MARKS_WHEN_LATE = ((4, 1), (3, 1), (2, 1))
PRAISES = (("letter", 55), ("banner", 25), ("plaque", 5), ("phone", 12), ("press", 3))
BOARD = "good_deeds"  # 善行功德榜: five classes of six
HOUR = 3_600_000

Fields = dict[str, Any]


def thanks(page: Page, story: Story) -> None:
    """What an applicant says of a case after it was closed, beside the rating."""
    closed = next((f.occurred_at for f in story.facts if f.type == "CaseClosed"), 0)
    if not closed:
        return
    rng = story.rng
    about: Fields = {"subject": story.window, "case_id": story.case_id}
    kept = story.fate == "kept"
    if rng.random() < CARD_SHARE:
        level = pick(rng, CARD_MARKS if kept else CARD_MARKS_WHEN_LATE)
        page.note(
            "FeedbackCardReceived", closed + HOUR, APPLICANT, channel="box", level=level, **about
        )
    if kept and rng.random() < PRAISE_SHARE:
        kind = pick(rng, PRAISES)
        channel = "phone" if kind == "phone" else "counter"
        page.note(
            "PraiseReceived", closed + 2 * HOUR, APPLICANT, channel=channel, kind=kind, **about
        )


def honours(page: Page, number: int) -> None:
    """Titles of working day `number`: stars each quarter, posts of honour, the year's board."""
    quarter = f"{page.day.year}-Q{(page.day.month + 2) // 3}"
    if number in (58, 118, 182, 240):
        _grant(page, page.good_window(), "window", kind="red_flag", period=quarter)
        star = page.rng.choice(page.staff_of(page.good_window()))
        _grant(page, star, "staff", kind="service_star", period=quarter)
    if number == 120:
        for window in page.rng.sample(list(page.windows), 3):
            post = page.staff_of(window)[1]
            _grant(page, post, "staff", kind="pioneer_post", period=f"{page.day.year}-H1")
    if number == 230:
        _grant(page, page.good_window(), "window", kind="model_window", period=f"{page.day.year}")
        _good_deeds(page)


def _grant(page: Page, subject: str, of: str, **data: Any) -> None:
    actor: Actor = officer(page.hall, "centre_manager")
    papers = [proof("decision", page.day)]
    page.note(
        "HonourGranted",
        page.at(16.5),
        actor,
        subject=subject,
        of=of,
        evidence=papers,
        level="hall",
        **data,
    )


def _good_deeds(page: Page) -> None:
    staff = [member for window in page.windows for member in page.staff_of(window)]
    places = {name: n for (board, name), n in quotas().items() if board == BOARD}
    chosen = iter(page.rng.sample(staff, sum(places.values())))
    year = f"{page.day.year}"
    for class_name, count in places.items():
        for _ in range(count):
            _grant(
                page,
                next(chosen),
                "staff",
                kind=BOARD,
                board=BOARD,
                class_name=class_name,
                period=year,
            )
