"""How the engine's own Kafka clients (aiokafka) are made: settings in one place."""

import ssl
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from duban.settings import settings

FETCH_BYTES = 8 << 20


class TopicsUnfit(LookupError):
    """Topics that are not there, or cannot be worked on together."""


def connection() -> dict[str, Any]:
    """Connection part of every aiokafka client's arguments."""
    s = settings()
    config: dict[str, Any] = {
        "bootstrap_servers": s.brokers.split(","),
        "security_protocol": s.kafka_security_protocol,
    }
    if s.kafka_security_protocol.startswith("SASL"):
        config["sasl_mechanism"] = s.kafka_sasl_mechanism or "SCRAM-SHA-512"
        config["sasl_plain_username"] = s.kafka_username
        config["sasl_plain_password"] = s.kafka_password.get_secret_value()
    if s.kafka_security_protocol.endswith("SSL"):
        config["ssl_context"] = ssl.create_default_context(cafile=s.kafka_cafile or None)
    return config


def reader(group: str | None = None) -> Any:
    """A consumer that is told what to read; sees only committed records, commits nothing.

    With `group` it can ask for the group's committed offsets; it does not join the group.
    """
    return AIOKafkaConsumer(
        **connection(),
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=200,
    )


async def check_topics(alone: Sequence[str], together: Sequence[Sequence[str]]) -> None:
    """Raise `TopicsUnfit` unless all topics exist and each group of `together` has equal
    partition numbers."""
    names = sorted({*alone, *(topic for group in together for topic in group)})
    admin = AIOKafkaAdminClient(**connection())
    await admin.start()
    try:
        found = await admin.describe_topics(names)
    finally:
        await admin.close()
    counts = {topic["topic"]: len(topic["partitions"]) for topic in found}
    if missing := [name for name in names if not counts.get(name)]:
        raise TopicsUnfit(f"no topic {', '.join(missing)}: `duban up` makes all topics")
    for group in together:
        if len({counts[topic] for topic in group}) > 1:
            raise TopicsUnfit(f"topics of one job differ in partitions: {counts}")
