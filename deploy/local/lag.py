"""How far behind each consumer group is, asked of Kafka itself."""

from typing import Any, NamedTuple

from kafka import IsolationLevel, TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec

from deploy.local.topics import transactional


class Lag(NamedTuple):
    """Records that a group has not committed on one topic, all partitions together."""

    group: str
    topic: str
    behind: int


def lags(client: KafkaAdminClient) -> list[Lag]:
    """Lag of every group on every topic it has committed to, sorted.

    The end is that of committed transactions. A partition that only transactions write ends in a
    control record, which no group reads: it does not count.
    """
    marked = transactional()
    groups = [g["group_id"] for g in client.list_groups()]
    if not groups:
        return []
    committed: dict[str, Any] = client.list_group_offsets(groups)
    partitions = {tp for offsets in committed.values() for tp in offsets}
    ends = end_offsets(client, partitions)
    found: dict[tuple[str, str], int] = {}
    for group, offsets in committed.items():
        for tp, place in offsets.items():
            if place.offset >= 0:
                behind = max(0, ends.get(tp, 0) - place.offset - (tp.topic in marked))
                found[group, tp.topic] = found.get((group, tp.topic), 0) + behind
    return [Lag(group, topic, behind) for (group, topic), behind in sorted(found.items())]


def end_offsets(
    client: KafkaAdminClient, partitions: set[TopicPartition]
) -> dict[TopicPartition, int]:
    """End offset (of committed transactions) of each partition."""
    if not partitions:
        return {}
    specs = dict.fromkeys(partitions, OffsetSpec.LATEST)
    answer = client.list_partition_offsets(specs, isolation_level=IsolationLevel.READ_COMMITTED)
    return {tp: place.offset for tp, place in answer.items()}


def of_part(part: str, rows: list[Lag]) -> int | None:
    """Lag of a part: of the groups whose name has the part's name in it; None without any."""
    mine = [row.behind for row in rows if part in row.group]
    return sum(mine) if mine else None
