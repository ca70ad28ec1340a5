"""`duban demo`: a city hall in a few minutes, on real parts, beginning with nothing."""

import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.panel import Panel

from deploy.demo.proof import proved
from deploy.demo.show import Ended, status_line, summary, watch
from deploy.demo.stage import Stage, open_stage
from deploy.demo.view import TITLES
from deploy.local.trouble import Trouble
from duban.cli.output import err, fail, out, say_json
from duban.publish import publish
from duban.reference import PRESETS, SHIPPED, load
from duban.settings import settings

DAYS, SEED, SCALE, DATA = 15, 7, 0.001, Path(".duban-demo")
NAMES = {**TITLES, "events_emitted": "已发事件", "events_projected": "已入库事件"}

PROVED = {
    "rankings": "公布评比", "places_checked": "复核名次", "places_differ": "不符名次",
}  # fmt: skip


class Run(NamedTuple):
    """What was asked for."""

    days: int
    seed: int
    pace: float | None
    year: int
    scale: float
    headless: bool
    port_base: int | None
    data: Path
    json: bool

    def options(self) -> list[str]:
        """What the simulator is told."""
        span = ["--year", self.year, "--scale", self.scale] if self.year else ["--days", self.days]
        pace = [] if self.pace is None else ["--pace", self.pace]
        return [str(option) for option in (*span, "--seed", self.seed, *pace)]

    def said(self) -> dict[str, Any]:
        """What the summary repeats of it."""
        span = {"year": self.year, "scale": self.scale} if self.year else {"days": self.days}
        return {"seed": self.seed, **span}


def main(
    days: Annotated[int, typer.Option(min=1, max=250, help="Working days. 工作日数。")] = DAYS,
    seed: Annotated[int, typer.Option(help="Same seed, same events. 种子。")] = SEED,
    headless: Annotated[bool, typer.Option("--headless", help="End by itself. 自行结束。")] = False,
    pace: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds a day takes: 4, of a year 0.1. 每日的秒数。"),
    ] = None,
    year: Annotated[
        int, typer.Option(min=0, help="A whole year with its evaluation. 整年，含评比。")
    ] = 0,
    scale: Annotated[
        float, typer.Option(min=0.00001, max=1, help="Of its 774,000 cases. 办件规模。")
    ] = SCALE,
    port_base: Annotated[
        int | None, typer.Option(min=1024, max=65400, help="First port. 起始端口。")
    ] = None,
    data: Annotated[Path, typer.Option(help="Its data directory. 数据目录。")] = DATA,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON。")] = False,
) -> None:
    """A simulated city hall on a stack of its own; business time runs fast. 演示。"""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _demo(Run(days, seed, pace, year, scale, headless, port_base, data, json_))
    except Trouble as trouble:
        fail(trouble.what, trouble.next_step)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _demo(run: Run) -> None:
    console = err if run.json else out
    begun = time.monotonic()
    spinner, waiting = status_line(console)
    with spinner:
        stage = open_stage(run.data, run.port_base, waiting)
    try:
        ready = time.monotonic() - begun
        _welcome(console, stage, ready)
        ended = _watched(stage, run, console)
        url = settings().url("dashboard")
        proof = proved()._asdict() if run.year else {}
        seconds = {"seconds_ready": round(ready, 1), "seconds": round(time.monotonic() - begun, 1)}
        said = summary(ended, **run.said(), **proof, dashboard_url=url, **seconds)
        _say(said, run.json)
        if not run.headless:
            with suppress(KeyboardInterrupt):  # that is how a demo ends
                _serve(console)
    finally:
        stage.stop()
    if not ended.settled:
        fail("不是所有事件都已入库。 Not every event arrived.", f"See {stage.data / 'logs'}.")
    if proof.get("places_differ"):
        fail("有名次与计分明细不符。 Places do not follow from their points.", "duban score --all")


def _watched(stage: Stage, run: Run, console: Console) -> Ended:
    if run.year:
        publish(load(SHIPPED / PRESETS))  # several policies side by side
    simulation = stage.simulate(run.options())
    try:
        return watch(simulation, console)
    finally:
        simulation.stop()


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _welcome(console: Console, stage: Stage, seconds: float) -> None:
    lines = [
        f"看板 Dashboard   {settings().url('dashboard')}",
        f"登录令牌 Token   {stage.token}",
        "停止 Stop        Ctrl-C",
    ]
    title = f"督办演示已就绪 The demo is ready ({seconds:.1f} s)"
    panel = Panel("\n".join(lines), title=title, expand=False)
    console.print(panel, highlight=False, soft_wrap=True)


def _say(said: dict[str, Any], json_: bool) -> None:
    if json_:
        say_json(said)
        return
    names = NAMES | PROVED if "rankings" in said else NAMES
    lines = [f"{title:　<6} {said[name]:>9,}" for name, title in names.items()]
    out.print(Panel("\n".join(lines), title=f"小结 · {said['business_time']}", expand=False))


def _serve(console: Console) -> None:
    """Keep the stack up until somebody stops it."""
    console.print("看板继续运行，按 Ctrl-C 停止。 The screens stay up; Ctrl-C stops.")
    threading.Event().wait()


if __name__ == "__main__":
    app = typer.Typer(name="duban demo", add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="duban demo")
