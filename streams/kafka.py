"""How the engine's own Kafka clients (aiokafka) are made: settings in one place."""

import ssl
from typing import Any

from aiokafka import AIOKafkaConsumer

from duban.settings import settings

FETCH_BYTES = 8 << 20


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
