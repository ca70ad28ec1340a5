"""The shape of every event, and what the lifecycle says about its type.

Instants are epoch milliseconds, UTC. An event is a fact: it is never edited. A wrong one is
answered by the same type with `corrects_event_id`, or by `EventVoided`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Actor(NamedTuple):
    """Who did it: references only, never a name."""

    id: str = ""
    role: str = ""
    org_id: str = ""
    window_id: str = ""

    @property
    def is_program(self) -> bool:
        """Whether no person acted: only people take back what people decided."""
        return self.role == "system"


NOBODY = Actor()
PROCESSOR = Actor("duban", "system")  # says what the streams derive


class Basis(NamedTuple):
    """The rule an act rests on."""

    law: str = ""
    article: str = ""
    doc_no: str = ""


class Evidence(NamedTuple):
    """A document that proves the act; `uri` says where it lies, `sha256` what it was."""

    kind: str
    uri: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Envelope common to all events; `data` holds the fields of this type alone."""

    type: str
    event_id: str
    subject_id: str
    occurred_at: int
    recorded_at: int
    hall_id: str = ""
    subject_type: str = "case"
    tenant_id: str = "default"
    seq: int = 0
    actor: Actor = NOBODY
    channel: str = "counter"
    causation_id: str | None = None
    correlation_id: str | None = None
    corrects_event_id: str | None = None
    basis: Basis | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    historical: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


# Facts of one instant are read in the order in which a case lives through them; new types go to
# the end.
LIFECYCLE: tuple[str, ...] = (
    # what a case of any kind begins with
    "FirstContactRecorded", "EnquiryLogged", "EnquiryAnswered",
    "HotlineCallLogged", "HotlineDispatched", "ComplaintFiled", "ComplaintTriaged",
    "OpinionReceived", "LegacyIssueOpened", "PatrolScheduled", "RectificationOrdered",
    "ProjectOpened", "ProjectOwnerNamed", "ResponsibilityChainBound", "GuideAssigned",
    "ProactiveContacted", "PreCoachingDone", "OneTimeNoticeIssued", "AppointmentBooked",
    "QueueTicketIssued", "QueueTicketCalled",
    "CaseSubmitted", "MaterialsReceived", "SupplementRequested", "SupplementReceived",
    "CaseRefused", "CaseDeemedAccepted", "CaseAccepted", "DeadlineImposed",
    # how it is handled
    "SupervisionOrdered", "FastTrackGranted", "ParallelGroupOpened", "JointNoticeIssued",
    "StepAssigned", "StepAcknowledged", "HandedOver", "AfterHoursServed", "ObstacleLogged",
    "HearingOffered", "HearingRequested", "HearingScheduled", "HearingNotified",
    "ClockExclusionStarted", "ForwardedUp", "UpstreamChased", "UpstreamReplied", "HearingHeld",
    "ClockExclusionEnded", "ExtensionRequested", "ExtensionRefused", "ExtensionGranted",
    "BranchReceipted", "JointSurveyDone", "JointMeetingHeld", "BranchAbsent", "BranchOpined",
    "SiteVisitDone", "ObstacleCleared", "StepCompleted", "ParallelJoined", "PrecedentCited",
    "LegacyIssueStudied", "LegacyIssueSubmitted", "SupervisionAnswered",
    # how it ends
    "StagedPermitGranted", "DeemedOutcomeConfirmed", "DecisionMade", "FeePaid",
    "ResultDelivered", "ResultPublished", "GuideCompleted", "LegacyIssueResolved",
    "OpinionAnswered", "ComplaintAnswered", "HotlineChased", "HotlineAnswered", "PatrolDone",
    "RectificationSubmitted", "RectificationRejected", "RectificationAccepted", "ProjectClosed",
    "CaseClosed", "CaseReopened", "RatingInvited", "RatingGiven",
    "NegativeReviewOpened", "ReviewContacted", "ReviewVerified", "ReviewRectified",
    "ReviewAppealed", "ReviewAppealDecided", "CallbackDone", "ReviewClosed",
    # what is said about it
    "AlertAcknowledged", "AlertCommented", "EventVoided", "ClockTicked",
    # later types: cases keep the number of a type, so what is there never moves
    "PublicationDue", "PublicationDone",
)  # fmt: skip

_RANK = {name: rank for rank, name in enumerate(LIFECYCLE)}


def rank(event_type: str) -> int:
    """Place of a type in the life of a case; types that have none come last."""
    return _RANK.get(event_type, len(LIFECYCLE))
