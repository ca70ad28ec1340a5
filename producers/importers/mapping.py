"""Mapping files: what an old log's activities and attributes mean as facts. Checked TOML.

A mapping that says what it `matches` is applied to such files by itself, and named in the report.
"""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from duban.launch import SCHEMAS

SHIPPED = SCHEMAS / "mappings"


class MappingError(ValueError):
    """A mapping file that says something impossible; the text names the place."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Source(_Strict):
    """Where a field's value comes from: an attribute (`from`) or a constant (`value`).

    `from = "case:x"` means the case's own attribute. A value listed in `none` counts as absent;
    `map` translates, and a value that it does not name falls back to `value`. `time` says that
    it is an instant, to be read with the mapping's zone and format; `number` that it is one.
    """

    from_: str = Field("", alias="from")
    value: str | int | float | bool | None = None
    map: Mapping[str, str | int | bool] = Field(default_factory=dict)
    none: tuple[str, ...] = ()
    time: bool = False
    number: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.from_ and self.value is None:
            raise ValueError("needs `from` or `value`")
        return self


Fields = Mapping[str, Source]


class Rule(_Strict):
    """A fact to make. `at` names the attribute with its instant (default: the event's time);
    `fields` are names in the event's JSON form, with a dot for parts of actor and basis."""

    type: str
    at: str = ""
    fields: Fields = Field(default_factory=dict)


class AttributeRule(Rule):
    """A fact made where the case has this attribute."""

    attribute: str


class RowRule(Rule):
    """A sheet whose every row is one fact of the hall, about no case. `key` names the columns that
    tell rows apart, so that a row changed later corrects its fact; without it, the content does."""

    at: str = Field(min_length=1)
    key: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """The columns that the sheet must have."""
        named = (source.from_ for source in self.fields.values() if source.from_)
        return list(dict.fromkeys([self.at, *self.key, *named]))


class Columns(_Strict):
    """CSV and Excel: the header of the column that holds each standard attribute."""

    case: str = "case:concept:name"
    activity: str = "concept:name"
    time: str = "time:timestamp"
    resource: str = "org:resource"
    group: str = "org:group"


class Matches(_Strict):
    """Which files a shipped mapping is for: name pattern and attributes of the first case."""

    file: str = "*"
    case_attributes: tuple[str, ...] = Field(min_length=1)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error
    return name


def _submission() -> Rule:
    """The log names no item: empty, so that no promise is made up."""
    return Rule(type="CaseSubmitted", fields={"item_code": Source(value="")})


def _step() -> Rule:
    return Rule(
        type="StepCompleted",
        fields={
            "step": Source(from_="concept:name"),
            "staff": Source(from_="org:resource"),
            "org": Source(from_="org:group"),
            "actor.id": Source(from_="org:resource"),
            "actor.org_id": Source(from_="org:group"),
        },
    )


class LogMapping(_Strict):
    """A whole mapping. The empty one reads a log by the XES standard's own attributes."""

    name: str = "xes"
    title: str = ""
    source: str = ""
    hall: str = ""
    zone: Annotated[str, AfterValidator(_zone)] = ""
    time_format: str = ""
    case_id: str = "concept:name"
    event_time: str = "time:timestamp"
    activity: str = "concept:name"
    matches: Matches | None = None
    columns: Columns = Columns()
    submitted: Rule = Field(default_factory=_submission)
    event: Rule = Field(default_factory=_step)
    activities: Mapping[str, Rule] = Field(default_factory=dict)
    attributes: tuple[AttributeRule, ...] = ()
    row: RowRule | None = None


BY_STANDARD = LogMapping()


def load(path: Path) -> LogMapping:
    """Read and check a mapping file. Raises `MappingError`."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return LogMapping.model_validate({"name": path.stem, **raw})
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MappingError(f"{path}: {where}: {first['msg']}") from error


def named(name: Path) -> Path:
    """The file of a mapping: a path, or the bare name of one that comes with the product."""
    own = SHIPPED / f"{name}.toml"
    return own if name.name == str(name) and not name.exists() and own.is_file() else name


def shipped() -> list[LogMapping]:
    """The mappings that come with the product."""
    return [load(path) for path in sorted(SHIPPED.glob("*.toml"))]


def matching(file_name: str, case_attributes: Mapping[str, str]) -> LogMapping | None:
    """The shipped mapping that declares itself for such a file, if there is one."""
    for mapping in shipped():
        declared = mapping.matches
        if (
            declared
            and fnmatch(file_name, declared.file)
            and all(name in case_attributes for name in declared.case_attributes)
        ):
            return mapping
    return None
