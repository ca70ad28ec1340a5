"""`duban token`: make, list and revoke the tokens that halls show at the gateway."""

import getpass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from duban.access import ALL_HALLS, SCOPES, Grant, hash_of, new_token
from duban.bus import BrokerAway, DeliveryError, Producer
from duban.bus_access import read_grants, write_grant
from duban.bus_make import now_ms
from duban.cli.output import fail, out, say_json, say_table
from duban.settings import settings

DAY_MS = 86_400_000
WHO = "cli:{user}"

tokens = typer.Typer(no_args_is_help=True, help="Tokens for hall systems. 接入令牌。")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@tokens.command("create")
def create(
    hall: Annotated[str, typer.Option(help=f"Hall that it speaks for; {ALL_HALLS!r}: every hall.")],
    scope: Annotated[str, typer.Option(help="write (includes read) or read.")] = "write",
    days: Annotated[int, typer.Option(help="Days until it expires; 0: never.")] = 365,
    json: Json = False,
) -> None:
    """Make a token; it is shown once and only its hash is kept. 新建令牌。"""
    if scope not in SCOPES:
        fail(f"There is no scope {scope!r}.", f"Use one of: {', '.join(SCOPES)}.", 2)
    if not hall or "/" in hall or days < 0:
        fail("A hall id has no slash and is not empty; days are not negative.", status=2)
    token_id, token = new_token()
    now = now_ms()
    expires = now + days * DAY_MS if days else None
    grant = Grant(token_id, hash_of(token), hall, (scope,), now, expires)
    _write(grant, "token created")
    if json:
        say_json({"token": token, **_row(grant, now)})
        return
    out.print(token, highlight=False, soft_wrap=True)
    out.print(
        f"令牌 {token_id}，大厅 {hall}，权限 {scope}，有效至 {_when(expires)}。"
        "只显示这一次，请妥善保存。"
    )


@tokens.command("list")
def list_(json: Json = False) -> None:
    """All tokens and their state; never the tokens themselves. 令牌清单。"""
    now = now_ms()
    grants = sorted(_read().values(), key=lambda grant: grant.created_at)
    if json:
        say_json({"tokens": [_row(grant, now) for grant in grants]})
        return
    states = {"active": "有效", "expired": "过期", "revoked": "已撤销"}
    say_table(
        ("令牌", "大厅", "权限", "状态", "创建", "到期"),
        (
            (
                g.token_id,
                g.hall,
                ",".join(g.scopes),
                states[g.state(now)],
                _when(g.created_at),
                _when(g.expires_at),
            )
            for g in grants
        ),
    )


@tokens.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id from `duban token list`.")],
    json: Json = False,
) -> None:
    """Shut a token out, at once and for good. 撤销令牌。"""
    grant = _read().get(token_id)
    if grant is None:
        fail(f"There is no token {token_id!r}.", "duban token list")
    now = now_ms()
    if grant.revoked_at is None:
        fields = {name: getattr(grant, name) for name in Grant.__dataclass_fields__}
        grant = Grant(**{**fields, "revoked_at": now})
        _write(grant, "token revoked")
    if json:
        say_json(_row(grant, now))
    else:
        out.print(f"令牌 {token_id} 已撤销。")


def register(app: typer.Typer) -> None:
    """Add `duban token`."""
    app.add_typer(tokens, name="token")


def _read() -> dict[str, Grant]:
    try:
        return read_grants()
    except (BrokerAway, LookupError) as error:
        fail(str(error))


def _write(grant: Grant, did: str) -> None:
    try:
        with Producer() as producer:
            write_grant(producer, grant, WHO.format(user=getpass.getuser()), did)
    except (BrokerAway, DeliveryError) as error:
        fail(str(error))


def _row(grant: Grant, now: int) -> dict[str, object]:
    return {
        "token_id": grant.token_id,
        "hall": grant.hall,
        "scopes": list(grant.scopes),
        "state": grant.state(now),
        "created_at": _iso(grant.created_at),
        "expires_at": _iso(grant.expires_at),
        "revoked_at": _iso(grant.revoked_at),
    }


def _iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()


def _when(at: int | None) -> str:
    if at is None:
        return "永久"
    zone = ZoneInfo(settings().zone)
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")
