"""`status` and `down`: what the supervisor wrote, checked against the processes that run."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError

from deploy.local import datadir
from deploy.local.lag import Lag, lags, of_part
from deploy.local.process import end, left_behind, rss_mb, runs
from deploy.local.supervised import run_directory
from deploy.local.topics import admin
from deploy.local.trouble import Trouble
from duban.settings import Settings

STOP_LIMIT = 120.0  # seconds
LATELY = 600.0  # seconds


def state_of(data: Path) -> dict[str, Any]:
    """What the supervisor last wrote; empty before the first `up`."""
    path = run_directory(data) / "state.json"
    if not path.is_file():
        return {}
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return state


def status(s: Settings) -> dict[str, Any]:
    """`ready`, and of each part name, state, pid, port, rss_mb, restarts, those of the last ten
    minutes, why it last ended, lag (records or null)."""
    data = s.data.expanduser().resolve()
    pid = datadir.holder(data)
    state = state_of(data)
    parts = state.get("parts", [])
    if pid is None:
        parts = [{**p, "state": "stopped", "pid": None} for p in parts]
    behind = group_lags(s) if pid and _is_ready(parts, "broker") else []
    return {
        "ready": bool(pid and state.get("pid") == pid and state.get("ready")),
        "parts": [_measured(p, behind) for p in parts],
        "data": str(data),
        "supervisor": {"pid": pid, "rss_mb": rss_mb(pid, children=False)},
        "business_time": state.get("business_time", s.business_time),
        "dashboard_url": s.url("dashboard"),
        "gateway_url": s.url("gateway"),
        "lag": [row._asdict() for row in behind],
    }


def _measured(part: dict[str, Any], behind: list[Lag]) -> dict[str, Any]:
    shown = {key: value for key, value in part.items() if key != "ends"}
    return {
        **shown,
        "restarts_lately": restarts_lately(part),
        "rss_mb": rss_mb(part["pid"]),
        "lag": of_part(part["name"], behind),
    }


def again_and_again(part: dict[str, Any]) -> str:
    """A sentence about a part that was started again not long ago."""
    return (
        f"{part['name']}：近 {LATELY / 60:.0f} 分钟重启 {part['restarts_lately']} 次 "
        f"restarts lately; {part['last_end']}"
    )


def restarts_lately(part: dict[str, Any]) -> int:
    """How often a part ended in the last ten minutes (and was started again)."""
    since = time.time() - LATELY
    return sum(1 for end in part.get("ends", ()) if end > since)


def _is_ready(parts: list[dict[str, Any]], name: str) -> bool:
    return any(p["name"] == name and p["state"] == "ready" for p in parts)


def group_lags(s: Settings) -> list[Lag]:
    """Lag of every consumer group; empty when the broker does not answer."""
    try:
        client = admin(s)
    except Trouble:
        return []
    try:
        return lags(client)
    except KafkaError:
        return []
    finally:
        client.close()


def down(s: Settings) -> bool:
    """Stop the stack of the data directory and what a killed supervisor left; whether any ran."""
    data = s.data.expanduser().resolve()
    pid = datadir.holder(data)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT
        while datadir.holder(data) == pid or runs(pid):
            if time.monotonic() > deadline:
                raise Trouble(f"Process {pid} did not stop in {STOP_LIMIT:.0f} s.", "Try again.")
            time.sleep(0.05)
    orphans = left_behind(run_directory(data))
    end(orphans)
    return pid is not None or bool(orphans)
