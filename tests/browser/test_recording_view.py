"""What the forms of evaluation ask, offer and lead to, without a browser."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from duban.bus_make import make
from duban.case import Fact
from duban.contracts import event_types
from duban.events import rank
from duban.hall_facts import read
from duban.measures import Measure
from duban.policy import Reference
from duban.proposals import ANSWERED, CARRIED_OUT, NOT_TRACKED, Proposal
from projections.api.claims import SECONDS, Claims
from projections.dashboard.findings import findings
from projections.dashboard.forms import FORMS, fields_of, missing
from projections.dashboard.measures import ways_back
from projections.dashboard.names import Names, Post
from projections.dashboard.proposals import to_record
from projections.dashboard.record_form import Begun, back_href, form, label_of, record_href
from projections.dashboard.recording import Wanted
from projections.dashboard.steps import (
    NEXT,
    OPENINGS,
    REACHED,
    matters,
    next_steps,
    reviews_to_open,
)
from projections.dashboard.typed import filled, fits, strange, typed, whole_case
from projections.dashboard.words import keys
from tests.hall_facts import said, void

ZONE = "Asia/Shanghai"
NAMES = Names(
    Reference(names={"h": "某区政务服务中心", "h/tax": "税务窗口"}),
    posts={"h-tax-01": Post("h/tax", "chief_rep")},
    kinds={"h": "hall", "h/tax": "window"},
)
BEGUN = Begun(1_764_213_000_000, ZONE, "3f9a")  # 2025-11-27 11:10
LATE = Proposal("h", "window", "tax", "yellow_card", "breach:step", "", "2025-11", 1, 0, ("a", "b"))


def shown(event_type: str, **given: str) -> str:
    return form("h", event_type, NAMES, "zh", given, BEGUN)


@pytest.mark.parametrize("event_type", sorted(FORMS))
def test_every_field_of_a_form_has_a_label_and_every_code_and_role_a_word(event_type: str) -> None:
    for field in fields_of(event_type):
        assert not re.search("[a-z]", label_of(event_type, field.name, "zh")), field.name
        assert [c for c in field.codes if f"{field.section}.{c}" not in keys()] == []
    assert [r for r in FORMS[event_type].roles if f"role.{r}" not in keys()] == []


def test_whatever_carries_out_a_proposal_has_a_form() -> None:
    assert {type_ for type_, _ in CARRIED_OUT.values()} <= FORMS.keys() <= set(event_types())


def test_no_form_is_for_a_program() -> None:
    assert [t for t, described in FORMS.items() if "system" in described.roles] == []


def test_an_open_proposal_leads_to_its_form_with_subject_kind_and_cause() -> None:
    assert to_record(LATE) == record_href(
        "h", "CardIssued", causation_id="b", subject="tax", subject_kind="window", colour="yellow"
    )
    red = to_record(LATE._replace(measure="red_card"))
    assert "colour=red" in red
    order = to_record(LATE._replace(measure="rectification", subject_kind="org", subject="plan"))
    assert order == record_href("h", "RectificationOrdered", causation_id="b", to_org="plan")
    turn = to_record(LATE._replace(measure="talk", subject_kind="party", subject="duty_lead"))
    assert turn == record_href("h", "TalkHeld", causation_id="b")


@pytest.mark.parametrize("state", [ANSWERED, NOT_TRACKED])
def test_a_proposal_that_waits_for_nobody_leads_nowhere(state: str) -> None:
    assert to_record(LATE._replace(state=state, measure="leader_on_duty")) == ""


def test_a_measure_that_stands_is_revoked_or_appealed_against_an_open_appeal_decided() -> None:
    card = Measure("m", "h", "CardIssued", "window", "tax", "red", "晚", 0)
    ways = [words for words, _ in ways_back(card, "zh")]
    assert ways == ["撤销", "申诉"]
    appealed = card._replace(flags=("appeal_open",))
    assert [words for words, _ in ways_back(appealed, "zh")] == ["复核申诉", "撤销"]
    assert ways_back(card._replace(state="revoked"), "zh") == ()
    assert ways_back(card._replace(type="RectificationOrdered"), "zh") == ()


def test_a_form_offers_whom_its_fact_can_be_about() -> None:
    card, admonition = shown("CardIssued"), shown("AdmonitionIssued")
    assert 'value="tax"' in card and "h-tax-01" not in card
    assert "h-tax-01" in admonition and 'value="tax"' not in admonition
    assert 'data-kind="hall"' in shown("PublicCriticism")
    assert 'data-kind="chief_rep" selected' in shown(
        "TalkHeld", subject="h-tax-01", subject_kind="chief_rep"
    )


def test_what_begins_a_case_has_a_number_of_its_own_and_a_call_back_asks_for_one() -> None:
    assert 'name="case" value="complaint-20251127-3f9a"' in shown("ComplaintFiled")
    assert 'name="case" value=""' in shown("CallbackDone")


def test_a_round_is_told_of_the_turn_that_waits_for_it_or_of_none() -> None:
    waiting = (("patrol-7", "今日 17:00 · 大厅值班长"),)
    found = form("h", "PatrolDone", NAMES, "zh", {}, BEGUN._replace(waiting=waiting))
    assert '<option value="patrol-7">今日 17:00 · 大厅值班长</option>' in found
    assert '<option value="patrol-20251127-3f9a">不在轮值之内</option>' in found


def test_a_period_is_chosen_from_those_around_today() -> None:
    found = shown("HonourGranted")
    for period in ("2025-11", "2025-10", "2025-Q4", "2025-Q3", "2025-H2", "2025", "2024"):
        assert f'<option value="{period}">' in found


def test_no_type_chosen_leads_back_to_the_list() -> None:
    assert back_href("h", "", {}) == "/measures?hall=h&kind=measures"


def test_what_an_address_fills_in_is_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    found = shown("TalkHeld", subject=hostile, reason=hostile, causation_id=hostile)
    assert "<script" not in found


def test_an_address_fills_in_fields_of_its_form_alone() -> None:
    query = {"hall": "h", "type": "TalkHeld", "reason": "r", "role": "x", "event_id": "e"}
    assert Wanted.read(query).given == {"reason": "r"}
    assert Wanted.read({"type": "PeriodClosed", "period": "2026-01"}).type == ""


def test_a_number_reaches_its_form_as_it_was_recorded() -> None:
    href = record_href("h", "RectificationSubmitted", case="1", order_no="整改12 ")
    query = dict(parse_qsl(urlsplit(href).query))
    assert Wanted.read(query).given["order_no"] == "整改12 "


def test_texts_of_a_form_become_what_the_contract_has() -> None:
    told = {"n": "12", "satisfied": "x"}
    assert typed("SurveyClosed", told, ZONE) == {"n": 12, "satisfied": "x"}
    assert typed("AttendanceExcepted", {"half_days": "1.5"}, ZONE) == {"half_days": 1.5}
    assert typed("CallbackDone", {"reached": "false"}, ZONE) == {"reached": False}
    due = typed("RectificationOrdered", {"due_at": "2026-01-15T17:00", "what": "9"}, ZONE)
    assert due == {"due_at": "2026-01-15T17:00:00.000+08:00", "what": "9"}


@pytest.mark.parametrize(
    ("no", "case"),
    [("2026-1", "h/2026-1"), ("h/2026-1", "h/2026-1"), ("某区/2026-1", "h/2026-1"),
     ("other/1", "other/1")],
)  # fmt: skip
def test_a_case_is_written_short_and_meant_whole(no: str, case: str) -> None:
    assert whole_case("h", no, ("某区政务服务中心", "某区")) == case


@pytest.mark.parametrize("no_number", ["1_0", " 10 ", "１０", "+10", "1e1", "0x1", "10.0", "٣"])
def test_a_number_is_written_in_plain_digits(no_number: str) -> None:
    assert typed("SurveyClosed", {"n": no_number}, ZONE) == {"n": no_number}


@pytest.mark.parametrize("no_number", ["1_0", " 1 ", "１", "1e1", "nan", "inf", "1,5", ".5"])
def test_a_decimal_is_written_in_plain_digits(no_number: str) -> None:
    assert typed("AttendanceExcepted", {"half_days": no_number}, ZONE) == {"half_days": no_number}


def test_a_text_of_blanks_says_nothing() -> None:
    blanks = {"a": "  ", "b": "\u3000", "c": "\u200b\n", "d": "", "e": None}
    assert filled({**blanks, "f": " 晚 ", "g": 0, "h": False}) == {"f": " 晚 ", "g": 0, "h": False}


def test_a_field_that_no_form_asks_is_named_readably() -> None:
    told = {"reason": "r", "subject": "tax", "at": 1e30, "\ud800": 1, "case": "1", "evidence": "e"}
    assert strange("TalkHeld", told) == ["at", "case", "\\ud800"]
    assert strange("CallbackDone", {"case": "1", "reached": True}) == []


@pytest.mark.parametrize(
    ("event_type", "subject", "kind", "is_fit"),
    [
        ("CardIssued", "tax", "window", True),
        ("CardIssued", "unheard-of", "window", True),
        ("CardIssued", "h-tax-01", "staff", False),
        ("CardIssued", "h-tax-01", "window", False),  # known to be a person
        ("AdmonitionIssued", "h-tax-01", "chief_rep", True),
        ("AdmonitionIssued", "tax", "staff", False),  # known to be a window
        ("TalkHeld", "party-1", "branch", True),
        ("PublicCriticism", "", "window", True),
    ],
)
def test_a_fact_is_about_what_its_form_may_be_about(
    event_type: str, subject: str, kind: str, is_fit: bool
) -> None:
    told = {"colour": "red"} if event_type == "CardIssued" else {}
    told |= {"scope": "hall"} if event_type == "PublicCriticism" else {}
    fact = make(event_type, hall="h", subject=subject, subject_kind=kind, reason="r", **told)
    assert fits(fact, NAMES) is is_fit


def test_a_finding_is_open_until_it_is_closed_after_it_was_raised_last() -> None:
    told = [
        said("FindingRaised", "a", 1, finding_id="7", subject="w1", category="fees"),
        said("FindingClosed", "b", 2, finding_id="7"),
        said("FindingRaised", "c", 3, finding_id="8", subject="w2"),
    ]
    closed, still_open = findings(read(told))
    assert (closed.finding_id, closed.category, closed.closed_at) == (
        "7", "fees", told[1].occurred_at
    )  # fmt: skip
    assert (still_open.finding_id, still_open.closed_at) == ("8", None)
    again = said("FindingRaised", "d", 4, finding_id="7", subject="w1")
    assert [f.closed_at for f in findings(read([*told, again]))] == [None, None]
    taken_back = void("e", "b")
    assert [f.closed_at for f in findings(read([*told, taken_back]))] == [None, None]


ORDERED, SUBMITTED, ACCEPTED, REJECTED = (
    f"Rectification{step}" for step in ("Ordered", "Submitted", "Accepted", "Rejected")
)


def test_an_order_to_mend_is_reported_accepted_or_sent_back_one_after_the_other() -> None:
    order, other = (step(ORDERED, no, what="w", due_at=5) for no in ("1", "2"))
    sent, back = step(SUBMITTED, "1"), step(REJECTED, "1", due_at=9)
    [one, two] = matters([order, other])
    assert (one.next, two.next) == ((SUBMITTED,), (SUBMITTED,))
    assert [o.next for o in matters([order, other, sent])] == [(ACCEPTED, REJECTED), (SUBMITTED,)]
    [again, _] = matters([order, other, sent, back])
    assert (again.next, again.due_at) == ((SUBMITTED,), 9)
    done = [order, other, sent, step(ACCEPTED, "1")]
    assert [o.next for o in matters(done)] == [(), (SUBMITTED,)]
    assert [o.next for o in matters([*done, step("CaseClosed", "")])] == [(), ()]
    assert matters([sent]) == []
    assert next_steps("h", "z-1", done) == [
        (SUBMITTED, record_href("h", SUBMITTED, case="z-1", order_no="2"))
    ]


@pytest.mark.parametrize(
    ("told", "then"),
    [
        (["ComplaintFiled"], ("ComplaintTriaged", "ComplaintAnswered")),
        (["ComplaintFiled", "ComplaintTriaged"], ("ComplaintAnswered",)),
        (["SupervisionOrdered", "SupervisionAnswered"], ()),
        (["NegativeReviewOpened", "ReviewContacted", "ReviewVerified", "ReviewRectified"],
         ("CallbackDone", "ReviewClosed")),
        (["NegativeReviewOpened", "ReviewVerified", "ReviewAppealed"], ("ReviewAppealDecided",)),
        (["NegativeReviewOpened", "ReviewClosed"], ()),
        (["NegativeReviewOpened", "ReviewClosed", "NegativeReviewOpened"],
         ("ReviewContacted", "ReviewVerified", "ReviewAppealed")),
    ],
)  # fmt: skip
def test_a_matter_goes_on_step_by_step(told: list[str], then: tuple[str, ...]) -> None:
    [matter] = matters([step(type_, "") for type_ in told])
    assert matter.next == then


def test_what_a_step_says_may_leave_less_to_be_done() -> None:
    filed, opened = step("ComplaintFiled", ""), step("NegativeReviewOpened", "")
    assert next_of(filed, step("ComplaintTriaged", "", accepted=False)) == ()
    assert next_of(filed, step("ComplaintTriaged", "", accepted=True)) == ("ComplaintAnswered",)
    upheld = step("ReviewAppealDecided", "", decision="upheld")
    assert next_of(opened, step("ReviewAppealed", ""), upheld) == ("ReviewClosed",)
    missed = step("ReviewContacted", "", reached=False)
    assert "ReviewContacted" in next_of(opened, missed)


def test_of_many_matters_the_latest_are_offered() -> None:
    told = [Fact(0, 0, 0, f"o{n}", "OpinionReceived", data={"opinion_id": str(n)})
            for n in range(2000)]  # fmt: skip
    offered = next_steps("h", "7", told)
    assert len(offered) == 12
    last = record_href("h", "OpinionAnswered", case="7", opinion_id="1999")
    assert offered[-1] == ("OpinionAnswered", last)


def test_no_step_opens_a_matter_that_is_settled() -> None:
    settled = [step("NegativeReviewOpened", ""), step("ReviewClosed", "")]
    assert next_of(*settled, step("ReviewVerified", "")) == ()  # corrected, as of today


def test_a_matter_is_over_with_its_case_whatever_is_told_late_until_that_is_reopened() -> None:
    told = [step(ORDERED, "", what="w", due_at=5), step("CaseClosed", ""), step(SUBMITTED, "")]
    assert next_of(*told) == ()
    assert next_of(*told, step("CaseReopened", "")) == (ACCEPTED, REJECTED)
    assert next_of(*told, step(ORDERED, "", what="w", due_at=9)) == (SUBMITTED,)


def next_of(*told: Fact) -> tuple[str, ...]:
    [matter] = matters(told)
    return matter.next


def test_every_step_of_a_matter_has_a_form_and_belongs_to_one_kind_of_matter() -> None:
    assert set(NEXT) <= FORMS.keys()
    assert set(OPENINGS).union(*REACHED.values()) == set(NEXT)
    assert sum(map(len, REACHED.values())) == len(NEXT) - len(OPENINGS)


def test_a_review_is_opened_of_the_last_bad_rating_that_a_citizen_gave() -> None:
    ratings = [step("RatingGiven", "", level=n, source=by)
               for n, by in ((1, "mass"), (2, "mass"), (5, "mass"), (1, "peer"))]  # fmt: skip
    [(type_, href)] = reviews_to_open("h", "7", ratings, "tax")
    assert type_ == "NegativeReviewOpened"
    assert "level=2" in href and "about_case_id=h%2F7" in href and "about_window_id=tax" in href
    assert reviews_to_open("h", "7", ratings[2:], "tax") == []


def test_a_number_is_taken_as_soon_as_it_is_sent_and_free_again_where_that_fails() -> None:
    claims = Claims()
    with pytest.raises(OSError, match="away"), claims.claimed("h/1", 0.0) as is_free:
        assert is_free
        raise OSError("away")
    with claims.claimed("h/1", 0.0) as is_free, claims.claimed("h/1", 1.0) as again:
        assert (is_free, again) == (True, False)
    with claims.claimed("h/1", 2.0) as is_free, claims.claimed("h/2", 2.0) as other:
        assert (is_free, other) == (False, True)
    with claims.claimed("h/1", SECONDS) as is_free:
        assert is_free


def step(type_: str, order_no: str, **data: object) -> Fact:
    return Fact(0, rank(type_), 0, type_ + order_no, type_, data={"order_no": order_no, **data})


def test_a_decision_of_an_appeal_and_an_order_to_mend_need_their_reason() -> None:
    assert [p.field for p in missing("MeasureAppealDecided", {"upheld": True})] == ["reason"]
    assert [p.field for p in missing("RectificationOrdered", {"what": " "})] == ["what", "to_org"]
    assert [p.field for p in missing("CardIssued", {})] == ["subject"]
