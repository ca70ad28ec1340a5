"""`duban close`: close a period, so that its ranking is published."""

from typing import Annotated, Any

import typer

from duban import bus
from duban.cli.output import fail, out, say_json
from duban.cli.rank import Hall, Policy, checked_period
from duban.closings import NO_POLICY, NOT_ITS_PERIOD, refusal
from duban.contracts import ContractError
from duban.derivation import reference
from duban.events import Actor
from duban.publication import publication_case
from duban.score_policy import DEFAULT_POLICY
from duban.standings import halls_scored
from duban.warehouse import WarehouseError


def register(app: typer.Typer) -> None:
    """Add `duban close`."""
    app.command("close", help="Close a period: its ranking is published. 关账，公布名次。")(command)


def command(
    period: Annotated[str, typer.Option("--period", "--month", help="2026-09 … 考核期。")],
    policy: Policy = DEFAULT_POLICY,
    hall: Hall = "",
    actor: Annotated[str, typer.Option(help="Who closes it, a reference. 关账人编号。")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say that a period is closed, in one hall or in all that have scores in it. Its ranking is
    published, and the clock on making it known begins. The first closing counts; another one
    changes nothing."""
    checked_period(period)
    try:
        halls = [hall] if hall else halls_scored(period, policy)
        for name in halls or [""]:
            _checked(name, policy, period)
        with bus.Producer() as producer:
            for name in halls:
                _close(producer, name, policy, period, Actor(actor, "centre_manager"))
    except WarehouseError as error:
        fail(str(error), error.next_step or "请加 --hall")
    except (bus.BrokerAway, bus.DeliveryError, LookupError) as error:
        fail(str(error), "先启动：duban up")
    except ContractError as error:
        fail(str(error), "duban close --help", status=2)
    if not halls:
        fail(f"{period} 没有计分。", "请加 --hall")
    if as_json:
        say_json({"period": period, "policy": policy, "halls": halls})
    else:
        out.print(f"{period} 已关账：{'、'.join(halls)}", highlight=False)


def _checked(hall: str, policy: str, period: str) -> None:
    """Ends the command where the period cannot be closed in a hall."""
    refused = refusal(reference(), hall, policy, period, bus.business_now())
    if refused is None:
        return
    if refused.code == NO_POLICY:
        known = "、".join(sorted(reference().by_policy))
        fail(f"没有计分办法 {policy}。", f"已公布的有：{known}", status=2)
    if refused.code == NOT_ITS_PERIOD:
        lengths = f"{policy} 的考核期是 {'、'.join(refused.lengths)}"
        fail(f"{period} 不是 {policy} 的考核期。", lengths, status=2)
    where = f"（{hall}）" if hall else ""
    fail(f"{period} 尚未结束{where}。", "期满后再关账", status=2)


def _close(producer: bus.Producer, hall: str, policy: str, period: str, actor: Actor) -> None:
    """The period is closed, and from now on its ranking is to be made public."""
    closed = {"policy_id": policy, "period": period}
    told: dict[str, Any] = {"actor": actor, "channel": "system", **closed}
    producer.emit("PeriodClosed", hall=hall, subject_kind="hall", **told)
    producer.emit("PublicationDue", case=publication_case(hall, policy, period), **told)
