"""Kafka's jars: fetched once by Maven coordinate, and never used unchecked.

`kafka-jars.lock` names every jar with its size and sha256. Each is checked again at every start
(45 MB, about 0.1 s): neither a mirror, nor Maven's own cache, nor a half-written file is trusted.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from deploy.local.trouble import Trouble
from duban.cli.output import err

LOCK = Path(__file__).with_name("kafka-jars.lock")
THREADS = 16
TRIES = 3
TIMEOUT = 60  # seconds without an answer from the repository


class Jar(NamedTuple):
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    size: int  # bytes
    sha256: str

    @property
    def file(self) -> str:
        """File name in the cache, as Maven names it."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(path: Path = LOCK) -> list[Jar]:
    """The jars that the lock names, in its order, which is the order on the class path."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return [_jar(*row) for row in rows]


def _jar(name: str, size: str, digest: str) -> Jar:
    group, artifact, version = name.split(":")
    return Jar(group, artifact, version, int(size), digest)


def is_good(jar: Jar, path: Path) -> bool:
    """Whether the file at `path` is the jar that the lock means."""
    if not path.is_file() or path.stat().st_size != jar.size:
        return False
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() == jar.sha256


def provide(cache: Path, jars: Sequence[Jar] | None = None, maven_url: str = "") -> list[Path]:
    """Paths of all jars in `cache/kafka`, checked; missing or damaged ones are fetched first.

    Raises `Trouble` when a jar cannot be fetched, is not what the lock says, or finds no room.
    """
    wanted = read_lock() if jars is None else list(jars)
    home = cache.expanduser() / "kafka"
    with _disk_trouble(home):
        home.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(4) as pool:
            good = list(pool.map(lambda jar: is_good(jar, home / jar.file), wanted))
        missing = [jar for jar, ok in zip(wanted, good, strict=True) if not ok]
        for jar in missing:
            _drop_damaged(home / jar.file)
        if missing:
            _fetch(missing, home, maven_url)
    return [home / jar.file for jar in wanted]


def missing(cache: Path) -> list[str]:
    """Names of jars that are absent from the cache or not what the lock says."""
    home = cache.expanduser() / "kafka"
    return [jar.file for jar in read_lock() if not is_good(jar, home / jar.file)]


def _drop_damaged(path: Path) -> None:
    if path.exists():
        err.print(f"[yellow]![/] {path} is not the jar that was pinned: deleted, fetching it again")
        path.unlink()


def _fetch(jars: Sequence[Jar], home: Path, maven_url: str) -> None:
    columns = (
        TextColumn("[bold]Apache Kafka[/] {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=home))
    try:
        with Progress(*columns, console=err) as bar, ThreadPoolExecutor(THREADS) as pool:
            task = bar.add_task(f"{len(jars)} jars", total=sum(jar.size for jar in jars))
            futures = [
                pool.submit(_fetch_one, jar, home, staging, maven_url, partial(bar.advance, task))
                for jar in jars
            ]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fetch_one(
    jar: Jar, home: Path, staging: Path, maven_url: str, advance: Callable[[int], None]
) -> None:
    error: Exception | None = None
    for attempt in range(TRIES):
        received: list[int] = []

        def count(n: int, received: list[int] = received) -> None:
            received.append(n)
            advance(n)

        try:
            path = _download(jar, staging / str(attempt), maven_url, count)
        except OSError as e:  # requests' errors are OSErrors too
            if e.errno == errno.ENOSPC:
                raise
            error = e
        except RuntimeError as e:  # jgo: not found in the repository
            error = e
        else:
            _accept(jar, path, home)
            return
        advance(-sum(received))
    raise Trouble(
        f"Could not fetch {jar.file} ({jar.group}) after {TRIES} tries: {error}",
        "Check the network or proxy, or name a mirror in DUBAN_MAVEN_URL; what was fetched stays.",
    )


def _download(jar: Jar, staging: Path, maven_url: str, count: Callable[[int], None]) -> Path:
    # The cache is an empty directory of our own: jgo would take a file of ~/.m2 unchecked.
    from jgo.maven import MavenContext, PythonResolver

    @contextmanager
    def progress(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield count

    context = MavenContext(
        resolver=PythonResolver(progress_callback=progress),
        repo_cache=staging,
        remote_repos={"given": maven_url.rstrip("/")} if maven_url else None,
        timeout=TIMEOUT,
    )
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    return Path(component.artifact(packaging="jar").resolve())


def _accept(jar: Jar, path: Path, home: Path) -> None:
    if not is_good(jar, path):
        with path.open("rb") as f:
            found = hashlib.file_digest(f, "sha256").hexdigest()
        path.unlink()
        raise Trouble(
            f"{jar.file} was fetched but is not what was pinned (sha256 {found[:16]}…, "
            f"wanted {jar.sha256[:16]}…). The file was deleted.",
            "A proxy or mirror may have changed it: try again, or name another in DUBAN_MAVEN_URL.",
        )
    os.replace(path, home / jar.file)


@contextmanager
def _disk_trouble(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        if e.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        raise Trouble(
            f"Cannot write Kafka's jars to {home}: {e.strerror}",
            "Make room or set DUBAN_CACHE to a directory with 60 MB that you may write.",
        ) from e
