"""The JSON form: what is taken, and that everything wrong with an event is said at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from duban import contracts
from duban.codec import decode, decode_record, encode
from duban.contracts import ContractError, Problem
from duban.events import Event
from duban.jsonform import to_iso, to_ms

NOW = to_ms("2026-09-28T17:00:00+08:00")
HOUR = 3_600_000
GOOD = {
    "type": "CaseSubmitted",
    "event_id": "0192f0c1-0000-7000-8000-000000000001",
    "hall_id": "luannan",
    "subject_id": "luannan/2026-1",
    "occurred_at": "2026-09-28T16:30:00+08:00",
    "item_code": "LN-CG-012",
}


def problems(value, now=NOW, **more):
    with pytest.raises(ContractError) as caught:
        contracts.from_json({**value, **more} if isinstance(value, dict) else value, now=now)
    return caught.value.problems


def event_with(**more):
    return Event(
        type="CaseSubmitted",
        event_id=GOOD["event_id"],
        hall_id="luannan",
        subject_id="luannan/2026-1",
        occurred_at=NOW,
        recorded_at=NOW,
        **more,
    )


def test_the_least_that_is_needed_is_filled_with_defaults():
    event = contracts.from_json(GOOD, now=NOW)
    assert event.occurred_at == NOW - HOUR // 2
    assert event.recorded_at == NOW
    assert (event.tenant_id, event.channel, event.subject_type) == ("default", "counter", "case")
    assert event.data["materials"] == []
    assert event.data["filed_by"] == "applicant"


def test_two_events_do_not_share_a_default_list():
    one, other = (contracts.from_json(GOOD, now=NOW) for _ in range(2))
    assert one.data["materials"] is not other.data["materials"]


def test_what_the_caller_supplies_fills_what_the_sender_left_out():
    bare = {k: v for k, v in GOOD.items() if k not in ("event_id", "hall_id")}
    defaults = {"event_id": GOOD["event_id"].upper(), "hall_id": "luannan", "channel": "online"}
    event = contracts.from_json({**bare, "channel": "kiosk"}, now=NOW, defaults=defaults)
    assert (event.event_id, event.hall_id) == (GOOD["event_id"], "luannan")
    assert event.channel == "kiosk"


def test_everything_wrong_is_said_at_once():
    wrong = {
        "type": "RatingGiven",
        "event_id": "not-a-uuid",
        "hall_id": "luannan",
        "occurred_at": "2026-09-28T16:30:00",
        "channel": "carrier pigeon",
        "actor": {"name": "someone", "role": 7},
        "evidence": [{"kind": "notice"}, {"uri": "doc://1"}],
        "level": 6,
        "dims": {"efficiency": "good"},
        "identified": "yes",
        "stars": 5,
    }
    assert dict(problems(wrong)) == {
        "event_id": "must be a uuid",
        "subject_id": "is missing",
        "occurred_at": "must be an ISO-8601 time with an offset",
        "channel": "must be one of counter, online, mobile, kiosk, community, site, phone, "
        "hotline, box, post, system, unknown",
        "actor.name": "is not a field here",
        "actor.role": "must be a string",
        "evidence[1].kind": "is missing",
        "level": "must be a whole number from 1 to 5",
        "dims.efficiency": "must be a whole number",
        "identified": "must be true or false",
        "stars": "is not a field here",
    }


def test_two_ids_that_are_none_are_not_one_and_the_same():
    wrong = {"type": "HallFactVoided", "hall_id": "luannan", "event_id": "x", "reason": "误录",
             "subject_type": "hall", "subject_id": "luannan", "voided_event_id": "y",
             "occurred_at": "2026-09-28T16:30:00+08:00"}  # fmt: skip
    assert dict(problems(wrong)) == {
        "event_id": "must be a uuid",
        "voided_event_id": "must be a uuid",
    }


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred_at", "2026-09-28", "offset"),
        ("occurred_at", "2026-09-28T16:30:00", "offset"),
        ("occurred_at", "2026-02-30T16:30:00+08:00", "offset"),
        ("occurred_at", 1_790_000_000_000, "offset"),
        ("occurred_at", None, "offset"),
        ("occurred_at", "1899-12-31T23:59:59Z", "between 1900 and 2200"),
        ("event_id", "0192f0c100007000800000000000000", "must be a uuid"),
        ("event_id", "{0192f0c1-0000-7000-8000-000000000001}", "must be a uuid"),
        ("subject_id", "", "must not be empty"),
        ("subject_id", "luannan/" + "9" * 200, "longer than 200"),
        ("subject_id", "luannan/1\n", "printable"),
        ("subject_id", "luannan/", "a case of the hall"),
        ("subject_id", "pengzhou/1", "a case of the hall"),
        ("subject_id", "luannan2/1", "a case of the hall"),
        ("subject_id", 5, "must be a string"),
        ("hall_id", "", "must name a hall"),
        ("hall_id", "luannan/2026-1", "must name a hall"),
        ("subject_type", "window", "must be case"),
        ("note", "长" * 4001, "longer than 4000"),
        ("note", "\ud800", "UTF-8"),
        ("actor", "ln-cg-07", "must be an object"),
        ("evidence", {"kind": "notice"}, "must be a list"),
        ("evidence", [{"kind": "a", "sha256": "ff"}], "64 hex digits"),
        ("materials", ["M01", ""], "must not be empty"),
        ("materials", ["M"] * 1001, "more than 1000"),
        ("seq", -1, "whole number"),
        ("seq", True, "whole number"),
        ("seq", 1.0, "whole number"),
        ("seq", 1 << 63, "whole number"),
        ("item_code", None, "must be a string"),
    ],
)
def test_a_bad_value_is_reported_under_its_field(field, value, reason):
    found = problems(GOOD, **{field: value})
    assert len(found) == 1
    assert found[0].field.startswith(field)
    assert reason in found[0].reason


@pytest.mark.parametrize(
    ("event_type", "field", "bad", "good"),
    [
        ("FeePaid", "amount", "12,50", "12.50"),
        ("FeePaid", "amount", "1e3", "1000"),
        ("ExtensionGranted", "days", 0, 1),
        ("ClockExclusionStarted", "ground", "lunch", "expert_review"),
        ("EventVoided", "voids_event_id", "42", GOOD["event_id"][:-1] + "2"),
        ("DeadlineImposed", "due_at", "tomorrow", "2026-10-30T17:00:00+08:00"),
    ],
)
def test_formats_hold_where_a_type_asks_for_them(event_type, field, bad, good):
    extra = {"reason": "r"} if event_type == "EventVoided" else {}
    extra |= {"approver_role": "organ_head"} if event_type == "ExtensionGranted" else {}
    envelope = {k: v for k, v in GOOD.items() if k != "item_code"}
    value = {**envelope, **extra, "type": event_type}
    assert [p.field for p in problems({**value, field: bad})] == [field]
    assert contracts.from_json({**value, field: good}, now=NOW).data[field] is not None


def test_reference_formats():
    day = {"date": "2026-13-01", "kind": "holiday", "hours": [{"start": "9:00", "end": "25:00"}]}
    value = {
        "type": "CalendarPublished",
        "event_id": GOOD["event_id"],
        "subject_type": "calendar",
        "subject_id": "cn@1",
        "occurred_at": GOOD["occurred_at"],
        "calendar_id": "cn",
        "year": 2026,
        "version": "1",
        "days": [day],
    }
    assert [p.field for p in problems(value)] == [
        "days[0].date",
        "days[0].hours[0].start",
        "days[0].hours[0].end",
    ]


@pytest.mark.parametrize("value", [None, [], "CaseSubmitted", 5])
def test_what_is_no_object_is_refused(value):
    assert problems(value) == [Problem("", "must be an object")]


@pytest.mark.parametrize("name", ["NoSuchThing", "", 5, ["CaseSubmitted"], "Envelope"])
def test_an_unknown_type_is_refused(name):
    assert problems(GOOD, type=name) == [Problem("type", "is not a known event type")]
    assert problems({"level": 5}) == [Problem("type", "is missing")]


@pytest.mark.parametrize("field", ["occurred_at", "recorded_at"])
def test_a_date_more_than_a_day_ahead_is_refused(field):
    ahead = {field: to_iso(NOW + 24 * HOUR + 1)}
    assert problems(GOOD, **ahead) == [Problem(field, "lies more than 24 hours ahead")]
    edge = contracts.from_json({**GOOD, field: to_iso(NOW + 24 * HOUR)}, now=NOW)
    assert getattr(edge, field) == NOW + 24 * HOUR
    old = {**GOOD, "recorded_at": GOOD["occurred_at"], **ahead}
    assert contracts.from_json(old).type == "CaseSubmitted"  # without `now`, no bound


def test_ticks_and_reference_data_are_no_cases():
    tick = {**GOOD, "type": "ClockTicked", "subject_type": "time", "subject_id": "business"}
    del tick["item_code"]
    event = contracts.from_json({**tick, "at": GOOD["occurred_at"]}, now=NOW)
    assert event.data == {"at": NOW - HOUR // 2}


def test_an_event_made_in_memory_is_held_against_the_same_contract():
    contracts.check(event_with(data={"item_code": ""}), NOW)
    with pytest.raises(ContractError) as caught:
        contracts.check(
            event_with(data={"materials": "M01", "stars": 1, "filed_by": "x"}, seq=1 << 70), NOW
        )
    assert {p.field for p in caught.value.problems} == {
        "stars", "seq", "item_code", "filed_by", "materials",
    }  # fmt: skip
    with pytest.raises(ContractError, match="note belongs to the envelope"):
        contracts.check(event_with(data={"item_code": "x", "note": "n"}))
    with pytest.raises(ContractError, match="not a known event type"):
        contracts.check(Event("NoSuchThing", "x", "h/1", 1, 1))


def test_the_json_form_is_printed_in_the_zone_asked_for_and_reads_back():
    event = decode(encode(contracts.from_json(GOOD, now=NOW)))
    full = contracts.to_json(event)
    assert full["occurred_at"] == "2026-09-28T08:30:00+00:00"
    assert full["basis"] is None
    assert list(full)[:3] == ["type", "event_id", "tenant_id"]
    assert contracts.from_json(full) == event
    short = contracts.to_json(event, full=False)
    assert short.keys() == GOOD.keys() | {"recorded_at"}


@pytest.mark.parametrize("ms", [0, -1, 999, 1_790_000_000_123, -2_208_988_800_000])
def test_instants_keep_their_milliseconds(ms):
    assert to_ms(to_iso(ms)) == ms
    assert datetime.fromisoformat(to_iso(ms)).astimezone(UTC).year >= 1900


def test_an_older_version_can_be_asked_for_by_number():
    assert contracts.schema("CaseSubmitted", 2) is contracts.schema("CaseSubmitted")
    assert "expires_at" not in contracts.schema("CaseSubmitted", 1).own
    with pytest.raises(KeyError):
        contracts.schema("CaseSubmitted", 99)
    assert contracts.topic_of("AlertRaised") == "alerts"


def test_a_fact_of_a_hall_is_about_that_hall():
    praise = {"type": "PraiseReceived", "event_id": GOOD["event_id"], "kind": "banner"}
    praise |= {"occurred_at": GOOD["occurred_at"], "subject": "cg-1"}
    hall = {"hall_id": "luannan", "subject_type": "hall", "subject_id": "luannan"}
    made = contracts.from_json({**praise, **hall}, now=NOW)
    contracts.check(made, NOW)
    assert made.data["subject_kind"] == "window"
    about = Problem("subject_id", "must be the hall itself, with subject_type hall")
    assert problems({**praise, **hall}, subject_id="pixian") == [about]
    assert problems({**praise, **hall}, subject_type="window") == [about]
    named = Problem("hall_id", "must name a hall, without a slash")
    assert problems({**praise, **hall}, hall_id="") == [named]
    assert problems({**praise, **hall}, hall_id="luannan/cg-1") == [named]


def test_a_part_is_no_more_than_its_whole():
    survey = {
        "type": "SurveyClosed",
        "event_id": GOOD["event_id"],
        "hall_id": "luannan",
        "subject_type": "hall",
        "subject_id": "luannan",
        "occurred_at": GOOD["occurred_at"],
    }
    assert contracts.from_json(survey | {"n": 3, "satisfied": 3}, now=NOW).data["satisfied"] == 3
    whole = [Problem("satisfied", "must be no more than n")]
    assert problems(survey | {"n": 3, "satisfied": 9}) == whole
    assert problems(survey | {"n": -1, "satisfied": 9}) == [
        Problem("n", "must be a whole number from 0 to 1000000")
    ]
    event = contracts.from_json(survey | {"n": 9, "satisfied": 9}, now=NOW)
    event = replace(event, data={**event.data, "n": 3})
    assert not contracts.is_sound(decode_record(encode(event)))
    with pytest.raises(ContractError) as caught:
        contracts.check(event)
    assert caught.value.problems == whole


def test_another_case_is_named_with_its_hall():
    review = {k: v for k, v in GOOD.items() if k != "item_code"}
    review |= {"type": "NegativeReviewOpened", "recorded_at": GOOD["occurred_at"]}
    wrong = Problem("about_case_id", 'must be a case with its hall: "hall/…"')
    for about in ("2026-CG-1", "/2026-CG-1", "luannan/"):
        assert problems(review, about_case_id=about) == [wrong]
        told = contracts.from_json(review)
        told = replace(told, data={**told.data, "about_case_id": about})
        with pytest.raises(ContractError) as refused:
            contracts.check(told)
        assert refused.value.problems == [wrong]
        # what a topic holds already stays a fact
        contracts.check_sound(decode_record(encode(told)))
    assert contracts.from_json({**review, "about_case_id": "luannan/2026-CG-1"})
    assert contracts.from_json(review).data["about_case_id"] == ""
