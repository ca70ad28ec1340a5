"""A bad rating that its review found mistaken or malicious, or against which an objection was
upheld, does not count: given facts of two cases, then points, scores, rankings and the rating."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from duban import codec
from duban.events import Actor, Event
from duban.score_policy import ScorePolicy, ScoreRule
from projections.sink.rows import rows
from projections.sink.state import decode_state
from projections.sink.tables import COLUMNS
from streams.clocks_job import ClocksJob
from streams.records import Record
from tests.given import CASE, REFERENCE, at
from tests.scored import HALL, Hall, closed, uuid

REVIEW = f"{HALL}/cp-1"
RULES = (
    ScoreRule("kept", "outcome:on_time", 1.0),
    ScoreRule("poor", "rating:1", -2.0),
    ScoreRule("good", "rating:5", 0.5),
)
MONTH = ScorePolicy("1", 0, RULES)
LATER = "2026-11-12 09:00"


class Known:
    current = replace(REFERENCE, scores=(MONTH,))


def said(
    name: str, type_: str, when: str, case: str = CASE, *, recorded: str = "", corrects: str = "",
    role: str = "handler", **data: Any,
) -> Event:  # fmt: skip
    """A fact of a case under a name."""
    return Event(
        type_, uuid(name), case, at(when), at(recorded or when), hall_id=case.partition("/")[0],
        corrects_event_id=uuid(corrects) if corrects else None,
        actor=Actor("", role, "", "w1"), data=data,
    )  # fmt: skip


CASE_FACTS = [
    said("submitted", "CaseSubmitted", "2026-10-12 09:00", item_code="sign"),
    said("accepted", "CaseAccepted", "2026-10-12 10:00"),
    said("decided", "DecisionMade", "2026-10-13 10:00", decision="approved"),
]
BAD = said("bad", "RatingGiven", "2026-10-14 10:00", level=1, source="mass")
OPENED = said("opened", "NegativeReviewOpened", "2026-10-15 09:00", REVIEW,
              about_case_id=CASE, rating_event_id=uuid("bad"), level=1)  # fmt: skip


def verified(verdict: str, when: str = "2026-10-16 09:00", name: str = "verified", **more: Any):
    return said(name, "ReviewVerified", when, REVIEW, verdict=verdict, **more)


def decided(decision: str, when: str = "2026-10-20 09:00"):
    return said("appeal", "ReviewAppealDecided", when, REVIEW, decision=decision)


class Halls:
    """A clock job, told facts one by one, whose verdicts come back to it, and a score job."""

    def __init__(self, *told: Event) -> None:
        self.clocks = ClocksJob(0, Known)
        self.hall = Hall(MONTH)
        self.topic: list[tuple[bytes, bytes]] = []
        self.sent: list[Event] = []
        self.read(*told)

    def read(self, *told: Event) -> "Halls":
        waiting = [("case-events", event) for event in told]
        while waiting:
            topic, event = waiting.pop(0)
            key = event.subject_id.encode()
            record = Record(topic, 0, len(self.sent), 0, key, codec.encode(event), ())
            result = self.clocks.apply([record], at("2026-12-01 09:00"))
            assert not result.dead
            self.topic += [(k, v) for k, v in result.state if v is not None]
            events = [codec.decode(out.value) for out in result.outputs]
            self.sent += events
            waiting += [("verdicts", e) for e in events if e.type == "RatingSetAside"]
            self.hall.read(*(e for e in events if e.type == "ScorePointPosted"))
        return self

    def restart(self) -> "Halls":
        self.clocks = ClocksJob(0, Known)
        for key, value in self.topic:
            self.clocks.restore(key, value)
        self.clocks.restored()
        self.hall.restart()
        return self

    def score(self) -> tuple[float, int, int]:
        """Points, ratings and satisfied of the window's month."""
        found = self.hall.scores().get(("window-month", "w1", "2026-10"))
        return (found["points"], found["ratings"], found["satisfied"]) if found else (0.0, 0, 0)

    def rating(self) -> int | None:
        """The rating that the case's row has."""
        values = [value for key, value in self.topic if key == CASE.encode()]
        return decode_state(values[-1])["case"]["rating"]


