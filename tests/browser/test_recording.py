"""The forms of evaluation as people use them: a proposal carried out, a measure taken back and
appealed against, a place appealed against, and what a hall writes down by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from duban.bus import Producer
from duban.bus_make import make, new_id, stable_id
from duban.events import Event
from duban.periods import before, period_of
from projections.dashboard.forms import FORMS
from projections.dashboard.record_form import record_href
from tests.browser.conftest import Open, shoot
from tests.browser.test_screens import ALLOWED, PATIENCE_MS, faults
from tests.rest import wait_stored
from tests.stack import Stack, new_stack, wait_for
from tests.year import publish_for_few, rows

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HALL, ZONE = "sujiatun", "Asia/Shanghai"
NOW = datetime.now(UTC)
MONTH = before(period_of(int(NOW.timestamp() * 1000), ZONE))
CARD, FINDING = (stable_id("recording", name, 0) for name in ("card", "finding"))
STAFF = f"{HALL}-keji-01"
HOSTILE = "\"><script>document.title='taken'</script>"


def facts() -> Iterator[Event]:
    """A hall with somebody in it, absences of last month, findings of today, and a card."""
    month = datetime.strptime(f"{MONTH}-15T02:00:00+0000", "%Y-%m-%dT%H:%M:%S%z")
    post = {"staff_id": STAFF, "version": "1", "unit_id": f"{HALL}/keji", "role": "handler"}
    yield make(
        "StaffPosted",
        subject_type="post",
        subject_id=f"{STAFF}@1",
        hall=HALL,
        valid_from=month,
        **post,
    )
    for window in ("fagai", "keji", "minzheng"):
        absent = {"subject": window, "kind": "absent", "half_days": 1.0}
        yield make("AttendanceExcepted", hall=HALL, at=month, **absent)
    earlier = NOW - timedelta(hours=1)
    for window, category in (("keji", "no_reason"), ("fagai", "fees"), ("minzheng", "refused")):
        found = {"subject": window, "category": category, "finding_id": f"f-{window}"}
        named = FINDING if window == "keji" else new_id()
        yield make("FindingRaised", hall=HALL, at=earlier, event_id=named, **found)
    turn = {"party": "duty_lead", "due_at": earlier}
    yield make("PatrolScheduled", case=f"{HALL}/patrol-7", at=earlier, **turn)
    order = {
        "what": "补齐公示牌",
        "to_org": "renshe",
        "order_no": "7",
        "due_at": NOW + timedelta(9),
    }
    yield make("RectificationOrdered", case=f"{HALL}/zg-7", at=earlier, **order)
    yield from rated_badly(earlier)
    card = {"subject": "caizheng", "colour": "yellow", "reason": "多件超期"}
    yield make("CardIssued", hall=HALL, at=earlier, event_id=CARD, **card)


def rated_badly(at: datetime) -> Iterator[Event]:
    """A case whose citizen was not content."""
    about = {"case": f"{HALL}/rated-1", "at": at}
    yield make("CaseSubmitted", **about, item_code="project-filing")
    yield make("CaseAccepted", **about)
    yield make("DecisionMade", **about, decision="approved")
    yield make("RatingGiven", **about, level=1)


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """A stack on which these facts have arrived and last month is closed."""
    made = new_stack(tmp_path_factory.mktemp("recording") / "data", outside=outside)
    try:
        with made.start().here():
            publish_for_few(made)
            with Producer() as producer:
                producer.send_many(list(facts()))
            wait_stored(lambda: _scored() == 3, "three windows have a score")
            made.run("close", "--period", MONTH, "--hall", HALL, check=True)
            wait_stored(lambda: rows("SELECT 1 FROM rankings_now"), "a ranking")
        yield made
    finally:
        made.stop()


def _scored() -> int:
    sql = "SELECT count() FROM scores_now WHERE policy_id = 'window-month' AND period = {m:String}"
    [(count,)] = rows(sql, m=MONTH)
    return int(count)


def last(event_type: str) -> dict[str, Any] | None:
    """The fact of a type that was recorded last, as the warehouse has it."""
    found = rows(
        "SELECT causation_id, actor_role, payload, case_id FROM events"
        " WHERE event_type = {t:String} ORDER BY recorded_at DESC LIMIT 1",
        t=event_type,
    )
    return dict(zip(("cause", "role", "payload", "case"), found[0], strict=True)) if found else None


def opened(page: Page, link: str) -> None:
    """Follow a link of the list, as somebody who clicks on it."""
    page.locator(link).first.click()
    page.wait_for_selector("form[data-record]")


def send(page: Page) -> None:
    page.click("form[data-record] button")
    expect(page.locator(".done")).to_be_visible(timeout=PATIENCE_MS)


def row_of(page: Page, words: str) -> Any:
    return page.locator("table tbody tr").filter(has_text=words).first


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("event_type", sorted(t for t, form in FORMS.items() if form.group))
def test_a_form_is_whole(event_type: str, size: str, open_page: Open) -> None:
    page = open_page(record_href(HALL, event_type), size)
    shoot(page, f"form-{event_type}-{size}")
    assert faults(page, ALLOWED) == []


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize(
    "address",
    ["/record", f"/measures?hall={HALL}", f"/measures?hall={HALL}&kind=proposals",
     f"/measures?hall={HALL}&kind=findings",
     f"/ranking?hall={HALL}&period={MONTH}",
     record_href(HALL, "MeasureRevoked", measure_event_id=CARD),
     record_href(HALL, "RankingAppealed", subject="keji", subject_kind="window",
                 policy_id="window-month", period=MONTH)],
)  # fmt: skip
def test_what_leads_to_a_form_is_whole(address: str, size: str, open_page: Open) -> None:
    page = open_page(address, size)
    shoot(page, f"record-{address.strip('/')[:40].translate(str.maketrans('/?&=', '----'))}-{size}")
    assert faults(page, ALLOWED) == []


def test_an_address_that_names_nothing_says_so_and_leads_back(open_page: Open) -> None:
    bad = {"subject": "keji", "policy_id": "window-month", "period": "soon"}
    page = open_page(record_href(HALL, "RankingAppealed", **bad), "phone")
    expect(page.locator("[role=alert]")).to_contain_text("名次尚未公布")
    page.get_by_role("link", name="返回列表").click()
    expect(page.locator("table.rows")).to_be_visible()


def test_the_english_form_is_whole_too(open_page: Open) -> None:
    page = open_page("/language?to=en&next=/", "wide")
    for event_type in ("RectificationOrdered", "ComplaintFiled", "HonourGranted"):
        page.goto(page.url.split("/record")[0].rstrip("/") + record_href(HALL, event_type))
        page.wait_for_selector("form[data-record]")
        shoot(page, f"form-{event_type}-english")
        assert faults(page, None) == []


def test_a_proposal_is_carried_out_by_the_form_that_it_opens_and_is_then_answered(
    open_page: Open, scene: Stack
) -> None:
    page = open_page(f"/measures?hall={HALL}&kind=proposals", "wide")
    row = row_of(page, "不说明理由")
    expect(row).to_contain_text("待决定")
    row.locator("a.act").click()
    page.wait_for_selector("form[data-record]")
    expect(page.locator(".about")).to_contain_text("不说明理由")
    expect(page.locator("[name=subject]")).to_have_value("keji")
    expect(page.locator("[name=colour]")).to_have_value("yellow")
    shoot(page, "proposal-form-wide")
    page.fill("[name=reason]", "未说明不予受理的理由")
    page.fill("[name=evidence]", "督〔2026〕7 号")
    send(page)
    shoot(page, "proposal-done-wide")
    with scene.here():
        wait_for(lambda: (last("CardIssued") or {}).get("cause") == FINDING, "the card", 120)
    page.click(".done a")
    expect(row_of(page, "不说明理由")).to_contain_text("已处置", timeout=PATIENCE_MS)


def test_an_order_that_a_proposal_calls_for_goes_to_whom_the_person_says_with_a_number_of_its_own(
    open_page: Open, scene: Stack
) -> None:
    cause = record_href(HALL, "RectificationOrdered", causation_id=FINDING, to_org="keji")
    page = open_page(cause, "phone")
    page.fill("[name=what]", "补齐不予受理的书面理由")
    page.click("form[data-record] button")
    expect(page.locator("[data-wrong=due_at]")).to_contain_text("“期限”没有填写")
    page.fill("[name=due_at]", f"{NOW.year + 1}-01-15T17:00")
    send(page)
    with scene.here():
        wait_for(lambda: (last("RectificationOrdered") or {}).get("cause") == FINDING, "it", 120)
        told = last("RectificationOrdered")
    page.locator("[data-case-link]").click()
    expect(page.locator(".clocks")).to_contain_text("限期整改", timeout=PATIENCE_MS)
    assert told and told["cause"] == FINDING
    assert told["case"].startswith(f"{HALL}/rectification-")


def test_an_order_is_reported_from_the_page_of_its_case_and_accepted(open_page: Open) -> None:
    page = open_page(f"/measures?hall={HALL}", "wide")
    row_of(page, "补齐公示牌").get_by_role("link", name="打开这一件").click()
    page.get_by_role("link", name="报送整改").click()
    page.wait_for_selector("form[data-record]")
    expect(page.locator(".about")).to_contain_text("补齐公示牌")
    page.fill("[name=measure]", "已补齐")
    shoot(page, "rectification-form-wide")
    assert faults(page, ALLOWED) == []
    send(page)
    page.locator("[data-case-link]").click()
    accept = page.get_by_role("link", name="整改合格")
    expect(accept).to_be_visible(timeout=PATIENCE_MS)
    shoot(page, "rectification-case-wide")
    accept.click()
    page.wait_for_selector("form[data-record]")
    send(page)
    page.locator("[data-case-link]").click()
    expect(page.locator(".headline")).to_be_visible()
    expect(page.get_by_role("link", name="整改")).to_have_count(0, timeout=PATIENCE_MS)


def test_a_bad_rating_is_reviewed_from_the_page_of_its_case(open_page: Open) -> None:
    page = open_page(f"/cases/{HALL}/rated-1", "phone")
    page.get_by_role("link", name="差评受理").click()
    page.wait_for_selector("form[data-record]")
    expect(page.locator("[name=about_case_id]")).to_have_value(f"{HALL}/rated-1")
    expect(page.locator("[name=level]")).to_have_value("1")
    shoot(page, "review-form-phone")
    assert faults(page, ALLOWED) == []
    send(page)
    page.locator("[data-case-link]").click()
    page.get_by_role("link", name="差评核实").click(timeout=PATIENCE_MS)
    page.wait_for_selector("form[data-record]")
    page.select_option("[name=verdict]", "valid")
    page.fill("[name=reason]", "窗口承认态度生硬")
    send(page)
    page.locator("[data-case-link]").click()
    expect(page.get_by_role("link", name="差评整改")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("h1")).to_have_text("差评受理")
    shoot(page, "review-case-phone")


def test_a_finding_is_closed_from_the_list_of_findings(open_page: Open) -> None:
    page = open_page(f"/measures?hall={HALL}&kind=findings", "phone")
    expect(row_of(page, "违规收费")).to_contain_text("未销号")
    shoot(page, "findings-phone")
    row_of(page, "违规收费").get_by_role("link", name="销号").click()
    page.wait_for_selector("form[data-record]")
    expect(page.locator(".about")).to_contain_text("违规收费")
    page.fill("[name=evidence]", "整改照片 3 张")
    send(page)
    page.click(".done a")
    expect(row_of(page, "违规收费")).to_contain_text("已销号", timeout=PATIENCE_MS)
    assert faults(page, ALLOWED) == []


def test_a_measure_is_appealed_against_the_appeal_decided_and_nothing_is_left_to_revoke(
    open_page: Open, scene: Stack
) -> None:
    page = open_page(f"/measures?hall={HALL}", "wide")
    row = row_of(page, "多件超期")
    row.get_by_role("link", name="申诉").click()
    page.wait_for_selector("form[data-record]")
    page.click("form[data-record] button")
    expect(page.locator("[data-wrong=reason]")).to_contain_text("“申诉理由”没有填写")
    shoot(page, "appeal-refused-wide")
    page.fill("[name=reason]", "当日系统停机")
    send(page)
    page.click(".done a")
    expect(row_of(page, "多件超期")).to_contain_text("申诉待复核", timeout=PATIENCE_MS)
    row_of(page, "多件超期").get_by_role("link", name="复核申诉").click()
    page.wait_for_selector("form[data-record]")
    page.select_option("[name=upheld]", "true")
    page.fill("[name=reason]", "停机属实")
    send(page)
    page.click(".done a")
    expect(row_of(page, "多件超期")).to_contain_text("申诉成立", timeout=PATIENCE_MS)
    page.goto(page.url.split("/measures")[0] + record_href(
        HALL, "MeasureRevoked", measure_event_id=CARD))  # fmt: skip
    expect(page.locator("[role=alert]")).to_contain_text("失效")
    expect(page.locator("form[data-record]")).to_have_count(0)
    shoot(page, "revoke-too-late-wide")


def test_a_measure_is_revoked_in_the_role_that_the_person_has(
    open_page: Open, scene: Stack
) -> None:
    page = open_page(record_href(HALL, "TalkHeld", subject="fagai", subject_kind="window"), "wide")
    page.fill("[name=reason]", "约谈错了对象")
    send(page)
    page.click(".done a")
    row = row_of(page, "约谈错了对象")
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    row.get_by_role("link", name="撤销").click()
    page.wait_for_selector("form[data-record]")
    page.select_option("[name=role]", "discipline_officer")
    page.fill("[name=reason]", "对象有误")
    send(page)
    page.click(".done a")
    expect(row_of(page, "约谈错了对象")).to_contain_text("已撤销", timeout=PATIENCE_MS)
    with scene.here():
        assert (last("MeasureRevoked") or {})["role"] == "discipline_officer"


def test_a_place_is_appealed_against_and_the_appeal_is_decided(open_page: Open) -> None:
    page = open_page(f"/ranking?hall={HALL}&period={MONTH}", "wide")
    opened(page, "table.rows a.act")
    page.fill("[name=reason]", "一件超期由上级停机造成")
    send(page)
    page.click(".done a")
    waiting = row_of(page, "一件超期由上级停机造成")
    expect(waiting).to_contain_text("待复核", timeout=PATIENCE_MS)
    shoot(page, "ranking-appealed-wide")
    waiting.locator("a.act").click()
    page.wait_for_selector("form[data-record]")
    page.select_option("[name=upheld]", "false")
    page.fill("[name=reason]", "没有停机公告")
    send(page)
    page.click(".done a")
    done = row_of(page, "一件超期由上级停机造成")
    expect(done).to_contain_text("维持原决定", timeout=PATIENCE_MS)


def test_a_complaint_becomes_a_case_and_names_another_by_its_short_number(
    open_page: Open, scene: Stack
) -> None:
    page = open_page(record_href(HALL, "ComplaintFiled"), "phone")
    page.fill("[name=complaint]", HOSTILE)
    page.fill("[name=about_case_id]", "苏家屯区/2026-00001")
    page.select_option("[name=about_window_id]", "keji")
    send(page)
    with scene.here():
        wait_for(lambda: last("ComplaintFiled") is not None, "the complaint", 120)
        told = last("ComplaintFiled")
    assert told and '"about_case_id":"sujiatun/2026-00001"' in told["payload"].replace(" ", "")
    page.locator("[data-case-link]").click()
    expect(page).not_to_have_title("taken")


def test_a_round_is_told_of_the_turn_that_waited_for_it(open_page: Open, scene: Stack) -> None:
    page = open_page(record_href(HALL, "PatrolDone"), "wide")
    page.select_option("[name=case]", "patrol-7")
    page.select_option("[name=party]", "duty_lead")
    send(page)
    with scene.here():
        wait_for(lambda: (last("PatrolDone") or {}).get("case") == f"{HALL}/patrol-7", "it", 120)


def test_what_is_refused_is_said_at_its_field_and_what_was_typed_stays(open_page: Open) -> None:
    page = open_page(record_href(HALL, "AttendanceExcepted", subject="keji"), "wide")
    page.select_option("[name=kind]", "absent")
    page.fill("[name=half_days]", "5000")
    page.click("form[data-record] button")
    expect(page.locator("[data-wrong=half_days]")).to_have_text("“半天数”应在 0 到 1000 之间")
    expect(page.locator("[name=half_days]")).to_have_value("5000")
    expect(page.locator("[name=kind]")).to_have_value("absent")
    shoot(page, "refused-wide")
    page.fill("[name=half_days]", "1")
    send(page)


def test_a_call_back_about_a_case_that_is_not_there_says_what_to_do(open_page: Open) -> None:
    page = open_page(record_href(HALL, "CallbackDone"), "wide")
    page.fill("[name=case]", "2020-99999")
    page.select_option("[name=reached]", "true")
    page.click("form[data-record] button")
    expect(page.locator("form [role=status]")).to_contain_text("没有这个办件号。请核对后再登记。")


def test_an_address_fills_in_text_and_never_markup(open_page: Open) -> None:
    page = open_page(record_href(HALL, "TalkHeld", reason=HOSTILE, subject=HOSTILE), "wide")
    expect(page.locator("[name=reason]")).to_have_value(HOSTILE)
    expect(page).not_to_have_title("taken")
    assert page.locator("script", has_text="taken").count() == 0


CARD_OF = {"measure_event_id": CARD, "reason": "r"}


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ({"type": "MeasureRevoked", "role": "handler", **CARD_OF}, "this is for: centre manager"),
        ({"type": "MeasureRevoked", "role": "system", **CARD_OF}, "this is for: centre manager"),
        ({"type": "MeasureRevoked", **CARD_OF, "measure_event_id": FINDING}, "no such measure"),
        ({"type": "MeasureRevoked", "measure_event_id": CARD}, "“Reason” is missing"),
        ({"type": "RankingAppealed", "subject": "keji", "policy_id": "window-month",
          "period": "2001-01", "reason": "r"}, "not published yet"),
        ({"type": "SurveyClosed", "n": "many", "satisfied": "3"}, "“How many answered”"),
        ({"type": "ComplaintFiled", "complaint": "c", "case": "elsewhere/1"}, "“Case number”"),
    ],
)  # fmt: skip
def test_the_api_says_why_it_refuses(scene: Stack, fact: dict[str, str], said: str) -> None:
    token = scene.settings.dashboard_token.get_secret_value()
    answer = httpx.post(
        scene.url("dashboard") + "/api/v1/hall-facts",
        json=fact | {"hall": HALL},
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_page_of_another_site_cannot_record(open_page: Open, scene: Stack) -> None:
    page = open_page("/record", "wide")
    url = scene.url("dashboard") + "/api/v1/hall-facts"
    answer = page.request.post(url, data={"type": "TalkHeld", "hall": HALL})
    assert answer.status == 403
