"""Refuse to run on a Faust whose relevant methods are not the ones that were tested.

The batch transport overrides a few methods of Faust and leans on how others call them. An upgrade
that changes one of them could lose records without an error, so each is known by the hash of its
source. After an upgrade: run the engine's tests, then put in what the message prints.
"""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

from faust.app.base import App
from faust.channels import Channel
from faust.tables.recovery import Recovery
from faust.topics import Topic
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver

TESTED_VERSION = "0.15.3"
METHODS: tuple[Callable[..., Any], ...] = (
    # Overridden.
    ThreadDelegateConsumer._getmany,
    Consumer.perform_seek,
    driver.Consumer._new_consumer_thread,
    driver.AIOKafkaConsumerThread._create_worker_consumer,
    # Leaned on.
    Consumer.getmany,
    Consumer._wait_next_records,
    Consumer._drain_messages,
    Consumer._filter_tps_with_pending_acks,
    ThreadDelegateConsumer.seek_wait,
    ThreadDelegateConsumer.position,
    driver.AIOKafkaConsumerThread.getmany,
    driver.AIOKafkaConsumerThread._fetch_records,
    driver.AIOKafkaConsumerThread._seek_wait,
    App._on_partitions_revoked,
    App._on_partitions_assigned,
    App._stop_consumer,
    Recovery._resume_streams,
    Topic.put,
    Channel.put,
)
TESTED: dict[str, str] = {
    "App._on_partitions_assigned": "de932b7927db85b3",
    "App._on_partitions_revoked": "d5c895bbe57dc73a",
    "App._stop_consumer": "55854a5de12c3f52",
    "Channel.put": "81477c39c70becce",
    "Recovery._resume_streams": "d986a6710c1aca98",
    "Topic.put": "f680fd1d81e1d5ee",
    "Consumer._drain_messages": "44a2500309e83c63",
    "Consumer._filter_tps_with_pending_acks": "f6f9239774234e7e",
    "Consumer._wait_next_records": "6218e1969a636b3f",
    "Consumer.getmany": "4b168d84882a70d6",
    "Consumer.perform_seek": "0e8c130ff4b0afd8",
    "ThreadDelegateConsumer._getmany": "f9d47aa9010b5ff2",
    "ThreadDelegateConsumer.position": "a7f22b78f21d085a",
    "ThreadDelegateConsumer.seek_wait": "e9db5bbc4ceb2543",
    "AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f6cad",
    "AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1455a",
    "AIOKafkaConsumerThread._seek_wait": "9d221e816d940467",
    "AIOKafkaConsumerThread.getmany": "26fc5fc9f3b667e1",
    "Consumer._new_consumer_thread": "0870ec53dea75083",
}


class FaustChanged(RuntimeError):
    """An installed Faust that was not tested with this transport."""


def found() -> dict[str, str]:
    """Hash of the source of each method, by qualified name."""
    return {
        method.__qualname__: hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:16]
        for method in METHODS
    }


def check() -> None:
    """Raise `FaustChanged` where a method differs from the tested one."""
    now = found()
    changed = sorted(name for name in now if now[name] != TESTED.get(name))
    if changed:
        raise FaustChanged(
            f"faust-streaming is not the tested {TESTED_VERSION}: {', '.join(changed)}. Install "
            f"faust-streaming=={TESTED_VERSION}; or test the new one (tests/flows/test_engine*), "
            f"then put this into {__name__}.TESTED: {now}"
        )
