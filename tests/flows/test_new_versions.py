"""Calendars and policies published in the middle, on a real stack: what moves, what does not."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from duban import bus, codec, warehouse
from duban.derivation import explain_case
from duban.events import Event
from tests.faults.rungs import ZONE, fact, ms
from tests.rest import wait_stored
from tests.stack import Stack, new_stack, wait_for

pytestmark = pytest.mark.stack

ITEM = "outdoor-sign"  # promised in 3 working days, 20 by law
OPEN, CLOSED = "versions/open", "versions/closed"
NOTICE = """
[[calendar]]
calendar_id = "cn"
year = 2027
version = "1"
doc_no = "国办发明电〔2026〕1号"
published_on = 2026-12-30
[[calendar.holidays]]
name = "元旦"
days = [2027-01-01, 2027-01-02, 2027-01-03]
"""
POLICY = """
[[policy]]
policy_id = "default"
version = "{version}"
effective_from = 2026-12-30T09:00:00
applies_to = "open_from_now"
[[policy.clocks]]
kind = "promise"
budget = 5
unit = "item"
start = ["CaseAccepted"]
stop = ["DecisionMade"]
"""
CLOCKS = """
SELECT kind, toUnixTimestamp64Milli(assumeNotNull(due_at)) AS due, provisional, calendar_version
FROM clocks_now WHERE case_id = {case:String} AND is_deleted = 0
"""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def said(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, ZONE).isoformat(timespec="minutes")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on ticks: one case open over New Year, one decided on 29 December."""
    parts = "broker,topics,apply,warehouse,streams,sink"
    stack = new_stack(tmp_path_factory.mktemp("versions") / "data", parts=parts,
                      business_time="ticks")  # fmt: skip
    try:
        with stack.start().here(), bus.Producer() as producer:
            producer.tick(ms(local("2026-12-29 09:00")))
            for case in (OPEN, CLOSED):
                producer.send(fact("CaseSubmitted", case, local("2026-12-29 09:30"),
                                   item_code=ITEM))  # fmt: skip
                producer.send(fact("CaseAccepted", case, local("2026-12-29 10:00")))
            producer.send(fact("DecisionMade", CLOSED, local("2026-12-29 15:00"),
                               decision="rejected"))  # fmt: skip
            producer.tick(ms(local("2026-12-29 16:00")))
            producer.flush()
            wait_stored(both, "both cases")
            wait_for(lambda: warehouse.business_now() == ms(local("2026-12-29 16:00")), "the tick")
            yield stack
    finally:
        stack.stop()


def both() -> bool:
    try:
        return bool(promise(OPEN) and promise(CLOSED))
    except warehouse.WarehouseError:  # the sink is about to make the tables
        return False


def promise(case: str) -> dict[str, Any]:
    """The row of a case's promise clock."""
    rows = warehouse.rows(CLOCKS, case=case)
    return next((row for row in rows if row["kind"] == "promise"), {})


def superseded(reason: str) -> set[tuple[str, ...]]:
    """Clocks that the worker said had moved: case, kind, old and new due."""
    return {
        (e.subject_id, e.data["kind"], said(e.data["old_due"]), said(e.data["new_due"]))
        for e in sla_events()
        if e.type == "ClockSuperseded" and e.data["reason"] == reason
        and e.data["old_due"] != e.data["new_due"]
    }  # fmt: skip


def sla_events() -> list[Event]:
    return [codec.decode(record.value) for record in bus.read_all("sla-events")]


def foreseen(would: dict[str, Any]) -> set[tuple[str, ...]]:
    return {(c["case"], c["kind"], c["old_due"], c["new_due"]) for c in would["clocks"]}


def put(directory: Path, text: str) -> str:
    directory.mkdir(exist_ok=True)
    (directory / "new.toml").write_text(text, encoding="utf-8")
    return str(directory)


