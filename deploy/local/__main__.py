"""`duban up | status | down | doctor`: the embedded stack from the command line."""

from typing import Annotated, Literal

import typer

from deploy.local import doctor as doctor_
from deploy.local import status as status_
from deploy.local import up as up_
from deploy.local.trouble import Trouble
from duban.cli.output import fail, out, say_json, say_table
from duban.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON。")]
app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="The embedded stack. 本机全套服务。"
)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Background. 后台运行。")] = False,
    port_base: Annotated[
        int | None, typer.Option(min=1024, max=65400, help="First port. 起始端口。")
    ] = None,
    parts: Annotated[str, typer.Option(help="Only these, comma-separated. 只启动这些部件。")] = "",
    business_time: Annotated[
        Literal["wall", "ticks"] | None, typer.Option(help="Where 'now' comes from. 业务时钟来源。")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Streams workers. 流处理进程数。")
    ] = None,
    json: Json = False,
    in_background: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Start the embedded stack. 启动本机全套服务。"""
    plan = up_.plan(port_base, business_time, parts, workers)

    def ready(seconds: float) -> None:
        if json:
            say_json(status_.status(plan.settings))
        elif not in_background:
            up_.welcome(plan, seconds)

    if detach:
        ready(up_.in_background(plan))
    else:
        up_.in_foreground(plan, ready)


@app.command()
def status(json: Json = False) -> None:
    """What runs, where, how far behind. 运行状态。"""
    said = status_.status(Settings())
    if json:
        say_json(said)
        return
    columns = ("部件 part", "状态 state", "pid", "port", "MB", "重启 restarts", "积压 lag")
    keys = ("name", "state", "pid", "port", "rss_mb", "restarts", "lag")
    say_table(columns, [[p[k] for k in keys] for p in said["parts"]])
    for p in said["parts"]:
        if p["restarts_lately"]:
            out.print(status_.again_and_again(p), highlight=False, soft_wrap=True)
    out.print("就绪 ready" if said["ready"] else "未就绪 not ready → duban up / duban doctor")


@app.command()
def down(json: Json = False) -> None:
    """Stop the embedded stack. 停止。"""
    stopped = status_.down(Settings())
    if json:
        say_json({"stopped": stopped})
    else:
        out.print("已全部停止。 All parts have stopped." if stopped else "没有运行。 Nothing runs.")


@app.command()
def doctor(json: Json = False) -> None:
    """What is wrong and how to mend it. 诊断。"""
    s = Settings()
    findings = doctor_.examine(s)
    if json:
        say_json(doctor_.as_json(s, findings))
    else:
        for f in findings:
            out.print(f"{'[green]✓[/]' if f.ok else '[red]✗[/]'} {f.name}: {f.found}")
            if f.next_step and not f.ok:
                out.print(f"  → {f.next_step}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


def main() -> None:
    """Run a command; what a person can mend is said in one sentence."""
    try:
        app(prog_name="duban")
    except Trouble as e:
        fail(e.what, e.next_step)


if __name__ == "__main__":
    main()
