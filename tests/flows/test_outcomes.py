"""Silence, delay and late entry on a real stack: from facts to figures, lists and commands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from tests.rest import wait_stored
from tests.stack import Stack

pytestmark = pytest.mark.stack

CLERK = Actor("gh-04", "handler", "planning", "gh-1")
HEAD = Actor("gh-01", "organ_head", "planning", "gh-1")
RULES = """
[[policy]]
policy_id = "outcomes-test"
version = "1"
effective_from = 2004-01-01

[[policy.clocks]]
kind = "precheck"
budget = 5
start = ["CaseSubmitted"]
stop = ["CaseAccepted", "CaseDeemedAccepted", "DeemedOutcomeConfirmed", "DecisionMade"]
stop_when = { confirmed = [""] }
effect = { outcome = "acceptance", basis = "行政许可法第三十二条" }

[[policy.clocks]]
kind = "promise"
budget = "item.promise"
unit = "item"
start = ["CaseAccepted", "CaseDeemedAccepted"]
stop = ["DecisionMade"]
governs = 3

[[item]]
item_code = "outcomes-test"
version = "1"
effective_from = 2004-01-01
name = "默认与延误"
statutory = 20
promise = 1
policy_id = "outcomes-test"
steps = [{ step = "survey", budget = 1 }, { step = "seal", budget = 1 }]
"""


@pytest.fixture(scope="module")
def published(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder: Path = tmp_path_factory.mktemp("outcomes-rules")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    stack.json("apply", str(folder))
    return stack


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def emit(case: str, *facts: tuple[str, float, dict[str, Any]], by: Actor = CLERK) -> None:
    """Facts of a case as (type, days ago, fields), recorded as they happened."""
    with Producer() as producer:
        for type_, ago, data in facts:
            at = data.pop("recorded_at", days_ago(ago))
            producer.emit(type_, case=case, at=days_ago(ago), recorded_at=at, actor=by, **data)


def figure(name: str, column: str, hall: str) -> Any:
    row = warehouse.metric(name, now=warehouse.business_now(), hall=hall).first()
    return row[column] if row else None


def new_hall() -> str:
    return f"out-{uuid4().hex[:6]}"


def test_an_acceptance_deemed_in_silence_waits_until_a_person_confirms_it(
    published: Stack,
) -> None:
    hall = new_hall()
    case = f"{hall}/1"
    emit(case, ("CaseSubmitted", 30, {"item_code": "outcomes-test"}))
    wait_stored(lambda: figure("deemed_waiting", "waiting", hall) == 1, "it waits")
    row = warehouse.metric("deemed_list", now=warehouse.business_now(), hall=hall).first()
    assert (row["case_id"], row["basis"]) == (case, ["行政许可法第三十二条"])
    assert "默认结果待人工确认" in published.run("case", case).stdout
    emit(case, ("DeemedOutcomeConfirmed", 0, {"outcome": "acceptance"}), by=HEAD)
    wait_stored(lambda: figure("deemed_waiting", "waiting", hall) == 0, "confirmed")
    found = published.json("case", case)
    assert found["case"]["status"] == "accepted"
    assert found["case"]["accepted_at"] == found["case"]["submitted_at"]
    clocks = {clock["kind"]: clock for clock in found["clocks"]}
    assert clocks["precheck"]["outcome"] == "late"
    types = [event["event_type"] for event in found["events"]]
    assert types.count("DeemedOutcomeReached") == 1
    assert "DeemedOutcomeRetracted" not in types


def test_a_late_case_says_to_whom_its_delay_falls(published: Stack) -> None:
    hall = new_hall()
    case = f"{hall}/1"
    emit(
        case,
        ("CaseSubmitted", 40, {"item_code": "outcomes-test"}),
        ("CaseAccepted", 40, {}),
        ("StepAssigned", 39.9, {"step": "survey", "org": "planning", "staff": "gh-04"}),
        ("StepCompleted", 25, {"step": "survey"}),
        ("StepAssigned", 25, {"step": "seal", "org": "seals", "staff": "gz-01"}),
        ("StepCompleted", 10, {"step": "seal"}),
        ("DecisionMade", 10, {"decision": "approved"}),
    )
    wait_stored(lambda: figure("delay_parties", "cases", hall) == 1, "attributed")
    explained = published.json("explain", case)["clocks"]
    (promise,) = (clock for clock in explained if clock["kind"] == "promise")
    parts = {(p["step"], p["org"]): p["minutes"] for p in promise["delay"]}
    assert parts.keys() == {("survey", "planning"), ("seal", "seals")}
    row = warehouse.metric("delay_list", now=warehouse.business_now(), hall=hall).first()
    late = published.json("case", case)["case"]["late_minutes"]
    assert sum(parts.values()) == row["party_minutes"] == row["all_minutes"] == late > 0
    assert figure("delay_parties", "party", hall) == "department"
    said = published.run("explain", case).stdout
    assert "由谁造成" in said
    assert "审批职能部门" in said


def test_facts_keyed_in_weeks_later_are_counted_and_listed(published: Stack) -> None:
    hall = new_hall()
    late = {"recorded_at": days_ago(1)}
    emit(
        f"{hall}/1",
        ("CaseSubmitted", 30, {"item_code": "outcomes-test"}),
        ("CaseAccepted", 29, late),
        ("OneTimeNoticeIssued", 29, {"items": []}),
        ("OneTimeNoticeIssued", 28, {"items": []}),
    )
    wait_stored(lambda: figure("integrity", "repeat_notice", hall) == 1, "signs")
    share = warehouse.metric("late_entry_share", now=warehouse.business_now(), hall=hall).first()
    assert (share["late"], share["facts"], share["rate"]) == (1, 4, 0.25)
    listed = warehouse.metric(
        "integrity_list", now=warehouse.business_now(), hall=hall, sign="late_entry"
    )
    assert [row["detail"] for row in listed.dicts()] == ["CaseAccepted"]
