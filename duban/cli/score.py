"""`duban score SUBJECT`: every point of a score with its cause, added up anew; with `--all`, every
score and place of a period."""

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.accounts import Account, account_of
from duban.bus import BrokerAway
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.cli.rank import Hall, Policy, checked_period
from duban.cli.score_all import check_all
from duban.derivation import reference
from duban.score_policy import DEFAULT_POLICY
from duban.standings import halls_of
from duban.warehouse import WarehouseError


def register(app: typer.Typer) -> None:
    """Add `duban score`."""
    app.command("score", help="Every point of a score. 得分明细：每一笔分的事由和依据。")(command)


def command(
    period: Annotated[str, typer.Option("--period", "--month", help="2026-09 … 考核期。")],
    subject: Annotated[str, typer.Argument(help="Window, person, branch or hall. 计分对象。")] = "",
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody: do scores and places follow? 全部复核。")
    ] = False,
    policy: Policy = DEFAULT_POLICY,
    hall: Hall = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show each point with its rule, cause and source, and what they come to; status 1 where the
    live score is another one."""
    checked_period(period)
    if everybody is bool(subject):
        fail("Give a subject, or --all.", "duban score --help", status=2)
    if everybody:
        check_all(period, policy, hall, as_json)
        return
    try:
        found = account_of(
            reference(), policy, period, _hall(subject, period, policy, hall), subject
        )
    except (WarehouseError, BrokerAway, LookupError) as error:
        fail(str(error), getattr(error, "next_step", "") or "duban status")
    if not found.points and found.live is None:
        fail(f"{period} 没有 {subject} 的计分。", f"duban rank --month {period} --policy {policy}")
    if as_json:
        say_json(_json(found, subject, period))
    else:
        _show(found, subject, period)
    if not found.agrees:
        raise SystemExit(1)


def _hall(subject: str, period: str, policy: str, hall: str) -> str:
    """The hall that is meant, where only one has such a subject."""
    if hall:
        return hall
    halls = halls_of(subject, period, policy)
    if len(halls) > 1:
        fail(f"{subject} 在几个大厅都有：{'、'.join(halls)}", "请加 --hall", status=2)
    return halls[0] if halls else ""


def _json(found: Account, subject: str, period: str) -> dict[str, Any]:
    return {
        "subject": subject,
        "hall": found.hall_id,
        "policy": found.terms.policy_id,
        "policy_version": found.terms.version,
        "period": period,
        "base": found.terms.base,
        **found.total._asdict(),
        "axes": dict(found.scored.axes),
        "score": found.scored.score,
        "grade": found.scored.grade,
        "live": plain(found.live),
        "agrees": found.agrees,
        "postings": [plain(point) for point in found.points],
    }


def _show(found: Account, subject: str, period: str) -> None:
    zone = ZoneInfo(reference().zone_of(found.hall_id))
    say_table(
        ("时间", "规则", "项", "分值", "事由", "办件", "冲回", "依据"),
        (
            (
                f"{p['at'].astimezone(zone):%m-%d %H:%M}", p["rule_id"], p["axis"],
                f"{p['points']:+g}", _cause(p), p["case_id"], "是" if p["reverses"] else "",
                p["source"],
            )
            for p in found.points
        ),
        title=f"{found.hall_id} {subject} {period} {found.terms.policy_id}",
    )  # fmt: skip
    scored, terms = found.scored, found.terms
    axes = "".join(f"，{name} {given:+g}" for name, given in scored.axes.items())
    limits = f"{terms.minimum:g}–{terms.maximum:g}"
    out.print(
        f"基础 {terms.base:g}，计分 {found.total.points:+g}（{found.total.n} 笔）{axes}；"
        f"上下限 {limits}；得分 [bold]{scored.score:g}[/] {scored.grade}",
        highlight=False,
    )
    if not found.agrees:
        said = "没有" if found.live is None else f"{found.live['score']:g}"
        out.print(f"[red]✗[/] 随时得分为 {said}，与明细不符。", highlight=False)


def _cause(point: Mapping[str, Any]) -> str:
    """What a point is for; of an adjustment also who approved it, and why."""
    if not point["approver"]:
        return str(point["cause_type"])
    return f"{point['cause_type']} {point['approver']} 批准：{point['reason']}"
