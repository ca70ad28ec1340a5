"""The parts of the embedded stack as data: what runs each, what it needs, when it is ready."""

import http.client
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from duban.bus_config import kafka_config
from duban.launch import SCHEMAS
from duban.settings import Settings

SETTLE = 6.0  # seconds after which a part that tells nothing and still runs counts as ready
STREAMS = "streams"
CLI = "from duban.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a readiness check may look at."""

    settings: Settings
    port: int | None
    ready_file: Path
    started: float  # time.monotonic()


Check = Callable[[Probe], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """One child of the supervisor."""

    name: str
    command: tuple[str, ...] = ()  # arguments of Python; the broker's is made by `broker.prepare`
    needs: tuple[str, ...] = ()  # parts that are ready (or done) before this one starts
    port: str = ""  # name in `settings.PORTS`
    check: Check | None = None  # None: a one-shot, done when it ends
    must: bool = True  # whether the stack stops when this one-shot fails
    stop_seconds: float = 10  # between SIGTERM and SIGKILL
    env: tuple[tuple[str, str], ...] = ()  # what tells it apart from its like

    @property
    def once(self) -> bool:
        """Whether it runs once and ends."""
        return self.check is None


def kafka_answers(probe: Probe) -> bool:
    """The broker answers a metadata request."""
    if not _open(probe.port or 0):
        return False
    config = {**kafka_config(probe.settings), "bootstrap_timeout_ms": 2_000}
    try:
        client = KafkaAdminClient(**config)
    except KafkaError:
        return False
    try:
        return bool(client.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        client.close()


def http_answers(path: str) -> Check:
    """A GET of `path` on the part's port is answered with 200."""

    def check(probe: Probe) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", probe.port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def says_so(probe: Probe) -> bool:
    """The part called `duban.launch.tell_ready`, or has run for `SETTLE` seconds."""
    return probe.ready_file.exists() or time.monotonic() - probe.started > SETTLE


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


PARTS = (
    Part("broker", port="broker", check=kafka_answers, stop_seconds=30),
    Part("topics", ("-m", "deploy.local.topics"), ("broker",)),
    Part("apply", ("-c", CLI, "apply", str(SCHEMAS / "reference")), ("topics",), must=False),
    Part(
        "warehouse",
        ("-m", "deploy.local.warehouse"),
        port="warehouse",
        check=http_answers("/ping"),
        stop_seconds=30,
    ),
    Part(STREAMS, ("-m", "streams"), ("topics",), check=says_so),
    Part("sink", ("-m", "projections.sink"), ("topics", "warehouse"), check=says_so),
    Part(
        "gateway",
        ("-m", "producers.gateway"),
        ("topics",),
        port="gateway",
        check=http_answers("/healthz"),
    ),
    Part(
        "dashboard",
        ("-m", "projections.dashboard"),
        ("sink", "warehouse"),
        port="dashboard",
        check=http_answers("/healthz"),
    ),
    Part("notify", ("-m", "projections.notify"), ("topics",), check=says_so),
)


def chosen(names: str, outside: set[str]) -> list[Part]:
    """The parts that `--parts` names (comma-separated), or all but those that run `outside`.

    Raises `ValueError` for a name that is none.
    """
    wanted = {n.strip() for n in names.split(",") if n.strip()}
    unknown = wanted - {p.name for p in PARTS}
    if unknown:
        raise ValueError(f"No such part: {', '.join(sorted(unknown))}")
    return [p for p in PARTS if (p.name in wanted if wanted else p.name not in outside)]


def with_workers(parts: Sequence[Part], settings: Settings) -> list[Part]:
    """`parts` with as many streams workers as the settings want: `streams`, `streams-2` … Each has
    a name of its own in the group (and so its own directory), its own log, pid file and port."""
    found: list[Part] = []
    for part in parts:
        if part.name != STREAMS:
            found.append(part)
            continue
        for number in range(settings.workers):
            env = (
                ("DUBAN_WORKER", str(number)),
                ("DUBAN_METRICS_PORT", str(settings.metrics(number))),
            )
            name = f"{STREAMS}-{number + 1}" if number else STREAMS
            found.append(replace(part, name=name, env=env))
    return found


def command_of(part: Part) -> list[str]:
    """The command line of a Python part; `-P` keeps the working directory off the module path."""
    return [sys.executable, "-P", *part.command]
