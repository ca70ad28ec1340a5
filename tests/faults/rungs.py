"""Kill the worker with -9 around every rung of a ladder, and look at what came out.

`python -m tests.faults.rungs --kills 20` prints, for each kill, the rungs in flight: which are due
by the rules and not out yet, of which case, on which partition, and how many of its records the
worker had not committed. A kill with no rung in flight does not count. Workers die at a moment by
chance and before, in and after a transaction, in turn. The outcome is compared with the rules run
over the same facts in one go, without Kafka.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)

from deploy.local.lag import end_offsets, lags
from duban import bus
from duban.bus_config import kafka_config
from duban.events import Actor, Event
from duban.settings import settings
from tests.engine.rig import PARTITIONS, Worker
from tests.faults.receiver import SECRET, Receiver
from tests.faults.told import check, check_heard, seen, wanted
from tests.stack import Stack, new_stack, wait_for

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 4, 7, 9, 0, tzinfo=ZONE)
PARTS = "broker,topics,apply,notify"  # workers are the trial's own
ITEM = "construction-permit"  # promised in 3 working days
NOISE = 40
CASES_A_DAY = 3
CLOSE = 17  # of business, where no hall has hours of its own: rungs fall due then
# What a broker says until the first group on it has its coordinator.
NO_GROUP_YET = (
    CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError,
)  # fmt: skip
MOMENTS = (
    "", "streams.before_transaction", "streams.before_commit", "streams.after_commit",
)  # fmt: skip


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def fact(type_: str, case: str, at: datetime, **data: Any) -> Event:
    return Event(
        type=type_,
        event_id=str(uuid5(NAMESPACE_URL, f"{type_}|{case}|{at}|{data}")),
        subject_id=case,
        hall_id=case.split("/")[0],
        occurred_at=ms(at),
        recorded_at=ms(at),
        actor=Actor("", "handler", "", "rungs/1"),
        data=data,
    )


def exercise(stack: Stack, kills: int, seed: int = 1) -> None:
    """The whole trial on a stack that runs without a worker: subscribe, kill, compare."""
    receiver = Receiver()
    try:
        address = ["--webhook", receiver.url, "--secret", SECRET]
        stack.run("subscription", "add", "--name", "rungs", "--hall", "rungs", *address, check=True)
        with stack.here(), bus.Producer() as producer:
            Trial(stack, producer, seed).run(kills)
            check()
            check_heard(receiver)
    finally:
        receiver.close()


class Trial:
    """Some cases a working day; at the closes of business, where rungs fall due, a worker dies."""

    def __init__(
        self, stack: Stack, producer: bus.Producer, seed: int, say: Callable[[str], None] = print
    ) -> None:
        self._stack = stack
        self._producer = producer
        self._chance = random.Random(seed)
        self._say = say
        self._worker = self._start()

    def run(self, kills: int) -> None:
        """Until so many kills had a rung in flight; then the clocks run out."""
        done, day, number, moments = 0, START, 0, cycle(MOMENTS)
        try:
            while done < kills:
                number += 1
                close = self._day(day, number)
                if number > 2:
                    done += self._kill_around(close, next(moments))
                else:
                    self._close(close)
                day = next_working_day(day)
            self._close(day + timedelta(days=14))
            idle(60)
        finally:
            self._worker.kill()

    def _day(self, day: datetime, number: int) -> datetime:
        """New cases of a day; its close of business, which is still to come."""
        self._producer.tick(ms(day))  # facts dated over 24 h ahead are laid aside
        for one in range(CASES_A_DAY):
            case = f"rungs/{number}-{one}"
            self._producer.send(fact("CaseSubmitted", case, day, item_code=ITEM))
            self._producer.send(fact("CaseAccepted", case, day + timedelta(minutes=5)))
        close = day.replace(hour=CLOSE)
        self._close(close - timedelta(minutes=1))
        idle(60)
        return close

    def _close(self, at: datetime) -> None:
        self._producer.tick(ms(at))
        self._producer.flush()

    def _kill_around(self, close: datetime, moment: str) -> int:
        """Let a close of business pass, kill the worker meanwhile; 1 when a rung was in flight."""
        if moment:
            self._worker.stop()  # another one finds the close of business at its start
        for i in range(NOISE):
            case = f"rungs/noise-{i % 8}"
            told = fact("AlertCommented", case, close, alert_id="x", comment=str(i))
            self._producer.send(told)
        self._close(close)
        if moment:
            self._die_at(f"{moment}:{self._chance.randint(1, 4)}")
        else:
            time.sleep(self._chance.choice((0, 0.003, 0.01, 0.02, 0.04)))
        self._worker.kill()
        rungs = pending()
        said = "; ".join(rungs) or "no rung in flight, does not count"
        self._say(f"killed {moment or 'by chance'} at {close:%m-%d %H:%M}: {said}")
        self._worker = self._start()
        idle(90)
        return 1 if rungs else 0

    def _die_at(self, faults: str) -> None:
        """A worker that dies by itself, unless it has less to write."""
        worker = self._worker = self._start(faults)
        wait_for(lambda: worker.ended is not None or not behind(), "a worker dies", 90, 0.1)

    def _start(self, faults: str = "") -> Worker:
        env = {**self._stack.env, "DUBAN_FAULTS": faults}
        return Worker(self._stack.data / "worker.log", env, "streams")


def pending() -> list[str]:
    """Rungs that are due by the rules and not out, where the worker has not committed all."""
    out, lag = seen(), behind()
    return [
        f"{event.data['level']} of {event.subject_id} (partition {partition}, "
        f"{lag[partition]} records not committed)"
        for event, partition, name in wanted()
        if name not in out and partition in lag
    ]


def behind() -> dict[int, int]:
    """Records that the worker has not committed, by partition of case-events; none where none."""
    with closing(KafkaAdminClient(**kafka_config())) as client:
        places = [TopicPartition("case-events", number) for number in range(PARTITIONS)]
        ends = end_offsets(client, set(places))
        done = _committed(client)
    lag = {tp.partition: ends[tp] - done.get(tp, 0) for tp in places}
    return {number: count for number, count in lag.items() if count}


def _committed(client: KafkaAdminClient) -> dict[TopicPartition, int]:
    group = settings().streams_id
    try:
        offsets = client.list_group_offsets([group])[group]
    except NO_GROUP_YET:
        return {}
    return {tp: max(0, place.offset) for tp, place in offsets.items()}


def idle(seconds: float) -> None:
    """Wait until the worker has committed all there is."""
    wait_for(lambda: not behind(), "the worker has caught up", seconds, every=0.2)


def in_flight() -> int:
    """Records of cases that the worker has not committed; one at least while its group is not
    known, since a worker that is still starting has everything before it."""
    client = KafkaAdminClient(**kafka_config())
    try:
        rows = lags(client)
    finally:
        client.close()
    read = ("case-events", "verdicts")
    mine = [r.behind for r in rows if r.topic in read and "sink" not in r.group]
    return sum(mine) if mine else 1


def wait_idle(seconds: float) -> None:
    wait_for(lambda: in_flight() == 0, "the worker has caught up", seconds, every=0.2)


def next_working_day(day: datetime) -> datetime:
    day += timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        stack = new_stack(
            Path(directory) / "data",
            parts=PARTS,
            business_time="ticks",
        )
        stack.start()
        try:
            exercise(stack, given.kills, given.seed)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
