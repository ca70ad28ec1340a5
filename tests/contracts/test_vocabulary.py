"""The vocabulary of cases is whole: each fact that a seed or an article of law names has a type,
a topic, a place in the life of a case, and the fields that clocks and rules read of it."""

import io
import json
import tomllib

import fastavro
import pytest

from duban import avro, codec, contracts
from duban.case import RULES_READ, kept
from duban.events import LIFECYCLE, rank
from duban.launch import SCHEMAS

# Type and the fields that rules, clocks and figures rest on.
FACTS = {
    # intake
    "EnquiryLogged": "enquiry_id item_code", "EnquiryAnswered": "enquiry_id answer",
    "PreCoachingDone": "project_id", "AppointmentBooked": "visit_at",
    "CaseSubmitted": "preliminary project_id expires_at", "CaseDeemedAccepted": "from",
    # handling
    "StepAssigned": "step org staff branch_id", "StepAcknowledged": "step org staff branch_id",
    "StepCompleted": "step org staff branch_id", "HandedOver": "accepted_by to_staff",
    "SiteVisitDone": "step branch_id", "ObstacleLogged": "obstacle_id party",
    "ObstacleCleared": "obstacle_id party", "AfterHoursServed": "started_at ended_at",
    "ParallelGroupOpened": "group_id lead branches", "BranchReceipted": "branch_id receipt_no",
    "BranchOpined": "branch_id opinion reason", "BranchAbsent": "branch_id occasion reason",
    "ParallelJoined": "group_id absent", "JointNoticeIssued": "items orgs",
    "JointSurveyDone": "present absent", "JointMeetingHeld": "present absent",
    "ForwardedUp": "authority level hall_id_above branch_id",
    "UpstreamChased": "authority branch_id", "UpstreamReplied": "authority branch_id",
    "ClockExclusionStarted": "ground expected_days written_notice_no branch_id",
    "ClockExclusionEnded": "ground branch_id", "ExtensionRequested": "days clock_kind",
    "ExtensionGranted": "days approver_role notified_at clock_kind",
    "HearingOffered": "notice_no", "HearingRequested": "by", "HearingScheduled": "hearing_at",
    "HearingNotified": "notice_no", "HearingHeld": "record_no",
    "PrecedentCited": "cited_case_id", "GuideAssigned": "kind guide",
    "GuideCompleted": "kind guide", "ResponsibilityChainBound": "project_id links doc_no",
    "SupervisionOrdered": "by due_at", "SupervisionAnswered": "order_no",
    "LegacyIssueOpened": "households", "LegacyIssueStudied": "document_no",
    "LegacyIssueSubmitted": "authority", "LegacyIssueResolved": "households",
    # ending
    "StagedPermitGranted": "stage conditions saved_days", "DecisionMade": "decision deemed",
    "DeemedOutcomeConfirmed": "outcome deemed_event_id branch_id from",
    "ResultDelivered": "how", "CaseClosed": "reason", "CaseReopened": "cause",
    "ProjectOpened": "project_id manager", "ProjectOwnerNamed": "project_id owner_ref",
    "ProactiveContacted": "project_id reached", "ProjectClosed": "project_id",
    # the voice of the citizen, supervision: those that have clocks
    "OpinionReceived": "opinion_id", "OpinionAnswered": "opinion_id",
    "NegativeReviewOpened": "about_case_id rating_event_id level", "ReviewContacted": "reached",
    "ReviewVerified": "verdict", "ReviewRectified": "measure", "ReviewClosed": "result",
    "ReviewAppealed": "by", "ReviewAppealDecided": "decision",
    "CallbackDone": "reached satisfied", "ComplaintFiled": "about_case_id identified",
    "ComplaintTriaged": "accepted reason", "ComplaintAnswered": "founded in_writing",
    "HotlineCallLogged": "kind urgent", "HotlineDispatched": "to_org",
    "HotlineAnswered": "org", "HotlineChased": "notice_no",
    "PatrolScheduled": "party due_at", "PatrolDone": "party",
    "PublicationDue": "period", "PublicationDone": "period",
    "RectificationOrdered": "due_at", "RectificationSubmitted": "measure",
    "RectificationAccepted": "remark", "RectificationRejected": "due_at",
}  # fmt: skip
HALL_FACTS = {
    # the voice of the citizen
    "SurveyClosed": "n satisfied", "FeedbackCardReceived": "case_id level",
    "PraiseReceived": "kind count case_id", "AppraisalGiven": "source level dims",
    # supervision and what comes of it
    "FindingRaised": "finding_id category severity patrol_case_id party",
    "FindingClosed": "finding_id", "InspectionDone": "plan manner by findings",
    "AttendanceExcepted": "kind half_days", "CardIssued": "colour reason",
    "AdmonitionIssued": "reason", "TalkHeld": "reason", "PublicCriticism": "scope reason",
    "MeasureRevoked": "measure_event_id reason", "MeasureAppealed": "measure_event_id reason",
    "MeasureAppealDecided": "measure_event_id upheld reason",
    # what a hall does of itself
    "HonourGranted": "kind level board class_name period valid_to",
    "HonourRevoked": "honour_event_id reason", "PledgePublished": "places",
    "ActivityHeld": "kind topic sessions headcount team", "OutreachDone": "kind count",
    "ReportIssued": "kind period to",
    # scores
    "ScoreAdjusted": "points reason approver period policy_id",
    "PeriodClosed": "policy_id period", "RankingAppealed": "policy_id period reason",
    "RankingAppealDecided": "policy_id period upheld reason",
    "HallFactVoided": "voided_event_id reason",
}  # fmt: skip
DERIVED = {
    "DeemedOutcomeReached": "outcome basis_text clock_id clock_kind branch_id due_at",
    "DelayAttributed": "clock_id clock_kind step org staff party minutes of_minutes",
    "IntegritySignal": "signal about_event_id minutes detail",
}
FIVE_PARTIES = ["department", "owner", "local_government", "centre", "efficiency_office"]


