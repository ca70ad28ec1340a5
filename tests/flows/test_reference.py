"""Reference data: files to events to a set; `duban apply` and `duban due` as commands."""

import json
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from duban import codec, contracts, policy
from duban.cli import application
from duban.events import Event
from duban.publish import plan
from duban.reference import SHIPPED, BadReference, key, load, reference_from
from duban.reference_models import RungModel, Unit
from duban.words import CLOCKS
from producers.calendars.__main__ import write
from tests.stack import Stack

EVENTS = load(SHIPPED)
PUBLISHED = reference_from(EVENTS)


def put(directory: Path, text: str, name: str = "a.toml") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text, encoding="utf-8")
    return directory


def hours(version: str, effective: str, more: str, window: str = "") -> str:
    return f"""
[[hours]]
hall = "h"
window = "{window}"
version = "{version}"
effective_from = {effective}
{more}
"""


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(application(), list(arguments))
    return done.exit_code, done.stdout, done.stderr


# --- what ships --------------------------------------------------------------------------------


def test_what_ships_keeps_its_contracts_and_survives_encoding() -> None:
    for event in EVENTS:
        contracts.check(event)
        assert codec.decode(codec.encode(event)) == event


def test_what_ships_is_complete_in_itself() -> None:
    halls = {name for name in PUBLISHED.names if "/" not in name}
    windows = {name.split("/")[1] for name in PUBLISHED.names if name.startswith("sujiatun/")}
    assert len(windows) == 35
    assert {"sujiatun", "pengzhou", "zhangzhou", "luannan", "receipt"} == halls
    for versions in PUBLISHED.items.values():
        for item in versions:
            assert item.policy_id in PUBLISHED.policies, item.code
            assert item.window_id in windows | {""}, item.code
    for clock in PUBLISHED.policies["default"][0].clocks:
        assert clock.source, clock.kind


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("project-joint", (45, 30, 23, "working_day")),
        ("company-registration", (20, None, 1, "working_day")),
        ("company-express", (20, None, 55, "working_minute")),
        ("branch-registration", (20, None, 2, "working_day")),
        ("cooperative-registration", (20, None, 5, "working_day")),
        ("outdoor-sign", (20, None, 3, "working_day")),
    ],
)
def test_promises_of_the_sources(code: str, terms: tuple[Any, ...]) -> None:
    item = PUBLISHED.items[code][0]
    assert (item.statutory, item.upper, item.promise, item.unit) == terms


def test_the_preset_ladder() -> None:
    rungs = PUBLISHED.policies["default"][0].ladders["promise"]
    assert [(rung.level, rung.offset, rung.to) for rung in rungs] == [
        ("reminder", -1, ("handler",)),
        ("yellow", 0, ("handler", "chief_rep")),
        ("red", 1, ("dept_leader", "centre_manager")),
        ("escalate", 5, ("efficiency_office",)),
    ]


def test_the_statutory_clock_follows_articles_42_and_45() -> None:
    clocks = {clock.kind: clock for clock in PUBLISHED.policies["default"][0].clocks}
    statutory = clocks["statutory"]
    assert statutory.extension == policy.Extension(1, 10, "organ_head")
    assert len(statutory.pause_grounds) == 8
    assert clocks["promise"].pause_grounds - statutory.pause_grounds == {"upstream"}
    assert clocks["imposed"].pause_grounds == frozenset()
    assert clocks["promise"].governs > clocks["imposed"].governs > statutory.governs > 0


def shipped_clocks() -> list[policy.ClockDef]:
    return [clock for found in PUBLISHED.policies.values() for clock in found[0].clocks]


COUNT_ONLY = ("upstream", "legacy_age", "hearing_ask", "staged")


def test_every_clock_has_a_name_a_source_and_a_ladder_unless_it_only_counts() -> None:
    for clock in shipped_clocks():
        assert clock.name, clock.kind
        assert clock.source, clock.kind
        assert clock.ladder or clock.kind in COUNT_ONLY, clock.kind


def test_terminals_call_clocks_what_their_definitions_call_them() -> None:
    for found in PUBLISHED.policies.values():
        for clock in found[0].clocks:
            if found[0].policy_id not in ("petition", "disclosure", "reconsideration"):
                assert CLOCKS[clock.kind] == clock.name
    assert {clock.kind for clock in shipped_clocks()} == set(CLOCKS)


