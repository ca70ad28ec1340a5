"""Figures in SQL are the figures of the rules, on the same invented rows."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

import pytest

from duban import warehouse
from duban.figures import Rate, Term, change, compression, gap, pooled
from duban.metrics import load_metric
from projections.sink.tables import COLUMNS
from tests.flows.test_warehouse_metrics import (  # noqa: F401  # fixtures, and what fills them
    EXAMPLE,
    HALLS,
    NOW,
    ZONE,
    filled,
    here,
    invented,
)
from tests.flows.voices import invented_items, standing
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("filled")]
Rows = list[dict[str, Any]]


def rows(table: str) -> Rows:
    return [dict(zip(COLUMNS[table], r, strict=True)) for r in invented()[table]]


def facts(*types: str) -> Rows:
    """Facts of some types that stand now, with their own fields."""
    told = standing([f for f in rows("events") if f["recorded_at"] <= NOW and f["payload"]])
    return [{**f, **json.loads(f["payload"])} for f in told if f["event_type"] in types]


def ask(name: str, **filters: Any) -> Rows:
    return list(warehouse.metric(name, now=NOW, **filters).dicts())


def month_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, ZONE).strftime("%Y-%m")


def applications() -> Rows:
    return [c for c in rows("cases") if c["case_class"] != "project"]


def in_force(at: int = NOW) -> dict[str, tuple[dict[str, Any], ...]]:
    """Of each item in force its published versions, oldest first."""
    found: defaultdict[str, Rows] = defaultdict(list)
    gone: Counter[str] = Counter()
    for item in sorted(invented_items(HALLS, NOW), key=lambda i: i["effective_from"]):
        if item["effective_from"] <= at and item["event_type"] == "ItemPublished":
            found[item["item_code"]].append(item)
        elif item["effective_from"] <= at:
            gone[item["item_code"]] = item["effective_from"]
    return {k: tuple(v) for k, v in found.items() if v[-1]["effective_from"] > gone[k]}


@pytest.mark.parametrize("base", ["statutory", "upper", "previous"])
def test_compression_is_days_cut_over_the_base_that_is_named(base: str) -> None:
    def based(versions: Any) -> int | None:
        last = versions[-1]
        if base != "previous":
            return last[base]
        same = len(versions) > 1 and versions[-2]["unit"] == last["unit"]
        return versions[-2]["promise"] if same else None

    items = in_force()
    terms = [
        Term(v[-1]["promise"], based(v)) if fits(v[-1]) else Term(0, None) for v in items.values()
    ]
    ruled = compression(terms)
    [found] = ask("compression", base=base)
    assert (found["base"], found["cut"], found["base_sum"]) == (base, ruled.cut, ruled.base)
    assert (found["items"], found["without_base"]) == (ruled.items, ruled.without_base)
    assert found["rate"] == pytest.approx(ruled.rate)
    assert 0 < ruled.items < len(items)


def fits(item: dict[str, Any]) -> bool:
    return item["promise"] is not None and item["unit"] == "working_day"


def test_an_unknown_base_is_refused() -> None:
    with pytest.raises(warehouse.WarehouseError, match="base is statutory"):
        ask("compression", base="hearsay")


def test_the_catalogue_counts_what_is_in_force() -> None:
    last = [v[-1] for v in in_force().values()]
    [found] = ask("catalogue")
    assert found["items"] == len(last)
    assert found["approval"] + found["service"] == len(last)
    assert found["promise_days"] == sum(i["promise"] for i in last if fits(i))
    assert found["materials"] == sum(i["materials"] for i in last)
    assert found["in_hall_rate"] == pytest.approx(sum(i["in_hall"] for i in last) / len(last))
    shown = {c["item_code"] for c in applications() if c["case_id"] in published()}
    told = [i for i in last if i["is_based"] and i["is_ruled"] and i["item_code"] in shown]
    assert found["disclosed"] == len(told)
    [planning], [tax] = ask("catalogue", domain="planning"), ask("catalogue", domain="tax")
    assert planning["items"] + tax["items"] == len(last)


def published() -> set[str]:
    return {f["case_id"] for f in facts("ResultPublished")}


def test_a_catalogue_grows_by_what_is_added_less_what_is_removed() -> None:
    since = int(datetime(2026, 6, 1, tzinfo=ZONE).timestamp() * 1000)
    was, now = set(in_force(since)), set(in_force())
    [found] = ask("catalogue_change", since="2026-06-01")
    assert (found["items_before"], found["items_after"]) == (len(was), len(now))
    assert (found["added"], found["removed"]) == (len(now - was), len(was - now))
    assert found["rate"] == pytest.approx(change(len(now), len(was)))
    assert was - now
    [still] = ask("catalogue_change", since="2026-06-01", until="2026-06-01")
    assert (still["difference"], still["added"], still["removed"]) == (0, 0, 0)


def test_an_early_end_is_a_share_of_all_that_had_a_term() -> None:
    timed = [c for c in applications() if c["outcome"]]
    early = [c for c in timed if c["outcome"] == "early"]
    [rate], [saved] = ask("early_rate"), ask("saved_days")
    assert (rate["early"], rate["timed"]) == (len(early), len(timed))
    assert saved["saved"] == sum(c["saved_days"] for c in early)
    assert saved["mean_days"] == pytest.approx(saved["saved"] / len(timed))


def test_invitations_are_answered_by_citizens_that_stand() -> None:
    asked = facts("RatingInvited")
    answered = {answers(rating, asked) for rating in facts("RatingGiven")} - {None}
    rate = Rate(len(answered), len(asked))
    [found] = ask("response_rate")
    assert (found["answered"], found["invited"]) == rate
    assert (found["low"], found["high"]) == pytest.approx(rate.interval)
    assert 0 < len(answered) < len(asked)


def answers(rating: dict[str, Any], asked: list[dict[str, Any]]) -> str | None:
    """Event id of the one invitation that a rating answers: the one that it names, or if it names
    none the last one of its case before it."""
    of_case = [i for i in asked if i["case_id"] == rating["case_id"]]
    if rating["source"] != "mass":
        return None
    if named := rating["invitation_id"]:
        return next((i["event_id"] for i in of_case if i["invitation_id"] == named), None)
    before = [i for i in of_case if i["occurred_at"] <= rating["occurred_at"]]
    before.sort(key=lambda i: (i["occurred_at"], i["recorded_at"], i["event_id"]))
    return before[-1]["event_id"] if before else None


def counted_ratings() -> Rows:
    """Ratings that stand and that no review of theirs has found against."""
    against: dict[tuple[str, str], bool] = {}
    about: dict[str, str] = {}
    told = facts("NegativeReviewOpened", "ReviewVerified", "ReviewAppealDecided")
    for f in sorted(told, key=lambda f: (f["occurred_at"], f["recorded_at"], f["event_id"])):
        if f["event_type"] == "NegativeReviewOpened":
            about[f["case_id"]] = f["rating_event_id"]
        elif f["actor_role"] != "system" and f["case_id"] in about:
            said = f.get("verdict") in ("mistaken", "malicious") or f.get("decision") == "upheld"
            against[about[f["case_id"]], f["event_type"]] = said
    gone = {rating for (rating, _), said in against.items() if said}
    return [
        r for r in facts("RatingGiven")
        if not {r["event_id"], r["corrects_event_id"]} & gone
    ]  # fmt: skip


@pytest.mark.parametrize("given", [{}, {"hall": "aq"}, {"month": "2026-10,2026-11"}])
def test_ratings_are_counted_by_aspect_channel_and_source(given: dict[str, str]) -> None:
    levels: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for rating in counted_ratings():
        months = given.get("month", month_of(rating["occurred_at"]))
        if given.get("hall", rating["hall_id"]) != rating["hall_id"] or (
            month_of(rating["occurred_at"]) not in months
        ):
            continue
        levels["source", rating["source"]].append(rating["level"])
        if rating["source"] == "mass":
            levels["all", ""].append(rating["level"])
            levels["channel", rating["channel"]].append(rating["level"])
            for aspect, level in rating["dims"].items():
                levels["aspect", aspect].append(level)
    found = {(f["axis"], f["group_name"]): f for f in ask("rating_aspects", **given)}
    assert found.keys() == levels.keys()
    assert {axis for axis, _ in found} == {"all", "aspect", "channel", "source"}
    for (axis, name), row in found.items():
        counted = levels[axis, name]
        rate = Rate(sum(level >= 4 for level in counted), len(counted))
        assert (row["satisfied"], row["n"], row["levels"]) == (*rate, sum(counted))
        assert row["mean_level"] == pytest.approx(sum(counted) / len(counted))
        assert (row["low"], row["high"]) == pytest.approx(rate.interval)
        for column, how in load_metric("rating_aspects").lists.items():
            on = {"axis": axis, "group_name": name, "limit": 10_000}
            assert len(ask(how.name, **how.filters, **on, **given)) == row[column]


def test_a_rating_that_was_found_against_counts_no_more() -> None:
    [whole] = [f for f in ask("rating_aspects") if f["axis"] == "all"]
    standing_ones = [r for r in facts("RatingGiven") if r["source"] == "mass"]
    assert 0 < whole["n"] < len(standing_ones)


def test_cards_and_calls_are_merged_with_their_sources_kept() -> None:
    said = {
        "card": [c["level"] >= 4 for c in facts("FeedbackCardReceived")],
        "callback": [
            c["satisfied"] for c in facts("CallbackDone")
            if c["reached"] and c["satisfied"] is not None
        ],
    }  # fmt: skip
    rates = {source: Rate(sum(told), len(told)) for source, told in said.items()}
    rates["all"] = pooled(rates.values())
    found = {f["source"]: f for f in ask("feedback")}
    assert list(found) == ["card", "callback", "all"]
    for source, rate in rates.items():
        assert (found[source]["satisfied"], found[source]["n"]) == rate
        assert found[source]["rate"] == pytest.approx(rate.value)
        assert (found[source]["low"], found[source]["high"]) == pytest.approx(rate.interval)
        for column, how in load_metric("feedback").lists.items():
            listed = ask(how.name, source=source, limit=10_000, **how.filters)
            assert len(listed) == found[source][column]


def test_a_small_sample_is_given_no_rate() -> None:
    found = {f["source"]: f for f in ask("feedback", minimum_n=10_000)}
    assert found["all"]["n"] > 0
    assert found["all"]["rate"] is None
    assert all(f["rate"] is None for f in ask("rating_aspects", minimum_n=10_000))
    [rated] = ask("satisfaction", minimum_n=10_000)
    assert (rated["rate"], rated["low"]) == (None, None)
    assert rated["rated"] > 0


def test_waits_are_summed_and_tickets_called_in_vain_have_none() -> None:
    issued = {(f["case_id"], f["ticket_no"]): f["occurred_at"] for f in facts("QueueTicketIssued")}
    called = [c for c in facts("QueueTicketCalled") if (c["case_id"], c["ticket_no"]) in issued]
    waits = [
        (c["occurred_at"] - issued[c["case_id"], c["ticket_no"]]) / 60_000
        for c in called if not c["missed"]
    ]  # fmt: skip
    [found] = ask("wait_minutes")
    assert (found["tickets"], found["called"]) == (len(issued), len(waits))
    assert found["missed"] == len(called) - len(waits)
    assert found["minutes"] == pytest.approx(sum(waits))
    assert found["mean_minutes"] == pytest.approx(sum(waits) / len(waits))
    assert found["longest"] == pytest.approx(max(waits))


def test_the_online_share_is_of_accepted_applications() -> None:
    accepted = [c for c in applications() if c["accepted_at"] and c["accepted_at"] <= NOW]
    online = [c for c in accepted if c["channel"] in ("online", "mobile", "community")]
    [found] = ask("online_share")
    assert (found["online"], found["accepted"]) == (len(online), len(accepted))


def test_visits_are_days_at_the_counter_over_cases() -> None:
    closed = {c["case_id"] for c in applications() if c["closed_at"] and c["closed_at"] <= NOW}
    came = {"QueueTicketIssued", "CaseSubmitted"}
    days = {
        (f["case_id"], datetime.fromtimestamp(f["occurred_at"] / 1000, ZONE).date())
        for f in facts(*came) if f["case_id"] in closed
    }  # fmt: skip
    [found] = ask("visits")
    assert (found["visits"], found["cases"]) == (len(days), len(closed))
    assert found["mean_visits"] == pytest.approx(len(days) / len(closed))


@pytest.mark.parametrize("period", ["2026-11", "2026-Q4", "2026-H2", "2026"])
def test_changes_compare_with_the_period_before_and_the_year_before(period: str) -> None:
    months = {"2026-11": (11, 1), "2026-Q4": (10, 3), "2026-H2": (7, 6), "2026": (1, 12)}
    first, length = months[period]
    start = date(2026, first, 1)
    days = [
        datetime.fromtimestamp(c["accepted_at"] / 1000, ZONE).date()
        for c in applications() if c["accepted_at"] and c["accepted_at"] <= NOW
    ]  # fmt: skip
    [accepted, *_] = ask("changes", period=period)
    now, before, ago = (
        sum(moved(start, -back) <= d < moved(start, length - back) for d in days)
        for back in (0, length, 12)
    )
    assert (accepted["value"], accepted["previous"], accepted["year_ago"]) == (now, before, ago)
    assert accepted["mom"] == (pytest.approx(change(now, before)) if before else None)


def moved(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def test_changes_count_the_rates_of_the_month() -> None:
    found = {f["figure"]: f["value"] for f in ask("changes", period="2026-11")}
    [rate] = ask("on_time", month="2026-11")
    assert (found["kept"], found["judged"]) == (rate["kept"], rate["judged"])


@pytest.mark.parametrize("given", [{}, {"hall": "aq"}, {"month": "2026-11"}])
def test_gaps_are_of_one_group_and_the_rest_of_its_axis(given: dict[str, str]) -> None:
    found = ask("fairness", **given)
    assert {f["axis"] for f in found} == {"hour", "channel", "applicant", "acquaintance", "own"}
    [whole] = ask("on_time", **given)
    for one in found:
        ruled = gap(Rate(one["kept"], one["judged"]), Rate(one["rest_kept"], one["rest_judged"]))
        assert one["gap"] == pytest.approx(ruled.value)
        assert (one["gap_low"], one["gap_high"]) == pytest.approx(ruled.interval)
        assert one["differs"] is ruled.differs
        if one["axis"] in ("hour", "channel", "own"):  # every case is on one of their sides
            assert one["judged"] + one["rest_judged"] == whole["judged"]
            assert one["kept"] + one["rest_kept"] == whole["kept"]
        for column, how in load_metric("fairness").lists.items():
            side = {"axis": one["axis"], "group_name": one["group_name"]}
            listed = ask(how.name, limit=10_000, **how.filters, **side, **given)
            assert len(listed) == one[column]


def test_groups_are_told_by_what_was_filed() -> None:
    own = {f["case_id"] for f in facts("CaseSubmitted") if f["own_staff"]}
    judged = {r["case_id"] for r in ask("case_list", set="judged", limit=10_000)}
    listed = {r["case_id"] for r in ask("fairness_list", axis="own", group_name="own_staff")}
    assert listed == own & judged
    assert listed


def test_ratings_by_the_hall_and_ratings_in_bursts_are_seen() -> None:
    citizens = [r for r in facts("RatingGiven") if r["source"] == "mass"]
    own = [r for r in citizens if r["actor_role"] == "handler"]
    window = {c["case_id"]: (c["hall_id"], c["window_id"]) for c in applications()}
    crowd = Counter((window[r["case_id"]], r["occurred_at"] // 120_000) for r in citizens)
    [found] = ask("rating_signs")
    assert found["self"] == len(own)
    assert found["burst"] == sum(n for n in crowd.values() if n >= 5) > 0
    [fewer] = ask("rating_signs", count=10_000)
    assert fewer["burst"] == 0


def test_numbers_of_groups_are_not_all_nought(filled: Stack) -> None:  # noqa: F811
    for name in ("feedback", "fairness", "changes", "rating_aspects"):
        asked = {k: v for k, v in EXAMPLE.items() if k in load_metric(name).parameters}
        assert any(any(v for v in f.values() if isinstance(v, int)) for f in ask(name, **asked))


@pytest.mark.parametrize(
    ("name", "part", "whole"),
    [
        ("early_rate", "early", "timed"),
        ("online_share", "online", "accepted"),
        ("visits", "visits", "cases"),
        ("wait_minutes", "minutes", "called"),
        ("response_rate", "answered", "invited"),
        ("satisfaction", "satisfied", "rated"),
    ],
)
def test_months_joined_by_commas_add_up(name: str, part: str, whole: str) -> None:
    one, other = (ask(name, month=month)[0] for month in ("2026-10", "2026-11"))
    [both] = ask(name, month="2026-10,2026-11")
    assert (both[part], both[whole]) == pytest.approx(
        (one[part] + other[part], one[whole] + other[whole])
    )
    assert one[whole] and other[whole]
