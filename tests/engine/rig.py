"""Topics, load, workers and checks around the counting job, for the engine's tests."""

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.stack import Stack, wait_for

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
PATIENCE_MS = 600_000  # a sender outlives any outage that a test makes


class Worker:
    """A worker process, of the counting job or of another module, and what it logs."""

    def __init__(
        self,
        log: Path,
        env: dict[str, str],
        module: str = "tests.engine.counting_job",
        sources: Path = ROOT,
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=sources,
                env=env,
                stdout=out,
                stderr=out,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended is None:
            self.kill()

    def said(self, text: str) -> int:
        """How often the log says `text`."""
        return self.log.read_text(encoding="utf-8").count(text)

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8")[-3000:]

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(60)

    @property
    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.poll()


class Rig:
    """Topics, load, workers and checks of one test; names are its own."""

    def __init__(
        self,
        stack: Stack,
        logs: Path,
        *,
        two: bool = False,
        partitions: int = PARTITIONS,
        replicas: int = 1,
    ) -> None:
        self.stack = stack
        self.brokers = stack.settings.brokers
        self.partitions = partitions
        self.replicas = replicas
        self.run = uuid.uuid4().hex[:8]
        self.two = two
        self.flag = logs / "flag"  # see the counting job
        self._logs = logs
        self._workers: list[Worker] = []
        self._sent: Counter[bytes] = Counter()
        self._due: dict[bytes, int] = {}
        self.producer = KafkaProducer(
            bootstrap_servers=self.brokers, linger_ms=5, delivery_timeout_ms=PATIENCE_MS
        )
        self.admin = KafkaAdminClient(bootstrap_servers=self.brokers)

    def topic(self, name: str) -> str:
        """Name of a topic of this run: in, more, state or out."""
        return f"count-{name}-{self.run}"

    def make_topics(self, **state_settings: str) -> None:
        """Make this run's topics; the common ones are the stack's."""
        state = {"cleanup.policy": "compact", **state_settings}
        wanted = [
            *(self._new(name) for name in ("in", "more", "out")),
            self._new("state", state),
        ]
        self.admin.create_topics(wanted)
        self.admin.wait_for_topics([topic.name for topic in wanted])

    def _new(self, name: str, settings: dict[str, str] | None = None) -> Any:
        topic = self.topic(name)
        return NewTopic(topic, self.partitions, self.replicas, topic_configs=settings or {})

    def worker(
        self, name: str = "a", faults: str = "", *, mended: bool = False, **more: str
    ) -> Worker:
        """Start a worker; with `mended` its job has no bug; `more` are further settings (names of
        `DUBAN_…` settings in lower case)."""
        env = self.env(name, mended=mended, faults=faults, **more)
        worker = Worker(self._logs / f"{self.run}-{name}.log", env)
        self._workers.append(worker)
        return worker

    def env(self, name: str, *, mended: bool = False, **more: str) -> dict[str, str]:
        """Environment of a worker."""
        return {
            **self.stack.env,
            "DUBAN_DATA": str(self.data(name)),
            "DUBAN_BROKER": self.brokers,
            "DUBAN_STREAMS_ID": self.group,
            "DUBAN_WORKER": name,
            "COUNT_RUN": self.run,
            "COUNT_TWO": "1" if self.two else "",
            "COUNT_FLAG": str(self.flag),
            "COUNT_MENDED": "1" if mended else "",
            **{f"DUBAN_{setting.upper()}": value for setting, value in more.items()},
        }

    def data(self, name: str) -> Path:
        """Data directory of a worker."""
        return self._logs / f"data-{name}"

    @property
    def group(self) -> str:
        """Consumer group of this run."""
        return f"engine-{self.run}"

    def send(self, key: bytes, value: bytes = b"+", topic: str = "in", **more: Any) -> Any:
        """Send one record; those that count are remembered."""
        if value in (b"+", b"bug") or value.startswith(b"due:"):
            self._sent[key] += 1
        if value.startswith(b"due:"):
            self._due[key] = int(value[4:])
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
            max_poll_records=10_000,
            max_partition_fetch_bytes=4 << 20,
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

    def fired(self) -> Counter[tuple[bytes, bytes]]:
        """Outputs that say that a timer fired."""
        outputs = self.outputs().items()
        return Counter((k, v) for k, values in outputs for v in values if v.startswith(b"fired"))

    def expected_fired(self) -> Counter[tuple[bytes, bytes]]:
        """What the model says must have fired: the instant of each key that has passed, once."""
        now = time.time_ns() // 1_000_000
        passed = ((key, due) for key, due in self._due.items() if due <= now)
        return Counter((key, b"fired %d" % due) for key, due in passed)

    def kept(self) -> dict[bytes, Any]:
        """What the state topic holds of each key."""
        last = {r.key: r.value for r in self.read(self.topic("state"))}
        return {k: json.loads(v) for k, v in last.items() if v and not k.startswith(b"__")}

    def expected_kept(self) -> dict[bytes, Any]:
        """What the model says it must hold: all counted, due what lies ahead."""
        now = time.time_ns() // 1_000_000
        ahead = {key: due for key, due in self._due.items() if due > now}
        return {key: {"n": n, "due": ahead.get(key)} for key, n in self._sent.items()}

    def ends(self) -> int:
        """Sum of the end offsets of topic `in`."""
        tps = [TopicPartition(self.topic("in"), p) for p in range(self.partitions)]
        consumer = KafkaConsumer(bootstrap_servers=self.brokers)
        try:
            return sum(consumer.end_offsets(tps).values())
        finally:
            consumer.close()

    def wait_done(self, seconds: float = 90) -> None:
        """Wait until as many outputs are there as must be, and no more come; compare."""
        wanted = self.sent
        wait_for(lambda: self._outputs_there(wanted), f"{wanted} outputs", seconds, 0.5)
        assert self.numbers() == self.expected()

    def _outputs_there(self, wanted: int) -> bool:
        self.check_alive()
        return sum(map(len, self.numbers().values())) >= wanted

    def check_alive(self) -> None:
        """Fail with its last words when no worker runs."""
        alive = any(worker.ended is None for worker in self._workers)
        assert alive, self._workers[-1].last_words

    def close(self) -> None:
        """Kill what still runs; what ended by itself says why, should the test have failed."""
        for worker in self._workers:
            if worker.ended is None:
                worker.kill()
            else:
                print(f"{worker.log.name} ended with {worker.ended}:\n{worker.last_words}")
        self.producer.close()
        self.admin.close()
