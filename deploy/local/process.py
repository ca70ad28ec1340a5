"""Processes of the stack: start one bound to this process, find and end those left behind."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

CHILD = Path(__file__).with_name("child.py")
MB = 1 << 20
LOG_KEEP = 32 * MB  # a log longer than this is moved to `<part>.log.1` and begun anew


def spawn(
    command: Sequence[str], env: Mapping[str, str], log: Path, pid_file: Path
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output appended to `log`, its pid on file.

    Call it from the main thread: the child ends when the thread that started it ends.
    """
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
    try:
        created = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        created = 0.0
    pid_file.write_text(json.dumps({"pid": child.pid, "created": created}), encoding="utf-8")
    return child


def turn_over(log: Path) -> None:
    """Keep a log from growing for ever: copy it aside and empty it (it is open for appending)."""
    if log.is_file() and log.stat().st_size > LOG_KEEP:
        log.with_name(log.name + ".1").write_bytes(log.read_bytes())
        os.truncate(log, 0)


def left_behind(run: Path) -> list[psutil.Process]:
    """Processes that the pid files in `run` name and that still run; never a reused pid."""
    found = []
    for pid_file in sorted(run.glob("*.pid")):
        try:
            said = json.loads(pid_file.read_text(encoding="utf-8"))
            process = psutil.Process(said["pid"])
            if abs(process.create_time() - said["created"]) < 1:
                found.append(process)
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            continue
    return found


def end(processes: Iterable[psutil.Process], seconds: float = 15) -> None:
    """SIGTERM, wait, then SIGKILL what is left."""
    living = list(processes)
    for process in living:
        _signal(process, "terminate")
    _, living = psutil.wait_procs(living, timeout=seconds)
    for process in living:
        _signal(process, "kill")
    psutil.wait_procs(living, timeout=5)


def _signal(process: psutil.Process, how: str) -> None:
    try:
        getattr(process, how)()
    except psutil.NoSuchProcess:
        return


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended (a zombie has)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def rss_mb(pid: int | None, children: bool = True) -> float:
    """Resident memory of a process, with its children or alone, in MB; 0 when there is none."""
    if pid is None:
        return 0.0
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if children else [])]
        return round(sum(p.memory_info().rss for p in family) / MB, 1)
    except psutil.NoSuchProcess:
        return 0.0


def last_lines(log: Path, count: int = 3) -> str:
    """The last lines of a log that say something, for messages."""
    if not log.is_file():
        return ""
    with log.open("rb") as f:
        f.seek(max(0, log.stat().st_size - 8192))
        lines = f.read().decode("utf-8", "replace").splitlines()
    return "\n".join([line for line in lines if line.strip()][-count:])
