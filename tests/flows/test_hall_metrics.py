"""Figures about halls, on invented facts: what SQL says is what the rules say of the same facts."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from duban import boards, contracts, warehouse
from duban.events import Event
from duban.hall_facts import Statement, read
from duban.honours import honours, places
from duban.measures import measures
from projections.dashboard import ranking_queries
from tests.appealed import appeals
from tests.filled import filled, store
from tests.hall_facts import HALL, PERIODS, START, ZONE, Invention, an_id, void
from tests.hall_facts import said as a_fact
from tests.reviewed import HALLS as REVIEWED
from tests.reviewed import counted, reviewed
from tests.stack import Stack

pytestmark = pytest.mark.stack

HALLS = (HALL, "luannan")
NOW = int((START + timedelta(days=30)).timestamp() * 1000)
FIGURES = (
    "measures", "honours", "honour_quota", "praise", "activities", "patrol_findings",
    "inspections", "attendance", "appraisals", "surveys", "outreach",
)  # fmt: skip


def invented() -> list[Event]:
    """Both halls' facts, some of them twice, in no order."""
    dice = random.Random(7)
    facts = [fact for hall in HALLS for fact in Invention(dice, hall).many(500)]
    facts += dice.sample(facts, 200)
    dice.shuffle(facts)
    return facts


FACTS = invented()


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with filled(tmp_path_factory.mktemp("halls"), FACTS, NOW, "warehouse") as stack:
        yield stack


def asked(name: str, **filters: Any) -> list[dict[str, Any]]:
    timed = {"now": NOW} if "now" in warehouse.load_metric(name).parameters else {}
    return list(warehouse.metric(name, **timed, **filters).dicts())


def month_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, ZONE).strftime("%Y-%m")


def standing(*types: str) -> list[Statement]:
    return read(FACTS).of(*types)


def in_ms(value: datetime | None) -> int | None:
    return value and round(value.timestamp() * 1000)


def test_what_stands_in_the_warehouse_is_what_stands_by_the_rules(halls: Stack) -> None:
    found = warehouse.query("SELECT toString(event_id), first_told FROM hall_facts_now").rows
    ruled = [
        (said.event.event_id, said.statement_id)
        for said in read(FACTS).standing
        if contracts.topic_of(said.event.type) == "hall-events"
    ]
    assert sorted(found) == sorted(ruled)
    assert 0 < len(ruled) < len({f.event_id for f in FACTS}) - 50


def chained(dice: random.Random, case: str) -> list[Event]:
    """Invitations and call-backs of a case that correct each other, and voidings of them and of
    each other: at random, across types, in rings, and of what nobody told."""
    names = [f"{case} {number}" for number in range(dice.randrange(1, 14))]
    made = []
    for name in names:
        aim = dice.choice([*names, f"{case} nobody"])
        on = {"case": case, "hall": "chains", "day": dice.randrange(4)}
        if dice.random() < 0.4 and aim != name:
            made.append(a_fact("EventVoided", name, voids_event_id=an_id(aim), reason="", **on))
            continue
        corrects = {} if dice.random() < 0.4 or aim == name else {"corrects": aim}
        if dice.random() < 0.5:
            made.append(a_fact("RatingInvited", name, how="sms", **on, **corrects))
        else:
            told = {"reached": True, "satisfied": True}
            made.append(a_fact("CallbackDone", name, **told, **on, **corrects))
    return made


def test_chains_of_corrections_and_voidings_in_a_case_stand_as_the_rules_say(
    halls: Stack,
) -> None:
    dice = random.Random(11)
    facts = [fact for n in range(300) for fact in chained(dice, f"chains/{n}")]
    store(facts, NOW)
    ruled = read(facts)
    standing_ids = sorted(s.event.event_id for s in ruled.of("CallbackDone"))
    found = asked("feedback_list", hall="chains", limit=100_000)
    assert sorted(row["fact_id"] for row in found) == standing_ids
    assert len(asked("invitation_list", hall="chains", limit=100_000)) == len(
        ruled.of("RatingInvited")
    )
    assert 300 < len(ruled.standing) < len(facts) - 300


