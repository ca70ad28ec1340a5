"""The API and the alert stream on a real stack: what is told arrives, and is taken up again."""

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from duban.bus import Producer, read_all
from duban.events import Actor
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

WINDOW = Actor("yaopin-01", "handler", "yaopin", "yaopin")


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the API that shows the token."""
    token = stack.settings.dashboard_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"}
    base = stack.url("dashboard") + "/api/v1"
    with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
        yield client


def late_case(hall: str, *, historical: bool = False) -> str:
    """A case of a hall, promised in one working day, accepted 12 days ago and still open: its
    reminder, its yellow and its red warning are out, and nothing of the law's longer term."""
    case = f"{hall}/{uuid.uuid4().hex[:8]}"
    at = datetime.now(UTC) - timedelta(days=12)
    told: dict[str, Any] = {"recorded_at": at, "historical": historical}
    with Producer() as producer:
        producer.emit(
            "CaseSubmitted", case=case, at=at, actor=WINDOW, item_code="project-filing", **told
        )
        producer.emit("CaseAccepted", case=case, at=at, actor=WINDOW, **told)
    return case


def new_hall() -> str:
    return f"api-{uuid.uuid4().hex[:6]}"


def streamed(
    client: httpx.Client, many: int, query: str, last_id: str = "", seconds: float = 60
) -> list[tuple[str, dict[str, Any]]]:
    """The first events of the stream as (id, body)."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    found: list[tuple[str, dict[str, Any]]] = []
    deadline = time.monotonic() + seconds
    with client.stream(
        "GET", f"/alerts/stream?{query}", headers=headers, timeout=seconds
    ) as answer:
        assert answer.status_code == 200
        place = ""
        for line in answer.iter_lines():
            if line.startswith("id: "):
                place = line.removeprefix("id: ")
            elif line.startswith("data: "):
                found.append((place, json.loads(line.removeprefix("data: "))))
            if len(found) == many or time.monotonic() > deadline:
                return found
    return found


def test_a_case_and_its_warnings_can_be_asked_for(api: httpx.Client) -> None:
    hall = new_hall()
    case = late_case(hall)
    wait_stored(lambda: api.get(f"/alerts?hall={hall}&level=red").json()["total"] == 1, "red")
    listed = api.get(f"/cases?hall={hall}&figure=overdue_open").json()
    assert [row["case_id"] for row in listed["rows"]] == [case]
    found = api.get(f"/cases/{case}").json()
    assert found["case"]["signal"] == "red"
    assert {clock["kind"] for clock in found["clocks"]} >= {"promise", "statutory"}
    assert [fact["type"] for fact in found["facts"]] == ["CaseSubmitted", "CaseAccepted"]
    assert found["case"]["due_at"].endswith("+00:00")
    (row,) = api.get(f"/metrics/overdue_count?hall={hall}").json()["rows"]
    assert row["overdue"] == listed["total"] == 1
    assert api.get("/metrics/rank?month=2026-11").status_code == 200  # a figure without a now


def test_questions_nobody_can_answer_are_refused(api: httpx.Client) -> None:
    assert api.get("/metrics/nothing").status_code == 404
    assert api.get("/metrics/on_time?colour=red").status_code == 422
    assert api.get("/metrics/on_time?name=red").status_code == 422
    assert api.get("/metrics/rank?month=2026-11&top=few").status_code == 422
    assert api.get("/metrics/rank?month=2026-11&top=").status_code == 422
    assert api.get("/metrics/months?month=soon&count=3").status_code == 422
    assert api.get("/metrics/trend?days=60000").status_code == 422
    for period in ("soon", "2026-13", "2026-Q5", "2026-H3", ""):
        assert api.get(f"/metrics/changes?period={period}").status_code == 422
    assert api.get("/metrics/case_list?set=none").status_code == 422
    assert api.get("/cases/none/none").status_code == 404
    assert api.get("/cases?limit=0").status_code == 422
    assert api.get("/alerts/stream", headers={"Last-Event-ID": "x"}).status_code == 422
    assert api.post("/alerts/none/acknowledge").status_code == 404


def test_without_the_token_nothing_is_answered(api: httpx.Client) -> None:
    for path in ("/metrics", "/cases", "/alerts", "/alerts/stream"):
        assert httpx.get(f"{api.base_url}{path}").status_code == 401


def test_the_stream_resumes_where_the_client_was(api: httpx.Client) -> None:
    hall = new_hall()
    since = datetime.now(UTC).isoformat().replace("+", "%2B")
    late_case(hall)
    all_of_it = streamed(api, 3, f"hall={hall}&since={since}")
    ids = [body["event_id"] for _, body in all_of_it]
    assert len(set(ids)) == len(ids) >= 2
    place, first = all_of_it[0]
    again = streamed(api, len(ids) - 1, f"hall={hall}", last_id=place)
    assert [body["event_id"] for _, body in again] == ids[1:]
    assert first["event_id"] == ids[0]


def test_the_stream_is_filtered_by_hall_and_level(api: httpx.Client) -> None:
    hall, other = new_hall(), new_hall()
    since = datetime.now(UTC).isoformat().replace("+", "%2B")
    late_case(other)
    late_case(hall)
    ((_, only),) = streamed(api, 1, f"hall={hall}&level=red&since={since}")
    assert (only["hall_id"], only["level"]) == (hall, "red")


def test_history_is_streamed_only_when_asked_for(api: httpx.Client) -> None:
    hall = new_hall()
    since = datetime.now(UTC).isoformat().replace("+", "%2B")
    late_case(hall, historical=True)
    told = streamed(api, 1, f"hall={hall}&historical=1&since={since}")
    assert told[0][1]["historical"] is True
    late_case(hall)
    ((_, first),) = streamed(api, 1, f"hall={hall}&since={since}")
    assert first["historical"] is False


def test_an_acknowledgement_becomes_a_fact(api: httpx.Client) -> None:
    hall = new_hall()
    case = late_case(hall)
    wait_stored(lambda: api.get(f"/alerts?hall={hall}&level=red").json()["total"] == 1, "red")
    (alert,) = api.get(f"/alerts?hall={hall}&level=red").json()["rows"]
    answer = api.post(f"/alerts/{alert['alert_id']}/acknowledge", json={"comment": "已安排"})
    assert answer.status_code == 202

    def state() -> bool:
        (row,) = api.get(f"/alerts?hall={hall}&level=red").json()["rows"]
        return bool(row["state"] == "acknowledged")

    wait_stored(state, "it is acknowledged")
    facts = api.get(f"/cases/{case}").json()["facts"]
    assert facts[-1]["type"] == "AlertAcknowledged"
    assert facts[-1]["data"]["comment"] == "已安排"
    assert {"alert": alert["alert_id"], "event": answer.json()["event_id"]} in noted(
        "alert acknowledged"
    )


def test_a_browser_session_alone_cannot_acknowledge_from_elsewhere(stack: Stack) -> None:
    base = stack.url("dashboard")
    token = stack.settings.dashboard_token.get_secret_value()
    with httpx.Client(base_url=base, timeout=30) as browser:
        browser.post("/login", data={"token": token})
        assert browser.get("/api/v1/metrics").status_code == 200
        assert browser.post("/api/v1/alerts/none/acknowledge").status_code == 403
        ours = {"X-Duban": "1"}
        assert browser.post("/api/v1/alerts/none/acknowledge", headers=ours).status_code == 404


def test_whoever_logs_in_or_fails_to_is_noted(stack: Stack) -> None:
    token = stack.settings.dashboard_token.get_secret_value()
    for did, shown in (("logged in", token), ("login refused", "guess")):
        before = len(noted(did))
        httpx.post(stack.url("dashboard") + "/login", data={"token": shown})
        wait_for(lambda did=did, before=before: len(noted(did)) > before, did, 30, 0.3)
        assert noted(did)[-1] == {"address": "127.0.0.1"}
    assert not any(b"guess" in (record.value or b"") for record in read_all("audit"))


def noted(did: str) -> list[dict[str, str]]:
    """What the dashboard has noted on `audit` of one kind of act."""
    notes = [json.loads(r.value or b"{}") for r in read_all("audit") if r.key == b"dashboard"]
    return [note["what"] for note in notes if note["did"] == did]


def test_a_login_leads_nowhere_else(stack: Stack) -> None:
    base = stack.url("dashboard")
    token = stack.settings.dashboard_token.get_secret_value()
    for wanted, led in (("/cases?q=1", "/cases?q=1"), ("//evil.example", "/"), ("https://x", "/")):
        answer = httpx.post(f"{base}/login", data={"token": token, "next": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_a_list_is_exported_as_seen(stack: Stack, api: httpx.Client) -> None:
    hall = new_hall()
    case = late_case(hall)
    wait_stored(lambda: api.get(f"/cases?hall={hall}").json()["total"] == 1, "the case")
    token = stack.settings.dashboard_token.get_secret_value()
    answer = httpx.get(
        f"{stack.url('dashboard')}/cases.csv?hall={hall}",
        headers={"Authorization": f"Bearer {token}"},
    )
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("办件,事项,窗口")
    assert len(lines) == 2
    assert case.rpartition("/")[2] in lines[1]
    assert "超期" in lines[1]
