"""Three Kafka nodes on loopback, from the jars of the embedded broker: everything thrice.

Node 1 is the controller and a broker, 2 and 3 are brokers; so two brokers may be away and the
cluster still answers. Topics have three replicas, two of which must have a record.
"""

import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local import broker, jars, topics
from deploy.local.process import spawn
from duban.settings import Settings
from tests.stack import Stack, free_base, new_stack, wait_for

NODES = (1, 2, 3)
HEAP = "-Xmx256m"
FILE = "server.properties"
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
PREFERRED = 0
THRICE = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "replica.lag.time.max.ms": "5000",
    "unclean.leader.election.enable": "false",
    "auto.leader.rebalance.enable": "false",
}


class Cluster:
    """The nodes of one cluster; `stack` is what programs beside it are started with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._base = free_base()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._jars = jars.provide(Settings().cache.expanduser())
        servers = ",".join(f"127.0.0.1:{self._port(node)}" for node in NODES)
        more = {"DUBAN_BROKER": servers, "DUBAN_REPLICATION_FACTOR": "3"}
        self.stack: Stack = new_stack(folder / "data", parts="topics", outside=more)

    def start(self) -> "Cluster":
        """Start all nodes and make the topics."""
        for node in NODES:
            self.run(node)
        wait_for(lambda: len(self.alive()) == len(NODES), "three nodes", 120, 0.5)
        topics.ensure(self.stack.settings)
        return self

    def run(self, node: int) -> None:
        """Start a node, with what it kept."""
        home = self._folder / str(node)
        if not home.is_dir():
            self._prepare(node, home)
        command = [*self._java(home), HEAP, "kafka.Kafka", str(home / FILE)]
        self._running[node] = spawn(command, os.environ, home / "log", home / "pid")

    def kill(self, node: int) -> None:
        """kill -9."""
        self._running[node].send_signal(signal.SIGKILL)
        self._running[node].wait(10)

    def close(self) -> None:
        """Stop everything."""
        for process in self._running.values():
            process.kill()
            process.wait(10)

    def alive(self) -> set[int]:
        """Nodes that the cluster counts among its brokers."""
        try:
            client = self.admin()
        except KafkaError:
            return set()
        try:
            return {found["broker_id"] for found in client.describe_cluster()["brokers"]}
        except KafkaError:
            return set()
        finally:
            client.close()

    def admin(self) -> KafkaAdminClient:
        """An admin client."""
        return KafkaAdminClient(bootstrap_servers=self.stack.settings.brokers.split(","))

    def leaders(self, topic: str) -> dict[int, int]:
        """Which node leads each partition of a topic."""
        client = self.admin()
        try:
            [found] = client.describe_topics([topic])
        finally:
            client.close()
        return {p["partition_index"]: p["leader_id"] for p in found["partitions"]}

    def move_leaders(self, topic: str, partitions: Iterable[int]) -> None:
        """Let the next node lead each partition; the replicas stay where they are."""
        now = self.leaders(topic)
        places = {p: _led_by(now[p] % len(NODES) + 1) for p in partitions}
        client = self.admin()
        try:
            wanted = {TopicPartition(topic, p): nodes for p, nodes in places.items()}
            client.alter_partition_reassignments(wanted)
            client.elect_leaders(PREFERRED, {topic: list(places)})
        finally:
            client.close()

    def _port(self, node: int) -> int:
        return self._base + node

    def _java(self, home: Path) -> list[str]:
        return broker._java(home, self._jars)

    def _prepare(self, node: int, home: Path) -> None:
        home.mkdir(parents=True)
        (home / "log4j2.properties").write_text(broker.LOGGING, encoding="utf-8")
        (home / FILE).write_text(self._properties(node, home / "kafka"), encoding="utf-8")
        storage = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(home / FILE)]
        subprocess.run([*self._java(home), *storage], check=True, capture_output=True, timeout=120)

    def _properties(self, node: int, log_dirs: Path) -> str:
        """The embedded broker's settings; of two lines for one setting the later counts."""
        controller = self._base + 9
        port = self._port(node)
        text = broker.PROPERTIES.format(broker=port, controller=controller, log_dirs=log_dirs)
        own = {**THRICE, "node.id": str(node)}
        if node != 1:
            own["process.roles"] = "broker"
            own["listeners"] = f"PLAINTEXT://127.0.0.1:{port}"
        return text + "".join(f"{name}={value}\n" for name, value in own.items())


def _led_by(node: int) -> list[int]:
    """All nodes, `node` first."""
    return [node, *(other for other in NODES if other != node)]
