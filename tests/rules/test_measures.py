"""The sanction ladder: what people decide, what it rests on, and who alone can take it back."""

import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban.measures import LADDER, Measure, measures
from tests.hall_facts import Invention, an_id, card, ordered, said, void


def one(*facts, name="card") -> Measure:
    """A measure by its short name, the same in every order of arrival."""
    found = {tuple(measures(order)) for order in permutations(facts)}
    assert len(found) == 1
    return next(m for m in found.pop() if m.measure_id == an_id(name))


def admonished(day=2, **more):
    given_ = {"subject": "s1", "reason": "超期", "because": "card"} | more
    return said("AdmonitionIssued", "admonition", day, **given_)


def revoked(name="revoked", day=5, of="card", **more):
    return said("MeasureRevoked", name, day, measure_event_id=an_id(of), reason="复核", **more)


def appealed(day=5, of="card"):
    return said("MeasureAppealed", f"appeal-{day}", day, measure_event_id=an_id(of), reason="停电")


def decided(upheld, day=7, of="card", **more):
    about = {"measure_event_id": an_id(of), "upheld": upheld}
    return said("MeasureAppealDecided", f"decided-{day}", day, **about, **more)


def test_the_ladder_goes_from_a_card_to_criticism_in_public():
    assert LADDER == (
        "CardIssued", "AdmonitionIssued", "TalkHeld", "RectificationOrdered", "PublicCriticism",
    )  # fmt: skip


def test_three_windows_with_a_card_and_two_persons_admonished():
    """漳州: 黄牌警告 3 个窗口, 效能告诫 2 名窗口工作人员."""
    facts = [card(f"c{n}", subject=f"w{n}") for n in range(3)]
    facts += [
        said("AdmonitionIssued", f"a{n}", 2, subject=f"s{n}", reason="超期", because=f"c{n}")
        for n in range(2)
    ]
    found = measures(facts)
    assert Counter(m.type for m in found) == {"CardIssued": 3, "AdmonitionIssued": 2}
    assert {m.subject_kind for m in found if m.type == "AdmonitionIssued"} == {"staff"}
    assert {(m.state, m.flags) for m in found} == {("in_force", ())}


def test_a_card_stands_until_a_person_revokes_it():
    assert one(card("card")).state == "in_force"
    gone = one(card("card"), revoked(day=5), revoked("again", day=9))
    assert (gone.state, gone.ended_at) == ("revoked", revoked(day=5).occurred_at)


def test_a_program_revokes_nothing_and_its_try_is_flagged():
    kept = one(card("card"), revoked(role="system"))
    assert (kept.state, kept.ended_at, kept.flags) == ("in_force", None, ("revoked_by_system",))
    upheld = one(card("card"), appealed(), decided(True, role="system"))
    assert upheld.state == "in_force"
    assert upheld.flags == ("revoked_by_system", "appeal_open")


def test_an_appeal_is_open_until_it_is_decided():
    assert one(card("card"), appealed()).flags == ("appeal_open",)
    rejected = one(card("card"), appealed(), decided(False))
    assert (rejected.state, rejected.flags) == ("in_force", ())
    assert one(card("card"), appealed(), decided(False), appealed(9)).flags == ("appeal_open",)


def test_an_appeal_that_is_upheld_overturns_the_measure():
    gone = one(card("card"), appealed(), decided(True))
    assert (gone.state, gone.ended_at) == ("overturned", decided(True).occurred_at)


def test_a_measure_without_evidence_stands_and_is_flagged():
    bare = one(card("card", proved=False))
    assert (bare.state, bare.flags) == ("in_force", ("no_evidence",))


@pytest.mark.parametrize(
    ("beside", "flags"),
    [
        ([card("card")], ()),
        ([], ()),  # the cause is on another topic: a signal, a ranking
        ([card("card"), revoked()], ("no_lower_step",)),
        ([card("card"), void("v", "card")], ("no_lower_step",)),
        ([card("card"), void("v", "card"), void("w", "v")], ()),
    ],
)
def test_a_step_rests_on_the_cause_that_it_names_while_that_stands(beside, flags):
    assert one(admonished(), *beside, name="admonition").flags == flags


