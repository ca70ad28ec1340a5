"""Which stack the tests run on, and the fixtures that give it to them."""

from collections.abc import Callable, Iterator

import pytest

from tests.stack import Stack, new_stack


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("embedded", "containers"),
        default="embedded",
        help="embedded: what `duban up` starts; containers: by testcontainers",
    )


def pytest_report_header(config: pytest.Config) -> str:
    kind = config.getoption("--stack")
    what = {
        "embedded": "Apache Kafka 4.4.0 and chDB as `duban up` starts them",
        "containers": "Kafka and ClickHouse in containers",
    }
    return f"stack: {kind} ({what[kind]})"


@pytest.fixture(scope="session")
def outside(request: pytest.FixtureRequest) -> Iterator[dict[str, str] | None]:
    """Settings of the containers' Kafka and ClickHouse; None on the embedded stack."""
    if request.config.getoption("--stack") == "embedded":
        yield None
        return
    from tests.containers import kafka_and_clickhouse

    with kafka_and_clickhouse() as env:
        yield env


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """The whole stack on wall time, shared by the session: tests use cases of their own."""
    made = new_stack(tmp_path_factory.mktemp("stack") / "data", outside=outside)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def kafka(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """A broker alone, for the tests of one file."""
    made = new_stack(
        tmp_path_factory.mktemp("kafka") / "data", parts="broker,topics", outside=outside
    )
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def make_stack(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Stack]]:
    """Make (not start) stacks of a test's own, embedded: `make_stack(parts=…, business_time=…)`."""
    made: list[Stack] = []

    def make(**options: str) -> Stack:
        data = tmp_path_factory.mktemp("stack") / "data"
        made.append(new_stack(data, **options))  # type: ignore[arg-type]  # passed through
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(autouse=True)
def in_stack(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that takes `stack` runs with this process's settings pointing at it."""
    if "stack" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("stack").here():
        yield
