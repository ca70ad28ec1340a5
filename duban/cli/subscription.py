"""`duban subscription`: who hears which warnings, and over which channel.

What is heard goes to topic `reference`; addresses and secrets go to notify's sealed store alone.
"""

import json as jsonlib
import secrets as random_bytes
import uuid
from typing import Annotated, Any

import httpx
import typer
from rich.markup import escape

from duban.bus import BrokerAway, DeliveryError, read_reference
from duban.bus_make import make
from duban.cli.output import fail, out, say_json, say_table
from duban.contracts import ContractError
from duban.events import Event
from duban.publish import publish
from duban.vault import Channel, VaultError, open_vault
from duban.webhook import headers
from duban.words import LEVELS

TEST_SECONDS = 10.0

subscriptions = typer.Typer(no_args_is_help=True, help="Who hears which warnings. 预警订阅。")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="Name of the subscription.")]


def register(app: typer.Typer) -> None:
    """Add `duban subscription`."""
    app.add_typer(subscriptions, name="subscription")


@subscriptions.command("add")
def add(
    name: Annotated[str, typer.Option(help="Its name; the same name again changes it.")],
    hall: Annotated[list[str] | None, typer.Option(help="Only this hall; may be repeated.")] = None,
    window: Annotated[list[str] | None, typer.Option(help="Only this window.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only what is meant for it.")] = None,
    level: Annotated[str, typer.Option(help="Levels, such as yellow,red; none: all.")] = "",
    webhook: Annotated[str, typer.Option(help="URL that gets signed POST requests.")] = "",
    secret: Annotated[str, typer.Option(help="Signs webhooks; made when left out.")] = "",
    messenger: Annotated[
        list[str] | None,
        typer.Option(help="apprise URL: wecombot://, dingtalk://, feishu://, mailto:// …"),
    ] = None,
    quiet: Annotated[str, typer.Option(help="Hours without messages, such as 18:00-08:30.")] = "",
    json: Json = False,
) -> None:
    """Subscribe to warnings. 订阅预警。"""
    levels = [part for part in level.split(",") if part]
    if unknown := [part for part in levels if part not in LEVELS]:
        fail(f"There is no level {unknown[0]!r}.", f"Use some of: {', '.join(LEVELS)}.", 2)
    channels = _channels(name, webhook, secret, messenger or [])
    fields = {"halls": hall or [], "windows": window or [], "roles": role or [], "levels": levels}
    shifts = [_shift(quiet)] if quiet else []
    event = _event(name, channels=[c.name for c in channels], quiet_hours=shifts, **fields)
    try:
        vault = open_vault()
        for channel in channels:
            vault.put(channel)
    except VaultError as error:
        fail(str(error))
    _publish(event)
    shown = next((c.secret for c in channels if c.kind == "webhook"), "")
    if json:
        say_json({**_row(event), "secret": shown})
        return
    out.print(f"[green]✓[/] 已订阅：{escape(name)}（{_said(event)}）", highlight=False)
    if shown and not secret:
        out.print(f"签名密钥（只显示这一次）：{shown}", highlight=False, soft_wrap=True)


@subscriptions.command("list")
def list_(json: Json = False) -> None:
    """All subscriptions in force. 订阅清单。"""
    found = sorted(_in_force().values(), key=lambda e: str(e.data["subscription_id"]))
    if json:
        say_json({"subscriptions": [_row(event) for event in found]})
        return
    rows = [(e.data["subscription_id"], _said(e), "、".join(e.data["channels"])) for e in found]
    say_table(("订阅", "范围", "通道"), rows)


@subscriptions.command("test")
def test(name: Name, json: Json = False) -> None:
    """Send a test message over each of its channels. 发送测试消息。"""
    event = _known(name)
    try:
        channels = open_vault().channels()
    except VaultError as error:
        fail(str(error))
    if not event.data["channels"]:
        fail(f"{name} 没有通道。", f"duban subscription add --name {name} --webhook URL")
    results = []
    for channel in event.data["channels"]:
        kept = channels.get(channel)
        said = _try(kept, name) if kept else "no address is kept for it"
        results.append({"channel": channel, "ok": said == "", "said": said or "ok"})
    if json:
        say_json({"subscription": name, "results": results})
    else:
        for result in results:
            mark = "[green]✓[/]" if result["ok"] else "[red]✗[/]"
            out.print(f"{mark} {result['channel']}：{escape(str(result['said']))}", highlight=False)
    if not all(result["ok"] for result in results):
        raise SystemExit(1)


