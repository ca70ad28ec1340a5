"""Every setting of every program, once: name, default, sentence.

A value is looked up in the environment (`DUBAN_…`), then in `stack.json` of the data directory
(written by `duban up`, so a command run beside a stack finds it), then here.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PORTS = {"warehouse": 23, "gateway": 80, "dashboard": 88, "broker": 92, "controller": 93}
METRICS = 100  # the port of the first streams worker's metrics; the next has the next one


class StackFile(PydanticBaseSettingsSource):
    """Settings that `duban up` left in `<data>/stack.json`; empty when there is no stack."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._values().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {k: v for k, v in self._values().items() if k in self.settings_cls.model_fields}

    def _values(self) -> dict[str, Any]:
        data = self.current_state.get("data") or Settings.model_fields["data"].default
        path = Path(data) / "stack.json"
        if not path.is_file():
            return {}
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return values


class Settings(BaseSettings):
    """All settings; read with `settings()`."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", extra="ignore")

    data: Path = Field(
        Path(".duban"), description="Directory that holds everything the embedded stack keeps."
    )
    port_base: int = Field(
        18000, description="First port of the embedded stack; each part adds its own number."
    )
    tenant: str = Field("default", description="Tenant that events belong to when they name none.")
    zone: str = Field("Asia/Shanghai", description="IANA zone of a hall that names none.")
    language: Literal["zh", "en"] = Field(
        "zh", description="Language of pages, and of figures, instants and columns in the terminal."
    )
    report_font: str = Field(
        "",
        description="TrueType file to set PDF reports in; empty means a Chinese font of the machine.",
    )
    log_level: str = Field("INFO", description="Least severe level that programs log.")

    broker: str = Field("", description="Kafka bootstrap servers; empty means the embedded broker.")
    kafka_security_protocol: str = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    kafka_sasl_mechanism: str = Field("", description="PLAIN or SCRAM-SHA-512 where SASL is used.")
    kafka_username: str = Field("", description="SASL user name.")
    kafka_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    kafka_cafile: str = Field("", description="CA bundle for TLS to Kafka.")
    partitions: int = Field(
        0, description="Partitions of case and hall topics; 0 means what topics.toml says."
    )
    replication_factor: int = Field(
        0, description="Replicas of every topic; 0 means what topics.toml says."
    )
    schema_registry_url: str = Field(
        "", description="Confluent-compatible registry; empty means single-object encoding."
    )

    warehouse_url: str = Field(
        "", description="ClickHouse over HTTP(S); empty means the embedded warehouse."
    )
    warehouse_user: str = Field("duban", description="ClickHouse user that may write.")
    warehouse_password: SecretStr = Field(
        SecretStr(""), description="Its password (embedded: the owner token)."
    )
    warehouse_reader: str = Field("reader", description="ClickHouse user that may only read.")
    warehouse_reader_password: SecretStr = Field(
        SecretStr(""), description="Its password (embedded: the reader token)."
    )
    warehouse_database: str = Field("duban", description="Database that holds the tables.")
    warehouse_cluster: str = Field(
        "", description="ClickHouse cluster to make Replicated tables on; empty for one server."
    )

    gateway_url: str = Field(
        "", description="Base URL of the gateway; empty means the embedded one."
    )
    gateway_token: SecretStr = Field(
        SecretStr(""), description="Token that `duban emit --http` shows at the gateway."
    )
    gateway_max_bytes: int = Field(
        4 << 20, description="Largest request body the gateway reads, in bytes."
    )
    dashboard_url: str = Field(
        "", description="Base URL of the dashboard and API; empty means the embedded one."
    )
    dashboard_token: SecretStr = Field(
        SecretStr(""), description="Token for the API and the login page."
    )
    access_key: SecretStr = Field(
        SecretStr(""), description="Key that signs sessions and seals webhook secrets."
    )
    bind: str = Field("127.0.0.1", description="Address that doors listen on.")

    business_time: Literal["wall", "ticks"] = Field(
        "wall",
        description="Where 'now' comes from: the wall clock, or ClockTicked events (demo, tests).",
    )
    sink_batch_rows: int = Field(50_000, description="Rows a sink insert holds at the most.")
    sink_batch_seconds: float = Field(
        0.5, description="Seconds the sink waits for more rows when live."
    )
    sink_instance: str = Field(
        "", description="Static group member id of a sink, its own for each; empty: by host name."
    )
    faults: str = Field(
        "", description="Failpoint to crash at (tests only), such as 'streams.before_commit'."
    )
    cache: Path = Field(
        Path("~/.cache/duban"), description="Directory for Kafka's jars, fetched once and checked."
    )
    maven_url: str = Field(
        "", description="Maven repository to fetch them from; empty means Maven Central."
    )

    streams_id: str = Field(
        "duban-streams",
        description="Consumer group of the streams workers, and the first part of their transactional ids.",
    )
    streams_store: Literal["memory", "disk"] = Field(
        "memory",
        description="Where a worker keeps open cases: in memory, or with the closed ones on disk, which it then keeps over a restart.",
    )
    worker: str = Field(
        "0",
        description="Name of a streams worker among others; no two that run at once may share it.",
    )
    workers: int = Field(1, description="Streams workers that `duban up` starts.", ge=1)
    metrics_port: int = Field(
        0, description="Loopback port of a streams worker's metrics; 0 means port_base + 100."
    )
    standstill_seconds: float = Field(
        60,
        description="Seconds without progress after which a streams worker ends, to be started "
        "again; a restore may stand still twice as long.",
    )
    streams_static: bool = Field(
        True,
        description="Whether a worker that is away for less than ten seconds keeps its partitions (static membership).",
    )

    def port(self, part: str) -> int:
        """Port of an embedded part: broker, controller, warehouse, gateway or dashboard."""
        return self.port_base + PORTS[part]

    def metrics(self, worker: int = 0) -> int:
        """Port of the metrics of the embedded stack's nth streams worker, or of this one."""
        return (self.metrics_port or self.port_base + METRICS) + worker

    @property
    def brokers(self) -> str:
        """Bootstrap servers, given or embedded."""
        return self.broker or f"127.0.0.1:{self.port('broker')}"

    def url(self, part: Literal["warehouse", "gateway", "dashboard"]) -> str:
        """Base URL of an HTTP part, given or embedded; no slash at the end."""
        given: str = getattr(self, f"{part}_url")
        return (given or f"http://127.0.0.1:{self.port(part)}").rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, `stack.json`; later ones fill what earlier ones leave open."""
        return init_settings, env_settings, StackFile(settings_cls)


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
