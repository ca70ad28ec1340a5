"""Evaluation on the real stack: a month of a simulated hall under six sets of score policies. Live
scores, sums in the warehouse, `duban score` and a plain recomputation over the topics are the same
to the point: with facts of halls, corrections, late facts, and a worker killed in between."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from duban import bus, codec, warehouse
from duban.launch import SCHEMAS
from producers.simulator import city
from tests.flows import plain_scores as plain
from tests.given import at
from tests.judged import judged, simulate
from tests.rest import wait_stored
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

HALL = "sujiatun"
APRIL, CUT, LATER = "2026-04", at("2026-05-06 09:00"), at("2026-05-08 10:00")
SUMMER = at("2026-07-03 10:00")
NAMES = ("points", "n", "on_time", "late", "ratings", "satisfied", "score")


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three days in April; business time then stands at the cut."""
    with judged(tmp_path_factory.mktemp("evaluation")) as made:
        for preset in plain.PRESETS:
            made.run("apply", str(SCHEMAS / f"reference/presets/{preset}.toml"), check=True)
        post(chiefs())
        simulate(made, "--days", "3")
        told(facts_of_april())
        told_twice()
        worker = made.kill("streams")
        with bus.Producer() as producer:
            producer.tick(CUT)
        made.wait_restarted("streams", worker)
        settled()
        yield made


def chiefs() -> list[tuple[str, str, str, str]]:
    """Who is chief representative of which window, from and until when: every window has one, some
    have another one from the second day on."""
    found = []
    for number, window in enumerate(city.load(HALL).windows):
        until = "2026-04-21 12:00" if number % 3 == 0 else ""
        found.append((window, f"chief-{window}", "2026-01-01 00:00", until))
        if until:
            found.append((window, f"next-{window}", until, ""))
    return found


def instant(text: str) -> datetime:
    """An instant in Beijing, as a sender says it."""
    return datetime.fromtimestamp(at(text) / 1000, UTC)


def post(posts: list[tuple[str, str, str, str]]) -> None:
    """Publish who has which post."""
    with bus.Producer() as producer:
        for window, staff, since, until in posts:
            producer.emit(
                "StaffPosted", subject_type="post", subject_id=f"{staff}@1", hall=HALL,
                at=at(since), staff_id=staff, version="1", role="chief_rep",
                unit_id=f"{HALL}/{window}", valid_from=instant(since),
                valid_to=instant(until) if until else None,
            )  # fmt: skip


def where() -> str:
    [row] = warehouse.query("SELECT DISTINCT hall_id FROM cases_now LIMIT 1").rows
    return str(row[0])


def windows() -> list[str]:
    sql = "SELECT DISTINCT window_id FROM cases_now WHERE window_id != '' ORDER BY window_id"
    wait_for(lambda: len(warehouse.query(sql).rows) > 3, "cases are stored", 120, 0.5)
    return [row[0] for row in warehouse.query(sql).rows]


def told_twice() -> None:
    """One case hears in two notices what was missing, which electronic supervision counts."""
    sql = "SELECT case_id FROM cases_now WHERE window_id != '' ORDER BY case_id LIMIT 1"
    [[case]] = warehouse.query(sql).rows
    day = at("2026-04-20 17:00")
    with bus.Producer() as producer:
        for minute in (1, 2):
            producer.emit("OneTimeNoticeIssued", case=case, at=day + minute * 60_000, items=[])


