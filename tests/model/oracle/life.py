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
    "PublicationDue", "PublicationDone",
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
    """Facts that are not voided, each in its last wording: a fact and whatever corrects it, or
    corrects that, say one thing."""
    voidings = [f for f in facts if f["type"] == "EventVoided"]
    void = [v["data"]["voids_event_id"] for v in voidings if holds(v, voidings)]
    left = [f for f in facts if f["id"] not in void and f["type"] != "EventVoided"]
    return [f for f in left if f is last_wording(f, left, facts)]


def holds(voiding: Fact, voidings: list[Fact]) -> bool:
    """Whether a voiding was not taken back by another one that holds."""
    aiming = [v for v in voidings if v["data"]["voids_event_id"] == voiding["id"]]
    return not any(holds(other, voidings) for other in aiming)


def last_wording(fact: Fact, left: list[Fact], facts: list[Fact]) -> Fact:
    """The wording that counts: of those that no other one corrects the last to be recorded."""
    source = original(fact, facts)
    wordings = [f for f in left if f["type"] == fact["type"] and original(f, facts) == source]
    corrected = [f["corrects"] for f in wordings if f.get("corrects")]
    open_ones = [f for f in wordings if f["id"] not in corrected]
    return max(open_ones, key=lambda f: (f["recorded_at"], f["id"]))


def original(fact: Fact, facts: list[Fact]) -> str:
    """The id that corrections of one type go back to, whether or not that fact was ever told."""
    target = fact.get("corrects")
    if not target:
        return str(fact["id"])
    found = [f for f in facts if f["id"] == target]
    if not found:
        return str(target)
    return original(found[0], facts) if found[0]["type"] == fact["type"] else str(fact["id"])


def confirmed(facts: list[Fact], unanswered: Any) -> list[Fact]:
    """The facts, and beside each of a person's words on an earlier day what it makes of that day.
    Neither a program nor the party that gains by it can say that silence was an acceptance.
    `unanswered` says which receipt had stayed so before a confirmation."""
    found = []
    for fact in facts:
        outsider = fact["role"] in ("", "system", "applicant", "owner", "intermediary")
        if fact["type"] == "CaseAccepted":
            found += [fact, *dated_back(fact, facts)]
        elif fact["type"] == "CaseDeemedAccepted":
            found += [] if outsider else [fact]
        elif fact["type"] != "DeemedOutcomeConfirmed":
            found.append(fact)
        elif not outsider and (more := supplied(fact, facts, unanswered)):
            data = {**more["data"], "confirmed": fact["data"]["outcome"]}
            found += [fact, {**more, "data": data, "confirmed_at": fact["occurred_at"]}]
    return sorted(found, key=place)


def dated_back(fact: Fact, facts: list[Fact]) -> list[Fact]:
    """The acceptance on the day that its notice bears, where that was earlier than it was told:
    what was not yet received cannot have been accepted."""
    on = fact["data"].get("accepted_on")
    if on is None:
        return []
    at = max(on, received(fact, facts) or on)
    data = {**fact["data"], "confirmed": "acceptance"}
    return [{**fact, "occurred_at": at, "data": data}] if at < fact["occurred_at"] else []


def supplied(fact: Fact, facts: list[Fact], unanswered: Any) -> Fact | None:
    """What a confirmation stands for (行政许可法 arts 32, 50; a branch that kept silent)."""
    data, outcome = fact["data"], fact["data"].get("outcome")
    if outcome == "acceptance":
        at = data.get("from") or unanswered(fact) or received(fact, facts)
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
    "PublicationDue": "PublicationDone",
}


class Case:
    """What the hall would say of the case, as far as clocks ask for it."""

    def __init__(self) -> None:
        self.item_code = self.case_class = self.window = self.begun = ""
        self.submitted_at: int | None = None
        self.accepted_at: int | None = None
        self.ended_at: int | None = None
        self.refused = False

    def live(self, fact: Fact) -> None:
        """One fact more."""
        type_, data, at = fact["type"], fact["data"], fact["occurred_at"]
        if self.ended_at is None and not type_.startswith(("Alert", "Rating")):
            takes_in = type_ in ("CaseSubmitted", "CaseAccepted", "CaseDeemedAccepted")
            self.window = (fact.get("window") if takes_in or not self.window else "") or self.window
        applied = type_ in ("CaseSubmitted", "CaseAccepted", "CaseDeemedAccepted")
        if applied and self.begun != "ProjectOpened":
            self.begun = ""  # it is an application after all; a project stays one
        if type_ == "CaseSubmitted":
            if self.submitted_at is None:
                self.submitted_at = at
            self.item_code = data.get("item_code") or self.item_code
        if type_ in ("CaseAccepted", "CaseDeemedAccepted"):
            if self.refused:  # the refusal did not last
                self.ended_at, self.refused = None, False
            if self.accepted_at is None:
                self.accepted_at = at
            self.case_class = data.get("case_class") or self.case_class
        if type_ in OWN_LIVES and self.submitted_at is None and self.accepted_at is None:
            self.begun, self.submitted_at = type_, at
        if type_ in ENDINGS or self.ends_own_life(fact):
            self.refused = type_ == "CaseRefused" and (self.ended_at is None or self.refused)
            self.ended_at = at if self.ended_at is None else self.ended_at
        if type_ == "CaseReopened":
            self.ended_at, self.refused = None, False

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
