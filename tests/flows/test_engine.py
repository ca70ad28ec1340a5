"""The partition loop on a real broker: nothing lost, nothing doubled, bad records put aside."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import NewTopic

from duban import bus, contracts
from duban.bus_dead import original
from streams.kafka import TopicsUnfit, check_topics
from streams.records import JobSpec
from tests.engine.counting_job import CountingJob
from tests.engine.rig import PARTITIONS, ROOT, Rig
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack


@pytest.fixture
def rig(kafka: Stack, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(kafka, tmp_path)
    yield rig
    rig.close()


def test_counts_every_record_once_and_commits_its_offset_in_the_transaction(rig: Rig) -> None:
    rig.make_topics()
    rig.load(5000)
    worker = rig.worker()
    rig.wait_done()
    assert rig.committed() == 5000
    positions = [r for r in rig.read(rig.topic("state")) if r.key == b"__position"]
    last = {r.partition: json.loads(r.value)[rig.topic("in")] for r in positions}
    assert sum(last.values()) == 5000
    assert worker.stop() == 0


def test_goes_on_after_an_orderly_stop(rig: Rig) -> None:
    rig.make_topics()
    rig.load(1000)
    first = rig.worker()
    rig.wait_done()
    assert first.stop() == 0
    rig.load(1000)
    second = rig.worker()
    rig.wait_done()
    fresh = '"position": ' + json.dumps({rig.topic("in"): 0})
    assert second.said(fresh) == PARTITIONS  # the first worker's; both write one log


def test_two_sources_share_a_loop(kafka: Stack, tmp_path: Path) -> None:
    rig = Rig(kafka, tmp_path, two=True)
    try:
        rig.make_topics()
        rig.load(1500)
        rig.load(1500, topic="more")
        first = rig.worker()
        rig.wait_done()
        first.kill()
        rig.load(500, topic="more")
        rig.load(500)
        rig.worker()
        rig.wait_done()
    finally:
        rig.close()


def test_puts_poison_aside_with_its_coordinates(rig: Rig) -> None:
    rig.make_topics()
    rig.worker()
    rig.load(10, keys=1)
    sent = rig.send(b"k0", b"poison", headers=[("ce_id", b"7")]).get(10)
    rig.load(10, keys=1)
    rig.wait_done()
    letters = [original(r) for r in rig.read("dead-letters")]
    [letter] = [one for one in letters if one.topic == rig.topic("in")]
    assert (letter.partition, letter.offset) == (sent.partition, sent.offset)
    assert (letter.key, letter.value, letter.reason) == (b"k0", b"poison", "poison")
    assert letter.headers == [("ce_id", b"7")]
    assert letter.consumer == "streams.count"


def test_waits_for_an_unknown_schema_then_gives_up_and_goes_on(rig: Rig) -> None:
    rig.make_topics()
    worker = rig.worker()
    rig.load(10, keys=1)
    rig.wait_done()
    rig.send(b"k0", b"later")
    rig.load(5, keys=1)
    started = time.monotonic()
    rig.wait_done()
    assert time.monotonic() - started > 8  # it waited before it gave up
    assert worker.said("waiting_for_schema") > 1
    letters = [original(r) for r in rig.read("dead-letters")]
    assert [one.value for one in letters if one.topic == rig.topic("in")] == [b"later"]
    rig.send(b"k0", b"later")  # a second one soon after does not hold the partition again
    rig.load(5, keys=1)
    started = time.monotonic()
    rig.wait_done()
    assert time.monotonic() - started < 5


def test_a_bug_stops_the_worker_and_commits_nothing(rig: Rig) -> None:
    rig.make_topics()
    rig.load(100, keys=1)
    worker = rig.worker()
    rig.wait_done()
    bug = rig.send(b"k0", b"bug").get(10)
    assert worker.process.wait(20) == 70
    assert rig.committed() == 100
    assert worker.said(f"while applying {rig.topic('in')}/{bug.partition} offsets {bug.offset} to")
    again = rig.worker()
    assert again.process.wait(30) == 70  # it comes again: nothing was passed over
    assert rig.committed() == 100


def test_timers_fire_once_when_due_and_after_downtime(rig: Rig) -> None:
    rig.make_topics()
    worker = rig.worker()
    wait_for(lambda: worker.said("caught_up") == PARTITIONS, "caught up")
    soon = int(time.time() * 1000) + 1500
    rig.send(b"soon", b"due:%d" % soon).get(10)
    rig.send(b"down", b"due:%d" % (soon + 1500)).get(10)
    fired = b"fired %d" % soon
    wait_for(lambda: fired in rig.outputs()[b"soon"], "the timer", 120)
    [record] = [r for r in rig.read(rig.topic("out")) if r.value == fired]
    assert soon <= record.timestamp <= soon + 1000  # not early, not more than a second late
    worker.kill()
    time.sleep(2)
    rig.worker()
    wait_for(lambda: len(rig.outputs()[b"down"]) > 1, "the one due meanwhile", 120)
    time.sleep(1)
    assert rig.outputs()[b"soon"] == [b"1", fired]
    assert rig.outputs()[b"down"] == [b"1", b"fired %d" % (soon + 1500)]


def test_a_worker_whose_clock_is_ahead_fires_no_timer_early(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rig.stack.env, "COUNT_AHEAD", "600000")
    rig.make_topics()
    worker = rig.worker()
    wait_for(lambda: worker.said("caught_up") == PARTITIONS, "caught up")
    soon = int(time.time() * 1000) + 3000
    rig.send(b"soon", b"due:%d" % soon).get(10)
    fired = b"fired %d" % soon
    wait_for(lambda: fired in rig.outputs()[b"soon"], "the timer")
    [record] = [r for r in rig.read(rig.topic("out")) if r.value == fired]
    assert soon <= record.timestamp
    assert worker.said("system_clock_not_believed") == PARTITIONS
    before = len(rig.read(rig.topic("state")))
    wait_for(lambda: len(rig.read(rig.topic("state"))) > before, "it asks the broker again")


def test_a_change_of_reference_data_reaches_every_key_once(rig: Rig) -> None:
    rig.make_topics()
    rig.load(50, keys=10)
    worker = rig.worker()
    rig.wait_done()
    example = ROOT / "schemas/examples/CalendarPublished/national-day-2026.json"
    event = contracts.from_json(json.loads(example.read_text(encoding="utf-8")))
    with rig.stack.here(), bus.Producer() as producer:
        producer.send(event)

    def touched() -> list[int]:
        return [values.count(b"touched") for values in rig.outputs().values()]

    wait_for(lambda: sum(touched()) >= 10, "the job looks at every key")
    time.sleep(1)
    assert touched() == [1] * 10
    assert worker.said('"event": "reference_read"') == 2


def test_says_which_topic_is_missing(rig: Rig) -> None:
    rig.make_topics()
    rig.admin.delete_topics([rig.topic("state")])
    worker = rig.worker()
    assert worker.process.wait(30) != 0
    assert worker.said(f"no topic {rig.topic('state')}: `duban up` makes all topics")


def test_says_which_topics_are_not_divided_alike(rig: Rig) -> None:
    rig.make_topics()
    odd = f"{rig.topic('in')}-odd"
    rig.admin.create_topics([NewTopic(odd, PARTITIONS + 1, 1)])
    rig.admin.wait_for_topics([odd])
    spec = JobSpec("count", (rig.topic("in"),), rig.topic("state"), CountingJob, beside=(odd,))
    with rig.stack.here():
        asyncio.run(check_topics([], [spec._replace(beside=()).together]))
        with pytest.raises(TopicsUnfit, match=f"'{odd}': {PARTITIONS + 1}"):
            asyncio.run(check_topics([], [spec.together]))
