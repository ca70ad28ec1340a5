"""How to reach Kafka: one place that turns settings into client configuration."""

import ssl
from typing import Any

from duban.settings import Settings, settings


class BrokerAway(ConnectionError):
    """No Kafka answers; the message says where it was looked for and what to do."""


def kafka_config(given: Settings | None = None) -> dict[str, Any]:
    """Connection part of every kafka-python client's configuration.

    Loopback without TLS by default; SASL and TLS when the settings say so.
    """
    s = given or settings()
    config: dict[str, Any] = {
        "bootstrap_servers": s.brokers.split(","),
        "security_protocol": s.kafka_security_protocol,
        "bootstrap_timeout_ms": 10_000,
        "reconnect_backoff_max_ms": 1_000,
    }
    if s.kafka_security_protocol.startswith("SASL"):
        config["sasl_mechanism"] = s.kafka_sasl_mechanism or "SCRAM-SHA-512"
        config["sasl_plain_username"] = s.kafka_username
        config["sasl_plain_password"] = s.kafka_password.get_secret_value()
    if s.kafka_security_protocol.endswith("SSL"):
        config["ssl_cafile"] = s.kafka_cafile or None
    return config


def aiokafka_config(given: Settings | None = None) -> dict[str, Any]:
    """The same for aiokafka's clients, which want bootstrap servers as text and a TLS context."""
    s = given or settings()
    known = kafka_config(s)
    config = {name: known[name] for name in known if name.startswith("sasl_")}
    config |= {"bootstrap_servers": s.brokers, "security_protocol": s.kafka_security_protocol}
    if "ssl_cafile" in known:
        config["ssl_context"] = ssl.create_default_context(cafile=known["ssl_cafile"])
    return config


def away(error: BaseException) -> BrokerAway:
    """The error a person can act on, for a client that could not be made."""
    return BrokerAway(
        f"No Kafka at {settings().brokers} ({error}). "
        "Start the embedded stack with `duban up`, or set DUBAN_BROKER."
    )
