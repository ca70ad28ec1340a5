"""Checked events as the records that will be sent, and those packed into Kafka's batches.

aiokafka's record builder is compiled; packing a request's records into one batch per partition
costs a tenth of handing them to a producer one by one.
"""

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from duban import codec, contracts
from duban.bus import headers_of, key_of, partition_of
from duban.events import Event


class Outgoing(NamedTuple):
    """One record to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Packed(NamedTuple):
    """A batch that is ready for its partition."""

    topic: str
    partition: int
    batch: Any


def outgoing(event: Event, more: tuple[str, bytes]) -> Outgoing:
    """The record of an event, with one header more than the CloudEvents ones.

    Raises `codec.RegistryAway` where a schema registry is set and away.
    """
    topic = contracts.topic_of(event.type)
    headers = [*headers_of(event), more]
    return Outgoing(topic, key_of(topic, event), codec.encode(event), headers)


def pack(producer: Any, records: Iterable[Outgoing], partitions: Mapping[str, int]) -> list[Packed]:
    """Records as batches by partition, in their order; `partitions` counts them by topic."""
    stamp = time.time_ns() // 1_000_000
    packed: list[Packed] = []
    open_: dict[tuple[str, int], Any] = {}
    for topic, key, value, headers in records:
        place = topic, _partition(key, partitions[topic])
        added = place in open_ and _append(open_[place], stamp, key, value, headers)
        if not added:
            open_[place] = producer.create_batch()
            packed.append(Packed(*place, open_[place]))
            if not _append(open_[place], stamp, key, value, headers):
                raise ValueError(f"a record of {len(value)} bytes fits no batch")
    return packed


def _append(
    batch: Any, stamp: int, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
) -> bool:
    added = batch.append(timestamp=stamp, key=key, value=value, headers=headers)
    return added is not None


_partition = lru_cache(maxsize=4096)(partition_of)  # facts of one case come together
