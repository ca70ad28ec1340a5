"""The reference pages that are written from code and data: settings, topics and clocks.

`python -m tests.reference_docs` writes them; `test_tidy.py` fails when they are stale.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from duban.case import ENDINGS
from duban.clocks import UPSTREAM
from duban.policy import ClockDef, Extension, Policy, Reference, Rung
from duban.reference import SHIPPED, load, reference_from
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


def clocks_page() -> str:
    """Every kind of clock and every ladder of the shipped policies, Chinese and English."""
    policies = {name: versions[-1] for name, versions in sorted(_shipped().policies.items())}
    base = policies.pop("default")
    lines = [
        "# Clocks 时钟",
        "",
        WRITTEN,
        "",
        "What ships in `schemas/reference/policies`. A name is how screens say it; 工作日 are",
        "working days, 自然日 calendar days, 工作分钟 working minutes; 国 stands for days of the",
        "national calendar alone (行政许可法 art 82), – for an absent field, *ending* for a",
        "decision, refusal or closing. [The guide](../guides/clocks.md) says how to read it and",
        "how to change it.",
        "",
        "## `default`",
        "",
        *_clock_table(base.clocks),
        "",
        *_ladder_table(base.ladders),
        "",
    ]
    for name, policy in policies.items():
        lines += _differences(name, policy, base)
    return "\n".join(lines)


def _differences(name: str, policy: Policy, base: Policy) -> list[str]:
    """What a policy has otherwise than the default one."""
    own = [clock for clock in policy.clocks if clock not in base.clocks]
    ladders = {n: rungs for n, rungs in policy.ladders.items() if base.ladders.get(n) != rungs}
    kinds = {clock.kind for clock in policy.clocks}
    lacking = [f"`{clock.kind}`" for clock in base.clocks if clock.kind not in kinds]
    lines = [f"## `{name}`", "", "As `default`, but:", ""]
    if own:
        lines += [*_clock_table(own), ""]
    if ladders:
        lines += [*_ladder_table(ladders), ""]
    for name, effect in (
        ("Absence of a branch 缺席", policy.absence),
        ("An opinion without reasons 意见无理由", policy.unreasoned),
    ):
        lines += [f"{name}: {effect.outcome}, {effect.basis}.", ""] if effect else []
    if lacking:
        lines += [f"Without {', '.join(lacking)}.", ""]
    return lines


@cache
def _shipped() -> Reference:
    return reference_from(load(SHIPPED))


COLUMNS = ("Kind", "名称", "Name", "Term", "From 起", "To 止", "Excluded", "Extension", "Effect",
           "Ladder", "Source 出处")  # fmt: skip
TERMS = {
    "working_day": "工作日",
    "working_minute": "工作分钟",
    "calendar_day": "自然日",
    "item": "",
}


def _clock_table(clocks: Iterable[ClockDef]) -> list[str]:
    return _table(COLUMNS, (_clock(clock) for clock in clocks))


def _clock(clock: ClockDef) -> tuple[str, ...]:
    words = tomllib.loads((ROOT / "projections/dashboard/words.toml").read_text(encoding="utf-8"))
    return (
        f"`{clock.kind}`" + (f" per `{clock.per}`" if clock.per else ""),
        clock.name,
        words["clock"][clock.kind][1],
        _term(clock),
        _facts(clock.start, clock.when),
        _facts(clock.stop, clock.stop_when),
        _grounds(clock.pause_grounds),
        _extension(clock.extension),
        clock.effect.outcome if clock.effect else "",
        clock.ladder,
        clock.source,
    )


def _term(clock: ClockDef) -> str:
    if clock.unit == "instant":
        said = f"`{clock.due_field}`"
    elif clock.unit == "item" or isinstance(clock.budget, str):
        said = f"`{clock.budget}`" + (f", else {clock.fallback}" if clock.fallback else "")
    else:
        said = str(clock.budget)
    said += f" {TERMS[clock.unit]}" if TERMS.get(clock.unit) else ""
    said += f" before `{clock.before}`" if clock.before else ""
    said += " 国" if clock.days == "national" else ""
    said += ", same day" if clock.start_day else ""
    sides = {"applicant": ", applicant's", "upstream": ", of the authority above"}
    return said + sides.get(clock.side, "")


def _facts(types: Iterable[str], values: Mapping[str, Iterable[str]]) -> str:
    """Types of facts, and the values their fields must have; an ending is one word."""
    names = list(types)
    if set(names) >= ENDINGS:
        names = [name for name in names if name not in ENDINGS] + ["*ending*"]
    only = [f"{name} {' / '.join(v or '–' for v in sorted(of))}" for name, of in values.items()]
    return ", ".join(names) + (f" ({'; '.join(sorted(only))})" if only else "")


def _grounds(grounds: frozenset[str]) -> str:
    legal = grounds - {UPSTREAM}
    said = ["art 45"] if len(legal) == 8 else sorted(legal)
    return ", ".join([*said, *(["upstream"] if UPSTREAM in grounds else [])])


def _extension(rule: Extension | None) -> str:
    if rule is None:
        return ""
    asked = f", asked {rule.ask_before} before" if rule.ask_before else ""
    by = f" by {rule.approver_role}" if rule.approver_role else ""
    return f"{rule.max} × {rule.days}{by}{asked}"


def _ladder_table(ladders: Mapping[str, Iterable[Rung]]) -> list[str]:
    rows = (
        (f"`{name}`", rung.level, f"{rung.offset:+d} {TERMS[rung.unit]}", ", ".join(rung.to))
        for name, rungs in sorted(ladders.items())
        for rung in rungs
    )
    return _table(("Ladder", "Level", "From the due instant", "Told"), rows)


PAGES = {"settings.md": settings_page, "topics.md": topics_page, "clocks.md": clocks_page}


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
