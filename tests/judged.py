"""A simulated hall on a stack of what scores follow from: broker, worker, sink and warehouse."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from duban import warehouse
from tests.stack import Stack, new_stack

PARTS = "broker,topics,apply,warehouse,streams,sink"
SEED = 7
# Each posting that stands: none that takes one back, none that was taken back.
STANDING = """
SELECT subject, axis, points FROM score_points_now
WHERE policy_id = {policy:String} AND period = {period:String} AND reverses = ''
  AND toString(point_id) NOT IN (SELECT reverses FROM score_points_now WHERE reverses != '')
"""


@contextmanager
def judged(folder: Path) -> Iterator[Stack]:
    """Such a stack, which this process speaks to; business time goes by ticks."""
    made = new_stack(folder / "data", parts=PARTS, business_time="ticks")
    try:
        with made.start().here():
            yield made
    finally:
        made.stop()


def posted(policy: str, period: str) -> dict[str, list[tuple[Fraction, str, str]]]:
    """The points that stand in the warehouse, with their axis, as `plain_scores.score` takes them,
    by subject."""
    found: dict[str, list[tuple[Fraction, str, str]]] = defaultdict(list)
    for subject, axis, points in warehouse.query(STANDING, policy=policy, period=period).rows:
        found[subject].append((Fraction(str(points)), axis, ""))
    return found


def simulate(stack: Stack, *options: str) -> None:
    """Let the simulator tell its facts, always the same ones, as fast as it can."""
    command = [sys.executable, "-P", "-m", "producers.simulator", *options]
    told = [*command, "--seed", str(SEED), "--pace", "0"]
    subprocess.run(told, env=stack.env, check=True, timeout=300, stdout=subprocess.DEVNULL)