def test_local_practices_are_there_to_be_chosen() -> None:
    ladders = {name: PUBLISHED.policies[name][0].ladders["promise"] for name in PUBLISHED.policies}
    told = {name: {r.level: r.offset for r in rungs} for name, rungs in ladders.items()}
    assert (told["yellow-before"]["yellow"], told["yellow-before"]["red"]) == (-1, 0)
    assert (told["yellow-after"]["yellow"], told["yellow-after"]["red"]) == (0, 3)
    effects = {
        name: {c.kind: c.effect for c in PUBLISHED.policies[name][0].clocks} for name in told
    }
    assert effects["default"]["promise"] is effects["default"]["branch"] is None
    tacit = effects["tacit-consent"]["promise"]
    assert tacit is not None
    assert "泰政办发〔2022〕58号" in tacit.basis
    assert PUBLISHED.policies["joint"][0].absence is not None
    assert PUBLISHED.policies["default"][0].absence is None
    fixes = {c.kind: c.budget for c in PUBLISHED.policies["review-fix-5"][0].clocks}
    assert fixes["review_fix"] == 5


def test_models_know_the_units_and_levels_of_the_rules() -> None:
    assert set(get_args(Unit)) == set(policy.UNITS)
    assert set(get_args(RungModel.model_fields["level"].annotation)) == set(policy.LEVELS)


def test_the_calendar_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    for path in write(tmp_path):
        shipped = SHIPPED / "calendars" / path.name
        assert shipped.read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path.name


# --- a set, whatever the order -----------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS), max_size=5))
def test_any_order_and_doubling_gives_the_same_reference(
    order: list[Event], again: list[Event]
) -> None:
    found = reference_from([*order, *again])
    assert found == PUBLISHED
    assert list(found.items) == list(PUBLISHED.items)


