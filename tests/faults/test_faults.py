"""The faults of the catalogue in their short forms; `python -m tests.faults` has all of them, and
the long forms."""

from collections.abc import Iterator

import pytest

from tests.faults.catalogue import BY_NUMBER, CATALOGUE, Fault
from tests.faults.scene import Scene, Skipped
from tests.test_tidy import ROOT


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("faults"), outside=outside)
    yield made
    made.close()


@pytest.mark.stack
@pytest.mark.fault
@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: f"{fault.number} {fault.name}")
def test_the_invariants_hold_after(fault: Fault, scene: Scene) -> None:
    if fault.by_hand:
        pytest.skip(f"left to `python -m tests.faults {fault.number}`")
    try:
        fault.run(scene)
    except Skipped as reason:
        pytest.skip(str(reason))


def test_each_number_is_given_once_and_what_is_named_is_there() -> None:
    assert len(BY_NUMBER) == len(CATALOGUE)
    for fault in CATALOGUE:
        assert all((ROOT / name.partition("::")[0]).is_file() for name in fault.also)
