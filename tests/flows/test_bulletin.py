"""`duban report` on a real stack: a hall's month, from its events to a letter that can be sent."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from tests.paper import bare, html_rows, pdf_text
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

ZONE = ZoneInfo("Asia/Shanghai")
CLERK = Actor("clerk", "handler", window_id="w1")
CITIZEN = Actor("", "applicant")
HEAD = Actor("head", "centre_manager")
TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.S)
NOW = datetime.now(ZONE)
TURNED = NOW.month != (NOW - timedelta(hours=2)).month  # a month that has just begun
START = NOW - timedelta(hours=4 if TURNED else 2)
MONTH = START.strftime("%Y-%m")
CASES = 6
FACTS = 17  # of the hall

RANKED = """
[[score]]
version = "1"
effective_from = 2004-01-01
policy_id = "{policy}"
name = "试行评比"
base = 50.0
minimum_n = {least}
top = 1
flags = 0

[[score.rules]]
rule_id = "five"
on = "rating:5"
points = 1.0
source = "试行"
"""


@pytest.fixture(scope="module")
def hall(stack: Stack) -> Iterator[str]:
    """A hall of one window with six cases decided and praise, a finding and a card this month."""
    name = f"rep-{uuid4().hex[:6]}"
    with stack.here():
        publish_names(stack, name)
        with Producer() as producer:
            for n in range(CASES):
                case(producer, f"{name}/{n}")
            happen(producer, name)
        wait_stored(lambda: ready(name), "figures, points and facts are there")
        yield name


def publish_names(stack: Stack, name: str) -> None:
    folder = stack.data / name
    folder.mkdir()
    text = f"""
[[unit]]
org_id = "{name}"
version = "1"
kind = "hall"
name = "某某区政务服务中心"
effective_from = 2004-01-01
"""
    for window in ("w1", "w2"):  # two of one name
        text += f"""
