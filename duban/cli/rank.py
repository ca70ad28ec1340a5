"""`duban rank`: top, bottom and red flag of a period, as published or as it stands."""

from typing import Annotated, Any

import typer

from duban.bus import BrokerAway
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.derivation import reference
from duban.formats import FORMATS
from duban.score_policy import DEFAULT_POLICY
from duban.standings import Ranking, halls_scored, ranking_of
from duban.warehouse import WarehouseError

SIDES = {"top": "前列", "bottom": "后列", "flag": "红旗", "below_minimum": "计分不足"}
Policy = Annotated[str, typer.Option("--policy", help="Score policy. 计分办法。")]
Hall = Annotated[str, typer.Option(help="One hall only. 大厅。")]


def register(app: typer.Typer) -> None:
    """Add `duban rank`."""
    app.command("rank", help="Places of a period: top, bottom, red flag. 评比名次。")(command)


def command(
    month: Annotated[
        str, typer.Option("--month", "--period", help="2026-09, 2026-Q3, 2026-H1, 2026. 考核期。")
    ],
    policy: Policy = DEFAULT_POLICY,
    hall: Hall = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show places as they were published last or, where a period is not closed, as they stand."""
    period = checked_period(month)
    try:
        halls = [hall] if hall else halls_scored(period, policy)
        found = ranking_of(reference(), policy, period, halls[0] if len(halls) == 1 else "")
    except (WarehouseError, BrokerAway, LookupError) as error:
        fail(str(error), getattr(error, "next_step", "") or "duban status")
    entries = [plain(entry) for entry in found.entries]
    if as_json:
        say_json(
            {
                "month": period, "policy": policy, "hall": hall,
                "revision": "live" if found.revision is None else found.revision,
                "reason": found.reason, "ranked": sum(e["place"] > 0 for e in entries),
                **{side: [e for e in entries if side in e["sides"]] for side in SIDES},
                "places": entries,
            }
        )  # fmt: skip
    elif not entries:
        out.print(f"{period} 没有可评比的对象。")
    else:
        _show(period, found, entries)


def checked_period(period: str) -> str:
    """A period, or the end with what is wrong."""
    if not FORMATS["period"][0](period):
        fail(f"{period!r} is no period.", "Write it as 2026-09, 2026-Q3, 2026-H1 or 2026.", 2)
    return period


def _show(period: str, found: Ranking, entries: list[dict[str, Any]]) -> None:
    state = "未公布，随时得分" if found.revision is None else f"已公布，第 {found.revision} 次修订"
    if found.revision == 0:
        state = "已公布"
    say_table(
        ("名次", "大厅", "对象", "得分", "计分", "按时", "超期", "满意", "评价参与", "等次", "榜"),
        (
            (
                e["place"] or "—", e["hall_id"], e["subject"], f"{e['score']:g}", e["n"],
                e["on_time"], e["late"], _share(e["satisfaction"]), _share(e["response"]),
                e["grade"], " ".join(SIDES[side] for side in e["sides"]),
            )
            for e in entries
        ),
        title=f"{period} {state}",
    )  # fmt: skip


def _share(share: dict[str, Any]) -> str:
    """A share with its numbers; the interval where there is one."""
    if not share["whole"]:
        return "—"
    low, high = (f"{100 * share[end]:.0f}" for end in ("low", "high"))
    return f"{share['part']:g}/{share['whole']:g}（{low}–{high}%）"
