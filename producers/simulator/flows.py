"""How cases go: what a window does with one from the queue ticket to the rating.

Every flow is told forward in business time. When a case is decided follows from its fate: a part of
the promised term when it is kept, some time after it when it is late.
"""

from collections.abc import Callable, Mapping

from producers.simulator import demand
from producers.simulator.story import APPLICANT, MINUTE, Story, pick

MATERIALS = ("application-form", "identity", "premises-proof", "licence-copy", "drawing")


def tell(story: Story) -> None:
    """The whole life of a case, as far as its fate goes."""
    _arrive(story)
    if story.chance(demand.SUPPLEMENT_SHARE):
        _supplement(story)
    if story.chance(demand.REFUSED_SHARE):
        story.wait(10)
        reason = "not within this hall's duties"
        story.tell("CaseRefused", story.staff(), reason=reason, notice_no=story.number("refusal"))
        return
    _accept(story)
    if story.fate == "stalled":
        story.wait(30)
        story.tell("StepAssigned", story.staff(), step="review", org=story.window)
        return
    _handle(story)
    _decide(story)
    _deliver(story)
    _rate(story)


def _arrive(story: Story) -> None:
    item, rng = story.item, story.rng
    if story.channel == "counter":
        ticket = f"{story.window[:2].upper()}{rng.randrange(1, 400):03d}"
        waiting = rng.randrange(0, 15)
        story.tell("QueueTicketIssued", ticket_no=ticket, queue=story.window, waiting=waiting)
        story.wait(2 + waiting * 1.5)
        story.tell("QueueTicketCalled", story.staff(), ticket_no=ticket)
        story.wait(3)
    story.submitted_at = story.at
    company = item.domain in demand.COMPANY_DOMAINS
    applicant = "company" if company else pick(rng, demand.APPLICANTS)
    story.tell(
        "CaseSubmitted",
        APPLICANT._replace(window_id=story.window, org_id=story.window),
        item_code=item.code,
        item_name=item.name,
        case_class=item.case_class,
        applicant_ref=f"{applicant}-{rng.randrange(1, 60_000):05d}",
        applicant_class=applicant,
        filed_by=pick(rng, (("applicant", 88), ("intermediary", 8), ("guide", 4))),
        materials=list(MATERIALS[: rng.randrange(1, len(MATERIALS))]),
        first_time=story.chance(0.4),
        own_staff=story.chance(0.01),
    )


def _supplement(story: Story) -> None:
    """Tell once all that is missing (行政许可法 art 32); the decision clock has not begun."""
    story.wait(story.rng.randrange(5, 90))
    missing = [{"code": "premises-proof", "what": "proof that the premises may be used"}]
    notice = story.number("supplement")
    story.tell("SupplementRequested", story.staff(), notice_no=notice, items=missing)
    story.wait(story.rng.randrange(60, 3 * 420))
    story.tell("SupplementReceived", APPLICANT, materials=["premises-proof"], complete=True)


def _accept(story: Story) -> None:
    express = story.item.unit == "working_minute"
    story.wait(story.rng.randrange(1, 4) if express else story.rng.randrange(4, 60))
    story.tell(
        "CaseAccepted",
        story.staff(),
        case_class=story.item.case_class,
        notice_no=story.number("acceptance"),
    )
    story.accepted_at = story.at
    story.due_at = _due(story, story.at)


def _due(story: Story, at: int) -> int:
    promise = story.item.promise or 20
    if story.item.unit == "working_minute":
        return story.calendar.add_minutes(at, promise)
    return story.calendar.add_days(at, promise)


def _handle(story: Story) -> None:
    special: Mapping[str, Callable[[Story], None]] = {"joint": _parallel, "forwarded": _forward}
    if story.item.code == "outdoor-sign" and story.chance(0.5):
        story.tell("FastTrackGranted", story.staff("chief_rep"), reason="urgent for the applicant")
    if len(story.steps) > 1 and story.item.case_class in special:
        _parallel(story)
    elif story.item.code in demand.UPSTREAM:
        _forward(story)
    elif story.item.unit == "working_day" and (story.item.promise or 0) > 1:
        story.wait(20)
        story.tell("StepAssigned", story.staff("chief_rep"), step="review", org=story.window)
    excluded = demand.EXCLUSIONS.get(story.item.code)
    if excluded and story.fate == "kept" and story.chance(excluded[2]):
        _exclude(story, *excluded[:2])
    if (story.item.promise or 0) >= 10 and story.chance(demand.EXTENDED_SHARE):
        _extend(story)


def _parallel(story: Story) -> None:
    """并联审批: one intake, five branches, one answer."""
    group = story.number("group")
    branches = [
        {"branch_id": step, "org": org, "hall_id": story.hall, "item_code": "",
         "budget": story.item.promise, "unit": story.item.unit}
        for step, org in story.steps
    ]  # fmt: skip
    story.wait(5)
    lead = story.window
    story.tell(
        "ParallelGroupOpened",
        story.staff(),
        group_id=group,
        lead=lead,
        branches=branches,
        correlation_id=group,
    )
    opened = story.at
    span = int(story.calendar.minutes_between(opened, story.due_at) * story.rng.uniform(0.25, 0.7))
    opinions = []
    for step, org in story.steps:
        share = story.rng.uniform(0.2, 1.0)
        opinions.append((max(2, int(span * share)), step, org))
        story.wait(1)
        staff = story.staff()._replace(id=f"{story.hall}-{org}-01", org_id=org, window_id="")
        story.tell("BranchReceipted", staff, branch_id=step, org=org, correlation_id=group)
    for minutes, step, org in sorted(opinions):
        story.until(story.calendar.add_minutes(opened, minutes) + story.rng.randrange(MINUTE))
        staff = story.staff()._replace(id=f"{story.hall}-{org}-01", org_id=org, window_id="")
        opinion = pick(story.rng, (("agree", 96), ("agree_forward", 4)))
        story.tell(
            "BranchOpined", staff, branch_id=step, org=org, opinion=opinion, correlation_id=group
        )
    story.wait(3)
    story.tell("ParallelJoined", story.staff(), group_id=group, correlation_id=group)


