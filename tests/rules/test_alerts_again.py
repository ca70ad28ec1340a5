"""An alert that was cleared by mistake is out again as it was: raised at its rung, noted by whom
it was noted."""

from duban.case import evolve
from streams.difference import look_at
from streams.state import Held
from tests.given import CASE, REFERENCE, at, fact, said

HALL = "sujiatun"
SUBMITTED = fact("CaseSubmitted", "2026-09-21 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-09-21 09:05")
CLOSED = fact("DecisionMade", "2026-09-25 10:00")
VOIDED = fact("EventVoided", "2026-09-25 11:00", of="DecisionMade 2026-09-25 10:00 []")


def told(facts_and_moments):
    """What is said of a case as facts come in, and time passes, one after another."""
    held, said = Held(CASE, HALL, "default"), []
    for one, now in facts_and_moments:
        if one is not None:
            held.facts = evolve(held.facts, one)
        said.append(look_at(held, REFERENCE, at(now), one.event_id if one else "timer")[1])
        held.version += 1
    return said


def alerts(events, name):
    """(type, when) of what is said of one alert."""
    return [(e.type, said(e.data["at"])) for e in events if e.data.get("alert_id") == name]


OPEN = [(SUBMITTED, "2026-09-21 09:00"), (ACCEPTED, "2026-09-21 09:05"), (None, "2026-09-24 18:00")]


def test_a_clearing_that_is_voided_raises_the_alert_as_of_its_rung_and_notes_it_anew():
    raised = [e for e in told(OPEN)[-1] if e.type == "AlertRaised"][-1]
    name, rung = raised.data["alert_id"], said(raised.data["at"])
    noted = fact("AlertAcknowledged", "2026-09-24 18:30", alert_id=name)
    end = [(noted, "2026-09-24 18:30"), (CLOSED, "2026-09-25 10:00"), (VOIDED, "2026-09-25 11:00")]
    *_, closing, voiding = told([*OPEN, *end])
    assert alerts(closing, name) == [("AlertCleared", "2026-09-25 10:00")]
    assert alerts(voiding, name) == [("AlertRaised", rung), ("AlertNoted", "2026-09-24 18:30")]
    ids = [e.event_id for e in (*closing, *voiding)]
    assert len(ids) == len(set(ids))
