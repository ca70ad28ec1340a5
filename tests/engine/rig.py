"""Topics, load, workers and checks around the counting job, for the engine's tests."""

import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.stack import Stack, wait_for

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4


class Worker:
    """A worker process of the counting job and what it logs."""

    def __init__(self, log: Path, env: dict[str, str]) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.engine.counting_job"],
                cwd=ROOT,
                env=env,
                stdout=out,
                stderr=out,
            )

    def said(self, text: str) -> int:
        """How often the log says `text`."""
        return self.log.read_text(encoding="utf-8").count(text)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(30)


class Rig:
    """Topics, load, workers and checks of one test; names are its own."""

    def __init__(self, stack: Stack, logs: Path, *, two: bool = False) -> None:
        self.stack = stack
        self.brokers = stack.settings.brokers
        self.run = uuid.uuid4().hex[:8]
        self.two = two
        self._logs = logs
        self._workers: list[Worker] = []
        self._sent: Counter[bytes] = Counter()
        self.producer = KafkaProducer(bootstrap_servers=self.brokers, linger_ms=5)
        self.admin = KafkaAdminClient(bootstrap_servers=self.brokers)

    def topic(self, name: str) -> str:
        """Name of a topic of this run: in, more, state or out."""
        return f"count-{name}-{self.run}"

    def make_topics(self, **state_settings: str) -> None:
        """Make this run's topics; the common ones are the stack's."""
        state = {"cleanup.policy": "compact", **state_settings}
        wanted = [
            *(NewTopic(self.topic(name), PARTITIONS, 1) for name in ("in", "more", "out")),
            NewTopic(self.topic("state"), PARTITIONS, 1, topic_configs=state),
        ]
        self.admin.create_topics(wanted)
        self.admin.wait_for_topics([topic.name for topic in wanted])

    def worker(self, name: str = "a", faults: str = "") -> Worker:
        """Start a worker."""
        env = {
            **self.stack.env,
            "DUBAN_DATA": str(self._logs / f"data-{name}"),
            "DUBAN_BROKER": self.brokers,
            "DUBAN_STREAMS_ID": self.group,
            "DUBAN_WORKER": name,
            "DUBAN_FAULTS": faults,
            "COUNT_RUN": self.run,
            "COUNT_TWO": "1" if self.two else "",
        }
        worker = Worker(self._logs / f"{self.run}-{name}.log", env)
        self._workers.append(worker)
        return worker

    @property
    def group(self) -> str:
        """Consumer group of this run."""
        return f"engine-{self.run}"

    def send(self, key: bytes, value: bytes = b"+", topic: str = "in", **more: Any) -> Any:
        """Send one record; those that count are remembered."""
        if value == b"+" or value.startswith(b"due:"):
            self._sent[key] += 1
        return self.producer.send(self.topic(topic), key=key, value=value, **more)

    def load(self, records: int, keys: int = 200, topic: str = "in") -> None:
        """Send records at once and wait for the acknowledgements."""
        for i in range(records):
            self.send(b"k%d" % (i % keys), topic=topic)
        self.producer.flush()

    @contextmanager
    def steady_load(self, per_second: int, keys: int = 200) -> Iterator[None]:
        """Send records all the time, from a thread."""
        done = threading.Event()

        def run() -> None:
            i = 0
            while not done.wait(0.01):
                for _ in range(per_second // 100):
                    self.send(b"k%d" % (i % keys))
                    i += 1

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.producer.flush()

    @property
    def sent(self) -> int:
        """Records sent that count."""
        return sum(self._sent.values())

    def committed(self) -> int:
        """Sum of the group's committed offsets of topic `in`."""
        admin = KafkaAdminClient(bootstrap_servers=self.brokers)  # anew: the broker may have died
        try:
            offsets = admin.list_group_offsets([self.group])[self.group]
        finally:
            admin.close()
        return sum(at.offset for tp, at in offsets.items() if tp.topic == self.topic("in"))

    def read(self, topic: str, isolation: str = "read_committed") -> list[Any]:
        """All records of a topic now."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.brokers,
            isolation_level=isolation,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        tps = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
        consumer.assign(tps)
        ends = consumer.end_offsets(tps)
        found: list[Any] = []
        while any(consumer.position(tp) < ends[tp] for tp in tps):
            for records in consumer.poll(300).values():
                found += records
        consumer.close()
        return found

    def outputs(self) -> dict[bytes, list[bytes]]:
        """Committed outputs of each key, in order."""
        by_key: dict[bytes, list[bytes]] = defaultdict(list)
        for record in self.read(self.topic("out")):
            by_key[record.key].append(record.value)
        return by_key

    def numbers(self) -> dict[bytes, list[bytes]]:
        """The outputs that count."""
        return {key: [v for v in values if v.isdigit()] for key, values in self.outputs().items()}

    def expected(self) -> dict[bytes, list[bytes]]:
        """What a model says the outputs must be: every number once, in order."""
        return {key: [b"%d" % (n + 1) for n in range(count)] for key, count in self._sent.items()}

    def wait_done(self, seconds: float = 90) -> None:
        """Wait until as many outputs are there as must be, and no more come; compare."""
        wanted = self.sent
        wait_for(lambda: self._outputs_there(wanted), f"{wanted} outputs", seconds, 0.5)
        assert self.numbers() == self.expected()

    def _outputs_there(self, wanted: int) -> bool:
        alive = any(worker.process.poll() is None for worker in self._workers)
        assert alive, self._workers[-1].log.read_text(encoding="utf-8")[-3000:]
        return sum(map(len, self.numbers().values())) >= wanted

    def close(self) -> None:
        """Kill what still runs."""
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.kill()
        self.producer.close()
        self.admin.close()
