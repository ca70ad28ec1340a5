"""The simulated year: the same for the same seed, of the size asked, with all that counts."""

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise

import pytest

from duban import contracts
from duban.boards import quotas
from duban.events import Event
from producers.simulator import merits, upkeep
from producers.simulator.feed import Plan, Tick
from producers.simulator.year import CASES, Year, events, periods_before
from tests.simulated import city

SCALE = 0.0005
POLICIES = {"month": ("window-month",), "quarter": ("grade",), "year": ("annual",)}


@cache
def year(seed: int = 7, scale: float = SCALE) -> Year:
    return Year(Plan(replace(city(), scores=POLICIES), seed, date(2025, 1, 1), 0), scale)


@cache
def told(seed: int = 7) -> tuple[Event | Tick, ...]:
    return tuple(events(year(seed)))


def facts(event_type: str = "") -> list[Event]:
    found = [event for event in told() if isinstance(event, Event)]
    return [event for event in found if event_type in ("", event.type)]


def only(event_type: str) -> Event:
    (found,) = facts(event_type)
    return found


def test_the_same_seed_gives_the_same_year_and_another_seed_another_one() -> None:
    assert tuple(events(year())) == told()
    assert told(8) != told()


def test_every_fact_keeps_its_contract_and_has_an_id_of_its_own() -> None:
    for event in facts():
        contracts.check(event)
    assert len({event.event_id for event in facts()}) == len(facts())


def test_facts_come_in_the_order_of_recording_each_before_the_tick_that_covers_it() -> None:
    last_tick = 0
    for found in told():
        if isinstance(found, Tick):
            last_tick = found.at
        else:
            assert last_tick < found.recorded_at
    at = [found.recorded_at if isinstance(found, Event) else found.at for found in told()]
    assert all(before <= after for before, after in pairwise(at))


@pytest.mark.parametrize("scale", [0.0002, 0.002])
def test_a_scale_gives_that_part_of_the_citys_cases(scale: float) -> None:
    found = events(year(scale=scale))
    cases = sum(isinstance(e, Event) and e.type == "CaseSubmitted" for e in found)
    wanted = CASES * scale
    assert abs(cases - wanted) < 4 * wanted**0.5  # a Poisson number


def test_every_period_of_every_policy_is_closed_once_after_it_has_ended() -> None:
    closed = Counter((e.data["policy_id"], e.data["period"]) for e in facts("PeriodClosed"))
    assert set(closed.values()) == {1}
    assert sorted(period for policy, period in closed if policy == "window-month") == [
        f"2025-{month:02d}" for month in range(1, 13)
    ]
    assert [p for policy, p in closed if policy == "grade"] == [f"2025-Q{n}" for n in range(1, 5)]
    assert [p for policy, p in closed if policy == "annual"] == ["2025"]


def test_months_are_closed_before_the_year_that_they_count_for() -> None:
    last = [e.data["policy_id"] for e in facts("PeriodClosed")][-3:]
    assert last == ["window-month", "grade", "annual"]


def test_the_periods_that_end_with_a_month_are_named_as_policies_name_them() -> None:
    assert periods_before(date(2025, 3, 1)) == {"month": "2025-02"}
    assert periods_before(date(2026, 1, 1)) == {
        "month": "2025-12", "quarter": "2025-Q4", "half": "2025-H2", "year": "2025",
    }  # fmt: skip


def test_four_parties_take_turns_and_what_they_find_is_put_right() -> None:
    parties = [event.data["party"] for event in facts("PatrolScheduled")]
    assert parties[:8] == [*upkeep.PARTIES, *upkeep.PARTIES]
    assert 0 < len(parties) - len(facts("PatrolDone")) < 20  # some rounds nobody did
    raised = {event.data["finding_id"] for event in facts("FindingRaised")}
    assert raised == {event.data["finding_id"] for event in facts("FindingClosed")}
    assert len(raised) > 20


def test_the_board_of_good_deeds_has_six_people_in_each_of_five_classes() -> None:
    board = [e for e in facts("HonourGranted") if e.data.get("board") == merits.BOARD]
    found = Counter((merits.BOARD, e.data["class_name"]) for e in board)
    assert found == quotas()
    assert len(found) == 5
    assert len({e.data["subject"] for e in board}) == 30


def test_inspections_cross_both_axes_and_every_source_appraises() -> None:
    done = facts("InspectionDone")
    assert {e.data["plan"] for e in done} == {"themed", "periodic", "unscheduled"}
    assert {e.data["manner"] for e in done} == {"open", "covert"}
    assert {e.data["source"] for e in facts("AppraisalGiven")} == set(upkeep.SOURCES)


def test_one_fact_is_corrected_one_is_void_and_one_comes_after_its_month_was_closed() -> None:
    by_id = {event.event_id: event for event in facts()}
    (right,) = [e for e in facts() if e.corrects_event_id]
    wrong = by_id[str(right.corrects_event_id)]
    assert (wrong.data["kind"], right.data["kind"]) == ("absent", "leave")
    assert by_id[only("HallFactVoided").data["voided_event_id"]].type == "AttendanceExcepted"
    cuts = {e.data["period"]: e.recorded_at for e in facts("PeriodClosed")}
    zone = city().calendar().date_of
    late = [
        e for e in facts("AttendanceExcepted")
        if e.recorded_at > cuts[f"{zone(e.occurred_at):%Y-%m}"]
    ]  # fmt: skip
    assert len(late) == 1


def test_the_ladder_is_walked_and_a_measure_that_was_appealed_is_taken_back() -> None:
    cards = facts("CardIssued")
    assert Counter(e.data["colour"] for e in cards) == {"yellow": 4, "red": 1}
    assert sum(not e.evidence for e in cards) == 1
    given = only("AdmonitionIssued")
    for later in ("MeasureAppealed", "MeasureAppealDecided", "MeasureRevoked"):
        assert only(later).data["measure_event_id"] == given.event_id
    assert only("RectificationAccepted").recorded_at < only("RectificationOrdered").data["due_at"]
