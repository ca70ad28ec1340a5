"""Closing a period at the door: what is not over, or is none of the policy's, is refused there."""

import pytest

from duban import derivation
from duban.bus_intake import BadRows, Row, Sender, events_of
from duban.policy import Reference
from duban.score_policy import ScorePolicy
from tests.given import at

MONTH = ScorePolicy("1", 0, ())
NOW = at("2026-10-08 09:00")


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """One monthly policy is published."""
    monkeypatch.setattr(derivation, "reference", lambda: Reference(scores=(MONTH,)))


def told(period: str, *, recorded: str = "2026-10-08T09:00:00+08:00", policy: str = "window-month"):
    value = {
        "type": "PeriodClosed", "hall_id": "luannan", "policy_id": policy, "period": period,
        "occurred_at": recorded, "recorded_at": recorded,
    }  # fmt: skip
    return events_of([Row(1, value, b"{}")], Sender("hall/luannan"), NOW)


def test_a_period_that_is_over_may_be_closed():
    assert [event.data["period"] for event in told("2026-09")] == ["2026-09"]


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"period": "2026-10"}, "period", "not over in luannan"),
        ({"period": "2026-09", "recorded": "2026-09-30T23:59:00+08:00"}, "period", "not over"),
        ({"period": "2026-10", "recorded": "2026-10-08T20:00:00+08:00"}, "period", "not over"),
        ({"period": "2026-Q3"}, "period", "closes by the month"),
        ({"period": "2026-09", "policy": "nobody"}, "policy_id", "no score policy nobody"),
    ],
)
def test_any_other_is_refused_with_its_reason(asked, field, why):
    with pytest.raises(BadRows) as refused:
        told(**asked)
    [problem] = refused.value.problems
    assert (problem.line, problem.field) == (1, field)
    assert why in problem.reason


def test_nobody_closes_ahead_by_dating_the_closing_ahead():
    eve = at("2026-09-30 18:00")
    ahead = "2026-10-01T09:00:00+08:00"
    value = {"type": "PeriodClosed", "hall_id": "luannan", "policy_id": "window-month",
             "period": "2026-09", "occurred_at": ahead, "recorded_at": ahead}  # fmt: skip
    with pytest.raises(BadRows, match="not over"):
        events_of([Row(1, value, b"{}")], Sender("hall/luannan"), eve)
