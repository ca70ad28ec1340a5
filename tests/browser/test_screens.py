"""The pages as people see them, at a desk and on a phone, and as they change while one looks."""

import re
import signal
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from duban.bus import Producer
from duban.events import Actor
from tests.browser.conftest import Open, ask, shoot
from tests.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.stack]

LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
ALLOWED = ["English"]  # Latin words in the Chinese pages: the switch to the other language
PATIENCE_S = 60  # on a machine that does much else; how fast it is, `bench/` measures
PATIENCE_MS = 1_000 * PATIENCE_S
LONG_CASE = "/cases/sujiatun/{year}-00001"
PAGES = {
    "overview": "/",
    "cases": "/cases",
    "rate": "/cases?figure=on_time_rate",
    "alerts": "/alerts",
    "case": LONG_CASE,
}


def faults(page: Page, allowed: list[str] | None) -> list[str]:
    found: list[str] = page.evaluate(LOOKS, allowed)
    return found


def address(name: str, scene: Stack) -> str:
    if name != "case":
        return PAGES[name]
    (found,) = ask(scene, "/cases?q=-00001")["rows"]
    return f"/cases/{found['case_id']}"


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_whole(name: str, size: str, open_page: Open, scene: Stack) -> None:
    page = open_page(address(name, scene), size)
    shoot(page, f"{name}-{size}")
    assert faults(page, ALLOWED) == []


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_english_pages_are_whole_too(
    name: str, size: str, open_page: Open, scene: Stack
) -> None:
    page = open_page(f"/language?to=en&next={quote(address(name, scene))}", size)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    shoot(page, f"english-{name}-{size}")
    assert faults(page, None) == []


def test_the_phones_menu_opens(open_page: Open) -> None:
    page = open_page("/", "phone")
    expect(page.locator("#nav")).to_be_hidden()
    page.click("#menu")
    expect(page.locator("#nav")).to_be_visible()
    shoot(page, "menu-phone")
    assert faults(page, ALLOWED) == []


def test_every_figure_opens_a_list_of_as_many_cases(open_page: Open) -> None:
    page = open_page("/", "wide")
    figures = {
        card.get_attribute("data-key"): (
            card.locator(".num").inner_text(),
            card.locator(".frac").first.inner_text(),
            card.get_attribute("href"),
        )
        for card in page.locator("a.kpi").all()
    }
    assert len(figures) == 6
    base = page.url.rstrip("/")
    for key, (value, parts, href) in figures.items():
        page.goto(f"{base}{href}")
        listed = page.locator("[data-total]").get_attribute("data-total")
        assert listed == str(_cases_behind(value, parts)), key


def _cases_behind(value: str, parts: str) -> int:
    """A number of cases; of a rate, its denominator."""
    if "%" in value:
        found = re.search(r"÷ ([\d,]+)", parts)
        assert found, parts
        value = found.group(1)
    return int(value.replace(",", ""))


def test_figures_are_those_of_the_named_metrics(scene: Stack, open_page: Open) -> None:
    page = open_page("/", "wide")
    shown = {
        card.get_attribute("data-key"): card.locator(".num").inner_text()
        for card in page.locator("a.kpi").all()
    }
    for key, metric, column in (
        ("accepted_today", "accepted_today", "accepted"),
        ("closed_today", "closed_today", "closed"),
        ("overdue_open", "overdue_count", "overdue"),
        ("signals_today", "signals_today", "cases"),
    ):
        (row,) = ask(scene, f"/metrics/{metric}")["rows"]
        assert shown[key].replace(",", "") == str(row[column]), key


def test_a_list_is_worked_by_keyboard(open_page: Open) -> None:
    page = open_page("/cases", "wide")
    rows = page.locator("tr[data-href]")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    wanted = rows.nth(1).get_attribute("data-href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted}")


def test_the_days_of_a_due_date_unfold(open_page: Open, scene: Stack) -> None:
    page = open_page(address("case", scene), "wide")
    folded = page.locator("tr.folded").first
    expect(folded).to_be_hidden()
    page.click("label[for=alldays]")
    expect(folded).to_be_visible()


