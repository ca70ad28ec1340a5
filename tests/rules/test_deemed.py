"""What the law takes from silence: reached by time, confirmed by a person, never by a timer."""

from dataclasses import replace

from duban import reference
from duban.deemed import WAITS, confirmed
from duban.events import Actor
from duban.policy import ClockDef, Effect
from tests.given import POLICY, REFERENCE, at, due, fact, said, signals, told, when

ART_32 = "行政许可法第三十二条"
RULE_66 = "宜府办发〔2009〕66号"
ENDS = ("DecisionMade", "CaseClosed", "CaseRefused")
PRECHECK = ClockDef(
    "precheck", 5, "working_day", ("CaseSubmitted",),
    ("SupplementRequested", "CaseAccepted", "CaseDeemedAccepted", "DeemedOutcomeConfirmed", *ENDS),
    effect=Effect("acceptance", ART_32), stop_when={"confirmed": frozenset({""})},
)  # fmt: skip
BRANCH = ClockDef(
    "branch", 3, "working_day", ("BranchReceipted",), ("BranchOpined", *ENDS),
    effect=Effect("consent", RULE_66), per="branch_id",
)  # fmt: skip
RENEWAL = ClockDef(
    "renewal", 0, "instant", ("DeadlineImposed",), ENDS,
    effect=Effect("renewal", "行政许可法第五十条"),
)  # fmt: skip
PROMISE = replace(POLICY.clocks[0], start=("CaseAccepted", "CaseDeemedAccepted"))
SILENT = replace(
    REFERENCE,
    policies={
        "default": (
            replace(
                POLICY,
                clocks=(PROMISE, PRECHECK, BRANCH, RENEWAL),
                absence=Effect("consent", RULE_66),
                unreasoned=Effect("consent", "fsou 169519"),
            ),
        )
    },
)
SUBMITTED = fact("CaseSubmitted", "2026-09-21 10:00", item_code="sign")  # five days: 28th, 17:00
ACCEPTED = fact("CaseAccepted", "2026-09-21 11:00")
SIGNED = fact("BranchReceipted", "2026-09-21 12:00", branch_id="fire", org="fire")
CONFIRMED = fact("DeemedOutcomeConfirmed", "2026-09-30 10:00", outcome="acceptance")


def seen(now, *facts):
    return when(now, *facts, reference=SILENT)


def reached(assessment):
    """Outcomes that are out, as (outcome, branch, local instant)."""
    out = [o for o in assessment.outputs.values() if o.type == "DeemedOutcomeReached"]
    return sorted((o.data["outcome"], o.data["branch_id"], said(o.at)) for o in out)


def flags(assessment):
    return {a.code for a in assessment.view.anomalies}


def test_five_days_of_silence_are_an_acceptance_that_waits_and_changes_nothing():
    assert reached(seen("2026-09-28 17:00", SUBMITTED)) == []
    late = seen("2026-09-28 17:01", SUBMITTED)
    assert reached(late) == [("acceptance", "", "2026-09-28 17:00")]
    (output,) = (o for o in late.outputs.values() if o.type == "DeemedOutcomeReached")
    assert (output.data["basis_text"], output.data["clock_kind"]) == (ART_32, "precheck")
    assert WAITS in flags(late)
    assert (late.view.status, late.view.accepted_at) == ("submitted", None)
    assert "promise" not in {c.kind for c in late.clocks}
    assert "AnomalyFound" not in {o.type for o in late.outputs.values()}


def test_the_case_wakes_when_silence_turns_into_an_acceptance():
    assert said(seen("2026-09-28 09:00", SUBMITTED).next_wake - 1) == "2026-09-28 17:00"


def test_an_answer_in_time_leaves_nothing_and_a_late_one_leaves_what_was_reached():
    for accepted, found in (("2026-09-28 17:00", 0), ("2026-09-29 09:00", 1)):
        case = seen("2026-10-20 09:00", SUBMITTED, fact("CaseAccepted", accepted))
        assert len(reached(case)) == found
        assert WAITS not in flags(case)