def test_no_case_voids_a_fact_of_another_one_that_has_its_id(halls: Stack) -> None:
    called = {"reached": True, "satisfied": True}
    store(
        [
            a_fact("CallbackDone", "called", case="twins/1", hall="twins", **called),
            a_fact("CallbackDone", "called", case="others/1", hall="others", **called),
            a_fact("EventVoided", "void", case="twins/1", hall="twins",
                   voids_event_id=an_id("called"), reason=""),
        ],
        NOW,
    )  # fmt: skip
    everywhere = asked("feedback_list", limit=100_000)
    assert [r["hall_id"] for r in everywhere if r["fact_id"] == an_id("called")] == ["others"]


def test_a_rating_is_set_aside_by_reviews_wherever_they_lie_as_the_rules_say(halls: Stack) -> None:
    dice = random.Random(23)
    facts = [fact for number in range(300) for fact in reviewed(dice, number)]
    store(facts, NOW)
    for hall in REVIEWED:
        ratings, ruled = counted(fact for fact in facts if fact.hall_id == hall)
        found = asked("rating_aspect_list", hall=hall, limit=100_000)
        assert sorted(row["fact_id"] for row in found) == ruled
        assert 500 < len(ruled) < len(ratings) - 50
    everywhere = asked("rating_aspect_list", limit=100_000)
    of_both = [row["fact_id"] for row in everywhere if row["hall_id"] in REVIEWED]
    assert sorted(of_both) == counted(facts)[1]


@pytest.mark.parametrize("hall", ["", HALL])
def test_measures_their_states_and_flags_are_those_of_the_ladder(halls: Stack, hall: str) -> None:
    found = [
        (
            r["measure_id"], r["hall_id"], r["event_type"], r["step"], r["subject_kind"],
            r["subject"], r["detail"], r["reason"], in_ms(r["occurred_at"]), r["state"],
            in_ms(r["ended_at"]), tuple(r["flags"]),
        )
        for r in asked("measures", hall=hall)
    ]  # fmt: skip
    ruled = [
        (m.measure_id, m.hall_id, m.type, m.step, m.subject_kind, m.subject, m.detail, m.reason,
         m.at, m.state, m.ended_at, m.flags)
        for m in measures(FACTS)
        if hall in ("", m.hall_id)
    ]  # fmt: skip
    assert sorted(found, key=str) == sorted(ruled, key=str)
    assert {row[-3] for row in found} == {"in_force", "revoked", "overturned"}


def test_honours_are_held_and_flagged_as_the_rules_say(halls: Stack) -> None:
    found = {
        (r["honour_id"], r["hall_id"], r["subject"], r["board"], r["class_name"], r["period"],
         r["state"], in_ms(r["valid_to"]), tuple(r["flags"]))
        for r in asked("honours")
    }  # fmt: skip
    ruled = honours(FACTS, boards.quotas(), NOW)
    assert found == {
        (h.honour_id, h.hall_id, h.subject, h.board, h.class_name, h.period, h.state, h.valid_to,
         h.flags)
        for h in ruled
    }  # fmt: skip
    assert {h.state for h in ruled} == {"held", "expired", "revoked"}
    assert len({h.flags for h in ruled}) == 2


def test_places_on_the_boards_are_counted_as_the_rules_do(halls: Stack) -> None:
    columns = ("hall_id", "board", "period", "class_name", "quota", "granted", "over")
    found = [tuple(r[name] for name in columns) for r in asked("honour_quota")]
    ruled = places(honours(FACTS, boards.quotas(), NOW), boards.quotas())
    assert found == [(*p, p.over) for p in ruled]
    assert sum(over for *_, over in found) > 0


def test_the_quotas_of_the_metrics_are_those_of_the_boards() -> None:
    said = {f"{board}/{name}": count for (board, name), count in boards.quotas().items()}
    for name in ("honours", "honour_quota"):
        written = warehouse.load_metric(name).defaults["quotas"]
        assert json.loads(written) == said


def test_a_city_may_have_quotas_of_its_own(halls: Stack) -> None:
    found = asked("honour_quota", quotas='{"good_deeds/honesty": 1}', hall=HALL, period="2026-09")
    row = next(r for r in found if r["class_name"] == "honesty")
    assert (row["quota"], row["over"]) == (1, row["granted"] - 1)


@pytest.mark.parametrize("given", [{}, {"hall": HALL}, {"month": "2026-09"}])
def test_praise_is_counted_by_subject_and_kind(halls: Stack, given: dict[str, str]) -> None:
    expected: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for said in standing("PraiseReceived"):
        if _asked_for(said, given):
            about = said.event.hall_id, said.data["subject"]
            expected[about][said.data["kind"]] += said.data["count"]
    found = {
        (r["hall_id"], r["subject"]): (r["banners"], r["letters"], r["praises"])
        for r in asked("praise", **given)
    }
    assert found == {
        about: (kinds["banner"], kinds["letter"], kinds.total())
        for about, kinds in expected.items()
    }


