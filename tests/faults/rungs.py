"""Kill the worker with -9 around every rung of a ladder, and look at what came out.

`python -m tests.faults.rungs --kills 20` prints, for each kill, what was in flight: records on
`case-events` that the worker had not committed. A kill with nothing in flight does not count.
The outcome is compared with the rules run over the same facts in one go, without Kafka.
"""

import argparse
import hashlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from kafka.admin import KafkaAdminClient

from deploy.local.lag import lags
from duban import bus, codec
from duban.bus_config import kafka_config
from duban.events import Actor, Event
from duban.reference import reference_from
from streams.clocks_job import ClocksJob
from streams.records import Record
from tests.faults.receiver import SECRET, Receiver
from tests.stack import Stack, new_stack, wait_for

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 4, 7, 9, 0, tzinfo=ZONE)
PARTS = "broker,topics,apply,streams,notify"
ITEM = "construction-permit"  # promised in 3 working days
NOISE = 150


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
    """The whole trial on a stack that runs: subscribe, kill, compare."""
    receiver = Receiver()
    try:
        address = ["--webhook", receiver.url, "--secret", SECRET]
        stack.run("subscription", "add", "--name", "rungs", "--hall", "rungs", *address, check=True)
        run(stack, kills, seed)
        with stack.here():
            check()
            check_heard(receiver)
    finally:
        receiver.close()


def run(stack: Stack, kills: int, seed: int, say: Callable[[str], None] = print) -> None:
    """One case a working day; at the closes of business, where rungs fall due, the worker dies."""
    random.seed(seed)
    done, day, number = 0, START, 0
    with stack.here(), bus.Producer() as producer:
        while done < kills:
            number += 1
            case = f"rungs/{number}"
            producer.tick(ms(day))  # facts dated over 24 h ahead of business time are laid aside
            producer.send(fact("CaseSubmitted", case, day, item_code=ITEM))
            producer.send(fact("CaseAccepted", case, day + timedelta(minutes=5)))
            close = day.replace(hour=17, minute=30)
            producer.tick(ms(close - timedelta(minutes=1)))
            producer.flush()
            wait_idle(10)
            if number > 2:
                done += kill_around(stack, producer, close, say)
            else:
                producer.tick(ms(close))
            day = next_working_day(day)
        producer.tick(ms(day + timedelta(days=14)))
        producer.flush()
        wait_idle(60)


def kill_around(
    stack: Stack, producer: bus.Producer, close: datetime, say: Callable[[str], None]
) -> int:
    """Let a close of business pass, kill the worker meanwhile; 1 when something was in flight."""
    for i in range(NOISE):
        producer.send(
            fact("AlertCommented", f"rungs/noise-{i % 40}", close, alert_id="x", comment=str(i))
        )
    producer.tick(ms(close))
    producer.flush()
    time.sleep(random.choice((0, 0.003, 0.01, 0.02, 0.04)))
    old = stack.kill("streams")
    behind = in_flight()
    say(f"killed {old} at {close:%m-%d %H:%M}: {behind} records in flight")
    stack.wait_restarted("streams", old, 90)
    wait_idle(90)
    return 1 if behind else 0


def in_flight() -> int:
    """Records on case-events that the worker has not committed."""
    client = KafkaAdminClient(**kafka_config())
    try:
        rows = lags(client)
    finally:
        client.close()
    return sum(r.behind for r in rows if r.topic == "case-events" and "sink" not in r.group)


def wait_idle(seconds: float) -> None:
    wait_for(lambda: in_flight() == 0, "the worker has caught up", seconds, every=0.2)


def next_working_day(day: datetime) -> datetime:
    day += timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


# --- what must have come out ---


class Published:
    """Reference data as published on the stack."""

    def __init__(self) -> None:
        self.current = reference_from(bus.read_reference())


def expected() -> Counter[tuple[str, str]]:
    """(alert id, hash of the bytes) of each alert, from the rules alone."""
    found: Counter[tuple[str, str]] = Counter()
    reference = Published()
    by_partition: dict[int, list[Record]] = {}
    for r in bus.read_all("case-events"):
        record = Record(*(getattr(r, name) for name in Record._fields))
        by_partition.setdefault(r.partition, []).append(record)
    for partition, records in by_partition.items():
        job = ClocksJob(partition, reference)
        for out in job.apply(sorted(records, key=lambda r: r.offset), None).outputs:
            if out.topic == "alerts":
                found[identity(out.value)] += 1
    return found


def seen() -> Counter[tuple[str, str]]:
    """The same, from topic alerts as a reader of committed records finds it."""
    return Counter(identity(r.value) for r in bus.read_all("alerts"))


def identity(value: bytes | None) -> tuple[str, str]:
    event = codec.decode(value)
    return event.event_id, hashlib.sha256(value or b"").hexdigest()


def ladders() -> dict[str, list[str]]:
    """Levels of each case's promise clock, in the order in which they were raised."""
    told: dict[str, list[str]] = {}
    for record in sorted(bus.read_all("alerts"), key=lambda r: (r.partition, r.offset)):
        event = codec.decode(record.value)
        if event.type == "AlertRaised" and event.data["clock_kind"] == "promise":
            told.setdefault(event.subject_id, []).append(event.data["level"])
    return told


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


def check() -> None:
    """Alerts equal the rules' to the byte, none twice; each case heard each rung once, in order."""
    wanted, out = expected(), seen()
    assert out == wanted, f"{len(out - wanted)} too many, {len(wanted - out)} missing"
    assert max(out.values()) == 1
    heard = ladders()
    accepted = {
        r.key for r in bus.read_all("case-events") if r.header("ce_type") == b"CaseAccepted"
    }
    assert len(heard) == len(accepted)
    assert set(map(tuple, heard.values())) == {("reminder", "yellow", "red")}
    print(f"{len(heard)} cases, {sum(out.values())} alerts: each once, in order, to the byte")


def check_heard(receiver: Receiver) -> None:
    """Whoever subscribed heard each alert, under its id, and nothing that is no alert."""
    alerts = {event_id for event_id, _ in seen()}
    wait_for(lambda: alerts <= receiver.heard.keys(), "all alerts are delivered", 60)
    assert receiver.heard.keys() == alerts
    assert receiver.forged == 0
    doubles = sum(receiver.heard.values()) - len(alerts)
    print(f"webhook: {len(alerts)} alerts heard, {doubles} delivered more than once")


if __name__ == "__main__":
    main()
