"""What people may record by the forms, asked of the API alone: a form is no wall, the API is."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from duban.bus import Producer
from tests.stack import Stack, wait_for
from tests.year import rows

pytestmark = pytest.mark.stack

HALL = "sujiatun"
TALK = {"type": "TalkHeld", "subject": "keji", "reason": "r"}
CARD = {"type": "CardIssued", "subject": "keji", "colour": "red", "reason": "r"}
SURVEY = {"type": "SurveyClosed", "subject": "keji", "n": "12", "satisfied": "9"}
ORDER = {"type": "RectificationOrdered", "what": "w", "to_org": "keji", "order_no": "7"}
Send = Callable[..., httpx.Response]


@pytest.fixture
def send(stack: Stack) -> Iterator[Send]:
    """Send one fact of the hall, or a body as it is."""
    token = stack.settings.dashboard_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = stack.url("dashboard") + "/api/v1/hall-facts"
    with httpx.Client(headers=headers, timeout=30) as client:

        def one(fact: Any, **more: Any) -> httpx.Response:
            body = {"hall": HALL, **fact, **more} if isinstance(fact, dict) else fact
            return client.post(url, content=json.dumps(body))

        yield one


def new_no() -> str:
    return f"f-{uuid.uuid4().hex[:8]}"


def arrived(event_id: str) -> None:
    sql = "SELECT 1 FROM events WHERE event_id = {id:UUID}"
    wait_for(lambda: bool(rows(sql, id=event_id)), "the fact has arrived", 60)


def recorded(answer: httpx.Response) -> str:
    """The fact is taken, and arrives; its id."""
    assert answer.status_code == 202, answer.text
    event_id: str = answer.json()["event_id"]
    arrived(event_id)
    return event_id


def refused(answer: httpx.Response, field: str, said: str) -> None:
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["fields"][field]
    assert said in answer.json()["detail"]


def said_in_time(send: Send, fact: Any, said: str) -> None:
    """It is refused so, once the case is stored that its facts made."""
    wait_for(lambda: said in send(fact).json().get("detail", ""), said)


@pytest.mark.parametrize(
    "hall", ["nowhere", "sujiatun/keji", " sujiatun", "\ud800x", ["x"], 5, "h" * 300]
)
def test_a_hall_is_one_that_is_known(send: Send, hall: Any) -> None:
    refused(send(TALK, hall=hall), "hall", "no such hall")


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_a_hall_is_named(send: Send, nothing: Any) -> None:
    refused(send(TALK, hall=nothing), "hall", "the hall is missing")


@pytest.mark.parametrize("value", [1e30, -1e300, float("nan"), "9" * 400, None, "x"])
def test_a_field_that_nobody_asks_is_named(send: Send, value: Any) -> None:
    for field in ("at", "colour", "case", "\ud800"):
        name = field.encode(errors="backslashreplace").decode()
        answer = send(TALK, **{field: value})
        if value is None:
            assert answer.status_code == 202
        else:
            refused(answer, name, f"{name} is not asked here")


@pytest.mark.parametrize(
    "at",
    [1e30, -1e300, float("nan"), float("inf"), 10**400, "9999-12-31T23:59:59+08:00",
     "0001-01-01T00:00", "12026-01-01T00:00", "\ud800x", [], {}],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_at_its_field(send: Send, at: Any) -> None:
    refused(send(TALK, occurred_at=at), "occurred_at", "“When” must")


@pytest.mark.parametrize("body", [["\ud800"], [float("nan")], "x", 5, None])
def test_a_body_that_is_no_object_is_refused(send: Send, body: Any) -> None:
    assert send(body).status_code == 422


@pytest.mark.parametrize("blank", [" ", "\u3000\n", "\u200b"])
def test_a_reason_of_blanks_is_none(send: Send, blank: str) -> None:
    refused(send(TALK, reason=blank), "reason", "“Reason” is missing")


@pytest.mark.parametrize("number", ["1_0", " 10 ", "１０", "1e1", "10.0"])
def test_a_number_is_written_in_plain_digits(send: Send, number: str) -> None:
    refused(send(SURVEY, n=number), "n", "“How many answered” must be a whole number")


def test_no_more_are_satisfied_than_answered(send: Send) -> None:
    said = "“Of them satisfied” must be no more than “How many answered”"
    refused(send(SURVEY, n="3"), "satisfied", said)
    assert send(SURVEY, n="9").status_code == 202


def test_a_card_is_for_a_window_and_an_admonition_for_a_person(send: Send) -> None:
    for fact in (
        {**CARD, "subject": "p-1", "subject_kind": "staff"},
        {**CARD, "subject": HALL, "subject_kind": "hall"},
    ):
        answer = send(fact)
        assert answer.status_code == 422, answer.text
        assert list(answer.json()["fields"]) == ["subject"]
    admonition = {**TALK, "type": "AdmonitionIssued", "subject_kind": "staff"}
    refused(send(admonition), "subject", "must be: Person")  # keji is known to be a window
    assert send(admonition, subject="p-1").status_code == 202


@pytest.mark.parametrize("event_type", ["ComplaintFiled", "RectificationOrdered", "PatrolDone"])
def test_a_new_case_takes_no_number_that_is_there(send: Send, event_type: str) -> None:
    due = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    fields = {
        "ComplaintFiled": {"complaint": "c"},
        "RectificationOrdered": {**ORDER, "due_at": due},
        "PatrolDone": {"party": "duty_lead"},
    }[event_type]
    fact = {**fields, "type": event_type, "case": new_no()}
    first = send(fact)
    refused(send(fact), "case", "There is a case with this number already")  # nor one on its way
    recorded(send(fact, corrects_event_id=recorded(first)))


def test_a_round_is_told_once_of_the_turn_that_waits_for_it(send: Send) -> None:
    no = new_no()
    with Producer() as producer:
        turn = producer.emit(
            "PatrolScheduled", case=f"{HALL}/{no}", party="duty_lead", due_at=datetime.now(UTC)
        )
    arrived(turn.event_id)
    refused(send({"type": "ComplaintFiled", "complaint": "c", "case": no}), "case", "already")
    done = {"type": "PatrolDone", "party": "duty_lead", "case": no}
    recorded(send(done))
    refused(send(done), "case", "There is a case with this number already")


def test_a_finding_is_closed_once(send: Send) -> None:
    number = new_no()
    close = {"type": "FindingClosed", "subject": "keji", "finding_id": number}
    assert "no such finding" in send(close).json()["detail"]
    recorded(send({**close, "type": "FindingRaised", "category": "fees"}))
    recorded(send(close))
    assert "nothing is left to do" in send(close).json()["detail"]


def test_an_order_is_reported_sent_back_reported_again_and_accepted(send: Send) -> None:
    no = new_no()
    due = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    step = {"case": no, "order_no": "7"}
    report = {**step, "type": "RectificationSubmitted", "measure": "m"}
    accept = {**step, "type": "RectificationAccepted"}
    back = {**step, "type": "RectificationRejected", "reason": "r"}
    assert "no such matter" in send(report).json()["detail"]
    recorded(send({**ORDER, "case": no, "due_at": due}))
    early = "What comes next: Rectification reported"
    said_in_time(send, accept, early)
    assert "no such matter" in send(report, order_no="8").json()["detail"]
    recorded(send(report))
    assert "What comes next: Rectification accepted" in send(report).json()["detail"]
    recorded(send(back))
    assert early in send(back).json()["detail"]
    recorded(send(report))
    recorded(send(accept))
    assert "nothing is left to do" in send(accept).json()["detail"]


def test_a_complaint_is_taken_up_and_answered_and_then_is_over(send: Send) -> None:
    no = new_no()
    answer = {"type": "ComplaintAnswered", "case": no, "answer": "a", "founded": "true"}
    triage = {"type": "ComplaintTriaged", "case": no, "accepted": "true"}
    recorded(send({"type": "ComplaintFiled", "complaint": "c", "case": no}))
    assert "Taken up" in send(triage, accepted="").json()["detail"]
    wait_for(lambda: send(triage).status_code == 202, "it is a case, and taken up")
    recorded(send(answer))
    assert "nothing is left to do" in send(answer).json()["detail"]


def test_a_review_asks_for_its_steps_in_turn_and_for_a_case_that_is_there(send: Send) -> None:
    no = new_no()
    opened = {"type": "NegativeReviewOpened", "case": no, "level": "1"}
    assert "no such case" in send(opened, about_case_id=new_no()).json()["detail"]
    recorded(send(opened))
    mended = {"type": "ReviewRectified", "case": no, "measure": "m"}
    said_in_time(send, mended, "What comes next: Rater contacted, Rating verified")
    verified = {"type": "ReviewVerified", "case": no, "verdict": "mistaken", "reason": "r"}
    first = recorded(send(verified))
    recorded(send(mended))
    recorded(send({"type": "CallbackDone", "case": no, "reached": "true", "satisfied": "true"}))
    closed = {"type": "ReviewClosed", "case": no, "result": "r"}
    recorded(send(closed))
    assert "nothing is left to do" in send(verified).json()["detail"]
    recorded(send(verified, verdict="valid", corrects_event_id=first))
    assert "nothing is left to do" in send(closed).json()["detail"]
