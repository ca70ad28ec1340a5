"""`python -m producers.simulator`: drive a stack whose business time is ticks.

Prints one JSON line after each tick, so that a program above can show how far it is.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import typer

from duban.bus import BrokerAway, DeliveryError, Producer, read_reference
from duban.cli.output import fail, say_json
from duban.events import Event
from producers.simulator import demand, year
from producers.simulator.city import load, of
from producers.simulator.drive import TICKS_IN_A_DAY, drive
from producers.simulator.feed import Plan, Tick, events

# A Monday. Fifteen working days from here meet 劳动节 and the make-up Saturday of 9 May.
START = "2026-04-20"
DAY_SECONDS, YEARS_DAY_SECONDS = 4.0, 0.1


def main(
    days: Annotated[int, typer.Option(min=1, help="Working days to run.")] = 15,
    seed: Annotated[int, typer.Option(help="Same seed, same events.")] = 7,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = START,
    pace: Annotated[
        float | None,
        typer.Option(min=0, help="Real seconds a day takes: 4 for days, 0.1 for a year."),
    ] = None,
    whole: Annotated[
        int, typer.Option("--year", min=0, help="A whole year with its evaluation, as 2025.")
    ] = 0,
    scale: Annotated[
        float, typer.Option(min=0.00001, max=1, help="Of a year's 774,000 cases.")
    ] = 0.001,
) -> None:
    """Run the hall of seed 000 for so many working days of business time, or for a year."""
    try:
        first = date(whole, 1, 1) if whole else date.fromisoformat(start)
    except ValueError:
        fail(f"not a date: {whole or start}", "Write it as 2026-04-20.", status=2)
    seconds = pace if pace is not None else YEARS_DAY_SECONDS if whole else DAY_SECONDS
    ticks = len(year.TICKS) if whole else TICKS_IN_A_DAY
    try:
        feed = _year(first, seed, scale) if whole else _days(first, seed, days)
        with Producer() as producer:
            for reached in drive(feed, producer, seconds, ticks_a_day=ticks):
                say_json(reached._asdict())
    except (BrokerAway, DeliveryError) as error:
        fail(str(error), "duban demo brings a stack of its own; duban doctor says what is wrong.")


def _days(first: date, seed: int, days: int) -> Iterator[Event | Tick]:
    return events(Plan(load(demand.HALL), seed, first, days))


def _year(first: date, seed: int, scale: float) -> Iterator[Event | Tick]:
    """The hall as it was published: each score policy that is out there has its periods closed."""
    city = of(demand.HALL, read_reference())
    return year.events(year.Year(Plan(city, seed, first, 0), scale))


if __name__ == "__main__":
    typer.run(main)
