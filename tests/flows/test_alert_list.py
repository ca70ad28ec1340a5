"""The list of warnings: what waits for an answer first, the gravest of these on top."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest

from duban import warehouse
from duban.policy import LEVELS
from projections.dashboard.alert_queries import AlertFilter, alerts, count_alerts
from projections.dashboard.moments import Moment
from projections.migrate import migrate
from projections.sink.store import Store
from tests.flows.test_warehouse_metrics import HOUR, NOW, row
from tests.stack import Stack, new_stack

pytestmark = pytest.mark.stack

MOMENT = Moment(NOW, "Asia/Shanghai")
# The gravest came first, so that the order of time says the opposite of the order wanted.
RAISED = {level: NOW - (len(LEVELS) - n) * HOUR for n, level in enumerate(reversed(LEVELS))}


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A warehouse with a warning of each level that waits, and a red one taken in hand."""
    stack = new_stack(tmp_path_factory.mktemp("alerts") / "data", parts="warehouse")
    told = [("AlertRaised", level, level, at) for level, at in RAISED.items()]
    told += [(kind, "noted", "red", NOW - HOUR) for kind in ("AlertRaised", "AlertNoted")]
    rows = [
        row(
            "alerts", hall_id="h", case_id="h/1", alert_id=alert, level=level, at=at,
            event_id=str(UUID(int=n)), event_type=kind, occurred_at=at, ingested_at=at,
            kafka_offset=n, version=n + 1,
        )
        for n, (kind, alert, level, at) in enumerate(told)
    ]  # fmt: skip
    try:
        with stack.start().here():
            migrate(warehouse.connect("writer", database=""))
            Store().insert("alerts", rows)
            yield stack
    finally:
        stack.stop()


def test_the_gravest_that_waits_stands_first(warned: Stack) -> None:
    with warned.here():
        found = asyncio.run(alerts(AlertFilter(), MOMENT, 100))
    assert [a.alert_id for a in found] == ["escalate", "red", "yellow", "reminder", "noted"]


def test_every_level_has_a_chip_that_lists_as_many_as_it_says(warned: Stack) -> None:
    with warned.here():
        numbers = asyncio.run(count_alerts(AlertFilter(), MOMENT))
        for level in LEVELS:
            wanted = AlertFilter.read({"level": level})
            found = asyncio.run(alerts(wanted, MOMENT, 100))
            assert {a.level for a in found} == {level}
            assert len(found) == numbers[f"level_{level}"]