COUNTS, COUNTS_NOT = ((-1.0, 1, 0), 1), ((1.0, 0, 0), None)


def seen(halls: Halls) -> tuple[tuple[float, int, int], int | None]:
    return halls.score(), halls.rating()


# --- what a verdict does ---


@pytest.mark.parametrize(
    ("found", "then"),
    [
        ([], COUNTS),
        ([verified("valid")], COUNTS),
        ([verified("mistaken")], COUNTS_NOT),
        ([verified("malicious")], COUNTS_NOT),
        ([verified("valid"), decided("upheld")], COUNTS_NOT),
        ([verified("valid"), decided("rejected")], COUNTS),
        ([verified("mistaken"), verified("valid", "2026-10-17 09:00", "again")], COUNTS),
        ([verified("malicious", role="system")], COUNTS),  # people judge
    ],
)
def test_a_rating_found_mistaken_or_malicious_or_appealed_against_counts_no_more(found, then):
    assert seen(Halls(*CASE_FACTS, BAD, OPENED, *found)) == then


def test_facts_of_case_and_review_give_the_same_in_any_order_and_however_often_told():
    told = (BAD, OPENED, verified("mistaken"), CASE_FACTS[2])
    for order in itertools.permutations(told):
        assert seen(Halls(*CASE_FACTS[:2], *order)) == COUNTS_NOT
    assert seen(Halls(*CASE_FACTS, *told, *told)) == COUNTS_NOT


def test_a_verdict_that_comes_before_anything_of_the_case_waits_for_it_over_a_restart():
    halls = Halls(OPENED, verified("mistaken")).restart()
    assert seen(halls.read(*CASE_FACTS, BAD)) == COUNTS_NOT


def test_of_two_openings_about_one_rating_the_last_finding_is_heard():
    again = said("opened again", "NegativeReviewOpened", "2026-10-17 09:00", REVIEW,
                 about_case_id=CASE, rating_event_id=uuid("bad"), level=1)  # fmt: skip
    valid = verified("valid", "2026-10-18 09:00", "second look")
    told = (*CASE_FACTS, BAD, OPENED, verified("mistaken"), again)
    assert seen(Halls(*told)) == COUNTS_NOT
    assert seen(Halls(*told, valid)) == COUNTS


def test_what_another_hall_finds_sets_nothing_aside():
    halls = Halls(*CASE_FACTS, BAD, OPENED)
    verdict = verified("mistaken")
    guest = Record("case-events", 0, 9, 0, REVIEW.encode(), codec.encode(verdict),
                   (("duban_hall", b"elsewhere"),))  # fmt: skip
    told = halls.clocks.apply([guest], at("2026-12-01 09:00")).outputs
    assert "RatingSetAside" not in {codec.decode(out.value).type for out in told}


def test_a_verdict_is_taken_by_a_partition_whose_time_lies_days_behind():
    notes = [e for e in Halls(OPENED, verified("mistaken")).sent if e.type == "RatingSetAside"]
    job = ClocksJob(0, Known)
    for topic, event in [("case-events", BAD), *(("verdicts", note) for note in notes)]:
        record = Record(topic, 0, 0, 0, CASE.encode(), codec.encode(event), ())
        assert job.apply([record], at("2026-10-14 12:00")).dead == []


def test_points_that_were_back_for_a_while_are_taken_back_after_they_were():
    voiding = said("void of void", "EventVoided", "2026-10-19 09:00", REVIEW,
                   voids_event_id=uuid("void"), reason="it was right")  # fmt: skip
    halls = Halls(*CASE_FACTS, BAD, OPENED, verified("mistaken"), VOIDED, voiding)
    points = [e.data for e in halls.sent if e.type == "ScorePointPosted"]
    told = [p["cause_recorded_at"] for p in points if p["rule_id"] == "poor"]
    assert [round(p["points"]) for p in points if p["rule_id"] == "poor"] == [-2, 2, -2, 2]
    assert told == sorted(told)


