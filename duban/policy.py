"""What was promised: items, clock definitions, ladders, and the set that holds them.

All of it is data that somebody published (`schemas/reference`, `duban apply`). A version never
changes; which one applies is a matter of `effective_from`, never of when it was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from duban.score_policy import ScorePolicy as ScorePolicy
from duban.score_policy import ScoreRule as ScoreRule
from duban.worktime import Calendar

# Units of a budget. One day is never eight hours: `working_day` counts closes of business.
UNITS = ("working_day", "working_minute", "calendar_day", "instant")
LEVELS = ("reminder", "yellow", "red", "escalate")
# Facts that hold, release, extend or reopen a clock of any kind.
HOLDING = frozenset({"ClockExclusionStarted", "ForwardedUp"})
RELEASING = frozenset({"ClockExclusionEnded", "UpstreamReplied"})
PAUSING = HOLDING | RELEASING
MOVING = PAUSING | {"ExtensionRequested", "ExtensionGranted", "CaseReopened"}


@dataclass(frozen=True, slots=True)
class Item:
    """One version of a matter that the hall handles, with the terms it promises."""

    code: str
    version: str
    name: str
    effective_from: int
    case_class: str = "permit"
    item_class: str = "approval"
    domain: str = ""
    unit: str = "working_day"
    statutory: int | None = None
    upper: int | None = None
    promise: int | None = None
    policy_id: str = "default"
    window_id: str = ""
    steps: Mapping[str, int] = field(default_factory=dict)  # working days of each step that has any
    published_at: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: when, counted from the due instant, who hears what."""

    level: str
    offset: int
    unit: str = "working_day"
    to: tuple[str, ...] = ()
    name: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name of the rung within its ladder, part of every signal's id."""
        object.__setattr__(self, "name", f"{self.level}{self.offset:+d}{self.unit}")


@dataclass(frozen=True, slots=True)
class Extension:
    """How often and by how much a clock may be extended, and by whom."""

    max: int
    days: int
    approver_role: str = ""
    ask_before: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What the law or a local rule attaches to an expiry; a person has to confirm it."""

    outcome: str  # acceptance, consent or renewal
    basis: str


@dataclass(frozen=True, slots=True)
class ClockDef:
    """One kind of clock: data, so that a new kind needs no code.

    `budget` is a number of `unit`, or names where it stands: a term of the item ("item.promise"),
    a field of the starting fact ("fact.days"), the step ("step") or the branch ("branch") that the
    fact names; `fallback` counts where nothing stands there. For unit `instant` the due instant is
    field `due_field` of the starting fact. With `before` the term is counted back from the instant
    in that field.

    `per` names the field of facts that tells clocks of one kind apart (branch_id, step); `when` and
    `stop_when` the values that fields of starting and stopping facts must have. A kind that
    `repeats` starts again with each starting fact after a stop, but after one that is `final` never
    more. `side` says whose term it is: the organ's, the applicant's or that of an authority above
    (upstream); and
    `days` whether the hall's own days count or the national ones.
    """

    kind: str
    budget: int | str
    unit: str
    start: tuple[str, ...]
    stop: tuple[str, ...]
    pause_grounds: frozenset[str] = frozenset()
    extension: Extension | None = None
    ladder: str = ""
    governs: int = 0
    source: str = ""
    name: str = ""
    fallback: int = 0
    due_field: str = "due_at"
    before: str = ""
    per: str = ""
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stop_when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repeats: bool = False
    final: tuple[str, ...] = ()
    start_day: bool = False
    side: str = "organ"
    days: str = "hall"
    effect: Effect | None = None
    starts: frozenset[str] = field(init=False, repr=False, compare=False)
    stops: frozenset[str] = field(init=False, repr=False, compare=False)
    concerned: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Types of facts by what they do to a clock of this kind: looked up for every fact."""
        known = {"starts": frozenset(self.start), "stops": frozenset(self.stop)}
        known["concerned"] = known["starts"] | known["stops"] | MOVING
        for name, types in known.items():
            object.__setattr__(self, name, types)