@subscriptions.command("remove")
def remove(name: Name, json: Json = False) -> None:
    """End a subscription and forget its addresses. 取消订阅。"""
    event = _known(name)
    ended = _event(name, active=False)
    _publish(ended)
    try:
        vault = open_vault()
        for channel in event.data["channels"]:
            vault.remove(channel)
    except VaultError as error:
        fail(str(error))
    if json:
        say_json({"removed": name})
        return
    out.print(f"[green]✓[/] 已取消订阅：{escape(name)}", highlight=False)


# --- parts -------------------------------------------------------------------------------------


def _channels(name: str, webhook: str, secret: str, messengers: list[str]) -> list[Channel]:
    channels = []
    if webhook:
        if not webhook.startswith(("http://", "https://")):
            fail(f"{webhook!r} is no web address.", "It begins with https:// or http://.", 2)
        made = secret or random_bytes.token_urlsafe(32)
        channels.append(Channel(f"{name}/webhook", "webhook", webhook, made))
    for number, url in enumerate(messengers, 1):
        if "://" not in url:
            fail(f"{url!r} is no apprise address.", "Such as wecombot://KEY.", 2)
        channels.append(Channel(f"{name}/messenger-{number}", "apprise", url))
    return channels


def _shift(text: str) -> dict[str, str]:
    start, dash, end = text.partition("-")
    if not dash:
        fail(f"{text!r} is no stretch of hours.", "Such as 18:00-08:30.", 2)
    return {"start": start.strip(), "end": end.strip()}


def _event(name: str, **fields: Any) -> Event:
    """The next version of a subscription."""
    versions = [e for e in _all() if e.data["subscription_id"] == name]
    version = str(1 + max((_number(e) for e in versions), default=0))
    try:
        return make(
            "SubscriptionChanged",
            subject_type="subscription",
            subject_id=f"{name}@{version}",
            subscription_id=name,
            version=version,
            subscriber=name,
            channel="system",
            **fields,
        )
    except ContractError as error:
        fail(str(error), status=2)


def _number(event: Event) -> int:
    version = str(event.data["version"])
    return int(version) if version.isdecimal() else 0


def _all() -> list[Event]:
    try:
        return [e for e in read_reference() if e.type == "SubscriptionChanged"]
    except (BrokerAway, LookupError) as error:
        fail(str(error), "先启动：duban up")


def _in_force() -> dict[str, Event]:
    found: dict[str, Event] = {}
    for event in _all():
        found[str(event.data["subscription_id"])] = event
    return {name: event for name, event in found.items() if event.data.get("active", True)}


def _known(name: str) -> Event:
    event = _in_force().get(name)
    if event is None:
        fail(f"没有订阅 {name}。", "duban subscription list")
    return event


def _publish(event: Event) -> None:
    try:
        found = publish([event])
    except (BrokerAway, LookupError, DeliveryError) as error:
        fail(str(error), "先启动：duban up")
    if found.refused:
        fail("Somebody changed it at the same time.", "Run the command again.")


def _try(channel: Channel, name: str) -> str:
    """Send a test message; "" when it was taken, else what came back."""
    if channel.kind == "apprise":
        return _try_messenger(channel, name)
    event_id = str(uuid.uuid4())
    said = {"type": "Test", "event_id": event_id, "subscription": name}
    body = jsonlib.dumps(said, ensure_ascii=False).encode()
    signed = headers(channel.secret, body, event_id, "Test", "")
    try:
        answer = httpx.post(channel.url, content=body, headers=signed, timeout=TEST_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"
    return "" if answer.is_success else f"HTTP {answer.status_code}"


def _try_messenger(channel: Channel, name: str) -> str:
    try:
        import apprise
    except ImportError:
        return "apprise is not installed: pip install 'duban[embedded]'"
    target = apprise.Apprise()
    if not target.add(channel.url):
        return "not an address that apprise knows"
    sent = target.notify(title="【督办】测试消息", body=f"订阅 {name} 的通道可以使用。")
    return "" if sent else "apprise could not deliver"


def _row(event: Event) -> dict[str, Any]:
    kept = ("subscription_id", "version", "halls", "windows", "roles", "levels", "channels")
    return {name: event.data.get(name) for name in (*kept, "quiet_hours")}


def _said(event: Event) -> str:
    data = event.data
    halls = "、".join(data["halls"]) or "全部大厅"
    windows = "、".join(data["windows"])
    levels = "、".join(LEVELS.get(level, level) for level in data["levels"]) or "各级预警"
    return " · ".join(filter(None, (halls, windows, levels)))
