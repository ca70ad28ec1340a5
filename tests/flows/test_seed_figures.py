"""The arithmetic of the five seeds: from events, on a real stack, by the public metrics; and one
changed event changes each figure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duban import warehouse
from duban.bus import Producer
from duban.events import Actor
from duban.figures import Rate, parts_within
from tests import zhangzhou
from tests.rest import wait_stored
from tests.stack import Stack, new_stack, wait_for

pytestmark = pytest.mark.stack

OFFICE = Actor("office", "centre_manager")
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
CASES_2014, CASES_2013 = 39_072, 25_703
WAIT_S = 300


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = new_stack(tmp_path_factory.mktemp("seeds") / "data")
    try:
        with made.start().here():
            yield made
    finally:
        made.stop()


def ask(name: str, **filters: Any) -> dict[str, Any]:
    return warehouse.metric(name, now=warehouse.business_now(), **filters).first()


def becomes(name: str, column: str, value: Any, **filters: Any) -> dict[str, Any]:
    """The metric, once one of its columns has come to a value."""
    wait_stored(lambda: ask(name, **filters).get(column) == value, f"{column} is {value}", WAIT_S)
    return ask(name, **filters)


def publish(producer: Producer, code: str, domain: str, version: int = 1, **terms: Any) -> None:
    since = LONG_AGO + timedelta(days=version)
    producer.emit(
        "ItemPublished", subject_type="item", subject_id=f"{code}@{version}", at=since,
        actor=OFFICE, item_code=code, version=str(version), name=f"事项{code}", domain=domain,
        effective_from=since, **terms,
    )  # fmt: skip


def test_thirty_days_by_the_citys_rule_are_cut_to_twenty_three(seeds: Stack) -> None:
    """苏家屯: 23.3 % of the base that the city names, which is not the statutory one."""
    with Producer() as producer:
        for n in range(10):
            publish(producer, f"sjt-{n}", "sjt", statutory=45, upper=30, promise=23)
    found = becomes("compression", "items", 10, domain="sjt", base="upper")
    assert (found["cut"], found["base_sum"]) == (70, 300)
    assert f"{found['rate']:.1%}" == "23.3%"
    assert f"{ask('compression', domain='sjt', base='statutory')['rate']:.1%}" == "48.9%"
    with Producer() as producer:
        publish(producer, "sjt-0", "sjt", 2, statutory=45, upper=30, promise=20)
    found = becomes("compression", "cut", 73, domain="sjt", base="upper")
    assert f"{found['rate']:.1%}" == "24.3%"


def test_141_days_are_cut_of_148_promised_before(seeds: Stack) -> None:
    """彭州: what was promised before is the base; 2 and 5 working days are left."""
    with Producer() as producer:
        for code, before, after in (("pz-branch", 50, 2), ("pz-coop", 98, 5)):
            publish(producer, code, "pz", promise=before)
            publish(producer, code, "pz", 2, promise=after)
    found = becomes("compression", "cut", 141, domain="pz", base="previous")
    assert found["base_sum"] == 148
    assert f"{found['rate']:.2%}" == "95.27%"
    with Producer() as producer:
        publish(producer, "pz-shop", "pz", promise=1)
        publish(producer, "pz-shop", "pz", 2, promise=1)
    found = becomes("compression", "base_sum", 149, domain="pz", base="previous")
    assert f"{found['rate']:.2%}" == "94.63%"


def test_841_items_become_723(seeds: Stack) -> None:
    """郫县: 118 items withdrawn, 14.03 %."""
    with Producer() as producer:
        for n in range(841):
            publish(producer, f"px-{n}", "px", promise=5)
        for n in range(118):
            withdraw(producer, f"px-{n}")
    found = becomes("catalogue_change", "items_after", 723, domain="px", since="2013-01-01")
    assert (found["items_before"], found["removed"], found["difference"]) == (841, 118, -118)
    assert f"{found['rate']:.2%}" == "-14.03%"
    assert ask("catalogue", domain="px")["items"] == 723
    with Producer() as producer:
        withdraw(producer, "px-840")
    found = becomes("catalogue_change", "items_after", 722, domain="px", since="2013-01-01")
    assert f"{found['rate']:.2%}" == "-14.15%"


def withdraw(producer: Producer, code: str) -> None:
    producer.emit(
        "ItemWithdrawn", subject_type="item", subject_id=f"{code}@2", actor=OFFICE, item_code=code,
        version="2", reason="合并办理", effective_from=datetime(2013, 6, 30, tzinfo=UTC),
    )  # fmt: skip


def test_39072_cases_are_52_01_percent_more_than_the_year_before(seeds: Stack) -> None:
    """滦南: from one event a case; 25,703 and 25,704 both fit."""
    with Producer() as producer:
        for year, cases in ((2014, CASES_2014), (2013, CASES_2013)):
            for n in range(cases):
                accept(producer, year, n)
    filters = {"hall": "luannan", "period": "2014"}
    becomes("changes", "value", CASES_2014, **filters)
    found = becomes("changes", "year_ago", CASES_2013, **filters)
    assert f"{found['yoy']:+.2%}" == "+52.01%"
    with Producer() as producer:
        accept(producer, 2013, CASES_2013)
    found = becomes("changes", "year_ago", CASES_2013 + 1, **filters)
    assert f"{found['yoy']:+.2%}" == "+52.01%"
    with Producer() as producer:
        accept(producer, 2013, CASES_2013 + 1)
    found = becomes("changes", "year_ago", CASES_2013 + 2, **filters)
    assert f"{found['yoy']:+.2%}" == "+52.00%"


def accept(producer: Producer, year: int, n: int) -> None:
    at = datetime(year, 1, 2, 2, tzinfo=UTC) + timedelta(minutes=13 * (n % 40_000))
    producer.emit(
        "CaseAccepted", case=f"luannan/{year}-{n}", at=at, recorded_at=at, historical=True
    )


@pytest.mark.parametrize("late", [39, 116])
def test_99_99_percent_of_774000_leave_39_to_116_late(seeds: Stack, late: int) -> None:
    """漳州, on rows as the sink makes them; one case more that is late is counted."""
    assert parts_within("99.99", 774_000) == (39, 116)
    writer = warehouse.connect("writer")
    for more, shown in ((0, True), (1, late != 116)):
        writer.command("ALTER TABLE cases DELETE WHERE hall_id = 'zz' SETTINGS mutations_sync = 1")
        writer.command(
            "INSERT INTO cases (hall_id, case_id, status, outcome, closed_at, due_at, version)"
            f" SELECT 'zz', toString(number), 'closed', if(number < {late + more}, 'late',"
            " 'on_time'), toDateTime64('2011-06-01 10:00:00', 3) AS ended, ended, 1"
            " FROM numbers(774000)"
        )
        found = ask("on_time", hall="zz")
        rate = Rate(found["kept"], found["judged"])
        assert rate == Rate(774_000 - late - more, 774_000)
        assert found["rate"] == pytest.approx(rate.value)
        assert (0.99985 <= found["rate"] < 0.99995) is shown


def test_a_hundredth_of_them_told_as_events_say_so_too_until_one_more_is_late(seeds: Stack) -> None:
    """漳州, through Kafka: of 7,740 cases one may be late. `tests.zhangzhou` tells all 774,000."""
    cases = zhangzhou.CASES // 100
    assert parts_within("99.99", cases) == (1, 1)
    with Producer() as producer:
        zhangzhou.tell(producer, cases, late=1)
    found = becomes("on_time", "judged", cases, hall=zhangzhou.HALL)
    assert (found["kept"], zhangzhou.shown(found)) == (cases - 1, "99.99")
    decision = (
        "SELECT toString(event_id) AS id FROM events_now"
        " WHERE event_type = 'DecisionMade' AND case_id = {case:String}"
    )
    other = cases - 1
    [row] = warehouse.rows(decision, case=f"{zhangzhou.HALL}/{other}")
    with Producer() as producer:
        zhangzhou.decided(producer, other, zhangzhou.begins(other) + zhangzhou.SLOW, of=row["id"])
    found = becomes("on_time", "kept", cases - 2, hall=zhangzhou.HALL)
    assert (found["judged"], zhangzhou.shown(found)) == (cases, "99.97")


def test_five_classes_of_six_are_thirty_honours(seeds: Stack) -> None:
    """滦南 善行功德榜: thirty have their places, the thirty-first is flagged."""
    classes = ("dedication", "honesty", "filial_piety", "thrift", "mutual_help")
    with Producer() as producer:
        for class_name in classes:
            for n in range(6):
                honour(producer, class_name, f"{class_name}-{n}")
    wait_for(lambda: len(honours()) == 30, "thirty honours", WAIT_S)
    assert all(h["flags"] == [] for h in honours())
    with Producer() as producer:
        honour(producer, "thrift", "one-more")
    wait_for(lambda: len(honours()) == 31, "one more", WAIT_S)
    assert [h["subject"] for h in honours() if h["flags"]] == ["one-more"]


def honours() -> list[dict[str, Any]]:
    found = warehouse.metric("honours", now=warehouse.business_now(), hall="luannan")
    return list(found.dicts())


def honour(producer: Producer, class_name: str, who: str) -> None:
    producer.emit(
        "HonourGranted", hall="luannan", actor=OFFICE, subject=who, subject_kind="staff",
        kind="good_deeds", level="hall", board="good_deeds", class_name=class_name, period="2014",
    )  # fmt: skip
