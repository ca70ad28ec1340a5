"""`doctor`: looks at everything that can be wrong with a stack, and says how to mend it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local import clock, datadir, jars, lag, topics
from deploy.local.parts import PARTS
from deploy.local.process import last_lines
from deploy.local.status import LATELY, restarts_lately, state_of, status
from deploy.local.supervisor import check_ports
from deploy.local.trouble import Trouble
from duban.bus_dead import DEAD_LETTERS, letters
from duban.bus_read import read_all
from duban.settings import Settings

LAST = 5  # dead letters whose reasons are shown
MUCH_LAG = 10_000  # records
OFTEN = 3  # restarts in a short time that are no accident any more


class Finding(NamedTuple):
    """One check: whether all is well, what was found, and what to do when it is not."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


def examine(s: Settings) -> list[Finding]:
    """All checks, cheap ones first; those that need a broker only when one answers."""
    data = s.data.expanduser().resolve()
    findings = [_jars(s), _directory(s), _disk(s)]
    running = datadir.holder(data) is not None
    if not running:
        findings.append(_guarded("ports", lambda: check_ports(s, PARTS), "all free"))
    findings += _parts(s, running)
    if running:
        findings += _clock(clock.workers_off(s))
    try:
        client = topics.admin(s)
    except Trouble as e:
        return [*findings, Finding("broker", not running, e.what, e.next_step)]
    try:
        return [*findings, *_kafka(client, s)]
    except KafkaError as e:
        return [*findings, Finding("broker", False, str(e), "See logs/broker.log.")]
    finally:
        client.close()


def _jars(s: Settings) -> Finding:
    absent = jars.missing(s.cache)
    if not absent:
        return Finding("jars", True, f"{len(jars.read_lock())} jars of Apache Kafka, all as pinned")
    said = f"{len(absent)} absent or not as pinned: {', '.join(absent[:3])}"
    return Finding("jars", False, said, "`duban up` fetches them; DUBAN_MAVEN_URL names a mirror.")


def _directory(s: Settings) -> Finding:
    data = s.data.expanduser().resolve()
    if pid := datadir.holder(data):
        return Finding("data", True, f"{data}, held by process {pid}")
    if not (data / "VERSION").is_file():
        return Finding("data", True, f"{data} is not made yet", "`duban up` makes it.")
    return _guarded("data", lambda: datadir.check_stamp(data), f"{data}, nobody holds it")


def _disk(s: Settings) -> Finding:
    data = s.data.expanduser().resolve()
    there = next(p for p in (data, *data.parents) if p.exists())
    free = shutil.disk_usage(there).free
    said = f"{free >> 20} MB free at {there}"
    return Finding("disk", free >= datadir.LEAST_FREE, said, "Make room or move DUBAN_DATA.")


def _guarded(name: str, check: Callable[[], None], well: str) -> Finding:
    try:
        check()
    except Trouble as e:
        return Finding(name, False, e.what, e.next_step)
    return Finding(name, True, well)


def _parts(s: Settings, running: bool) -> Iterator[Finding]:
    if not running:
        yield Finding("parts", True, "the stack does not run", "Start it with `duban up`.")
        return
    data = s.data.expanduser().resolve()
    for part in state_of(data).get("parts", []):
        yield part_finding(part, data / "logs" / f"{part['name']}.log")


def part_finding(part: dict[str, Any], log: Path) -> Finding:
    """Whether a part runs, and not by being started again and again."""
    runs, lately = part["state"] in ("ready", "done"), restarts_lately(part)
    ok = runs and lately < OFTEN
    said = f"{part['state']}, started again {part['restarts']} times"
    if lately:
        said += f", {lately} of them in the last {LATELY / 60:.0f} minutes"
    if not ok:
        said += f"; last ended: {part['last_end']}" if lately else ""
        said += "" if runs else f"; last said: {last_lines(log, 1)}"
    return Finding(f"part {part['name']}", ok, said, "" if ok else f"See {log}.")


def _clock(off: float | None) -> Iterator[Finding]:
    if off is None:  # no worker runs, or it is busy; `part streams` says which
        return
    if not off:
        yield Finding("clock", True, "the workers believe it")
        return
    said = f"{off:.0f} s ahead of the broker's" if off > 0 else f"{-off:.0f} s back"
    wait = "Timers go by the broker's time" if off > 0 else "Timers wait until it has caught up"
    yield Finding("clock", False, f"this machine's clock is {said}", f"{wait}; see to NTP.")


def _kafka(client: KafkaAdminClient, s: Settings) -> Iterator[Finding]:
    differences = topics.drift(client, topics.wanted(s))
    said = topics.say(differences) if differences else "as in schemas/topics.toml"
    yield Finding("topics", not differences, said, topics.advice(differences))
    for row in lag.lags(client):
        yield Finding(
            f"lag {row.group}",
            row.behind < MUCH_LAG,
            f"{row.behind} records behind on {row.topic}",
            "It catches up by itself while its part runs; see `duban status`.",
        )
    yield dead_letters()


def dead_letters() -> Finding:
    """How many letters wait in `dead-letters`, and why the last ones are there."""
    waiting = [found.letter for found in letters(read_all(DEAD_LETTERS)) if not found.retried]
    if not waiting:
        return Finding("dead letters", True, "none")
    last = "; ".join(
        f"{x.reason}: {x.detail} ({x.topic}/{x.partition}/{x.offset})" for x in waiting[-LAST:]
    )
    step = "`duban dead-letters list` shows them, `duban dead-letters retry` sends them again."
    return Finding("dead letters", False, f"{len(waiting)} records; the last: {last}", step)


def as_json(s: Settings, findings: list[Finding]) -> dict[str, Any]:
    """`ok`, the checks, and what `status` says."""
    return {
        "ok": all(f.ok for f in findings),
        "checks": [f._asdict() for f in findings],
        "status": status(s),
    }
