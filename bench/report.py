"""What is printed and kept: a table for people, JSON for scripts, a file for comparing runs."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.figures import ELSEWHERE, Figure
from bench.run import Run
from duban.cli.output import out

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
LEAST_WIDTH = 150  # columns; narrower terminals fold lines
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: ""}


def machine() -> dict[str, Any]:
    """What the figures were taken on, and how busy it was before."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _commit(),
    }


def as_json(run: Run, where: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Everything of a run as one object."""
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "machine": dict(where),
        "sizes": asdict(run.sizes),
        "figures": {f.name: _figure(f) for f in run.figures},
        "counts": run.counts,
        "not_measured": list(ELSEWHERE),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    value = figure.value if figure.value is None else float(f"{figure.value:.6g}")
    return {
        "value": value,
        "unit": figure.unit,
        "target": str(figure.target) if figure.target else None,
        "reached": figure.reached,
        "note": figure.note,
    }


def keep(said: Mapping[str, Any], folder: Path) -> Path:
    """Write a run's JSON to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = str(said["taken_at"]).replace(":", "").replace("+0000", "Z")
    path = folder / f"{stamp}.json"
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def show(run: Run, where: Mapping[str, Any], kept: Path) -> None:
    """Print the table, what was short, and what is measured elsewhere."""
    rows = [
        (f.name, _value(f), f.unit, f.target or "", MARKS[f.reached], f.note) for f in run.figures
    ]
    title = f"{where['processor']}, {where['cores']} cores, load before {where['load_before']}"
    table = Table(title=title, box=SIMPLE, title_justify="left", header_style="bold")
    for name in ("指标 figure", "实测 measured", "单位 unit", "目标 target", "达标"):
        table.add_column(name, no_wrap=True, justify="right" if "实测" in name else "left")
    table.add_column("说明 note")
    for figure, value, unit, target, mark, note in rows:
        table.add_row(figure, value, unit, str(target), mark, note)
    Console(width=max(out.width, LEAST_WIDTH)).print(table)
    aimed = [f for f in run.figures if f.reached is not None]
    short = [f.name for f in aimed if not f.reached]
    out.print(f"达标 {len(aimed) - len(short)}/{len(aimed)}" + ("" if not short else "，未达标："))
    for name in short:
        out.print(f"  [red]✗[/] {name}", highlight=False)
    out.print("不在此测量 Not measured here:")
    for text in ELSEWHERE:
        out.print(f"  - {text}", highlight=False, soft_wrap=True)
    out.print(f"[dim]{kept}[/]", highlight=False, soft_wrap=True)


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "—"
    digits = 0 if abs(figure.value) >= 100 else 1 if abs(figure.value) >= 10 else 3
    return f"{figure.value:,.{digits}f}"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    """The commit that is checked out; empty outside of a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
        )
    except OSError:
        return ""
    return done.stdout.strip()
