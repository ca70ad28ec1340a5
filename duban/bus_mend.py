"""One fault of kafka-python's idempotent producer, mended where it bites us.

When a batch that was in flight expires (the broker was away for longer than the delivery
time-out), `TransactionManager.reset_producer_id` forgets the producer id but stays READY, and
`init_producer_id` asks for a new id only when UNINITIALIZED. No id is ever asked for again: every
later send waits for ever and `flush` never returns. Seen with 3.0.12 by killing the broker under
load; Kafka's Java client goes back to UNINITIALIZED at this point (KAFKA-7737), and so do we.
"""

from typing import Any

from kafka.producer.transaction_manager import TransactionState


def mend_reset(producer: Any) -> None:
    """Let a `KafkaProducer` ask for a new producer id after a reset. Call it once, when made."""
    manager = producer._transaction_manager
    forget = manager.reset_producer_id

    def reset_and_ask_again() -> None:
        with manager._lock:
            forget()
            manager._current_state = TransactionState.UNINITIALIZED

    manager.reset_producer_id = reset_and_ask_again
