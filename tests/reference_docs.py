"""The reference pages that are written from code and data: settings and topics.

`python -m tests.reference_docs` writes them; `test_tidy.py` fails when they are stale.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from duban.settings import PORTS, Settings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
WRITTEN = "<!-- Written by `python -m tests.reference_docs`. Do not edit. -->"


def settings_page() -> str:
    """Every setting: its variable, its default, its sentence."""
    rows = (
        (f"`DUBAN_{name.upper()}`", _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    offsets = ", ".join(f"{part} +{offset}" for part, offset in PORTS.items())
    return "\n".join(
        [
            "# Settings",
            "",
            WRITTEN,
            "",
            "A setting is an environment variable. What is not set is looked up in `stack.json`",
            "of the data directory, which `duban up` writes, and then has its default.",
            "",
            *_table(("Variable", "Default", "Meaning"), rows),
            "",
            f"Ports of the embedded stack, counted from `DUBAN_PORT_BASE`: {offsets}; the worker's",
            "Prometheus metrics +100.",
            "",
        ]
    )


def topics_page() -> str:
    """Every topic of `topics.toml`, with its settings and who writes and reads it."""
    data = tomllib.loads((ROOT / "schemas" / "topics.toml").read_text(encoding="utf-8"))
    defaults: Mapping[str, str] = data["defaults"]["settings"]
    rows = (_topic(name, topic) for name, topic in data["topics"].items())
    columns = ("Topic", "Key", "Partitions", "Holds", "Written by", "Read by", "Settings")
    return "\n".join(
        [
            "# Topics",
            "",
            WRITTEN,
            "",
            "`duban up` makes them from `schemas/topics.toml` and reads their settings back.",
            "Partition counts never change once there is data. All topics have "
            + ", ".join(f"`{name}={value}`" for name, value in defaults.items())
            + " unless it says otherwise.",
            "",
            *_table(columns, rows),
            "",
        ]
    )


PAGES = {"settings.md": settings_page, "topics.md": topics_page}


def _topic(name: str, topic: Mapping[str, Any]) -> tuple[str, ...]:
    settings = ", ".join(f"`{key}={value}`" for key, value in topic.get("settings", {}).items())
    writers, readers = ", ".join(topic["writers"]), ", ".join(topic["readers"])
    count = str(topic["partitions"])
    return f"`{name}`", topic["key"], count, topic["holds"], writers, readers, settings


def _default(value: Any) -> str:
    said = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{said}`" if said else "empty"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(columns)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