def test_a_step_that_names_no_cause_rests_on_a_lower_one_about_the_same_subject():
    def criticised(day=3):
        return said("PublicCriticism", "tong", day, subject="w1", scope="city", reason="超期")

    assert one(criticised(), card("card"), name="tong").flags == ()
    for beside in (
        [],
        [card("card", subject="w2")],
        [card("card", subject_kind="branch")],
        [card("card", day=9)],
        [card("card"), revoked()],
    ):
        assert one(criticised(), *beside, name="tong").flags == ("no_lower_step",)


def test_a_higher_step_is_no_ground_for_a_lower_one():
    talk = said("TalkHeld", "talk", 3, subject="w1", reason="超期", because="tong")
    above = said("PublicCriticism", "tong", 1, subject="w1", scope="hall", reason="超期")
    assert one(talk, above, name="talk").flags == ("no_lower_step",)


def test_an_order_to_mend_is_a_step_though_it_is_a_case_of_its_own():
    facts = [
        said("TalkHeld", "talk", 1, subject="w1", reason="走过场"),
        ordered("order", 2, to_org="ghj", because="talk"),
        said("PublicCriticism", "tong", 9, subject="w1", scope="system", reason="整改不到位",
             because="order"),
    ]  # fmt: skip
    found = measures(facts)
    assert [(m.type, m.flags) for m in found] == [
        ("TalkHeld", ("no_lower_step",)), ("RectificationOrdered", ()), ("PublicCriticism", ()),
    ]  # fmt: skip
    assert (found[1].subject_kind, found[1].subject, found[1].reason) == ("org", "ghj", "整改")


def test_an_order_to_mend_rests_on_the_finding_that_it_names():
    order = ordered("order", 2, to_org="ghj", finding_event_id=an_id("a finding"))
    assert one(order, name="order").flags == ()
    assert one(ordered("order", 2, to_org="ghj"), name="order").flags == ("no_lower_step",)


def test_a_corrected_card_is_the_same_card_under_any_of_its_ids():
    facts = [card("card"), card("better", 2, "red", corrects="card", recorded=3)]
    changed = one(*facts)
    assert (changed.detail, changed.at) == ("red", facts[1].occurred_at)
    for named in ("card", "better"):
        assert one(*facts, revoked(of=named)).state == "revoked"
    assert one(*facts, admonished(day=4), name="admonition").flags == ()


def test_a_void_card_is_none_and_a_void_revocation_revokes_nothing():
    assert measures([card("card"), void("v", "card")]) == []
    assert one(card("card"), revoked(), void("v", "revoked")).state == "in_force"


def test_a_hall_answers_for_its_own_measures_only():
    assert one(card("card"), revoked(hall="pixian")).state == "in_force"


def test_another_hall_can_neither_double_nor_void_nor_correct_a_measure():
    others = [
        card("card", 0, hall="pixian", subject="w9"),
        card("better", 2, hall="pixian", corrects="card"),
        void("v", "card", hall="pixian"),
    ]
    mine = next(m for m in measures([card("card"), *others]) if m.hall_id == "zhangzhou")
    assert (mine.measure_id, mine.subject, mine.state) == (an_id("card"), "w1", "in_force")


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_neither_order_nor_doubles_change_anything(seed, shuffle):
    facts = Invention(random.Random(seed)).many(60)
    found = measures(facts)
    again = [*facts, *shuffle.sample(facts, len(facts) // 2)]
    shuffle.shuffle(again)
    assert measures(again) == found
    assert {m.state for m in found} <= {"in_force", "revoked", "overturned"}


def test_invented_halls_have_every_state_and_flag():
    found = [m for seed in range(40) for m in measures(Invention(random.Random(seed)).many(60))]
    assert {m.state for m in found} == {"in_force", "revoked", "overturned"}
    assert {f for m in found for f in m.flags} == {
        "no_evidence", "no_lower_step", "revoked_by_system", "appeal_open",
    }  # fmt: skip
