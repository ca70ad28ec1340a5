"""The check of a change names what it did not test."""

from pathlib import Path

import pytest

from tests.report import main

RAN = '<testcase classname="tests.browser.test_screens" name="test_a"/>'
LEFT_OUT = """<testcase classname="tests.{where}" name="test_b[1]">
<skipped type="pytest.skip" message="NOT RUN: the real log is not there">x</skipped></testcase>"""


def told(folder: Path, *cases: str) -> str:
    path = folder / "report.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", "utf-8")
    return main(path)


def test_a_skipped_test_is_named_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, RAN, LEFT_OUT.format(where="flows.test_import")) == ""
    assert capsys.readouterr().out.splitlines() == [
        "tests: 2, skipped: 1",
        "SKIPPED tests.flows.test_import.test_b[1]: NOT RUN: the real log is not there",
        "fault tests: 0 of 0 ran",
    ]


def test_it_says_how_many_fault_tests_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "test_the_invariants_hold_after"
    ran = f'<testcase classname="tests.faults.test_faults" name="{name}[1]"/>'
    told(tmp_path, RAN, ran, LEFT_OUT.replace("test_b", name).format(where="faults.test_faults"))
    assert capsys.readouterr().out.splitlines()[-1] == "fault tests: 1 of 2 ran"


def test_a_browser_test_that_was_skipped_fails_the_check(tmp_path: Path) -> None:
    assert "test_b[1]" in told(tmp_path, RAN, LEFT_OUT.format(where="browser.test_screens"))
    assert told(tmp_path, LEFT_OUT.format(where="flows.test_import"))