@pytest.mark.parametrize("event_type", FACTS)
def test_a_fact_about_a_case_has_its_topic_place_and_fields(event_type):
    assert contracts.topic_of(event_type) == "case-events"
    assert event_type in LIFECYCLE
    assert set(FACTS[event_type].split()) <= set(contracts.schema(event_type).own)


@pytest.mark.parametrize("event_type", HALL_FACTS)
def test_a_fact_without_a_clock_lies_with_its_hall_and_says_whom_it_is_about(event_type):
    own = contracts.schema(event_type).own
    assert own[:2] == ("subject", "subject_kind")
    assert set(HALL_FACTS[event_type].split()) == set(own[2:])
    assert contracts.topic_of(event_type) == "hall-events"
    assert event_type not in LIFECYCLE


def test_nothing_else_lies_with_the_halls():
    on_topic = {t for t in contracts.event_types() if contracts.topic_of(t) == "hall-events"}
    assert on_topic == set(HALL_FACTS)


def test_subjects_of_halls_and_parties_of_patrols_are_the_same_wherever_they_are_named():
    kinds = ["window", "staff", "chief_rep", "branch", "hall", "unknown"]
    for event_type in HALL_FACTS:
        assert field_of(event_type, "subject_kind")["type"]["symbols"] == kinds
    parties = [field_of(t, "party")["type"] for t in ("FindingRaised", "PatrolDone")]
    assert parties[0] == parties[1]


@pytest.mark.parametrize("event_type", DERIVED)
def test_what_only_processors_say_has_its_topic_and_fields(event_type):
    assert contracts.topic_of(event_type) == "sla-events"
    assert event_type not in LIFECYCLE
    assert set(DERIVED[event_type].split()) <= set(contracts.schema(event_type).own)


def test_every_fact_about_a_case_has_one_place_in_its_life():
    facts = {t for t in contracts.event_types() if contracts.topic_of(t) == "case-events"}
    assert set(LIFECYCLE) == facts
    assert len(set(LIFECYCLE)) == len(LIFECYCLE)


@pytest.mark.parametrize(
    "lived",
    [
        "CaseSubmitted SupplementRequested SupplementReceived CaseDeemedAccepted DecisionMade",
        "HearingOffered HearingRequested HearingScheduled HearingNotified HearingHeld",
        "ClockExclusionStarted HearingHeld ClockExclusionEnded DecisionMade",
        "ParallelGroupOpened BranchReceipted JointSurveyDone BranchAbsent BranchOpined "
        "ParallelJoined StagedPermitGranted DeemedOutcomeConfirmed DecisionMade",
        "ForwardedUp UpstreamChased UpstreamReplied DecisionMade ResultDelivered",
        "ProjectOpened ProjectOwnerNamed ProactiveContacted ProjectClosed CaseClosed",
        "LegacyIssueOpened LegacyIssueStudied LegacyIssueSubmitted LegacyIssueResolved",
        "RatingGiven NegativeReviewOpened ReviewContacted ReviewVerified ReviewRectified "
        "ReviewAppealed ReviewAppealDecided CallbackDone ReviewClosed",
        "HotlineCallLogged HotlineDispatched HotlineChased HotlineAnswered CallbackDone",
        "ComplaintFiled ComplaintTriaged ComplaintAnswered",
        "RectificationOrdered RectificationSubmitted RectificationRejected RectificationAccepted",
    ],
)
def test_facts_of_one_instant_are_read_as_they_are_lived(lived):
    types = lived.split()
    assert types == sorted(types, key=rank)


