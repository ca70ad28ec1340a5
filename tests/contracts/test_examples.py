"""Each example is a test everywhere; here it goes through bytes and comes back unchanged."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from duban import codec, contracts
from duban.launch import SCHEMAS

EXAMPLES = sorted((SCHEMAS / "examples").glob("*/*.json"))
HALLS_TIME = ZoneInfo("Asia/Shanghai")
LONG_AFTER = 4_000_000_000_000


def load(path: Path) -> dict[str, object]:
    value: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return value


def test_every_type_has_an_example_in_its_own_folder():
    assert {path.parent.name for path in EXAMPLES} == set(contracts.event_types())
    assert all(load(path)["type"] == path.parent.name for path in EXAMPLES)


def test_no_two_examples_share_an_event_id():
    ids = [load(path)["event_id"] for path in EXAMPLES]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_an_example_survives_the_way_to_bytes_and_back(path):
    written = load(path)
    event = contracts.from_json(written, now=LONG_AFTER)
    contracts.check(event, LONG_AFTER)
    read = codec.decode(codec.encode(event))
    assert read == event
    assert contracts.to_json(read, zone=HALLS_TIME, full=False) == written