def test_ids_come_from_key_and_content(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(SHIPPED, copy)
    assert {e.event_id for e in load(copy)} == {e.event_id for e in EVENTS}
    scores = copy / "scores.toml"
    text = scores.read_text(encoding="utf-8")
    assert text.count("points = 0.5") == 1
    scores.write_text(text.replace("points = 0.5", "points = 0.6"), encoding="utf-8")
    changed = {e.event_id for e in load(copy)} - {e.event_id for e in EVENTS}
    assert len(changed) == 1


def test_a_later_notice_replaces_the_year_and_is_named(tmp_path: Path) -> None:
    text = """
[[calendar]]
year = 2026
version = "2"
doc_no = "更正"
published_on = 2026-09-01
[[calendar.holidays]]
name = "国庆节"
days = [2026-10-01]
"""
    added = load(put(tmp_path, text))
    for events in ([*EVENTS, *added], [*added, *EVENTS]):
        calendar = reference_from(events).calendar("")
        assert calendar is not None
        assert calendar.version == "cn:2004-2025@1,2026@2"
        assert calendar.day(date(2026, 10, 2)).kind == "workday"
        assert calendar.day(date(2026, 10, 1)).source == "更正"


def test_a_gap_in_the_published_years_ends_what_is_certain() -> None:
    events = [e for e in EVENTS if key(e) != "calendar:cn-2025@1"]
    calendar = reference_from(events).calendar("")
    assert calendar is not None
    assert calendar.published_through == date(2024, 12, 31)


def test_nothing_published_is_all_provisional() -> None:
    calendar = reference_from([]).calendar("anywhere")
    assert calendar is not None
    assert calendar.provisional(0) is False
    assert calendar.provisional(1_700_000_000_000) is True


def test_hours_hold_from_their_day_and_windows_lie_over_halls(tmp_path: Path) -> None:
    week = '[{ weekdays = [1, 2, 3, 4, 5], shifts = ["08:30-12:00", "14:30-18:00"] }]'
    rest = "[{ date = 2026-05-20, open = false }, { date = 2026-06-20, open = false }]"
    text = hours("1", "2026-01-01", f"days = {rest}")
    text += hours("2", "2026-06-01", f"weekly = {week}")
    text += hours("1", "2026-01-01", "days = [{ date = 2026-10-01, why = '值班' }]", "w")
    made = reference_from([*EVENTS, *load(put(tmp_path, text))])
    hall, window = made.calendar("h", "other"), made.calendar("h", "w")
    assert hall is not None
    assert window is not None
    shifts = {day: hall.day(day).shifts[:1] for day in (date(2026, 5, 29), date(2026, 6, 1))}
    assert list(shifts.values()) == [((540, 720),), ((510, 720),)]
    assert hall.day(date(2026, 5, 20)).kind == "hall_rest"
    assert hall.day(date(2026, 6, 20)).kind == "holiday"  # version 2 no longer names it
    assert hall.day(date(2026, 10, 1)).kind == "holiday"
    assert window.day(date(2026, 10, 1)) == (
        date(2026, 10, 1), "hall_work", ((510, 720), (870, 1080)), "h/w@1", "值班",
    )  # fmt: skip
    assert window.day(date(2026, 5, 20)).kind == "hall_rest"
    assert window.version.endswith("+hours:h@1+hours:h@2+hours:h/w@1")


# --- faults in files ---------------------------------------------------------------------------

ITEM = '[[item]]\nitem_code = "x"\nversion = "1"\nname = "x"\neffective_from = 2004-01-01\n'
CLOCK = """
[[policy]]
policy_id = "p"
version = "1"
effective_from = 2004-01-01
[[policy.clocks]]
kind = "promise"
start = ["CaseAccepted"]
stop = ["CaseClosed"]
"""


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        (ITEM + 'promise = "ten"', "item[x].promise", "valid integer"),
        (ITEM + "promise = 0", "item[x].promise", "greater than or equal to 1"),
        (ITEM + "colour = 3", "item[x].colour", "not permitted"),
        (ITEM + "statutory = 5\npromise = 6", "item[x]", "promises 6 days where 5 are allowed"),
        (CLOCK, "policy[p].clocks[promise]", "needs a budget"),
        (
            CLOCK + 'budget = "item.wish"',
            "policy[p].clocks[promise]",
            "budget is a number, item.promise",
        ),
        (CLOCK + 'budget = 5\nladder = "none"', "policy[p]", "there is none"),
        (CLOCK.replace("CaseClosed", "CaseClsd") + "budget = 5", "clocks[promise].stop[1]", "fact"),
        (hours("1", "2004-01-01", 'zone = "Mars/Phobos"'), "hours[h].zone", "IANA"),
        (
            hours("1", "2004-01-01", 'weekly = [{ weekdays = [8], shifts = ["09:00-12:00"] }]'),
            "hours[h].weekly[1].weekdays[1]",
            "less than or equal to 7",
        ),
        (
            hours("1", "2004-01-01", 'weekly = [{ weekdays = [1], shifts = ["9-12"] }]'),
            "shifts[1]",
            'written "09:00-12:00"',
        ),
        ("item = 3", "item", "valid list"),
        ("[[item", "TOML", "Expected"),
    ],
)
def test_faults_name_file_path_and_reason(
    tmp_path: Path, text: str, path: str, reason: str
) -> None:
    with pytest.raises(BadReference) as caught:
        load(put(tmp_path, text))
    assert [problem.file for problem in caught.value.problems] == ["a.toml"]
    assert path in caught.value.problems[0].path
    assert reason in caught.value.problems[0].reason


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    put(tmp_path, ITEM + "colour = 1\nshape = 2")
    put(tmp_path, ITEM + "promise = -1", "b.toml")
    with pytest.raises(BadReference) as caught:
        load(tmp_path)
    assert [problem.file for problem in caught.value.problems] == ["a.toml", "a.toml", "b.toml"]


def test_one_version_with_two_contents_is_a_fault(tmp_path: Path) -> None:
    put(tmp_path, ITEM + "promise = 1")
    put(tmp_path, ITEM + "promise = 2", "b.toml")
    with pytest.raises(BadReference, match=r"item:x@1: .*twice"):
        load(tmp_path)


# --- extends: one policy takes over the clocks of another -----------------------------------------


def table(name: str, extends: str = "", more: str = "", version: str = "1") -> str:
    return f"""
[[policy]]
policy_id = "{name}"
version = "{version}"
effective_from = 2004-01-01
extends = [{extends}]
{more}
"""


def clock(kind: str, budget: int, ladder: str = "") -> str:
    return f"""
[[policy.clocks]]
kind = "{kind}"
budget = {budget}
ladder = "{ladder}"
start = ["CaseAccepted"]
stop = ["CaseClosed"]
"""


def rungs(name: str, offset: int) -> str:
    return f"""
[policy.ladders.{name}]
rungs = [{{ level = "yellow", offset = {offset}, to = ["handler"] }}]
"""


def published(directory: Path, name: str) -> policy.Policy:
    return reference_from(load(directory)).policies[name][0]


