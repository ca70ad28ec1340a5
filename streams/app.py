"""The Faust app: clocks and scores on the partition loop.

Faust has the group, the assignment, the worker and its commands; `Engine` has the loops. Each job
is an agent whose stream yields batches of a partition (see `transport`).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import faust
from faust.auth import SASLCredentials, SSLCredentials
from yarl import URL

from duban.bus_dead import DEAD_LETTERS
from duban.events import Event
from duban.launch import tell_ready
from duban.policy import Reference
from duban.settings import settings
from streams import closed, faust_check, kafka, logs, transport
from streams.clocks_job import ClocksJob
from streams.engine import Engine
from streams.patience import Patience
from streams.records import JobSpec, References
from streams.reference_feed import REFERENCE, ReferenceFeed
from streams.scores_job import ScoresJob


def clocks_on_disk(partition: int, references: References) -> ClocksJob:
    """The clock job of a partition with its closed cases on disk."""
    return ClocksJob(partition, references, closed.OnDisk(_closed_cases() / str(partition)))


def _closed_cases() -> Path:
    return _datadir() / "closed"


def _datadir() -> Path:
    """What this worker alone writes to."""
    return settings().data / "streams" / settings().worker


JOBS = (
    JobSpec("clocks", ("case-events",), "case-state", clocks_on_disk),
    JobSpec("scores", ("score-points",), "score-state", ScoresJob),
)

LAG_SECONDS = 5.0

Build = Callable[[Iterable[Event]], Reference]


class App(faust.App):  # type: ignore[misc]  # faust is untyped
    """A Faust app whose transport finds the owners of partitions in `owners`."""

    owners: Engine
    feed: ReferenceFeed


def create_app(jobs: Sequence[JobSpec], build: Build) -> App:
    """The app with an agent for each job. `build` makes `Reference` from events."""
    faust_check.check()
    transport.register()
    options = _options()
    options["datadir"].mkdir(parents=True, exist_ok=True)
    app = App(**options)
    app.feed = ReferenceFeed(build, lambda: app.owners.reference_changed())
    app.owners = Engine(
        jobs,
        group=app.conf.id,
        references=app.feed,
        patience=Patience(app.feed),
        wall_time=settings().business_time == "wall",
        on_ready=tell_ready,
    )
    app.owners.seek = lambda place: app.consumer.seek_to_owner(place)
    for spec in jobs:
        _add_job(app, spec)
    _add_life(app, jobs)
    return app


def _add_job(app: App, spec: JobSpec) -> None:
    source = app.topic(*spec.sources, key_type=bytes, value_type=bytes, acks=False)

    @app.agent(source, name=spec.name)  # type: ignore[untyped-decorator]  # faust is untyped
    async def batches(stream: Any) -> None:
        async for batch in stream:
            app.owners.take(batch)


def _add_life(app: App, jobs: Sequence[JobSpec]) -> None:
    @app.task  # type: ignore[untyped-decorator]  # faust is untyped
    async def follow_reference() -> None:
        groups = [(*spec.sources, spec.state_topic) for spec in jobs]
        await kafka.check_topics([REFERENCE, DEAD_LETTERS], groups)
        await app.feed.run()

    @app.timer(LAG_SECONDS)  # type: ignore[untyped-decorator]  # faust is untyped
    async def measure_lag() -> None:
        app.owners.measure_lag(app.consumer.highwater)

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def assigned(_app: App, partitions: Any, **_: Any) -> None:
        await app.owners.assigned(partitions)
        closed.sweep(_closed_cases(), {p for name, p in app.owners.loops if name == "clocks"})

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def revoked(_app: App, _partitions: Any, **_: Any) -> None:
        await app.owners.revoked()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def leaving(_app: App, **_: Any) -> None:
        await app.owners.revoked()


def _options() -> dict[str, Any]:
    s = settings()
    return {
        "id": s.streams_id,
        "broker": [URL(f"{transport.SCHEME}://{server}") for server in s.brokers.split(",")],
        "broker_credentials": _credentials(),
        "consumer_group_instance_id": f"{s.streams_id}-{s.worker}",
        "consumer_auto_offset_reset": "earliest",
        "broker_max_poll_records": 4000,
        "broker_session_timeout": 10.0,
        "broker_heartbeat_interval": 2.0,
        "broker_rebalance_timeout": 20.0,
        "store": "memory://",
        "datadir": _datadir(),
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "logging_config": logs.config(),
    }


def _credentials() -> Any:
    s = settings()
    context = kafka.connection().get("ssl_context")
    if s.kafka_security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=s.kafka_username,
            password=s.kafka_password.get_secret_value(),
            mechanism=s.kafka_sasl_mechanism or "SCRAM-SHA-512",
            ssl_context=context,
        )
    return SSLCredentials(context=context) if context is not None else None