@dataclass(frozen=True, slots=True)
class Integrity:
    """From where on a record deserves a look; ours, policy data. 420 working minutes are a day of
    the usual hours. A batch is that many facts of a case recorded within so many seconds. A pause
    of which no days were told has `pause_days` working days; more than `pauses` are many."""

    late_minutes: int = 420
    batch_facts: int = 3
    batch_seconds: int = 60
    batch_span_minutes: int = 420
    pause_days: int = 30
    pauses: int = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a hall's rules about time. The clock with the highest `governs` that runs
    on a case decides whether the case was on time; 0 never does."""

    policy_id: str
    version: str
    effective_from: int
    clocks: tuple[ClockDef, ...]
    ladders: Mapping[str, tuple[Rung, ...]]
    doc_no: str = ""
    applies_to: str = "new_only"
    reopen_mode: str = "continue"
    reopen_by_cause: Mapping[str, str] = field(default_factory=dict)
    absence: Effect | None = None  # of a branch that stays away from a joint survey or meeting
    unreasoned: Effect | None = None  # of a branch that disagrees and gives no reason
    published_at: int = 0
    integrity: Integrity = Integrity()
    name: str = field(init=False, repr=False, compare=False)
    starters: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """How clocks name this version, and the places of the clocks that each type of fact can
        start: looked up for every fact."""
        found: dict[str, list[int]] = {}
        for place, definition in enumerate(self.clocks):
            for type_ in definition.starts:
                found.setdefault(type_, []).append(place)
        object.__setattr__(self, "name", f"{self.policy_id}@{self.version}")
        object.__setattr__(self, "starters", {type_: tuple(of) for type_, of in found.items()})

    def started_by(self, types: Iterable[str]) -> list[ClockDef]:
        """The kinds of clock that facts of these types can have started, in the policy's order."""
        places = {place for type_ in types for place in self.starters.get(type_, ())}
        return [self.clocks[place] for place in sorted(places)]


class Versioned(Protocol):
    """Anything that is published, takes effect at an instant and has a version."""

    @property
    def effective_from(self) -> int: ...
    @property
    def version(self) -> str: ...
    @property
    def published_at(self) -> int: ...


V = TypeVar("V", bound=Versioned)


def version_order(version: str) -> tuple[tuple[int, str], ...]:
    """Sort key of versions: numbers in them compare as numbers, 9 before 10."""
    parts = version.replace("-", ".").split(".")
    return tuple((int(p), "") if p.isdecimal() else (0, p) for p in parts)


def in_force(versions: Sequence[V], at: int) -> V | None:
    """The version in force at `at`: the newest already effective; ties go to the higher version."""
    if len(versions) == 1:  # the usual case, in the hot loop
        return versions[0] if versions[0].effective_from <= at else None
    effective = [v for v in versions if v.effective_from <= at]
    if len(effective) < 2:
        return effective[0] if effective else None
    return max(effective, key=_newness)


def _known_then(versions: Sequence[V], at: int) -> V | None:
    """The version in force at an instant, of those published by then; the newest come first."""
    for version in versions:
        if version.published_at <= at and version.effective_from <= at:
            return version
    return None


def _newness(version: Versioned) -> tuple[int, tuple[tuple[int, str], ...]]:
    return version.effective_from, version_order(version.version)


class Past(Protocol):
    """Calendars as they stood at an instant in the past."""

    def as_of(self, hall_id: str, window_id: str, at: int) -> Calendar | None:
        """The calendar of a window by what was published at `at` (ms); None: the present one."""

    def national_as_of(self, hall_id: str, at: int) -> Calendar | None:
        """The national days at a hall's hours, in the same way."""


