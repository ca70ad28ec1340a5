"""Scores on a real broker: the worker is killed, points come again, an older worker's totals are
taken over, and what is published is the plain sum over point ids."""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient

from duban import bus, codec
from duban.bus_config import kafka_config
from duban.events import Event
from duban.settings import settings
from streams.points import PREFIX
from tests.engine.rig import Worker
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.fault

FAILPOINTS = ("streams.before_transaction", "streams.before_commit", "streams.after_commit")
HALLS = [f"hall-{n}" for n in range(12)]
COUNTED = {  # by the preset rules, `schemas/reference/scores.toml`
    "promise-kept": (0.1, ("on_time",)),
    "promise-broken": (-5.0, ("late",)),
    "rating-5": (0.2, ("ratings", "satisfied")),
    "rating-2": (-1.0, ("ratings",)),
}
NAMES = ("n", "on_time", "late", "ratings", "satisfied")
PART = 1500


def point(chance: random.Random, number: int) -> Event:
    hall, rule = chance.choice(HALLS), chance.choice(list(COUNTED))
    name, at = str(uuid5(NAMESPACE_URL, str(number))), 1_790_000_000_000 + number
    data = {
        "point_id": name, "subject": f"w{chance.randrange(4)}", "rule_id": rule, "at": at,
        "period": chance.choice(("2026-09", "2026-10")), "points": COUNTED[rule][0],
        "cause_event_id": None, "case_id": "", "reverses": None, "score_policy_version": "1",
    }  # fmt: skip
    return Event("ScorePointPosted", name, hall, at, at, subject_type="hall", hall_id=hall,
                 data=data)  # fmt: skip


