"""Events to measure with: the simulated hall's past, and cases that are handled right now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from duban import codec
from duban.bus import headers_of, make
from duban.events import Event
from producers.simulator import demand
from producers.simulator.city import load
from producers.simulator.feed import Plan, Tick, events
from streams.records import Record

HALL = demand.HALL
ITEM, WINDOW = "food-licence", "yaopin"  # eight working days
SEED = 7
EVENTS_A_DAY = 1_200  # a little less than the simulator tells, so that a plan never ends too soon
COHORT = 50  # cases that are at the same step when work goes on steadily


def past(count: int) -> list[Event]:
    """So many facts of whole lifecycles, in the order they were recorded, all before today."""
    days = count // EVENTS_A_DAY + 3
    first = datetime.now(UTC).date() - timedelta(days=2 * days + 30)
    told = events(Plan(load(HALL), SEED, first, days))
    found = list(islice((e for e in told if not isinstance(e, Tick)), count))
    if len(found) < count:
        raise RuntimeError(f"the simulator told {len(found)} events, not {count}")
    return found


def steady(name: str) -> Iterator[Event]:
    """Facts of cases that are handled now, for ever: each case gets five, one in five accepts it.

    `name` keeps the cases of one call apart from those of others.
    """
    number = 0
    while True:
        cases = [f"{HALL}/{name}-{number + i:06d}" for i in range(COHORT)]
        number += COHORT
        for case in cases:
            yield submitted(case)
        for case in cases:
            yield make("CaseAccepted", case=case)
        for case in cases:
            yield make("StepAssigned", case=case, step="review", org=WINDOW)
        for case in cases:
            yield make("DecisionMade", case=case, decision="approved")
        for case in cases:
            yield make("CaseClosed", case=case)


def submitted(case: str) -> Event:
    """A case comes in now."""
    return make(
        "CaseSubmitted",
        case=case,
        item_code=ITEM,
        applicant_ref="person-00001",
        applicant_class="person",
    )


def imposed(case: str, due_at: int) -> list[Event]:
    """A case that comes in now with a date set from outside (epoch ms)."""
    due = datetime.fromtimestamp(due_at / 1000, UTC)
    return [
        submitted(case),
        make("DeadlineImposed", case=case, due_at=due, imposed_by="bench", reason="bench"),
    ]


def record(offset: int, event: Event) -> Record:
    """The record of a fact as a worker reads it."""
    key, value = event.subject_id.encode(), codec.encode(event)
    return Record("case-events", 0, offset, event.recorded_at, key, value, headers_of(event))
