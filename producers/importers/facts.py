"""Pure: one trace of an old log and a mapping become facts in their JSON form. No I/O.

Nothing is invented: an instant, a person or a value that the log does not have stays away. What
is recorded is what the log says, so `recorded_at` is the log's own time of the event.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from producers.importers.mapping import LogMapping, Rule, Source
from producers.importers.source import SourceEvent, Trace

SPACE = UUID("b5b6b9a5-07d5-5a0c-9d2e-3f6b8e1f2c44")


class BadTrace(ValueError):
    """A trace that cannot become facts; `line` says where in the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Draft(NamedTuple):
    """A fact in its JSON form, not yet checked against its contract."""

    line: int
    record: dict[str, Any]


class Place(NamedTuple):
    """What a run adds to every fact: hall and tenant, and the zone of times that name none."""

    hall: str
    tenant: str
    zone: ZoneInfo


class Values(NamedTuple):
    """The attributes that a rule may read, their line, and how their times are written."""

    line: int
    attributes: Mapping[str, str]
    zone: ZoneInfo
    form: str

    def time(self, name: str) -> datetime | None:
        """A time attribute as an aware instant, None where it is absent. Raises `BadTrace`."""
        text = self.attributes.get(name, "")
        if not text:
            return None
        try:
            at = _parsed(text, self.form)
        except ValueError as error:
            raise BadTrace(self.line, f"{name}: not a time: {text!r}") from error
        return at if at.tzinfo else at.replace(tzinfo=self.zone)

    def of(self, source: Source) -> Any:
        """Value of a field, None where the log has none."""
        given = self.attributes.get(source.from_, "") if source.from_ else ""
        if not given or given in source.none:
            return source.value
        if source.time:
            at = self.time(source.from_)
            return at.isoformat() if at else None
        if source.number:
            return self._number(source.from_, given)
        return source.map.get(given, source.value) if source.map else given

    def _number(self, name: str, given: str) -> int | float:
        try:
            number = float(given)
        except ValueError as error:
            raise BadTrace(self.line, f"{name}: not a number: {given!r}") from error
        return int(number) if number.is_integer() else number


def drafts(trace: Trace, mapping: LogMapping, place: Place) -> list[Draft]:
    """All facts of a trace: the submission, one per source event, then those of its attributes.

    Each id is made of the source, the case and the place in the trace: the same log gives the
    same ids, whatever its file is called. Raises `BadTrace`.
    """
    own = _own(trace, mapping, place.zone)
    local = own.attributes.get(mapping.case_id, "")
    if not local:
        raise BadTrace(trace.line, f"the case has no {mapping.case_id}")
    if not trace.events:
        raise BadTrace(trace.line, "the case has no events")
    events = list(_events(trace, mapping, own))
    first = min(at for _, at, _, _ in events)
    made = [
        (trace.line, "submitted", record_of(mapping.submitted, own, first)),
        *((line, anchor, record) for line, _, anchor, record in events),
        *_attributes(mapping, own, first),
    ]
    case, source = f"{place.hall}/{local}", mapping.source or mapping.name
    return [
        Draft(line, _envelope(record, case, f"{source}|{case}|{anchor}", seq, place))
        for seq, (line, anchor, record) in enumerate(made, start=1)
    ]


def _parsed(text: str, form: str) -> datetime:
    if not form:
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)  # noqa: DTZ007  made aware by the caller


def _envelope(
    record: dict[str, Any], case: str, identity: str, seq: int, place: Place
) -> dict[str, Any]:
    return {
        "event_id": str(uuid5(SPACE, f"{place.tenant}|{identity}")),
        "tenant_id": place.tenant,
        "hall_id": place.hall,
        "subject_type": "case",
        "subject_id": case,
        "seq": seq,
        "recorded_at": record["occurred_at"],
        "historical": True,
        **record,
    }


def _own(trace: Trace, mapping: LogMapping, zone: ZoneInfo) -> Values:
    """A case's attributes, under their names and, for rules of events, under `case:` names."""
    attributes = {f"case:{name}": value for name, value in trace.attributes.items()}
    return Values(trace.line, {**attributes, **trace.attributes}, zone, mapping.time_format)


def _events(
    trace: Trace, mapping: LogMapping, own: Values
) -> Iterator[tuple[int, datetime, str, dict[str, Any]]]:
    shared = {name: value for name, value in own.attributes.items() if name.startswith("case:")}
    for index, event in enumerate(trace.events):
        values = own._replace(line=event.line, attributes={**event.attributes, **shared})
        at = values.time(mapping.event_time)
        if at is None:
            raise BadTrace(event.line, f"the event has no {mapping.event_time}")
        rule = _rule(event, mapping)
        yield event.line, at, f"event:{index}", record_of(rule, values, at)


def _rule(event: SourceEvent, mapping: LogMapping) -> Rule:
    activity = event.attributes.get(mapping.activity, "")
    if not activity:
        raise BadTrace(event.line, f"the event has no {mapping.activity}")
    return mapping.activities.get(activity, mapping.event)


def _attributes(
    mapping: LogMapping, own: Values, first: datetime
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for rule in mapping.attributes:
        if own.attributes.get(rule.attribute):
            anchor = f"attribute:{rule.attribute}:{rule.type}"
            yield own.line, anchor, record_of(rule, own, first)


def record_of(rule: Rule, values: Values, otherwise: datetime) -> dict[str, Any]:
    """The fact of a rule; it occurred at the rule's attribute, or `otherwise`."""
    at = (values.time(rule.at) if rule.at else None) or otherwise
    record: dict[str, Any] = {"type": rule.type, "occurred_at": at.isoformat()}
    for name, source in rule.fields.items():
        value = values.of(source)
        outer, _, inner = name.partition(".")
        if value is not None and inner:
            record.setdefault(outer, {})[inner] = value
        elif value is not None:
            record[outer] = value
    return record
