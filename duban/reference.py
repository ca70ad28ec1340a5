"""Reference data: from TOML files to events, and from the set of events to what the rules use.

A version never changes once published: its event's id is made of its key and its content, so the
same file gives the same events and any other content shows. What `reference_from` builds depends
on the set of versions alone, never on the order or time of reading.
"""

import json
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from duban import reference_models as models
from duban.events import Event
from duban.launch import SCHEMAS
from duban.reference_check import reason_of
from duban.reference_extends import BadExtends, Found, merged
from duban.reference_scores import ScoreModel
from duban.reference_set import reference_from
from duban.reference_shapes import CalendarModel, HoursModel, Version
from duban.score_policy import DEFAULT_POLICY

__all__ = ["SHIPPED", "BadReference", "Problem", "key", "load", "reference_from"]

NAMESPACE = uuid.UUID("8d0c6d3e-5e0f-5a53-9a0b-7d0f64756261")
SHIPPED = SCHEMAS / "reference"
PRESETS = "presets"
HOME = ZoneInfo("Asia/Shanghai")  # dates in reference files are dates here

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a reference file: where, and why."""

    file: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.reason}" if self.path else self.reason


class BadReference(ValueError):
    """Reference files that cannot be published; `problems` lists every fault found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


# --- files to events ---------------------------------------------------------------------------


def load(place: Path) -> list[Event]:
    """Events of a file, or of all *.toml files under a directory save those of a folder `presets`,
    of which each is published by itself; raises `BadReference` with all faults."""
    directory = place.parent if place.is_file() else place
    files = [place] if place.is_file() else _files(place)
    problems: list[Problem] = []
    if not files:
        problems.append(Problem(str(directory), "", f"no .toml file in {directory}"))
    parsed: dict[str, models.ReferenceFile] = {}
    found: dict[str, Event] = {}
    for path in files:
        name = path.relative_to(directory).as_posix()
        try:
            parsed[name] = _parse(path, name)
        except BadReference as error:
            problems += error.problems
    tables = [Found(name, model) for name, file in parsed.items() for model in file.policy]
    for name, file in parsed.items():
        try:
            events = [*_events(file), *_policies(name, file, tables)]
        except BadReference as error:
            problems += error.problems
            continue
        for event in events:
            other = found.setdefault(key(event), event)
            if other.event_id != event.event_id:
                why = "this version is here twice, with different content"
                problems.append(Problem(name, key(event), why))
    if problems:
        raise BadReference(problems)
    return list(found.values())


def _files(directory: Path) -> list[Path]:
    found = sorted(directory.rglob("*.toml"))
    return [p for p in found if PRESETS not in p.relative_to(directory).parts[:-1]]


def key(event: Event) -> str:
    """ "kind:id@version" of a reference event."""
    return f"{event.subject_type}:{event.subject_id}"


def _parse(path: Path, name: str) -> models.ReferenceFile:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadReference([Problem(name, "TOML", str(error))]) from error
    try:
        return models.ReferenceFile.model_validate(content)
    except ValidationError as error:
        faults = [
            Problem(name, _path(fault["loc"], content), reason_of(fault))
            for fault in error.errors()
        ]
        raise BadReference(faults) from error


def _path(loc: tuple[int | str, ...], content: Any) -> str:
    """Key path of a fault; a table in a list is named by its own id where it has one."""
    parts: list[str] = []
    for step in loc:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            content = None
        if isinstance(step, int):
            parts[-1] += f"[{_label(content) or step + 1}]"
        else:
            parts.append(step)
    return ".".join(parts)


def _label(table: Any) -> str:
    names = (
        "item_code",
        "policy_id",
        "org_id",
        "subscription_id",
        "hall",
        "kind",
        "rule_id",
        "year",
    )
    if not isinstance(table, dict):
        return ""
    return next((str(table[name]) for name in names if name in table), "")


def _events(file: models.ReferenceFile) -> Iterator[Event]:
    for calendar in file.calendar:
        yield _calendar(calendar)
    for hours in file.hours:
        yield _hours(hours)
    for item in file.item:
        yield _item(item)
    for score in file.score:
        yield _score(score)
    for unit in file.unit:
        hall = unit.org_id.split("/")[0] if unit.kind in ("hall", "window") else ""
        yield _version("OrgUnitChanged", "unit", unit.org_id, unit, _plain(unit), hall)
    for one in file.subscription:
        data = _plain(one)
        at = _ms(data.pop("effective_from"))
        yield _event(
            "SubscriptionChanged", "subscription", one.subscription_id, one.version, at, data
        )


