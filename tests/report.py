"""What a test run left out: `python -m tests.report report.xml`, after pytest's own JUnit report.

Every skipped test is named with its reason, and how many of the numbered fault tests ran is said. A
browser test that was skipped fails the check: the pages were then not looked at. So does a run
without any of the fault tests.
"""

import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

FAULT = "test_the_invariants_hold_after"  # one for each number of tests/faults/catalogue.py


class Skipped(NamedTuple):
    """A test that did not run, and why."""

    name: str
    reason: str


def tests_of(report: Path) -> tuple[list[str], list[Skipped]]:
    """(all tests, those skipped) of a JUnit report."""
    names, skipped = [], []
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        names.append(name)
        if (why := case.find("skipped")) is not None:
            skipped.append(Skipped(name, why.get("message") or ""))
    return names, skipped


def main(report: Path) -> str | None:
    """Print what was skipped; the reason to fail, or None (`sys.exit` takes "" for a failure)."""
    names, skipped = tests_of(report)
    sys.stdout.write(f"tests: {len(names)}, skipped: {len(skipped)}\n")
    for name, reason in skipped:
        sys.stdout.write(f"SKIPPED {name}: {reason}\n")
    faults = [name for name in names if FAULT in name]
    ran = len(faults) - sum(FAULT in one.name for one in skipped)
    sys.stdout.write(f"fault tests: {ran} of {len(faults)} ran\n")
    browser = [name for name in names if ".browser." in name]
    unseen = [one.name for one in skipped if ".browser." in one.name]
    if unseen or not browser:
        return f"browser tests: {len(browser)} found, skipped: {unseen}"
    return None if ran else "fault tests: none ran"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
