"""The pages of evaluation over a simulated year: as people see them, figures that open their lists,
and the form by which a measure is recorded."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, shoot
from tests.browser.test_screens import ALLOWED, PATIENCE_MS, faults
from tests.stack import Stack, new_stack
from tests.year import MONTHS, rows, tell

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HALL = "sujiatun"
MONTH = MONTHS[8]
PAGES = {
    "ranking": "/ranking",
    "ranking-month": f"/ranking?hall={HALL}&period={MONTH}",
    "ranking-live": f"/ranking?hall={HALL}&period={MONTH}&view=live",
    "window": "/windows/{hall}/{window}?period={month}",
    "window-late": "/windows/{hall}/{window}?period={month}&cause=outcome",
    "ranking-staff": f"/ranking?hall={HALL}&policy=dujiangyan-star",
    "ranking-year": f"/ranking?hall={HALL}&policy=hunan-year",
    "staff": "/staff/{hall}/{staff}",
    "measures": "/measures",
    "honours": "/measures?kind=honours",
    "praise": "/measures?kind=praise",
    "proposals": "/measures?kind=proposals",
    "nothing": "/windows/{hall}/没有的窗口",
}
TALK = {"type": "TalkHeld", "hall": HALL, "subject": "keji", "reason": "约谈"}
LAST = """
SELECT subject FROM rankings_now
WHERE policy_id = 'window-month' AND period = {month:String} ORDER BY place DESC LIMIT 1
"""
HONOURED = """
SELECT subject FROM hall_facts_now
WHERE event_type = 'HonourGranted' AND subject_kind = 'staff' ORDER BY subject LIMIT 1
"""


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """A stack on which a year has been told; `open_page` opens its dashboard."""
    made = new_stack(
        tmp_path_factory.mktemp("evaluation") / "data", business_time="ticks", outside=outside
    )
    try:
        with made.start().here():
            tell(made, 0.0006, presets=True)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def known(scene: Stack) -> dict[str, str]:
    """Subjects that pages are looked at with: the last of the month, somebody with an honour."""
    with scene.here():
        [(window,)] = rows(LAST, month=MONTH)
        [(staff,)] = rows(HONOURED)
    return {"hall": HALL, "month": MONTH, "window": window, "staff": staff}


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_whole(name: str, size: str, open_page: Open, known: dict[str, str]) -> None:
    page = open_page(PAGES[name].format(**known), size)
    shoot(page, f"{name}-{size}")
    assert faults(page, ALLOWED) == []


@pytest.mark.parametrize("name", ["ranking-month", "window", "measures"])
def test_the_english_pages_are_whole_too(name: str, open_page: Open, known: dict[str, str]) -> None:
    page = open_page("/language?to=en&next=/", "wide")
    page.goto(page.url.rstrip("/") + PAGES[name].format(**known))
    page.wait_for_selector("#main .card")
    shoot(page, f"{name}-english")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert faults(page, None) == []


def test_every_place_of_the_page_is_that_of_the_published_ranking(
    open_page: Open, scene: Stack, known: dict[str, str]
) -> None:
    page = open_page(PAGES["ranking-month"], "wide")
    shown = [
        (row.locator("td").nth(0).inner_text(), row.locator("td").nth(3).inner_text())
        for row in page.locator("table.rows tbody tr").all()
    ]
    with scene.here():
        published = rows(
            "SELECT place, score FROM rankings_now WHERE policy_id = 'window-month'"
            " AND period = {month:String} AND place > 0 ORDER BY place, subject",
            month=MONTH,
        )
    assert [(int(place), float(score)) for place, score in shown] == [
        (place, round(score, 2)) for place, score in published
    ]


def test_a_figure_of_the_ranking_opens_as_many_points(open_page: Open) -> None:
    page = open_page(PAGES["ranking-month"], "wide")
    base = page.url.split("/ranking")[0]
    links = page.locator("table.rows tbody tr").first.locator("td.r a").all()
    figures = [(link.inner_text(), link.get_attribute("href")) for link in links]
    assert len(figures) == 2  # how many points, and what was on time
    for said, href in figures:
        page.goto(f"{base}{href}")
        listed = page.locator("[data-b=points] [data-total]").get_attribute("data-total")
        assert listed == said.split("÷")[-1].strip(), href


def test_points_lead_to_the_case_that_earned_them(open_page: Open, known: dict[str, str]) -> None:
    page = open_page(PAGES["window-late"].format(**known), "wide")
    page.locator("[data-b=points] a.link").first.click()
    expect(page.locator(".clocks")).to_be_visible()


def test_a_measure_is_recorded_by_the_form_and_flagged_without_evidence(
    open_page: Open, scene: Stack
) -> None:
    page = open_page("/measures", "wide")
    count = int(page.locator("[data-total]").get_attribute("data-total") or 0)
    page.get_by_role("link", name="约谈", exact=True).click()
    page.wait_for_selector("form[data-record]")
    page.select_option("[name=subject]", index=1)
    page.fill("[name=reason]", "连续两月排名末位")
    page.click("form button")
    expect(page.get_by_text("已登记")).to_be_visible()
    page.click(".done a")
    total = page.locator("[data-total]")
    expect(total).to_have_attribute("data-total", str(count + 1), timeout=PATIENCE_MS)
    expect(page.locator("table tbody tr").first).to_contain_text("缺少证据")
    shoot(page, "recorded-wide")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "没有登记：“有关办件号”超过 200 字"),
        ("en", "Not recorded: “Case number” is longer than 200 characters"),
    ],
)
def test_a_form_that_is_refused_says_why_in_the_language_of_the_page(
    open_page: Open, lang: str, said: str
) -> None:
    page = open_page(f"/record?hall={HALL}&type=PraiseReceived", "wide")
    page.context.add_cookies([{"name": "duban_lang", "value": lang, "url": page.url}])
    page.reload()
    page.select_option("[name=subject]", index=1)
    page.select_option("[name=kind]", "letter")
    page.fill("[name=case_id]", "九" * 201)
    page.click("form button")
    expect(page.locator("form [role=status]")).to_contain_text(said)


@pytest.mark.parametrize(
    ("fact", "headers", "status"),
    [
        ({"type": "PeriodClosed", "hall": HALL}, {}, 422),
        ({"type": "TalkHeld", "hall": HALL, "subject": "keji"}, {}, 422),  # no reason
        ({"type": "TalkHeld", "subject": "keji", "reason": "r"}, {}, 422),
        (TALK | {"recorded_at": "2020-01-01T00:00:00Z"}, {}, 422),
        (TALK, {"Authorization": "Bearer wrong"}, 401),
        (TALK, {}, 202),
    ],
)
def test_the_api_records_what_people_decide_and_nothing_else(
    scene: Stack, fact: dict[str, str], headers: dict[str, str], status: int
) -> None:
    token = scene.settings.dashboard_token.get_secret_value()
    shown = {"Authorization": f"Bearer {token}"} | headers
    url = scene.url("dashboard") + "/api/v1/hall-facts"
    assert httpx.post(url, json=fact, headers=shown, timeout=20).status_code == status


def test_the_phones_menu_has_evaluation(open_page: Open) -> None:
    page = open_page("/ranking", "phone")
    page.click("#menu")
    expect(page.locator("#nav a.on")).to_have_text("评价")