[[unit]]
org_id = "{name}/{window}"
version = "1"
kind = "window"
name = "公安户籍窗口"
effective_from = 2004-01-01
"""
    for policy, least in (("few", CASES), ("many", CASES + 1)):
        text += RANKED.format(policy=f"{name}-{policy}", least=least)
    (folder / "units.toml").write_text(text, encoding="utf-8")
    stack.json("apply", str(folder))


def case(producer: Producer, name: str) -> None:
    at = START
    more = {"case": name, "actor": CLERK}
    producer.emit(
        "CaseSubmitted", **more, at=at, item_code="project-filing", channel="online",
        applicant_class="company",
    )  # fmt: skip
    producer.emit("CaseAccepted", **more, at=at + timedelta(minutes=1))
    producer.emit("DecisionMade", **more, at=at + timedelta(minutes=30), decision="approved")
    producer.emit("RatingInvited", case=name, actor=CLERK, at=at + timedelta(minutes=31))
    producer.emit("RatingGiven", case=name, actor=CITIZEN, at=at + timedelta(minutes=40), level=5,
                  dims={"attitude": 5, "efficiency": 4}, channel="mobile")  # fmt: skip


def happen(producer: Producer, hall: str) -> None:
    about = {"hall": hall, "actor": HEAD, "subject": "w1", "at": START}
    producer.emit("PraiseReceived", **about, kind="banner", count=2)
    producer.emit("FindingRaised", **about, finding_id="f1", category="conduct", severity="minor",
                  party="duty_lead")  # fmt: skip
    for minute, again in enumerate(("FindingRaised", "FindingClosed", "FindingRaised")):
        fault = {"category": "files", "severity": "major"} if again == "FindingRaised" else {}
        producer.emit(again, **about | {"at": START + timedelta(minutes=minute)}, finding_id="f2",
                      **fault)  # fmt: skip
    honour = {**about, "kind": "service_star"}
    first = producer.emit("HonourGranted", **honour).event_id
    producer.emit("HonourGranted", **honour, corrects_event_id=first, level="hall")
    producer.emit("HonourRevoked", **about, honour_event_id=first, reason="误授")
    producer.emit("HonourGranted", **about, kind="pioneer_post")
    producer.emit("CardIssued", **about, colour="yellow", reason="窗口空岗")
    producer.emit("ActivityHeld", **about, kind="training", topic="服务礼仪", sessions=1,
                  headcount=30)  # fmt: skip
    producer.emit("SurveyClosed", **about, n=80, satisfied=76)
    for source, level in (("mass", 5), ("mass", 4), ("leader", 3), ("self", 5)):
        producer.emit("AppraisalGiven", **about, source=source, level=level)
    namesake = about | {"subject": "w2"}
    producer.emit("AppraisalGiven", **namesake, source="leader", level=1)
    producer.emit("RankingAppealed", **about, policy_id="window-month", period=MONTH,
                  reason="一件超期系系统停机")  # fmt: skip
    producer.emit("PatrolScheduled", case=f"{hall}/patrol-1", actor=HEAD, at=START,
                  party="duty_lead", due_at=START + timedelta(minutes=30))  # fmt: skip


def ready(hall: str) -> bool:
    """Whether all has come through: outcomes and ratings as points, and the facts of the hall."""
    points = warehouse.rows(
        "SELECT count() AS n FROM score_points_now WHERE hall_id = {hall:String}", hall=hall
    )
    facts = warehouse.rows(
        "SELECT count() AS n FROM hall_facts_now WHERE hall_id = {hall:String}", hall=hall
    )
    scored = warehouse.metric("rank", hall=hall, month=MONTH).first()
    return points[0]["n"] >= 2 * CASES and facts[0]["n"] >= FACTS and scored.get("ratings") == CASES


def report(stack: Stack, hall: str, into: Path, *more: str) -> dict[str, Any]:
    said: dict[str, Any] = stack.json("report", "--hall", hall, "--out", str(into), *more)
    return said


def words(path: Path) -> str:
    return TAGS.sub(" ", path.read_text(encoding="utf-8"))


def test_a_bulletin_says_what_the_events_say_in_three_forms(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    given = ("--number", "某政通〔2026〕9号", "--issue", "第九期", "--copy", "区委办公室")
    said = report(stack, hall, tmp_path, "--month", MONTH, *given)
    assert [Path(f).suffix for f in said["files"]] == [".html", ".xlsx", ".pdf"]
    text = words(Path(said["files"][0]))
    assert f"共受理申请{CASES}件" in text
    assert f"按时办结率100%（{CASES}/{CASES}）" in text
    assert "评价参与率100%" in text
    assert f"好评率100%（{CASES}/{CASES}）" in text
    assert "锦旗2面" in text
    assert "黄牌警告" in text and "证据待补" in text
    assert "一般1个" in text and "较重1个" in text and "未整改2个" in text  # one was raised again
    assert "党员先锋岗" in text and "服务明星" not in text  # which was corrected, then revoked
    assert "业务培训1次30人次" in text
    assert "公安户籍窗口" in text
    assert "市级规定时限" in text  # the base of a compression is named
    assert not set(re.findall("[A-Za-z]+", text))
    book = load_workbook(said["files"][1])
    assert "一、办件情况" in book.sheetnames


def test_ratings_surveys_appraisals_and_missed_turns_stand_in_the_bulletin(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    [html] = report(stack, hall, tmp_path, "--month", MONTH, "--format", "html")["files"]
    rows = html_rows(Path(html).read_text(encoding="utf-8"))
    aspects = [row for row in rows if row[0] == "维度" and row[2] == str(CASES)]
    assert [row[1:7] for row in aspects] == [
        ["服务态度", str(CASES), str(5 * CASES), "5.00", str(CASES), "100%"],
        ["办事效率", str(CASES), str(4 * CASES), "4.00", str(CASES), "100%"],
    ]
    text = bare(words(Path(html)))
    assert "开展满意度调查1次，满意率95.00%(76/80)" in text.replace("（", "(").replace("）", ")")
    assert ["群众评议", "2", "9", "4.50", "2", "100%"] in [row[:6] for row in rows]
    for one_of_two in (["4.50（9/2）", "3.00（3/1）", "5.00（5/1）"], ["-", "1.00（1/1）", "-"]):
        assert ["公安户籍窗口", *one_of_two] in rows
    assert ["大厅值班长", "1", "0", "0", "1", "1"] in rows
    assert "漏巡1轮" in text


def test_an_open_appeal_stands_beside_the_ranking_and_a_decided_one_does_not(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    def ranking() -> str:
        [html] = report(stack, hall, tmp_path, "--month", MONTH, "--format", "html")["files"]
        return words(Path(html)).partition("群众评价")[0]

    assert "一件超期系系统停机" in ranking()
    about = {"policy_id": "window-month", "period": MONTH, "subject": "w1", "hall": hall}
    with stack.here():
        with Producer() as producer:
            producer.emit("RankingAppealDecided", **about, actor=HEAD, upheld=False, reason="属实")
        wait_for(lambda: appeal(hall) == "rejected", "it is decided", 120, 0.5)
    assert "一件超期系系统停机" not in ranking()


def appeal(hall: str) -> str:
    return str(warehouse.metric("ranking_appeals", hall=hall).first()["state"])


def test_a_pdf_says_row_by_row_what_the_html_says(stack: Stack, hall: str, tmp_path: Path) -> None:
    files = report(stack, hall, tmp_path, "--month", MONTH, "--format", "html,pdf")["files"]
    page, text = Path(files[0]).read_text(encoding="utf-8"), pdf_text(Path(files[1]).read_bytes())
    [title] = re.findall("<h1>(.*?)</h1>", page)
    assert bare(title) in text
    rows = html_rows(page)
    assert [row for row in rows if "公安户籍窗口" in row[:3] and "按时" not in row]
    assert [row for row in rows if "".join(row) not in text] == []


def test_one_changed_event_changes_the_bulletin(stack: Stack, hall: str, tmp_path: Path) -> None:
    with Producer() as producer:
        happened = producer.emit(
            "PraiseReceived", hall=hall, actor=HEAD, subject="w1", kind="letter", count=3,
            at=START,
        )  # fmt: skip
    name = happened.event_id
    praised = f"SELECT count() AS n FROM hall_facts_now WHERE toString(event_id) = '{name}'"
    wait_for(lambda: warehouse.rows(praised)[0]["n"] == 1, "the letters are there", 120, 0.5)
    [html] = report(stack, hall, tmp_path, "--month", MONTH, "--format", "html")["files"]
    assert "表扬信3封" in words(Path(html))
    with Producer() as producer:
        producer.emit("HallFactVoided", hall=hall, actor=HEAD, reason="记错窗口",
                      voided_event_id=name)  # fmt: skip
    wait_for(lambda: warehouse.rows(praised)[0]["n"] == 0, "they are voided", 120, 0.5)
    report(stack, hall, tmp_path, "--month", MONTH, "--format", "html")
    assert "表扬信" not in words(Path(html))


def test_a_windows_page_has_every_point_and_their_sum(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    [html] = report(stack, hall, tmp_path, "--month", MONTH, "--subject", "w1", "--format", "html")[
        "files"
    ]
    text = words(Path(html))
    points = list(warehouse.metric("score_points", hall=hall, month=MONTH, subject="w1").dicts())
    [live] = warehouse.rows("SELECT score FROM scores_now WHERE hall_id = {hall:String}"
                            " AND subject = 'w1' AND period = {month:String}"
                            " AND policy_id = 'window-month'", hall=hall, month=MONTH)  # fmt: skip
    back = {p["reverses"] for p in points}
    standing = [p for p in points if not p["reverses"] and str(p["point_id"]) not in back]
    assert f"共计分{len(standing)}笔。" in text
    made_up = "".join(text.partition("得分构成")[2].partition("分事由合计")[0].split())
    assert "基础分100.00" in made_up
    parts = ("作风以10分为限−2.00", "按期率取平均+5.00", "评价取平均+5.00", "表扬以3分为限+1.00")
    assert all(part in made_up for part in parts)
    assert made_up.endswith(f"{live['score']:.2f}")
    assert text.count("群众评价非常满意") == 1 + CASES  # by rule, and each of them
    assert "超过承诺时限" not in text


def test_an_open_period_is_ranked_by_the_sizes_and_the_minimum_of_the_policy_that_is_asked_for(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    def ranked(policy: str) -> str:
        asked = ("--month", MONTH, "--policy", f"{hall}-{policy}", "--format", "html")
        [html] = report(stack, hall, tmp_path, *asked)["files"]
        return words(Path(html)).partition("试行评比")[2].partition("群众评价")[0]

    few, many = ranked("few"), ranked("many")
    assert "第一名：公安户籍窗口" in few
    assert "基础分50分" in few and f"{50 + CASES}.00" in few
    assert "红旗" not in few
    assert "本期没有达到评比条件的窗口，不作排名。" in many


def test_a_page_of_points_is_of_the_policy_that_is_asked_for(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    asked = ("--month", MONTH, "--subject", "w1", "--policy", f"{hall}-many", "--format", "html")
    [html] = report(stack, hall, tmp_path, *asked)["files"]
    assert Path(html).name == f"{hall}-{MONTH}-{hall}-many-w1.html"
    text = words(Path(html))
    assert f"计分不满{CASES + 1}笔，不参加排名；共计分{CASES}笔" in text
    assert "群众评价非常满意" in text and "按承诺时限办结" not in text


@pytest.mark.parametrize("period", [("--half", "H"), ("--year", "")])
def test_a_pack_adds_its_months_up(
    stack: Stack, hall: str, tmp_path: Path, period: tuple[str, str]
) -> None:
    option, half = period
    year, month = MONTH.split("-")
    code = f"{year}-H{1 + (int(month) > 6)}" if half else year
    [html] = report(stack, hall, tmp_path, option, code, "--format", "html")["files"]
    text = words(Path(html))
    assert f"共受理申请{CASES}件" in text
    assert "各窗口上榜次数" in text


def test_a_report_that_is_recorded_is_a_fact_of_the_hall(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    report(stack, hall, tmp_path, "--month", MONTH, "--format", "html", "--record")
    sql = (
        "SELECT payload FROM hall_facts_now"
        " WHERE hall_id = {hall:String} AND event_type = 'ReportIssued'"
    )
    [row] = wait_for(lambda: warehouse.rows(sql, hall=hall), "it is a fact", 120, 0.5)
    assert '"kind":"bulletin"' in row["payload"]
    assert MONTH in row["payload"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--month", "2026-13"), ("--half", "2026-09"), ("--month", "2026-09", "--year", "2026"), (),
        ("--month", "2026-09", "--format", "docx"), ("--month", "2026-09", "--dated", "soon"),
        ("--quarter", "2026-09"), ("--month", "2026-09", "--policy", "nobody"),
        ("--half", "2026-H1", "--subject", "w1"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_with_the_next_step(stack: Stack, wrong: tuple[str, ...]) -> None:
    done = stack.run("report", "--hall", "nowhere", *wrong)
    assert done.returncode == 2
    assert "→" in done.stderr