def _asked_for(said: Statement, given: dict[str, str]) -> bool:
    month = month_of(said.event.occurred_at)
    hall = said.event.hall_id
    return given.get("hall", hall) == hall and month in given.get("month", month)


def test_activities_add_up_sessions_and_heads(halls: Stack) -> None:
    expected: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for said in standing("ActivityHeld"):
        sums = expected[said.event.hall_id, said.data["kind"]]
        for place, more in enumerate((1, said.data["sessions"], said.data["headcount"])):
            sums[place] += more
    found = {
        (r["hall_id"], r["kind"]): [r["activities"], r["sessions"], r["headcount"]]
        for r in asked("activities")
    }
    assert found == expected


def test_findings_are_closed_by_what_came_after_them(halls: Stack) -> None:
    raised: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)
    closed: defaultdict[tuple[str, str], int] = defaultdict(int)
    for said in standing("FindingRaised", "FindingClosed"):
        number = said.event.hall_id, said.data["finding_id"]
        if said.event.type == "FindingRaised":
            raised[number].append(said)
        else:
            closed[number] = max(closed[number], said.event.occurred_at)
    expected: Counter[tuple[str, str, bool]] = Counter()
    for number, times in raised.items():
        last = max(times, key=lambda said: (said.event.occurred_at, said.statement_id))
        done = closed[number] >= last.event.occurred_at
        expected[number[0], last.data["party"], done] += 1
    found: Counter[tuple[str, str, bool]] = Counter()
    for r in asked("patrol_findings"):
        assert r["closed_rate"] == r["closed"] / r["findings"]
        found[r["hall_id"], r["party"], True] += r["closed"]
        found[r["hall_id"], r["party"], False] += r["open"]
    assert +found == expected


SUMS = {
    "inspections": ("InspectionDone", "findings", "findings"),
    "attendance": ("AttendanceExcepted", "half_days", "half_days"),
    "surveys": ("SurveyClosed", "answered", "n"),
    "outreach": ("OutreachDone", "given", "count"),
}


@pytest.mark.parametrize("months", ["2026-09", "2026-09,2026-10"])
def test_surveys_and_appraisals_are_sums_over_sums(halls: Stack, months: str) -> None:
    surveys: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    levels: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for said in standing("SurveyClosed", "AppraisalGiven"):
        about = said.event.hall_id, said.data["subject"]
        if not _asked_for(said, {"month": months}):
            continue
        if said.event.type == "AppraisalGiven":
            levels[*about, said.data["source"]].append(said.data["level"])
            continue
        for place, more in enumerate((1, said.data["n"], said.data["satisfied"])):
            surveys[about][place] += more
    assert {
        (r["hall_id"], r["subject"]): [r["surveys"], r["answered"], r["satisfied"]]
        for r in asked("surveys", month=months)
    } == surveys
    found = {
        (r["hall_id"], r["subject"], r["source"]): r for r in asked("appraisals", month=months)
    }
    assert found.keys() == levels.keys()
    for key, row in found.items():
        assert (row["n"], row["levels"]) == (len(levels[key]), sum(levels[key]))
        assert row["mean_level"] == pytest.approx(sum(levels[key]) / len(levels[key]))


APPEALS = (  # (subject, day, type, role, upheld)
    ("open", 1, "RankingAppealed", "chief_rep", None),
    ("by a program", 1, "RankingAppealed", "chief_rep", None),
    ("by a program", 3, "RankingAppealDecided", "system", True),
    ("upheld", 1, "RankingAppealed", "chief_rep", None),
    ("upheld", 3, "RankingAppealDecided", "centre_manager", True),
    ("rejected", 1, "RankingAppealed", "chief_rep", None),
    ("rejected", 3, "RankingAppealDecided", "centre_manager", False),
    ("again", 1, "RankingAppealed", "chief_rep", None),
    ("again", 3, "RankingAppealDecided", "centre_manager", False),
    ("again", 5, "RankingAppealed", "chief_rep", None),
    ("overruled", 1, "RankingAppealed", "chief_rep", None),
    ("overruled", 3, "RankingAppealDecided", "centre_manager", False),
    ("overruled", 5, "RankingAppealDecided", "centre_manager", True),
    ("overruled", 7, "RankingAppealDecided", "system", False),
)


