"""Which item, policy and calendar count for a case, and what a newer version does to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.events import Event
from duban.policy import Reference
from duban.reference import SHIPPED, load, reference_from
from tests.given import POLICY, REFERENCE, assess, at, due, fact, name_of, said, told, when

CASE = "sujiatun/2026-1"
NEW_YEAR = ["2027-01-01"]
SPRING = ["2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12"]


def notice(year: int, published: str, days: Sequence[str], version: str = "1") -> Event:
    """A year's holidays as the State Council publishes them."""
    rows = [{"date": day, "kind": "holiday", "name": "", "hours": []} for day in days]
    data = {"calendar_id": "cn", "year": year, "version": version, "doc_no": "", "days": rows}
    return reference_event("CalendarPublished", "calendar", f"cn-{year}", version, published, data)


def hours(scope: str, published: str, version: str, closed: Sequence[str], zone: str = "") -> Event:
    """A hall's or window's own days, all of them closed."""
    data = {
        "scope": "window" if "/" in scope else "hall",
        "scope_id": scope,
        "zone": zone or "Asia/Shanghai",
        "weekly": [],
        "days": [{"date": day, "open": False, "shifts": [], "why": ""} for day in closed],
        "version": version,
        "effective_from": at("2020-01-01"),
    }
    return reference_event("HallHoursChanged", "hours", scope, version, published, data)


def reference_event(
    type_: str, kind: str, name: str, version: str, published: str, data: dict[str, Any]
) -> Event:
    key = f"{name}@{version}"
    content = name_of(f"{kind}:{key} {published} {data}")
    return Event(type_, content, key, at(published), at(published), subject_type=kind,
                 data=data)  # fmt: skip


def with_calendars(*events: Event, base: Reference = REFERENCE) -> Reference:
    """Items and policies of `base`, with the calendars that these notices make."""
    made = reference_from(events)
    return replace(base, calendars=made.calendars, past=made.past)


BEFORE = with_calendars(notice(2026, "2025-11-04", []))
AFTER = with_calendars(notice(2026, "2025-11-04", []), notice(2027, "2026-11-20", NEW_YEAR))
CHANGED = with_calendars(
    notice(2026, "2025-11-04", []),
    notice(2027, "2026-11-20", NEW_YEAR),
    notice(2026, "2026-12-30", ["2026-12-31"], "2"),
)
SUBMITTED = fact("CaseSubmitted", "2026-12-30 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-12-30 10:00")


# --- calendars ---------------------------------------------------------------------------------


def test_an_open_case_uses_every_notice_and_is_provisional_beyond_the_last():
    before = when("2026-12-30 12:00", SUBMITTED, ACCEPTED, reference=BEFORE)
    after = when("2026-12-30 12:00", SUBMITTED, ACCEPTED, reference=AFTER)
    assert (due(before), due(after)) == ("2027-01-04 17:00", "2027-01-05 17:00")
    assert [c.provisional for c in (before.clocks[0], after.clocks[0])] == [True, False]
    assert before.calendar_version == "cn:2026@1"
    assert after.calendar_version == "cn:2026-2027@1"
    assert after.clocks[0].calendar.version == "cn:2026-2027@1"


def test_a_case_that_has_ended_keeps_the_days_of_its_end():
    """Accepted 2026-12-30, decided on the last day of its term: 31 December was a working day
    when the case ended, whoever makes it a day of rest later."""
    started = fact("CaseAccepted", "2026-12-28 10:00")
    done = fact("DecisionMade", "2026-12-31 17:30", decision="approved")
    late = fact("RatingGiven", "2027-01-06 10:00", level=5, source="mass")
    facts = (SUBMITTED._replace(occurred_at=at("2026-12-28 09:00")), started, done)
    changed = with_calendars(
        notice(2026, "2025-11-04", []), notice(2026, "2027-01-02", ["2026-12-31"], "2")
    )
    before = when("2027-01-06 12:00", *facts, reference=BEFORE)
    after = when("2027-01-06 12:00", *facts, late, reference=changed)
    still_open = when("2027-01-06 12:00", *facts[:2], reference=changed)
    assert due(before) == due(after) == "2026-12-31 17:00"
    assert due(still_open) == "2027-01-01 17:00"
    assert before.clocks[0].outcome == after.clocks[0].outcome == "late"
    assert before.calendar_version == after.calendar_version == "cn:2026@1"