def facts_of_april() -> list[tuple[str, dict[str, Any]]]:
    """Absences, findings, praise, appraisals and cards of several windows and a person."""
    found: list[tuple[str, dict[str, Any]]] = []
    for number, window in enumerate(windows()):
        day = at(f"2026-04-{20 + number % 3} 16:00")
        about = {"subject": window, "at": day}
        found.append(("PraiseReceived", {**about, "kind": "banner", "count": number % 3 + 1}))
        leader = [(number % 5 + 1, "leader")] if number % 3 else []  # some are not judged by any
        for level, source in ((5, "mass"), (4, "peer"), *leader):
            found.append(("AppraisalGiven", {**about, "level": level, "source": source}))
        found.append(("SurveyClosed", {**about, "n": 8, "satisfied": 7 - number % 2}))
        if number % 2:
            found.append(("AttendanceExcepted", {**about, "kind": "absent", "half_days": 3.5}))
            finding = {"finding_id": f"f{number}", "category": "fees"}
            found.append(("FindingRaised", {**about, **finding}))
        if number % 3 == 0:
            found.append(("CardIssued", {**about, "colour": "yellow", "reason": "late"}))
    person = {"subject": "s-7", "subject_kind": "staff", "at": at("2026-04-21 10:00")}
    absence = {"kind": "absent", "half_days": 0.5}  # of a chief: their window answers for it
    chief = {**person, "subject": f"chief-{windows()[1]}"}
    return [
        *found, ("AdmonitionIssued", {**person, "reason": "rude"}),
        ("AttendanceExcepted", {**chief, **absence}),
    ]  # fmt: skip


