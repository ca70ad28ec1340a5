"""What a case page and `duban case` say of silence, delay and the record, without a browser."""

import re
from datetime import datetime
from typing import Any

import pytest

from duban import contracts
from duban.cli import cases as cli
from duban.deemed import WAITS
from duban.worktime import build
from projections.dashboard.case_view import head, story
from projections.dashboard.figures import CaseFile, CaseRow, FactRow
from projections.dashboard.names import Names
from projections.dashboard.outcomes import delay, told
from projections.dashboard.render import render
from projections.dashboard.rows import status_of
from projections.dashboard.sentences import Speaker
from tests.given import ZONE, fact, when
from tests.rules.test_deemed import SILENT

CALENDAR = build(())
SUBMITTED = fact("CaseSubmitted", "2026-10-12 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-10-12 09:00")
UP = fact("ForwardedUp", "2026-10-16 09:00", authority="省厅")
BACK = fact("UpstreamReplied", "2026-10-16 12:00", authority="省厅")
DONE = fact("DecisionMade", "2026-10-16 17:00", decision="approved")


def speaker(now: str, lang: Any = "zh") -> Speaker:
    at = int(datetime.fromisoformat(now).replace(tzinfo=ZONE).timestamp() * 1000)
    return Speaker(lang, at, CALENDAR)


def test_a_late_case_says_who_caused_its_delay() -> None:
    seen = when("2026-10-20 09:00", SUBMITTED, ACCEPTED, UP, BACK, DONE)
    shown = delay(seen, speaker("2026-10-20T09:00"), Names(), "h")
    assert (shown["late_clock"], shown["late_by"]) == ("承诺", "7 小时")
    page = render("case_days.html", "zh", clock="", days=[], folded=0, result="", **shown)
    assert "延误由谁造成" in page
    for words in ("审批职能部门", "4 小时", "上级机关", "省厅", "3 小时", "57.1"):
        assert words in page


def test_a_case_in_time_says_nothing_of_delay() -> None:
    shown = delay(
        when("2026-10-13 09:00", SUBMITTED, ACCEPTED), speaker("2026-10-13T09:00"), Names(), "h"
    )
    assert shown["delay"] == []
    assert "延误" not in render(
        "case_days.html", "zh", clock="", days=[], folded=0, result="", **shown
    )
    assert delay(None, speaker("2026-10-13T09:00"), Names(), "h")["delay"] == []


def test_silence_and_a_late_entry_are_lines_of_the_story() -> None:
    contact = fact("FirstContactRecorded", "2026-10-10 09:00", recorded="2026-10-20 09:00")
    seen = when("2026-10-20 09:30", contact, SUBMITTED, reference=SILENT)
    lines = {line.what: line.detail for _, line in told(seen, speaker("2026-10-20T09:30"))}
    assert lines == {
        "达到默认结果": "视为受理 · 行政许可法第三十二条",
        "录入存疑": "先办后录 · 49 小时",
    }
    english = told(seen, speaker("2026-10-20T09:30", "en"))
    assert {line.what for _, line in english} == {
        "Deemed outcome reached",
        "Entry deserves a look",
    }


def waiting(**changed: Any) -> CaseRow:
    plain: dict[str, Any] = dict.fromkeys(CaseRow.__dataclass_fields__, "")
    unset = dict.fromkeys(("accepted_at", "closed_at", "due_at", "rating", "clock"), None)
    known = {"hall_id": "h", "case_id": "h/1", "submitted_at": 0, "status": "submitted"}
    flags = {"provisional": False, "historical": False, "anomalies": (WAITS,)}
    return CaseRow(**(plain | unset | known | flags | changed))


def test_a_deemed_outcome_that_waits_stands_before_the_status_until_the_case_ends() -> None:
    now = speaker("2026-10-20T09:00")
    assert status_of(waiting(), now) == "默认结果待确认"
    assert status_of(waiting(closed_at=1, status="decided"), now) != "默认结果待确认"
    shown = head(CaseFile(waiting(), (), (), ()), now, Names())
    assert any("待人工确认" in words for words in shown.notices)
    assert not any("存疑" in words for words in shown.notices)


def test_a_matter_without_an_item_is_called_by_what_began_it() -> None:
    now, found = speaker("2026-10-20T09:00"), CaseFile(waiting(), (), (), ())
    assert head(found, now, Names()).item == "未登记事项"
    assert head(found, now, Names(), "ComplaintFiled").item == "投诉"
    named = CaseFile(waiting(item_name="户外广告"), (), (), ())
    assert head(named, now, Names(), "OpinionReceived").item == "户外广告"


@pytest.mark.parametrize(
    ("type_", "data", "said"),
    [
        ("ReviewVerified", {"verdict": "malicious", "reason": "未办过"}, "恶意差评 · 未办过"),
        ("ReviewAppealDecided", {"decision": "upheld"}, "申诉成立，评价不计"),
        ("DecisionMade", {"decision": "rejected"}, "不予"),
        ("OpinionReceived", {"opinion": "窗口太少"}, "窗口太少"),
        ("BranchOpined", {"opinion": "agree"}, "同意"),
        ("ComplaintAnswered", {"answer": "已退费"}, "已退费"),
        ("UpstreamReplied", {"answer": "returned", "authority": "省厅"}, "上级退回 · 省厅"),
        ("UpstreamReplied", {"answer": "unknown", "authority": "省厅"}, "未写明答复内容 · 省厅"),
    ],
)
def test_the_story_says_what_was_found_and_said(
    type_: str, data: dict[str, str], said: str
) -> None:
    found = CaseFile(waiting(), (), (FactRow("1", type_, 0, 0, data=data),), ())
    [line] = story(found, speaker("2026-10-20T09:00"), Names())
    assert line.detail == said


CODES = [
    pytest.param(type_, field["name"], symbol, id=f"{type_}.{field['name']}={symbol}")
    for type_ in contracts.event_types()
    if contracts.topic_of(type_) in ("case-events", "verdicts")
    for field in contracts.schema(type_).fields
    if field["name"] in contracts.schema(type_).own and "symbols" in field["type"]
    for symbol in field["type"]["symbols"]
]


@pytest.mark.parametrize(("type_", "field", "code"), CODES)
def test_the_story_prints_words_and_no_code(type_: str, field: str, code: str) -> None:
    found = CaseFile(waiting(), (), (FactRow("1", type_, 0, 0, data={field: code}),), ())
    [line] = story(found, speaker("2026-10-20T09:00"), Names())
    assert re.findall("[a-z]+", line.what + line.detail) == []


@pytest.mark.parametrize(
    ("event_type", "payload", "said"),
    [
        (
            "DelayAttributed",
            '{"party":"upstream","step":"","org":"省厅","staff":"","minutes":180,"of_minutes":420}',
            "上级机关 省厅 180 / 420 工作分钟",
        ),
        (
            "DeemedOutcomeReached",
            '{"outcome":"consent","branch_id":"fire","basis_text":"宜府办发〔2009〕66号"}',
            "视为同意 fire 宜府办发〔2009〕66号",
        ),
        ("IntegritySignal", '{"signal":"late_entry","minutes":500}', "先办后录 500 工作分钟"),
        ("CaseAccepted", "{}", "材料齐全"),
    ],
)
def test_the_timeline_of_duban_case_says_the_gist(event_type: str, payload: str, said: str) -> None:
    assert cli._detail({"event_type": event_type, "payload": payload, "note": "材料齐全"}) == said
