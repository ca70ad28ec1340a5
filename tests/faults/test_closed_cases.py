"""Closed cases on a real broker: after they moved to disk a thousand late facts, doubled
acceptances, corrections and reopenings find them, though the worker is killed among them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from duban import bus
from duban.events import Event
from tests.faults.cases import check, closed_by_state
from tests.faults.rungs import ITEM, fact, in_flight, ms, wait_idle
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.fault

EACH = 1_000
KINDS = ("late", "doubled", "correction", "reopened")
KILLS = 3
START = datetime(2026, 4, 7, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OVERDUE = START + timedelta(days=9)  # the promise of three working days is broken by then
AFTER = START + timedelta(days=10)
LAST = START + timedelta(days=60)
GAUGE = "duban_streams_open_cases{"


def lives() -> Iterator[tuple[str, str]]:
    """Each case and what will be told of it after it has closed."""
    for kind in KINDS:
        for number in range(EACH):
            yield f"archive/{kind}-{number}", kind


def came_in(case: str) -> list[Event]:
    return [
        fact("CaseSubmitted", case, START, item_code=ITEM),
        fact("CaseAccepted", case, START + timedelta(minutes=5)),
    ]


def decided(case: str) -> Event:
    """Every second case was decided in time."""
    in_time = int(case.rpartition("-")[2]) % 2 == 0
    at = START + timedelta(days=1) if in_time else OVERDUE - timedelta(minutes=30)
    return fact("DecisionMade", case, at, decision="approved")


def closed(case: str) -> Event:
    return fact("CaseClosed", case, OVERDUE - timedelta(minutes=10))


def told_after(case: str, kind: str) -> Event:
    """What finds the case on disk."""
    told = ms(AFTER)
    match kind:
        case "late":
            made = fact("DecisionMade", case, START + timedelta(hours=3), decision="approved")
            return replace(made, recorded_at=told)
        case "doubled":
            once = came_in(case)[1]
            again = fact("CaseAccepted", case, START + timedelta(minutes=6))
            return once if int(case[-1]) < 5 else replace(again, recorded_at=told)
        case "correction":
            wrong = decided(case)
            right = fact("DecisionMade", case, START + timedelta(days=6), decision="approved")
            return replace(right, recorded_at=told, corrects_event_id=wrong.event_id)
        case _:
            return fact("CaseReopened", case, AFTER, cause="quality")


def test_a_thousand_of_each_find_their_closed_cases_though_the_worker_is_killed(make_stack):
    stack: Stack = make_stack(parts="broker,topics,apply,streams", business_time="ticks").start()
    chance = random.Random(1)
    with stack.here(), bus.Producer() as producer:
        cases = list(lives())
        say(producer, START, [e for case, _ in cases for e in came_in(case)])
        say(producer, START + timedelta(days=1), [])
        say(producer, OVERDUE, [e for case, _ in cases for e in (decided(case), closed(case))])
        wait_idle(120)
        wait_for(lambda: closed_by_state() == len(cases), "all cases are closed", 120, 1.0)
        wait_for(lambda: open_cases(stack) == 0, "all cases have moved to disk")
        wait_idle(30)
        late = [told_after(case, kind) for case, kind in cases]
        chance.shuffle(late)
        producer.tick(ms(AFTER))
        part = len(late) // (KILLS + 1)
        for number in range(KILLS):
            say(producer, AFTER, late[number * part : (number + 1) * part])
            kill(stack)
        say(producer, AFTER, late[KILLS * part :])
        wait_idle(120)
        wait_for(lambda: open_cases(stack) == EACH, "only the reopened are back")
        kill(stack, idle=True)
        wait_for(lambda: open_cases(stack) == EACH, "as many after a restore")
        again = [c for c, kind in cases if kind == "reopened" and int(c[-1]) < 5]
        say(producer, AFTER, [fact("CaseClosed", c, AFTER + timedelta(hours=1)) for c in again])
        producer.tick(ms(LAST))
        producer.flush()
        wait_idle(120)
        wait_for(lambda: open_cases(stack) == EACH // 2, "the others are closed again")
        taken_back, standing = check([case for case, _ in cases], "archive", ms(LAST))
        assert taken_back > 0 and standing > EACH


def say(producer: bus.Producer, at: datetime, events: Sequence[Event]) -> None:
    producer.tick(ms(at))
    for event in events:
        producer.send(event)
    producer.flush()


def kill(stack: Stack, *, idle: bool = False) -> None:
    """kill -9, with records under way unless `idle`."""
    old = stack.kill("streams")
    behind = in_flight()
    print(f"killed {old}: {behind} records in flight")
    assert idle or behind > 0
    stack.wait_restarted("streams", old, 90)


def open_cases(stack: Stack) -> int:
    """Cases that the worker holds in memory, as its metrics say; -1 while it is away."""
    url = f"http://127.0.0.1:{stack.settings.metrics()}/metrics"
    try:
        lines = httpx.get(url).text.splitlines()
    except httpx.TransportError:
        return -1
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith(GAUGE)))
