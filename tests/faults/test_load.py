"""No acknowledged event is lost and none is stored twice, whoever is killed meanwhile."""

import random

import pytest

from tests.faults import load

EVENTS = 20_000


@pytest.mark.fault
def test_every_acknowledged_event_is_stored_once_though_each_part_is_killed(make_stack, tmp_path):
    random.seed(1)
    stack = make_stack(parts="broker,topics,apply,warehouse,streams,sink,gateway").start()
    load.check(stack, load.run(stack, EVENTS, tmp_path / "journal.ndjson"))
