"""The figures as a picture for the README: calm bars, each with its label, in both languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench.streams.engines import DUBAN

WIDTH, LEFT, RIGHT = 900, 216, 20
TOP, ROW, BAR = 74, 44, 18
FOOT = 48
ROOM = 170  # beside the longest bar, for its label
OURS, THEIRS = "#2f6f8f", "#c3cdd4"
FONT = "system-ui, 'Segoe UI', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
STYLE = (
    f"text {{ font: 13px {FONT}; fill: #26323a }} .title {{ font-size: 17px; font-weight: 600 }}"
    " .quiet { font-size: 11px; fill: #6b7780 } .ours { font-weight: 600 }"
)


def write(path: Path, said: Mapping[str, Any]) -> None:
    """Draw a run (as `results.as_json` says it) into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(said), encoding="utf-8")


def draw(said: Mapping[str, Any]) -> str:
    """The SVG. Engines stand from fast to slow; one without a figure is named below."""
    engines = {n: e for n, e in said["engines"].items() if "events_per_s" in e}
    ranked = sorted(engines.items(), key=lambda item: -item[1]["events_per_s"])
    failed = [e["title"] for e in said["engines"].values() if "events_per_s" not in e]
    height = TOP + ROW * len(ranked) + FOOT
    longest = max((e["events_per_s"] for e in engines.values()), default=1)
    scale = (WIDTH - LEFT - RIGHT - ROOM) / longest
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="计数规则：每秒事件数 Counting rule: events per second">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fbfcfc"/>',
        _text(RIGHT, 30, "计数规则：每秒事件数 · Counting rule: events per second", "title"),
        _text(RIGHT, 50, _under(said), "quiet"),
    ]
    for number, (name, engine) in enumerate(ranked):
        parts += _bar(TOP + ROW * number, name, engine, scale, said["ratios"].get(name))
    parts += [
        _text(RIGHT, height - 26 + 14 * n, line, "quiet") for n, line in enumerate(_foot(said))
    ]
    if failed:
        missing = f"无结果 no result: {', '.join(failed)}"
        parts.append(_text(LEFT, TOP + ROW * len(ranked) - 4, missing, "quiet"))
    return "\n".join([*parts, "</svg>", ""])


def _bar(
    top: int, name: str, engine: Mapping[str, Any], scale: float, ratio: float | None
) -> list[str]:
    """One engine: its name, its bar, its figure, and what it does for it."""
    ours = name == DUBAN.name
    length = max(2.0, engine["events_per_s"] * scale)
    label = f"{engine['events_per_s']:,}"
    if ratio is not None:
        label += f" · Duban {ratio:.2f}x"
    mark = "ours" if ours else ""
    middle = top + 14
    return [
        _text(LEFT - 12, middle, engine["title"], mark, anchor="end"),
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
        f'fill="{OURS if ours else THEIRS}"/>',
        _text(LEFT + length + 8, middle, label, mark),
        _text(LEFT, top + 31, f"{engine['does_zh']} · {engine['does']}", "quiet"),
    ]


def _under(said: Mapping[str, Any]) -> str:
    return (
        f"{said['records']:,} 条记录，预热 {said['warmup']:,}；{said['keys']:,} 个键；"
        f"{said['partitions']} 个分区 · records after a warm-up, keys, partitions"
    )


def _foot(said: Mapping[str, Any]) -> list[str]:
    where = said["machine"]
    return [
        "各引擎状态与输出均已与模型核对 · state and outputs of each were checked against a model",
        f"{where['processor']}, {where['cores']} cores, Kafka 4.4.0; {said['taken_at'][:10]}; "
        f"此前负载 load before {where['load_before']}",
    ]


def _text(x: float, y: float, text: str, mark: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" class="{mark}">{escape(text)}</text>'
