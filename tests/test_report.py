"""The check of a change names what it did not test."""

import subprocess
import sys
from pathlib import Path

from tests.test_tidy import ROOT

FAULT = "test_the_invariants_hold_after"
SEEN = '<testcase classname="tests.browser.test_screens" name="test_a"/>'
RAN = f'{SEEN}<testcase classname="tests.faults.test_faults" name="{FAULT}[1]"/>'
LEFT_OUT = """<testcase classname="tests.{where}" name="test_b[1]">
<skipped type="pytest.skip" message="NOT RUN: the real log is not there">x</skipped></testcase>"""


def told(folder: Path, *cases: str) -> subprocess.CompletedProcess[str]:
    """What the check says, run as `.ci/run` runs it: its exit is what counts there."""
    path = folder / "report.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", "utf-8")
    command = [sys.executable, "-m", "tests.report", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_skipped_test_is_named_with_its_reason_and_fails_nothing(tmp_path: Path) -> None:
    check = told(tmp_path, RAN, LEFT_OUT.format(where="flows.test_import"))
    assert (check.returncode, check.stderr) == (0, "")
    assert check.stdout.splitlines() == [
        "tests: 3, skipped: 1",
        "SKIPPED tests.flows.test_import.test_b[1]: NOT RUN: the real log is not there",
        "fault tests: 1 of 1 ran",
    ]


def test_it_says_how_many_fault_tests_ran(tmp_path: Path) -> None:
    left = LEFT_OUT.replace("test_b", FAULT).format(where="faults.test_faults")
    check = told(tmp_path, RAN, left)
    assert check.stdout.splitlines()[-1] == "fault tests: 1 of 2 ran"


def test_a_browser_test_that_was_skipped_fails_the_check(tmp_path: Path) -> None:
    check = told(tmp_path, RAN, LEFT_OUT.format(where="browser.test_screens"))
    assert check.returncode == 1
    assert "test_b[1]" in check.stderr


def test_no_browser_test_at_all_fails_the_check(tmp_path: Path) -> None:
    check = told(tmp_path, LEFT_OUT.format(where="flows.test_import"))
    assert check.returncode == 1
    assert "browser tests: 0 found" in check.stderr


def test_no_fault_test_at_all_fails_the_check(tmp_path: Path) -> None:
    check = told(tmp_path, SEEN)
    assert (check.returncode, check.stderr.strip()) == (1, "fault tests: none ran")
