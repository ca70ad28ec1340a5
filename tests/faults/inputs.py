"""What comes in is wrong, unreadable, doubled or cannot be read yet: it is laid aside, waited for
or taken once, and what comes after it goes on."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from duban import bus, codec
from duban.bus_config import kafka_config
from duban.bus_dead import original
from tests.engine.rig import PARTITIONS
from tests.faults import random_cases
from tests.faults.cases import stored
from tests.faults.invariants import settle
from tests.faults.registry import Registry
from tests.faults.rungs import ITEM, START, fact, ms, wait_idle
from tests.faults.scene import Scene
from tests.flows.test_hostile import accepted as hostile_fact
from tests.flows.test_hostile import hostile, of_a_later_version
from tests.stack import wait_for

PARTS = "broker,topics,apply,streams"
BUG = 70  # exit code of a worker that met one
FIVE_MB = 5 << 20


def a_bug(scene: Scene) -> None:
    """Fault 4: the job raises on every 1000th record: the worker ends, passes nothing over, and
    meets it again; a mended job counts that record like any other."""
    with scene.rig() as rig:
        for number in range(3000):
            rig.send(b"k%d" % (number % 50), b"bug" if number % 1000 == 999 else b"+")
        rig.producer.flush()
        for _ in range(2):
            worker = rig.worker()
            assert worker.process.wait(60) == BUG
            assert rig.committed() < rig.ends()
        assert worker.said("a bug in the job") >= 2
        scene.say(f"ended twice with {BUG}, {rig.ends() - rig.committed()} records not passed")
        rig.worker(mended=True)
        settle(rig)


def poison(scene: Scene) -> None:
    """Fault 5: whatever bytes lie on `case-events`, each is a dead letter with its reason, its
    coordinates and its bytes, and the partition goes on."""
    with scene.stack(parts=PARTS) as stack, stack.here(), bus.Producer() as producer:
        _allow_large_records()
        raw = KafkaProducer(**kafka_config(), max_request_size=2 * FIVE_MB)
        bad = hostile(of_a_later_version(hostile_fact(9))[0])
        chance = random.Random(5)
        bad["random bytes"] = ("hostile/3", chance.randbytes(200), "wrong_magic")
        bad["five megabytes"] = ("hostile/4", b"\xc3" + chance.randbytes(FIVE_MB), "wrong_magic")
        sent = {}
        for key, value, reason in bad.values():
            put = raw.send("case-events", key=key.encode(), value=value).get(60)
            sent[put.partition, put.offset] = (value, reason)
        raw.close()
        for number in (1, 3, 4):
            producer.send(hostile_fact(number))
        producer.flush()
        wait_for(
            lambda: len(list(bus.read_all("dead-letters"))) >= len(sent), "all letters", 90, 0.5
        )
        wait_for(lambda: len(stored()) == 3, "the partitions go on", 60, 0.5)
        letters = [original(r) for r in bus.read_all("dead-letters")]
        found = {(one.partition, one.offset): (one.value, one.reason) for one in letters}
        wrong = {at: (found.get(at, (b"", "none"))[1], sent[at][1]) for at in sent}
        assert found == sent, {
            at: reasons for at, reasons in wrong.items() if len(set(reasons)) > 1
        }
        assert len(letters) == len(sent)
        assert stored().keys() == {"hostile/1", "hostile/3", "hostile/4"}
    scene.say(f"laid aside: {', '.join(sorted(bad))}")


def _allow_large_records() -> None:
    """As an operator may: only then can such a record get onto the topic."""
    client = KafkaAdminClient(**kafka_config())
    limit = {"max.message.bytes": str(6 << 20)}
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "case-events", limit)])
    client.close()


def registry_down(scene: Scene) -> None:
    """Fault 6: a registry goes away: known schemas go on from memory; a record of an unknown one
    holds its partition and is no dead letter; it is applied when the registry is back."""
    with _registered(scene) as registry, bus.Producer() as producer:
        producer.tick(ms(START))
        producer.send(fact("CaseSubmitted", "reg/1", START, item_code=ITEM))
        producer.send(fact("CaseAccepted", "reg/1", START))
        producer.flush()
        wait_idle(60)
        news = codec.encode(fact("CaseClosed", "reg/1", START))  # known to whoever writes it
        registry.up = False
        producer.send(fact("CaseSubmitted", "reg/2", START, item_code=ITEM))
        producer.flush()
        wait_for(lambda: "reg/2" in stored(), "a known schema goes on", 60, 0.5)
        producer.send_raw("case-events", b"reg/1", news).get(30)
        wait_for(lambda: registry.refused > 3, "it asks again", 60)
        time.sleep(300 if scene.long else 3)
        assert not list(bus.read_all("dead-letters"))
        scene.say(f"asked {registry.refused} times in vain, nothing laid aside")
        registry.up = True
        wait_idle(60)
        assert not stored()["reg/1"].changing  # it is closed
        assert not list(bus.read_all("dead-letters"))


@contextmanager
def _registered(scene: Scene) -> Iterator[Registry]:
    registry = Registry()
    try:
        url = registry.url
        with scene.stack(parts=PARTS, business_time="ticks", schema_registry_url=url) as stack:
            codec.registry.cache_clear()
            with stack.here():
                yield registry
    finally:
        codec.registry.cache_clear()
        registry.close()


def doubled_and_out_of_order(scene: Scene) -> None:
    """Fault 12: facts come late, out of order and again, are corrected and voided, a calendar
    comes out in the middle and the worker is killed: clocks and signals are the model's."""
    cases, kills = (5_000, 12) if scene.long else (300, 1)
    with scene.stack(parts=random_cases.PARTS, business_time="ticks") as stack:
        random_cases.exercise(stack, cases, kills, scene.folder() / "worlds")
    scene.say(f"{cases} cases, {kills} kills, {PARTITIONS} partitions")
