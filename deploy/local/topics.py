"""Make the topics of `schemas/topics.toml` on any Kafka, and check what is there against it.

A partition count never changes once there is data: a key would move to another partition and its
worker would lose it. So a different count is refused, never mended.
"""

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from deploy.local.trouble import Trouble
from duban.bus_config import kafka_config
from duban.launch import SCHEMAS
from duban.settings import Settings, settings


class Topic(NamedTuple):
    """What `topics.toml` wants of one topic."""

    name: str
    partitions: int
    replication_factor: int
    settings: dict[str, str]


class Drift(NamedTuple):
    """One thing that the broker holds otherwise than `topics.toml` says."""

    topic: str
    setting: str  # a Kafka topic setting, or "partitions"
    wanted: str
    found: str


def wanted(given: Settings | None = None, text: str | None = None) -> list[Topic]:
    """The topics of `topics.toml`; settings may say other partitions and replicas."""
    s = given or settings()
    raw = tomllib.loads(text or (SCHEMAS / "topics.toml").read_text(encoding="utf-8"))
    defaults = raw["defaults"]
    replicas = s.replication_factor or defaults["replication_factor"]
    return [
        Topic(
            name,
            s.partitions if s.partitions and t["partitions"] > 1 else t["partitions"],
            replicas,
            {**defaults["settings"], **t.get("settings", {})},
        )
        for name, t in raw["topics"].items()
    ]


def transactional() -> set[str]:
    """Topics that only the streams write, each batch in one transaction."""
    raw = tomllib.loads((SCHEMAS / "topics.toml").read_text(encoding="utf-8"))
    return {name for name, t in raw["topics"].items() if t["writers"] == ["streams"]}


def admin(given: Settings | None = None) -> KafkaAdminClient:
    """An admin client for the Kafka of the settings; `Trouble` when it does not answer."""
    s = given or settings()
    try:
        return KafkaAdminClient(**kafka_config(s))
    except KafkaError as e:
        raise Trouble(
            f"No Kafka answers at {s.brokers}: {e}",
            "Run `duban up`, or see DUBAN_BROKER.",
        ) from e


def make(client: KafkaAdminClient, topics: Sequence[Topic]) -> list[str]:
    """Create the topics that are absent; their names."""
    present = set(client.list_topics())
    absent = [t for t in topics if t.name not in present]
    for t in absent:
        new = NewTopic(t.name, t.partitions, t.replication_factor, topic_configs=t.settings)
        try:
            client.create_topics([new], timeout_ms=30_000)
        except TopicAlreadyExistsError:  # another `up` on a shared Kafka was quicker
            continue
    if absent:
        client.wait_for_topics([t.name for t in absent])
    return [t.name for t in absent]


def drift(client: KafkaAdminClient, topics: Sequence[Topic]) -> list[Drift]:
    """Read the topics back from the broker; every difference, none when all is as wanted."""
    found = {t["name"]: t for t in client.describe_topics([t.name for t in topics])}
    held = _settings_of(client, [t.name for t in topics])
    return [d for t in topics for d in _compare(t, found.get(t.name), held.get(t.name, {}))]


def _settings_of(client: KafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer: Mapping[str, Any] = client.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: {setting: str(entry["value"]) for setting, entry in entries.items()}
        for name, entries in answer.items()
    }


def _compare(t: Topic, found: Mapping[str, Any] | None, held: Mapping[str, str]) -> list[Drift]:
    if found is None or not found.get("partitions"):
        return [Drift(t.name, "partitions", str(t.partitions), "no such topic")]
    count = len(found["partitions"])
    differences = [
        Drift(t.name, setting, value, held.get(setting, "unset"))
        for setting, value in t.settings.items()
        if held.get(setting) != value
    ]
    if count != t.partitions:
        differences.insert(0, Drift(t.name, "partitions", str(t.partitions), str(count)))
    return differences


def ensure(given: Settings | None = None) -> list[str]:
    """Make what is absent, read everything back; the names made. `Trouble` on any difference."""
    topics = wanted(given)
    client = admin(given)
    try:
        made = make(client, topics)
        differences = drift(client, topics)
    finally:
        client.close()
    if differences:
        raise Trouble(say(differences), advice(differences))
    return made


def say(differences: Sequence[Drift]) -> str:
    """The differences in one sentence."""
    lines = (f"{d.topic}: {d.setting} is {d.found}, wanted {d.wanted}" for d in differences)
    return "Topics differ from schemas/topics.toml: " + "; ".join(lines)


def advice(differences: Sequence[Drift]) -> str:
    """What to do about topics that differ."""
    if any(d.setting == "partitions" for d in differences):
        return (
            "A partition count cannot change under data: set DUBAN_PARTITIONS back to what is "
            "there, or start with an empty data directory."
        )
    return "Set them back with kafka-configs, or change schemas/topics.toml."


def main() -> None:
    """Entry point of the supervisor's one-shot child `topics`."""
    try:
        made = ensure()
    except Trouble as e:
        sys.exit(str(e))
    print(f"made: {', '.join(made) or 'none, all present'}; settings read back and equal")


if __name__ == "__main__":
    main()
