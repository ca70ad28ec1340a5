"""Business time when clocks jump: no timer early, none held without need, and never back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from streams.business_time import BusinessTime, Clocks
from streams.records import Record

START = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000


class World:
    """A machine and a broker with a clock each, and the time of a loop on that machine."""

    def __init__(self, reached: int = 0) -> None:
        self.machine = self.broker = START
        self.steady = 100.0
        self.written = 0
        self.begin(reached)

    def begin(self, reached: int = 0) -> None:
        """The process starts."""
        self.time = BusinessTime(True, Clocks(lambda: self.machine, lambda: self.steady))
        self.time.reached = reached

    def passes(self, ms: int, *, asleep: bool = False) -> None:
        """True time passes; the steady clock of a machine that sleeps stands."""
        self.machine += ms
        self.broker += ms
        self.steady += 0 if asleep else ms / 1000

    def turn(self) -> int:
        """What the loop does at a turn without work: look, and write where it asks."""
        now = self.look()
        if self.time.asks():
            self.written += 1
            self.time.broker_said(self.broker)
        return now

    def look(self) -> int:
        now = self.time.now()
        assert now is not None
        return now


@pytest.fixture
def world() -> World:
    made = World()
    made.turn()
    assert made.written == 1 and made.turn() == START
    return made


def test_the_machines_clock_counts_while_the_broker_agrees(world: World) -> None:
    for _ in range(100):
        world.passes(MINUTE)
        assert world.turn() == world.machine
    assert world.written == 1  # nothing is written only to hear the time


def test_ten_minutes_forward_wake_no_timer_and_the_right_instants_still_come(world: World) -> None:
    world.machine += 10 * MINUTE
    assert world.turn() == START
    assert world.time.off == 10 * MINUTE
    world.passes(2 * MINUTE)
    assert world.turn() == START + 2 * MINUTE
    assert world.written > 1  # it keeps asking
    world.machine -= 10 * MINUTE  # put right
    world.passes(MINUTE)
    assert world.turn() == world.machine == START + 3 * MINUTE
    assert world.time.off == 0


def test_ten_minutes_forward_are_real_once_the_broker_has_them_too(world: World) -> None:
    world.machine += 10 * MINUTE
    world.broker += 10 * MINUTE
    assert world.turn() == START
    assert world.turn() == START + 10 * MINUTE
    assert world.time.off == 0


def test_while_it_asks_it_writes_seldom(world: World) -> None:
    world.machine += 10 * MINUTE
    for _ in range(60):
        world.passes(1000)
        world.turn()
    assert world.written <= 1 + 60 / 5 + 1


def test_ten_minutes_back_are_waited_out(world: World) -> None:
    world.machine -= 10 * MINUTE
    seen = []
    for _ in range(12):
        world.passes(MINUTE)
        seen.append(world.turn())
    assert seen[:9] == [START] * 9
    assert seen[9:] == [START, START + MINUTE, START + 2 * MINUTE]
    assert world.written == 1


def test_a_clock_gone_back_is_reported_until_it_has_caught_up(world: World) -> None:
    world.machine -= 10 * MINUTE
    world.turn()
    assert world.time.off == -10 * MINUTE
    world.passes(10 * MINUTE)
    world.turn()
    assert world.time.off == 0


def test_a_leap_second_smeared_or_stepped_changes_nothing(world: World) -> None:
    for step in range(86_400 // 60):
        world.passes(MINUTE)
        world.broker -= step % 2  # runs slower all day
        assert world.turn() == world.machine
    world.machine -= 1000
    world.passes(2000)
    assert world.turn() == world.machine
    assert world.written == 1


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_a_day_of_changing_summer_time_has_every_minute_once(world: World, day: str) -> None:
    local = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/New_York"))
    assert local.utcoffset() != (local + timedelta(days=1)).utcoffset()
    jump = int(local.timestamp() * 1000) - START
    world.passes(jump)
    seen = []
    for _ in range(24 * 60):
        world.passes(MINUTE)
        seen.append(world.turn())
    assert {b - a for a, b in pairwise(seen)} == {MINUTE}
    assert world.written == 1


def test_a_machine_that_slept_holds_nothing_once_the_broker_was_asked(world: World) -> None:
    world.passes(8 * 60 * MINUTE, asleep=True)
    world.turn()
    assert world.written == 2
    assert world.turn() == world.machine


def test_after_downtime_the_first_answer_of_the_broker_sets_the_time(world: World) -> None:
    world.passes(3 * 60 * MINUTE)
    world.begin(reached=START)
    assert not world.time.known  # no timer fires
    world.turn()
    assert world.time.known
    assert world.turn() == world.machine


def test_a_process_that_starts_under_a_wrong_clock_keeps_to_the_broker(world: World) -> None:
    world.machine += 10 * MINUTE
    world.begin(reached=START)
    world.turn()
    assert world.turn() == START
    world.passes(MINUTE)
    assert world.turn() == START + MINUTE


def test_what_was_reached_before_a_restart_stays_reached(world: World) -> None:
    world.begin(reached=START + 5 * MINUTE)
    world.turn()
    assert world.turn() == START + 5 * MINUTE


def test_a_broker_that_is_ahead_hurries_nobody(world: World) -> None:
    world.broker += 10 * MINUTE
    world.time.broker_said(world.broker)
    assert world.turn() == START


def test_without_time_from_the_broker_the_machines_clock_is_all_there_is() -> None:
    world = World()
    world.time.broker_said(None)
    world.machine += 10 * MINUTE
    assert world.look() == world.machine
    assert not world.time.asks()


def test_records_are_applied_at_the_brokers_time_but_never_past_the_machines(world: World) -> None:
    def of(timestamp: int) -> int | None:
        return world.time.of([Record("in", 0, 0, timestamp, None, None, ())])

    world.passes(10 * MINUTE)
    assert of(START + 7 * MINUTE) == START + 7 * MINUTE
    assert of(START + 2 * MINUTE) == START + 7 * MINUTE  # never back
    assert of(START + 99 * MINUTE) == world.machine


def test_where_ticks_bring_time_there_is_none_here() -> None:
    time = BusinessTime(False)
    assert time.now() is None and time.known and not time.asks()
