"""What the hall would say of a case: its state, whose it is, since when it is accepted."""

from dataclasses import replace

import pytest

from duban import reference
from duban.assess import assess
from duban.case import MAX_FACTS
from duban.events import Actor
from tests.given import at, due, fact, said, told, when

SUBMITTED = fact("CaseSubmitted", "2026-10-12 09:30", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-10-12 10:00")  # three days: due on Thursday the 15th
PAUSE = {"ground": "hearing", "written_notice_no": "7"}
SHIPPED = reference.reference_from(reference.load(reference.SHIPPED))


def flags(assessment):
    return {a.code for a in assessment.view.anomalies}


def by(one, role="handler", window=""):
    """The fact, told by somebody else."""
    return one._replace(actor=Actor("x", role, "", window))


# --- its state ---


@pytest.mark.parametrize(
    ("pause", "status"),
    [
        (PAUSE, "paused"),
        ({**PAUSE, "written_notice_no": ""}, "accepted"),  # 行政许可法 art 45: told in writing
        ({**PAUSE, "ground": "leader_absent"}, "accepted"),  # the list of art 45 is closed
    ],
)
def test_a_case_is_paused_where_its_clocks_are(pause, status):
    held = fact("ClockExclusionStarted", "2026-10-13 10:00", **pause)
    case = when("2026-10-14 09:00", SUBMITTED, ACCEPTED, held)
    assert case.view.status == status
    (promise,) = (c for c in case.clocks if c.kind == "promise")
    assert (promise.state == "paused") == (status == "paused")
    ended = fact("ClockExclusionEnded", "2026-10-13 16:00", ground=pause["ground"])
    over = when("2026-10-14 09:00", SUBMITTED, ACCEPTED, held, ended)
    assert over.view.status == "accepted"
    assert "resumed_without_pause" not in flags(over)


def test_a_refusal_that_is_reopened_is_not_an_acceptance():
    refused = fact("CaseRefused", "2026-10-13 10:00")
    again = fact("CaseReopened", "2026-10-14 10:00", cause="review_decision")
    assert when("2026-10-15 09:00", SUBMITTED, refused, again).view.status == "submitted"
    assert when("2026-10-15 09:00", SUBMITTED, ACCEPTED, refused, again).view.status == "accepted"


def test_who_is_accepted_after_a_refusal_is_accepted():
    refused = fact("CaseRefused", "2026-10-12 10:00")
    after_all = fact("CaseAccepted", "2026-10-14 10:00")
    case = when("2026-10-15 09:00", SUBMITTED, refused, after_all)
    assert (case.view.status, case.view.ended_at) == ("accepted", None)
    assert "after_the_end" in flags(case)
    assert due(case) == "2026-10-19 17:00"


def test_who_is_accepted_after_the_case_was_closed_is_not():
    refused, closed = (
        fact("CaseRefused", "2026-10-12 10:00"),
        fact("CaseClosed", "2026-10-12 11:00"),
    )
    case = when(
        "2026-10-15 09:00", SUBMITTED, refused, closed, fact("CaseAccepted", "2026-10-14 10:00")
    )
    assert case.view.status == "closed"


# --- whose it is ---


def test_a_fee_paid_at_another_window_moves_no_case_to_that_windows_hours():
    """The police's window of Zhangzhou works through the Spring Festival, the hall does not."""
    sent = by(fact("CaseSubmitted", "2026-02-13 09:30", item_code="outdoor-sign"), window="gongan")
    taken = by(fact("CaseAccepted", "2026-02-13 10:00"), window="gongan")
    paid = by(fact("FeePaid", "2026-02-18 10:00", amount="5"), window="caiwu")

    def promised(*facts):
        case = assess("zhangzhou/1", "zhangzhou", told(*facts), SHIPPED, at("2026-02-19 12:00"))
        return case.view.window_id, due(case)

    assert promised(sent, taken, paid) == promised(sent, taken) == ("gongan", "2026-02-17 12:00")
    assert promised(*(by(f, window="caiwu") for f in (sent, taken))) == (
        "caiwu",
        "2026-02-25 17:00",
    )


def test_whoever_accepts_a_case_takes_it_over():
    sent = by(SUBMITTED, window="hall")
    assert when("2026-10-13 09:00", sent, by(ACCEPTED, window="w9")).view.window_id == "w9"


# --- since when it is accepted ---


def accepted_on(on, now="2026-10-20 09:00"):
    told_at = fact("CaseAccepted", "2026-10-16 10:00", accepted_on=at(on))
    return when(now, SUBMITTED, told_at)


def test_the_day_on_the_notice_of_acceptance_counts():
    # Three working days from Tuesday the 13th: the 16th; told on the 16th, nobody was late by it.
    case = accepted_on("2026-10-13 15:00")
    assert (said(case.view.accepted_at), due(case)) == ("2026-10-13 15:00", "2026-10-16 17:00")
    assert "accepted_twice" not in flags(case)


def test_nothing_is_accepted_before_it_came_in():
    assert said(accepted_on("2026-10-09 00:00").view.accepted_at) == "2026-10-12 09:30"


def test_a_notice_dated_later_buys_no_time():
    case = accepted_on("2026-10-19 09:00")
    assert (due(case), "accepted_on_later" in flags(case)) == ("2026-10-21 17:00", True)


def test_the_five_days_of_silence_end_when_the_applicant_is_told_and_not_on_the_day_written():
    sent = fact("CaseSubmitted", "2026-03-02 09:30", item_code="outdoor-sign")
    late = fact("CaseAccepted", "2026-03-10 10:00", accepted_on=at("2026-03-02 10:00"))
    case = when("2026-03-11 09:00", sent, late, reference=SHIPPED)
    (precheck,) = (c for c in case.clocks if c.kind == "precheck")
    assert (said(precheck.stopped_at), precheck.outcome) == ("2026-03-10 10:00", "late")


@pytest.mark.parametrize("role", ["system", "", "applicant", "owner", "intermediary"])
def test_neither_a_program_nor_the_party_itself_deems_a_case_accepted(role):
    deemed = by(fact("CaseDeemedAccepted", "2026-10-12 09:30"), role)
    yes = by(fact("DeemedOutcomeConfirmed", "2026-10-26 09:30", outcome="acceptance"), role)
    for one in (deemed, yes):
        case = when("2026-10-27 09:00", SUBMITTED, one)
        assert (case.view.status, case.view.accepted_at) == ("submitted", None)
        assert flags(case) & {"confirmed_by_no_person", "confirmed_by_a_party"}
    assert when("2026-10-27 09:00", SUBMITTED, by(deemed)).view.status == "accepted"


# --- what it cannot keep ---


def test_a_case_that_is_full_says_so_and_still_ends():
    fee = fact("FeePaid", "2026-10-13 10:00")
    fees = [
        fee._replace(event_id=f"{n:08d}", digest=str(n), occurred_at=fee.occurred_at + n)
        for n in range(MAX_FACTS)
    ]
    done = fact("DecisionMade", "2026-10-14 10:00", decision="approved")
    for order in ((SUBMITTED, ACCEPTED, *fees, done), (*fees, done, ACCEPTED, SUBMITTED)):
        case = when("2026-12-01 09:00", *order)
        assert case.view.status == "decided"
        assert "too_many_facts" in flags(case)
    assert told(done, *fees, SUBMITTED, ACCEPTED) == told(SUBMITTED, ACCEPTED, *fees, done)
    assert "too_many_facts" not in flags(when("2026-10-13 09:00", SUBMITTED, ACCEPTED, *fees[:9]))


# --- materials complete ---


def test_a_policy_may_count_from_the_day_the_materials_are_complete(tmp_path):
    """承诺件: the clock runs from the day the materials are complete (fymate 172267)."""
    (tmp_path / "own.toml").write_text(
        '[[policy]]\npolicy_id = "complete"\nversion = "1"\neffective_from = 2004-01-01\n'
        '[[policy.clocks]]\nkind = "promise"\nbudget = 3\nstart = ["MaterialsReceived"]\n'
        'when = { complete = ["true"] }\nstop = ["DecisionMade"]\n', encoding="utf-8",
    )  # fmt: skip
    own = reference.reference_from(reference.load(tmp_path)).policies["complete"]
    some = replace(SHIPPED, policies={"default": own})
    sent = fact("CaseSubmitted", "2026-10-12 09:30", item_code="outdoor-sign")
    partly = fact("MaterialsReceived", "2026-10-12 10:00", complete=False)
    whole = fact("MaterialsReceived", "2026-10-13 10:00", complete=True)
    case = when("2026-10-14 09:00", sent, partly, whole, reference=some)
    assert [said(c.anchor.occurred_at) for c in case.clocks] == ["2026-10-13 10:00"]
    assert said(case.clocks[0].due_at)[:10] == "2026-10-16"
