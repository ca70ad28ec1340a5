"""`python -m producers.simulator`: drive a stack whose business time is ticks.

Prints one JSON line after each tick, so that a program above can show how far it is.
"""

from datetime import date
from typing import Annotated

import typer

from duban.bus import BrokerAway, DeliveryError, Producer
from duban.cli.output import fail, say_json
from producers.simulator import demand
from producers.simulator.city import load
from producers.simulator.drive import drive
from producers.simulator.feed import Plan, events

# A Monday. Fifteen working days from here meet 劳动节 and the make-up Saturday of 9 May.
START = "2026-04-20"


def main(
    days: Annotated[int, typer.Option(min=1, help="Working days to run.")] = 15,
    seed: Annotated[int, typer.Option(help="Same seed, same events.")] = 1,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = START,
    pace: Annotated[float, typer.Option(min=0, help="Real seconds a working day takes.")] = 4.0,
) -> None:
    """Run the hall of seed 000 for so many working days of business time."""
    try:
        first = date.fromisoformat(start)
    except ValueError:
        fail(f"not a date: {start}", "Write it as 2026-04-20.", status=2)
    plan = Plan(load(demand.HALL), seed, first, days)
    try:
        with Producer() as producer:
            for reached in drive(events(plan), producer, pace):
                say_json(reached._asdict())
    except (BrokerAway, DeliveryError) as error:
        fail(str(error), "duban demo brings a stack of its own; duban doctor says what is wrong.")


if __name__ == "__main__":
    typer.run(main)
