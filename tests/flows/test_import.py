"""A real log on the real stack: outcomes by the streams' own clocks, and nothing twice."""

import gzip
import html
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from duban import warehouse
from tests.receipt import RECEIPT, needs_receipt
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

SOME_END = "2011-10-18T13:56:55.943+02:00"  # of case-10017, due 2011-12-06: on time
MOVED_END = "2011-12-18T13:56:55.943+01:00"

SMALL = """<log xmlns="http://www.xes-standard.org/"><trace>
<string key="concept:name" value="c-1"/>
<event><string key="concept:name" value="receive"/>
<date key="time:timestamp" value="2012-01-02T09:00:00+08:00"/></event>
</trace></log>"""


def outcomes(hall: str) -> dict[str, int]:
    sql = "SELECT outcome, count() FROM cases_now WHERE hall_id = {hall:String} GROUP BY outcome"
    found = Counter({str(o): int(n) for o, n in warehouse.query(sql, hall=hall).rows})
    return {
        "on_time": found["on_time"] + found["early"],
        "late": found["late"],
        "open": found[""],
    }


def asked(stack: Stack) -> dict[str, int]:
    """The same as `duban query` says it."""
    said = stack.json("query", "case_outcomes", "--hall", "receipt")
    (row,) = said["rows"]
    found = dict(zip(said["columns"], row, strict=True))
    assert found["cases"] == 1_434
    return {name: found[name] for name in ("on_time", "late", "open")}


def shown(stack: Stack) -> dict[str, int]:
    """The same as the chips of the list of cases show it, each with the list that it opens."""
    return {
        "on_time": listed(stack, "kept", "按时办结"),
        "late": listed(stack, "late", "超期办结"),
        "open": listed(stack, "open", "在办"),
    }


def listed(stack: Stack, state: str, words: str) -> int:
    token = stack.settings.dashboard_token.get_secret_value()
    address = f"{stack.url('dashboard')}/cases?state={state}&hall=receipt"
    answer = httpx.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    text = html.unescape(answer.text)
    chip = re.search(rf">{words} ([\d,]+)<", text)
    total = re.search(r'data-total=\\?"(\d+)', text)
    assert chip and total, text[:2_000]
    assert int(chip[1].replace(",", "")) == int(total[1])
    return int(total[1])


@needs_receipt
def test_the_receipt_log_gives_the_outcomes_that_its_attributes_imply(
    stack: Stack, tmp_path: Path
) -> None:
    first = stack.json("import", str(RECEIPT))
    assert (first["cases"], first["events"], first["added"]) == (1_434, 8_577, 12_774)
    assert (first["rejected"], first["lost_events"], first["mapping"]) == (0, 0, "receipt")
    told = {"on_time": 952, "late": 377, "open": 105}
    wait_stored(lambda: outcomes("receipt") == told, f"{told}")
    assert asked(stack) == told
    assert shown(stack) == told

    again = stack.json("import", str(RECEIPT))
    assert (again["added"], again["duplicates"]) == (0, 12_774)
    assert outcomes("receipt") == told

    copy = tmp_path / "receipt-copy.xes"
    text = gzip.decompress(RECEIPT.read_bytes()).decode()
    assert text.count(SOME_END) == 1
    copy.write_text(text.replace(SOME_END, MOVED_END), encoding="utf-8")
    moved = stack.json("import", str(copy))
    assert (moved["added"], moved["corrected"], moved["duplicates"]) == (1, 1, 12_773)
    told = {"on_time": 951, "late": 378, "open": 105}
    wait_stored(lambda: outcomes("receipt") == told, f"{told}")
    assert asked(stack) == told
    assert shown(stack) == told


@needs_receipt
def test_imported_facts_warn_nobody(stack: Stack) -> None:
    stack.json("import", str(RECEIPT))
    sql = "SELECT count() FROM alerts WHERE hall_id = 'receipt' AND NOT historical"
    assert warehouse.query(sql).rows == [(0,)]


def test_without_a_mapping_a_log_is_in_the_warehouse_as_it_stands(
    stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "plain-log.xes"
    path.write_text(SMALL, encoding="utf-8")
    dry = stack.json("import", str(path), "--dry-run")
    assert (dry["added"], dry["facts"]) == (0, {"CaseSubmitted": 1, "StepCompleted": 1})

    report = stack.json("import", str(path))
    assert (report["hall"], report["mapping"], report["added"]) == ("plain-log", "xes", 2)

    sql = "SELECT event_type, case_id FROM events_now WHERE hall_id = 'plain-log' ORDER BY seq"
    rows = [("CaseSubmitted", "plain-log/c-1"), ("StepCompleted", "plain-log/c-1")]
    wait_for(lambda: warehouse.query(sql).rows == rows, "both facts in the warehouse", every=0.5)


def test_wrong_use_and_broken_files_are_told_apart(stack: Stack, tmp_path: Path) -> None:
    assert stack.run("import", str(tmp_path / "none.xes")).returncode == 2
    broken = tmp_path / "broken.xes"
    broken.write_text(SMALL.replace("</log>", ""), encoding="utf-8")
    done = stack.run("import", str(broken))
    assert done.returncode == 1
    assert "not well-formed" in done.stderr
