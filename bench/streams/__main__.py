"""`python -m bench.streams`, or `make bench-streams`: Duban's engine beside its peers."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from kafka.admin import KafkaAdminClient, NewTopic

from bench.report import RESULTS, keep, machine
from bench.rig import BenchError, own_stack
from bench.streams import picture, results
from bench.streams.engines import ENGINES, Engine
from bench.streams.race import FAILURES, Race
from bench.streams.workload import PARTITIONS, TOPIC, Load, send
from deploy.demo.stage import free_base
from deploy.local import jars
from deploy.local.trouble import Trouble
from duban.bus import BrokerAway
from duban.bus_config import kafka_config
from duban.cli.output import err, fail, progress, say_json
from duban.settings import settings

DATA = Path(".duban-bench-streams")
DEFAULT = Load()
LIMIT = 1800.0


def chosen(only: Sequence[str]) -> list[Engine]:
    """The engines that are named, in the order of the table; all when none is."""
    if unknown := set(only) - set(ENGINES):
        names = ", ".join(ENGINES)
        raise BenchError(f"No such engine: {', '.join(sorted(unknown))}. Engines: {names}.")
    return [engine for name, engine in ENGINES.items() if not only or name in only]


def measure(
    engines: Sequence[Engine], load: Load, data: Path, port_base: int, limit: float = LIMIT
) -> list[results.Outcome]:
    """Load the topic once, then run one engine after the other; what became of each."""
    jars.provide(settings().cache, maven_url=settings().maven_url)
    with own_stack(data, port_base) as rig:
        err.print("a broker of its own")
        rig.up(only=("broker", "topics"))
        client = KafkaAdminClient(**kafka_config())
        try:
            client.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
            client.wait_for_topics([TOPIC])
            broker = settings().brokers
            with progress("load", load.total) as say:
                model = asyncio.run(send(broker, load, say))
            err.print(f"{load.total:,} records, {len(model.state):,} keys")
            race = Race(broker, rig.env, rig.data / "engine", load, model, client, limit)
            return [_outcome(race, engine) for engine in engines]
        finally:
            client.close()


def _outcome(race: Race, engine: Engine) -> results.Outcome:
    """One engine's figures, or why it has none: the others go on."""
    try:
        with progress(engine.title, race.load.total) as say:
            measured = race.run(engine, say)
    except FAILURES as error:
        err.print(f"[red]✗[/] {engine.name}: {error}", highlight=False)
        return results.Outcome(engine, None, str(error))
    rate = f"{measured.events_per_s:,.0f} events/s"
    err.print(f"[green]✓[/] {engine.name}: {rate}, result as it must be", highlight=False)
    return results.Outcome(engine, measured)


def main(
    records: Annotated[
        int, typer.Option(min=1000, help="Measured records; a tenth more before them warms up.")
    ] = DEFAULT.records,
    keys: Annotated[int, typer.Option(min=1, help="Different keys.")] = DEFAULT.keys,
    only: Annotated[list[str] | None, typer.Option(help=f"Engines: {', '.join(ENGINES)}.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    shown: Annotated[
        Path | None, typer.Option("--picture", help="Draw the figures into this SVG file.")
    ] = None,
    limit: Annotated[float, typer.Option(min=1, help="Seconds an engine may take.")] = LIMIT,
    kept: Annotated[
        Path, typer.Option("--results", help="Directory that keeps the JSON of each run.")
    ] = RESULTS / "streams",
    data: Annotated[Path, typer.Option(help="Data directory of its own broker.")] = DATA,
    port_base: Annotated[int | None, typer.Option(min=1024, max=65400, help="First port.")] = None,
) -> None:
    """Run the counting rule on Duban and its peers; print figures, and how many times faster."""
    signal.signal(signal.SIGTERM, _interrupt)
    where = machine()
    try:
        base = port_base or free_base(settings().port_base)
        outcomes = measure(chosen(only or ()), Load(records, keys), data, base, limit)
    except Trouble as error:
        fail(error.what, error.next_step)
    except (BenchError, BrokerAway) as error:
        fail(str(error), f"Logs: {data}/logs.")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    said = results.as_json(outcomes, Load(records, keys), where)
    err.print(f"[dim]{keep(said, kept)}[/]", highlight=False)
    if shown is not None:
        picture.write(shown, said)
        err.print(f"drawn: {shown}", highlight=False)
    if json:
        say_json(said)
    else:
        results.show(outcomes, Load(records, keys), where)
    if any(o.engine.name == "duban" and o.measured is None for o in outcomes):
        raise SystemExit(1)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="python -m bench.streams")
