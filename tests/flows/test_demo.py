"""The simulated hall on a real stack: the same seed gives the same signals, to the last id."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.demo.figures import HALL
from duban import warehouse
from duban.launch import program_env
from producers.simulator import demand
from tests.rest import wait_stored
from tests.simulated import facts, figures, outcome, run, signals
from tests.stack import CLI, Stack, free_base

pytestmark = pytest.mark.stack

SIGNALS = """
SELECT JSONExtractString(payload, 'signal_id') AS id, argMax(level, kafka_offset) AS level
FROM sla_events_now WHERE event_type IN ('SignalRaised', 'SignalRetracted')
GROUP BY id HAVING argMax(event_type, kafka_offset) = 'SignalRaised'
"""
DAYS, SEED = 2, 7


def test_the_stack_raises_exactly_the_signals_that_the_rules_call_for(
    make_stack: Callable[..., Stack],
) -> None:
    parts = "broker,topics,apply,warehouse,streams,sink"
    stack = make_stack(parts=parts, business_time="ticks").start()
    options = ["--days", str(DAYS), "--seed", str(SEED), "--pace", "0"]
    command = [sys.executable, "-P", "-m", "producers.simulator", *options]
    done = subprocess.run(command, env=stack.env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    sent = json.loads(done.stdout.splitlines()[-1])["events"]
    assert sent == len(facts(run(SEED, DAYS)))

    expected = signals(outcome(SEED, DAYS))
    assert set(expected.values()) == {"reminder", "yellow", "red"}
    with stack.here():
        wait_stored(lambda: dict(warehouse.query(SIGNALS).rows) == expected, "the signals")
        ids = warehouse.query("SELECT toString(event_id) FROM events_now").rows
    assert {row[0] for row in ids} == {event.event_id for event in facts(run(SEED, DAYS))}


def test_a_headless_demo_ends_by_itself_with_the_numbers_of_its_seed(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    where = ["--data", str(data), "--port-base", str(free_base())]
    options = ["--headless", "--days", str(DAYS), "--seed", str(SEED), "--pace", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", CLI, "demo", *options, *where],
        env=program_env(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    expected = figures(SEED, DAYS)
    assert {name: said[name] for name in expected} == expected
    assert said["settled"] is True
    assert_every_warning_is_told(done.stderr, said)
    held = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _mentions(path, data)]
    assert held == []


def assert_every_warning_is_told(printed: str, said: dict[str, int]) -> None:
    """Each yellow and red warning has its line, and one that ended was raised on a line above."""
    lines = [line.split("  ") for line in printed.splitlines() if "牌预警" in line]
    raised: list[tuple[str, ...]] = []
    ended = Counter[str]()
    for _, what, *about in (line for line in lines if len(line) > 3):
        level = what.removeprefix("已恢复（").removeprefix("已撤回（").removesuffix("）")
        if level == what:
            raised.append((level, *about))
            continue
        ended[what] += 1
        assert (level, *about) in raised, f"{what} {about} was never raised"
    levels = Counter(level for level, *_ in raised)
    for level, name in (("yellow", "黄牌预警"), ("red", "红牌预警")):
        assert levels[name] - ended[f"已撤回（{name}）"] == said[level], name
    assert ended["已恢复（黄牌预警）"] > 0


def _mentions(cmdline: Path, data: Path) -> bool:
    try:
        return str(data).encode() in cmdline.read_bytes()
    except OSError:
        return False


def test_a_directory_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-c", CLI, "demo", "--headless", "--data", str(tmp_path)],
        env=program_env(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "no data directory of Duban" in " ".join(done.stderr.split())
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_the_demo_shows_the_hall_that_is_simulated() -> None:
    assert HALL == demand.HALL