def _accept(scene: Stack, number: str) -> None:
    with scene.here(), Producer() as producer:
        actor = Actor("yaopin-01", "handler", "yaopin", "yaopin")
        case = f"sujiatun/{number}"
        producer.emit("CaseSubmitted", case=case, actor=actor, item_code="food-licence")
        producer.emit("CaseAccepted", case=case, actor=actor)


def test_a_figure_changes_in_place_by_push(open_page: Open, scene: Stack) -> None:
    page = open_page("/", "wide")
    figure = page.locator('[data-f="accepted_today.value"]')
    before = int(figure.inner_text())
    page.evaluate("window.stayed = true")
    for n in range(3):
        _accept(scene, f"9{n:04}")
        expect(figure).to_have_text(str(before + n + 1), timeout=PATIENCE_MS)
    assert page.evaluate("window.stayed") is True


def test_rows_do_not_move_under_the_pointer(open_page: Open, scene: Stack) -> None:
    page = open_page("/cases?state=open", "wide")
    page.locator("tr[data-href]").nth(3).hover()
    before = page.locator('[data-b="rows"]').inner_html()
    total = page.locator("[data-total]")
    count = int(total.get_attribute("data-total") or 0)
    _accept(scene, "99001")
    expect(total).to_have_attribute("data-total", str(count + 1), timeout=PATIENCE_MS)
    assert page.locator('[data-b="rows"]').inner_html() == before


def test_acknowledging_a_warning_changes_its_state(open_page: Open, scene: Stack) -> None:
    page = open_page("/alerts?state=raised", "wide")
    button = page.locator("button[data-ack]").first
    alert_id = button.get_attribute("data-ack")
    button.click()
    expect(button).to_have_text("已送出")
    page.mouse.move(0, 0)
    wait_for(
        lambda: alert_id in _in_state(scene, "acknowledged"),
        "it is acknowledged",
        PATIENCE_MS / 1000,
    )
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(f'button[data-ack="{alert_id}"]')).to_have_count(0, timeout=PATIENCE_MS)


def _in_state(scene: Stack, state: str) -> list[str]:
    return [row["alert_id"] for row in ask(scene, f"/alerts?state={state}")["rows"]]


def test_figures_stay_and_say_so_when_the_warehouse_is_away(open_page: Open, scene: Stack) -> None:
    page = open_page("/", "wide")
    figure = page.locator('[data-f="accepted_today.value"]')
    before = figure.inner_text()
    pill = page.locator("#fresh")
    expect(pill).to_have_class(re.compile("ok"), timeout=PATIENCE_MS)
    scene.kill("warehouse", signal.SIGSTOP)
    try:
        expect(pill).to_have_class(re.compile("away"), timeout=PATIENCE_MS)
        assert "暂时收不到新数据" in pill.inner_text()
        shoot(page, "away-wide")
        assert figure.inner_text() == before
    finally:
        scene.kill("warehouse", signal.SIGCONT)
    expect(pill).to_have_class(re.compile("ok"), timeout=PATIENCE_MS)


def test_a_wrong_token_is_told_so(open_page: Open, scene: Stack) -> None:
    page = open_page("/", "phone")
    page.goto(scene.url("dashboard") + "/logout")
    page.fill("#token", "wrong")
    page.click("button[type=submit]")
    expect(page.locator("[role=alert]")).to_be_visible()
    shoot(page, "login-phone")
    assert faults(page, ALLOWED) == []


def test_an_unknown_case_and_an_unknown_page_are_told_kindly(open_page: Open, scene: Stack) -> None:
    page = open_page("/cases/sujiatun/none", "phone")
    expect(page.get_by_text("没有这个办件")).to_be_visible()
    page.goto(scene.url("dashboard") + "/nowhere")
    expect(page.get_by_text("没有找到这一页")).to_be_visible()
