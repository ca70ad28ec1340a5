"""A case is its facts: kept once each, in canonical order, and read as a whole.

Order of arrival never matters (`evolve`); what corrections and voidings leave standing says
`duban.standing`; what the hall would say of the case is `read`.
"""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from duban.events import NOBODY, Actor

MAX_FACTS = 2_000
UPSTREAM = "upstream"
# 行政许可法 art 45: the closed list of what takes time out of a term.
LEGAL_GROUNDS = frozenset(
    {"hearing", "bidding", "auction", "inspection", "testing", "quarantine", "appraisal"}
    | {"expert_review"}
)
ENDINGS = frozenset({"DecisionMade", "CaseClosed", "CaseRefused"})

# Fields of facts that any rule reads, those included that a policy may name (`when`, `per`,
# "fact.FIELD", `due_field`, `before`); a worker keeps no others.
RULES_READ = frozenset(
    {"item_code", "item_name", "case_class", "applicant_ref", "applicant_class", "project_id"}
    | {"decision", "level", "source", "ground", "written_notice_no", "authority", "days"}
    | {"approver_role", "clock_kind", "due_at", "alert_id", "voids_event_id", "hall_id_above"}
    | {"branches", "branch_id", "opinion", "occasion", "absent", "step", "org", "staff"}
    | {"cause", "preliminary", "accepted_by", "reached", "expires_at", "deemed", "hearing_at"}
    | {"outcome", "deemed_event_id", "from", "kind", "urgent", "accepted", "party", "links"}
    | {"saved_days", "from_org", "from_staff", "to_org", "to_staff", "obstacle_id"}
    | {"expected_days", "answer_by", "answer", "stage", "opinion_id", "enquiry_id", "filed_by"}
    | {"name", "order_no", "ticket_no", "confirmed", "accepted_on", "complete"}
    | {"rating_event_id", "about_case_id", "verdict", "verdict_event_id", "verdict_type"}
    | {"set_aside_id", "reverses"}
)
# A case that is no application: the fact that begins it, its class, the facts that end it.
OWN_LIVES: Mapping[str, tuple[str, frozenset[str]]] = {
    "ProjectOpened": ("project", frozenset({"ProjectClosed"})),
    "LegacyIssueOpened": ("legacy", frozenset({"LegacyIssueResolved"})),
    "OpinionReceived": ("opinion", frozenset({"OpinionAnswered"})),
    "NegativeReviewOpened": ("review", frozenset({"ReviewClosed"})),
    "ComplaintFiled": ("complaint", frozenset({"ComplaintAnswered"})),
    "HotlineCallLogged": ("hotline", frozenset({"HotlineAnswered"})),
    "SupervisionOrdered": ("supervision", frozenset({"SupervisionAnswered"})),
    "PatrolScheduled": ("patrol", frozenset({"PatrolDone"})),
    "RectificationOrdered": ("rectification", frozenset({"RectificationAccepted"})),
    "PublicationDue": ("publication", frozenset({"PublicationDone"})),
}
OWN_CLASSES = frozenset(own_class for own_class, _ in OWN_LIVES.values())
# Facts of which a rule also reads whether a reason was given; elsewhere it is text for people.
REASON_READ = frozenset({"BranchAbsent", "BranchOpined"})