def test_a_deadline_is_required_where_the_act_is_nothing_without_one():
    def required(event_type, name):
        return "default" not in field_of(event_type, name)

    assert required("HearingScheduled", "hearing_at")
    assert required("PatrolScheduled", "due_at")
    assert required("RectificationOrdered", "due_at")
    assert not required("RectificationRejected", "due_at")
    assert not required("SupervisionOrdered", "due_at")
    assert not required("CaseSubmitted", "expires_at")


def field_of(event_type, name):
    return next(f for f in contracts.schema(event_type).fields if f["name"] == name)


def test_the_five_parties_are_the_same_wherever_they_are_named():
    link = field_of("ResponsibilityChainBound", "links")["type"]["items"]["fields"][0]
    for party in (link, field_of("ObstacleLogged", "party")):
        assert party["type"]["symbols"] == [*FIVE_PARTIES, "unknown"]
    shared = field_of("DelayAttributed", "party")["type"]["symbols"]
    assert shared == [*FIVE_PARTIES, "upstream", "unknown"]
    path = SCHEMAS / "examples" / "ResponsibilityChainBound" / "five-parties.json"
    links = json.loads(path.read_text(encoding="utf-8"))["links"]
    assert [link["party"] for link in links] == FIVE_PARTIES


def test_each_outcome_of_silence_can_be_reached_and_confirmed():
    said = {"acceptance", "consent", "renewal", "unknown"}
    for event_type in ("DeemedOutcomeReached", "DeemedOutcomeConfirmed"):
        assert set(field_of(event_type, "outcome")["type"]["symbols"]) == said


@pytest.mark.parametrize(
    ("event_type", "added", "default"),
    [
        ("CaseSubmitted", "expires_at", None),
        ("DecisionMade", "deemed", False),
        ("UpstreamChased", "branch_id", ""),
        ("UpstreamReplied", "branch_id", ""),
    ],
)
def test_records_of_the_first_version_read_as_the_second(event_type, added, default):
    first, second = contracts.schema(event_type, 1), contracts.schema(event_type)
    assert (first.version, second.version) == (1, 2)
    assert set(second.own) - set(first.own) == {added}
    example = next(iter(sorted((SCHEMAS / "examples" / event_type).glob("*.json"))))
    value = json.loads(example.read_text(encoding="utf-8"))
    record = codec.record_of(contracts.from_json({k: v for k, v in value.items() if k != added}))
    del record[added]
    wire = io.BytesIO()
    wire.write(b"\xc3\x01" + first.fingerprint.to_bytes(8, "little"))
    fastavro.schemaless_writer(wire, first.parsed, record)
    assert codec.decode(wire.getvalue()).data[added] == default


def test_a_fact_keeps_what_rules_read_and_text_only_where_it_decides():
    data = {"branch_id": "xf", "reason": "路途中断", "org": "fire", "note_to_self": "x"}
    assert kept("BranchAbsent", data) == {"branch_id": "xf", "reason": "路途中断", "org": "fire"}
    assert kept("StepCompleted", data) == {"branch_id": "xf", "org": "fire"}


def test_every_field_that_shipped_clocks_read_is_kept():
    read = set()
    for path in sorted((SCHEMAS / "reference").rglob("*.toml")):
        for policy in tomllib.loads(path.read_text(encoding="utf-8")).get("policy", ()):
            for clock in policy.get("clocks", ()):
                budget = str(clock.get("budget", ""))
                read |= {clock.get("due_field", "due_at"), *clock.get("when", ())}
                read |= {*clock.get("stop_when", ()), clock.get("before"), clock.get("per")}
                read.add(budget.removeprefix("fact.") if budget.startswith("fact.") else None)
    assert "due_at" in read
    assert read - {None, ""} - RULES_READ == set()


def test_no_field_of_the_envelope_has_the_name_of_a_field_that_rules_read():
    assert not (RULES_READ | {"reason"}) & (avro.envelope_names() | {"type"})
