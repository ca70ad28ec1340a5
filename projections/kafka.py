"""A reader of Kafka for programs that live in an event loop."""

from aiokafka import AIOKafkaConsumer

from duban.bus_config import aiokafka_config


def reader(*topics: str, fetch_bytes: int = 4 << 20) -> AIOKafkaConsumer:
    """A consumer without a group that sees committed records only; nothing is committed.

    With topics it is given all their partitions when it starts.
    """
    return AIOKafkaConsumer(
        *topics,
        **aiokafka_config(),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=200,
    )