def test_a_policy_takes_over_clocks_and_ladders_and_its_own_win(tmp_path: Path) -> None:
    base = table("base", more='reopen_mode = "new_clock"' + clock("a", 1, "l") + clock("b", 2, "l"))
    put(tmp_path, table("mine", '"base", "other"', clock("b", 9, "l")), "a.toml")
    put(tmp_path, base + rungs("l", 0), "z.toml")
    put(tmp_path, table("other", '"base"', clock("c", 3) + rungs("l", -1)), "m.toml")
    mine = published(tmp_path, "mine")
    assert {c.kind: c.budget for c in mine.clocks} == {"a": 1, "b": 9, "c": 3}
    assert [rung.offset for rung in mine.ladders["l"]] == [-1]
    assert mine.reopen_mode == "new_clock"
    assert [rung.offset for rung in published(tmp_path, "base").ladders["l"]] == [0]


def test_a_policy_may_take_over_everything_and_change_only_a_ladder(tmp_path: Path) -> None:
    base = table("base", more=clock("a", 1, "l") + rungs("l", 0))
    put(tmp_path, base + table("mine", '"base@1"', rungs("l", -1)))
    mine = published(tmp_path, "mine")
    assert [c.kind for c in mine.clocks] == ["a"]
    assert [rung.offset for rung in mine.ladders["l"]] == [-1]


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        (table("p", '"q"'), "policy[p].extends[1]", "no policy q in this directory"),
        (table("p", '"p"'), "policy[p].extends[1]", "takes over itself: p@1 → p@1"),
        (
            table("p", '"q"') + table("q", '"r"') + table("r", '"q"'),
            "policy[r].extends[1]",
            "takes over itself: q@1 → r@1 → q@1",
        ),
        (
            table("p", '"q"') + table("q", more=clock("a", 1)) + table("q", "", clock("a", 2), "2"),
            "policy[p].extends[1]",
            "q has several versions: name one of q@1, q@2",
        ),
        (
            table("p", '"q"', 'without = ["b"]') + table("q", more=clock("a", 1)),
            "policy[p].without[1]",
            "takes over no clock b",
        ),
        (table("p"), "policy[p]", "needs a clock"),
        (table("p", more=clock("a", 1) + clock("a", 2)), "policy[p]", "a is defined twice"),
    ],
)
def test_what_extends_cannot_mean_is_a_fault(
    tmp_path: Path, text: str, path: str, reason: str
) -> None:
    with pytest.raises(BadReference) as caught:
        load(put(tmp_path, text))
    found = [(problem.file, problem.path) for problem in caught.value.problems]
    assert ("a.toml", path) in found
    assert any(reason in problem.reason for problem in caught.value.problems)


def test_a_policy_leaves_out_what_a_hall_never_reports(tmp_path: Path) -> None:
    base = table("base", more=clock("a", 1) + clock("b", 2))
    put(tmp_path, base + table("mine", '"base"', 'without = ["a"]'))
    assert [c.kind for c in published(tmp_path, "mine").clocks] == ["b"]


def test_what_is_published_names_no_other_policy(tmp_path: Path) -> None:
    put(tmp_path, table("base", more=clock("a", 1)) + table("mine", '"base"', clock("b", 2)))
    bodies = [json.loads(e.data["body"]) for e in load(tmp_path)]
    assert all("extends" not in body for body in bodies)
    assert [[c["kind"] for c in body["clocks"]] for body in bodies] == [["a"], ["a", "b"]]


# --- apply -------------------------------------------------------------------------------------


def test_plan_knows_new_same_and_changed(tmp_path: Path) -> None:
    one = load(put(tmp_path / "1", ITEM + "promise = 1"))[0]
    other = load(put(tmp_path / "2", ITEM + "promise = 2"))[0]
    assert plan([one], []).new == (one,)
    assert plan([one], [one]).same == (one,)
    assert plan([one], [other, one]).same == (one,)
    assert plan([other], [one]) == ((), (), (other,), ())