def _calendar(model: CalendarModel) -> Event:
    days: list[Fields] = []
    for kind, groups in (("holiday", model.holidays), ("makeup", model.makeup_days)):
        for group in groups:
            hours = [shift.model_dump() for shift in group.shifts]
            days += [
                {"date": d.isoformat(), "kind": kind, "name": group.name, "hours": hours}
                for d in group.days
            ]
    data: Fields = {
        "calendar_id": model.calendar_id,
        "year": model.year,
        "version": model.version,
        "doc_no": model.doc_no,
        "days": sorted(days, key=lambda day: str(day["date"])),
    }
    name = f"{model.calendar_id}-{model.year}"
    at = _ms(model.published_on)
    return _event("CalendarPublished", "calendar", name, model.version, at, data)


def _hours(model: HoursModel) -> Event:
    scope_id = f"{model.hall}/{model.window}" if model.window else model.hall
    dumped = _plain(model)
    weekly = [
        {"weekday": weekday, "shifts": [shift.model_dump() for shift in week.shifts]}
        for week in model.weekly
        for weekday in sorted(week.weekdays)
    ]
    data: Fields = {
        "scope": "window" if model.window else "hall",
        "scope_id": scope_id,
        "zone": model.zone,
        "weekly": weekly,
        "days": [{**day, "date": str(day["date"])} for day in dumped["days"]],
    }
    return _version("HallHoursChanged", "hours", scope_id, model, data, model.hall)


def _item(model: models.ItemModel) -> Event:
    data = _plain(model)
    data["class"] = data.pop("item_class")
    data["basis_texts"] = data.pop("basis")
    return _version("ItemPublished", "item", model.item_code, model, data)


def _score(model: ScoreModel) -> Event:
    name = "window" if model.policy_id == DEFAULT_POLICY else model.policy_id
    data = model.model_dump(exclude={"published_on"}, by_alias=True)
    return _version("ScorePolicyPublished", "score", name, model, data)


def _policies(name: str, file: models.ReferenceFile, tables: Sequence[Found]) -> Iterator[Event]:
    problems: list[Problem] = []
    for model in file.policy:
        place = f"policy[{model.policy_id}]"
        try:
            body = merged(Found(name, model), tables)
            if model.publish:
                yield _policy(model, models.PolicyBody(**body))
        except BadExtends as error:
            of = f"policy[{error.found.model.policy_id}].{error.place}"
            problems.append(Problem(error.found.file, of, error.reason))
        except ValidationError as error:
            problems += [Problem(name, place, reason_of(fault)) for fault in error.errors()]
    if problems:
        raise BadReference(list(dict.fromkeys(problems)))


def _policy(model: models.PolicyModel, body: models.PolicyBody) -> Event:
    data: Fields = {
        "policy_id": model.policy_id,
        "doc_no": model.doc_no,
        "applies_to": model.applies_to,
        "body": _canonical(body.model_dump(mode="json")),
    }
    return _version("PolicyPublished", "policy", model.policy_id, model, data)


def _plain(model: BaseModel) -> Fields:
    return model.model_dump(exclude={"published_on"})


def _version(
    event_type: str, kind: str, name: str, model: Version, data: Fields, hall: str = ""
) -> Event:
    effective = _ms(model.effective_from)
    published = _ms(model.published_on) if model.published_on else effective
    data = {**data, "version": model.version, "effective_from": effective}
    return _event(event_type, kind, name, model.version, published, data, hall)


def _event(
    event_type: str, kind: str, name: str, version: str, at: int, data: Fields, hall: str = ""
) -> Event:
    content = _canonical([event_type, f"{kind}:{name}@{version}", hall, at, data])
    return Event(
        type=event_type,
        event_id=str(uuid.uuid5(NAMESPACE, content)),
        subject_id=f"{name}@{version}",
        subject_type=kind,
        hall_id=hall,
        occurred_at=at,
        recorded_at=at,
        channel="system",
        data=data,
    )


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _ms(at: date | datetime) -> int:
    """A date begins at midnight in Beijing; a time without offset is Beijing time."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=HOME)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=HOME)
    return int(at.astimezone(UTC).timestamp() * 1000)
