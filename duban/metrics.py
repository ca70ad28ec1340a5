"""Metrics as files: one figure, one definition, one SQL.

`projections/metrics/NAME.sql` opens with a block of `-- key: value` lines: `title_zh`, `title_en`,
`definition_zh`, `definition_en`, `unit`; `list COLUMN` says how the cases behind that number are
got (another metric and its filters); `default PARAMETER` makes a parameter optional. `{{fragment}}`
takes in a file whose name begins with an underscore, where a condition is written once.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from duban.launch import PROGRAMS

METRICS = PROGRAMS / "projections" / "metrics"
_PARAMETER = re.compile(r"\{(\w+):([^{}]+)\}")
_FRAGMENT = re.compile(r"\{\{(\w+)\}\}")
_HEADER = re.compile(r"^-- ([a-z_]+(?: \w+)?): ?(.*)$")


class MetricError(ValueError):
    """No such metric, or a filter it does not take."""


class Listing(NamedTuple):
    """How to get the cases behind a number: metric `name` asked with `filters`."""

    name: str
    filters: Mapping[str, str]


class Metric(NamedTuple):
    """One metric. `parameters` maps names to ClickHouse types; `lists` is by number's column."""

    name: str
    titles: Mapping[str, str]
    definitions: Mapping[str, str]
    unit: str
    sql: str
    parameters: Mapping[str, str]
    defaults: Mapping[str, str]
    lists: Mapping[str, Listing]

    def fill(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of all parameters; raises `MetricError` for one unknown or missing."""
        unknown = sorted(given.keys() - self.parameters.keys())
        if unknown:
            taken = ", ".join(sorted(self.parameters))
            raise MetricError(f"Metric {self.name} takes {taken}; not {', '.join(unknown)}.")
        values = {**self.defaults, **given}
        missing = sorted(self.parameters.keys() - values.keys())
        if missing:
            raise MetricError(f"Metric {self.name} needs {', '.join(missing)}.")
        return values


@cache
def metric_names(folder: Path = METRICS) -> tuple[str, ...]:
    """All metrics, by name."""
    return tuple(sorted(p.stem for p in folder.glob("*.sql") if not p.stem.startswith("_")))


@cache
def load_metric(name: str, folder: Path = METRICS) -> Metric:
    """Read one metric. Raises `MetricError` naming all when there is none of that name."""
    if name not in metric_names(folder):
        raise MetricError(f"No metric {name!r}. There are: {', '.join(metric_names(folder))}.")
    header, body = _split((folder / f"{name}.sql").read_text(encoding="utf-8"))
    sql = _with_fragments(body, folder)
    return Metric(
        name=name,
        titles={"zh": header["title_zh"], "en": header["title_en"]},
        definitions={"zh": header["definition_zh"], "en": header["definition_en"]},
        unit=header["unit"],
        sql=sql,
        parameters={m.group(1): m.group(2) for m in _PARAMETER.finditer(sql)},
        defaults=_section(header, "default"),
        lists={column: _listing(text) for column, text in _section(header, "list").items()},
    )


def _split(text: str) -> tuple[dict[str, str], str]:
    header: dict[str, str] = {}
    lines = text.splitlines()
    for index, line in enumerate(lines):
        match = _HEADER.match(line)
        if not match:
            return header, "\n".join(lines[index:]).strip()
        header[match.group(1)] = match.group(2).strip()
    return header, ""


def _section(header: Mapping[str, str], kind: str) -> dict[str, str]:
    start = f"{kind} "
    return {k.removeprefix(start): v for k, v in header.items() if k.startswith(start)}


def _listing(text: str) -> Listing:
    name, *filters = text.split()
    return Listing(name, dict(part.split("=", 1) for part in filters))


def _with_fragments(sql: str, folder: Path) -> str:
    """The statement with all it takes in; a fragment may take in others."""
    return _FRAGMENT.sub(lambda m: _fragment(m.group(1), folder), sql)


def _fragment(name: str, folder: Path) -> str:
    text = (folder / f"_{name}.sql").read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    return _with_fragments(body, folder)
