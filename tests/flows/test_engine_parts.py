"""The engine's parts without a broker: what must hold whatever Kafka does."""

import asyncio
import logging
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence

import pytest

from duban.bus_make import KEYED_BY_HALL
from duban.codec import RegistryAway, RetryLater, UnknownSchema
from duban.launch import SCHEMAS
from streams import faust_check
from streams.app import JOBS
from streams.inbox import Inbox
from streams.logs import Seldom
from streams.patience import Patience
from streams.records import BY_KEY, Batch, JobSpec, Out, Record, Result
from streams.restore import sources_of
from streams.turn import Slice, Turn
from tests.engine.counting_job import CountingJob

SPEC = JobSpec("count", ("in",), "state", CountingJob)


def record(offset: int, value: bytes = b"+", timestamp: int = 0, topic: str = "in") -> Record:
    return Record(topic, 3, offset, timestamp, b"k", value, ())


def batch(*offsets: int, topic: str = "in") -> Batch:
    return Batch(topic, 3, 1, [record(o, topic=topic) for o in offsets])


def filled(position: dict[str, int], ends: dict[str, int], *batches: Batch) -> Inbox:
    inbox = Inbox(position, ends)
    for one in batches:
        inbox.announce(one)
        inbox.put(one)
    return inbox


def test_inbox_drops_what_was_applied_before_and_keeps_the_order() -> None:
    inbox = filled({"in": 5}, {"in": 9}, batch(3, 4, 5), batch(6, 8))
    seen = []
    while inbox:
        records = inbox.next_records(2)
        seen += [r.offset for r in records]
        inbox.applied(len(records))
    assert seen == [5, 6, 8]
    assert (inbox.position, inbox.on_the_way) == ({"in": 9}, 0)
    assert inbox.has_caught_up


def test_inbox_has_caught_up_over_control_records_only_when_nothing_waits() -> None:
    inbox = filled({"in": 0}, {"in": 4}, batch(0, 1))
    inbox.applied(len(inbox.next_records(10)))
    assert not inbox.has_caught_up
    inbox.read_up_to("in", 4)
    assert inbox.has_caught_up
    inbox = filled({"in": 0, "more": 0}, {"in": 2, "more": 1}, batch(0, 1))
    inbox.applied(len(inbox.next_records(10)))
    assert not inbox.has_caught_up  # the other topic has not


def test_inbox_is_full_while_batches_are_on_their_way() -> None:
    inbox = Inbox({"in": 0}, {"in": 0})
    inbox.announce(batch(*range(4000)))
    assert inbox.is_full
    assert inbox.read_to == {"in": 4000}


def test_slice_follows_the_time_a_job_takes() -> None:
    size = Slice()
    for _ in range(20):
        size.took(size.size, size.size * 0.001)  # 1 ms a record: 50 in 50 ms
    assert size.size == 50
    for _ in range(20):
        size.took(size.size, size.size * 1e-6)
    assert size.size == 2000


async def place(out: Out, own: int) -> tuple[str, int]:
    return out.topic, 0 if out.partition == BY_KEY else own


def test_a_turn_writes_state_outputs_letters_position_and_offsets() -> None:
    turn = Turn(SPEC, 3)
    assert turn.is_empty
    poison = record(7, b"poison")
    turn.add(Result([(b"k", b"1"), (b"k", b"2")], [Out("out", b"k", b"o")]), [record(6)])
    turn.add(Result(dead=[(poison, "bad", "why")]), [poison])
    writes = asyncio.run(turn.writes(place, {"in": 8}, 99, "here"))
    state = writes.records["state", 3]
    assert [(key, value) for key, value, _ in state] == [
        (b"k", b"2"),
        (b"__position", b'{"in": 8, "__now": 99, "__origin": "here", "__form": 1}'),
    ]
    assert writes.records["out", 3] == [(b"k", b"o", ())]
    [(key, value, headers)] = writes.records["dead-letters", 0]
    assert (key, value, dict(headers)["dlq.offset"]) == (b"k", b"poison", b"7")
    assert writes.offsets == {("in", 3): 8}


def test_a_turn_of_timers_commits_no_offsets() -> None:
    turn = Turn(SPEC, 3)
    turn.add(Result(outputs=[Out("out", b"k", b"o")]))
    writes = asyncio.run(turn.writes(place, {"in": 8}, 99, "here"))
    assert not turn.is_empty and writes.offsets == {}


class Feed:
    """A reference feed that counts how often it is asked."""

    asked = 0

    async def wait_ready(self) -> None:
        """It is."""

    async def refresh(self) -> None:
        self.asked += 1


class Stubborn(CountingJob):
    """Raises an error a number of times before it applies."""

    def __init__(self, error: RetryLater, times: int) -> None:
        super().__init__(0, Feed())  # type: ignore[arg-type]  # it never asks for reference data
        self.error, self.times, self.finals = error, times, 0

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        self.finals += final
        if self.times > 0 and not (final and isinstance(self.error, UnknownSchema)):
            self.times -= 1
            raise self.error
        return super().apply(records, now, final=final)


def test_patience_gives_up_on_a_schema_but_never_on_a_registry() -> None:
    async def run(error: RetryLater, times: int) -> tuple[Stubborn, Feed]:
        feed, job = Feed(), Stubborn(error, times)
        result = await Patience(feed, 0.3).apply(job, [record(0)], lambda: None, error)
        assert len(result.outputs) == 1
        return job, feed

    job, feed = asyncio.run(run(UnknownSchema(7), 99))
    assert job.finals == 1 and feed.asked > 1
    job, feed = asyncio.run(run(RegistryAway("registry_away"), 4))
    assert job.finals == 0 and feed.asked == 5


def test_a_topic_belongs_to_one_job() -> None:
    with pytest.raises(ValueError, match="in is read by count and other"):
        sources_of([SPEC, SPEC._replace(name="other")])


def test_topics_that_meet_in_a_job_or_have_its_key_are_divided_alike() -> None:
    topics = tomllib.loads((SCHEMAS / "topics.toml").read_text(encoding="utf-8"))["topics"]
    for spec in JOBS:
        assert {topics[name]["partitions"] for name in spec.together} == {4}, spec.name
    [scores] = [spec for spec in JOBS if spec.name == "scores"]
    by_hall = {name for name, topic in topics.items() if topic["key"] == "hall_id"}
    assert set(scores.together) == by_hall == KEYED_BY_HALL


def test_refuses_a_faust_that_was_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    faust_check.check()
    monkeypatch.setitem(faust_check.TESTED, "Consumer.perform_seek", "0")
    with pytest.raises(faust_check.FaustChanged, match=r"0\.15\.3: Consumer\.perform_seek\."):
        faust_check.check()


def test_a_failpoint_kills_at_the_given_passing() -> None:
    code = (
        "from streams.failpoints import Failpoints; f = Failpoints('a, b:2')\n"
        "f.passing('c'); f.passing('b'); print('alive', flush=True); f.passing('b'); print('no')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "alive\n")


def test_logs_a_repeating_message_of_the_kafka_client_seldom() -> None:
    def said(name: str, number: int) -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 0, "no node %s", (number,), None)

    seldom = Seldom()
    assert [seldom.filter(said("aiokafka.conn", n)) for n in range(3)] == [True, False, False]
    assert all(seldom.filter(said("streams.loop", n)) for n in range(3))