def kept(fact_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a fact that rules read."""
    with_reason = fact_type in REASON_READ
    return {k: v for k, v in data.items() if k in RULES_READ or (with_reason and k == "reason")}


# What begins a new matter about a case that has ended: its clock runs all the same.
NEW_MATTERS = frozenset(
    {"OpinionReceived", "NegativeReviewOpened", "SupervisionOrdered", "RectificationOrdered"}
    | {"RectificationRejected", "ReviewRectified"}
)


class Fact(NamedTuple):
    """What the rules read of an event. Sorting facts sorts them canonically: instant, place in
    the lifecycle, when it was recorded, id. `digest` (hex of a hash of the bytes) settles which
    of two bodies under one id stands; `sender` is the hall whose token brought it, where known."""

    occurred_at: int
    rank: int
    recorded_at: int
    event_id: str
    type: str
    digest: str = ""
    actor: Actor = NOBODY
    channel: str = "counter"
    corrects: str | None = None
    historical: bool = False
    data: Mapping[str, Any] = {}
    sender: str = ""


class Facts(NamedTuple):
    """All facts of one case and the ids that were told in two ways."""

    ordered: tuple[Fact, ...] = ()
    conflicting: frozenset[str] = frozenset()


def evolve(facts: Facts, fact: Fact) -> Facts:
    """Add one fact. Doubles change nothing; of two bodies under one id the smallest stands and
    the id is flagged; beyond `MAX_FACTS` the canonically last ones fall out, endings after all
    others."""
    twin = _known(facts, fact.event_id)
    if twin is not None:
        return facts if twin.digest == fact.digest else _settle(facts, twin, fact)
    ordered = list(facts.ordered)
    insort(ordered, fact, key=canonical)
    if len(ordered) > MAX_FACTS:
        ordered.remove(max(ordered, key=lambda f: (f.type not in ENDINGS, canonical(f))))
    return Facts(tuple(ordered), facts.conflicting)


def _known(facts: Facts, event_id: str) -> Fact | None:
    for fact in facts.ordered:
        if fact.event_id == event_id:
            return fact
    return None


def canonical(fact: Fact) -> tuple[int, int, int, str]:
    """Sort key of facts: the order in which a case lived them."""
    return fact[:4]


def _settle(facts: Facts, one: Fact, other: Fact) -> Facts:
    stands = min(one, other, key=lambda f: (f.recorded_at, f.digest))
    if stands is one and one.event_id in facts.conflicting:  # the other body was told before
        return facts
    rest = [f for f in facts.ordered if f.event_id != one.event_id]
    insort(rest, stands, key=canonical)
    return Facts(tuple(rest), facts.conflicting | {one.event_id})


class Hold(NamedTuple):
    """What holds a case or its clocks: a ground of art 45 or `upstream`, and the branch it is of;
    no branch means the whole case."""

    ground: str
    branch: str


def hold_of(fact: Fact) -> Hold:
    """The hold that a pause, or sending a case up, begins."""
    ground = UPSTREAM if fact.type == "ForwardedUp" else str(fact.data.get("ground") or "")
    return Hold(ground, str(fact.data.get("branch_id") or ""))


def released(holds: Iterable[Hold], fact: Fact) -> list[Hold]:
    """The holds that the end of a pause, or an answer from above, ends: those of its ground and
    branch; where it names no ground the one that began first, where no branch those of any."""
    upstream = fact.type == "UpstreamReplied"
    ground = UPSTREAM if upstream else str(fact.data.get("ground") or "")
    branch = str(fact.data.get("branch_id") or "")
    found = [
        hold
        for hold in holds
        if (hold.ground == ground if ground else hold.ground != UPSTREAM)
        and branch in ("", hold.branch)
    ]
    return found if ground else found[:1]


class Anomaly(NamedTuple):
    """A way in which a fact does not fit; the fact stands all the same."""

    code: str
    event_id: str
    at: int


@dataclass(slots=True)
class View:
    """What the hall would say of a case now. Instants in ms; None where it has not happened."""

    status: str = "submitted"
    item_code: str = ""
    item_name: str = ""
    case_class: str = ""
    window_id: str = ""
    org_id: str = ""
    staff_id: str = ""
    applicant_ref: str = ""
    applicant_class: str = ""
    channel: str = ""
    project_id: str = ""
    submitted_at: int | None = None
    accepted_at: int | None = None
    decided_at: int | None = None
    ended_at: int | None = None
    ended_by: str = ""  # type of the fact; a refusal gives way to what ends it after all
    decision: str = ""
    rating: int | None = None
    historical: bool = False
    holds: tuple[Hold, ...] = ()
    void_holds: tuple[Hold, ...] = ()  # of these, pauses that hold nothing
    anomalies: tuple[Anomaly, ...] = ()
    begun: str = ""  # type of the fact that began it, where that was no application


def read(standing: Iterable[Fact]) -> View:
    """Fold the standing facts, in canonical order, into a view."""
    view = View()
    flags: list[Anomaly] = []
    for fact in standing:
        if view.ended_at is not None or fact.type in _CHECKED:
            flags += [Anomaly(c, fact.event_id, fact.occurred_at) for c in _misfit(view, fact)]
        _carry(view, fact)
        if apply := _APPLY.get(fact.type):
            apply(view, fact)
        if fact.type in _OWN:
            _own_life(view, fact)
    if view.begun:
        view.case_class = OWN_LIVES[view.begun][0]
    view.anomalies = tuple(flags)
    return view


def _carry(view: View, fact: Fact) -> None:
    """Who holds the case: the window that took it in, and the last organisation and member of staff
    that acted on it before it ended; looking at an alert or rating is no acting. A fee paid at
    another window, or a visit by another office, moves no case to another counter's hours."""
    if not view.channel:
        view.channel = fact.channel
    if fact.historical:
        view.historical = True
    if not view.project_id:
        view.project_id = fact.data.get("project_id") or ""
    if view.ended_at is not None or fact.type.startswith(_LOOKS_ON):
        return
    staff_id, role, org_id, window_id = fact.actor
    if window_id and (fact.type in _TAKES_IN or not view.window_id):
        view.window_id = window_id
    if org_id:
        view.org_id = org_id
    if staff_id and role not in _OUTSIDERS:
        view.staff_id = staff_id


_LOOKS_ON = ("Alert", "Rating")  # how types begin that say something of a case
# Those who act on a case without being on the staff: nobody scores an applicant who withdraws.
_OUTSIDERS = frozenset({"applicant", "owner", "intermediary", "system"})
_TAKES_IN = frozenset({"CaseSubmitted", "CaseAccepted", "CaseDeemedAccepted"})
_OWN = frozenset(OWN_LIVES).union(*(ends for _, ends in OWN_LIVES.values()), {"ComplaintTriaged"})


def _own_life(view: View, fact: Fact) -> None:
    """A case that is no application begins with its own first fact and ends with its own last
    one; in a case of another kind these facts neither begin nor end anything."""
    if fact.type in OWN_LIVES:
        if view.submitted_at is None and view.accepted_at is None:
            view.begun, view.status = fact.type, "accepted"
            view.submitted_at = fact.occurred_at
            view.item_name = view.item_name or str(fact.data.get("name") or "")
        return
    turned_down = fact.type == "ComplaintTriaged" and fact.data.get("accepted") is False
    own_end = view.begun and fact.type in OWN_LIVES[view.begun][1]
    if own_end or (turned_down and view.begun == "ComplaintFiled"):
        _end(view, fact)
        view.status = "refused" if turned_down else "closed"


_AFTER_THE_END = frozenset(
    {"CaseReopened", "FeePaid", "ResultDelivered", "ResultPublished", "CaseClosed", "RatingInvited"}
    | {"RatingGiven", "AlertAcknowledged", "AlertCommented", "DeadlineImposed", "DecisionMade"}
    | {"EnquiryLogged", "EnquiryAnswered", "SupervisionOrdered", "SupervisionAnswered"}
    | {"OpinionReceived", "OpinionAnswered", "CallbackDone", "GuideCompleted", "ProjectClosed"}
    | {"NegativeReviewOpened", "ReviewContacted", "ReviewVerified", "ReviewRectified"}
    | {"ReviewAppealed", "ReviewAppealDecided", "ReviewClosed", "RectificationOrdered"}
    | {"RectificationSubmitted", "RectificationRejected", "RectificationAccepted"}
)


_CHECKED = frozenset({"DecisionMade", "CaseAccepted", "ClockExclusionEnded"})


def _misfit(view: View, fact: Fact) -> list[str]:
    """Names of the ways in which a fact does not fit the life of the case before it."""
    flags = []
    if view.ended_at is not None and fact.type not in _AFTER_THE_END:
        flags.append("after_the_end")
    if fact.type == "DecisionMade" and view.decided_at is not None:
        flags.append("decided_twice")
    if fact.type == "CaseAccepted" and view.accepted_at not in (None, fact.data.get("accepted_on")):
        flags.append("accepted_twice")
    if fact.type == "DecisionMade" and view.accepted_at is None and not fact.historical:
        flags.append("decided_before_acceptance")
    if fact.type == "ClockExclusionEnded" and not released(view.holds, fact):
        flags.append("resumed_without_pause")
    return flags


def _applied(view: View) -> None:
    """Whoever applies or is accepted makes it an application, whatever was said before; a
    project's own case may be its leading application too."""
    if view.begun and view.begun != "ProjectOpened":
        view.begun, view.status = "", "submitted"


def _submitted(view: View, fact: Fact) -> None:
    _applied(view)
    view.submitted_at = view.submitted_at or fact.occurred_at
    for name in ("item_code", "item_name", "applicant_ref", "applicant_class", "project_id"):
        if value := fact.data.get(name):
            setattr(view, name, value)


def _accepted(view: View, fact: Fact) -> None:
    _applied(view)
    if view.ended_by == "CaseRefused":  # it was accepted after all
        view.ended_at, view.ended_by = None, ""
    if view.accepted_at is None:
        view.accepted_at = fact.occurred_at
    view.case_class = fact.data.get("case_class") or view.case_class
    if view.ended_at is None:
        view.status = "accepted"


def _becomes(status: str) -> Any:
    def apply(view: View, _: Fact) -> None:
        if view.ended_at is None:
            view.status = status

    return apply


def _goes_on(view: View, _: Fact) -> None:
    if view.ended_at is not None:
        return
    grounds = [hold.ground for hold in view.holds if hold not in view.void_holds]
    if grounds:
        view.status = UPSTREAM if all(g == UPSTREAM for g in grounds) else "paused"
    else:
        view.status = _in_hand(view)


def _in_hand(view: View) -> str:
    """How far a case is that nothing holds."""
    return "accepted" if view.begun or view.accepted_at is not None else "submitted"


def _held(view: View, fact: Fact) -> None:
    """A pause on no ground of art 45, or not told in writing, holds nothing."""
    hold = hold_of(fact)
    if hold not in view.holds:
        view.holds += (hold,)
    lawful = hold.ground in LEGAL_GROUNDS and bool(fact.data.get("written_notice_no"))
    if lawful or hold.ground == UPSTREAM:
        view.void_holds = tuple(held for held in view.void_holds if held != hold)
    else:
        view.void_holds += (hold,)
    _goes_on(view, fact)


def _let_go(view: View, fact: Fact) -> None:
    gone = released(view.holds, fact)
    view.holds = tuple(hold for hold in view.holds if hold not in gone)
    view.void_holds = tuple(hold for hold in view.void_holds if hold not in gone)
    _goes_on(view, fact)


def _decided(view: View, fact: Fact) -> None:
    if view.decided_at is None:
        view.decided_at = fact.occurred_at
        view.decision = str(fact.data.get("decision") or "")
    _end(view, fact)
    view.status = {"withdrawn": "withdrawn", "returned": "closed", "terminated": "closed"}.get(
        view.decision, "decided"
    )


def _ends(status: str) -> Any:
    def apply(view: View, fact: Fact) -> None:
        _end(view, fact)
        view.status = status

    return apply


def _end(view: View, fact: Fact) -> None:
    view.ended_at = view.ended_at or fact.occurred_at
    if view.ended_by in ("", "CaseRefused"):
        view.ended_by = fact.type


def _reopened(view: View, fact: Fact) -> None:
    """An ending ends no pause: what held the case holds it again."""
    view.ended_at = view.decided_at = None
    view.decision = view.ended_by = ""
    _goes_on(view, fact)


def _rated(view: View, fact: Fact) -> None:
    if fact.data.get("source", "mass") == "mass":
        view.rating = int(fact.data["level"])


_APPLY: Mapping[str, Any] = {
    "CaseSubmitted": _submitted,
    "SupplementRequested": _becomes("supplement"),
    "SupplementReceived": _goes_on,
    "CaseAccepted": _accepted,
    "CaseDeemedAccepted": _accepted,
    "ClockExclusionStarted": _held,
    "ClockExclusionEnded": _let_go,
    "ForwardedUp": _held,
    "UpstreamReplied": _let_go,
    "CaseRefused": _ends("refused"),
    "DecisionMade": _decided,
    "CaseClosed": _ends("closed"),
    "CaseReopened": _reopened,
    "RatingGiven": _rated,
}
