"""What a hall does about itself all year: patrols, inspections, attendance, training, appraisals.

Parties, plans, kinds and counts are those that the seeds name; how often findings and absences come
is made up, as the shares of lateness are.
"""

from typing import Any

from producers.simulator.diary import Page, officer
from producers.simulator.story import pick

# 大厅四方巡查: the four parties take turns.
PARTIES = ("discipline_officer", "centre_manager", "duty_lead", "chief_rep")
FINDING_SHARE = 0.25  # of rounds
CATEGORIES = (
    ("attitude", 4), ("delay", 3), ("conduct", 4), ("error", 2), ("image", 4),  # 五不让
    ("refused", 1), ("no_reason", 2), ("fees", 0.5), ("files", 3),  # 窗口月度考核
)  # fmt: skip
SEVERITIES = (("minor", 80), ("major", 17), ("serious", 3))
ABSENCES = (("leave", 50), ("late", 28), ("early", 14), ("absent", 8))
ABSENCE_SHARE = 0.012  # of windows a day
PLACES = ["desk", "wall", "web", "press", "broadcast", "brochure"]  # 上桌上墙上网上报…
PLANS = (("themed", "open", "internal"), ("periodic", "open", "monitor"),
         ("unscheduled", "covert", "superior"), ("unscheduled", "covert", "external"))  # fmt: skip
# Kind, topic, people; one a month, in turn. The year begins with 服务礼仪.
ACTIVITIES = (
    ("training", "服务礼仪", 105), ("study", "大厅制度", 30),
    ("training", "办件规范操作", 105), ("volunteer", "扶老助老", 18),
    ("contest", "岗位技能比武", 70), ("meeting", "首席代表例会", 35),
    ("study", "网络学习", 40), ("training", "政务英语", 60),
    ("volunteer", "河岸清洁", 24), ("contest", "优质服务竞赛", 35),
    ("meeting", "工作推进会", 105), ("study", "廉政教育", 50),
)  # fmt: skip
TEAMS = {"扶老助老": "elders", "河岸清洁": "ecology"}
SOURCES = ("mass", "peer", "leader", "self")
MARKS = ((5, 52), (4, 36), (3, 10), (2, 2))
SELF_MARKS = ((5, 80), (4, 20))


def routine(page: Page, number: int) -> None:
    """The diary of working day `number` of the year: what comes again and again."""
    _attendance(page)
    _patrol(page, number)
    if page.of_month == 4:
        _month(page)
    if number == 0:
        _pledges(page)
    if number == 120:
        _survey(page)
    if page.day.month in (3, 6, 9, 12) and number % 60 == 55:
        _appraisals(page)


def _attendance(page: Page) -> None:
    for window, care in zip(page.windows, page.care, strict=True):
        if not page.chance(ABSENCE_SHARE * care):
            continue
        kind = pick(page.rng, ABSENCES)
        halves = 1.0 if kind != "leave" else page.rng.choice((1.0, 2.0))
        page.note(
            "AttendanceExcepted",
            page.at(8.75),
            officer(page.hall, "duty_lead"),
            subject=window,
            kind=kind,
            half_days=halves,
        )


def _patrol(page: Page, number: int) -> None:
    party = PARTIES[number % len(PARTIES)]
    actor = officer(page.hall, party)
    case = f"{page.hall}/patrol-{page.day:%Y%m%d}"
    told: dict[str, Any] = {"party": party, "staff": actor.id}
    page.tell("PatrolScheduled", case, page.at(8.5), actor, due_at=page.at(16), **told)
    if page.chance(0.02):
        return  # nobody went, and the clock says so
    found = page.chance(FINDING_SHARE)
    done = page.at(10 + page.rng.randrange(0, 300) / 60)
    page.tell("PatrolDone", case, done, actor, findings=int(found), **told)
    if found:
        _finding(page, case, party, done)


def _finding(page: Page, case: str, party: str, at: int) -> None:
    name, window = f"{page.day:%Y%m%d}-1", page.some_window()
    page.note(
        "FindingRaised",
        at,
        officer(page.hall, party),
        subject=window,
        finding_id=name,
        category=pick(page.rng, CATEGORIES),
        severity=pick(page.rng, SEVERITIES),
        patrol_case_id=case,
        party=party,
    )
    closed = page.at(15, page.later(page.rng.randrange(1, 6)))
    actor = officer(page.hall, "duty_lead")
    page.note("FindingClosed", closed, actor, subject=window, finding_id=name)


def _month(page: Page) -> None:
    manager, month = officer(page.hall, "centre_manager"), page.day.month
    plan, manner, by = PLANS[(month - 1) % len(PLANS)]
    inspected = page.at(14)
    found = page.rng.randrange(0, 4)
    page.note("InspectionDone", inspected, officer(page.hall, "monitor"),
              plan=plan, manner=manner, by=by, findings=found)  # fmt: skip
    kind, topic, people = ACTIVITIES[month - 1]
    page.note("ActivityHeld", page.at(15), manager, kind=kind, topic=topic, sessions=1,
              headcount=people, team=TEAMS.get(topic, ""))  # fmt: skip
    cards = 60 + page.rng.randrange(200)
    page.note("OutreachDone", page.at(16), manager, kind="card", count=cards)


def _pledges(page: Page) -> None:
    for window in page.windows:
        actor = officer(page.hall, "centre_manager")
        page.note("PledgePublished", page.at(9.5), actor, subject=window, places=PLACES[:3])


def _survey(page: Page) -> None:
    asked = 180 + page.rng.randrange(60)
    page.note("SurveyClosed", page.at(16), officer(page.hall, "centre_manager"),
              n=asked, satisfied=asked - page.rng.randrange(2, 9))  # fmt: skip


def _appraisals(page: Page) -> None:
    """群众评议、党员互评、领导点评、自评: of every window, and of its chief representative."""
    actor = officer(page.hall, "centre_manager")
    for window, care in zip(page.windows, page.care, strict=True):
        for subject, kind in ((window, "window"), (page.staff_of(window)[0], "staff")):
            for source in SOURCES:
                level = pick(page.rng, SELF_MARKS if source == "self" else MARKS)
                if care > 2 and source != "self":
                    level = max(2, level - 1)
                page.note("AppraisalGiven", page.at(15.5), actor, subject=subject, of=kind,
                          source=source, level=level)  # fmt: skip