@pytest.mark.stack
def test_apply_publishes_once_and_refuses_a_changed_version(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    from duban import bus

    with make_stack(parts="broker,topics").start().here() as stack:
        mine = put(tmp_path / "mine", ITEM + "promise = 1")
        dry = stack.json("apply", str(mine), "--dry-run")
        assert (dry["published"], dry["new"]) == (0, ["item:x@1"])
        assert stack.json("apply", str(mine))["published"] == 1
        again = stack.json("apply", str(mine))
        assert (again["published"], again["same"]) == (0, 1)
        put(mine, ITEM + "promise = 2")
        put(mine, ITEM.replace('"x"', '"y"', 1), "b.toml")
        refused = stack.run("apply", str(mine), "--json")
        assert refused.returncode == 1
        assert json.loads(refused.stdout)["refused"] == ["item:x@1"]
        facts = [e for e in bus.read_reference() if e.type == "ItemPublished"]
        assert [(key(e), e.data["promise"]) for e in facts] == [("item:x@1", 1)]
        keys = [record.key for record in bus.read_all("reference")]
        assert b"item:x@1" in keys
        assert stack.json("apply", str(SHIPPED))["published"] == len(EVENTS)
        assert reference_from(bus.read_reference()).items["outdoor-sign"][0].promise == 3


def test_apply_says_what_is_wrong_before_it_connects(tmp_path: Path) -> None:
    status, _, said = run("apply", str(put(tmp_path, ITEM + "colour = 3")))
    assert status == 1
    assert "item[x].colour" in said
    assert run("apply", str(tmp_path / "nowhere"))[0] == 2


# --- due ---------------------------------------------------------------------------------------


def test_due_of_the_national_day_case() -> None:
    status, said, _ = run("due", "--from", "2026-09-28T16:30+08:00", "--days", "20", "--json")
    found = json.loads(said)
    assert status == 0
    assert found["due"] == "2026-10-30T17:00:00+08:00"
    assert (found["due_date"], found["provisional"]) == ("2026-10-30", False)
    days = {day["date"]: day for day in found["days"]}
    assert len(days) == 33
    assert days["2026-10-10"] == {
        "date": "2026-10-10", "counted": True, "n": 5, "why": "makeup", "name": "国庆节",
        "source": "国办发明电〔2025〕7号", "used": 1,
    }  # fmt: skip
    assert not any(days[f"2026-10-0{n}"]["counted"] for n in range(1, 8))


def test_due_in_an_unpublished_year_is_provisional() -> None:
    _, said, _ = run("due", "--from", "2026-12-28", "--days", "20", "--json")
    found = json.loads(said)
    assert found["provisional"] is True
    assert found["due_date"] == "2027-01-25"
    _, table, _ = run("due", "--from", "2026-12-28", "--days", "20")
    assert "暂定" in table
    assert "尚未公布" in table


def test_due_takes_pauses_minutes_and_windows() -> None:
    pause = ("--pause", "2026-10-12/2026-10-16")
    _, said, _ = run("due", "--from", "2026-09-28", "--days", "20", *pause, "--json")
    assert json.loads(said)["due_date"] == "2026-11-06"
    _, said, _ = run("due", "--from", "2026-09-30T11:30", "--minutes", "55", "--json")
    assert json.loads(said)["due"] == "2026-09-30T13:25:00+08:00"
    where = ("--hall", "zhangzhou", "--window", "gongan")
    _, said, _ = run("due", "--from", "2026-02-14", "--days", "1", *where, "--json")
    assert json.loads(said)["due"] == "2026-02-16T12:00:00+08:00"
    _, said, _ = run("due", "--from", "2026-07-01", "--days", "1", "--hall", "luannan", "--json")
    assert json.loads(said)["due"] == "2026-07-02T18:00:00+08:00"


def test_due_says_each_day_in_chinese() -> None:
    _, said, _ = run("due", "--from", "2026-09-28T16:30", "--days", "20")
    for text in ("当天不计", "法定节假日 · 国庆节", "调休上班", "第 20 日", "2026-10-30 17:00"):
        assert text in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "soon", "--days", "1"),
        ("--from", "2026-09-28"),
        ("--from", "2026-09-28", "--days", "1", "--minutes", "1"),
        ("--from", "2026-09-28", "--days", "0"),
        ("--from", "2026-09-28", "--days", "1", "--unit", "working_minute"),
        ("--from", "2026-09-28", "--days", "1", "--hall", "nowhere"),
        ("--from", "2026-09-28", "--days", "1", "--pause", "2026-10-01"),
        ("--from", "2026-09-28", "--days", "9999999"),
    ],
)
def test_due_used_wrongly_leaves_with_2(arguments: tuple[str, ...]) -> None:
    status, said, why = run("due", *arguments)
    assert status == 2
    assert said == ""
    assert why


def test_due_of_a_hall_abroad_keeps_its_zone() -> None:
    _, said, _ = run(
        "due", "--from", "2011-03-24T12:00", "--days", "2", "--hall", "receipt", "--json"
    )
    at = datetime.fromisoformat(json.loads(said)["due"])
    assert at == datetime(2011, 3, 28, 17, tzinfo=ZoneInfo("Europe/Amsterdam"))
