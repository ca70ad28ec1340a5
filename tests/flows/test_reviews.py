"""The loop of a bad rating on a real stack: each step of it is counted, and has its list."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from tests.rest import wait_stored
from tests.stack import Stack

pytestmark = pytest.mark.stack

OFFICE = Actor("office-1", "efficiency_office")
NOW = datetime.now(ZoneInfo("Asia/Shanghai"))
# Reviews as (step, days ago, fields): one whole, one malicious, one left lying, one mended late
# of which nobody was told.
Loop = tuple[tuple[str, float, dict[str, Any]], ...]
LOOPS: tuple[Loop, ...] = (
    (
        ("NegativeReviewOpened", 9, {"level": 1, "about_window_id": "w1"}),
        ("ReviewContacted", 8.9, {"reached": True}),
        ("ReviewVerified", 8, {"verdict": "valid"}),
        ("ReviewRectified", 7, {"measure": "换人"}),
        ("CallbackDone", 6, {"reached": True, "satisfied": True}),
        ("ReviewClosed", 5, {"result": "mended"}),
    ),
    (
        ("NegativeReviewOpened", 9, {"level": 2}),
        ("ReviewContacted", 8, {"reached": False}),
        ("ReviewVerified", 7, {"verdict": "malicious"}),
        ("ReviewAppealed", 6, {"by": "w1", "reason": "未办过"}),
        ("ReviewAppealDecided", 5, {"decision": "upheld"}),
    ),
    (("NegativeReviewOpened", 60, {"level": 1}),),
    (
        ("NegativeReviewOpened", 60, {"level": 1}),
        ("ReviewVerified", 59, {"verdict": "mistaken"}),
        ("ReviewVerified", 58, {"verdict": "valid"}),
        ("ReviewRectified", 10, {"measure": "补件"}),
    ),
    (  # called back about an earlier one, then opened anew
        ("NegativeReviewOpened", 9, {"level": 1}),
        ("CallbackDone", 8, {"reached": True, "satisfied": True}),
        ("ReviewClosed", 7, {"result": "mended"}),
        ("NegativeReviewOpened", 3, {"level": 2}),
    ),
)


@pytest.fixture(scope="module")
def hall(stack: Stack) -> str:
    name = f"rev-{uuid4().hex[:6]}"
    with stack.here():
        tell(name, LOOPS)
        wait_stored(lambda: found(name, "reviews").get("in_time") == 1, "they are counted")
    return name


def tell(hall: str, loops: tuple[Loop, ...]) -> None:
    with Producer() as producer:
        for number, loop in enumerate(loops):
            for type_, ago, fields in loop:
                at = NOW - timedelta(days=ago)
                about = {"case": f"{hall}/{number}", "at": at, "recorded_at": at}
                producer.emit(type_, **about, actor=OFFICE, **fields)


def found(hall: str, metric: str, **filters: Any) -> dict[str, Any]:
    asked = warehouse.metric(metric, now=warehouse.business_now(), hall=hall, **filters)
    return asked.first() or {}


def listed(hall: str, metric: str, **filters: Any) -> list[str]:
    asked = warehouse.metric(metric, now=warehouse.business_now(), hall=hall, **filters)
    return sorted(row["case_id"].partition("/")[2] for row in asked.dicts())


def test_each_step_of_the_loop_is_counted(stack: Stack, hall: str) -> None:
    with stack.here():
        row = found(hall, "reviews")
    assert row == {
        "opened": 5, "contacted": 1, "valid": 2, "mistaken": 0, "malicious": 1, "rectified": 2,
        "in_time": 1, "called_back": 1, "content": 1, "appealed": 1, "upheld": 1, "closed": 1,
        "fixed": 2, "fix_rate": 1.0, "callback_rate": 0.2,
    }  # fmt: skip


def test_months_are_those_of_opening(stack: Stack, hall: str) -> None:
    with stack.here():
        months = {f"{NOW - timedelta(days=ago):%Y-%m}" for ago in (3, 9, 60)}
        assert sum(found(hall, "reviews", month=month)["opened"] for month in months) == 5
        assert found(hall, "reviews", month=",".join(sorted(months)))["opened"] == 5
        assert found(hall, "reviews", month="2011-01")["opened"] == 0


def test_each_step_has_its_list(stack: Stack, hall: str) -> None:
    steps = {"all": "01234", "contacted": "0", "rectified": "03", "called_back": "0",
             "appealed": "1", "closed": "0", "open": "1234"}  # fmt: skip
    with stack.here():
        assert {set_: "".join(listed(hall, "review_list", set=set_)) for set_ in steps} == steps


def test_reviews_are_matters_with_a_term(stack: Stack, hall: str) -> None:
    with stack.here():
        wait_stored(lambda: found(hall, "matters").get("overdue") == 1, "one is overdue")
        row = found(hall, "matters")
        assert (row["kind"], row["brought"]) == ("review", 5)
        assert listed(hall, "matter_list", set="overdue") == ["2"]
        assert listed(hall, "matter_list", set="late") == ["3"]  # mended late, and not closed
        assert len(listed(hall, "matter_list", kind="review")) == 5
        assert listed(hall, "matter_list", kind="complaint") == []


def test_a_review_that_is_opened_again_unclosed_is_the_same_one(stack: Stack) -> None:
    """Its term runs on from the first opening; whoever opens it again is to be contacted again."""
    hall = f"rev-{uuid4().hex[:6]}"
    twice = (
        ("NegativeReviewOpened", 40, {"level": 1}),
        ("ReviewContacted", 39, {"reached": True}),
        ("NegativeReviewOpened", 2, {"level": 1}),
    )
    mended = (
        ("NegativeReviewOpened", 40, {"level": 1}),
        ("ReviewRectified", 39, {"measure": "补件"}),
        ("NegativeReviewOpened", 2, {"level": 1}),
    )
    with stack.here():
        tell(hall, (twice, mended))
        wait_stored(lambda: found(hall, "reviews").get("opened") == 2, "they are counted")
        assert found(hall, "reviews")["contacted"] == found(hall, "reviews")["rectified"] == 0
        first, last = (f"{NOW - timedelta(days=ago):%Y-%m}" for ago in (40, 2))
        assert listed(hall, "review_list", month=first) == ["0"]
        assert listed(hall, "review_list", month=last) == ["1"]  # the one mended before is anew
        assert listed(hall, "matter_list", set="overdue") == ["0"]
