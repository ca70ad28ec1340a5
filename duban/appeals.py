"""Appeals against places in rankings (名次申诉), and what became of them.

Only people decide: what a program decides leaves an appeal open. Of several decisions about a
subject's place in a period the last stands, by when it happened, when it was recorded, its id.
Which appeals it answers, pages and reports ask of `_ranking_appeals.sql`: all made by then.
"""

from collections.abc import Iterable

from duban.case import Fact
from duban.events import Event


def upheld(decisions: Iterable[Fact]) -> list[Fact]:
    """Of decisions about places in one ranking those that uphold an appeal, but for subjects of
    whom the last decision upholds none."""
    told = sorted((f for f in decisions if not f.actor.is_program), key=order)
    last = {fact.data["subject"]: fact for fact in told}
    return [f for f in told if f.data["upheld"] and last[f.data["subject"]].data["upheld"]]


def order(fact: Event | Fact) -> tuple[int, int, str]:
    """The order in which decisions are heard."""
    return fact.occurred_at, fact.recorded_at, fact.event_id
