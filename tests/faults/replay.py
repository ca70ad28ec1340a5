"""The log is read once more from its first record, under a new name: nobody is told anything new.

The new group works over the state that is there. Facts that are known change nothing, and what is
missing comes back. Afterwards time goes on, and what comes out is still the model's.
"""

import random
from collections import Counter
from functools import partial

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.lag import end_offsets
from duban import bus, codec
from duban.bus_config import kafka_config
from tests.engine.rig import PARTITIONS
from tests.faults import random_cases
from tests.faults.cases import values
from tests.faults.rungs import wait_idle
from tests.faults.scene import Scene
from tests.faults.told import identity
from tests.model import worlds
from tests.stack import Stack, wait_for

OLD, NEW = "duban-streams", "duban-streams-again"
TOLD = ("alerts", "sla-events", "score-points")
AT = 40  # of 60 slices: the late calendar is out, and many rungs lie ahead


def from_zero(scene: Scene) -> None:
    """Fault 15: facts late, doubled, corrected and taken back, a calendar in the middle; then the
    same log from zero under another DUBAN_STREAMS_ID."""
    count = 2_000 if scene.long else 150
    random.seed(1)
    world = worlds.make(1, scene.folder() / "worlds")
    cases = random_cases.drawn(count, world)
    seen: list[int] = []
    with scene.stack(parts=random_cases.PARTS, business_time="ticks") as stack:
        again = partial(read_again, scene=scene, seen=seen)
        random_cases.tell(stack, cases, world, {AT: again})
        with stack.here():
            scene.say(random_cases.check(cases))
            raised = told()["alerts"].total() - seen[0]
    assert raised > 0
    scene.say(f"{raised} alerts raised by the time that went on")


def read_again(stack: Stack, scene: Scene, seen: list[int]) -> None:
    """Start the worker under a new name and let it read everything; nothing may change."""
    with stack.here():
        wait_idle(300)
        before, kept = told(), values()
        types = Counter(codec.decode(r.value).type for r in bus.read_all("sla-events"))
        taken_back = types["SignalRetracted"]
    stack.stop()
    stack.env["DUBAN_STREAMS_ID"] = NEW
    stack.start()
    with stack.here():
        wait_for(lambda: read_up(NEW), "the log has been read again", 300, 0.5)
        forget(OLD)
        for topic, messages in told().items():
            assert messages == before[topic], f"{topic}: {messages - before[topic]} are new"
        assert values() == kept
        read = read_up(NEW)
    assert taken_back > 0
    scene.say(
        f"{read} records read again: {len(kept)} cases the same to the byte, "
        f"{before['alerts'].total()} alerts and no other, {taken_back} signals taken back before"
    )
    seen.append(before["alerts"].total())


def told() -> dict[str, Counter[tuple[str, str]]]:
    """Id and hash of every message that is out, by topic."""
    return {topic: Counter(identity(r.value) for r in bus.read_all(topic)) for topic in TOLD}


def read_up(group: str) -> int:
    """Records on `case-events` if the group has committed them all, else 0."""
    client = KafkaAdminClient(**kafka_config())
    try:
        offsets = client.list_group_offsets([group])[group]
        mine = {tp: at.offset for tp, at in offsets.items() if tp.topic == "case-events"}
        there = end_offsets(client, set(mine))
    finally:
        client.close()
    return sum(there.values()) if len(mine) == PARTITIONS and mine == there else 0


def forget(group: str) -> None:
    """Delete a group that nobody is in any more, once the broker has seen that."""
    client = KafkaAdminClient(**kafka_config())

    def deleted() -> bool:
        try:
            client.delete_groups([group])
        except KafkaError:
            return False
        return group not in {found["group_id"] for found in client.list_groups()}

    try:
        wait_for(deleted, f"{group} is gone", 60, 1.0)
    finally:
        client.close()
