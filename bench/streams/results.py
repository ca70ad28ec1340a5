"""Figures side by side: a table for people, one object for scripts, and the ratios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.report import LEAST_WIDTH, MARKS
from bench.streams.engines import DUBAN, Engine
from bench.streams.race import Measured
from bench.streams.workload import PARTITIONS, Load
from duban.cli.output import out


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an engine: figures, or the reason why there are none."""

    engine: Engine
    measured: Measured | None
    reason: str = ""


def ratios(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Duban ÷ peer in events/s, by peer; None where one of the two has no figure."""
    rates = {o.engine.name: o.measured.events_per_s for o in outcomes if o.measured}
    ours = rates.get(DUBAN.name)
    peers = [o.engine.name for o in outcomes if o.engine is not DUBAN]
    return {name: ours / rates[name] if ours and name in rates else None for name in peers}


def last_lines(found: Mapping[str, float | None]) -> list[str]:
    """`quix 1.62x`, one line a peer; `quix failed` where there is no ratio."""
    return [f"{name} {'failed' if r is None else f'{r:.2f}x'}" for name, r in found.items()]


def as_json(outcomes: Sequence[Outcome], load: Load, where: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of a run as one object."""
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(where),
        "records": load.records,
        "warmup": load.warmup,
        "keys": load.keys,
        "partitions": PARTITIONS,
        "engines": {o.engine.name: _figures(o) for o in outcomes},
        "ratios": {n: r and float(f"{r:.6g}") for n, r in ratios(outcomes).items()},
    }


def _figures(outcome: Outcome) -> dict[str, Any]:
    engine = outcome.engine
    said: dict[str, Any] = {
        "title": engine.title,
        "does": engine.does,
        "does_zh": engine.does_zh,
    }
    if (m := outcome.measured) is None:
        return said | {"failed": outcome.reason}
    return said | {
        "events_per_s": round(m.events_per_s),
        "seconds": round(m.seconds, 2),
        "cpu_s_per_million": round(m.cpu_s_per_million, 2),
        "rss_mb": round(m.rss_mb),
    }


def show(outcomes: Sequence[Outcome], load: Load, where: Mapping[str, Any]) -> None:
    """Print the table, then who failed and who is faster, then the ratios."""
    found = ratios(outcomes)
    Console(width=max(out.width, LEAST_WIDTH)).print(_table(outcomes, found, load, where))
    for o in outcomes:
        if o.measured is None:
            out.print(f"[red]✗[/] {o.engine.name}: {o.reason}", highlight=False, soft_wrap=True)
    for name, ratio in found.items():
        if ratio is not None and ratio < 1:
            text = f"{name} 比 Duban 快 is faster than Duban, {1 / ratio:.2f} times"
            out.print(text, highlight=False)
    for line in last_lines(found):
        out.print(line, highlight=False)


def _table(
    outcomes: Sequence[Outcome],
    found: Mapping[str, float | None],
    load: Load,
    where: Mapping[str, Any],
) -> Table:
    title = (
        f"计数规则 counting rule: {load.records:,} records after {load.warmup:,} to warm up, "
        f"{load.keys:,} keys, {PARTITIONS} partitions\n"
        f"{where['processor']}, {where['cores']} cores, load before {where['load_before']}"
    )
    table = Table(title=title, box=SIMPLE, title_justify="left", header_style="bold")
    table.add_column("引擎 engine", no_wrap=True)
    for name in ("事件/秒 events/s", "CPU s/百万 per million", "内存 RSS MB", "Duban ÷"):
        table.add_column(name, no_wrap=True, justify="right")
    for name in ("目标 target", "", "做了什么 what it does"):
        table.add_column(name)
    for o in outcomes:
        table.add_row(*_row(o, found.get(o.engine.name)))
    return table


def _row(outcome: Outcome, ratio: float | None) -> list[str]:
    engine, m = outcome.engine, outcome.measured
    target = engine.target
    met = None if target is None or ratio is None else target.met(ratio)
    if m is None:
        return [engine.title, "失败 failed", "", "", "", str(target or ""), "", engine.does]
    return [
        engine.title,
        f"{m.events_per_s:,.0f}",
        f"{m.cpu_s_per_million:.1f}",
        f"{m.rss_mb:,.0f}",
        f"{ratio:.2f}x" if ratio is not None else "",
        str(target or ""),
        MARKS[met],
        engine.does,
    ]
