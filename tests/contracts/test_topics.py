"""topics.toml names who writes and reads each topic; held against what programs' code mentions."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from duban import contracts
from duban.launch import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
TOPICS = tomllib.loads((SCHEMAS / "topics.toml").read_text(encoding="utf-8"))["topics"]
# Where the code of each name in topics.toml lies; the library's own parts are named as commands.
PLACES = {
    "streams": ["streams"],
    "producers": ["producers"],
    "producers.gateway": ["producers/gateway"],
    "projections.sink": ["projections/sink"],
    "projections.notify": ["projections/notify"],
    "projections.dashboard": ["projections/dashboard", "projections/api"],
    "projections.reports": ["projections/reports"],
    "duban": ["duban"],
    "duban alerts": ["duban/cli/alerts.py"],
    "duban apply": ["duban/cli/apply.py"],
    "duban close": ["duban/cli/close.py"],
    "duban dead-letters": ["duban/cli/deadletters.py"],
    "duban doctor": ["deploy/local/doctor.py"],
    "duban emit": ["duban/cli/emit.py"],
    "duban subscription": ["duban/cli/subscription.py"],
    "duban token": ["duban/cli/token.py"],
}
PROGRAMS = [name for name in PLACES if not name.startswith("duban") and name != "producers"]
# Names of the library through which a program reads or writes a topic without naming it.
THROUGH = {
    "access": {"Grants", "read_grants", "write_grant"},
    "audit": {"audit_record", "write_grant"},
    "dead-letters": {"DEAD_LETTERS", "dead_letter"},
    "reference": {"read_reference", "published_schemas", "Producer", "publish"},
    "case-events": {"WRITTEN_BY_PRODUCERS", "Producer"},
    "hall-events": {"WRITTEN_BY_PRODUCERS", "Producer"},
}


def mentioned(name: str) -> set[str]:
    """Every text in the code of a program, and every name that it imports or takes of another."""
    found: set[str] = set()
    for place in PLACES[name]:
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found |= set(_words(ast.parse(file.read_text(encoding="utf-8"))))
    return found


def _words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Attribute):  # bus.read_reference()
            yield node.attr


def types_on(topic: str) -> set[str]:
    return {name for name in contracts.event_types() if contracts.topic_of(name) == topic}


def listed(topic: str) -> set[str]:
    return {*TOPICS[topic]["writers"], *TOPICS[topic]["readers"]}


@pytest.mark.parametrize("topic", TOPICS)
def test_whoever_is_listed_has_to_do_with_the_topic(topic: str) -> None:
    signs = {topic} | THROUGH.get(topic, set()) | types_on(topic)
    idle = [name for name in sorted(listed(topic)) if not signs & mentioned(name)]
    assert idle == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_mentions_it_is_listed_for(name: str) -> None:
    words = mentioned(name)
    whole = name.partition(".")[0]
    missing = {
        topic
        for topic in TOPICS
        if ({topic} | THROUGH.get(topic, set())) & words and not {name, whole} & listed(topic)
    }
    assert missing == set()
