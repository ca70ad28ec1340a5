"""How fast facts get in: through the SDK, and through the gateway's door."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from bench.believable import HALL
from bench.figures import percentile
from bench.rig import BenchError, Rig, cpu_seconds, wait
from bench.run import Run
from duban import contracts
from duban.access import Grant, hash_of, new_token
from duban.bus import Producer
from duban.bus_access import write_grant
from duban.bus_make import now_ms
from duban.events import Event
from duban.settings import settings

BATCH = 500  # rows of a request


def sdk(run: Run, told: Sequence[Event]) -> None:
    """Encode, send, and wait for every acknowledgement, in one process and thread."""
    run.say(f"SDK: {len(told):,} events")
    ahead, rest = _first_of_each_type(told)
    with Producer() as producer:
        sent = producer.send_many(ahead)
        begun, busy = time.monotonic(), time.process_time()
        sent += producer.send_many(rest)
        took, busy = time.monotonic() - begun, time.process_time() - busy
    run.counted("sdk.events", sent)
    note = f"acks=all, idempotent, lz4; {busy / len(rest) * 1e6:.0f} µs of processor an event"
    run.found("sdk.events_per_s", len(rest) / took, "events/s", note)


def gateway(run: Run, rig: Rig, told: Sequence[Event]) -> None:
    """Batches of NDJSON from one client, then from two at once."""
    ahead, rest = _first_of_each_type(told)
    half = len(rest) // 2
    token = _token()
    run.counted("gateway.ahead.events", _post(_bodies(ahead), token)[0])
    for name, clients, events in (("one", 1, rest[:half]), ("two", 2, rest[half:])):
        bodies = _bodies(events)
        run.say(f"gateway: {len(events):,} events from {name}")
        pid = rig.pids()["gateway"]
        busy = cpu_seconds(pid)
        begun = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            shares = [bodies[i::clients] for i in range(clients)]
            answers = list(pool.map(lambda share: _post(share, token), shares))
        took = time.monotonic() - begun
        accepted = sum(count for count, _ in answers)
        waited = [s for _, each in answers for s in each]
        run.counted(f"gateway.{name}.events", accepted)
        note = (
            f"batches of {BATCH}, answered in p50 {percentile(waited, 0.5) * 1000:.0f} ms, "
            f"p99 {percentile(waited, 0.99) * 1000:.0f} ms; "
            f"{(cpu_seconds(pid) - busy) / accepted * 1e6:.0f} µs of processor an event"
        )
        word = "client" if clients == 1 else "clients"
        run.found(f"gateway.{name}_{word}_per_s", accepted / took, "events/s", note)


def _first_of_each_type(told: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """What goes ahead, so that connections stand and schemas are published, and the rest."""
    first = {event.type: event for event in reversed(told)}
    return list(first.values()), [event for event in told if first[event.type] is not event]


def _bodies(told: Sequence[Event]) -> list[bytes]:
    lines = [json.dumps(contracts.to_json(e, full=False), ensure_ascii=False) for e in told]
    return ["\n".join(lines[i : i + BATCH]).encode() for i in range(0, len(lines), BATCH)]


def _post(bodies: Sequence[bytes], token: str) -> tuple[int, list[float]]:
    """Events accepted, and the seconds that each request took."""
    url = f"{settings().url('gateway')}/api/v1/events"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    accepted, waited = 0, []
    with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
        for body in bodies:
            begun = time.monotonic()
            answer = client.post(url, content=body)
            waited.append(time.monotonic() - begun)
            if answer.status_code != httpx.codes.ACCEPTED:
                raise BenchError(f"The gateway said {answer.status_code}: {answer.text[:300]}")
            accepted += answer.json()["accepted"]
    return accepted, waited


def _token() -> str:
    """A token for the hall, which the gateway knows by the time this returns."""
    token_id, token = new_token()
    with Producer() as producer:
        grant = Grant(token_id, hash_of(token), HALL, ("write",), now_ms())
        write_grant(producer, grant, "bench", "token created")
    url = f"{settings().url('gateway')}/api/v1/events"
    headers = {"Authorization": f"Bearer {token}"}

    def known() -> bool:
        answer = httpx.post(url, json={}, headers=headers, trust_env=False)
        return answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY

    wait(known, "the gateway to know its token", 30)
    return token
