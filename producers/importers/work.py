"""One file from its first byte to the report: read, map, check, compare, send, count."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from duban import contracts
from duban.events import Event
from producers.importers import ndjson, rows, sheet, xes
from producers.importers.facts import BadTrace, Draft, Place, drafts
from producers.importers.known import Finding, Known
from producers.importers.mapping import BY_STANDARD, LogMapping, matching
from producers.importers.source import BrokenFile, Input, Reject, Trace, kind

REJECTS_LISTED = 1000


class Unit(NamedTuple):
    """What stands or falls together: the facts of one trace, or of one NDJSON line."""

    line: int
    source_events: int
    drafts: list[Draft]


class Emitter(Protocol):
    """Where new facts go; `Producer` is one."""

    def send(self, event: Event) -> Any:
        """Send one event."""


@dataclass(slots=True)
class Report:
    """Counts of one file. `events` are the source's own; `added` and `duplicates` are facts, of
    which a source event gives one and a case some more; nothing is counted twice."""

    file: str
    hall: str
    mapping: str = ""
    events: int = 0
    added: int = 0
    corrected: int = 0
    duplicates: int = 0
    rejected: int = 0
    lost_events: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    subjects: set[str] = field(default_factory=set)
    rejects: list[Reject] = field(default_factory=list)
    broken: str = ""
    dry_run: bool = False

    def reject(self, reject: Reject) -> None:
        """Count what was left out; the first thousand are listed."""
        self.rejected += 1
        self.lost_events += reject.events
        if len(self.rejects) < REJECTS_LISTED:
            self.rejects.append(reject)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "file": self.file,
            "hall": self.hall,
            "mapping": self.mapping,
            "cases": len(self.subjects),
            "events": self.events,
            "added": self.added,
            "corrected": self.corrected,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "lost_events": self.lost_events,
            "facts": dict(sorted(self.facts.items())),
            "rejects": [reject._asdict() for reject in self.rejects],
            "broken": self.broken,
            "dry_run": self.dry_run,
        }


class Job(NamedTuple):
    """One file and how to take it. `mapping` None: a shipped one where it matches, unless
    `by_standard`. `emitter` None: a dry run. `now` (ms) bounds the dates that a log may have."""

    path: Path
    place: Callable[[LogMapping], Place]
    mapping: LogMapping | None
    by_standard: bool
    emitter: Emitter | None
    known: Callable[[str], Known]
    progress: Callable[[int], None]
    now: int


def run(job: Job) -> Report:
    """Import one file. A file that breaks off keeps what came before; `broken` says where."""
    source = Input(job.path)
    report = Report(job.path.name, "", dry_run=job.emitter is None)
    known: Known | None = None
    try:
        for found in _units(job, source, report):
            known = known if known is not None else job.known(report.hall)
            _take(found, report, known, job)
            job.progress(source.position)
    except BrokenFile as error:
        report.broken = str(error)
    finally:
        source.close()
    return report


def _units(job: Job, source: Input, report: Report) -> Iterator[Unit | Reject]:
    if kind(job.path) == "ndjson":
        return _lines(job, source, report)
    return _cases(job, source, report)


def _lines(job: Job, source: Input, report: Report) -> Iterator[Unit | Reject]:
    place = job.place(BY_STANDARD)
    report.hall, report.mapping = place.hall, "ndjson"
    for line in ndjson.read(source.stream, place):
        yield line if isinstance(line, Reject) else Unit(line.line, 1, [line])


def _cases(job: Job, source: Input, report: Report) -> Iterator[Unit | Reject]:
    taken: tuple[LogMapping, Place] | None = None
    for found in _traces(job, source):
        if isinstance(found, Reject):
            yield found
            continue
        if taken is None:
            mapping = job.mapping or _mapping(job, found)
            taken = mapping, job.place(mapping)
            report.hall, report.mapping = taken[1].hall, mapping.name
        yield _unit(found, *taken)


def _traces(job: Job, source: Input) -> Iterator[Trace | Reject]:
    columns = job.mapping or BY_STANDARD
    match kind(job.path):
        case "csv":
            yield from rows.read_csv(source.stream, columns)
        case "xlsx":
            yield from rows.read_xlsx(job.path, columns)
        case _:
            yield from xes.read(source.stream)


def _mapping(job: Job, first: Trace) -> LogMapping:
    fitting = None if job.by_standard else matching(job.path.name, first.attributes)
    return fitting or BY_STANDARD


def _unit(trace: Trace, mapping: LogMapping, place: Place) -> Unit | Reject:
    try:
        return Unit(trace.line, len(trace.events), _drafts(trace, mapping, place))
    except BadTrace as error:
        name = trace.attributes.get(mapping.case_id, "")
        return Reject(error.line, error.reason, name, len(trace.events))


def _drafts(trace: Trace, mapping: LogMapping, place: Place) -> list[Draft]:
    if mapping.row:
        return sheet.drafts(trace, mapping, mapping.row, place)
    return drafts(trace, mapping, place)


def _take(found: Unit | Reject, report: Report, known: Known, job: Job) -> None:
    if isinstance(found, Reject):
        report.events += found.events
        report.reject(found)
        return
    report.events += found.source_events
    checked = _checked(found, job.now)
    if isinstance(checked, Reject):
        report.reject(checked)
        return
    for event in checked:
        report.subjects.add(event.subject_id)
        report.facts[event.type] += 1
        judged = known.judge(event)
        if judged.finding is Finding.THERE:
            report.duplicates += 1
            continue
        known.add(judged.event)
        if job.emitter is not None:
            job.emitter.send(judged.event)
            report.added += 1
            report.corrected += judged.finding is Finding.CHANGED


def _checked(unit: Unit, now: int) -> list[Event] | Reject:
    """The events of a unit, all of them good; else the first thing wrong with it."""
    events: list[Event] = []
    for line, record in unit.drafts:
        try:
            events.append(contracts.from_json(record, now=now))
        except contracts.ContractError as error:
            field_, reason = error.problems[0]
            case = str(record.get("subject_id", ""))
            return Reject(line, f"{field_}: {reason}", case, unit.source_events)
    return events
