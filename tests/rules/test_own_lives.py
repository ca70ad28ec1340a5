"""Cases that are no applications: what begins and ends them, and that they leave others alone."""

import re

import pytest

from duban.assess import assess
from duban.case import OWN_CLASSES, OWN_LIVES
from duban.metrics import METRICS
from tests.given import CASE, REFERENCE, at, fact, told, when

LAST = {cls: sorted(ends)[0] for cls, ends in OWN_LIVES.values()}


@pytest.mark.parametrize(("opener", "own_class"), [(o, c) for o, (c, _) in OWN_LIVES.items()])
def test_a_case_of_its_own_begins_with_its_first_fact_and_ends_with_its_last(opener, own_class):
    begun = fact(opener, "2026-09-28 09:00", due_at=at("2026-10-09 17:00"))
    view = when("2026-09-29 09:00", begun).view
    assert (view.case_class, view.status) == (own_class, "accepted")
    assert (view.submitted_at, view.ended_at) == (begun.occurred_at, None)
    ended = fact(LAST[own_class], "2026-09-30 10:00")
    view = when("2026-10-08 09:00", begun, ended).view
    assert (view.status, view.ended_at) == ("closed", ended.occurred_at)
    assert view.anomalies == ()


def test_such_a_case_asks_for_no_item_and_lacks_no_policy():
    assert when("2026-09-29 09:00", fact("ComplaintFiled", "2026-09-28 09:00")).policy_state == "ok"
    unknown = fact("CaseSubmitted", "2026-09-28 09:00", item_code="nobody-published")
    assert when("2026-09-29 09:00", unknown).policy_state == "no_policy"


@pytest.mark.parametrize("last", sorted(LAST.values()))
def test_in_an_application_the_same_facts_begin_and_end_nothing(last):
    facts = [
        fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign"),
        fact("CaseAccepted", "2026-09-28 09:10"),
        fact("SupervisionOrdered", "2026-09-28 10:00", due_at=at("2026-10-09 17:00")),
        fact(last, "2026-09-29 10:00"),
    ]
    view = when("2026-09-30 09:00", *facts).view
    assert (view.status, view.ended_at, view.case_class) == ("accepted", None, "permit")


def test_an_application_that_was_pressed_before_it_was_filed_is_an_application():
    facts = [
        fact("SupervisionOrdered", "2026-09-28 08:00"),
        fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign"),
        fact("SupervisionAnswered", "2026-09-28 10:00"),
    ]
    view = when("2026-09-30 09:00", *facts).view
    assert (view.status, view.ended_at, view.case_class) == ("submitted", None, "permit")


def test_a_complaint_that_is_turned_down_is_over_and_one_taken_up_is_not():
    filed = fact("ComplaintFiled", "2026-09-28 09:00")
    down = fact("ComplaintTriaged", "2026-09-29 09:00", accepted=False)
    up = fact("ComplaintTriaged", "2026-09-29 09:00", accepted=True)
    assert when("2026-09-30 09:00", filed, down).view.status == "refused"
    assert when("2026-09-30 09:00", filed, up).view.ended_at is None


def test_a_project_has_its_name_and_its_cases_know_it():
    opened = fact("ProjectOpened", "2026-09-28 09:00", project_id="P-148", name="沿海工业园区")
    view = when("2026-09-29 09:00", opened).view
    assert (view.project_id, view.item_name) == ("P-148", "沿海工业园区")
    facts = [
        fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign", project_id="P-148"),
        fact("PreCoachingDone", "2026-09-28 08:00", project_id="P-148"),
    ]
    assert when("2026-09-29 09:00", *facts).view.project_id == "P-148"
    assert when("2026-09-29 09:00", facts[1]).view.project_id == "P-148"


def test_a_project_whose_case_leads_the_approval_stays_a_project():
    facts = [
        fact("ProjectOpened", "2026-09-28 09:00", project_id="P-148"),
        fact("CaseSubmitted", "2026-09-28 09:30", item_code="sign"),
        fact("CaseAccepted", "2026-09-28 09:40", case_class="joint"),
        fact("ProjectClosed", "2026-10-12 10:00", project_id="P-148"),
    ]
    view = when("2026-10-13 09:00", *facts).view
    assert (view.case_class, view.status) == ("project", "closed")


def test_a_voided_beginning_began_nothing():
    opened = fact("ProjectOpened", "2026-09-28 09:00", project_id="P-148")
    name = "ProjectOpened 2026-09-28 09:00 [('project_id', 'P-148')]"
    voided = fact("EventVoided", "2026-09-28 10:00", of=name)
    facts = told(opened, voided)
    view = assess(CASE, "sujiatun", facts, REFERENCE, at("2026-09-29 09:00")).view
    assert (view.case_class, view.submitted_at) == ("", None)


def test_the_figures_leave_out_exactly_these_classes():
    sql = (METRICS / "_cases.sql").read_text(encoding="utf-8")
    listed = re.search(r"case_class NOT IN \(([^)]*)\)", sql)
    assert listed
    assert set(re.findall(r"'(\w+)'", listed[1])) == OWN_CLASSES
