"""What is published of halls: a terminal dates and counts by the same calendars as the screens."""

from functools import cache

from rich.text import Text

from duban.bus import BrokerAway
from duban.cli.output import err
from duban.derivation import reference
from duban.policy import Reference
from duban.sentences import Speaker
from duban.settings import settings
from duban.worktime import Calendar, build


@cache
def published() -> Reference | None:
    """The published reference; None where the broker is away, which is said once."""
    try:
        return reference()
    except (BrokerAway, LookupError) as error:
        said = "读不到已发布的日历与规则：在计时钟的已用不详，时间按设置的时区。"
        err.print(Text.assemble(("! ", "yellow"), f"{error} {said}"))
        return None


@cache
def calendar(hall_id: str) -> Calendar:
    """Calendar of a hall, else the national one, else plain weekdays in the settings' zone."""
    known = published()
    return (known.calendar(hall_id) if known else None) or build((), zone=settings().zone)


def hall_of(case_id: str) -> str:
    """The hall of a case."""
    return case_id.partition("/")[0]


def speaker(hall_id: str, now: int) -> Speaker:
    """Who says instants and spans as a hall has them, in the language of the settings."""
    return Speaker(settings().language, now, calendar(hall_id))
