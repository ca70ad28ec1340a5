"""`duban import FILE …`: counts in, out and left out, with line and reason."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from duban import codec
from duban.bus import BrokerAway, DeliveryError, Producer, read_all
from duban.cli.output import err, fail, out, say_json, say_table
from duban.events import Event
from duban.settings import settings
from producers.importers.facts import Place
from producers.importers.known import Known
from producers.importers.mapping import LogMapping, MappingError, load, named
from producers.importers.source import FORMATS, kind, stem
from producers.importers.work import Job, Report, run


def main(
    files: Annotated[list[Path], typer.Argument(help="XES, XES.gz, CSV, XLSX or NDJSON files.")],
    map_: Annotated[
        Path | None,
        typer.Option("--map", help="Mapping: a TOML file, or a shipped one's name."),
    ] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Apply no shipped mapping.")] = False,
    hall: Annotated[str, typer.Option(help="Hall of the cases.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Check the files, send nothing.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Import old logs: clocks and figures count them, nobody is notified, twice adds nothing.

    导入历史日志：计时与统计照算，不发通知；重复导入不增加任何记录。
    """
    mapping = _mapping(files, map_)
    try:
        reports = _import(files, mapping, no_map, hall, dry_run)
    except (BrokerAway, DeliveryError) as error:
        fail(str(error), "duban up, then import again: what is there is not added twice.")
    _say(reports, json_)
    if any(report.broken or (report.rejected and not report.subjects) for report in reports):
        raise SystemExit(1)


def _mapping(files: list[Path], path: Path | None) -> LogMapping | None:
    for file in files:
        if not file.is_file():
            fail(f"No such file: {file}", status=2)
        if not kind(file):
            fail(f"{file.name}: unknown ending.", f"Known: {', '.join(FORMATS)}, also .gz", 2)
    try:
        return load(named(path)) if path else None
    except (MappingError, OSError) as error:
        fail(str(error), status=2)


def _import(
    files: list[Path], mapping: LogMapping | None, no_map: bool, hall: str, dry_run: bool
) -> list[Report]:
    reports = []
    with _emitter(dry_run) as emitter:
        for file in files:
            with _progress(file) as progress:
                reports.append(
                    run(
                        Job(
                            path=file,
                            place=partial(_place, hall, file),
                            mapping=mapping,
                            by_standard=no_map,
                            emitter=emitter,
                            known=lambda of: Known() if dry_run else Known(_on_topic(of)),
                            progress=progress,
                            now=time.time_ns() // 1_000_000,
                        )
                    )
                )
            if emitter:
                emitter.flush()
    return reports


@contextmanager
def _emitter(dry_run: bool) -> Iterator[Producer | None]:
    if dry_run:
        yield None
        return
    with Producer() as producer:
        yield producer


def _place(hall: str, file: Path, mapping: LogMapping) -> Place:
    zone = ZoneInfo(mapping.zone or settings().zone)
    return Place(hall or mapping.hall or stem(file), settings().tenant, zone)


def _on_topic(hall: str) -> Iterator[Event]:
    """Facts of a hall and its cases that are on the topics; unreadable ones are not ours."""
    own, prefix = hall.encode(), f"{hall}/".encode()
    for record in chain(read_all("case-events"), read_all("hall-events")):
        key = record.key or b""
        if record.value is None or not (key == own or key.startswith(prefix)):
            continue
        try:
            yield codec.decode(record.value)
        except codec.CodecError:
            continue  # the consumers put it into dead-letters


@contextmanager
def _progress(file: Path) -> Iterator[Any]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield lambda position: bar.update(task, completed=position)


def _say(reports: list[Report], json_: bool) -> None:
    found = [report.as_json() for report in reports]
    if json_:
        say_json(found[0] if len(found) == 1 else {**_sums(found), "files": found})
        return
    names = ("cases", "events", "added", "corrected", "duplicates", "rejected")
    headings = ("案件", "源事件", "新增", "更正", "重复", "退回")
    rows = [[r["file"], r["mapping"], *(f"{r[name]:,}" for name in names)] for r in found]
    title = "导入（试运行，未发送）" if reports[0].dry_run else "导入"
    say_table(("文件", "映射", *headings), rows, title)
    for report in reports:
        for reject in report.rejects[:20]:
            out.print(f"  {report.file}:{reject.line} {reject.case} {reject.reason}", markup=False)
        if report.broken:
            err.print(f"[bold red]✗[/] {report.file}: {report.broken}", highlight=False)
            err.print("  → 之前的案件已导入；修复后重新导入即可，不会重复。")


def _sums(found: list[dict[str, Any]]) -> dict[str, int]:
    names = ("cases", "events", "added", "corrected", "duplicates", "rejected", "lost_events")
    return {name: sum(report[name] for report in found) for name in names}


if __name__ == "__main__":
    app = typer.Typer(name="duban import", add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="duban import")
