"""Who runs: Duban's engine and its peers, and what each does of the rule."""

from dataclasses import dataclass
from typing import Literal

from bench.figures import Target

JAVA = "kafka-streams"
Kept = Literal["topic", "memory"]


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine. `home` names its environment, "" being Duban's own; `program` is the module to
    run there and its arguments. `changelog` names the topic of its state and `suffix` what it puts
    after a key there; "" where it keeps its state in memory only. `outputs` says where those are.
    `commits` tells whether it commits offsets to Kafka. `does` is said beside its figures, in the
    picture with `does_zh`.
    """

    name: str
    title: str
    home: str
    program: tuple[str, ...]
    does: str
    does_zh: str = ""
    changelog: str = ""
    suffix: bytes = b""
    outputs: Kept = "topic"
    commits: bool = True
    target: Target | None = None

    @property
    def group(self) -> str:
        """Its consumer group, and its application id where it has one."""
        return f"bench-{self.name}"

    @property
    def output_topic(self) -> str:
        """The topic of its outputs."""
        return f"bench-out-{self.name}"

    @property
    def leaves(self) -> bool:
        """Whether it leaves by itself what it kept in memory, and ends."""
        return not self.changelog


def _peer(name: str) -> str:
    return f"bench.streams.peers.{name}"


DUBAN = Engine(
    "duban",
    "Duban",
    "",
    ("bench.streams.worker",),
    "state, changelog, outputs, offset: one transaction per turn",
    "状态、变更日志、输出、位点，每轮一个事务",
    changelog="bench-state-duban",
)
_FAUST = "table in memory, changelog, outputs; at least once"
_FAUST_ZH = "内存表、变更日志、输出，至少一次"
PEERS = (
    Engine(
        "faust", "Faust 0.15.3", "faust", (_peer("faust_agent"),), _FAUST,
        _FAUST_ZH, changelog="bench-faust-counts-changelog", target=Target("at least", 8),
    ),
    Engine(
        "faust-tuned", "Faust 0.15.3, tuned", "faust", (_peer("faust_agent"), "tuned"), _FAUST,
        _FAUST_ZH, changelog="bench-faust-tuned-counts-changelog",
    ),
    Engine(
        "quix", "Quix Streams 3.28.1", "quix", (_peer("quix_app"), "at-least-once"),
        "RocksDB, changelog at checkpoints, outputs; at least once",
        "RocksDB、检查点时写变更日志、输出，至少一次",
        changelog="changelog__bench-quix--bench-in--default", suffix=b"|s",
        target=Target("at least", 1.5),
    ),
    Engine(
        "quix-eos", "Quix Streams, exactly-once", "quix", (_peer("quix_app"), "exactly-once"),
        "RocksDB, changelog, outputs: one transaction per checkpoint",
        "RocksDB、变更日志、输出，每个检查点一个事务",
        changelog="changelog__bench-quix-eos--bench-in--default", suffix=b"|s",
        target=Target("at least", 1.5),
    ),
    Engine(
        "bytewax", "Bytewax 0.21.1", "bytewax", (_peer("bytewax_flow"),),
        "state in memory, no changelog, outputs; recovery off",
        "内存状态、无变更日志、输出，不做恢复", commits=False,
        target=Target("at least", 1.2),
    ),
    Engine(
        "arroyo", "arroyo 2.48.0", "arroyo", (_peer("arroyo_consumer"),),
        "a dict; no changelog, nothing written", "字典，什么都不写", outputs="memory",
    ),
    Engine(
        "aiokafka", "bare aiokafka 0.14.0", "aiokafka", (_peer("aiokafka_loop"),),
        "a dict; no changelog, nothing written: Python's limit", "字典，什么都不写：Python 的上限",
        outputs="memory",
    ),
    Engine(
        "kafka-streams-eos", "Kafka Streams 4.4.0", JAVA, ("CountingRule",),
        "JVM; RocksDB, changelog, outputs; exactly_once_v2",
        "JVM；RocksDB、变更日志、输出，exactly_once_v2",
        changelog="bench-kafka-streams-eos-counts-changelog", target=Target("at least", 0.5),
    ),
)  # fmt: skip
ENGINES = {engine.name: engine for engine in (DUBAN, *PEERS)}
