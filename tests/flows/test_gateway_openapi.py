"""What the gateway answers to made-up requests is what its OpenAPI document says."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

from tests.flows.small import small_stack
from tests.stack import Stack

pytestmark = pytest.mark.stack
load_all_checks()
# A body of the right shape may still break the rules of its type (422): the document says of a
# type only what all types share.
UNASKED = [CHECKS.get_one("positive_data_acceptance")]


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    with small_stack(tmp_path_factory.mktemp("openapi") / "data", outside) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "mode", "expected"),
    [
        ("get", "/healthz", GenerationMode.POSITIVE, {200}),
        ("post", "/api/v1/events", GenerationMode.POSITIVE, {422}),
        ("post", "/api/v1/events", GenerationMode.NEGATIVE, {422}),
    ],
)
def test_answers_are_as_described(
    small: Stack, method: str, path: str, mode: GenerationMode, expected: set[int]
) -> None:
    schema = schemathesis.openapi.from_url(small.url("gateway") + "/openapi.json")
    token = small.settings.gateway_token.get_secret_value()
    said: set[int] = set()

    @hypothesis.settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=schema[path][method].as_strategy(mode))
    def check(case: Any) -> None:
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=UNASKED, timeout=30
        )
        said.add(answer.status_code)

    check()
    assert expected <= said and max(said) < 500
