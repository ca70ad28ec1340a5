"""The vocabulary of the tests of points and rankings: facts of halls, points of cases, and a score
job with its topics, which forgets everything else when it is restarted."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from duban import codec
from duban.events import Event
from duban.policy import Post, Reference
from duban.score_policy import DEFAULT_POLICY, ScorePolicy
from streams.records import Here, Out, Record, Result
from streams.scores_job import ScoresJob
from tests.given import at

HALL = "sujiatun"


def uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def hall_fact(
    name: str, type_: str, when: str, subject: str = "w1", *, recorded: str = "", of: str = "",
    hall: str = HALL, **data: Any,
) -> Event:  # fmt: skip
    """A fact of a hall under a name; `of` is the name of the one that it corrects."""
    told = {"subject": subject, "subject_kind": "window", "reason": "", **NEEDED.get(type_, {})}
    if type_ not in WITH_REASON:
        del told["reason"]
    return Event(
        type_, uuid(name), hall, at(when), at(recorded or when), subject_type="hall",
        hall_id=hall, corrects_event_id=uuid(of) if of else None, data=told | data,
    )  # fmt: skip


NEEDED: dict[str, dict[str, Any]] = {
    "FindingRaised": {"finding_id": "f", "category": "fees", "severity": "minor"},
    "AttendanceExcepted": {"kind": "absent", "half_days": 1.0},
    "PraiseReceived": {"kind": "banner", "count": 1},
    "CardIssued": {"colour": "yellow"},
    "ScoreAdjusted": {"approver": "head"},
    "AppraisalGiven": {"source": "mass", "level": 5},
}
WITH_REASON = {
    "CardIssued", "ScoreAdjusted", "HallFactVoided", "RankingAppealDecided", "MeasureRevoked",
}  # fmt: skip


def void(name: str, of: str, when: str) -> Event:
    return hall_fact(name, "HallFactVoided", when, voided_event_id=uuid(of))


def closed(period: str, when: str, policy_id: str = "window-month", name: str = "") -> Event:
    called = name or f"close {policy_id} {period} {when}"
    return hall_fact(called, "PeriodClosed", when, "", policy_id=policy_id, period=period)


def case_point(
    name: str, points: float, when: str = "2026-09-10 10:00", subject: str = "w1", *,
    recorded: str = "", rule: str = "kept", hall: str = HALL, **more: Any,
) -> Event:  # fmt: skip
    """A point as the clock job posts it."""
    instant = at(when)
    data = {
        "point_id": uuid(name), "subject": subject, "period": "2026-09", "rule_id": rule,
        "points": points, "at": instant, "score_policy_version": "1", "case_id": "",
        "cause_event_id": None, "reverses": None, "cause_recorded_at": at(recorded or when),
    }  # fmt: skip
    return Event("ScorePointPosted", uuid(name), hall, instant, instant, subject_type="hall",
                 hall_id=hall, data=data | more)  # fmt: skip


def taken_back(of: Event, recorded: str) -> Event:
    name = uuid(f"not {of.data['point_id']}")
    more = {"point_id": name, "points": -of.data["points"], "reverses": of.data["point_id"],
            "cause_recorded_at": at(recorded)}  # fmt: skip
    return replace(of, event_id=name, data=of.data | more)


class Published:
    """Reference data that grows."""

    def __init__(self, *policies: ScorePolicy) -> None:
        self.current = Reference(scores=policies)

    def publish(self, *policies: ScorePolicy) -> None:
        self.current = Reference(scores=policies)


class Hall:
    """A score job with its state topic and with `score-points`, to which it sends too."""

    def __init__(self, *policies: ScorePolicy) -> None:
        self.references = Published(*policies)
        self.topic: list[tuple[bytes, bytes]] = []
        self.sent: list[Out] = []
        self.aside: list[tuple[str, str]] = []  # reason and detail of dead letters
        self._back = 0  # of these so many came back to the job
        self._offset = 0
        self.restart()

    def restart(self) -> None:
        self.job = ScoresJob(0, self.references)
        for key, value in self.topic:
            self.job.restore(key, value)
        self.job.restored()

    def says_nothing_after_a_restart(self) -> bool:
        """Whether all has been said before it."""
        before = len(self.topic)
        self.restart()
        self.work()
        return len(self.topic) == before

    def publish(self, *policies: ScorePolicy) -> None:
        self.references.publish(*policies)
        self._reference_changed()

    def post(self, **held: tuple[Post, ...]) -> None:
        """Publish what persons of the hall hold, the last to begin first."""
        posts = {f"{HALL}/{person}": found for person, found in held.items()}
        self.references.current = replace(self.references.current, posts=posts)
        self._reference_changed()

    def _reference_changed(self) -> None:
        self.job.reference_changed()
        self.work()

    def read(self, *told: Event, live: bool = True) -> "Hall":
        """Turns: apply each fact, and the points that came back; publish when caught up."""
        for event in told:
            topic = "score-points" if event.type == "ScorePointPosted" else "hall-events"
            record = self._record(topic, codec.encode(event), event)
            self._turn(self.job.apply([record], None))
        if live:
            self.work()
        return self

    def work(self) -> None:
        """Until there is nothing to do."""
        while self._back < len(self.sent) or self.job.next_due() == 0:
            while self.job.next_due() == 0:
                self._turn(self.job.fire(None, 3))
            come, self._back = self.sent[self._back :], len(self.sent)
            for out in come:
                record = self._record("score-points", out.value or b"", None, out.key)
                assert self.job.apply([record], None).is_empty  # they were counted when sent
        self.job.committed(Here("", 0))

    def _turn(self, result: Result) -> None:
        self.aside += [(reason, detail) for _, reason, detail in result.dead]
        self.topic += [(key, value) for key, value in result.state if value is not None]
        self.sent += result.outputs

    def _record(self, topic: str, value: bytes, event: Event | None, key: bytes = b"") -> Record:
        self._offset += 1
        name = event.hall_id.encode() if event else key
        return Record(topic, 0, self._offset, 0, name, value, ())

    # --- what others see ---

    def points(self) -> list[Event]:
        """Points that the job sent."""
        return [codec.decode(out.value) for out in self.sent]

    def said(self, *types: str) -> list[Event]:
        """What was published, in order."""
        events = (codec.decode(v) for k, v in self.topic if not k.startswith(b"__"))
        return [e for e in events if e.type in types]

    def scores(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The last score of each policy, subject and period."""
        found = (e.data for e in self.said("ScoreState"))
        return {(d["policy_id"], d["subject"], d["period"]): dict(d) for d in found}

    def rankings(self, policy_id: str = "window-month") -> list[dict[str, Any]]:
        """Every revision of a policy's rankings, in order of publication."""
        found = self.said("RankingPublished", "RankingRevised")
        return [{"type": e.type, **e.data} for e in found if e.data["policy_id"] == policy_id]


def places(ranking: dict[str, Any]) -> list[tuple[int, str, float]]:
    return [(e["place"], e["subject"], e["score"]) for e in ranking["entries"]]


def sums(events: Iterable[Event]) -> dict[tuple[str, str, str], float]:
    """Points sent by policy, subject and period; what adds up to nothing is left out."""
    total: dict[tuple[str, str, str], float] = {}
    for one in {e.event_id: e.data for e in events}.values():
        key = one.get("policy_id", DEFAULT_POLICY), one["subject"], one["period"]
        total[key] = round(total.get(key, 0.0) + one["points"], 6)
    return {key: points for key, points in total.items() if points}


def in_turn(told: Sequence[Event], *policies: ScorePolicy) -> Hall:
    """A hall that was told these facts, one turn each."""
    return Hall(*policies).read(*told)
