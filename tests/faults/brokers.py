"""Brokers that stop, freeze, lose their lead or have too few replicas, under load."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.engine.cluster import NODES, Cluster
from tests.engine.rig import Rig, Worker
from tests.faults.invariants import settle
from tests.faults.scene import Scene, Skipped
from tests.stack import wait_for


class Watched:
    """A worker that is started again when it ends, as the supervisor would."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.ends: list[int] = []
        self.worker: Worker = rig.worker()
        wait_for(lambda: self.worker.said("partition_restored") == rig.partitions, "ready", 90)

    def see_to_it(self) -> bool:
        """Start it again if it has ended; True when nothing waits."""
        if self.worker.ended is not None:
            self.ends.append(self.worker.ended)
            assert self.worker.ended != 0
            self.worker = self.rig.worker()
        return self.rig.committed() == self.rig.ends()

    def told(self) -> str:
        """How often it ended meanwhile."""
        return f"the worker ended {len(self.ends)} times {self.ends or ''}".strip()


@contextmanager
def cluster(scene: Scene) -> Iterator[tuple[Cluster, Rig]]:
    """Three nodes, with the counting job's topics thrice on them."""
    made = Cluster(scene.folder())
    try:
        made.start()
        rig = Rig(made.stack, scene.folder(), replicas=len(NODES))
        try:
            rig.make_topics()
            yield made, rig
        finally:
            rig.close()
    finally:
        made.close()


def restarts(scene: Scene) -> None:
    """Fault 7: the leaders of the state topic move, and no others; then the group's coordinator
    dies and comes back."""
    with cluster(scene) as (nodes, rig):
        watched = Watched(rig)
        with rig.steady_load(300):
            time.sleep(2)
            state = rig.topic("state")
            before, others = nodes.leaders(state), nodes.leaders(rig.topic("in"))
            nodes.move_leaders(state, before)
            wait_for(lambda: _all_differ(before, nodes.leaders(state)), "the leaders moved", 60)
            assert nodes.leaders(rig.topic("in")) == others
            time.sleep(3)
            scene.say(f"leaders of the state topic moved; {watched.told()}")
            coordinator = coordinator_of(nodes, rig.group)
            nodes.kill(coordinator)
            scene.say(f"killed node {coordinator}, the group's coordinator")
            time.sleep(10 if scene.long else 4)
            nodes.run(coordinator)
            wait_for(lambda: len(nodes.alive()) == len(NODES), "it is back", 90, 0.5)
        wait_for(watched.see_to_it, "all is applied", 180, 0.5)
        settle(rig)
        scene.say(watched.told())


def _all_differ(before: dict[int, int], now: dict[int, int]) -> bool:
    return all(now[partition] != leader for partition, leader in before.items())


def coordinator_of(nodes: Cluster, group: str) -> int:
    """The node that keeps a group: it leads the partition that Java's hash of the name gives."""
    leaders, number = nodes.leaders("__consumer_offsets"), 0
    for letter in group.encode():
        number = (31 * number + letter) & 0xFFFFFFFF
    return leaders[(number & 0x7FFFFFFF) % len(leaders)]


def frozen(scene: Scene) -> None:
    """Fault 8: the only broker is frozen and wakes up: nothing is committed past what is kept."""
    if not scene.own_broker:
        raise Skipped("the broker is not ours to freeze")
    with scene.rig() as rig:
        watched = Watched(rig)
        with rig.steady_load(300):
            time.sleep(2)
            rig.stack.kill("broker", signal.SIGSTOP)
            time.sleep(90 if scene.long else 15)
            rig.stack.kill("broker", signal.SIGCONT)
            time.sleep(2)
        wait_for(watched.see_to_it, "all is applied", 180, 0.5)
        settle(rig)
        scene.say(watched.told())


def too_few_replicas(scene: Scene) -> None:
    """Fault 9: two of three brokers are away, so nothing may be written; they come back, and
    everything goes on by itself."""
    with cluster(scene) as (nodes, rig):
        watched = Watched(rig)
        rig.load(2000)
        wait_for(watched.see_to_it, "all is applied", 90, 0.5)
        rig.load(2000)
        for node in (2, 3):
            nodes.kill(node)
        scene.say(f"two brokers killed, {rig.sent - 2000} records acknowledged and on the way")
        with rig.steady_load(20):  # waits in the sender
            time.sleep(120 if scene.long else 12)
            for node in (2, 3):
                nodes.run(node)
            wait_for(lambda: len(nodes.alive()) == len(NODES), "they are back", 120, 0.5)
        wait_for(watched.see_to_it, "all is applied", 180, 0.5)
        settle(rig)
        scene.say(watched.told())
