"""Every figure and the list of cases behind it, on a few hundred invented cases."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from duban import ranking, warehouse
from duban.metrics import METRICS, Listing, load_metric, metric_names
from duban.score_policy import ScorePolicy
from projections.dashboard import ranking_queries
from projections.migrate import migrate
from projections.sink.store import Store
from projections.sink.tables import COLUMNS
from tests.filled import row
from tests.flows.groups import invented_groups
from tests.flows.voices import invented_items, invented_voices
from tests.stack import Stack, new_stack

ZONE = ZoneInfo("Asia/Shanghai")
NOW = int(datetime(2026, 11, 18, 14, 32, 7, tzinfo=ZONE).timestamp() * 1000)
HOUR = 3_600_000
HALLS = ("aq", "bj")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("metrics") / "data", parts="warehouse")
    try:
        with stack.start().here():
            store = Store()
            migrate(warehouse.connect("writer", database=""))
            for table, rows in invented().items():
                store.insert(table, rows)
                store.insert(table, rows[: len(rows) // 2])  # doubles change no figure
            yield stack
    finally:
        stack.stop()


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest) -> Iterator[None]:
    if "filled" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("filled").here():
        yield


def invented(seed: int = 7) -> dict[str, list[tuple[Any, ...]]]:
    dice = random.Random(seed)
    cases = [case(dice, n) for n in range(400)]
    alerts = [
        row(
            "alerts", hall_id=f["hall_id"], alert_id=f"{f['case_id']}-{level}", level=level,
            event_id=str(UUID(int=dice.getrandbits(128))), event_type=kind, case_id=f["case_id"],
            at=at, occurred_at=at, ingested_at=at, due_at=f["due_at"], kafka_offset=n,
            version=1 + (kind == "AlertRetracted"),
        )
        for n, f in enumerate(cases)
        for level in ("reminder", "yellow", "red")
        if dice.random() < 0.3 and f["due_at"]
        for at in [NOW - dice.randrange(0, 72 * HOUR)]
        for kind in (["AlertRaised", "AlertRetracted"] if dice.random() < 0.2 else ["AlertRaised"])
    ]  # fmt: skip
    scores = [
        row(
            "scores", hall_id=hall, period="2026-11", subject_type="hall", subject=f"w{n}",
            points=0.0, score=float(dice.choice((95, 95, 100, 102, 110))), axes={}, late=1,
            n=dice.randrange(0, 9), on_time=1, ratings=1, satisfied=1,
        )
        for hall in HALLS
        for n in range(8)
    ]  # fmt: skip
    clocks, opinions, groups = invented_groups(HALLS, NOW)
    voices = invented_voices(cases, NOW)
    return {
        "clocks": [row("clocks", **c) for c in clocks],
        "cases": [row("cases", **f) for f in (*cases, *groups)],
        "alerts": alerts,
        "scores": scores,
        "sla_events": [row("sla_events", **said) for f in cases for said in outcomes(dice, f)],
        "events": [row("events", **f) for f in (*entries(dice, cases), *opinions, *voices)],
        "items": [row("items", **i) for i in invented_items(HALLS, NOW)],
    }


def outcomes(dice: random.Random, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What was said of a case's silence, delay and record, and now and then taken back."""
    about = {"hall_id": found["hall_id"], "case_id": found["case_id"], "window_id": "w1"}

    def said(kind: str, at: int, **payload: Any) -> dict[str, Any]:
        return {
            **about, "event_id": str(UUID(int=dice.getrandbits(128))), "event_type": kind,
            "occurred_at": at, "recorded_at": at, "ingested_at": at,
            "clock_kind": payload.get("clock_kind", ""), "clock_id": payload.get("clock_id", ""),
            "payload": json.dumps(payload),
        }  # fmt: skip

    if found["outcome"] == "late":
        for kind in ("promise", "statutory"):  # only the governing clock counts
            for party in dice.sample(PARTIES, dice.randrange(1, 4)):
                part = {
                    "clock_kind": kind, "clock_id": kind, "party": party, "org": dice.choice("ab"),
                    "minutes": dice.randrange(1, 900),
                }  # fmt: skip
                yield said("DelayAttributed", found["closed_at"], **part)
                if dice.random() < 0.3:
                    back = {**part, "minutes": -part["minutes"]}
                    yield said("DelayAttributed", found["closed_at"], **back)
    for sign in SIGNS:
        if dice.random() < 0.1:
            at = NOW - dice.randrange(0, 20 * 24 * HOUR)
            part = {"signal": sign, "about_event_id": str(dice.random()), "minutes": 500}
            yield said("IntegritySignal", at, **part)
            if dice.random() < 0.3:
                yield said("IntegrityRetracted", at, **part, reason="facts")
    if "deemed_outcome_waits" in found["anomalies"]:
        yield said(
            "DeemedOutcomeReached", NOW - HOUR, outcome="acceptance", basis_text="行政许可法"
        )