def test_a_new_calendar_moves_what_was_foreseen_and_leaves_closed_cases_alone(
    running: Stack, tmp_path: Path
) -> None:
    before = promise(OPEN)
    assert (said(before["due"]), before["provisional"]) == ("2027-01-01T17:00+08:00", True)
    notice = put(tmp_path / "notice", NOTICE)
    would = running.json("policy", "what-if", notice)
    assert (would["looked_at"], would["moved"], would["new"]) == (1, 1, ["calendar:cn-2027@1"])
    assert {"2027-01-04T17:00+08:00"} == {
        c["new_due"] for c in would["clocks"] if c["kind"] == "promise"
    }
    assert superseded("calendar") == set()
    assert running.json("apply", notice)["published"] == 1
    wait_for(lambda: superseded("calendar"), "the calendar moves clocks", 120)
    wait_stored(lambda: promise(OPEN)["due"] != before["due"], "the row is new")
    assert superseded("calendar") == foreseen(would)
    after = promise(OPEN)
    assert (said(after["due"]), after["provisional"]) == ("2027-01-04T17:00+08:00", False)
    assert after["calendar_version"] == "cn:2004-2027@1"
    assert running.json("policy", "what-if", notice)["new"] == []


def test_a_late_fact_of_a_closed_case_finds_the_days_of_its_end(running: Stack) -> None:
    before = promise(CLOSED)
    rated = fact("RatingGiven", CLOSED, local("2026-12-29 15:30"), level=5, source="mass")
    with bus.Producer() as producer:
        producer.send(rated)
        producer.flush()
    rating = "SELECT rating FROM cases_now WHERE case_id = {case:String}"
    wait_for(lambda: warehouse.query(rating, case=CLOSED).rows == [(5,)], "the rating", 120)
    assert promise(CLOSED) == before
    assert before["calendar_version"] == "cn:2004-2026@1"
    assert (said(before["due"]), before["provisional"]) == ("2027-01-01T17:00+08:00", True)
    (explained,) = [c for c in explain_case(CLOSED) if c["kind"] == "promise"]
    assert (explained["due_at"], explained["calendar"]) == (before["due"], "cn:2004-2026@1")
    assert not any(case == CLOSED for case, *_ in superseded("calendar"))


def test_a_new_policy_takes_over_on_its_day_as_was_foreseen(running: Stack, tmp_path: Path) -> None:
    policy = put(tmp_path / "policy", POLICY.format(version="2026.10"))
    would = running.json("policy", "what-if", policy, "--hall", "versions")
    assert would["at"] == "2026-12-30T09:00+08:00"
    assert foreseen(would) == {
        (OPEN, "promise", "2027-01-04T17:00+08:00", "2027-01-06T17:00+08:00")
    }
    assert running.json("policy", "what-if", policy, "--hall", "elsewhere")["looked_at"] == 0
    assert running.json("apply", policy)["published"] == 1
    assert superseded("policy") == set()
    with bus.Producer() as producer:
        producer.tick(ms(local("2026-12-30 09:00")))
        producer.flush()
    wait_stored(lambda: superseded("policy"), "the policy moves clocks without a fact")
    assert superseded("policy") == foreseen(would)
    (one,) = [e for e in sla_events() if e.data.get("reason") == "policy"]
    assert one.data["policy_version"].endswith("+2026.10")


def test_a_policy_that_would_never_apply_is_refused_by_both_commands(
    running: Stack, tmp_path: Path
) -> None:
    lower = put(tmp_path / "lower", POLICY.format(version="2026.9"))
    refused = running.run("apply", lower, "--json")
    assert refused.returncode == 1
    (ignored,) = json.loads(refused.stdout)["ignored"]
    assert ignored["version"] == "policy:default@2026.9"
    assert "default@2026.10" in ignored["why"]
    assert json.loads(refused.stdout)["published"] == 0
    asked = running.run("policy", "what-if", lower)
    assert asked.returncode == 1
    assert "永远不会适用" in asked.stderr
    assert running.run("policy", "what-if", str(tmp_path / "nowhere")).returncode == 2


def test_what_if_speaks_to_people_in_chinese(running: Stack, tmp_path: Path) -> None:
    text = POLICY.format(version="2027").replace("budget = 5", "budget = 1")
    told = running.run("policy", "what-if", put(tmp_path / "p", text), check=True).stdout
    for words in ("承诺", "2027-01-06 17:00", "变动 1 件", "未发布任何内容"):
        assert words in told


def test_what_if_without_a_stack_says_what_to_start(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    away = make_stack().run("policy", "what-if", put(tmp_path / "n", NOTICE))
    assert away.returncode == 1
    assert "duban up" in away.stderr
