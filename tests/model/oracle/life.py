"""The facts of a case that stand, in the order in which the case lived them.

A fact is a dict: id, type, occurred_at, recorded_at (ms), data, and perhaps corrects (the id of the
fact that it replaces), role and window (of who acted).
"""

from typing import Any

Fact = dict[str, Any]

# Facts of one instant are read in this order: advice, filing, acceptance, handling, time taken out,
# branches, decision, what follows it.
ORDER = (
    "FirstContactRecorded", "EnquiryLogged", "EnquiryAnswered", "HotlineCallLogged",
    "HotlineDispatched", "ComplaintFiled", "ComplaintTriaged", "OpinionReceived",
    "LegacyIssueOpened", "PatrolScheduled", "RectificationOrdered", "ProjectOpened",
    "ProjectOwnerNamed", "ResponsibilityChainBound", "GuideAssigned", "ProactiveContacted",
    "PreCoachingDone", "OneTimeNoticeIssued", "AppointmentBooked", "QueueTicketIssued",
    "QueueTicketCalled", "CaseSubmitted", "MaterialsReceived", "SupplementRequested",
    "SupplementReceived", "CaseRefused", "CaseDeemedAccepted", "CaseAccepted", "DeadlineImposed",
    "SupervisionOrdered", "FastTrackGranted", "ParallelGroupOpened", "JointNoticeIssued",
    "StepAssigned", "StepAcknowledged", "HandedOver", "AfterHoursServed", "ObstacleLogged",
    "HearingOffered", "HearingRequested", "HearingScheduled", "HearingNotified",
    "ClockExclusionStarted", "ForwardedUp", "UpstreamChased", "UpstreamReplied", "HearingHeld",
    "ClockExclusionEnded", "ExtensionRequested", "ExtensionRefused", "ExtensionGranted",
    "BranchReceipted", "JointSurveyDone", "JointMeetingHeld", "BranchAbsent", "BranchOpined",
    "SiteVisitDone", "ObstacleCleared", "StepCompleted", "ParallelJoined", "PrecedentCited",
    "LegacyIssueStudied", "LegacyIssueSubmitted", "SupervisionAnswered", "StagedPermitGranted",
    "DeemedOutcomeConfirmed", "DecisionMade", "FeePaid", "ResultDelivered", "ResultPublished",
    "GuideCompleted", "LegacyIssueResolved", "OpinionAnswered", "ComplaintAnswered",
    "HotlineChased", "HotlineAnswered", "PatrolDone", "RectificationSubmitted",
    "RectificationRejected", "RectificationAccepted", "ProjectClosed", "CaseClosed",
    "CaseReopened", "RatingInvited", "RatingGiven", "NegativeReviewOpened", "ReviewContacted",
    "ReviewVerified", "ReviewRectified", "ReviewAppealed", "ReviewAppealDecided", "CallbackDone",
    "ReviewClosed", "AlertAcknowledged", "AlertCommented", "EventVoided", "ClockTicked",
)  # fmt: skip

ENDINGS = ("DecisionMade", "CaseClosed", "CaseRefused")


def place(fact: Fact) -> tuple[int, int, int, str]:
    """Where a fact stands in the life of its case."""
    type_ = fact["type"]
    rank = ORDER.index(type_) if type_ in ORDER else len(ORDER)
    return fact["occurred_at"], rank, fact["recorded_at"], fact["id"]


def told(facts: list[Fact]) -> list[Fact]:
    """Each fact once, in order; of two bodies under one id the one recorded first."""
    once: dict[str, Fact] = {}
    for fact in facts:
        other = once.get(fact["id"])
        if other is None or fact["recorded_at"] < other["recorded_at"]:
            once[fact["id"]] = fact
    return sorted(once.values(), key=place)


def standing(facts: list[Fact]) -> list[Fact]:
    """Facts that are neither voided nor corrected by a fact of their type. The voiding recorded
    last is heard first, for it may void another; a voided correction corrects nothing."""
    void: set[str] = set()
    voidings = [f for f in facts if f["type"] == "EventVoided"]
    for one in sorted(voidings, key=lambda f: (f["recorded_at"], f["id"]), reverse=True):
        if one["id"] not in void:
            void.add(one["data"]["voids_event_id"])
    left = [f for f in facts if f["id"] not in void]
    replaced = {(f["corrects"], f["type"]) for f in left if f.get("corrects")}
    return [f for f in left if (f["id"], f["type"]) not in replaced and f["type"] != "EventVoided"]