@dataclass(frozen=True, slots=True)
class Post:
    """Who holds a post at a unit ("hall/window"), from when until when (ms)."""

    staff_id: str
    begin: int
    end: int | None = None
    unit_id: str = ""

    def is_held(self, at: int) -> bool:
        """Whether somebody holds it at an instant (ms)."""
        return self.begin <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole published set, as values. `calendars` is keyed "hall/window", "hall" or "";
    `nationals` by hall, for halls with hours of their own; `chiefs` has the chief representatives
    of a window, `posts` what a person of a hall ("hall/person") holds at the counter, the last to
    begin first."""

    items: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    policies: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict)
    scores: tuple[ScorePolicy, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    nationals: Mapping[str, Calendar] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    past: Past | None = None
    mark: str = ""
    chiefs: Mapping[str, tuple[Post, ...]] = field(default_factory=dict)
    posts: Mapping[str, tuple[Post, ...]] = field(default_factory=dict)
    zone: str = "Asia/Shanghai"
    by_policy: Mapping[str, tuple[ScorePolicy, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Versions of each score policy, the newest first: looked up for every outcome."""
        names = sorted({version.policy_id for version in self.scores})
        found: dict[str, list[ScorePolicy]] = {name: [] for name in names}
        for version in sorted(self.scores, key=_newness, reverse=True):
            found[version.policy_id].append(version)
        object.__setattr__(self, "by_policy", {name: tuple(v) for name, v in found.items()})

    def item(self, code: str, at: int) -> Item | None:
        """The version of an item in force at `at`, or None where nobody published it."""
        return in_force(self.items.get(code, ()), at)

    def policy(self, policy_id: str, at: int) -> Policy | None:
        """The version of a policy in force at `at`."""
        return in_force(self.policies.get(policy_id, ()), at)

    def score_policies(self, at: int) -> list[ScorePolicy]:
        """Of each score policy the version in force at `at`, of those published by then: what a
        cause is worth does not change with what is published after it."""
        return [p for of in self.by_policy.values() if (p := _known_then(of, at)) is not None]

    def score_terms(self, policy_id: str, begins: int) -> ScorePolicy | None:
        """The version by which a period that begins at an instant is scored: the one in force and
        published then, else the first there was; None where nobody published the policy."""
        versions = self.by_policy.get(policy_id, ())
        first = min(versions, key=lambda v: (v.effective_from, v.published_at), default=None)
        return _known_then(versions, begins) or first

    def chief_of(self, unit_id: str, at: int) -> str:
        """The chief representative (首席代表) of a window at an instant, "" where none is named."""
        posts = self.chiefs.get(unit_id, ())
        return next((post.staff_id for post in posts if post.is_held(at)), "")

    def window_of(self, hall_id: str, staff_id: str, at: int) -> str:
        """The window of the post that a person of a hall took last and holds at an instant, ""
        where that is at no window, or where there is none."""
        posts = self.posts.get(f"{hall_id}/{staff_id}", ())
        return next((p.unit_id.partition("/")[2] for p in posts if p.is_held(at)), "")

    def zone_of(self, hall_id: str) -> str:
        """The zone of a hall."""
        calendar = self.calendar(hall_id)
        return calendar.zone if calendar else self.zone

    def calendar(
        self, hall_id: str, window_id: str = "", ended_at: int | None = None
    ) -> Calendar | None:
        """The calendar of a window: its own, else its hall's, else the national one. For a case
        that has ended, the one of that instant (ms): what is published later is not for it."""
        if ended_at is not None and self.past is not None:
            then = self.past.as_of(hall_id, window_id, ended_at)
            if then is not None:
                return then
        own = self.calendars.get(f"{hall_id}/{window_id}") or self.calendars.get(hall_id)
        return own or self.calendars.get("")

    def national(self, hall_id: str, ended_at: int | None = None) -> Calendar | None:
        """The national working days in a hall's zone and at its hours, whichever days the hall
        itself is open or closed (行政许可法 art 82); for a case that has ended, those of that
        instant (ms)."""
        if ended_at is not None and self.past is not None:
            then = self.past.national_as_of(hall_id, ended_at)
            if then is not None:
                return then
        return self.nationals.get(hall_id) or self.calendars.get("")
