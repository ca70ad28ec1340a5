"""sentry-arroyo as a consumer baseline: it has no keyed state, so the state is a dict."""

from collections.abc import Mapping
from typing import Any

from arroyo.backends.kafka import KafkaConsumer, KafkaPayload
from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration
from arroyo.commit import ONCE_PER_SECOND
from arroyo.processing import StreamProcessor
from arroyo.processing.strategies import CommitOffsets, ProcessingStrategy
from arroyo.processing.strategies.abstract import ProcessingStrategyFactory
from arroyo.processing.strategies.run_task import RunTask
from arroyo.types import Commit, Message, Partition, Topic

from bench.streams.rule import EVERY, Meter, told, updated


class Counting(ProcessingStrategyFactory[KafkaPayload]):
    """Makes arroyo's chain: the rule, then its own committing of offsets."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.state: dict[bytes, bytes] = {}
        self.outputs: list[tuple[bytes, bytes]] = []
        self.processor: Any = None

    def create_with_partitions(
        self, commit: Commit, partitions: Mapping[Partition, int]
    ) -> ProcessingStrategy[KafkaPayload]:
        """Called by arroyo at every assignment."""
        return RunTask(self._rule, CommitOffsets(commit))

    def _rule(self, message: Message[KafkaPayload]) -> None:
        self.meter.takes()
        key, value = message.payload.key, message.payload.value
        assert key is not None
        after = self.state[key] = updated(self.state.get(key), value)
        if message.value.offset % EVERY == 0:
            self.outputs.append((key, after))
        if self.meter.complete:
            self.processor.signal_shutdown()


def main() -> None:
    """Read to the end of the load."""
    consumer = KafkaConsumer(
        build_kafka_consumer_configuration(
            {},
            group_id=told("group"),
            auto_offset_reset="earliest",
            bootstrap_servers=[told("broker")],
            enable_auto_commit=False,
        )
    )
    counting = Counting()
    counting.processor = StreamProcessor(
        consumer=consumer,
        topic=Topic(told("source")),
        processor_factory=counting,
        commit_policy=ONCE_PER_SECOND,
    )
    counting.processor.run()
    counting.meter.holds(counting.state, counting.outputs)


if __name__ == "__main__":
    main()
