"""What somebody typed into a form, or a program sent in its place, as the contract has it."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from duban import avro, contracts
from duban.events import Event
from duban.jsonform import MAX_ID
from duban.score_policy import PERSONS
from projections.dashboard.forms import FORMS, HALL, PEOPLE, YES_NO, has_subject, plain
from projections.dashboard.names import Names

OWN = frozenset(  # of the envelope, that whoever records may say
    {"evidence", "note", "causation_id", "corrects_event_id", "occurred_at"}
)
NAMED = 5  # strange names that a refusal repeats
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


def filled(fields: Mapping[Any, Any]) -> dict[Any, Any]:
    """What is filled in at all: a text of blanks is not."""
    return {name: value for name, value in fields.items() if not _is_blank(value)}


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not any(one.isprintable() and not one.isspace() for one in value)
    return value is None


def strange(event_type: str, names: Iterable[str]) -> list[str]:
    """Of names of fields, some that are neither of the type nor asked beside it."""
    own = contracts.schema(event_type).own
    known = {*own, *avro.envelope_names(), *(("case",) if FORMS[event_type].case else ())}
    return [_readable(name) for name in sorted(set(names) - known)[:NAMED]]


def _readable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()[:MAX_ID]


def foreign(names: Iterable[str]) -> list[str]:
    """Of names of fields, those of the envelope that are set here."""
    return sorted(set(names) & avro.envelope_names() - OWN)


def fits(event: Event, names: Names) -> bool:
    """Whether a fact is about what its form may be about, as it says and as the reference knows.
    One that answers another fact is about whatever that is about."""
    form = FORMS[event.type]
    if not form.group or not has_subject(event.type):
        return True
    subject, kind = event.data["subject"], event.data["subject_kind"]
    told = (PEOPLE if kind in PERSONS else kind) if subject else HALL
    known = names.subject_kinds(event.hall_id, subject)
    return told in form.about and (not known or told in known)


def typed(event_type: str, fields: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """A form's texts as the contract has them: numbers, truth, instants of the hall's own day.
    What cannot be read is left for the contract to name."""
    schema = contracts.schema(event_type)
    types = {f["name"]: plain(f["type"])[0] for f in schema.fields}
    return {
        name: _typed(types.get(name), value, zone) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _typed(type_: Any, text: str, zone: str) -> Any:
    if type_ == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if type_ == "double" and _DECIMAL.fullmatch(text):
        return float(text)
    if type_ == "boolean" and text in YES_NO:
        return text == "true"
    if isinstance(type_, dict) and type_.get("logicalType") == "timestamp-millis":
        return _instant(text, zone)
    return text


def _instant(text: str, zone: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return at.replace(tzinfo=at.tzinfo or ZoneInfo(zone)).isoformat(timespec="milliseconds")


def whole_case(hall: str, typed_no: str, called: Iterable[str] = ()) -> str:
    """A case as facts name it, of a number as people write it; `called` are names of the hall."""
    head, slash, no = typed_no.strip().partition("/")
    if not slash:
        return f"{hall}/{head}"
    return f"{hall}/{no}" if head in called else typed_no.strip()