def test_a_case_of_which_only_a_verdict_is_known_is_not_held_in_memory_as_an_open_one():
    halls = Halls(OPENED, verified("mistaken"))
    assert list(halls.clocks._cases.names()) == [REVIEW]


def test_the_points_are_posted_back_with_the_verdict_as_their_cause():
    verdict = verified("mistaken", recorded="2026-10-18 09:00")
    halls = Halls(*CASE_FACTS, BAD, OPENED, verdict)
    points = [e.data for e in halls.sent if e.type == "ScorePointPosted"]
    [posted] = [p for p in points if p["rule_id"] == "poor" and not p["reverses"]]
    [back] = [p for p in points if p["reverses"]]
    assert (posted["points"], posted["cause_event_id"]) == (-2.0, BAD.event_id)
    assert (back["points"], back["reverses"]) == (2.0, posted["point_id"])
    assert (back["cause_event_id"], back["cause_type"]) == (verdict.event_id, "ReviewVerified")
    assert (back["cause_recorded_at"], back["period"]) == (at("2026-10-18 09:00"), "2026-10")


# --- what becomes of a verdict ---


VOIDED = said("void", "EventVoided", "2026-10-17 09:00", REVIEW, voids_event_id=uuid("verified"),
              reason="wrong case")  # fmt: skip
CORRECTED = said("corrected", "ReviewVerified", "2026-10-17 09:00", REVIEW, corrects="verified",
                 verdict="valid")  # fmt: skip
ELSEWHERE = said("moved", "NegativeReviewOpened", "2026-10-15 09:00", REVIEW, corrects="opened",
                 recorded="2026-10-19 09:00", about_case_id=CASE, rating_event_id=uuid("other"),
                 level=1)  # fmt: skip


@pytest.mark.parametrize("undone", [VOIDED, CORRECTED, ELSEWHERE])
def test_a_verdict_that_is_voided_corrected_or_about_another_rating_lets_it_count_again(undone):
    told = (*CASE_FACTS, BAD, OPENED, verified("mistaken"), undone)
    assert seen(Halls(*told)) == COUNTS
    assert seen(Halls(*reversed(told))) == COUNTS
    again = said("unvoid", "EventVoided", "2026-10-20 09:00", REVIEW, reason="",
                 voids_event_id=undone.event_id)  # fmt: skip
    assert seen(Halls(*told, again)) == COUNTS_NOT
    assert seen(Halls(*told).restart().read(again)) == COUNTS_NOT


def test_a_rating_that_was_corrected_is_set_aside_under_any_of_its_names():
    better = said("corrected rating", "RatingGiven", "2026-10-14 10:00", corrects="bad",
                  recorded="2026-10-14 11:00", level=5, source="mass")  # fmt: skip
    assert seen(Halls(*CASE_FACTS, BAD, better)) == ((1.5, 1, 1), 5)
    assert seen(Halls(*CASE_FACTS, BAD, better, OPENED, verified("mistaken"))) == COUNTS_NOT
    renamed = replace(OPENED, data={**OPENED.data, "rating_event_id": better.event_id})
    assert seen(Halls(*CASE_FACTS, BAD, better, renamed, verified("mistaken"))) == COUNTS_NOT


def test_a_voided_rating_costs_nothing_whatever_was_found_of_it():
    void = said("no rating", "EventVoided", "2026-10-18 09:00", voids_event_id=BAD.event_id,
                reason="")  # fmt: skip
    for told in itertools.permutations((BAD, OPENED, verified("mistaken"), void)):
        assert seen(Halls(*CASE_FACTS, *told)) == COUNTS_NOT


