"""Projects, branches in two halls and staged permits, from the gateway to figures and the page.

Counted by hand: from 3 March 2026 to the closing on 29 April are 41 working days (清明 4 to 6 April
is a holiday); from the staged permit on 9 March to the decision on 20 March are nine.
"""

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from projections.dashboard.case import blocks
from tests.flows.small import Door
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack


class Told:
    """A project of the city's hall in which a county's hall takes part, told by their tokens."""

    def __init__(self, stack: Stack) -> None:
        mark = uuid.uuid4().hex[:6]
        self.stack = stack
        self.city, self.county, self.other = (f"{n}-{mark}" for n in ("city", "county", "other"))
        self.project, self.case = f"P-{mark}", f"city-{mark}/148"
        self.doors = {hall: Door(stack, _token(stack, hall)) for hall in self.halls}

    @property
    def halls(self) -> tuple[str, str, str]:
        """The hall of the project, the one that takes part, and one that nobody named."""
        return self.city, self.county, self.other

    def tell(self, hall: str, kind: str, at: str, case: str = "", **fields: Any) -> None:
        """One fact by a hall's own token."""
        when = f"2026-{at}:00+08:00"
        sent = {
            "type": kind, "subject_id": case or self.case, "occurred_at": when,
            "recorded_at": when, **fields,
        }  # fmt: skip
        wait_for(lambda: self.doors[hall].one(sent).status_code == 202, f"{kind} is taken", 120)

    def whole(self) -> None:
        """Opened, branches in both halls, one staged permit, decided and closed."""
        city, county = self.city, self.county
        branches = [
            {"branch_id": "planning", "org": "guihua", "budget": 10},
            {"branch_id": "land", "org": "guotu", "budget": 10, "hall_id": county},
            {"branch_id": "fire", "org": "xiaofang", "budget": 3},
            {"branch_id": "water", "org": "shuiwu"},
        ]
        group = {"group_id": "g", "lead": "fagai", "branches": branches}
        stage = {"stage": "pile_foundation", "conditions": ["地勘已备案"]}
        filed = {"item_code": "land-planning", "project_id": self.project}
        present = {"present": ["planning", "land"], "absent": ["fire"]}
        self.tell(city, "ProjectOpened", "03-02T09:00", project_id=self.project, name="沿海园区")
        self.tell(city, "ParallelGroupOpened", "03-02T10:00", **group)
        for hall, branch in ((city, "planning"), (county, "land"), (city, "fire")):
            self.tell(hall, "BranchReceipted", "03-02T14:00", branch_id=branch)
        self.tell(county, "CaseSubmitted", "03-02T15:00", f"{county}/77", **filed)
        self.tell(county, "JointSurveyDone", "03-04T10:00", **present)
        self.tell(city, "BranchAbsent", "03-04T10:00", branch_id="fire", occasion="survey")
        self.tell(county, "BranchOpined", "03-05T10:00", branch_id="land", opinion="agree")
        self.tell(city, "BranchOpined", "03-06T10:00", branch_id="planning", opinion="disagree")
        self.tell(city, "StagedPermitGranted", "03-09T11:00", **stage)
        self.tell(city, "DecisionMade", "03-20T10:00", decision="approved")
        self.tell(city, "ProjectClosed", "04-29T15:00", project_id=self.project)

    def ask(self, path: str, **asked: str) -> Any:
        """A question to the API."""
        token = self.stack.settings.dashboard_token.get_secret_value()
        url = f"{self.stack.url('dashboard')}/api/v1{path}"
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(url, params=asked, headers=headers, timeout=30)
        return answer.json() if answer.status_code == 200 else {}

    def metric(self, name: str, **filters: str) -> list[dict[str, Any]]:
        """Rows of a metric of the city's hall."""
        rows: list[dict[str, Any]] = self.ask(f"/metrics/{name}", hall=self.city, **filters)["rows"]
        return rows

    def page(self, case: str) -> str:
        """The upper part of a case's page."""
        hall, _, no = case.partition("/")
        return asyncio.run(blocks(hall, no, "zh"))["head"]


def _token(stack: Stack, hall: str) -> str:
    made: str = stack.json("token", "create", "--hall", hall)["token"]
    return made


@pytest.fixture(scope="module")
def told(stack: Stack) -> Iterator[Told]:
    made = Told(stack)
    made.whole()
    with stack.here():
        wait_stored(lambda: made.metric("project_days")[0]["n"] == 1, "the project is closed")
    yield made


def test_a_project_is_counted_from_opening_to_closing(told: Told, stack: Stack) -> None:
    (days,) = told.metric("project_days")
    assert (days["n"], days["mean_days"], days["over"], days["over_rate"]) == (1, 41, 1, 1)
    assert told.metric("project_days", term="41")[0]["over"] == 0
    (listed,) = told.metric("project_list", set="over")
    assert (listed["case_id"], listed["project_id"], listed["name"]) == (
        told.case, told.project, "沿海园区",
    )  # fmt: skip
    assert (listed["days"], listed["cases"]) == (41, 1)


def test_the_days_that_a_staged_permit_gained_are_counted(told: Told, stack: Stack) -> None:
    (staged,) = told.metric("staged_permits")
    assert (staged["granted"], staged["decided"], staged["mean_days"]) == (1, 1, 9)
    (listed,) = told.metric("staged_list", set="decided")
    assert (listed["stage"], listed["saved_days"]) == ("pile_foundation", 9)


def test_branches_of_two_halls_are_judged_by_their_own_opinions(told: Told, stack: Stack) -> None:
    (branches,) = told.metric("branch_opinions")
    counted = {name: branches[name] for name in ("kept", "late", "silent", "judged")}
    assert counted == {"kept": 2, "late": 0, "silent": 1, "judged": 3}
    said = {b["branch_id"]: b["opinion"] for b in told.metric("branch_list", set="judged")}
    assert said == {"land": "agree", "planning": "disagree", "fire": ""}


def test_a_hall_that_was_named_may_take_part_and_no_other_unseen(told: Told, stack: Stack) -> None:
    def strange() -> bool:
        found = told.ask(f"/cases/{told.case}")["case"]["anomalies"]
        return "from_a_hall_not_named" in found

    assert not strange()
    told.tell(told.other, "JointMeetingHeld", "03-12T10:00", present=["land"])
    wait_for(strange, "the stranger is flagged", 120)


def test_the_page_shows_branches_stages_and_the_cases_of_the_project(
    told: Told, stack: Stack
) -> None:
    page = told.page(told.case)
    for words in ("guotu（", "同意", "不同意", "缺席联合踏勘", "待签收", "桩基先行", "地勘已备案"):
        assert words in page, words
    assert "9 个工作日" in page
    assert f'href="/cases/{told.county}/77"' in page
    other = told.page(f"{told.county}/77")
    assert f'href="/cases/{told.city}/148"' in other
    assert told.project in other
