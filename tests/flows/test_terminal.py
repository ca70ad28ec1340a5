"""What a terminal says of a case is what the case's page says of it."""

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

CLERK = Actor("ams-1", "handler", "licences", "desk-1")
HALL = """
[[hours]]
hall = "terminal"
version = "1"
effective_from = 2004-01-01
zone = "Europe/Amsterdam"

[[policy]]
policy_id = "terminal"
version = "1"
effective_from = 2004-01-01

[[policy.clocks]]
kind = "promise"
budget = "item.promise"
unit = "item"
start = ["CaseAccepted"]
stop = ["DecisionMade"]
governs = 3

[[item]]
item_code = "terminal"
version = "1"
effective_from = 2004-01-01
name = "外地事项"
statutory = 60
promise = 40
policy_id = "terminal"

[[item]]
item_code = "terminal-short"
version = "1"
effective_from = 2004-01-01
name = "外地急事"
statutory = 60
promise = 2
policy_id = "terminal"
"""
CASE, LATE = "terminal/1", "terminal/2"


@pytest.fixture(scope="module")
def open_case(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two cases accepted thirty days ago in a hall far away, with terms of forty and two days."""
    folder: Path = tmp_path_factory.mktemp("terminal-rules")
    (folder / "rules.toml").write_text(HALL, encoding="utf-8")
    stack.json("apply", str(folder))
    then = datetime.now(UTC) - timedelta(days=30)
    with stack.here(), Producer() as producer:
        for case, item in ((CASE, "terminal"), (LATE, "terminal-short")):
            about = {"case": case, "at": then, "recorded_at": then, "actor": CLERK}
            producer.emit("CaseSubmitted", item_code=item, **about)
            producer.emit("CaseAccepted", **about)
    with stack.here():
        sql = "SELECT count() FROM clocks_now WHERE hall_id = 'terminal' AND state = 'running'"
        wait_stored(lambda: warehouse.query(sql).rows == [(2,)], "their clocks")
    yield replace(stack, env={**stack.env, "COLUMNS": "250"})


def test_a_running_clock_says_what_it_has_used_by_now(open_case: Stack) -> None:
    (clock,) = open_case.json("case", CASE)["clocks"]
    (explained,) = open_case.json("explain", CASE)["clocks"]
    today = datetime.now(UTC).date().isoformat()
    closed = [day["n"] for day in explained["days"] if day["date"] < today]
    assert clock["consumed"] in (closed[-1], closed[-1] + 1)  # today's close may have passed
    assert clock["consumed"] == explained["consumed"] > 10
    assert f"│ {clock['consumed']} " in open_case.run("case", CASE).stdout


def page(stack: Stack, path: str) -> str:
    """The text of a page."""
    token = stack.settings.dashboard_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(stack.url("dashboard") + path, headers=headers, timeout=30)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_lateness_and_due_dates_are_the_same_on_both(open_case: Stack) -> None:
    def shown() -> tuple[str, str]:
        """(due, by how much it is over) as `duban overdue` prints them."""
        said = open_case.run("overdue", "--hall", "terminal", check=True).stdout
        (line,) = [line for line in said.splitlines() if LATE in line]
        due, over = [cell.strip() for cell in line.strip("│ ").split("│")][-2:]
        return due, over

    def rows_by_the_hall() -> str | None:
        """The list, once the pages have read the hours that were published a moment ago."""
        listed = page(open_case, "/cases?hall=terminal&state=overdue")
        return listed if "17:00" in listed else None

    due, over = shown()
    assert due.endswith(" 17:00")  # the close of business there, which is midnight or later here
    assert over.endswith("个工作日")
    listed = wait_for(rows_by_the_hall, "the pages know the hall's hours", 120, 0.5)
    assert f"超期 {over}" in listed or shown()[1] != over  # unless a day closes this very moment
    assert f"{due[5:]}" in listed
    assert f"应办结 {due}" in open_case.run("case", LATE).stdout
    assert f"到期 {due[:10]}T17:00" in open_case.run("explain", LATE).stdout