def test_another_rating_of_the_case_counts_on():
    good = said("good", "RatingGiven", "2026-10-13 12:00", level=5, source="mass")
    halls = Halls(*CASE_FACTS, good, BAD, OPENED, verified("malicious"))
    assert seen(halls) == ((1.5, 1, 1), 5)


def test_two_reviews_in_the_rated_case_itself_are_told_apart():
    first = said("r1", "NegativeReviewOpened", "2026-10-15 09:00", rating_event_id=uuid("bad"))
    verdict = said("v1", "ReviewVerified", "2026-10-16 09:00", verdict="mistaken")
    second = said("r2", "NegativeReviewOpened", "2026-10-17 09:00", rating_event_id=uuid("bad2"))
    valid = said("v2", "ReviewVerified", "2026-10-18 09:00", verdict="valid")
    other = said("bad2", "RatingGiven", "2026-10-14 12:00", level=1, source="mass")
    for told in itertools.permutations((first, verdict, second, valid)):
        halls = Halls(*CASE_FACTS, BAD, other, *told)
        assert seen(halls) == COUNTS
        assert not [e for e in halls.sent if e.type == "RatingSetAside"]


def test_a_review_in_the_rated_case_is_about_one_rating_whether_or_not_it_names_the_case():
    first = said("r1", "NegativeReviewOpened", "2026-10-15 09:00", rating_event_id=uuid("bad"))
    verdict = said("v1", "ReviewVerified", "2026-10-16 09:00", verdict="mistaken")
    again = said("r2", "NegativeReviewOpened", "2026-10-17 09:00", rating_event_id=uuid("bad"),
                 about_case_id=CASE)  # fmt: skip
    valid = said("v2", "ReviewVerified", "2026-10-18 09:00", verdict="valid")
    for told in itertools.permutations((first, verdict, again, valid)):
        assert seen(Halls(*CASE_FACTS, BAD, *told)) == COUNTS


def test_no_hall_sets_aside_a_rating_of_another_one():
    far = [replace(e, subject_id="elsewhere/cp-1", hall_id="elsewhere")
           for e in (OPENED, verified("mistaken"))]  # fmt: skip
    assert seen(Halls(*CASE_FACTS, BAD, *far)) == COUNTS


# --- after the period is closed ---


def test_a_verdict_after_the_close_revises_the_ranking_as_a_correction():
    halls = Halls(*CASE_FACTS, BAD, OPENED)
    halls.hall.read(closed("2026-10", "2026-11-05 09:00"))
    halls.read(verified("mistaken", LATER))
    first, second = halls.hall.rankings()
    assert [e["score"] for e in first["entries"]] == [99.0]
    assert (second["revision"], second["reason"]) == (1, "correction")
    assert [(e["score"], e["ratings"]) for e in second["entries"]] == [(101.0, 0)]


def test_a_verdict_that_falls_after_the_close_revises_once_more_and_gives_a_reason():
    halls = Halls(*CASE_FACTS, BAD, OPENED, verified("mistaken"))
    halls.hall.read(closed("2026-10", "2026-11-05 09:00"))
    halls.read(replace(VOIDED, occurred_at=at(LATER), recorded_at=at(LATER)))
    first, second = halls.hall.rankings()
    assert [e["score"] for e in first["entries"]] == [101.0]
    assert (second["reason"], second["entries"][0]["score"]) == ("late_fact", 99.0)


def test_a_case_known_from_a_verdict_alone_is_no_row():
    halls = Halls(OPENED, verified("mistaken"))
    deleted = COLUMNS["cases"].index("is_deleted")

    def gone() -> int:
        value = next(v for k, v in reversed(halls.topic) if k == CASE.encode())
        record = Record("case-state", 0, 1, 0, CASE.encode(), value, ())
        [row] = [row for table, row in rows(record) if table == "cases"]
        return row[deleted]

    assert gone() == 1
    halls.read(*CASE_FACTS)
    assert gone() == 0
