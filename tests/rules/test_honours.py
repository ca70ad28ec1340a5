"""Honours: held until they expire or are revoked, and no more of them than a board has places."""

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.boards import quotas
from duban.honours import honours, places
from tests.hall_facts import START, Invention, an_id, said, void

CLASSES = ("dedication", "honesty", "filial_piety", "thrift", "mutual_help")
NOW = int((START + timedelta(days=30)).timestamp() * 1000)


def granted(name, day=1, **more):
    given_ = {"subject": "s1", "subject_kind": "staff", "kind": "good_deeds"} | more
    return said("HonourGranted", name, day, **given_)


def on_the_board(name, day=1, of="dedication", period="2026-09", **more):
    return granted(name, day, board="good_deeds", class_name=of, period=period, **more)


def revoked(of, day=5, **more):
    about = {"honour_event_id": an_id(of), "reason": "复核"}
    return said("HonourRevoked", f"r-{of}", day, **about | more)


def found(*facts, now=NOW):
    return honours(facts, quotas(), now)


def test_an_honour_is_held_until_it_expires_or_is_revoked():
    until = (START + timedelta(days=10)).isoformat()
    [one] = found(granted("h", valid_to=until), now=NOW - 25 * 86_400_000)
    assert one.state == "held"
    assert [h.state for h in found(granted("h", valid_to=until))] == ["expired"]
    assert [h.state for h in found(granted("h"), revoked("h"))] == ["revoked"]
    assert [h.state for h in found(granted("h"))] == ["held"]


def test_only_a_person_revokes_an_honour():
    assert [h.state for h in found(granted("h"), revoked("h", role="system"))] == ["held"]


def test_it_is_over_at_the_very_instant_that_it_is_valid_to():
    [one] = found(granted("h", valid_to=START.isoformat()), now=int(START.timestamp() * 1000))
    assert one.state == "expired"


def test_a_void_honour_was_never_granted():
    assert found(granted("h"), void("v", "h")) == []


def test_the_board_of_good_deeds_has_five_classes_of_six_thirty_in_all():
    facts = [on_the_board(f"{of}{n}", n, of) for of in CLASSES for n in range(6)]
    full = places(found(*facts), quotas())
    assert {(p.class_name, p.quota, p.granted, p.over) for p in full} == {
        (of, 6, 6, 0) for of in CLASSES
    }
    assert sum(p.quota for p in full) == sum(p.granted for p in full) == 5 * 6 == 30
    assert all(h.flags == () for h in found(*facts))


def test_a_seventh_of_one_class_is_over_the_quota_and_stands():
    facts = [on_the_board(f"h{n}", n) for n in range(7)]
    over = [h for h in found(*reversed(facts)) if h.flags]
    assert [(h.honour_id, h.flags, h.state) for h in over] == [
        (an_id("h6"), ("over_quota",), "held")
    ]
    assert [p.over for p in places(found(*facts), quotas())] == [1, 0, 0, 0, 0]


def test_a_revoked_one_gives_its_place_back_an_expired_one_keeps_it():
    facts = [on_the_board(f"h{n}", n) for n in range(7)]
    assert [h.flags for h in found(*facts, revoked("h0"))] == [()] * 7
    ended = on_the_board("h0", 0, valid_to=(START + timedelta(days=2)).isoformat())
    assert [h.flags for h in found(ended, *facts[1:])][-1] == ("over_quota",)


def test_each_period_and_each_hall_has_places_of_its_own():
    facts = [on_the_board(f"a{n}", n, period="2026-08") for n in range(6)]
    facts += [on_the_board(f"b{n}", n) for n in range(6)]
    facts += [on_the_board(f"c{n}", n, hall="pixian") for n in range(6)]
    assert not any(h.flags for h in found(*facts))


def test_a_class_that_the_board_does_not_have_has_no_places():
    [one] = found(on_the_board("h", of="bravery"))
    assert one.flags == ("over_quota",)
    row = next(p for p in places([one], quotas()) if p.class_name == "bravery")
    assert (row.quota, row.over) == (0, 1)


def test_what_stands_on_no_board_has_no_quota():
    facts = [granted(f"h{n}", kind="red_flag") for n in range(50)]
    assert not any(h.flags for h in found(*facts))
    assert places(found(*facts), quotas()) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_neither_order_nor_doubles_change_anything(seed, shuffle):
    facts = Invention(random.Random(seed)).many(60)
    again = [*facts, *shuffle.sample(facts, len(facts) // 2)]
    shuffle.shuffle(again)
    assert found(*again) == found(*facts)
