"""`duban case ID`: what happened to a case, and its clocks."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from duban.cli.halls import calendar, hall_of, published
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.cli.words import event_word, moment, word
from duban.deemed import WAITS
from duban.derivation import consumed_by_id
from duban.warehouse import WarehouseError, business_now, metric

UNITS = {"working_day": "工作日", "working_minute": "工作分钟", "calendar_day": "天", "instant": ""}


def register(app: typer.Typer) -> None:
    """Add `duban case`."""
    app.command("case", help="Timeline and clocks of a case. 办件经过与时钟。")(command)


def command(
    case: Annotated[str, typer.Argument(metavar="ID", help="hall/local-no. 办件编号。")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one case; exit 1 when nothing is known of it."""
    try:
        about = metric("case_row", case=case).first()
        events = list(metric("case_events", case=case).dicts())
        clocks = _up_to_now(case, list(metric("case_clocks", case=case).dicts()))
    except WarehouseError as error:
        fail(str(error), error.next_step)
    if not about and not events:
        fail(f"没有办件 {case}。", "编号形如 大厅/本地编号；刚发出的事件一两秒后可见。")
    if as_json:
        say_json(plain({"case": about, "clocks": clocks, "events": events}))
        return
    zone = calendar(hall_of(case)).zone
    if about:
        _headline(about, zone)
    _clocks(clocks, zone)
    _timeline(events, zone)


def _up_to_now(case: str, clocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Clocks as the warehouse holds them, with what they have used up by business time; without
    the published rules nobody knows that of a clock that runs."""
    used = consumed_by_id(case, business_now()) if clocks and published() else {}
    kept = {c["clock_id"]: c["consumed"] for c in clocks if c["state"] != "running"}
    return [{**c, "consumed": (kept | used).get(c["clock_id"])} for c in clocks]


def _headline(about: dict[str, Any], zone: str) -> None:
    name = about["item_name"] or about["item_code"]
    parts = [f"[bold]{about['case_id']}[/]", name, word("status", about["status"])]
    if about["outcome"]:
        parts.append(word("outcome", about["outcome"]))
    if about["due_at"]:
        parts.append(
            f"应办结 {moment(about['due_at'], zone)}" + ("（暂定）" * about["provisional"])
        )
    if about["signal"] not in ("", "none"):
        parts.append(word("level", about["signal"]))
    if about["policy_state"] == "no_policy":
        parts.append("事项尚未公布" if about["due_at"] else "事项尚未公布，暂无时限")
    parts += [word("anomaly", code) for code in about.get("anomalies", ()) if code == WAITS]
    out.print(" · ".join(filter(None, parts)), highlight=False)


def _clocks(clocks: list[dict[str, Any]], zone: str) -> None:
    if not clocks:
        return
    say_table(
        ("时钟", "期限", "已用", "起算", "应办结", "停表", "结果"),
        (
            (
                word("clock", c["kind"]),
                f"{c['budget']} {UNITS.get(c['unit'], c['unit'])}" if c["budget"] else "",
                c["consumed"],
                moment(c["started_at"], zone),
                moment(c["due_at"], zone) + ("（暂定）" * c["provisional"]),
                moment(c["stopped_at"], zone),
                word("outcome", c["outcome"]) or {"paused": "停表"}.get(c["state"], "在计"),
            )
            for c in clocks
        ),
    )


def _timeline(events: list[dict[str, Any]], zone: str) -> None:
    say_table(
        ("时间", "事项", "", "经办", "说明"),
        (
            (
                moment(e["occurred_at"], zone, seconds=True),
                event_word(e["event_type"]),
                word("level", e["level"]) or word("clock", e["clock_kind"]),
                e["window_id"] or word("role", e["actor_role"]),
                _detail(e) + ("（补录）" if e["historical"] else ""),
            )
            for e in events
        ),
    )


def _detail(event: dict[str, Any]) -> str:
    """What a line says beyond its type: the note of a fact, the gist of what was derived."""
    said = json.loads(event["payload"] or "{}") if event["event_type"] in _GISTS else {}
    parts = (_GISTS[event["event_type"]](said),) if said else (event["note"],)
    return " ".join(parts)


def _delay(said: dict[str, Any]) -> str:
    where = "/".join(filter(None, (said["step"], said["org"], said["staff"])))
    held = " ".join(filter(None, (word("party", said["party"]), where)))
    return f"{held} {said['minutes']} / {said['of_minutes']} 工作分钟"


def _deemed(said: dict[str, Any]) -> str:
    parts = (word("deemed", said["outcome"]), said["branch_id"], said["basis_text"])
    return " ".join(filter(None, parts))


def _sign(said: dict[str, Any]) -> str:
    minutes = f"{said['minutes']} 工作分钟" if said["minutes"] else ""
    return " ".join(filter(None, (word("sign", said["signal"]), minutes)))


_GISTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "DelayAttributed": _delay,
    "DeemedOutcomeReached": _deemed,
    "DeemedOutcomeRetracted": _deemed,
    "IntegritySignal": _sign,
    "IntegrityRetracted": _sign,
}
