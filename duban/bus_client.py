"""A kafka-python producer with our guarantees, and one of its faults mended.

When a batch that was in flight expires (the broker was away for longer than the delivery
time-out), `TransactionManager.reset_producer_id` forgets the producer id but stays READY, and
`init_producer_id` asks for a new id only when UNINITIALIZED. No id is ever asked for again: every
later send waits for ever and `flush` never returns. Seen with 3.0.12 by killing the broker under
load; Kafka's Java client goes back to UNINITIALIZED at this point (KAFKA-7737), and so do we.
"""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.producer.transaction_manager import TransactionState

from duban.bus_config import away, kafka_config

OURS = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": "lz4",
    "linger_ms": 5,
    "batch_size": 128 << 10,
    "allow_auto_create_topics": False,
    "max_block_ms": 30_000,
}


def connected_producer(more: dict[str, Any]) -> Any:
    """A `KafkaProducer` by the settings; `more` overrides. Raises `BrokerAway`."""
    try:
        producer = KafkaProducer(**{**kafka_config(), **OURS, **more})
    except KafkaError as error:
        raise away(error) from error
    mend_reset(producer)
    return producer


def mend_reset(producer: Any) -> None:
    """Let a `KafkaProducer` ask for a new producer id after a reset. Call it once, when made."""
    manager = producer._transaction_manager
    forget = manager.reset_producer_id

    def reset_and_ask_again() -> None:
        with manager._lock:
            forget()
            manager._current_state = TransactionState.UNINITIALIZED

    manager.reset_producer_id = reset_and_ask_again