def told(facts: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Send facts of the hall; their ids."""
    name = where()
    with bus.Producer() as producer:
        return [producer.emit(type_, hall=name, **data).event_id for type_, data in facts]


def settled() -> None:
    """The worker has read everything, its own points too, and the sink has it all."""
    wait_stored(lambda: live() == stored(), "all is stored")


def live() -> dict[plain.Key, tuple[Any, ...]]:
    """The last score of each key on the topic."""
    return {key: tuple(said[n] for n in NAMES) for key, said in published().items()}


def published() -> dict[plain.Key, dict[str, Any]]:
    """All that is said of each key."""
    last = {r.key: r.value for r in bus.read_all("score-state") if r.key.startswith(b"[")}
    events = (codec.decode(value) for value in last.values())
    return {
        (e.hall_id, d["policy_id"], d["subject"], d["period"]): dict(d)
        for e in events
        for d in [e.data]
        if d["n"] or d["points"]
    }


def stored() -> dict[plain.Key, tuple[Any, ...]]:
    """The same in the warehouse."""
    columns = ", ".join(f"round({n}, 6)" for n in NAMES)
    sql = f"SELECT hall_id, policy_id, subject, period, {columns} FROM scores_now WHERE n OR points"
    return {tuple(row[:4]): tuple(row[4:]) for row in warehouse.query(sql).rows}


def summed() -> dict[plain.Key, tuple[Any, ...]]:
    """Sums over the points in the warehouse, as a manager would add them."""
    sql = (
        "SELECT hall_id, policy_id, subject, period, round(sum(points), 6),"
        " sum(if(reverses = '', 1, -1)) AS n FROM score_points_now"
        " GROUP BY hall_id, policy_id, subject, period HAVING n != 0"
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in warehouse.query(sql).rows}


def recomputed() -> dict[plain.Key, tuple[Any, ...]]:
    """The same from the facts, plainly."""
    earned, rules = plain.points(plain.causes(bus.business_now())), plain.policies()
    return {k: (*plain.counted(v), plain.score(rules[k[1]], v)) for k, v in earned.items()}


def same_axes() -> None:
    """The parts of each score, live and counted plainly: those alone of which anything stands."""
    earned, rules = plain.points(plain.causes(bus.business_now())), plain.policies()
    expected = {(k, axis): given for k, v in earned.items()
                for axis, given in plain.axes(rules[k[1]], v).items()}  # fmt: skip
    live_parts = {(k, axis): given for k, said in published().items()
                  for axis, given in said["axes"].items()}  # fmt: skip
    assert live_parts == pytest.approx(expected, abs=1e-6)


def same_everywhere() -> None:
    """Live, in the warehouse, and counted plainly."""
    settled()
    with suppress(AssertionError):  # scores follow their points in a turn of their own
        wait_stored(lambda: live() == recomputed(), "live as counted plainly", every=2.0)
    assert live() == recomputed()
    same_axes()
    assert {k: v[:2] for k, v in live().items()} == summed()


def places(policy: str) -> list[tuple[Any, ...]]:
    sql = "SELECT place, subject, score FROM rankings_now WHERE policy_id = {policy:String}"
    found = [tuple(row) for row in warehouse.query(sql, policy=policy).rows]
    return sorted(r for r in found if r[0]) + sorted(r for r in found if not r[0])


def revisions(policy: str) -> list[tuple[int, str]]:
    sql = (
        "SELECT DISTINCT revision, reason FROM rankings WHERE policy_id = {policy:String}"
        " ORDER BY revision"
    )
    return [tuple(row) for row in warehouse.query(sql, policy=policy).rows]


def plainly(policy: str) -> list[tuple[Any, ...]]:
    return plain.ranking(policy, where(), APRIL, plain.causes(bus.business_now()))


def test_scores_are_the_same_live_in_the_warehouse_and_counted_plainly(hall: Stack) -> None:
    same_everywhere()
    policies = {key[1] for key in live()}
    assert {"window-month", "luannan-month", "dujiangyan-window", "hunan-review"} <= policies
    assert {"stars", "supervision-quarter", "dujiangyan-chief", "hunan-year"} <= policies
    chiefs = {key[2].partition("-")[0] for key in live() if key[1] == "dujiangyan-chief"}
    assert chiefs == {"chief", "next"}
    assert len(live()) > 40
    watched = "SELECT DISTINCT rule_id FROM score_points_now WHERE rule_id IN {rules:Array(String)}"
    [[rule]] = warehouse.query(watched, rules=["told-twice"]).rows
    assert rule == "told-twice"
    assert HALL in {key[2] for key in live() if key[1] == "supervision-hall"}


def test_a_closed_month_is_published_and_late_facts_and_corrections_revise_it(hall: Stack) -> None:
    for policy in ("window-month", "dujiangyan-window"):
        said = hall.json("close", "--period", APRIL, "--policy", policy)
        assert said["halls"] == [where()]
    settled()
    for policy in ("window-month", "dujiangyan-window"):
        wait_for(lambda p=policy: places(p) == plainly(p), "published", 120, 0.5)
    duty = f"{where()}/publication-window-month-{APRIL}"
    known = ("case", duty, "--json")
    wait_for(
        lambda: '"clocks": [{' in hall.run(*known).stdout, "the duty to make it known", 120, 0.5
    )
    assert [c["kind"] for c in hall.json("case", duty)["clocks"]] == ["period_publish"]
    assert revisions("window-month") == [(0, "")]
    with bus.Producer() as producer:
        producer.tick(LATER)
    window = windows()[0]
    found = {"subject": window, "at": at("2026-04-22 11:00")}
    [late, card] = told(
        [
            ("AttendanceExcepted", {**found, "kind": "absent", "half_days": 1.0}),
            ("CardIssued", {**found, "colour": "red", "reason": "wrong window"}),
        ]
    )
    settled()
    wait_for(lambda: len(revisions("window-month")) > 1, "revised", 120, 0.5)
    assert revisions("window-month")[-1][1] == "late_fact"
    told(
        [
            ("HallFactVoided", {"voided_event_id": late, "reason": "was on leave"}),
            ("MeasureRevoked", {"measure_event_id": card, "reason": "wrong window"}),
        ]
    )
    same_everywhere()
    wait_for(lambda: revisions("window-month")[-1][1] == "correction", "revised again", 120, 0.5)
    wait_for(lambda: places("window-month") == plainly("window-month"), "stored", 120, 0.5)
    again = hall.json("close", "--period", APRIL)
    assert again["halls"] == [where()]
    before = revisions("window-month")
    settled()
    assert revisions("window-month") == before


def test_voided_ratings_of_cases_follow_into_every_policy(hall: Stack) -> None:
    found = warehouse.query(
        "SELECT case_id, toString(event_id) FROM events_now WHERE event_type = 'RatingGiven'"
        " AND JSONExtractString(payload, 'source') IN ('', 'mass') LIMIT 3"
    ).rows
    with bus.Producer() as producer:
        for case, rating in found:
            producer.emit("EventVoided", case=case, at=bus.business_now(), voids_event_id=rating,
                          reason="wrong window")  # fmt: skip
        worker = hall.kill("streams")
    hall.wait_restarted("streams", worker)
    same_everywhere()
    wait_for(lambda: places("window-month") == plainly("window-month"), "revised", 120, 1.0)


def satisfied() -> tuple[int, int]:
    """Cases that were rated, and of these those of satisfied citizens, as a manager asks."""
    [row] = warehouse.metric("satisfaction", month=APRIL).dicts()
    return row["rated"], row["satisfied"]


def test_ratings_found_mistaken_leave_scores_and_satisfaction_and_stay_as_facts(
    hall: Stack,
) -> None:
    ratings = (
        "SELECT case_id, toString(event_id), JSONExtractInt(payload, 'level') FROM events_now"
        " WHERE event_type = 'RatingGiven' AND JSONExtractString(payload, 'source') IN ('', 'mass')"
        " AND case_id IN (SELECT case_id FROM cases_now WHERE rating IS NOT NULL)"
        " ORDER BY case_id LIMIT 4"
    )
    found = warehouse.query(ratings).rows
    before = satisfied()
    with bus.Producer() as producer:
        for number, (case, rating, _) in enumerate(found):
            review = f"{where()}/cp-{number}"
            told = (
                ("NegativeReviewOpened", {"about_case_id": case, "rating_event_id": rating}),
                ("ReviewVerified", {"verdict": "malicious" if number % 2 else "mistaken"}),
            )
            for type_, data in told:
                producer.emit(type_, case=review, at=bus.business_now(), **data)
    same_everywhere()
    good = sum(level >= 4 for _, _, level in found)
    wait_for(
        lambda: satisfied() == (before[0] - len(found), before[1] - good), "fewer rated", 120, 1.0
    )
    kept = "SELECT count() FROM events_now WHERE event_id IN {ids:Array(UUID)}"
    assert warehouse.query(kept, ids=[rating for _, rating, _ in found]).rows == [(len(found),)]
    wait_for(lambda: places("window-month") == plainly("window-month"), "revised", 120, 1.0)


@pytest.mark.parametrize("wrong", [
    ("--period", "2026-Q2"), ("--period", APRIL, "--policy", "nobody"),
    ("--period", "2031-01", "--hall", "sujiatun"),
])  # fmt: skip
def test_what_is_no_period_that_is_over_is_not_closed(hall: Stack, wrong: tuple[str, ...]) -> None:
    before = list(bus.read_all("hall-events"))
    done = hall.run("close", *wrong)
    assert done.returncode == 2
    assert "→" in done.stderr
    assert len(list(bus.read_all("hall-events"))) == len(before)


def test_a_closing_told_too_early_is_refused_at_the_door_and_laid_aside_by_the_worker(
    hall: Stack,
) -> None:
    fields = ("--set", "policy_id=window-month", "--set", "period=2026-12")
    refused = hall.run("emit", "PeriodClosed", "--hall", where(), *fields)
    assert refused.returncode != 0
    assert "2026-12 is not over" in refused.stdout + refused.stderr
    told([("PeriodClosed", {"policy_id": "window-month", "period": "2026-12"})])

    def letters() -> list[str]:
        found = hall.json("dead-letters", "list", "--reason", "not_over")
        return [letter["reason"] for letter in found["dead_letters"]]

    wait_for(lambda: letters() == ["not_over"], "the closing is laid aside", 120, 0.5)
    assert not [r for r in warehouse.query("SELECT period FROM rankings_now").rows
                if r[0] == "2026-12"]  # fmt: skip


def test_places_carry_to_the_year(hall: Stack) -> None:
    settled()
    terms = plain.policies()["dujiangyan-window"]
    ranked = [row for row in places("dujiangyan-window") if row[0]]
    flagged = {row[1] for row in ranked if row[0] <= terms["flags"]}
    bottom = {
        w for place, w, s in ranked
        if sum(o[2] < s for o in ranked) < terms["bottom"] and place > terms["top"]
    }  # fmt: skip
    year = {key[2]: value[0] for key, value in live().items() if key[1] == "dujiangyan-year"}
    everybody = dict.fromkeys((row[1] for row in places("dujiangyan-window")), 0.0)
    assert year == everybody | dict.fromkeys(flagged, 2.0) | dict.fromkeys(bottom, -2.0)
    assert len(year) > len(flagged | bottom)
    same_everywhere()


def test_a_half_year_that_is_closed_carries_to_the_year_also_after_a_late_fact(hall: Stack) -> None:
    with bus.Producer() as producer:
        producer.tick(SUMMER)
    settled()
    closed = hall.json("close", "--period", "2026-H1", "--policy", "hunan-review")
    assert closed["halls"] == [HALL]
    wait_for(lambda: places("hunan-review"), "published", 120, 0.5)
    same_everywhere()
    year = [v[0] for k, v in live().items() if k[1] == "hunan-year"]
    assert {5.0, -5.0} <= set(year)
    before = places("hunan-review")
    [last] = [subject for place, subject, _ in before[-1:]]
    day = {"subject": last, "at": at("2026-04-22 11:00")}
    told([("AppraisalGiven", {**day, "level": 5, "source": source}) for source in
          ("leader", "mass", "peer") for _ in range(9)])  # fmt: skip
    same_everywhere()
    wait_for(lambda: places("hunan-review") != before, "revised", 120, 0.5)


def test_every_place_is_reproduced_from_its_points_by_the_command(hall: Stack) -> None:
    settled()
    said = hall.json("rank", "--month", APRIL)
    assert said["revision"] == revisions("window-month")[-1][0]
    assert [(e["place"], e["subject"], e["score"]) for e in said["places"]] == places(
        "window-month"
    )
    for entry in said["places"][:3]:
        found = hall.json("score", entry["subject"], "--period", APRIL)
        assert (found["score"], found["n"], found["agrees"]) == (entry["score"], entry["n"], True)
        assert round(sum(p["points"] for p in found["postings"]), 6) == found["points"]
        assert all(p["source"] and p["cause_type"] for p in found["postings"])


def test_an_adjustment_counts_in_the_quarter_of_the_month_that_it_names_and_says_who_approved_it(
    hall: Stack,
) -> None:
    window = windows()[0]
    told([("ScoreAdjusted", {"subject": window, "at": LATER, "points": -1.5, "period": APRIL,
                             "policy_id": "supervision-quarter", "reason": "appeal",
                             "approver": "head-3"})])  # fmt: skip
    settled()
    asked = ("--period", "2026-Q2", "--policy", "supervision-quarter")
    found = hall.json("score", window, *asked)
    [point] = [p for p in found["postings"] if p["cause_type"] == "ScoreAdjusted"]
    assert (point["points"], point["approver"], point["reason"]) == (-1.5, "head-3", "appeal")
    assert "head-3" in hall.run("score", window, *asked).stdout


def test_a_bulletin_that_is_recorded_stops_the_clock_on_making_the_ranking_known(
    hall: Stack, tmp_path: Path
) -> None:
    options = ("--hall", where(), "--month", APRIL, "--out", str(tmp_path), "--format", "html")
    hall.run("report", *options, "--record", check=True)
    duty = f"{where()}/publication-window-month-{APRIL}"

    def states() -> list[str]:
        return [clock["state"] for clock in hall.json("case", duty)["clocks"]]

    wait_for(lambda: states() == ["stopped"], "its ranking is known", 120, 0.5)


def test_a_score_that_its_points_do_not_bear_out_is_told(hall: Stack) -> None:
    missing = hall.run("score", "nobody", "--period", APRIL)
    assert missing.returncode == 1
    assert hall.run("score", "w1", "--period", "April").returncode == 2
