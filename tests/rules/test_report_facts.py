"""What a report says of the faults of a period: one number is one fault, of where it began."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from projections.reports.conduct import _supervised
from projections.reports.facts import HallFact, HallFacts
from projections.reports.period import parse

ZONE = ZoneInfo("Asia/Shanghai")


def told(type_: str, day: str, number: str = "f1") -> HallFact:
    at = datetime.fromisoformat(day).replace(tzinfo=ZONE)
    return HallFact(type_, "w1", "window", at, {"finding_id": number})


def faults(month: str, *facts: HallFact) -> list[tuple[str, bool]]:
    """(number, whether it is closed) of those of a month."""
    found = HallFacts(facts, parse(month)).findings
    return [(f.raised.data["finding_id"], f.is_closed) for f in found]


RAISED, CLOSED = "FindingRaised", "FindingClosed"


@pytest.mark.parametrize(
    ("days", "closed"),
    [
        ([], False),
        ([(CLOSED, "2026-10-20")], True),
        ([(CLOSED, "2026-09-05"), (RAISED, "2026-09-06")], False),
        ([(CLOSED, "2026-09-05"), (RAISED, "2026-10-06")], False),
        ([(CLOSED, "2026-09-05"), (RAISED, "2026-10-06"), (CLOSED, "2026-10-06")], True),
    ],
)
def test_a_fault_is_of_the_month_in_which_it_was_first_found(days, closed):
    facts = [told(RAISED, "2026-09-03"), *(told(type_, day) for type_, day in days)]
    assert faults("2026-09", *facts) == [("f1", closed)]
    assert faults("2026-10", *facts) == []
    assert faults("2026-Q3", *facts) == [("f1", closed)]


def test_a_month_in_which_old_faults_alone_came_back_does_not_say_that_none_was_found():
    facts = [told(RAISED, "2026-09-03"), told(RAISED, "2026-10-06"), told(RAISED, "2026-10-09")]
    assert "又发现2次" in _supervised(HallFacts(facts, parse("2026-10")))
    assert "没有发现问题" in _supervised(HallFacts(facts, parse("2026-11")))


def test_two_numbers_are_two_faults_and_the_facts_of_a_period_are_its_own():
    facts = [
        told(RAISED, "2026-08-31", "before"),
        told(RAISED, "2026-09-01", "one"),
        told(RAISED, "2026-09-30T23:59", "two"),
        told(RAISED, "2026-10-01", "after"),
    ]
    assert faults("2026-09", *facts) == [("one", False), ("two", False)]
    assert len(HallFacts(facts, parse("2026-09")).of(RAISED)) == 2
