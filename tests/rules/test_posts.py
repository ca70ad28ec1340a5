"""Who sits where: posts as they are published, and the window or representative that follows."""

from typing import Any

import pytest

from duban.bus_make import iso, make
from duban.events import Event
from duban.policy import Reference
from duban.reference import SHIPPED, load
from duban.reference_set import reference_from, reference_of
from tests.given import at

SEPTEMBER, OCTOBER = "2026-09-10 10:00", "2026-10-10 10:00"


def posted(
    version: str, unit: str = "sujiatun/w1", since: str = "2026-01-01 00:00", until: str = "",
    role: str = "handler", staff: str = "s7",
) -> Event:  # fmt: skip
    own: dict[str, Any] = {"valid_from": iso(at(since))}
    if until:
        own["valid_to"] = iso(at(until))
    return make(
        "StaffPosted", subject_type="post", subject_id=f"{staff}@{version}", version=version,
        at=at(since), staff_id=staff, role=role, unit_id=unit, **own,
    )  # fmt: skip


def window(reference: Reference, when: str, hall: str = "sujiatun") -> str:
    return reference.window_of(hall, "s7", at(when))


def test_a_person_is_at_the_window_of_the_post_that_is_held():
    moved = reference_from([
        posted("1", until="2026-10-01 00:00"),
        posted("2", "sujiatun/w2", "2026-10-01 00:00"),
    ])  # fmt: skip
    assert (window(moved, SEPTEMBER), window(moved, OCTOBER)) == ("w1", "w2")
    assert window(moved, SEPTEMBER, "elsewhere") == ""


def test_a_post_published_again_with_its_end_is_over_then():
    told = [posted("1"), posted("2", until="2026-10-01 00:00")]
    for order in (told, told[::-1]):
        found = reference_from(order)
        assert (window(found, SEPTEMBER), window(found, OCTOBER)) == ("w1", "")


@pytest.mark.parametrize("role", ["linked_leader", "duty_lead"])
def test_whoever_leads_from_elsewhere_sits_at_no_window(role):
    found = reference_from([posted("1"), posted("2", "sujiatun/w2", "2026-02-01 00:00", role=role)])
    assert window(found, SEPTEMBER) == "w1"


def test_a_post_at_the_hall_itself_is_at_no_window():
    found = reference_from([posted("1"), posted("2", "sujiatun", "2026-10-01 00:00")])
    assert (window(found, SEPTEMBER), window(found, OCTOBER)) == ("w1", "")


@pytest.mark.parametrize(("kind", "at_w2"), [("window", "w2"), ("branch", ""), ("agency", "")])
def test_a_post_at_a_branch_or_an_agency_is_at_no_window(kind, at_w2):
    unit = make(
        "OrgUnitChanged", subject_type="unit", subject_id="sujiatun/w2@1", version="1",
        hall="sujiatun", org_id="sujiatun/w2", kind=kind, name="第二支部",
        effective_from=iso(at("2026-01-01 00:00")),
    )  # fmt: skip
    posts = [posted("1", until="2026-10-01 00:00"), posted("2", "sujiatun/w2", "2026-10-01 00:00")]
    for order in ([unit, *posts], [*posts, unit]):
        found = reference_from(order)
        assert (window(found, SEPTEMBER), window(found, OCTOBER)) == ("w1", at_w2)


def test_what_a_unit_becomes_later_moves_nobody_who_sat_there_before():
    told = [posted("1", "sujiatun/w2")]
    for version, kind, since in (("1", "window", "2025-01-01"), ("2", "branch", "2027-01-01")):
        told.append(make(
            "OrgUnitChanged", subject_type="unit", subject_id=f"sujiatun/w2@{version}",
            version=version, hall="sujiatun", org_id="sujiatun/w2", kind=kind, name="第二支部",
            effective_from=iso(at(f"{since} 00:00")),
        ))  # fmt: skip
    assert window(reference_from(told), SEPTEMBER) == "w2"


def test_cases_are_looked_at_again_for_a_new_chief_and_for_nobody_else():
    none = reference_from([])
    clerk, chief = reference_from([posted("1")]), reference_from([posted("1", role="chief_rep")])
    assert clerk.mark == none.mark != chief.mark
    assert chief.chief_of("sujiatun/w1", at(SEPTEMBER)) == "s7"
    assert clerk.chief_of("sujiatun/w1", at(SEPTEMBER)) == ""
    assert window(chief, SEPTEMBER) == "w1"


def test_events_that_were_checked_as_they_were_read_give_the_same():
    told = [*load(SHIPPED), posted("1"), posted("2", "sujiatun/w2", "2026-10-01 00:00")]
    whole, checked = reference_from(told), reference_of(told)
    assert whole == checked
    assert whole.mark == checked.mark