def test_a_person_confirms_and_the_promise_runs_from_the_day_of_receipt():
    case = seen("2026-09-30 10:00", SUBMITTED, CONFIRMED)
    assert said(case.view.accepted_at) == "2026-09-21 10:00"
    assert case.view.status == "accepted"
    assert due(case) == "2026-09-24 17:00"
    assert signals(case) == ["red 2026-09-25 17:00"]  # folded: nobody could know before
    assert reached(case) == [("acceptance", "", "2026-09-28 17:00")]
    assert flags(case).isdisjoint({WAITS, "confirmed_not_reached", "after_the_end"})


def test_the_precheck_was_late_all_the_same():
    case = seen("2026-09-30 10:00", SUBMITTED, CONFIRMED)
    (precheck,) = (c for c in case.clocks if c.kind == "precheck")
    assert (precheck.outcome, said(precheck.stopped_at)) == ("late", "2026-09-30 10:00")


def test_the_record_of_the_receipt_decides_where_it_is_named():
    named = fact(
        "DeemedOutcomeConfirmed", "2026-09-30 10:00", outcome="acceptance",
        **{"from": at("2026-09-18 15:00")},
    )  # fmt: skip
    assert said(seen("2026-09-30 10:00", SUBMITTED, named).view.accepted_at) == "2026-09-18 15:00"


def test_a_supplement_moves_the_receipt():
    asked = fact("SupplementRequested", "2026-09-22 10:00")
    came = fact("SupplementReceived", "2026-09-23 10:00")
    case = seen("2026-09-30 10:00", SUBMITTED, asked, came, CONFIRMED)
    assert said(case.view.accepted_at) == "2026-09-23 10:00"


def test_a_program_confirms_nothing():
    for role in ("system", ""):
        by_program = CONFIRMED._replace(actor=Actor("duban", role))
        case = seen("2026-09-30 10:00", SUBMITTED, by_program)
        assert case.view.accepted_at is None
        assert flags(case) >= {"confirmed_by_no_person", WAITS}


def test_what_silence_had_not_led_to_is_flagged_and_stands():
    early = fact("DeemedOutcomeConfirmed", "2026-09-22 10:00", outcome="acceptance")
    case = seen("2026-09-30 10:00", SUBMITTED, early)
    assert "confirmed_not_reached" in flags(case)
    assert case.view.accepted_at is not None


def test_nothing_received_is_nothing_accepted():
    contact = fact("FirstContactRecorded", "2026-09-21 09:00")
    case = seen("2026-09-30 10:00", contact, CONFIRMED)
    assert "confirmed_without_receipt" in flags(case)
    assert case.view.accepted_at is None


def test_a_branch_that_signed_and_kept_silent_consents_once_a_person_says_so():
    silent = (SUBMITTED, ACCEPTED, SIGNED)
    assert reached(seen("2026-09-25 09:00", *silent)) == [("consent", "fire", "2026-09-24 17:00")]
    yes = fact("DeemedOutcomeConfirmed", "2026-09-25 10:00", outcome="consent", branch_id="fire")
    case = seen("2026-09-25 11:00", *silent, yes)
    (branch,) = (c for c in case.clocks if c.kind == "branch")
    assert (branch.outcome, branch.stopped_by.type) == ("late", "BranchOpined")
    assert reached(case) == [("consent", "fire", "2026-09-24 17:00")]
    assert WAITS not in flags(case)


def test_a_branch_that_stays_away_consents_only_if_it_signed_gave_no_reason_and_had_not_spoken():
    away = fact("BranchAbsent", "2026-09-22 10:00", branch_id="fire", occasion="survey", reason="")
    excused = fact("BranchAbsent", "2026-09-22 10:00", branch_id="fire", reason="防汛抢险")
    no = {"branch_id": "fire", "opinion": "disagree", "reason": "消防通道不足"}
    spoke = fact("BranchOpined", "2026-09-22 09:00", **no)
    later = fact("BranchOpined", "2026-09-22 11:00", **no)
    base = (SUBMITTED, ACCEPTED)
    consent = [("consent", "fire", "2026-09-22 10:00")]
    for facts, found, waits in (
        ((*base, SIGNED, away), consent, True),
        ((*base, SIGNED, away, later), consent, False),
        ((*base, SIGNED, spoke, away), [], False),
        ((*base, SIGNED, excused), [], False),
        ((*base, away), [], False),
    ):
        case = seen("2026-09-23 09:00", *facts)
        assert (reached(case), WAITS in flags(case)) == (found, waits)


