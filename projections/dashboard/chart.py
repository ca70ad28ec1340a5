"""The trend as an ECharts option: two lines from zero, labelled at their ends, Chinese dates."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.dashboard.figures import DayFlow
from projections.dashboard.words import Lang, say

BLUE, GREEN, MUTED, HAIR, LINE = "#1f5fae", "#17724a", "#5d6a7b", "#eff2f6", "#e4e8ee"
FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif'


def trend(flow: Sequence[DayFlow], lang: Lang) -> dict[str, Any]:
    """Options for one chart; the axis starts at zero, so heights may be compared."""
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "title": {
            "show": not flow,
            "text": say("overview.none_flow", lang),
            "left": "center",
            "top": "middle",
            "textStyle": {"color": MUTED, "fontSize": 14, "fontWeight": "normal"},
        },
        "grid": {"left": 8, "right": 72, "top": 16, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "transitionDuration": 0},
        "xAxis": {
            "type": "category",
            "boundaryGap": False,
            "data": [d.day.strftime("%m-%d") for d in flow],
            "axisLine": {"lineStyle": {"color": LINE}},
            "axisTick": {"show": False},
            "axisLabel": {"color": MUTED, "hideOverlap": True},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "minInterval": 1,
            "splitNumber": 4,
            "splitLine": {"lineStyle": {"color": HAIR}},
            "axisLabel": {"color": MUTED},
        },
        "series": [
            _line(say("overview.accepted", lang), [d.accepted for d in flow], BLUE, "solid"),
            _line(say("overview.closed", lang), [d.closed for d in flow], GREEN, "dashed"),
        ],
    }


def scores(found: Mapping[str, float], lang: Lang) -> dict[str, Any]:
    """Scores by period, each with its value; the axis is cut below the lowest, and says so."""
    lowest = min(found.values(), default=0)
    cut = max(0, 10 * (int(lowest) // 10) - 10)
    values = [round(value, 2) for value in found.values()]
    line = _line(say("column.score", lang), values, BLUE, "solid")
    label = {"show": True, "position": "top", "color": MUTED, "fontSize": 12}
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 8, "right": 32, "top": 28, "bottom": 4, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": list(found),
            "axisLine": {"lineStyle": {"color": LINE}},
            "axisTick": {"show": False},
            "axisLabel": {"color": MUTED, "hideOverlap": True},
        },
        "yAxis": {
            "type": "value",
            "min": cut,
            "name": say("ledger.cut", lang, n=cut) if cut else "",
            "nameTextStyle": {"color": MUTED, "align": "left"},
            "splitNumber": 4,
            "splitLine": {"lineStyle": {"color": HAIR}},
            "axisLabel": {"color": MUTED},
        },
        "series": [
            {
                **line,
                "showSymbol": True,
                "endLabel": {"show": False},
                "label": label,
                "labelLayout": {"hideOverlap": True},
            }
        ],
    }


def _line(name: str, values: list[Any], colour: str, stroke: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": values,
        "symbol": "circle",
        "symbolSize": 4,
        "showSymbol": len(values) < 3,
        "lineStyle": {"width": 2, "color": colour, "type": stroke},
        "itemStyle": {"color": colour},
        "endLabel": {"show": True, "formatter": "{a}", "color": colour, "fontSize": 12},
        "labelLayout": {"moveOverlap": "shiftY"},
    }
