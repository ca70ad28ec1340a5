"""A hall's days and months are those of its own zone: in figures, in reports and in scores alike.
Of all halls together they are those of the settings' zone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

HOURS = """
[[hours]]
hall = "{hall}"
version = "1"
effective_from = 2004-01-01
zone = "Europe/Amsterdam"
"""
CLERK = Actor("ams-2", "handler", "licences", "desk-1")
# Already the first of October in Shanghai, in Amsterdam still the last evening of September.
TURN = datetime(2026, 9, 30, 19, tzinfo=UTC)
THERE, HERE = "2026-09", "2026-10"


@pytest.fixture(scope="module")
def hall(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A hall in Amsterdam: a case accepted, decided and rated that evening, and a finding."""
    name = f"ams-{uuid4().hex[:6]}"
    folder: Path = tmp_path_factory.mktemp("zones")
    (folder / "hours.toml").write_text(HOURS.format(hall=name), encoding="utf-8")
    stack.json("apply", str(folder))
    with stack.here():
        with Producer() as producer:
            for n, (type_, own) in enumerate((
                ("CaseSubmitted", {"item_code": "project-filing", "channel": "online"}),
                ("CaseAccepted", {}),
                ("DecisionMade", {"decision": "approved"}),
                ("RatingGiven", {"level": 5}),
            )):  # fmt: skip
                at = TURN + timedelta(minutes=n)
                told = {"case": f"{name}/1", "actor": CLERK, "at": at, "recorded_at": at}
                producer.emit(type_, **told, **own)
            found = {"subject": "desk-1", "finding_id": "f1", "category": "no_reason"}
            told = {"hall": name, "actor": CLERK, "at": TURN, "recorded_at": TURN}
            producer.emit("FindingRaised", **told, **found)
        wait_stored(lambda: len(scored(name)) == 1 and stored(name) == 5, "its facts and points")
        yield name


def scored(hall: str) -> set[str]:
    """Months in which a window of the hall has points."""
    sql = (
        "SELECT DISTINCT period FROM scores_now WHERE hall_id = {hall:String} AND ratings = 1"
        " AND policy_id = 'window-month'"
    )
    return {row["period"] for row in warehouse.rows(sql, hall=hall)}


def stored(hall: str) -> int:
    sql = "SELECT count() AS n FROM cases_now WHERE hall_id = {hall:String} AND rating = 5"
    facts = "SELECT count() AS n FROM events_now WHERE hall_id = {hall:String}"
    closed = warehouse.rows(sql, hall=hall)[0]["n"]
    return int(closed and warehouse.rows(facts, hall=hall)[0]["n"])


def test_a_figure_of_a_hall_counts_the_months_of_its_zone(stack: Stack, hall: str) -> None:
    said = stack.json("query", "months", "--hall", hall, "--month", HERE)
    assert [row[:3] for row in said["rows"]] == [[THERE, 1, 1]]


def test_the_api_says_the_same(stack: Stack, hall: str) -> None:
    token = stack.settings.dashboard_token.get_secret_value()
    address = f"{stack.url('dashboard')}/api/v1/metrics/months?hall={hall}&month={HERE}"

    def months() -> list[str]:
        headers = {"Authorization": f"Bearer {token}"}
        rows = httpx.get(address, headers=headers, timeout=30).json()["rows"]
        return [row["month"] for row in rows]

    # The dashboard reads what is published every five seconds; the hall is newer than that.
    wait_for(lambda: months() == [THERE], "the API knows the hall's zone", 120, 0.5)


def test_all_halls_together_are_counted_in_the_settings_zone(stack: Stack, hall: str) -> None:
    of_all = {row[0]: row[1:] for row in stack.json("query", "months", "--month", HERE)["rows"]}
    there = ("--where", "zone=Europe/Amsterdam")
    abroad = {
        row[0]: row[1:] for row in stack.json("query", "months", "--month", HERE, *there)["rows"]
    }
    assert of_all[HERE][0] - abroad.get(HERE, [0])[0] == 1


def test_a_proposal_is_of_the_month_of_the_halls_zone(stack: Stack, hall: str) -> None:
    proposed = stack.json("proposals", "--hall", hall)["list"]
    months = {p["cause"]: p["month"] for p in proposed}
    assert months["finding:no_reason"] == THERE
    assert "2026-09-30 21:00" in stack.run("proposals", "--hall", hall).stdout


def test_points_fall_into_the_month_that_figures_count_the_case_in(hall: str) -> None:
    assert scored(hall) == {THERE}


def test_a_report_is_of_the_months_of_the_halls_zone(
    stack: Stack, hall: str, tmp_path: Path
) -> None:
    for month, cases in ((THERE, 1), (HERE, 0)):
        options = ("--hall", hall, "--month", month, "--out", str(tmp_path), "--format", "html")
        [html] = stack.json("report", *options)["files"]
        text = re.sub("<[^>]+>", " ", Path(html).read_text(encoding="utf-8"))
        assert f"共受理申请{cases}件" in text
    options = ("--hall", hall, "--month", THERE, "--out", str(tmp_path), "--format", "html")
    [html] = stack.json("report", *options, "--subject", "desk-1")["files"]
    assert "09月30日21:03" in Path(html).read_text(encoding="utf-8")
