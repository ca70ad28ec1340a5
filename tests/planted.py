"""Plant faults in the engine, one at a time, and see which test finds each of them.

`python -m tests.planted` copies the sources to a directory of its own, changes a line or two,
runs the tests of the rules and the comparison with the model against the copy, and says what
caught the fault. Exits 1 when a fault lives, or when it can no longer be planted because the
source has changed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("duban", "schemas", "streams", "producers", "projections", "deploy", "tests")
TESTS = (
    "test_clocks", "test_kinds", "test_worktime_tables", "test_versions", "test_takeover",
    "test_deemed", "test_clocks_job", "test_golden_clocks", "test_order", "test_worktime",
    "test_scores_job", "test_corrections", "test_hall_points", "test_ranking",
    "test_rankings_job",
)  # fmt: skip
NARROW = (*(f"tests/rules/{name}.py" for name in TESTS), "tests/model/test_model.py")
LIMIT_S = 900


class Fault(NamedTuple):
    """A small change of the source that makes the engine wrong."""

    name: str
    file: str
    old: str
    new: str


FAULTS = (
    Fault("no tie-break", "duban/case.py", "return fact[:4]", 'return (fact[0], 0, 0, "")'),
    Fault("lost pause", "duban/clock_run.py", "    hand.holds[hold_of(fact)] = fact\n    if",
          "    return\n    if"),
    Fault("start day counted", "duban/terms.py", "    return calendar.day_end(start)\n",
          "    return start\n"),
    Fault("make-up day ignored", "duban/calendars.py", 'if rule.kind == "holiday":',
          "if rule.kind:"),
    Fault("pause without notice counts", "duban/clock_run.py",
          'return fact.type == "ForwardedUp" or bool(fact.data.get("written_notice_no"))',
          "return True"),
    Fault("second extension counts", "duban/clock_run.py", "clock.extensions >= rule.max",
          "clock.extensions > rule.max"),
    Fault("extension after expiry", "duban/clock_run.py",
          "    if hand.running and fact.occurred_at > clock.due_at:\n"
          '        return "extended_after_due"\n', ""),
    Fault("anybody may extend", "duban/clock_run.py",
          'if rule.approver_role and fact.data.get("approver_role") != rule.approver_role:',
          'if rule.approver_role == "nobody":'),
    Fault("reopened clock loses the closed stretch", "duban/clock_run.py",
          "        _catch_up(clock, hand, closed, breached)\n",
          "        hand.since = fact.occurred_at\n"),
    Fault("closed stretch counts though the policy takes it out", "duban/clock_run.py",
          "        hand.since = fact.occurred_at\n    else:\n",
          "        hand.since = stopped_at\n    else:\n"),
    Fault("a pause in force holds no clock that starts", "duban/clock_run.py",
          "    _begin_held(clock, hand, track.before)\n", ""),
    Fault("a case that is opened again is held no more", "duban/clock_run.py",
          "    clock.stopped_at, clock.stopped_by = None, None\n",
          "    clock.stopped_at, clock.stopped_by = None, None\n    hand.holds.clear()\n"),
    Fault("terms of law follow the hall's week", "duban/reference_calendars.py",
          "    if not event.data.get(\"days\") and week == weekly:\n",
          "    week = weekly\n    if not event.data.get(\"days\"):\n"),
    Fault("overlapping pauses end with the first", "duban/clock_run.py",
          "        if not hand.holds:\n            hand.running, clock.state",
          "        if hand.since:\n            hand.running, clock.state"),
    Fault("doubled fact counted twice", "duban/case.py", "if twin is not None:",
          'if twin is not None and twin.type == "":'),
    Fault("correction ignored", "duban/standing.py",
          "    return [f for f in left if id(f) in last]", "    return left if last else []"),
    Fault("the first of two corrections wins", "duban/standing.py",
          "max(leaves or told", "min(leaves or told"),
    Fault("voiding ignored", "duban/standing.py", "if f.event_id not in void and", "if"),
    Fault("branch stops its sibling", "duban/tracks.py",
          '            if key in ("", track.key):\n                _apply_stop(track, fact)',
          "            if track.key is not None:\n                _apply_stop(track, fact)"),
    Fault("national days follow the hall's own", "duban/versions.py",
          "Days(own, reference.national(hall_id) or own,", "Days(own, own,"),
    Fault("calendar day not rolled over", "duban/worktime.py",
          "return self.nth_close(self._table.midnights[self._index(after) + n - 1], 1)",
          "return self._table.midnights[self._index(after) + n]"),
    Fault("lunch counted", "duban/worktable.py", "for start, end in shifts:",
          "for start, end in ((shifts[0][0], shifts[-1][1]),):"),
    Fault("folding off", "duban/alerting.py",
          'if firing.at > told or rung.level == "escalate":', "if rung.level:"),
    Fault("rung fires after the stop", "duban/alerting.py",
          " or (regime.end is not None and at >= regime.end)", ""),
    Fault("a missed date is forgotten when another is set", "duban/clock_run.py",
          "    clock.fixed_due = due_at\n",
          "    clock.fixed_due = due_at\n    clock.regimes.clear()\n"
          "    clock.regimes.append(Regime(hand.since, None, 0, clock.anchor))\n"),
    Fault("no signal of a date that had passed when it was set", "duban/alerting.py",
          "at <= clock.anchor.occurred_at and at < regime.due_at",
          "at <= clock.anchor.occurred_at"),
    Fault("escalation despite an acknowledgement", "duban/alerting.py",
          "elif not any(f.occurred_at <= firing.at for f in noted.values()):", "else:"),
    Fault("late fact does not retract", "streams/difference.py",
          "name not in wanted and name != _void(o)]", 'name == ""]'),
    Fault("stopped clock follows a new calendar", "duban/versions.py",
          "        if stopped_at is None:\n            return self.national",
          "        if stopped_at:\n            return self.national"),
    Fault("clock that outlives its case keeps the days of its end", "duban/assess.py",
          "days.of(of.definition.days, track.stopped_at)",
          "days.of(of.definition.days, track.stopped_at or result.view.ended_at)"),
    Fault("deemed acceptance dates from the last receipt", "duban/deemed.py",
          "if received is None and silence is not None:", "if received == 0 and silence:"),
    Fault("newer policy forgets what was used up", "duban/clock_run.py",
          "max(term.budget + clock.extended, clock.consumed + 1)",
          "term.budget + clock.extended + clock.consumed"),
    Fault("deemed acceptance begins at its confirmation", "duban/deemed.py",
          "return _as(fact, DEEMED, data, int(received))",
          "return _as(fact, DEEMED, data, fact.occurred_at)"),
    Fault("clock runs on an ended case", "duban/tracks.py",
          "            if ending is not None:\n", "            if ending is fact:\n"),
    Fault("point that comes again counted again", "streams/scores_job.py",
          "known = self._rows.get(point_id)", "known = None"),
    Fault("point taken back still counted", "streams/points.py",
          "return -1 if self.reverses else 1", "return 1"),
    Fault("points of a version that came late count as nothing", "streams/scores_job.py",
          "if _mark(self._references.current) == self._policies:", "if self._policies:"),
    Fault("late facts belong to the first revision", "streams/closing.py",
          "_by_the_cut(ranking, tallies, cut) if is_first else tallies", "tallies"),
    Fault("revoked card still costs", "streams/hall_facts.py",
          "earns = stands and first_told(row.fact, facts) not in overturned", "earns = stands"),
    Fault("axis without a limit", "duban/tally.py", "    if axis.at_most:\n", "    if False:\n"),
    Fault("tie has places of its own", "duban/ranking.py",
          "len(scores) - bisect_right(scores, one.score)", "len(entries)"),
)  # fmt: skip


def plant(fault: Fault, directory: Path) -> None:
    """Change the copy; raises ValueError where the source is not as the fault expects it."""
    path = directory / fault.file
    source = path.read_text(encoding="utf-8")
    if source.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: {fault.file} has it {source.count(fault.old)} times")
    path.write_text(source.replace(fault.old, fault.new), encoding="utf-8")


def copied(directory: Path) -> Path:
    """A copy of the sources, without what they were compiled to."""
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", "shots")
    for name in COPIED:
        shutil.copytree(ROOT / name, directory / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", directory)
    return directory


def caught_by(fault: Fault, tests: Sequence[str]) -> str:
    """The first test that finds a fault, "" where none does."""
    with tempfile.TemporaryDirectory() as name:
        directory = copied(Path(name))
        plant(fault, directory)
        command = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        env = {**os.environ, "PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([*command, *tests], cwd=name, env=env, capture_output=True,
                              text=True, timeout=LIMIT_S)  # fmt: skip
    if done.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    if found is None:
        raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])
    return found.group(1)


def run(faults: Sequence[Fault], tests: Sequence[str], at_once: int) -> Iterator[tuple[Fault, str]]:
    """Each fault with the test that caught it, as they come."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from zip(faults, pool.map(lambda f: caught_by(f, tests), faults), strict=True)


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser()
    options.add_argument("--only", default="", help="faults whose name has these words")
    options.add_argument("--model", action="store_true", help="by the model alone")
    options.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    faults = [fault for fault in FAULTS if given.only in fault.name]
    tests = NARROW[-1:] if given.model else NARROW
    alive = 0
    for fault, test in run(faults, tests, given.at_once):
        alive += not test
        print(f"{fault.name:55} {test or 'LIVES'}", flush=True)
    print(f"{len(faults)} planted, {len(faults) - alive} caught, {alive} alive")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