def confirmed(facts: list[Fact]) -> list[Fact]:
    """The facts, and beside each person's confirmation what the law supplies on it. What a program
    confirms, and an acceptance of nothing, is no confirmation."""
    found = []
    for fact in facts:
        if fact["type"] != "DeemedOutcomeConfirmed":
            found.append(fact)
        elif fact["role"] not in ("", "system") and (more := supplied(fact, facts)):
            data = {**more["data"], "confirmed": fact["data"]["outcome"]}
            found += [fact, {**more, "data": data, "confirmed_at": fact["occurred_at"]}]
    return sorted(found, key=place)


def supplied(fact: Fact, facts: list[Fact]) -> Fact | None:
    """What a confirmation stands for (行政许可法 arts 32, 50; a branch that kept silent)."""
    data, outcome = fact["data"], fact["data"].get("outcome")
    if outcome == "acceptance":
        at = data.get("from") or received(fact, facts)
        accepted = {**fact, "type": "CaseDeemedAccepted", "occurred_at": at, "data": {"from": at}}
        return accepted if at is not None else None
    if outcome == "consent" and data.get("branch_id"):
        said = {"branch_id": data["branch_id"], "opinion": "agree"}
        return {**fact, "type": "BranchOpined", "data": said}
    if outcome in ("consent", "renewal"):
        return {**fact, "type": "DecisionMade", "data": {"decision": "approved", "deemed": True}}
    return None


def received(fact: Fact, facts: list[Fact]) -> int | None:
    """When the materials came in: at the last filing or supplement before the confirmation."""
    filings = [
        f["occurred_at"]
        for f in facts
        if f["type"] in ("CaseSubmitted", "SupplementReceived") and place(f) < place(fact)
    ]
    return filings[-1] if filings else None


# A case that is no application begins with one of these facts and ends with its own last one.
OWN_LIVES = {
    "ProjectOpened": "ProjectClosed",
    "LegacyIssueOpened": "LegacyIssueResolved",
    "OpinionReceived": "OpinionAnswered",
    "NegativeReviewOpened": "ReviewClosed",
    "ComplaintFiled": "ComplaintAnswered",
    "HotlineCallLogged": "HotlineAnswered",
    "SupervisionOrdered": "SupervisionAnswered",
    "PatrolScheduled": "PatrolDone",
    "RectificationOrdered": "RectificationAccepted",
}


class Case:
    """What the hall would say of the case, as far as clocks ask for it."""

    def __init__(self) -> None:
        self.item_code = self.case_class = self.window = self.begun = ""
        self.submitted_at: int | None = None
        self.accepted_at: int | None = None
        self.ended_at: int | None = None

    def live(self, fact: Fact) -> None:
        """One fact more."""
        type_, data, at = fact["type"], fact["data"], fact["occurred_at"]
        if self.ended_at is None and not type_.startswith(("Alert", "Rating")):
            self.window = fact.get("window") or self.window
        applied = type_ in ("CaseSubmitted", "CaseAccepted", "CaseDeemedAccepted")
        if applied and self.begun != "ProjectOpened":
            self.begun = ""  # it is an application after all; a project stays one
        if type_ == "CaseSubmitted":
            if self.submitted_at is None:
                self.submitted_at = at
            self.item_code = data.get("item_code") or self.item_code
        if type_ in ("CaseAccepted", "CaseDeemedAccepted"):
            if self.accepted_at is None:
                self.accepted_at = at
            self.case_class = data.get("case_class") or self.case_class
        if type_ in OWN_LIVES and self.submitted_at is None and self.accepted_at is None:
            self.begun, self.submitted_at = type_, at
        if (type_ in ENDINGS or self.ends_own_life(fact)) and self.ended_at is None:
            self.ended_at = at
        if type_ == "CaseReopened":
            self.ended_at = None

    def ends_own_life(self, fact: Fact) -> bool:
        """Whether a fact ends a case that is no application; a complaint may be turned down."""
        turned_down = fact["type"] == "ComplaintTriaged" and fact["data"].get("accepted") is False
        if self.begun == "ComplaintFiled" and turned_down:
            return True
        return self.begun != "" and fact["type"] == OWN_LIVES[self.begun]


def lived(facts: list[Fact]) -> Case:
    """The case after all its facts."""
    case = Case()
    for fact in facts:
        case.live(fact)
    return case
