"""One look at a case: its facts, the reference and the time in; everything that follows, out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from duban.alerting import Output, Subject, anomaly_outputs, clock_outputs, firings, next_wake
from duban.case import Anomaly, Fact, Facts, View, effective, read
from duban.clock_run import clock_on
from duban.clocks import Clock
from duban.deemed import confirmed, deemed
from duban.delay import delay_outputs
from duban.integrity import integrity_outputs
from duban.policy import Item, Policy, Reference
from duban.scoring import points_of
from duban.takeover import Kind, Step, kinds
from duban.tracks import Life, Track, life_of, tracks_of
from duban.versions import choose
from duban.worktime import BeyondCalendar, Calendar


@dataclass(slots=True)
class Assessment:
    """What one case amounts to at an instant. `next_wake` is when to look again, in ms."""

    view: View
    standing: Sequence[Fact] = ()
    item: Item | None = None
    clocks: list[Clock] = field(default_factory=list)
    governing: Clock | None = None
    outputs: dict[str, Output] = field(default_factory=dict)
    next_wake: int | None = None
    calendar_version: str = ""
    policy_version: str = ""

    @property
    def policy_state(self) -> str:
        """`no_policy` while nobody has published the item that an application asks for; a case
        that is none, such as a project or a complaint, asks for no item."""
        return "ok" if self.item or self.view.begun else "no_policy"

    @property
    def open(self) -> bool:
        """Whether time can still change the case: it has not ended, or a clock runs on."""
        return self.view.ended_at is None or any(c.stopped_at is None for c in self.clocks)

    @property
    def signal(self) -> str:
        """The gravest signal that is out about a clock that can govern: none, reminder, yellow or
        red. What is told of a step or a queue colours its clock and its alerts, not the case."""
        ids = {c.id for c in self.clocks if c.definition.governs > 0}
        told = (o.data for o in self.outputs.values() if o.type == "SignalRaised")
        out = {data["level"] for data in told if data["clock_id"] in ids}
        return next((level for level in ("red", "yellow", "reminder") if level in out), "none")


def assess(case_id: str, hall_id: str, facts: Facts, reference: Reference, now: int) -> Assessment:
    """Derive view, clocks and everything that should be out at `now` (ms) from the facts."""
    told = effective(facts.ordered)
    standing, unconfirmed = confirmed(told)
    view = read(standing)
    if not standing:
        return Assessment(view)
    since = view.accepted_at or view.submitted_at or standing[0].occurred_at
    chosen = choose(reference, hall_id, view, since, now)
    item, policy, calendar = chosen.item, chosen.policy, chosen.calendar
    view.window_id = chosen.window_id
    view.item_name = view.item_name or (item.name if item else "")
    view.case_class = view.case_class or (item.case_class if item else "")
    result = Assessment(view, standing, item)
    subject = Subject(
        case_id, hall_id, view.window_id, view.item_code, view.item_name, view.historical
    )
    anomalies = [*view.anomalies, *unconfirmed, *_conflicts(facts), *_strangers(subject, standing)]
    waiting: Sequence[Anomaly] = ()
    if calendar and policy:
        result.policy_version = chosen.policy_version
        result.calendar_version = calendar.version
        life = life_of(case_id, standing, policy, item)
        national = reference.national(hall_id, view.ended_at) or calendar
        days = {"hall": calendar, "national": national}
        anomalies += _run_clocks(result, subject, life, chosen.steps, days, now)
        result.next_wake = _earlier(result.next_wake, chosen.wake)
        unfounded, waiting = _follow(result, subject, told, policy, calendar, now)
        anomalies += unfounded
    result.governing = governing(result.clocks)
    anomalies += [a for clock in result.clocks for a in clock.anomalies]
    anomalies = list(dict.fromkeys(anomalies))
    points = _points(result, subject, standing, reference, calendar)
    _add(result, (*anomaly_outputs(subject, anomalies), *points))
    view.anomalies = (*anomalies, *waiting)
    return result


def _add(result: Assessment, outputs: Iterable[Output]) -> None:
    result.outputs.update((o.id, o) for o in outputs)


def _follow(
    result: Assessment,
    subject: Subject,
    told: Sequence[Fact],
    policy: Policy,
    calendar: Calendar,
    now: int,
) -> tuple[Sequence[Anomaly], Sequence[Anomaly]]:
    """Add what follows from the clocks and from how the record was kept. Gives confirmations of
    what had not come about, and deemed outcomes that wait for a person."""
    standing, clocks = result.standing, result.clocks
    silence = deemed(subject, clocks, standing, policy, now)
    _add(result, silence.outputs)
    try:
        _add(result, list(delay_outputs(subject, clocks, standing, result.item)))
        signs, wake = integrity_outputs(subject, told, result.item, policy.integrity, calendar, now)
    except BeyondCalendar:  # flagged by the clocks; one senseless date stops no partition
        return silence.unfounded, silence.waiting
    _add(result, signs)
    result.next_wake = _earlier(result.next_wake, wake)
    return silence.unfounded, silence.waiting


def _run_clocks(
    result: Assessment,
    subject: Subject,
    life: Life,
    steps: Sequence[Step],
    days: Mapping[str, Calendar],
    now: int,
) -> list[Anomaly]:
    """Add each clock with what should be out about it. A clock whose dates no calendar reaches is
    left out and flagged: one senseless date must not stop a partition."""
    beyond: list[Anomaly] = []
    wakes: list[int] = []
    for kind in kinds(life.policy, steps, life.types):
        for track in tracks_of(kind.definition, life, kind.begins):
            try:
                wake = _add_clock(result, subject, life, kind, track, days, now)
            except BeyondCalendar:
                last = life.standing[-1]
                beyond.append(Anomaly("beyond_calendar", last.event_id, last.occurred_at))
                continue
            wakes += [] if wake is None else [wake]
    result.next_wake = min(wakes, default=None)
    return beyond


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _add_clock(
    result: Assessment,
    subject: Subject,
    life: Life,
    kind: Kind,
    track: Track,
    days: Mapping[str, Calendar],
    now: int,
) -> int | None:
    """Add the clock of one track; when it has to be looked at again."""
    of = kind.at(track.anchor.occurred_at)
    clock = clock_on(track, of, life, days[of.definition.days])
    if clock is None:
        return None
    fired = firings(clock, of.ladder)
    outputs = list(clock_outputs(subject, clock, fired, life.standing, now))
    wake = next_wake(clock, fired, now)
    result.clocks.append(clock)
    result.outputs.update((o.id, o) for o in outputs)
    return wake


def governing(clocks: Sequence[Clock]) -> Clock | None:
    """The clock that decides whether the case was on time: promise, else imposed, else law; of
    several of one rank (a case that was reopened) the one that started last."""
    candidates = [c for c in clocks if c.definition.governs > 0]
    rank = [(c.definition.governs, c.anchor.occurred_at, i) for i, c in enumerate(candidates)]
    return candidates[max(rank)[2]] if rank else None


def _conflicts(facts: Facts) -> list[Anomaly]:
    if not facts.conflicting:
        return []
    return [
        Anomaly("two_bodies_under_one_id", f.event_id, f.occurred_at)
        for f in facts.ordered
        if f.event_id in facts.conflicting
    ]


def _strangers(subject: Subject, standing: Sequence[Fact]) -> list[Anomaly]:
    """Facts from a hall that the case is not in and that no fact of it has named."""
    if not any(fact.sender for fact in standing):
        return []
    named = {subject.hall_id, ""}
    for fact in standing:
        named.add(str(fact.data.get("hall_id_above") or ""))
        named.update(str(b.get("hall_id") or "") for b in fact.data.get("branches") or ())
    return [
        Anomaly("from_a_hall_not_named", f.event_id, f.occurred_at)
        for f in standing
        if f.sender not in named
    ]


def _points(
    result: Assessment,
    subject: Subject,
    standing: Sequence[Fact],
    reference: Reference,
    calendar: Calendar | None,
) -> list[Output]:
    if not (calendar and subject.window_id):
        return []
    points = points_of(
        subject.case_id,
        subject.window_id,
        result.governing,
        standing,
        reference.score_policy,
        calendar.zone,
    )
    return [p._replace(historical=subject.historical) for p in points]
