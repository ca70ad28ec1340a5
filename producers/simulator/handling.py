"""What happens to a case between acceptance and decision: branches, superiors, excluded time."""

from producers.simulator import demand
from producers.simulator.story import MINUTE, Story, pick


def handle(story: Story) -> None:
    """What happens between acceptance and decision, as far as the item asks for it."""
    if story.item.code == "outdoor-sign" and story.chance(0.5):
        story.tell("FastTrackGranted", story.staff("chief_rep"), reason="urgent for the applicant")
    if story.item.case_class == "joint" and len(story.steps) > 1:
        _parallel(story)
    elif story.item.code in demand.UPSTREAM:
        _forward(story)
    elif story.item.unit == "working_day" and (story.item.promise or 0) > 1:
        story.wait(20)
        story.tell("StepAssigned", story.staff("chief_rep"), step="review", org=story.window)
    excluded = demand.EXCLUSIONS.get(story.item.code)
    if excluded and story.fate == "kept" and story.chance(excluded[2]):
        _exclude(story, *excluded[:2])
    long = story.item.unit == "working_day" and (story.item.promise or 0) >= 10
    if long and story.chance(demand.EXTENDED_SHARE):
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
    story.wait(story.rng.randrange(20, 200))
    story.tell("EnquiryAnswered", staff, enquiry_id=document, answer="the higher authority agrees")


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
