"""`python -m bench`: a stack of its own, every figure beside its target."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bench import catching_up, emitting, job, live, report, restart, rules, standing, timers
from bench.believable import past
from bench.rig import BenchError, own_stack
from bench.run import Run, Sizes
from deploy.demo.stage import free_base
from deploy.local import jars
from deploy.local.trouble import Trouble
from duban.bus import BrokerAway, DeliveryError
from duban.cli.output import fail, say_json
from duban.settings import settings

PARTS = (
    "rules", "job", "stack", "timers", "sdk", "gateway", "worker", "sink", "live", "restart",
)  # fmt: skip
# What a part must find done, in the order of PARTS.
NEEDS = {"worker": ("sdk",), "sink": ("sdk", "worker")}
NEEDS |= dict.fromkeys(("live", "restart"), (*NEEDS["sink"], "sink"))
DATA = Path(".duban-bench")
DEFAULT = Sizes()


def chosen(only: Sequence[str]) -> list[str]:
    """The parts that are named, with those they need; all when none is. Raises `BenchError`."""
    if unknown := set(only) - set(PARTS):
        raise BenchError(f"No such part: {', '.join(sorted(unknown))}. Parts: {', '.join(PARTS)}.")
    wanted = set(only).union(*(NEEDS.get(name, ()) for name in only)) or set(PARTS)
    return [name for name in PARTS if name in wanted]


def measure(run: Run, parts: Sequence[str], data: Path, port_base: int) -> None:
    """Take all figures of these parts."""
    for name, work in (("rules", rules.measure), ("job", job.measure)):
        if name in parts:
            work(run)
    if set(parts) <= {"rules", "job"}:
        return
    jars.provide(settings().cache, maven_url=settings().maven_url)
    if "stack" in parts:
        with own_stack(data, port_base) as rig:
            standing.measure(run, rig)
    if "timers" in parts:
        with own_stack(data, port_base) as rig:
            timers.measure(run, rig)
    if set(parts) <= {"rules", "job", "stack", "timers"}:
        return
    told = past(run.sizes.events + 2 * run.sizes.gateway)
    with own_stack(data, port_base) as rig:
        run.say("a stack without worker and sink")
        rig.up(by_hand=True)
        by_sdk, by_gateway = told[: run.sizes.events], told[run.sizes.events :]
        steps: dict[str, Callable[[], None]] = {
            "sdk": lambda: emitting.sdk(run, by_sdk),
            "gateway": lambda: emitting.gateway(run, rig, by_gateway),
            "worker": lambda: catching_up.worker(run, rig),
            "sink": lambda: catching_up.sink(run, rig),
            "live": lambda: live.measure(run),
            "restart": lambda: restart.measure(run, rig),
        }
        for name, step in steps.items():
            if name in parts:
                step()


def main(
    events: Annotated[int, typer.Option(min=100, help="Events of the load.")] = DEFAULT.events,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Parts: {', '.join(PARTS)}; with what they need.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    seconds: Annotated[
        float, typer.Option(min=1, help="Seconds of each steady rate.")
    ] = DEFAULT.seconds,
    rate: Annotated[list[int] | None, typer.Option(min=1, help="Steady rates, events/s.")] = None,
    deadlines: Annotated[
        int, typer.Option(min=1, help="Due instants awaited at each rate.")
    ] = DEFAULT.deadlines,
    timers_open: Annotated[
        int,
        typer.Option(
            "--timers", min=1000, help="Open cases, each with a timer, beside what falls due."
        ),
    ] = DEFAULT.timers,
    results: Annotated[
        Path, typer.Option(help="Directory that keeps the JSON of each run.")
    ] = report.RESULTS,
    data: Annotated[Path, typer.Option(help="Data directory of its own stack.")] = DATA,
    port_base: Annotated[int | None, typer.Option(min=1024, max=65400, help="First port.")] = None,
) -> None:
    """Measure Duban on this machine and print each figure beside its target."""
    signal.signal(signal.SIGTERM, _interrupt)
    run = Run(Sizes(events, seconds, tuple(rate or DEFAULT.rates), deadlines, timers_open))
    where = report.machine()
    begun = time.monotonic()
    try:
        measure(run, chosen(only or ()), data, port_base or free_base(settings().port_base))
    except Trouble as error:
        fail(error.what, error.next_step)
    except (BenchError, BrokerAway, DeliveryError) as error:
        fail(str(error), f"Logs: {data}/logs.")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    said = report.as_json(run, where, time.monotonic() - begun)
    kept = report.keep(said, results)
    if json:
        say_json(said)
    else:
        report.show(run, where, kept)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="python -m bench")
