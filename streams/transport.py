"""A Faust transport that hands over whole batches, partition by partition.

Faust keeps group membership, assignment, flow control, the worker's life and agents of other
topics. For topics that a `PartitionLoop` owns, the consumer gives each partition's records to the
topic's agent as one `Batch` instead of one event per record, reads committed records only, never
acknowledges them (their offsets go with the loop's transaction), and never reads a partition
whose loop is not ready or has enough. The records are the client's own: they have every attribute
of a `Record`, and making others of them would take a tenth of a worker's time. Registered under the
scheme `batch://` (Faust looks a transport up by the scheme of the broker's URL; packages may use
entry point `faust.transports`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from faust.transport import drivers
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.kafka import FETCH_BYTES
from streams.records import Batch

SCHEME = "batch"
# While some partitions wait for their loops, look again this soon for those that no longer do.
LOOK_AGAIN_SECONDS = 0.02
# aiokafka asks a broker for one thing at a time: a record of a partition that was left out of the
# current request waits this long for the next one.
FETCH_WAIT_MS = 50


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust is untyped
    """Faust's consumer thread with a consumer that sees committed records only."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        """As Faust's own, but read_committed, a short fetch wait and Faust's sticky assignor,
        which keeps equal partition numbers of different topics together."""
        conf = self.app.conf
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 0) * 1000),
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            check_crcs=conf.broker_check_crcs,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            isolation_level="read_committed",
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )


class Consumer(driver.Consumer):  # type: ignore[misc]  # faust is untyped
    """Faust's consumer; records of owned topics leave it as batches."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(
        self, active_partitions: set[TP] | None, timeout: float
    ) -> Mapping[TP, Sequence[Any]]:
        """Fetch; hand over what loops own; return the rest for Faust to deliver one by one."""
        if active_partitions is None:  # client-only: no group, no loops
            return await super()._getmany(None, timeout)  # type: ignore[no-any-return]  # untyped
        owners = self.app.owners
        epoch = owners.epoch
        wanted = {tp for tp in active_partitions if not owners.has(tp) or owners.wants(tp)}
        if not wanted:  # to aiokafka an empty set means every partition
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return {}
        if len(wanted) < len(active_partitions):
            timeout = LOOK_AGAIN_SECONDS
        records = await super()._getmany(wanted, timeout)
        for tp in wanted:
            if owners.has(tp):
                await self._hand_over(tp, epoch, records.get(tp))
        return {tp: batch for tp, batch in records.items() if not owners.has(tp)}

    async def _hand_over(self, tp: TP, epoch: int, records: Sequence[Any] | None) -> None:
        owners = self.app.owners
        if records and epoch != owners.epoch:
            # Read for an assignment that is over, yet the position has moved: go back.
            await self.seek_to_owner(tp)
        elif records:
            batch = Batch(tp.topic, tp.partition, epoch, records)
            owners.delivering(tp, batch)
            for channel in [topic for topic in self.app.topics if tp.topic in topic.topics]:
                await channel.put(batch)
        elif owners.asks_position(tp):
            await self._tell_position(tp, epoch)

    async def _tell_position(self, tp: TP, epoch: int) -> None:
        """Control records at a topic's end are no records: only the position passes them."""
        try:
            position = await self.position(tp)
        except IllegalStateError:  # revoked meanwhile
            return
        if epoch == self.app.owners.epoch and position is not None:
            self.app.owners.read_up_to(tp, position)

    async def seek_to_owner(self, tp: TP) -> None:
        """Set the reading position to what the owner of `tp` needs next, once it knows."""
        offset = self.app.owners.next_offset(tp)
        if offset is None:
            return
        try:
            await self.seek_wait({tp: offset})
        except IllegalStateError:  # revoked meanwhile; the next owner seeks for itself
            return

    async def perform_seek(self) -> None:
        """Faust seeks to the committed offsets after a rebalance; loops know better."""
        await super().perform_seek()
        for tp in self.app.owners.restored():
            await self.seek_to_owner(tp)


class Transport(driver.Transport):  # type: ignore[misc]  # faust is untyped
    """Faust's aiokafka transport with the batch consumer."""

    Consumer = Consumer


def register() -> None:
    """Make `batch://host:port` known to Faust's table of transports."""
    drivers.TRANSPORTS[SCHEME] = f"{__name__}:Transport"