def _forward(story: Story) -> None:
    """转报: sent up and chased; the time above is not the hall's."""
    authority, level, days = demand.UPSTREAM[story.item.code]
    story.wait(story.rng.randrange(60, 420))
    document = story.number("forwarding")
    staff = story.staff()
    story.tell("ForwardedUp", staff, authority=authority, level=level, document_no=document)
    sent = story.at
    story.wait(days * 300)
    story.tell("UpstreamChased", staff, authority=authority, answer="under review")
    story.wait(days * story.rng.randrange(60, 240))
    story.tell(
        "UpstreamReplied", staff, authority=authority, answer="approved", document_no=document
    )
    story.due_at = story.calendar.add_minutes(
        story.due_at, story.calendar.minutes_between(sent, story.at)
    )


def _exclude(story: Story, ground: str, days: int) -> None:
    """Time that the law does not count (行政许可法 art 45), told to the applicant in writing."""
    story.wait(story.rng.randrange(30, 300))
    started, notice = story.at, story.number(ground)
    story.tell(
        "ClockExclusionStarted",
        story.staff(),
        ground=ground,
        expected_days=days,
        written_notice_no=notice,
    )
    story.wait(days * story.rng.randrange(300, 460))
    story.tell("ClockExclusionEnded", story.staff(), ground=ground, result="passed")
    story.due_at = story.calendar.add_minutes(
        story.due_at, story.calendar.minutes_between(started, story.at)
    )


def _extend(story: Story) -> None:
    """Once, by the head of the organ, ten days, of the statutory term (art 42)."""
    story.wait(120)
    reason, kind = "complicated matter", "statutory"
    story.tell("ExtensionRequested", story.staff(), days=10, reason=reason, clock_kind=kind)
    story.wait(90)
    story.tell(
        "ExtensionGranted",
        story.staff("chief_rep")._replace(role="organ_head"),
        days=10,
        reason=reason,
        clock_kind=kind,
        approver_role="organ_head",
        notified_at=story.at,
    )


def _decide(story: Story) -> None:
    _until_decision(story)
    recorded_at = 0
    if story.fate == "kept" and story.chance(demand.BACKDATED_SHARE):
        morning = story.calendar.add_minutes(story.calendar.day_end(story.at), 20)
        recorded_at = morning
    if story.item.unit == "working_day":
        story.tell(
            "StepCompleted",
            story.staff(),
            step="review",
            org=story.window,
            opinion="meets the conditions",
            recorded_at=recorded_at,
        )
        story.wait(2)
    story.tell(
        "DecisionMade",
        story.staff("chief_rep"),
        decision=pick(story.rng, demand.DECISIONS),
        document_no=story.number("decision"),
        recorded_at=recorded_at,
    )


def _until_decision(story: Story) -> None:
    if story.fate != "kept":
        story.until(_late_instant(story) + story.rng.randrange(MINUTE))
        return
    term = story.calendar.minutes_between(story.accepted_at, story.due_at)
    part = story.rng.betavariate(2.2, 2.2) * 0.88 + 0.06
    aimed = story.calendar.add_minutes(story.accepted_at, max(1, int(term * part)))
    if aimed > story.at:
        story.until(aimed)
    else:
        story.wait(2)


def _late_instant(story: Story) -> int:
    """Late by less than a working day (an hour for 即办件), or long enough to go into red."""
    express = story.item.unit == "working_minute"
    if story.fate == "late":
        extra = story.rng.randrange(8, 55) if express else story.rng.randrange(30, 400)
    else:
        extra = story.rng.randrange(65, 180) if express else story.rng.randrange(430, 4 * 420)
    return story.calendar.add_minutes(story.due_at, extra)


def _deliver(story: Story) -> None:
    if story.chance(0.15):
        story.wait(4)
        amount = f"{story.rng.randrange(5, 400)}.00"
        story.tell("FeePaid", story.staff(), amount=amount, receipt_no=story.number("receipt"))
    story.wait(story.rng.randrange(3, 60))
    how = "counter" if story.channel == "counter" else pick(
        story.rng, (("online", 60), ("post", 30), ("home", 2), ("counter", 8))
    )  # fmt: skip
    story.tell(
        "ResultDelivered", story.staff(), how=how, certificate_no=story.number("certificate")
    )
    story.wait(2)
    story.tell("CaseClosed", story.staff(), result="delivered")


def _rate(story: Story) -> None:
    if not story.chance(demand.INVITED_SHARE):
        return
    story.wait(1)
    invitation = story.number("invitation")
    how = "device" if story.channel == "counter" else "sms"
    story.tell("RatingInvited", story.staff(), how=how, invitation_id=invitation)
    if story.chance(demand.RATED_SHARE):
        level = pick(story.rng, demand.MARKS if story.fate == "kept" else demand.MARKS_WHEN_LATE)
        story.wait(2)
        story.tell("RatingGiven", APPLICANT, level=level, source="mass", invitation_id=invitation)
    if story.fate == "kept" and story.chance(demand.REWORK_SHARE):
        story.wait(story.rng.randrange(60, 600))
        story.tell("CaseReopened", story.staff(), cause="quality", reason="error in the result")
        story.wait(story.rng.randrange(30, 200))
        story.tell("CaseClosed", story.staff(), result="corrected")
