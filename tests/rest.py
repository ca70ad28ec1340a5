"""Waiting until the programs have read all that was told.

What a test looks at is made of rows of several topics, which the sink stores in any order: one
figure that is there does not say that the next one is. Once the worker and the sink have committed
all that the topics hold, every row that they have made of it is stored. What a worker does in a
later turn (a ranking, a second look at a case) is asked for by name.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.local.lag import end_offsets
from duban.bus_config import kafka_config
from duban.bus_read import consumer
from duban.settings import settings
from projections.sink.tables import FEEDS
from streams.app import JOBS
from tests.stack import wait_for

SINK = "duban-sink"
POLLS = 50  # a reader that gets no further is asked again
WORKER_READS = frozenset(topic for job in JOBS for topic in job.sources)


def wait_stored(
    what: Callable[[], Any], name: str, seconds: float = 180, every: float = 0.3
) -> Any:
    """Wait until `what` gives something true and still does when all has been read; give that."""
    wait_for(what, name, seconds, every)
    wait_read(seconds)
    return wait_for(what, f"{name}, when all is read", seconds, every)


def wait_read(seconds: float = 180) -> None:
    """Wait until the worker and the sink have committed all that the topics hold."""
    with closing(KafkaAdminClient(**kafka_config())) as admin, consumer() as kafka:
        wait_for(lambda: all_read(admin, kafka), "all is read", seconds, 0.1)


def all_read(admin: KafkaAdminClient, kafka: Any) -> bool:
    """Whether no record lies behind what either of them has committed.

    Committed offsets are asked for before the ends of the topics: what is told or follows in
    between counts as unread, never as read.
    """
    committed = admin.list_group_offsets([settings().streams_id, SINK])
    reads = {settings().streams_id: WORKER_READS, SINK: FEEDS.keys()}
    places = [TopicPartition(t, p) for t in {*WORKER_READS, *FEEDS} for p in _numbers(kafka, t)]
    ends = end_offsets(admin, set(places))
    return not any(
        _lies_behind(kafka, {tp: end for tp, end in ends.items() if tp.topic in reads[group]}, done)
        for group, done in committed.items()
    )


def _numbers(kafka: Any, topic: str) -> set[int]:
    return kafka.partitions_for_topic(topic) or set()


def _lies_behind(
    kafka: Any, ends: Mapping[TopicPartition, int], committed: Mapping[TopicPartition, Any]
) -> bool:
    """Whether a record can be read between committed offsets and the ends. Markers of transactions
    and what was aborted are none: a topic may end in them, and nobody commits past them."""
    done = {tp: max(0, committed[tp].offset) if tp in committed else 0 for tp in ends}
    open_ = {tp for tp in ends if done[tp] < ends[tp]}
    kafka.assign(sorted(open_))
    for tp in open_:
        kafka.seek(tp, done[tp])
    for _ in range(POLLS):
        open_ = {tp for tp in open_ if kafka.position(tp) < ends[tp]}
        if not open_:
            return False
        if kafka.poll(timeout_ms=200):
            break
    return True
