"""Faults that are planted in the engine are found; `python -m tests.planted` plants them all."""

import pytest

from tests.planted import COPIED, FAULTS, ROOT, caught_by

CHEAP = {
    "start day counted": "tests/rules/test_clocks.py",
    "lost pause": "tests/rules/test_clocks.py",
    "branch stops its sibling": "tests/rules/test_kinds.py",
}


def test_each_fault_still_fits_the_source():
    """A fault that cannot be planted any more proves nothing."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20
    for fault in FAULTS:
        assert fault.file.split("/")[0] in COPIED
        source = (ROOT / fault.file).read_text(encoding="utf-8")
        assert source.count(fault.old) == 1, fault.name
        assert fault.old != fault.new


@pytest.mark.parametrize("name", CHEAP)
def test_a_planted_fault_is_found(name):
    fault = next(f for f in FAULTS if f.name == name)
    assert caught_by(fault, [CHEAP[name]]).startswith(CHEAP[name])