def test_an_appeal_is_open_until_a_person_has_decided_it(halls: Stack) -> None:
    about = {"policy_id": "window-month", "period": "2026-08", "hall": "appeals"}
    store(
        [
            a_fact(type_, f"{who} {day}", day, role=role, subject=who.replace(" ", "-"),
                   reason=f"第{day}日", **about, **({} if upheld is None else {"upheld": upheld}))
            for who, day, type_, role, upheld in APPEALS
        ],
        NOW,
    )  # fmt: skip
    found = {
        r["subject"]: (r["state"], r["said"]) for r in asked("ranking_appeals", hall="appeals")
    }
    assert found == {
        "open": ("open", "第1日"), "by-a-program": ("open", "第1日"), "again": ("open", "第5日"),
        "upheld": ("upheld", "第1日"), "rejected": ("rejected", "第1日"),
        "overruled": ("upheld", "第1日"),
    }  # fmt: skip
    assert asked("ranking_appeals", hall="appeals", month="2026-09") == []
    assert len(asked("ranking_appeals", month="2026-08", policy="window-month")) == len(found)


def decided(dice: random.Random, hall: str) -> Iterator[Event]:
    """Appeals against places and decisions on them, by people and programs, in ties, corrected by
    each other and voided."""
    names: dict[str, str] = {}
    for number in range(400):
        name = f"{hall} decided {number}"
        when = {"day": dice.randrange(6), "recorded": dice.randrange(8), "hall": hall}
        if names and dice.random() < 0.1:
            yield void(name, dice.choice([*names]), **when)
            continue
        appealed = dice.random() < 0.4
        names[name] = type_ = "RankingAppealed" if appealed else "RankingAppealDecided"
        same = [other for other in names if names[other] == type_ and other != name]
        yield a_fact(
            type_, name, **when, reason=name, subject=f"w{dice.randrange(30)}",
            policy_id=dice.choice(("window-month", "half")), period=dice.choice(PERIODS),
            role="chief_rep" if appealed else dice.choice(("centre_manager", "system")),
            corrects=dice.choice(same) if same and dice.random() < 0.2 else "",
            **({} if appealed else {"upheld": dice.random() < 0.5}),
        )  # fmt: skip


def test_appeals_are_answered_alike_by_the_rules_the_metric_and_the_pages(halls: Stack) -> None:
    dice = random.Random(5)
    facts = [fact for hall in ("judged", "weighed") for fact in decided(dice, hall)]
    store(facts, NOW)
    ruled = [one for one in appeals(facts) if one.hall_id == "judged"]
    listed = asked("ranking_appeals", hall="judged", set="all")
    assert sorted(
        (r["policy_id"], r["period"], r["subject"], in_ms(r["appealed_at"]), r["said"],
         in_ms(r["answered_at"]), r["state"] == "upheld", r["answer"]) for r in listed
    ) == sorted(one[1:] for one in ruled)  # fmt: skip
    assert {r["state"] for r in listed} == {"open", "upheld", "rejected"}
    last = asked("ranking_appeals", hall="judged")
    assert len(last) == len({one[1:4] for one in ruled}) < len(listed)
    for policy, period in {one[1:3] for one in ruled}:
        shown = asyncio.run(ranking_queries.appeals("judged", policy, period))
        assert sorted(
            (s.subject, s.at, s.reason, s.decided_at, s.upheld, s.answer) for s in shown
        ) == sorted(one[3:] for one in ruled if one[1:3] == (policy, period))


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("given", [{}, {"hall": HALL}, {"month": "2026-09"}])
def test_the_rows_of_a_figure_add_up_to_its_facts(
    halls: Stack, name: str, given: dict[str, str]
) -> None:
    type_, column, field = SUMS[name]
    expected = sum(s.data[field] for s in standing(type_) if _asked_for(s, given))
    assert sum(r[column] for r in asked(name, **given)) == expected > 0


def test_an_appraisal_of_oneself_is_shown_and_does_not_count(halls: Stack) -> None:
    found = asked("appraisals")
    assert {(r["source"], r["counts"]) for r in found} == {("mass", True), ("self", False)}
    assert sum(r["n"] for r in found) == len(standing("AppraisalGiven"))


@pytest.mark.parametrize("name", FIGURES)
def test_a_hall_without_facts_has_no_rows(halls: Stack, name: str) -> None:
    assert asked(name, hall="nowhere") == []
