"""`up`: plan the stack from options and settings, run it here or in the background."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.panel import Panel

from deploy.local import datadir, jars
from deploy.local.parts import Part, chosen, with_workers
from deploy.local.process import last_lines
from deploy.local.status import state_of
from deploy.local.supervised import Supervised
from deploy.local.supervisor import Supervisor
from deploy.local.topics import wanted
from deploy.local.trouble import Trouble
from duban.cli.output import err, out
from duban.launch import program_env
from duban.settings import Settings

WAIT = 180.0  # seconds that `up -d` waits for ready
MARKS = {"ready": "[green]✓[/]", "done": "[green]✓[/]", "failed": "[red]✗[/]"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` was asked for."""

    settings: Settings
    parts: list[Part]
    arguments: list[str]  # of `up`, to ask the same of a process in the background
    first: bool  # no token was made yet


def plan(
    port_base: int | None, business_time: str | None, names: str, workers: int | None = None
) -> Plan:
    """Options over environment over what the data directory was last started with.

    A Kafka or ClickHouse named in the environment is used instead of an embedded one.
    """
    before = Settings()
    data = before.data.expanduser().resolve()
    base = port_base or before.port_base
    outside = {
        part
        for part, name in (("broker", "DUBAN_BROKER"), ("warehouse", "DUBAN_WAREHOUSE_URL"))
        if os.environ.get(name)
    }
    try:
        parts = chosen(names, outside)
    except ValueError as e:
        raise Trouble(str(e), "See the parts with `duban status`.") from e
    embedded = {p.name for p in parts}
    given: dict[str, Any] = {"data": data, "port_base": base}
    given["business_time"] = business_time or before.business_time
    given["workers"] = workers or before.workers
    if "broker" in embedded or not os.environ.get("DUBAN_BROKER"):
        given["broker"] = ""
    if "warehouse" in embedded or not os.environ.get("DUBAN_WAREHOUSE_URL"):
        given["warehouse_url"] = ""
    arguments = ["--port-base", str(base), "--business-time", given["business_time"]]
    arguments += ["--workers", str(given["workers"])]
    arguments += ["--parts", names] if names else []
    first = "dashboard_token" not in datadir.read_stack(data)
    settings = Settings(**given)
    check_workers(settings)
    return Plan(settings, with_workers(parts, settings), arguments, first)


def check_workers(s: Settings) -> None:
    """Raise `Trouble` for more workers than partitions: the last ones would have none."""
    most = next(topic.partitions for topic in wanted(s) if topic.name == "case-events")
    if s.workers > most:
        raise Trouble(
            f"{s.workers} streams workers, but case-events has {most} partitions: more workers "
            "than partitions have nothing to do.",
            f"Use --workers {most} at the most (DUBAN_WORKERS).",
        )


def stack_values(s: Settings) -> dict[str, Any]:
    """What `stack.json` says besides the secrets; keys are settings."""
    return {
        "port_base": s.port_base,
        "business_time": s.business_time,
        "workers": s.workers,
        "broker": s.brokers,
        "warehouse_url": s.url("warehouse"),
        "gateway_url": f"http://127.0.0.1:{s.port('gateway')}",
        "dashboard_url": f"http://127.0.0.1:{s.port('dashboard')}",
    }


def in_foreground(p: Plan, on_ready: Callable[[float], None]) -> None:
    """Run the stack in this process until it is told to stop."""
    begun = time.monotonic()
    with datadir.hold(p.settings.data):
        datadir.write_stack(p.settings.data, stack_values(p.settings))
        supervisor = Supervisor(p.settings, p.parts, reporter())
        supervisor.run(lambda: on_ready(time.monotonic() - begun))
    err.print("已全部停止。 All parts have stopped.")


def reporter() -> Callable[[Supervised], None]:
    """A function that says on standard error what became of a part."""

    def report(child: Supervised) -> None:
        name = f"{child.part.name:<10}"
        port = f" 127.0.0.1:{child.port}" if child.port else ""
        if child.state in ("ready", "done"):
            took = time.monotonic() - child.started
            err.print(f"{MARKS[child.state]} {name}{port} [dim]{took:.1f} s[/]", highlight=False)
        elif child.state in ("restarting", "failed"):
            err.print(f"[red]✗[/] {name} ended, {child.said()}", highlight=False)
            err.print(f"  → {child.log}", highlight=False)

    return report


def in_background(p: Plan) -> float:
    """Start the stack in a process of its own and wait until it is ready; seconds it took."""
    s = p.settings
    if pid := datadir.holder(s.data):
        raise Trouble(
            f"{s.data} is held by `duban up`, process {pid}.",
            "`duban status` shows it, `duban down` stops it; DUBAN_DATA names another.",
        )
    if any(part.name == "broker" for part in p.parts):
        jars.provide(s.cache, maven_url=s.maven_url)
    begun = time.monotonic()
    child, log, start = _start(p)
    try:
        while time.monotonic() - begun < WAIT:
            state = state_of(s.data)
            if state.get("pid") == child.pid and state.get("ready"):
                return time.monotonic() - begun
            if child.poll() is not None:
                raise Trouble(_said(log, start) or f"`up` ended with {child.returncode}.")
            time.sleep(0.1)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise
    waiting = [x["name"] for x in state_of(s.data).get("parts", []) if x["state"] != "ready"]
    raise Trouble(
        f"Not ready after {WAIT:.0f} s: {', '.join(waiting)}; the stack goes on trying.",
        "`duban doctor` says why; `duban down` stops it.",
    )


def _start(p: Plan) -> tuple[subprocess.Popen[bytes], Path, int]:
    log = p.settings.data / "logs" / "supervisor.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise Trouble(f"Cannot make {log.parent}: {e.strerror}", "Set DUBAN_DATA elsewhere.") from e
    env = {**program_env(), "DUBAN_DATA": str(p.settings.data)}
    with log.open("ab") as file:
        start = file.tell()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "deploy.local", "up", "--in-background", *p.arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    return child, log, start


def _said(log: Path, start: int) -> str:
    with log.open("rb") as f:
        f.seek(start)
        text = f.read().decode("utf-8", "replace")
    tail = text.rpartition("✗ ")[2] if "✗ " in text else last_lines(log)
    return tail.replace("\n  → ", "\n→ ").strip()


def welcome(p: Plan, seconds: float) -> None:
    """Where the screen is and, the first time, the token that opens it; Chinese first."""
    s = p.settings
    stack = datadir.read_stack(s.data)
    lines = [
        f"看板 Dashboard   {stack['dashboard_url']}",
        f"网关 Gateway     {stack['gateway_url']}",
    ]
    if p.first:
        lines.append(f"登录令牌 Token   {stack['dashboard_token']}")
        lines.append("令牌只显示这一次，请妥善保存。 The token is shown this once.")
    else:
        lines.append("登录令牌见首次启动时的输出。 The token was shown at the first start.")
    lines.append("停止：duban down   状态：duban status   诊断：duban doctor")
    title = f"督办已就绪 Duban is ready ({seconds:.1f} s)"
    out.print(Panel("\n".join(lines), title=title, expand=False), highlight=False, soft_wrap=True)