def test_a_reopened_case_is_open_and_uses_every_notice():
    done = fact("DecisionMade", "2026-12-29 15:00", decision="approved")
    again = fact("CaseReopened", "2026-12-31 09:00", cause="quality")
    started = fact("CaseAccepted", "2026-12-29 10:00")
    closed = when("2026-12-31 08:00", SUBMITTED, started, done, reference=CHANGED)
    opened = when("2026-12-31 12:00", SUBMITTED, started, done, again, reference=CHANGED)
    assert closed.calendar_version == "cn:2026-2027@1"
    assert opened.calendar_version == "cn:2026@2,2027@1"
    assert (due(closed), due(opened)) == ("2027-01-04 17:00", "2027-01-05 17:00")


def test_a_decision_told_late_takes_the_case_back_to_the_notices_of_its_end():
    done = fact("DecisionMade", "2026-11-10 10:00", recorded="2026-12-01 09:00")
    facts = (fact("CaseSubmitted", "2026-11-02 09:00", item_code="sign"),
             fact("CaseAccepted", "2026-11-02 10:00"))  # fmt: skip
    assert when("2026-12-01 09:00", *facts, reference=AFTER).calendar_version == "cn:2026-2027@1"
    assert when("2026-12-01 09:00", *facts, done, reference=AFTER).calendar_version == "cn:2026@1"


@given(st.permutations(range(4)), st.integers(0, 4))
def test_order_of_facts_and_moment_of_the_notice_do_not_matter(order, known):
    """Whether the notice is read before the first fact or after the last: the same case."""
    facts = [
        SUBMITTED,
        ACCEPTED,
        fact("DecisionMade", "2027-01-04 16:00", decision="approved"),
        fact("RatingGiven", "2027-01-04 16:30", level=5, source="mass"),
    ]
    shuffled = [facts[i] for i in order]
    kept = told(*shuffled[:known])
    for one in shuffled[known:]:
        kept = told(*kept.ordered, one)
    now = at("2027-01-05 12:00")
    assert assess(CASE, "sujiatun", kept, CHANGED, now) == assess(
        CASE, "sujiatun", told(*facts), CHANGED, now
    )


def test_a_hall_s_own_days_are_as_of_the_end_too_the_window_s_over_them():
    events = [
        notice(2026, "2025-11-04", []),
        hours("h", "2026-01-01", "1", ["2026-12-28"]),
        hours("h", "2026-12-10", "2", ["2026-12-28", "2026-12-29"]),
        hours("h/w", "2026-12-20", "1", ["2026-12-30"]),
    ]
    made = reference_from(events)

    def rests(window: str, ended: str) -> list[int]:
        calendar = made.calendar("h", window, at(ended))
        assert calendar is not None
        day = at("2026-12-28 12:00")
        dates = [calendar.date_of(day + n * 86_400_000) for n in range(3)]
        return [d.day for d in dates if not calendar.is_working(d)]

    assert rests("w", "2025-12-31 17:00") == []
    assert rests("w", "2026-12-09 17:00") == rests("", "2026-12-09 17:00") == [28]
    assert rests("w", "2026-12-15 17:00") == rests("", "2026-12-25 17:00") == [28, 29]
    assert rests("w", "2026-12-25 17:00") == [28, 29, 30]


def test_national_days_are_as_of_the_end_and_never_the_hall_s_own():
    made = reference_from([
        notice(2026, "2025-11-04", []),
        notice(2026, "2026-12-10", ["2026-12-29"], "2"),
        hours("h", "2026-01-01", "1", ["2026-12-28"]),
    ])  # fmt: skip
    then, now = made.national("h", at("2026-12-09")), made.national("h")
    assert then is not None
    assert now is not None
    days = [date(2026, 12, 28), date(2026, 12, 29)]
    assert [then.is_working(day) for day in days] == [True, True]
    assert [now.is_working(day) for day in days] == [True, False]
    assert made.national("h", at("2026-12-11")) is now


def test_before_the_first_notice_every_date_is_provisional_and_follows_the_week():
    made = reference_from([notice(2026, "2025-11-04", ["2026-01-01"])])
    calendar = made.calendar("", "", at("2025-10-01"))
    assert calendar is not None
    assert calendar.version == "cn:"
    assert calendar.provisional(at("2025-10-02"))
    assert said(calendar.add_days(at("2025-12-31 10:00"), 1)) == "2026-01-01 17:00"


def test_past_calendars_are_kept_by_content_and_the_present_one_is_at_hand():
    events = load(SHIPPED)
    one, other = reference_from(events), reference_from(list(reversed(events)))
    then = at("2019-02-01 12:00")
    assert one.calendar("receipt", "", then) is other.calendar("receipt", "", then)
    assert one.calendar("receipt", "", then) is one.calendar("receipt", "", then + 1)
    assert one.calendar("receipt", "", at("2026-12-01")) is one.calendar("receipt")


