"""Seed 002, 漳州: of 774,000 cases 99.99 % closed on time, told as events, counted by the metric.

`python -m tests.zhangzhou --cases 774000` tells all of them on a stack of its own: through Kafka,
judged by the worker, stored by the sink. Tests tell a hundredth.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from duban import warehouse
from duban.bus import Producer
from duban.figures import parts_within
from tests.judged import judged
from tests.stack import wait_for

CASES, SAID, HALL = 774_000, "99.99", "zhangzhou-city"
ITEM = "project-filing"  # promised in working days
FIRST = datetime(2011, 3, 1, 1, tzinfo=UTC)
QUICK, SLOW = timedelta(minutes=30), timedelta(days=90)
TOLD = FIRST + timedelta(days=180)  # after the last of them
TICK_EVERY = 2_000  # cases; who sends looks back to the last tick for what time it is


def tell(producer: Producer, cases: int, late: int) -> None:
    """So many cases, of which the first so many are decided long after their term."""
    for number in range(cases):
        if number % TICK_EVERY == 0:
            producer.tick(int(TOLD.timestamp() * 1000))
        at = begins(number)
        _emit(producer, number, "CaseSubmitted", at, item_code=ITEM)
        _emit(producer, number, "CaseAccepted", at)
        decided(producer, number, at + (SLOW if number < late else QUICK))


def begins(number: int) -> datetime:
    """When a case is accepted: they come through ten weeks."""
    return FIRST + timedelta(seconds=30 * (number % 200_000))


def decided(producer: Producer, number: int, at: datetime, of: str | None = None) -> None:
    """The decision on a case; `of` names the one that it corrects."""
    _emit(producer, number, "DecisionMade", at, decision="approved", corrects_event_id=of)


def _emit(producer: Producer, number: int, type_: str, at: datetime, **more: Any) -> None:
    case = f"{HALL}/{number}"
    producer.emit(type_, case=case, at=at, recorded_at=at, historical=True, **more)


def counted() -> dict[str, Any]:
    """The published figure of the hall."""
    return warehouse.metric("on_time", hall=HALL).first()


def _arrived(began: float) -> int:
    """Cases that are judged by now, told on a line."""
    judged_now: int = counted()["judged"]
    print(f"{time.monotonic() - began:6.0f} s: {judged_now:,} cases are counted", flush=True)
    return judged_now


def shown(figure: dict[str, Any]) -> str:
    """A share in per cent as the seed has it."""
    return f"{100 * figure['kept'] / figure['judged']:.2f}"


def main() -> None:
    """Tell them, wait until they are counted, and say how long it took."""
    asked = argparse.ArgumentParser(description="The on-time rate of seed 002, from events.")
    asked.add_argument("--cases", type=int, default=CASES)
    asked.add_argument("--late", type=int, help="as many as are still said to be 99.99 %%")
    given = asked.parse_args()
    cases = given.cases
    late = parts_within(SAID, cases)[1] if given.late is None else given.late
    with tempfile.TemporaryDirectory() as folder, judged(Path(folder)):
        began = time.monotonic()
        with Producer() as producer:
            tell(producer, cases, late)
        sent = time.monotonic() - began
        print(f"{3 * cases:,} events sent in {sent:.0f} s", flush=True)
        wait_for(lambda: _arrived(began) == cases, "all are counted", 6 * 3600, 15)
        took, figure = time.monotonic() - began, counted()
    print(f"{3 * cases:,} events of {cases:,} cases, {late} of them late: sent in {sent:.0f} s, "
          f"counted after {took:.0f} s: {figure['kept']:,} / {figure['judged']:,} = "
          f"{shown(figure)} %")  # fmt: skip
    assert (figure["judged"] - figure["kept"], shown(figure)) == (late, SAID)


if __name__ == "__main__":
    main()
