"""The engine agrees with the model on random cases; `python -m tests.model` draws many more."""

import pytest

from tests.model.__main__ import SLICE, Report, run

CASES = 2_000


@pytest.fixture(scope="module")
def report() -> Report:
    """What the random cases came to."""
    whole = Report()
    for first in range(0, CASES, SLICE):
        whole.add(run(first, SLICE, first // SLICE, tales_max=1))
    return whole


def test_engine_and_model_agree_on_random_cases(report):
    assert report.cases == CASES
    assert not report.tales, "\n\n".join(sorted(report.tales, key=len))


def test_every_type_of_fact_that_the_contracts_know_was_drawn(report):
    assert report.missing == set()


def test_the_cases_have_something_to_say(report):
    """Clocks in every state, signals of every level and each deemed outcome were compared."""
    assert {"running", "paused", "stopped", "early", "on_time", "late"} <= set(report.said)
    assert {"reminder", "yellow", "red", "escalate"} <= set(report.said)
    assert {"acceptance", "consent", "renewal", "provisional", "extensions"} <= set(report.said)
