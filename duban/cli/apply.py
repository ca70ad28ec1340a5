"""`duban apply DIR`: publish calendars, items, policies, hours, units from TOML files."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from duban import bus, contracts
from duban.cli.output import fail, out, say_json, say_table
from duban.events import Event
from duban.publish import Plan, publish
from duban.reference import SHIPPED, BadReference, key, load

KINDS = {
    "calendar": "放假安排",
    "hours": "作息",
    "item": "事项",
    "policy": "时限政策",
    "score": "计分规则",
    "unit": "大厅和窗口",
    "subscription": "订阅",
}


def register(app: typer.Typer) -> None:
    """Add `duban apply`."""
    app.command("apply", help="Publish reference data. 发布日历、事项、政策等。")(command)


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of .toml files, or one of them.")
    ] = SHIPPED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check the files of DIR and publish what is new; a version never changes once published."""
    events = load_or_fail(directory)
    try:
        found = publish(events, dry_run)
    except (bus.BrokerAway, LookupError) as error:
        fail(str(error), "先启动：duban up")
    except bus.DeliveryError as error:
        fail(str(error), "再运行一次：已发布的会跳过")
    if as_json:
        say_json(_json(found, dry_run))
    else:
        _print(found, dry_run)
    if found.refused or found.ignored:
        raise SystemExit(1)


def load_or_fail(directory: Path) -> list[Event]:
    """Events of the files of a directory, checked; else leave with what is wrong."""
    if not directory.exists():
        fail(f"没有目录 {directory}。", "duban apply DIR", status=2)
    try:
        events = load(directory)
        for event in events:
            contracts.check(event)
    except BadReference as error:
        fail(f"参考数据有误，未发布：\n{error}", f"请改正 {directory} 中的文件")
    except contracts.ContractError as error:
        fail(f"参考数据不合规范，未发布：{error}", f"请改正 {directory} 中的文件")
    return events


def _json(found: Plan, dry_run: bool) -> dict[str, object]:
    sent = not found.refused and not found.ignored and not dry_run
    return {
        "published": len(found.new) if sent else 0,
        "new": [key(event) for event in found.new],
        "same": len(found.same),
        "refused": [key(event) for event in found.refused],
        "ignored": [{"version": key(event), "why": why} for event, why in found.ignored],
        "dry_run": dry_run,
    }


def _print(found: Plan, dry_run: bool) -> None:
    parts = (found.new, found.same, found.refused)
    counts = [Counter(event.subject_type for event in part) for part in parts]
    rows = [
        (name, *(part[kind] or "" for part in counts))
        for kind, name in KINDS.items()
        if any(part[kind] for part in counts)
    ]
    say_table(("类别", "新版本", "已发布", "内容不同"), rows)
    if found.refused or found.ignored:
        for reason in reasons(found):
            out.print(f"[red]✗[/] {reason}", highlight=False)
        out.print("未发布任何内容。", highlight=False)
    elif dry_run:
        out.print(f"核对完毕：将发布 {len(found.new)} 个新版本。", highlight=False)
    else:
        out.print(f"[green]✓[/] 已发布 {len(found.new)} 个新版本。", highlight=False)


def reasons(found: Plan) -> list[str]:
    """Why versions cannot be published, one line each."""
    changed = "已发布且内容不同；已发布的版本不能改动，请写新的 version"
    refused = [f"{key(event)} {changed}" for event in found.refused]
    return refused + [f"{key(event)} {why}" for event, why in found.ignored]
