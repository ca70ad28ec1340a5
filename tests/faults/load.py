"""Kill sink, worker, gateway and broker with -9 under load; every acknowledged event arrives once.

`python -m tests.faults.load --events 20000` is the long form. Half of the events go through the
SDK (its journal says what was acknowledged), half through the gateway (its 202 says so). A sender
whose batch failed sends it again under the same ids, as a hall system would.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
from kafka.admin import KafkaAdminClient

from deploy.local.lag import lags
from duban.bus_config import BrokerAway, kafka_config
from tests.faults.invariants import stop_merges, stored_once
from tests.faults.rungs import in_flight
from tests.stack import Stack, new_stack, wait_for

BATCH = 200
VICTIMS = ("sink", "streams", "gateway", "broker")


def rows(first: int, count: int) -> list[dict[str, object]]:
    """Events of as many cases as make it believable: ten facts a case."""
    return [
        {
            "type": "StepCompleted",
            "event_id": str(uuid4()),
            "subject_id": f"load/{(first + i) // 10}",
            "hall_id": "load",
            "occurred_at": "2026-11-20T10:00:00+08:00",
            "recorded_at": "2026-11-20T10:00:00+08:00",
            "step": f"step-{i % 10}",
        }
        for i in range(count)
    ]


def through_gateway(stack: Stack, count: int, acknowledged: set[str]) -> None:
    """Post batches until each has its 202."""
    token = stack.settings.gateway_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    url = stack.url("gateway") + "/api/v1/events"
    with httpx.Client(headers=headers, timeout=60) as client:
        for first in range(0, count, BATCH):
            made = rows(first, BATCH)
            body = "\n".join(json.dumps(r) for r in made).encode()
            while not _accepted(client, url, body):
                time.sleep(0.2)
            acknowledged.update(str(r["event_id"]) for r in made)
            time.sleep(0.02)


def _accepted(client: httpx.Client, url: str, body: bytes) -> bool:
    try:
        answer = client.post(url, content=body)
    except httpx.TransportError:
        return False
    assert answer.status_code in (202, 503), answer.text
    return answer.status_code == 202


def through_sdk(stack: Stack, count: int, journal: Path) -> None:
    """Send batches by `duban emit` with a journal; a batch that failed is sent again."""
    for first in range(0, count, 1_000):
        lines = "\n".join(json.dumps(r) for r in rows(1_000_000 + first, 1_000))
        while True:
            done = stack.run("emit", "-", "--journal", str(journal), input=lines, timeout=300)
            if done.returncode == 0:
                break
            time.sleep(0.5)


def run(stack: Stack, events: int, journal: Path, say: Callable[[str], None] = print) -> set[str]:
    """Load from both doors while each part is killed in turn; the acknowledged ids."""
    with stack.here():
        wait_for(stop_merges, "the tables are there", 60, 0.5)
    acknowledged: set[str] = set()
    doors = [
        threading.Thread(target=through_gateway, args=(stack, events // 2, acknowledged)),
        threading.Thread(target=through_sdk, args=(stack, events // 2, journal)),
    ]
    for door in doors:
        door.start()
    for victim in VICTIMS:
        time.sleep(random.uniform(1, 2))
        alive = any(d.is_alive() for d in doors)
        behind = _behind(stack)
        old = stack.kill(victim)
        say(f"killed {victim} {old}; doors open: {alive}; uncommitted by the worker: {behind}")
        stack.wait_restarted(victim, old, 120)
    for door in doors:
        door.join()
    acknowledged |= {json.loads(line)["event_id"] for line in journal.open(encoding="utf-8")}
    return acknowledged


def _behind(stack: Stack) -> int:
    try:
        with stack.here():
            return in_flight()
    except BrokerAway:
        return -1


def check(stack: Stack, acknowledged: set[str], say: Callable[[str], None] = print) -> None:
    """Each acknowledged event lies in `events`, and each record of the topic once."""
    with stack.here():
        wait_for(lambda: _waiting("sink") == 0, "all is in the warehouse", 180, 0.5)
        wait_for(lambda: in_flight() == 0, "the worker has caught up", 120, 0.5)
        stored, raw = stored_once(acknowledged, "load")
    say(f"{len(acknowledged)} acknowledged, {stored} stored, {raw} raw rows")


def _waiting(group: str) -> int:
    """Records on case-events that a group has not committed."""
    with closing(KafkaAdminClient(**kafka_config())) as client:
        found = [r.behind for r in lags(client) if r.topic == "case-events" and group in r.group]
    return sum(found) if found else 1


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    random.seed(given.seed)
    with tempfile.TemporaryDirectory() as directory:
        stack = new_stack(
            Path(directory) / "data", parts="broker,topics,apply,warehouse,streams,sink,gateway"
        )
        stack.start()
        try:
            check(stack, run(stack, given.events, Path(directory) / "journal.ndjson"))
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