def test_a_branch_that_disagrees_without_a_reason_consents_once_a_person_says_so():
    """会办 (fsou 169519): an answer that is none of the three, or no without a reason, is yes."""
    base = (SUBMITTED, ACCEPTED, SIGNED)
    consent = [("consent", "fire", "2026-09-22 09:00")]
    for said_, reason, found in (
        ("disagree", "", consent),
        ("unknown", "", consent),
        ("disagree", "消防通道不足", []),
        ("agree", "", []),
        ("agree_forward", "", []),
    ):
        word = fact("BranchOpined", "2026-09-22 09:00", branch_id="fire", opinion=said_,
                    reason=reason)  # fmt: skip
        case = seen("2026-09-23 09:00", *base, word)
        assert (reached(case), WAITS in flags(case)) == (found, bool(found))
        unsigned = seen("2026-09-23 09:00", SUBMITTED, ACCEPTED, word)
        assert reached(unsigned) == []
    word = fact("BranchOpined", "2026-09-22 09:00", branch_id="fire", opinion="disagree")
    yes = fact("DeemedOutcomeConfirmed", "2026-09-23 09:00", outcome="consent", branch_id="fire")
    confirmed_ = seen("2026-09-24 09:00", *base, word, yes)
    assert reached(confirmed_) == consent
    assert flags(confirmed_).isdisjoint({WAITS, "confirmed_not_reached"})


def test_renewal_is_granted_by_the_person_who_confirms_it():
    expires = fact("DeadlineImposed", "2026-09-21 10:30", due_at=at("2026-10-09 00:00"))
    silent = (SUBMITTED, ACCEPTED, expires)
    late = seen("2026-10-09 09:00", *silent)
    assert reached(late) == [("renewal", "", "2026-10-09 00:00")]
    assert late.view.decided_at is None
    yes = fact("DeemedOutcomeConfirmed", "2026-10-09 10:00", outcome="renewal")
    case = seen("2026-10-09 11:00", *silent, yes)
    assert (case.view.decision, said(case.view.decided_at)) == ("approved", "2026-10-09 10:00")
    assert "after_the_end" not in flags(case)


def test_a_supplied_fact_bears_the_id_of_its_confirmation_and_says_that_it_was_deemed():
    facts, _ = confirmed(told(SUBMITTED, CONFIRMED).ordered)
    supplied = next(f for f in facts if f.type == "CaseDeemedAccepted")
    assert (supplied.event_id, supplied.recorded_at) == (
        CONFIRMED.event_id,
        CONFIRMED.recorded_at,
    )
    yes = fact("DeemedOutcomeConfirmed", "2026-10-09 10:00", outcome="renewal")
    facts, _ = confirmed(told(SUBMITTED, yes).ordered)
    assert next(f for f in facts if f.type == "DecisionMade").data["deemed"] is True


def test_the_shipped_rules_keep_the_precheck_late_when_a_person_confirms() -> None:
    shipped = reference.reference_from(reference.load(reference.SHIPPED))
    item = next(c for c, v in shipped.items.items() if v[-1].case_class in ("permit", "joint"))
    submitted = fact("CaseSubmitted", "2026-09-21 10:00", item_code=item)
    case = when("2026-09-30 10:00", submitted, CONFIRMED, reference=shipped)
    (precheck,) = (c for c in case.clocks if c.kind == "precheck")
    assert (precheck.outcome, said(precheck.stopped_at)) == ("late", "2026-09-30 10:00")
    assert reached(case) == [("acceptance", "", "2026-09-29 17:00")]  # 中秋节, the 25th
    assert said(case.view.accepted_at) == "2026-09-21 10:00"
