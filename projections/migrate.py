"""Make and change tables: numbered `.sql` files, each applied once and never edited afterwards.

A file holds one or more statements that may be repeated harmlessly, since DDL has no transaction:
a crash between two of them is mended by applying the file again. `{database}`, `{zone}`,
`{engine}` ("Replicated" on a cluster) and `{on_cluster}` are filled in.
"""

import hashlib
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from duban.settings import Settings, settings

TABLES = Path(__file__).resolve().parent / "tables"
_NAME = re.compile(r"^(\d{4})_\w+\.sql$")


class MigrationError(RuntimeError):
    """The files here do not fit what the database was made with."""


class Migration(NamedTuple):
    """One file: its name, its text, and the SHA-256 of the text."""

    name: str
    text: str
    checksum: str


def migrations(folder: Path = TABLES) -> list[Migration]:
    """All files in order. Raises `MigrationError` for a gap, a double number or a strange name."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = _NAME.match(path.name)
        if not match or int(match.group(1)) != number:
            raise MigrationError(f"{path.name}: expected a file {number:04}_<what>.sql")
        text = path.read_text(encoding="utf-8")
        found.append(Migration(path.name, text, hashlib.sha256(text.encode()).hexdigest()))
    return found


def statements(text: str, given: Settings) -> list[str]:
    """The statements of a file with its places filled in."""
    cluster = given.warehouse_cluster
    places = {
        "{database}": given.warehouse_database,
        "{zone}": given.zone,
        "{engine}": "Replicated" if cluster else "",
        "{on_cluster}": f"ON CLUSTER '{given.warehouse_cluster}'"
        if given.warehouse_cluster
        else "",
    }
    for place, value in places.items():
        text = text.replace(place, value)
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", bare) if part.strip()]


def pending(known: dict[str, str], files: list[Migration]) -> list[Migration]:
    """Files not applied yet, given name → checksum of those that were.

    Raises `MigrationError` when an applied file was edited, or when the database is newer.
    """
    for name, checksum in known.items():
        here = next((f for f in files if f.name == name), None)
        if here is None:
            raise MigrationError(
                f"The database was made by a newer duban ({name}). Install that version or later."
            )
        if here.checksum != checksum:
            raise MigrationError(
                f"{name} was edited after it was applied. Restore it and add a new file instead."
            )
    return [f for f in files if f.name not in known]


def migrate(client: Any, given: Settings | None = None, folder: Path = TABLES) -> list[str]:
    """Bring the database up to date through a writing client; returns the names applied."""
    given = given or settings()
    files = migrations(folder)
    for statement in statements(_FIRST, given):
        client.command(statement)
    log = f"{given.warehouse_database}.schema_migrations"
    rows = client.query(f"SELECT name, checksum FROM {log} FINAL ORDER BY name").result_rows
    wanted = pending(dict(rows), files)
    for file in wanted:
        for statement in statements(file.text, given):
            client.command(statement)
        client.insert(
            log,
            [[file.name, file.checksum, time.time_ns() // 1_000_000]],
            column_names=["name", "checksum", "applied_at"],
        )
    return [file.name for file in wanted]


_FIRST = """
CREATE DATABASE IF NOT EXISTS {database} {on_cluster} ENGINE = Atomic;
CREATE TABLE IF NOT EXISTS {database}.schema_migrations {on_cluster} (
  name String,
  checksum String,
  applied_at DateTime64(3, '{zone}')
) ENGINE = {engine}ReplacingMergeTree ORDER BY name;
"""
