"""Kafka for programs that live in an event loop: settings as aiokafka wants them."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.helpers import create_ssl_context

from duban.settings import settings


def connection() -> dict[str, Any]:
    """Connection part of every aiokafka client's configuration."""
    s = settings()
    config: dict[str, Any] = {
        "bootstrap_servers": s.brokers,
        "security_protocol": s.kafka_security_protocol,
    }
    if s.kafka_security_protocol.startswith("SASL"):
        config["sasl_mechanism"] = s.kafka_sasl_mechanism or "SCRAM-SHA-512"
        config["sasl_plain_username"] = s.kafka_username
        config["sasl_plain_password"] = s.kafka_password.get_secret_value()
    if s.kafka_security_protocol.endswith("SSL"):
        config["ssl_context"] = create_ssl_context(cafile=s.kafka_cafile or None)
    return config


def reader(*topics: str, fetch_bytes: int = 4 << 20) -> AIOKafkaConsumer:
    """A consumer without a group that sees committed records only; nothing is committed.

    With topics it is given all their partitions when it starts.
    """
    return AIOKafkaConsumer(
        *topics,
        **connection(),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=200,
    )