@pytest.mark.parametrize(
    ("ended", "start", "expected"),
    [
        ("2019-03-01 12:00", "2019-04-30 10:00", "2019-05-02 17:00"),
        ("2019-03-25 12:00", "2019-04-30 10:00", "2019-05-05 17:00"),
        ("2020-01-23 12:00", "2020-01-23 10:00", "2020-01-31 17:00"),
        ("2020-02-03 12:00", "2020-01-23 10:00", "2020-02-03 17:00"),
        ("2015-02-10 12:00", "2015-02-17 10:00", "2015-02-25 17:00"),
        ("2015-05-01 12:00", "2015-09-02 10:00", "2015-09-03 17:00"),
        ("2015-06-01 12:00", "2015-09-02 10:00", "2015-09-06 17:00"),
    ],
)
def test_a_notice_that_another_one_changed_counts_until_then(ended, start, expected):
    """国办发明电〔2018〕15号 and 〔2019〕3号 (劳动节), 〔2019〕16号 and 〔2020〕1号 (春节延长),
    〔2014〕28号 and 国发明电〔2015〕1号 (9月3日放假)."""
    calendar = reference_from(load(SHIPPED)).calendar("", "", at(ended))
    assert calendar is not None
    assert said(calendar.add_days(at(start), 1)) == expected


# --- policies ----------------------------------------------------------------------------------


def promised(days: int, version: str, effective: str, applies_to: str = "new_only", **more: Any):
    """A version of the policy that promises so many working days, whatever the item says."""
    clocks = tuple(
        replace(c, budget=days, unit="working_day") if c.kind == "promise" else c
        for c in POLICY.clocks
    )
    return replace(POLICY, version=version, effective_from=at(effective), clocks=clocks,
                   applies_to=applies_to, **more)  # fmt: skip


def having(*newer) -> Reference:
    return replace(REFERENCE, policies={"default": (POLICY, *newer)})


STARTED = (
    fact("CaseSubmitted", "2026-10-12 09:00", item_code="sign"),
    fact("CaseAccepted", "2026-10-12 10:00"),
)


def test_new_only_leaves_open_cases_alone():
    reference = having(promised(10, "2", "2026-10-13"))
    seen = when("2026-10-14 12:00", *STARTED, reference=reference)
    assert (due(seen), seen.policy_version) == ("2026-10-15 17:00", "default@1")
    later = tuple(f._replace(occurred_at=f.occurred_at + 86_400_000) for f in STARTED)
    begun = when("2026-10-14 12:00", *later, reference=reference)
    assert (due(begun), begun.policy_version) == ("2026-10-27 17:00", "default@2")


def test_open_recompute_counts_from_the_start_and_wakes_the_case():
    reference = having(promised(2, "2", "2026-10-14", "open_recompute"))
    before = when("2026-10-13 12:00", *STARTED, reference=reference)
    assert (due(before), before.policy_version) == ("2026-10-15 17:00", "default@1")
    assert said(before.next_wake) == "2026-10-14 00:00"
    after = when("2026-10-14 00:00", *STARTED, reference=reference)
    assert (due(after), after.policy_version) == ("2026-10-14 17:00", "default@2")


@pytest.mark.parametrize("mode", ["open_recompute", "open_from_now"])
def test_a_policy_never_reaches_a_case_that_ended_before_it(mode):
    done = fact("DecisionMade", "2026-10-13 12:00", decision="approved")
    late = fact("RatingGiven", "2026-10-20 12:00", level=5, source="mass")
    takes_effect = promised(1, "2", "2026-10-14", mode)
    told_later = promised(1, "2", "2026-10-13", mode, published_at=at("2026-10-16"))
    for newer in (takes_effect, told_later):
        seen = when("2026-10-20 13:00", *STARTED, done, late, reference=having(newer))
        assert (due(seen), seen.policy_version) == ("2026-10-15 17:00", "default@1")
        assert seen.next_wake is None


def test_of_two_versions_of_one_day_the_higher_counts_ten_after_nine():
    nine, ten = promised(9, "9", "2026-10-01"), promised(10, "10", "2026-10-01")
    for order in ((nine, ten), (ten, nine)):
        seen = when("2026-10-14 12:00", *STARTED, reference=having(*order))
        assert seen.policy_version == "default@10"


def test_an_item_published_after_the_end_is_not_for_the_case():
    newer = replace(REFERENCE.items["sign"][0], version="2", promise=1,
                    effective_from=at("2026-10-01"), published_at=at("2026-10-20"))  # fmt: skip
    reference = replace(REFERENCE, items={"sign": (*REFERENCE.items["sign"], newer)})
    done = fact("DecisionMade", "2026-10-14 12:00", decision="approved")
    assert due(when("2026-10-21 12:00", *STARTED, reference=reference)) == "2026-10-13 17:00"
    assert due(when("2026-10-21 12:00", *STARTED, done, reference=reference)) == "2026-10-15 17:00"
