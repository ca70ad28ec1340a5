"""Random cases through Kafka and a worker that dies come out as the model says."""

import pytest

from tests.faults import random_cases

CASES, KILLS = 300, 1  # `python -m tests.faults.random_cases --cases 5000` is the long form


@pytest.mark.fault
def test_random_cases_come_out_as_the_model_says(make_stack, tmp_path):
    stack = make_stack(parts=random_cases.PARTS, business_time="ticks").start()
    random_cases.exercise(stack, CASES, KILLS, tmp_path / "worlds")
