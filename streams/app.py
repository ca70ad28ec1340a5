"""The Faust app: clocks and scores on the partition loop.

Faust has the group, the assignment, the worker and its commands; `Engine` has the loops. Each job
is an agent whose stream yields batches of a partition (see `transport`).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaError
from faust.auth import SASLCredentials, SSLCredentials
from yarl import URL

from duban.bus_dead import DEAD_LETTERS
from duban.events import Event
from duban.ids import identify
from duban.launch import tell_ready
from duban.policy import Reference
from duban.settings import settings
from streams import faust_check, kafka, logs, transport
from streams.clocks_job import ClocksJob
from streams.engine import Engine
from streams.patience import Patience
from streams.records import JobSpec, References
from streams.reference_feed import REFERENCE, ReferenceFeed
from streams.reference_letters import ReferenceLetters
from streams.scores_job import FORM, ScoresJob
from streams.shelf import OnDisk, sweep
from streams.transaction import TransactionLost
from streams.watch import Pulse, Watch

log = structlog.get_logger(__name__)


def clocks_on_disk(partition: int, references: References) -> ClocksJob:
    """The clock job of a partition with its closed cases on disk, or with all of them there."""
    all_there = settings().streams_store == "disk"
    shelf = OnDisk(_cases() / str(partition), keep=all_there)
    return ClocksJob(partition, references, shelf, all_on_shelf=all_there)


def scores_on_disk(partition: int, references: References) -> ScoresJob:
    """The score job of a partition with its points on disk."""
    return ScoresJob(partition, references, OnDisk(_points() / str(partition)))


def _cases() -> Path:
    return _datadir() / "cases"


def _points() -> Path:
    return _datadir() / "points"


def _datadir() -> Path:
    """What this worker alone writes to."""
    return settings().data / "streams" / settings().worker


JOBS = (
    JobSpec("clocks", ("case-events", "verdicts"), "case-state", clocks_on_disk, again=True),
    JobSpec(
        "scores",
        ("score-points", "hall-events"),
        "score-state",
        scores_on_disk,
        form=FORM,
        again=True,
    ),
)

LETTERS_SECONDS = 2.0
Build = Callable[[Iterable[Event]], Reference]


class App(faust.App):  # type: ignore[misc]  # faust is untyped
    """A Faust app whose transport finds the owners of partitions in `owners`."""

    owners: Engine
    feed: ReferenceFeed


def create_app(jobs: Sequence[JobSpec], build: Build) -> App:
    """The app with an agent for each job. `build` makes `Reference` from events."""
    faust_check.check()
    transport.register()
    options = _options(jobs)
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
        groups = [spec.together for spec in jobs]
        await kafka.check_topics([REFERENCE, DEAD_LETTERS], groups)
        await app.feed.run()

    @app.task  # type: ignore[untyped-decorator]  # faust is untyped
    async def look_after() -> None:
        seconds = settings().standstill_seconds
        Pulse(asyncio.get_running_loop(), seconds).start()
        await Watch(
            lambda: (app.owners.epoch, list(app.owners.loops.values())),
            lambda tp: app.consumer.position(tp),
            app.conf.id,
            seconds,
        ).run()

    letters = ReferenceLetters(app.feed, app.conf.id)

    @app.timer(LETTERS_SECONDS)  # type: ignore[untyped-decorator]  # faust is untyped
    async def lay_reference_aside() -> None:
        if (jobs[0].name, 0) in app.owners.loops:
            try:
                await letters.write()
            except (KafkaError, TransactionLost, TimeoutError) as error:  # comes again
                log.warning("reference_letters_not_written", error=repr(error))

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def assigned(_app: App, partitions: Any, **_: Any) -> None:
        await app.owners.assigned(partitions)
        for job, stores in (("clocks", _cases()), ("scores", _points())):
            sweep(stores, {p for name, p in app.owners.loops if name == job})

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def revoked(_app: App, _partitions: Any, **_: Any) -> None:
        await app.owners.revoked()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]  # faust is untyped
    async def leaving(_app: App, **_: Any) -> None:
        await app.owners.revoked()


def _member(jobs: Sequence[JobSpec]) -> str | None:
    """Name of this worker as a static member. It names what the worker reads as well: the broker
    gives a member that returns its old partitions back, and after an upgrade, which reads other
    topics, those would not do."""
    s = settings()
    if not s.streams_static:
        return None
    topics = sorted(topic for spec in jobs for topic in spec.sources)
    return f"{s.streams_id}-{s.worker}-{identify(*topics)[:8]}"


def _options(jobs: Sequence[JobSpec]) -> dict[str, Any]:
    s = settings()
    return {
        "id": s.streams_id,
        "broker": [URL(f"{transport.SCHEME}://{server}") for server in s.brokers.split(",")],
        "broker_credentials": _credentials(),
        "consumer_group_instance_id": _member(jobs),
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
