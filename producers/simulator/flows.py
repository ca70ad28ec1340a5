"""How cases go: what a window does with one from the queue ticket to the rating.

Every flow is told forward in business time. When a case is decided follows from its fate: a part of
the promised term when it is kept, some time after it when it is late.
"""

from random import Random

from producers.simulator import demand
from producers.simulator.handling import handle
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
    handle(story)
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
        dims = _aspects(story, invitation, level)
        story.tell("RatingGiven", APPLICANT, level=level, dims=dims, source="mass",
                   invitation_id=invitation)  # fmt: skip
    if story.fate == "kept" and story.chance(demand.REWORK_SHARE):
        story.wait(story.rng.randrange(60, 600))
        story.tell("CaseReopened", story.staff(), cause="quality", reason="error in the result")
        story.wait(story.rng.randrange(30, 200))
        story.tell("CaseClosed", story.staff(), result="corrected")


def _aspects(story: Story, invitation: str, level: int) -> dict[str, int]:
    """Levels by aspect, near the whole; drawn apart, so that nothing else of the run moves."""
    rng = Random(f"{story.case_id}|{invitation}")
    if rng.random() >= demand.ASPECTS_SHARE:
        return {}
    asked = demand.ASPECTS["counter" if story.channel == "counter" else "online"]
    return {aspect: max(1, min(5, level + rng.choice((-1, 0, 0, 1)))) for aspect in asked}