def entries(dice: random.Random, cases: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Facts of cases; one clerk keys in six old ones of four cases within a minute."""
    for n, found in enumerate(cases):
        at = NOW - dice.randrange(0, 20 * 24 * HOUR)
        recorded = at
        if n < 6:
            at, recorded = NOW - (n * 10 + 30) * HOUR, NOW - NOW % 60_000 - 60_000 + n * 5_000
        yield {
            "hall_id": "aq", "case_id": f"aq/{n % 4}" if n < 6 else found["case_id"],
            "event_id": str(UUID(int=dice.getrandbits(128))), "event_type": "CaseAccepted",
            "actor_id": "clerk-7" if n < 6 else f"clerk-{n}", "actor_role": "handler",
            "occurred_at": at, "recorded_at": recorded, "ingested_at": recorded, "seq": 0,
        }  # fmt: skip


SIGNS = (
    "late_entry", "batch_entry", "pause_no_notice", "pause_overrun", "zero_duration",
    "repeat_notice", "self_rating",
)  # fmt: skip
PARTIES = ("department", "owner", "local_government", "centre", "efficiency_office", "upstream")


def case(dice: random.Random, n: int) -> dict[str, Any]:
    hall = dice.choice(HALLS)
    accepted = NOW - dice.randrange(0, 40 * 24 * HOUR)
    due = accepted + dice.randrange(1, 40 * 24) * HOUR
    today = NOW - dice.randrange(0, 12 * HOUR)
    closed = max(accepted, dice.choice((today, accepted + dice.randrange(0, 40 * 24 * HOUR))))
    status = dice.choice(("accepted", "paused", "decided", "closed", "submitted"))
    timed = status != "submitted" and dice.random() < 0.9
    ended = status in ("decided", "closed") and closed <= NOW
    late = timed and closed > due
    return {
        "hall_id": hall,
        "case_id": f"{hall}/{n}",
        "window_id": f"w{dice.randrange(8)}",
        "status": status if ended or status not in ("decided", "closed") else "accepted",
        "accepted_at": None if status == "submitted" else accepted,
        "submitted_at": accepted,
        "closed_at": closed if ended else None,
        "due_at": due if timed else None,
        "outcome": "" if not (ended and timed) else "late" if late else dice.choice(KEPT),
        "signal": dice.choice(("none", "reminder", "yellow", "red")) if timed else "none",
        "rating": dice.choice((None, 1, 3, 4, 5)) if ended else None,
        "due_kind": "promise" if timed else "",
        "anomalies": ["deemed_outcome_waits"] if dice.random() < 0.1 else [],
        "item_code": f"item-{n % 60}",
        "channel": CHANNELS[n % 4],
        "applicant_class": ("person", "company", "unknown")[n % 3],
        "applicant_ref": f"app-{n % 90}",
        "saved_days": n % 7,
    }


CHANNELS = ("counter", "online", "mobile", "phone")


KEPT = ("early", "on_time")


EXAMPLE = {"case": "aq/1", "month": "2026-11", "period": "2026-11", "since": "2026-06-01"}


def required(name: str) -> dict[str, str]:
    """Values for the parameters that a metric cannot do without."""
    needed = load_metric(name).parameters.keys() - load_metric(name).defaults.keys()
    return {k: v for k, v in EXAMPLE.items() if k in needed}


@pytest.mark.stack
@pytest.mark.parametrize("name", metric_names())
def test_every_metric_answers(filled: Stack, name: str) -> None:
    answer = warehouse.metric(name, now=NOW, **required(name)) if _timed(name) else (
        warehouse.metric(name, **required(name))
    )  # fmt: skip
    assert answer.columns


def _timed(name: str) -> bool:
    return "now" in load_metric(name).parameters


def listed() -> list[tuple[str, str, Listing]]:
    by_group = (
        "windows", "trend", "delay_parties", "feedback", "fairness", "matters", "rating_aspects",
    )  # fmt: skip
    one_row = [n for n in metric_names() if n not in (*by_group, "reviews")]  # see test_reviews
    return [(n, column, how) for n in one_row for column, how in load_metric(n).lists.items()]


@pytest.mark.stack
@pytest.mark.parametrize(("name", "column", "how"), listed())
@pytest.mark.parametrize("filters", [{}, {"hall": "aq"}, {"month": "2026-11"}])
def test_the_list_behind_a_number_has_as_many_cases(
    filled: Stack, name: str, column: str, how: Listing, filters: dict[str, str]
) -> None:
    taken = load_metric(name).parameters
    given = {k: v for k, v in filters.items() if k in taken}
    number = warehouse.metric(name, now=NOW, **given).first()[column]
    cases = warehouse.metric(how.name, now=NOW, limit=100_000, **how.filters, **given)
    if column == "open" and "month" in given:
        assert number == 0  # a case that is open belongs to no month
        return
    if column == "cases" and name == "case_outcomes" and "month" in given:
        return  # the sum of its parts, each of which has a list
    assert len(cases.rows) == number


@pytest.mark.stack
def test_numbers_are_not_all_nought(filled: Stack) -> None:
    for name, column, _ in listed():
        if column not in ("no_policy", "before"):
            assert warehouse.metric(name, now=NOW).first()[column] > 0, (name, column)


@pytest.mark.stack
def test_rates_by_window_and_by_day_have_their_lists_too(filled: Stack) -> None:
    for found in warehouse.metric("windows", now=NOW, hall="aq").dicts():
        for column, how in load_metric("windows").lists.items():
            cases = warehouse.metric(
                how.name, now=NOW, hall="aq", window=found["window_id"], **how.filters
            )
            assert len(cases.rows) == found[column]
    days = list(warehouse.metric("trend", now=NOW, days=10).dicts())
    today = datetime.fromtimestamp(NOW / 1000, ZONE).date()
    assert [d["day"] for d in days] == [today - timedelta(n) for n in range(9, -1, -1)]
    for back, day in enumerate(reversed(days)):
        for column, how in load_metric("trend").lists.items():
            cases = warehouse.metric(how.name, now=NOW, back=back, **how.filters)
            assert len(cases.rows) == day[column]


@pytest.mark.stack
@pytest.mark.parametrize("given", [{}, {"hall": "aq"}, {"month": "2026-11"}])
def test_delay_by_party_adds_up_and_has_its_cases(filled: Stack, given: dict[str, str]) -> None:
    dice = random.Random(7)
    cases = {c["case_id"]: c for c in (case(dice, n) for n in range(400))}
    parts = [
        said for said in invented()["sla_events"]
        if said[COLUMNS["sla_events"].index("event_type")] == "DelayAttributed"
    ]  # fmt: skip
    expected: Counter[str] = Counter()
    for said in parts:
        value = dict(zip(COLUMNS["sla_events"], said, strict=True))
        late = cases[value["case_id"]]
        month = datetime.fromtimestamp(late["closed_at"] / 1000, ZONE).strftime("%Y-%m")
        wanted = given.get("hall", late["hall_id"]), given.get("month", month)
        if value["clock_kind"] == "promise" and wanted == (late["hall_id"], month):
            payload = json.loads(value["payload"])
            expected[payload["party"]] += payload["minutes"]
    found = list(warehouse.metric("delay_parties", now=NOW, **given).dicts())
    assert {f["party"]: f["party_minutes"] for f in found} == +expected
    assert sum(f["share"] for f in found) == pytest.approx(1)
    for one in found:
        listed_ = list(warehouse.metric("delay_list", now=NOW, party=one["party"], **given).dicts())
        assert len(listed_) == one["cases"]
        assert sum(r["party_minutes"] for r in listed_) == one["party_minutes"]


@pytest.mark.stack
def test_a_batch_across_cases_is_one_persons_within_a_minute(filled: Stack) -> None:
    found = warehouse.metric("batch_entry", now=NOW).first()
    assert (found["batches"], found["facts"], found["cases_in_them"]) == (1, 6, 4)
    assert warehouse.metric("batch_entry", now=NOW, cases=5).first()["batches"] == 0
    assert warehouse.metric("batch_entry", now=NOW, hours=72).first()["batches"] == 0


@pytest.mark.stack
def test_what_was_taken_back_is_not_counted(filled: Stack) -> None:
    said = [dict(zip(COLUMNS["sla_events"], r, strict=True)) for r in invented()["sla_events"]]
    late = [s for s in said if json.loads(s["payload"]).get("signal") == "late_entry"]
    raised = [s for s in late if s["event_type"] == "IntegritySignal"]
    standing = 2 * len(raised) - len(late)
    assert 0 < standing < len(raised)
    share = warehouse.metric("late_entry_share", now=NOW).first()
    facts = [dict(zip(COLUMNS["events"], r, strict=True)) for r in invented()["events"]]
    told = [f for f in facts if f["case_id"] and f["recorded_at"] <= NOW]
    assert (share["late"], share["facts"]) == (standing, len(told))


@pytest.mark.stack
def test_on_time_is_kept_over_closed_and_overdue(filled: Stack) -> None:
    dice = random.Random(7)
    cases = [case(dice, n) for n in range(400)]
    kept = [c for c in cases if c["outcome"] in KEPT]
    held = {"paused", "upstream"}
    overdue = [
        c for c in cases
        if c["closed_at"] is None and c["due_at"] is not None and c["due_at"] < NOW
        and (c["status"] not in held or c["signal"] in ("yellow", "red"))
    ]  # fmt: skip
    judged = [c for c in cases if c["outcome"]] + overdue
    found = warehouse.metric("on_time", now=NOW).first()
    assert (found["kept"], found["judged"]) == (len(kept), len(judged))
    assert found["rate"] == pytest.approx(len(kept) / len(judged))
    listed_ = warehouse.metric("overdue", now=NOW).rows
    assert {r[0] for r in listed_} == {c["case_id"] for c in overdue}


@pytest.mark.stack
@pytest.mark.parametrize("hall", ["", "aq"])
def test_the_ranking_in_sql_is_the_ranking_of_the_rules(filled: Stack, hall: str) -> None:
    limits = {"minimum_n": 2, "top": 3, "bottom": 2, "flags": 1}
    found = list(warehouse.metric("rank", month="2026-11", hall=hall, **limits).dicts())
    scores = warehouse.rows(
        "SELECT concat(hall_id, '/', subject) AS who, score, n FROM scores_now"
        " WHERE {hall:String} IN ('', hall_id) AND n > 0",  # who has no point is not there
        hall=hall,
    )
    contenders = [ranking.Contender(s["who"], s["score"], n=s["n"]) for s in scores]
    ruled = ranking.rank(contenders, ScorePolicy("1", 0, (), **limits))
    assert found
    assert {(f"{f['hall_id']}/{f['subject']}", f["place"], *f["sides"]) for f in found} == {
        (e.subject, e.place, *e.sides) for e in ruled
    }


@pytest.mark.stack
def test_a_page_gives_no_place_to_whom_no_point_stands_for(filled: Stack) -> None:
    everybody = ScorePolicy("1", 0, (), minimum_n=0)
    shown = asyncio.run(ranking_queries.live("aq", everybody, "2026-11"))
    found = warehouse.metric("rank", month="2026-11", hall="aq", minimum_n=0)
    assert {e.subject: e.place for e in shown.entries} == {
        row["subject"]: row["place"] for row in found.dicts()
    }
    none = "SELECT subject FROM scores_now WHERE hall_id = 'aq' AND n = 0"
    assert {row["subject"] for row in warehouse.rows(none)}.isdisjoint(
        e.subject for e in shown.entries
    )


@pytest.mark.stack
def test_projects_are_counted_by_their_working_days(filled: Stack) -> None:
    clocks, _, _ = invented_groups(HALLS, NOW)
    done = [c["units_used"] for c in clocks if c["kind"] == "project" and c["stopped_at"]]
    found = warehouse.metric("project_days", now=NOW).first()
    assert (found["n"], found["over"]) == (len(done), sum(days > 40 for days in done))
    assert found["mean_days"] == pytest.approx(sum(done) / len(done))
    assert found["over_rate"] == pytest.approx(found["over"] / len(done))
    longer = warehouse.metric("project_days", now=NOW, term=55).first()
    assert longer["over"] == sum(days > 55 for days in done)
    listed_ = list(warehouse.metric("project_list", now=NOW, set="closed").dicts())
    assert sum(p["days"] for p in listed_) / len(listed_) == pytest.approx(found["mean_days"])


@pytest.mark.stack
def test_staged_permits_count_where_the_whole_was_approved(filled: Stack) -> None:
    clocks, _, groups = invented_groups(HALLS, NOW)
    approved = {g["case_id"] for g in groups if g["decision"] == "approved"}
    staged = [c for c in clocks if c["kind"] == "staged"]
    saved = [c["units_used"] for c in staged if c["case_id"] in approved]
    found = warehouse.metric("staged_permits", now=NOW).first()
    assert (found["granted"], found["decided"]) == (len(staged), len(saved))
    assert found["mean_days"] == pytest.approx(sum(saved) / len(saved))
    assert (found["least_days"], found["most_days"]) == (min(saved), max(saved))


@pytest.mark.stack
def test_a_branch_is_on_time_by_its_own_opinion_only(filled: Stack) -> None:
    clocks, facts, _ = invented_groups(HALLS, NOW)
    spoke = {(f["case_id"], f["occurred_at"]) for f in facts}
    branches = [c for c in clocks if c["kind"] == "branch"]
    opined = [b for b in branches if (b["case_id"], b["stopped_at"]) in spoke]
    late = [b for b in opined if b["stopped_at"] > b["due_at"]]
    silent = [
        b for b in branches
        if b not in opined and b["state"] != "paused" and (b["stopped_at"] or NOW) > b["due_at"]
    ]  # fmt: skip
    found = warehouse.metric("branch_opinions", now=NOW).first()
    assert (found["late"], found["silent"]) == (len(late), len(silent))
    assert found["kept"] == len(opined) - len(late)
    assert found["judged"] == len(opined) + len(silent)
    assert found["rate"] == pytest.approx(found["kept"] / found["judged"])


@pytest.mark.stack
def test_what_is_no_application_changes_no_rate(filled: Stack) -> None:
    _, _, groups = invented_groups(HALLS, NOW)
    closed = {g["case_id"] for g in groups if g["closed_at"]}
    assert {r[0] for r in warehouse.metric("case_list", now=NOW, set="other").rows} == closed
    for figure in ("kept", "judged", "closed", "untimed"):
        listed_ = warehouse.metric("case_list", now=NOW, set=figure, limit=100_000).rows
        assert not closed & {r[0] for r in listed_}, figure


@pytest.mark.stack
def test_a_metric_says_what_it_takes(filled: Stack) -> None:
    with pytest.raises(warehouse.MetricError, match="takes hall, month"):
        warehouse.metric("on_time", window="w1")
    with pytest.raises(warehouse.MetricError, match="needs month"):
        warehouse.metric("rank")
    with pytest.raises(warehouse.MetricError, match="There are: accepted_today"):
        warehouse.metric("nonsense")


@pytest.mark.stack
def test_a_wrong_statement_is_explained_in_one_sentence(filled: Stack) -> None:
    with pytest.raises(warehouse.WarehouseError) as missing:
        warehouse.query("SELECT * FROM nowhere")
    assert missing.value.code == 60
    assert "http" not in str(missing.value)
    with pytest.raises(warehouse.WarehouseError) as writing:
        warehouse.query("DROP TABLE cases")
    assert "reading statement" in writing.value.next_step


def test_a_warehouse_that_is_away_is_named_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUBAN_WAREHOUSE_URL", "http://127.0.0.1:9")
    warehouse.settings.cache_clear()
    try:
        with pytest.raises(warehouse.WarehouseAway, match=r"127\.0\.0\.1:9") as away:
            warehouse.query("SELECT 1")
        assert "duban up" in away.value.next_step
    finally:
        monkeypatch.undo()
        warehouse.settings.cache_clear()


def sql_files() -> list[Path]:
    return sorted(METRICS.glob("*.sql")) + sorted((METRICS.parent / "tables").glob("*.sql"))


@pytest.mark.parametrize("path", sql_files(), ids=lambda p: p.name)
def test_no_sql_reads_a_clock_of_its_own(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(now|now64|today|yesterday|UTCTimestamp|current_\w+)\s*\(", sql, re.I)


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_explains_itself_in_both_languages(name: str) -> None:
    found = load_metric(name)
    for words in (found.titles, found.definitions):
        assert re.search(r"[一-鿿]", words["zh"])
        assert words["en"].isascii() or "÷" in words["en"]
    for how in found.lists.values():
        assert how.name in metric_names()
        assert how.filters.keys() <= load_metric(how.name).parameters.keys()


def test_an_instant_goes_to_the_server_without_a_zone() -> None:
    assert warehouse.epoch(NOW) == f"{NOW // 1000}.000"
    assert warehouse.epoch(1_700_000_000_007) == "1700000000.007"
    assert datetime.fromtimestamp(float(warehouse.epoch(NOW)), UTC).timestamp() * 1000 == NOW
