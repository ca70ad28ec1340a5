"""Kafka and ClickHouse from testcontainers, for `pytest --stack=containers`.

Needs a Docker engine. The programs under test run as on the embedded stack.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.clickhouse import ClickHouseContainer
from testcontainers.kafka import KafkaContainer

KAFKA = "apache/kafka:4.4.0"
CLICKHOUSE = "clickhouse/clickhouse-server:26.9"


@contextmanager
def kafka_and_clickhouse() -> Iterator[dict[str, str]]:
    """Start both; the `DUBAN_…` settings that reach them."""
    owner = {"username": "duban", "password": "duban-tests"}
    with (
        KafkaContainer(KAFKA).with_kraft() as kafka,
        ClickHouseContainer(CLICKHOUSE, port=8123, dbname="default", **owner) as clickhouse,
    ):
        host, port = clickhouse.get_container_host_ip(), clickhouse.get_exposed_port(8123)
        yield {
            "DUBAN_BROKER": kafka.get_bootstrap_server(),
            "DUBAN_WAREHOUSE_URL": f"http://{host}:{port}",
            "DUBAN_WAREHOUSE_USER": owner["username"],
            "DUBAN_WAREHOUSE_PASSWORD": owner["password"],
            "DUBAN_WAREHOUSE_READER": owner["username"],
            "DUBAN_WAREHOUSE_READER_PASSWORD": owner["password"],
        }
