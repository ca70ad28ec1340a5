"""The simulated hall: the same for the same seed, believable, and with every signal in it."""

from collections import Counter
from datetime import date
from itertools import pairwise, takewhile
from typing import Any

import pytest

from duban import codec, contracts
from duban.events import Event
from producers.simulator.drive import Reached, drive
from producers.simulator.feed import Plan, Tick, events
from tests.simulated import START, city, facts, figures, outcome, run


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    again = tuple(events(Plan(city(), 1, START, 15)))
    assert again == run()
    assert facts(run(seed=2, days=2)) != facts(run(days=2))


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    short = run(days=3)
    assert run()[: len(short)] == short


def test_every_event_keeps_its_contract_and_has_an_id_of_its_own() -> None:
    told = facts(run())
    for event in told:
        contracts.check(event)
        assert codec.decode(codec.encode(event)).event_id == event.event_id
    assert len({event.event_id for event in told}) == len(told)


def test_facts_come_in_the_order_of_recording_each_before_the_tick_that_covers_it() -> None:
    last_tick, last_fact = 0, 0
    for found in run():
        if isinstance(found, Tick):
            assert last_fact <= found.at
            last_tick = found.at
        else:
            assert last_tick < found.recorded_at
            assert found.recorded_at >= max(last_fact, found.occurred_at)
            last_fact = found.recorded_at


def test_no_quarter_of_an_hour_of_business_passes_without_a_tick() -> None:
    calendar = city().calendar()
    instants = [found.at for found in run() if isinstance(found, Tick)]
    assert instants == sorted(set(instants))
    for before, after in pairwise(instants):
        assert calendar.minutes_between(before, after) <= 15
        assert after - before <= 9 * 3_600_000
    closes = {calendar.nth_close(at, 1) for at in instants[:-40]}
    assert closes <= set(instants)


def test_business_stops_on_days_of_rest_and_goes_on_on_a_make_up_saturday() -> None:
    zone = city().calendar().date_of
    days = Counter(zone(e.occurred_at) for e in facts(run()) if e.type == "CaseSubmitted")
    assert days[date(2026, 5, 9)] > 100
    assert days[date(2026, 4, 25)] < 20  # an ordinary Saturday: online only
    assert days[date(2026, 5, 1)] < 20


def test_the_hall_is_as_large_as_the_seeds_say() -> None:
    submitted = [e for e in facts(run()) if e.type == "CaseSubmitted"]
    assert len(city().windows) == 35
    assert len({e.actor.window_id for e in submitted}) == 35
    assert 140 < len(submitted) / 15 < 190  # 39,072 a year


def test_most_is_on_time_and_a_few_go_through_the_whole_ladder() -> None:
    ended = Counter(a.governing.outcome for a in outcome() if a.governing)
    kept, late = ended["early"] + ended["on_time"], ended["late"]
    assert 0.94 < kept / (kept + late) < 0.99
    told = figures(1, 15)
    assert told["reminders"] > told["yellow"] > told["red"] > 5


def test_the_first_day_already_shows_reminder_yellow_red_and_recovery() -> None:
    shown = set()
    for found in outcome(days=1):
        if found.governing and found.governing.outcome == "late":
            signals = (o for o in found.outputs.values() if o.type == "SignalRaised")
            shown |= {signal.data["level"] for signal in signals}
    assert shown >= {"reminder", "yellow", "red"}


def test_no_case_breaks_its_lifecycle() -> None:
    odd = {anomaly.code for found in outcome() for anomaly in found.view.anomalies}
    assert odd <= {"pause_without_ground"}  # 转报 does not hold the statutory clock


def test_five_branches_forwarding_exclusions_and_ratings_are_there() -> None:
    told = facts(run())
    groups = [e for e in told if e.type == "ParallelGroupOpened"]
    assert {len(e.data["branches"]) for e in groups} == {5}
    excluded = [e for e in told if e.type == "ClockExclusionStarted"]
    assert excluded
    assert all(e.data["written_notice_no"] for e in excluded)
    assert any(e.type == "UpstreamReplied" for e in told)
    marks = Counter(e.data["level"] for e in told if e.type == "RatingGiven")
    assert set(marks) == {1, 2, 3, 4, 5}
    assert marks[5] / marks.total() > 0.6
    assert sum(e.type == "RatingInvited" for e in told) > marks.total()


class Sender:
    """Stands for the producer: keeps what it is given, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def send(self, event: Event) -> None:
        self.sent.append((event.type, event.recorded_at))

    def send_raw(self, topic: str, key: bytes, value: bytes, headers: Any, partition: int) -> None:
        at = codec.decode(value).data["at"]
        self.sent.append((f"{topic}/{partition}/{dict(headers)['ce_type'].decode()}", at))

    def flush(self) -> None:
        self.sent.append(("flush", 0))

    def partitions(self, topic: str) -> list[int]:
        return [0, 1]


def test_a_tick_goes_to_every_partition_after_all_facts_before_it() -> None:
    sender = Sender()
    feed = list(takewhile(lambda e: not isinstance(e, Tick), run()))
    list(drive([*feed, Tick(5_000_000_000_000, True)], sender, 0))

    assert [name for name, _ in sender.sent[-3:]] == [
        "case-events/0/ClockTicked",
        "case-events/1/ClockTicked",
        "flush",
    ]
    assert len(sender.sent) == len(feed) + 3


@pytest.mark.parametrize("busy", [0.0, 0.3])
def test_the_pace_is_kept_and_a_slow_broker_is_waited_for(busy: float) -> None:
    time = 100.0
    slept: list[float] = []

    def clock() -> float:
        return time

    def sleep(seconds: float) -> None:
        nonlocal time
        slept.append(seconds)
        time += seconds

    reached: list[Reached] = []
    for found in drive([Tick(1, True), Tick(2, True), Tick(3, True)], Sender(), 8, sleep, clock):
        reached.append(found)
        time += busy

    assert [found.at for found in reached] == [1, 2, 3]
    assert slept == ([] if busy else pytest.approx([0.2, 0.2, 0.2]))
