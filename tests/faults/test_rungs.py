"""A worker killed around its rungs raises each of them exactly once."""

import pytest

from tests.faults import rungs

KILLS = 4  # `python -m tests.faults.rungs --kills 20` is the long form


@pytest.mark.fault
def test_each_rung_is_raised_once_though_the_worker_is_killed_around_it(make_stack):
    stack = make_stack(parts=rungs.PARTS, business_time="ticks").start()
    rungs.exercise(stack, KILLS)
