"""Signs that a record may not show what happened: given facts, when time passes, then signals."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from duban import reference
from duban.alerting import Subject
from duban.integrity import batch_entries, integrity_outputs, late_entries
from duban.policy import Integrity
from tests.given import POLICY, REFERENCE, fact, said, when

CALENDAR = REFERENCE.calendars[""]
SUBMITTED = fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-09-28 16:30")
PAUSE = {"ground": "hearing", "written_notice_no": "告字1号"}


def signs(assessment):
    """Signals that are out, as (signal, type of fact or detail, minutes)."""
    found = [o for o in assessment.outputs.values() if o.type == "IntegritySignal"]
    return sorted((o.data["signal"], o.data["detail"], o.data["minutes"]) for o in found)


def only(name, assessment):
    return [sign for sign in signs(assessment) if sign[0] == name]


def limits(**changed):
    policy = replace(POLICY, integrity=Integrity(**changed))
    return replace(REFERENCE, policies={"default": (policy,)})


def test_an_honest_record_raises_nothing():
    done = fact("DecisionMade", "2026-09-30 10:00", decision="approved")
    assert signs(when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done)) == []


def test_a_fact_recorded_more_than_a_day_of_work_later_is_a_late_entry():
    # 09:00 to 17:00 less the lunch break is 420 minutes; the limit itself passes.
    for recorded, found in (("2026-09-28 17:00", []), ("2026-09-29 09:01", [421])):
        late = fact("CaseSubmitted", "2026-09-28 09:00", recorded=recorded, item_code="sign")
        told = only("late_entry", when("2026-09-29 10:00", late))
        assert [minutes for _, _, minutes in told] == found


def test_a_weekend_and_a_holiday_make_no_entry_late():
    over = fact("SiteVisitDone", "2026-09-30 16:00", recorded="2026-10-08 10:00")
    assert only("late_entry", when("2026-10-08 10:00", SUBMITTED, over)) == []


def test_the_limit_is_policy_data():
    late = fact("CaseAccepted", "2026-09-28 16:30", recorded="2026-09-29 09:01")
    assert only("late_entry", when("2026-09-29 10:00", SUBMITTED, late)) == []
    strict = when("2026-09-29 10:00", SUBMITTED, late, reference=limits(late_minutes=30))
    assert only("late_entry", strict) == [("late_entry", "CaseAccepted", 31)]


def test_three_facts_keyed_in_at_once_that_claim_to_be_days_apart_are_a_batch():
    at_once = "2026-09-30 16:00"
    batch = [
        fact("CaseAccepted", "2026-09-28 16:30", recorded=at_once),
        fact("StepCompleted", "2026-09-29 16:30", recorded=at_once, step="survey"),
        fact("DecisionMade", "2026-09-30 15:59", recorded=at_once, decision="approved"),
    ]
    assert only("batch_entry", when("2026-10-20 09:00", SUBMITTED, *batch)) == [
        ("batch_entry", "3", 30 + 420 + 359)
    ]
    assert only("batch_entry", when("2026-10-20 09:00", SUBMITTED, *batch[:2])) == []


def test_three_facts_of_one_hour_keyed_in_at_once_are_no_batch():
    at_once = "2026-09-28 17:00"
    hour = [
        fact(type_, when_, recorded=at_once, **data)
        for type_, when_, data in (
            ("CaseAccepted", "2026-09-28 16:00", {}),
            ("StepCompleted", "2026-09-28 16:20", {"step": "survey"}),
            ("DecisionMade", "2026-09-28 16:50", {"decision": "approved"}),
        )
    ]
    assert only("batch_entry", when("2026-10-20 09:00", SUBMITTED, *hour)) == []


def test_an_imported_log_raises_neither_late_nor_batch_entry_and_says_that_it_is_history():
    old = [
        f._replace(historical=True, recorded_at=f.recorded_at + 90 * 86_400_000)
        for f in (SUBMITTED, ACCEPTED, fact("DecisionMade", "2026-09-28 16:30", decision="x"))
    ]
    found = when("2026-12-30 09:00", *old)
    assert [name for name, _, _ in signs(found)] == ["zero_duration"]
    assert all(o.historical for o in found.outputs.values())


def test_a_pause_without_its_written_notice_is_named():
    silent = fact("ClockExclusionStarted", "2026-09-29 10:00", ground="hearing")
    told = fact("ClockExclusionStarted", "2026-09-29 11:00", **PAUSE)
    found = when("2026-09-30 09:00", SUBMITTED, ACCEPTED, silent, told)
    assert only("pause_no_notice", found) == [("pause_no_notice", "hearing", None)]


def test_a_pause_past_its_expected_days_is_said_at_its_instant_and_not_before():
    pause = fact("ClockExclusionStarted", "2026-09-28 10:00", expected_days=2, **PAUSE)
    before = when("2026-09-30 17:00", SUBMITTED, ACCEPTED, pause)
    assert only("pause_overrun", before) == []
    assert said(before.next_wake - 1) == "2026-09-30 17:00"
    after = when("2026-09-30 17:01", SUBMITTED, ACCEPTED, pause)
    assert only("pause_overrun", after) == [("pause_overrun", "2", None)]


def test_a_pause_that_ended_in_time_or_with_the_case_is_not_said():
    pause = fact("ClockExclusionStarted", "2026-09-28 10:00", expected_days=2, **PAUSE)
    ended = fact("ClockExclusionEnded", "2026-09-30 17:00", ground="hearing")
    other = fact("ClockExclusionEnded", "2026-09-30 17:00", ground="testing")
    done = fact("DecisionMade", "2026-09-30 09:00", decision="withdrawn")
    for end, found in ((ended, []), (done, []), (other, [("pause_overrun", "2", None)])):
        told = when("2026-12-01 09:00", SUBMITTED, ACCEPTED, pause, end)
        assert only("pause_overrun", told) == found


def test_a_pause_of_which_no_days_were_told_has_those_of_the_policy():
    pause = fact("ClockExclusionStarted", "2026-09-28 10:00", **PAUSE)
    # Thirty working days: 29 and 30 September, fifteen in October (8, 9, the 10th made up, and
    # 12 to 16, 19 to 23, 26 and 27), thirteen more, the last of them Friday the 13th of November.
    last = "2026-11-13 17:00"
    assert only("pause_overrun", when(last, SUBMITTED, ACCEPTED, pause)) == []
    after = when("2026-11-13 17:01", SUBMITTED, ACCEPTED, pause)
    assert only("pause_overrun", after) == [("pause_overrun", "30", None)]
    short = when("2026-09-30 17:01", SUBMITTED, ACCEPTED, pause, reference=limits(pause_days=2))
    assert only("pause_overrun", short) == [("pause_overrun", "2", None)]


def test_a_pause_told_of_an_ended_case_lasts_for_nobody_until_it_is_reopened():
    done = fact("DecisionMade", "2026-09-28 16:40", decision="approved")
    pause = fact("ClockExclusionStarted", "2026-09-28 16:50", expected_days=2, **PAUSE)
    assert only("pause_overrun", when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done, pause)) == []
    again = fact("CaseReopened", "2026-09-28 16:45", cause="quality")
    case = when("2026-10-20 09:00", SUBMITTED, ACCEPTED, done, again, pause)
    assert only("pause_overrun", case) == [("pause_overrun", "2", None)]


def test_pauses_of_minutes_over_every_close_do_not_go_unremarked():
    """A day is used up at its close: without a word such pauses would keep a promise for ever."""
    pauses = [
        fact(type_, f"2026-09-{day} {minute}", **PAUSE)
        for day in (28, 29, 30)
        for type_, minute in (("ClockExclusionStarted", "16:59"), ("ClockExclusionEnded", "17:01"))
    ]
    fourth = fact("ClockExclusionStarted", "2026-10-08 16:59", **PAUSE)
    assert only("pause_overrun", when("2026-10-08 17:00", SUBMITTED, ACCEPTED, *pauses)) == []
    case = when("2026-10-08 17:00", SUBMITTED, ACCEPTED, *pauses, fourth)
    assert only("pause_overrun", case) == [("pause_overrun", "×4", None)]
    elsewhere = [f._replace(data={**f.data, "branch_id": "fire"}) for f in (*pauses, fourth)[:2]]
    mixed = when("2026-10-08 17:00", SUBMITTED, ACCEPTED, *pauses[2:], fourth, *elsewhere)
    assert only("pause_overrun", mixed) == []


def test_a_decision_at_the_instant_of_acceptance_is_named_unless_minutes_are_promised():
    done = fact("DecisionMade", "2026-09-28 16:30", decision="approved")
    assert only("zero_duration", when("2026-09-30 09:00", SUBMITTED, ACCEPTED, done))
    firm = fact("CaseSubmitted", "2026-09-28 09:00", item_code="firm")
    assert not only("zero_duration", when("2026-09-30 09:00", firm, ACCEPTED, done))


def test_what_is_missing_is_told_once():
    notices = [fact("OneTimeNoticeIssued", f"2026-09-28 1{h}:00") for h in range(3)]
    assert only("repeat_notice", when("2026-09-30 09:00", SUBMITTED, notices[0])) == []
    assert only("repeat_notice", when("2026-09-30 09:00", SUBMITTED, *notices)) == [
        ("repeat_notice", "2", None),
        ("repeat_notice", "3", None),
    ]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(-3_000, 9_000)), max_size=6),
    st.integers(1, 900),
)
def test_skipping_records_that_were_kept_at_once_misses_nothing(moments, span):
    """What `integrity_outputs` skips by the lags alone, the full count would not have found."""
    facts = []
    for number, (minute, lag) in enumerate(moments):
        one = fact("StepCompleted", "2026-09-21 09:00", step=str(number))
        occurred = one.occurred_at + minute * 60_000
        facts.append(one._replace(occurred_at=occurred, recorded_at=occurred + lag * 60_000))
    facts.sort()
    policy = Integrity(batch_facts=2, batch_span_minutes=span, batch_seconds=3_600)
    subject = Subject("h/1", "h", "", "", "", False)
    found, _ = integrity_outputs(subject, facts, None, policy, CALENDAR, 0)
    said = sorted((o.data["signal"], o.data["about_event_id"]) for o in found)
    full = (*late_entries(facts, policy, CALENDAR), *batch_entries(facts, policy, CALENDAR))
    assert said == sorted((sign.signal, sign.fact.event_id) for sign in full)


def test_limits_are_written_in_the_policy_and_come_along_with_extends(tmp_path):
    clock = 'kind = "promise"\nbudget = 5\nstart = ["CaseAccepted"]\nstop = ["DecisionMade"]\n'
    head = 'version = "1"\neffective_from = 2004-01-01\n'
    (tmp_path / "rules.toml").write_text(
        f'[[policy]]\npolicy_id = "base"\n{head}integrity = {{ late_minutes = 30 }}\n'
        f'[[policy.clocks]]\n{clock}[[policy]]\npolicy_id = "own"\n{head}extends = ["base"]\n',
        encoding="utf-8",
    )
    published = reference.reference_from(reference.load(tmp_path))
    for name in ("base", "own"):
        (policy,) = published.policies[name]
        assert policy.integrity == Integrity(late_minutes=30)


# --- ratings in a citizen's name ---


def rated(role="applicant", actor="", source="mass", historical=False):
    given_by = fact("RatingGiven", "2026-10-12 10:00", level=5, source=source)
    who = given_by.actor._replace(role=role, id=actor)
    return given_by._replace(actor=who, historical=historical)


HANDLED = fact("DecisionMade", "2026-09-30 10:00", decision="approved")
HANDLED = HANDLED._replace(actor=HANDLED.actor._replace(id="s-7"))


def test_a_rating_by_one_who_acts_for_the_hall_is_a_sign():
    def found(one, *more):
        case = when("2026-10-20 09:00", SUBMITTED, ACCEPTED, HANDLED, one, *more)
        return only("self_rating", case)

    assert found(rated("handler")) == [("self_rating", "handler", None)]
    assert found(rated("applicant", "s-7")) == [("self_rating", "applicant", None)]
    for honest in (rated(), rated(""), rated("device", "kiosk-1"), rated("applicant", "a-9")):
        assert found(honest) == []
    assert found(rated("handler", source="peer")) == []
    assert found(rated("handler", historical=True)) == []


def test_the_sign_goes_with_the_rating_and_stays_where_it_does_not_count():
    void = fact("EventVoided", "2026-10-13 10:00")
    own = rated("handler")
    void = void._replace(data={"voids_event_id": own.event_id})
    told = (SUBMITTED, ACCEPTED, HANDLED, own)
    assert only("self_rating", when("2026-10-20 09:00", *told, void)) == []
    opened = fact("NegativeReviewOpened", "2026-10-13 10:00", rating_event_id=own.event_id)
    found = fact("ReviewVerified", "2026-10-14 10:00", verdict="malicious")
    case = when("2026-10-20 09:00", *told, opened, found)
    assert case.view.rating is None
    assert len(only("self_rating", case)) == 1
