"""`duban schemas`: the contracts of events, checked and written out."""

import sys
from typing import Annotated

import typer

from duban import avro, schema_docs, schema_rules
from duban.cli.output import fail, out, say_json, say_table

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """Add the group `schemas`."""
    group = typer.Typer(no_args_is_help=True, help="Contracts of events. 事件规范。")
    group.command("list")(list_)
    group.command("check")(check)
    group.command("docs")(docs)
    app.add_typer(group, name="schemas")


def list_(json: Json = False) -> None:
    """Every event type with its topic, newest version and fingerprint."""
    schemas = avro.newest().values()
    rows = [(s.type, s.topic, s.version, f"{s.fingerprint:016x}") for s in schemas]
    columns = ["type", "topic", "version", "fingerprint"]
    if json:
        say_json({"schemas": [dict(zip(columns, row, strict=True)) for row in rows]})
    else:
        say_table(columns, rows)


def check(json: Json = False) -> None:
    """House rules, and that every version of a type reads every other (FULL_TRANSITIVE)."""
    flaws = schema_rules.misplaced() + schema_rules.flaws()
    count = len(avro.all_schemas())
    if json:
        say_json({"schemas": count, "flaws": flaws})
        raise SystemExit(1 if flaws else 0)
    for flaw in flaws:
        out.print(f"[red]✗[/] {flaw}", highlight=False)
    if flaws:
        fail(f"{len(flaws)} flaws in {count} schemas", "see docs/reference/events.md for the rules")
    out.print(f"✓ {count} schemas", highlight=False)


def docs() -> None:
    """The reference page of all events, in Markdown, on standard output."""
    sys.stdout.write(schema_docs.events_page())
