"""The bench on tiny loads: it measures what it names, and its counts are right. No timings."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.figures import TARGETS, Target, percentile
from bench.rig import BenchError
from tests.stack import free_base

ROOT = Path(__file__).resolve().parents[2]
EVENTS, SECONDS, RATE, DEADLINES, TIMERS = 400, 2, 50, 10, 1000
GATEWAY = 200  # EVENTS / 4, from one client and from two
LOADED = EVENTS + GATEWAY
FIGURES = {
    "rules.median_us", "rules.p99_us", "codec.encode_us", "codec.decode_us", "due.3_weeks_us",
    "due.3_years_us", "job.rules_us", "job.rest_us", "job.memory_per_open_case_kb",
    "stack.ready_s", "stack.idle_rss_mb", "sdk.events_per_s", "gateway.one_client_per_s",
    "gateway.two_clients_per_s", "worker.events_per_s", "worker.cpu_us", "worker.rest_cpu_us",
    "worker.transport_cpu_us", "worker.start_s", "sink.events_per_s", "sink.rows_per_s",
    "live.50.warehouse_p50_s", "live.50.warehouse_p99_s", "live.50.screen_p50_s",
    "live.50.screen_p99_s", "live.50.signal_late_p50_s", "live.50.signal_late_p99_s",
    "restart.ready_s", "timers.memory_per_open_case_kb", "timers.ready_s",
    "timers.signal_late_p50_s", "timers.signal_late_p99_s", "timers.at_once_all_out_s",
}  # fmt: skip
PARTS = {
    "broker", "warehouse", "streams", "sink", "gateway", "dashboard", "notify", "supervisor",
}  # fmt: skip


def bench(results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", "--json", "--results", str(results), *options],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=800,
    )


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.stack
def test_a_whole_run_has_every_figure_and_right_counts(tmp_path: Path) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    load = f"--events {EVENTS} --seconds {SECONDS} --rate {RATE} --deadlines {DEADLINES}"
    load += f" --timers {TIMERS}"
    where = ("--data", str(data), "--port-base", str(free_base()))
    run = said(bench(results, *load.split(), *where))

    figures = run["figures"]
    assert set(figures) == FIGURES | {f"rss.{part}_mb" for part in PARTS}
    unmeasured = [name for name, figure in figures.items() if figure["value"] is None]
    assert unmeasured == []
    # Differences of two measurements may come out below zero on a busy machine; others may not.
    differences = {"worker.rest_cpu_us", "worker.transport_cpu_us"}
    differences |= {name for name in figures if name.endswith("memory_per_open_case_kb")}
    assert all(figures[name]["value"] > 0 for name in set(figures) - differences)
    judged = {name for name, figure in figures.items() if figure["reached"] is not None}
    assert judged == set(figures) & set(TARGETS)
    check_counts(run["counts"])
    (kept,) = results.iterdir()
    assert json.loads(kept.read_text(encoding="utf-8")) == run
    assert not data.exists()


def check_counts(counts: dict[str, int]) -> None:
    """What was sent is what was worked off, stored and seen."""
    assert counts["rules.events"] == counts["job.events"] == EVENTS
    assert counts["sdk.events"] == EVENTS
    through_the_door = ("gateway.ahead.events", "gateway.one.events", "gateway.two.events")
    assert sum(counts[name] for name in through_the_door) == GATEWAY
    assert counts["worker.events"] == counts["sink.events"] == LOADED
    assert counts["worker.outputs"] > 0
    sent = SECONDS * RATE + 2 * DEADLINES
    assert counts["live.50.sent"] == counts["live.50.in_warehouse"] == sent
    assert counts["live.50.due"] == counts["live.50.signals"] == DEADLINES
    assert counts["live.50.accepted"] == counts["live.50.on_screen"] > 0
    assert counts["restart.cases"] >= counts["sink.cases"] > 0
    assert 0 < counts["restart.open_cases"] <= counts["restart.cases"]
    assert counts["stack.parts"] == len(PARTS)
    assert counts["timers.open_cases"] == counts["timers.restored"] == TIMERS
    assert counts["timers.at_once"] == TIMERS // 10


def test_only_some_parts_need_no_stack(tmp_path: Path) -> None:
    run = said(bench(tmp_path, "--only", "rules", "--events", "100"))
    assert set(run["figures"]) == {
        name for name in FIGURES if name.split(".")[0] in ("rules", "codec", "due")
    }
    assert run["machine"]["cores"] == os.cpu_count()
    assert run["sizes"]["events"] == 100


def test_a_part_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = bench(tmp_path, "--only", "everything")
    assert done.returncode == 1
    assert "No such part: everything" in done.stderr
    assert done.stdout == ""


def test_a_part_brings_what_it_needs() -> None:
    from bench.__main__ import chosen

    assert chosen(["sink", "rules"]) == ["rules", "sdk", "worker", "sink"]
    assert chosen(["restart"]) == ["sdk", "worker", "sink", "restart"]
    with pytest.raises(BenchError, match="No such part: x"):
        chosen(["x"])


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    assert percentile([], 0.5) == float("inf")


def test_a_target_knows_its_good_side() -> None:
    assert Target("at least", 10).met(10)
    assert not Target("at least", 10).met(9.9)
    assert Target("at most", 2).met(2)
    assert not Target("at most", 2).met(2.1)
    assert str(Target("at least", 10_000)) == "≥ 10,000"