def points(chance: random.Random, first: int, count: int) -> list[Event]:
    """Points, a tenth of them taken back, a fifth of all doubled; in no order."""
    made = [point(chance, first + n) for n in range(count)]
    for one in chance.sample(made, count // 10):
        name = str(uuid5(NAMESPACE_URL, f"not {one.event_id}"))
        more = {"point_id": name, "points": -one.data["points"], "reverses": one.event_id}
        made.append(replace(one, event_id=name, data=one.data | more))
    made += chance.sample(made, len(made) // 5)
    chance.shuffle(made)
    return made


class Workers:
    """Workers of the product, one after another, as the supervisor would start them."""

    def __init__(self, stack: Stack, logs: Path) -> None:
        self._stack, self._logs, self._all = stack, logs, list[Worker]()

    def start(self, faults: str = "") -> Worker:
        env = {**self._stack.env, "DUBAN_FAULTS": faults, "DUBAN_WORKER": "a"}
        log = self._logs / f"worker-{len(self._all)}.log"
        self._all.append(Worker(log, env, "streams"))
        return self._all[-1]

    def close(self) -> None:
        for worker in self._all:
            if worker.process.poll() is None:
                worker.kill()


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A broker with the preset rules published, and no worker."""
    made = make_stack(parts="broker,topics,apply").start()
    with made.here():
        yield made


@pytest.fixture
def workers(stack: Stack, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(stack, tmp_path)
    yield made
    made.close()


def send(events: Sequence[Event]) -> None:
    with bus.Producer() as producer:
        for one in events:
            producer.send(one)


def committed() -> int:
    admin = KafkaAdminClient(**kafka_config())
    try:
        offsets = admin.list_group_offsets([settings().streams_id])[settings().streams_id]
    finally:
        admin.close()
    return sum(at.offset for tp, at in offsets.items() if tp.topic == "score-points")


class Seen(NamedTuple):
    """What lies in `score-state`: how often each row was written, and all totals of each key."""

    rows: Counter[str]
    totals: dict[tuple[str, str, str], list[dict[str, Any]]]


def state() -> Seen:
    rows: Counter[str] = Counter()
    totals: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in bus.read_all("score-state"):
        if record.key.startswith(PREFIX):
            rows[record.key.removeprefix(PREFIX).decode()] += 1
        elif not record.key.startswith(b"__"):
            event = codec.decode(record.value)
            key = (event.hall_id, event.data["subject"], event.data["period"])
            totals[key].append(dict(event.data))
    return Seen(rows, totals)


def plain() -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """The sum over point ids of what lies in `score-points`."""
    once = {e.data["point_id"]: e for e in (codec.decode(r.value) for r in said())}
    sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for event in once.values():
        data = event.data
        step = 1 if data["reverses"] is None else -1
        total = sums[event.hall_id, data["subject"], data["period"]]
        total["tenths"] += round(data["points"] * 10)
        for name in ("n", *COUNTED[data["rule_id"]][1]):
            total[name] += step
    return {key: (s["tenths"] / 10, *(s[name] for name in NAMES)) for key, s in sums.items()}


def said() -> list[Any]:
    return list(bus.read_all("score-points"))


def last(seen: Seen) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    return {
        key: (all_[-1]["points"], *(all_[-1][name] for name in NAMES))
        for key, all_ in seen.totals.items()
    }


def test_totals_equal_the_plain_sum_though_the_worker_is_killed_around_its_transactions(
    stack: Stack, workers: Workers
) -> None:
    chance = random.Random(seed := random.randrange(10**6))
    parts = [points(chance, n * PART, PART) for n in range(len(FAILPOINTS) + 3)]
    doubled = chance.sample(parts[0], PART)
    for failpoint in FAILPOINTS:
        send(parts.pop())
        assert workers.start(f"{failpoint}:2").process.wait(60) == -9
        print(f"seed {seed}, {failpoint}: {len(said()) - committed()} points in flight")
    while parts:
        worker = workers.start()
        wait_for(lambda w=worker: w.said('"caught_up"') >= 8, "both jobs have caught up", 60)
        send(parts.pop())
        time.sleep(chance.uniform(0, 0.3))
        worker.kill()
        print(f"seed {seed}, at random: {len(said()) - committed()} points in flight")
    send(doubled)
    worker = workers.start()
    wait_for(lambda: committed() == len(said()), "the worker has caught up", 60, 0.5)
    assert worker.stop() == 0
    seen, ids = state(), {codec.decode(r.value).data["point_id"] for r in said()}
    assert last(seen) == plain()
    assert seen.rows.keys() == ids
    print(f"{len(said())} points under {len(ids)} ids, {len(seen.totals)} totals")
    again = workers.start()
    wait_for(lambda: again.said('"caught_up"') >= 8, "both jobs have caught up", 60)
    assert again.stop() == 0
    assert state() == seen  # what was published follows from the rows


def test_an_older_workers_totals_are_replaced_by_sums_over_all_points_and_by_nothing_halfway(
    stack: Stack, workers: Workers
) -> None:
    send(points(random.Random(1), 0, PART))
    leave_totals_of_form_1()
    worker = workers.start()
    wait_for(lambda: worker.said('"caught_up"') >= 8, "both jobs have caught up", 60)
    wait_for(lambda: last(state()) == plain(), "the sums", 30, 0.5)
    seen = state()
    assert {len(all_) for all_ in seen.totals.values()} == {2}  # form 1 did not say the score
    assert all(all_[-1]["version"] > 4410 for all_ in seen.totals.values())
    places = {r.partition for r in said()}
    assert worker.said('"state_made_anew"') == len(places) > 1
    assert worker.stop() == 0
    second = workers.start()
    wait_for(lambda: second.said('"caught_up"') >= 8, "both jobs have caught up", 60)
    assert second.said('"state_made_anew"') == 0


def leave_totals_of_form_1() -> None:
    """What the version before wrote: totals and positions, every third total counted wrongly."""
    totals = KafkaProducer(**kafka_config())
    count = len(totals.partitions_for("score-state"))
    ends = dict.fromkeys(range(count), 0)
    for record in said():
        ends[record.partition] = max(ends[record.partition], record.offset + 1)
    for index, (key, (points_, *counts)) in enumerate(sorted(plain().items())):
        hall, subject, period = key
        if index % 3 == 0:
            points_ -= 5.0
        data = {"subject": subject, "period": period, "points": points_, "version": 4410,
                **dict(zip(NAMES, counts, strict=True))}  # fmt: skip
        name = str(uuid5(NAMESPACE_URL, "|".join(key)))
        event = Event("ScoreState", name, hall, 1, 1, subject_type="hall", hall_id=hall, data=data)
        place = bus.partition_of(hall.encode(), count)
        totals.send("score-state", codec.encode(event), json.dumps(key).encode(), partition=place)
    for place, end in ends.items():
        value = json.dumps({"score-points": end, "__now": 0}).encode()
        totals.send("score-state", value, b"__position", partition=place)
    totals.close()
    group = KafkaConsumer(**kafka_config(), group_id=settings().streams_id,
                          enable_auto_commit=False)  # fmt: skip
    places = {TopicPartition("score-points", p): end for p, end in ends.items()}
    group.assign(list(places))
    group.commit({tp: OffsetAndMetadata(end, "", -1) for tp, end in places.items()})
    group.close()
