"""One look at a case: its facts, the reference and the time in; everything that follows, out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from duban.alerting import Output, Subject, anomaly_outputs, clock_outputs, firings, next_wake
from duban.case import MAX_FACTS, Anomaly, Fact, Facts, View, read
from duban.causes import case_causes, watched_causes
from duban.clock_run import clock_on
from duban.clocks import Clock
from duban.deemed import confirmed, deemed
from duban.delay import delay_outputs
from duban.integrity import integrity_outputs
from duban.policy import Item, Policy, Reference
from duban.reviews import SET_ASIDE, Verdict, of_reviews, set_aside, set_aside_outputs
from duban.scoring import points_of
from duban.silence import Silence
from duban.standing import effective
from duban.takeover import Kind, Step, kinds
from duban.tracks import Life, Track, life_of, tracks_of
from duban.versions import Days, choose, days_of
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
    # Standing ratings that do not count, by id, each with the verdict that says so.
    set_aside: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def policy_state(self) -> str:
        """`no_policy` while nobody has published the item that an application asks for; a case
        that is none, such as a project or a complaint, asks for no item."""
        return "ok" if self.item or self.view.begun else "no_policy"

    @property
    def open(self) -> bool:
        """Whether time can still change the case: it has not ended, or a clock runs on. One of
        which nothing stands, or nothing is known but a verdict, waits for facts only."""
        if not self.standing:
            return False
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
    reviewed = of_reviews(told)
    if reviewed:
        told = [fact for fact in told if fact.type != SET_ASIDE]
    standing, unconfirmed = confirmed(told, Silence(case_id, hall_id, reference))
    aside = set_aside(case_id, facts.ordered, told) if reviewed else {}
    counted = [f for f in standing if f.event_id not in aside] if aside else standing
    view = read(counted)
    if not standing:
        return Assessment(view)
    since = view.accepted_at or view.submitted_at or standing[0].occurred_at
    chosen = choose(reference, hall_id, view, since, now)
    item, policy, calendar = chosen.item, chosen.policy, chosen.calendar
    view.window_id = chosen.window_id
    view.item_name = view.item_name or (item.name if item else "")
    view.case_class = view.case_class or (item.case_class if item else "")
    result = Assessment(view, standing, item, set_aside=aside)
    subject = Subject(
        case_id, hall_id, view.window_id, view.item_code, view.item_name, view.historical
    )
    anomalies = [*view.anomalies, *unconfirmed, *_conflicts(facts), *_strangers(subject, standing)]
    waiting: Sequence[Anomaly] = ()
    if calendar and policy:
        result.policy_version = chosen.policy_version
        result.calendar_version = calendar.version
        life = life_of(case_id, standing, policy, item)
        days = days_of(reference, hall_id, chosen.window_id)
        anomalies += _run_clocks(result, subject, life, chosen.steps, days, now) if days else []
        result.next_wake = _earlier(result.next_wake, chosen.wake)
        unfounded, waiting = _follow(result, subject, told, policy, calendar, now)
        anomalies += unfounded
    result.governing = governing(result.clocks)
    anomalies += [a for clock in result.clocks for a in clock.anomalies]
    anomalies = list(dict.fromkeys(anomalies))
    _add(result, anomaly_outputs(subject, anomalies))
    _add(result, _points(result, subject, counted, told, reference, calendar, now))
    if reviewed:
        _add(result, set_aside_outputs(case_id, told, view.historical))
    view.anomalies = (*anomalies, *waiting)
    return result


def _add(result: Assessment, outputs: Iterable[Output]) -> None:
    for output in outputs:
        result.outputs[output.id] = output


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
        signs, wake = integrity_outputs(
            subject, told, result.item, policy.integrity, calendar, now, result.view.staff_id
        )
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
    days: Days,
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
            if wake is not None:
                wakes.append(wake)
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
    days: Days,
    now: int,
) -> int | None:
    """Add the clock of one track; when it has to be looked at again."""
    of = kind.at(track.anchor.occurred_at)
    clock = clock_on(track, of, life, days.of(of.definition.days, track.stopped_at))
    if clock is None:
        return None
    fired = firings(clock, of.ladder)
    outputs = clock_outputs(subject, clock, fired, life.standing, now)
    wake = next_wake(clock, fired, now)
    result.clocks.append(clock)
    _add(result, outputs)
    return wake


def governing(clocks: Sequence[Clock]) -> Clock | None:
    """The clock that decides whether the case was on time: promise, else imposed, else law; of
    several of one rank (a case that was reopened) the one that started last."""
    candidates = [c for c in clocks if c.definition.governs > 0]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    rank = [(c.definition.governs, c.anchor.occurred_at, i) for i, c in enumerate(candidates)]
    return candidates[max(rank)[2]]


def _runs(result: Assessment) -> list[Clock]:
    """The deciding clock, and those of its kind before the case was reopened; it comes last."""
    if (last := result.governing) is None:
        return []
    before = [c for c in result.clocks if c.kind == last.kind and c is not last]
    return [*sorted(before, key=lambda c: c.anchor.occurred_at), last]


def _conflicts(facts: Facts) -> list[Anomaly]:
    """What was told in two ways, and that a case is full: facts may have fallen out."""
    full = len(facts.ordered) >= MAX_FACTS
    if not (facts.conflicting or full):
        return []
    last = facts.ordered[-1]
    flags = [Anomaly("too_many_facts", last.event_id, last.occurred_at)] if full else []
    return flags + [
        Anomaly("two_bodies_under_one_id", f.event_id, f.occurred_at)
        for f in facts.ordered
        if f.event_id in facts.conflicting
    ]


def _strangers(subject: Subject, standing: Sequence[Fact]) -> list[Anomaly]:
    """Facts from a hall that the case is not in and that no fact of it has named."""
    if {fact.sender for fact in standing} == {""}:
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
    told: Sequence[Fact],
    reference: Reference,
    calendar: Calendar | None,
    now: int,
) -> Iterator[Output]:
    if not calendar:
        return
    gainers = {"hall": subject.hall_id}
    if subject.window_id:
        gainers |= {"window": subject.window_id, "staff": result.view.staff_id}
    # How long a complaint or a patrol took is no outcome of an application.
    runs = [] if result.view.begun else _runs(result)
    watched = watched_causes(
        subject.case_id, gainers, result.clocks, list(result.outputs.values()), told
    )
    for cause in (*case_causes(subject.case_id, gainers, runs, standing, now), *watched):
        if reference.chiefs and subject.window_id:
            unit = f"{subject.hall_id}/{subject.window_id}"
            chief = reference.chief_of(unit, cause.at)
            cause = cause._replace(subjects={**cause.subjects, "chief_rep": chief})
        policies = reference.score_policies(cause.at)
        for point in points_of(cause, policies, calendar.zone):
            yield point._replace(historical=True) if subject.historical else point
