"""The data directory: who holds it, which version wrote it, what it keeps secret.

`VERSION` stamps the layout, `stack.lock` names the process that holds it (the kernel frees the lock
when that process ends, however it ends), `stack.json` (mode 0600) has what other commands need to
reach the stack: ports and tokens.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local.trouble import Trouble

LAYOUT = 1  # raised when an older `duban` could not read the directory any more
LEAST_FREE = 500 << 20  # bytes
SECRETS = (
    "warehouse_password",
    "warehouse_reader_password",
    "gateway_token",
    "dashboard_token",
    "access_key",
)


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Take the directory for this process, made when absent; `Trouble` says why it cannot be."""
    try:
        for name in ("", "logs", "run"):
            (data / name).mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)  # facts, logs and secrets are nobody else's on this machine
    except OSError as e:
        raise Trouble(f"Cannot make {data}: {e.strerror}", "Set DUBAN_DATA elsewhere.") from e
    with (data / "stack.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                f"{data} is held by `duban up`, process {_pid_in(data) or 'unknown'}.",
                "`duban status` shows it, `duban down` stops it; DUBAN_DATA names another.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        _check_room(data)
        _stamp(data)
        yield


def holder(data: Path) -> int | None:
    """Process id of the supervisor that holds the directory; None when nobody does."""
    path = data / "stack.lock"
    if not path.is_file():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _pid_in(data)
    return None


def _pid_in(data: Path) -> int | None:
    said = (data / "stack.lock").read_text(encoding="utf-8").strip()
    return int(said) if said.isdigit() else None


def _check_room(data: Path) -> None:
    free = shutil.disk_usage(data).free
    if free < LEAST_FREE:
        raise Trouble(
            f"The disk of {data} is nearly full: {free >> 20} MB free, {LEAST_FREE >> 20} needed.",
            "Make room, or set DUBAN_DATA to a directory on another disk.",
        )


def _stamp(data: Path) -> None:
    stamp = data / "VERSION"
    if stamp.is_file():
        check_stamp(data)
        return
    said = {"layout": LAYOUT, "duban": version("duban")}
    stamp.write_text(json.dumps(said) + "\n", encoding="utf-8")


def check_stamp(data: Path) -> None:
    """Raise `Trouble` when a newer Duban wrote the directory or the stamp cannot be read."""
    stamp = data / "VERSION"
    try:
        said = json.loads(stamp.read_text(encoding="utf-8"))
        layout = int(said["layout"])
    except (ValueError, KeyError, TypeError) as e:
        raise Trouble(f"{stamp} is damaged: {e}", "Restore it or use another DUBAN_DATA.") from e
    if layout > LAYOUT:
        raise Trouble(
            f"{data} was written by a newer Duban ({said.get('duban')}, layout {layout}); "
            f"this is {version('duban')}, layout {LAYOUT}.",
            "Upgrade Duban, or set DUBAN_DATA to another directory.",
        )


def read_stack(data: Path) -> dict[str, Any]:
    """What `stack.json` says; empty before the first `up`."""
    path = data / "stack.json"
    if not path.is_file():
        return {}
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as e:
        raise Trouble(
            f"{path} is damaged: {e}", "Move it away; `duban up` makes new tokens."
        ) from e
    return said


def write_stack(data: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write `stack.json` for others to read: `values`, and secrets kept or made; all of it."""
    before = read_stack(data)
    kept = {name: before.get(name) or secrets.token_urlsafe(24) for name in SECRETS}
    whole = {**kept, **values}
    write_private(data / "stack.json", json.dumps(whole, indent=2) + "\n")
    return whole


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only."""
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)
    os.replace(new, path)
