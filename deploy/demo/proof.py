"""What the demo of a year ends with: does every place of every ranking follow from its points?"""

import time
from typing import NamedTuple

from deploy.demo.figures import HALL
from duban.accounts import proofs_of
from duban.derivation import reference
from duban.warehouse import rows

EVERY, LIMIT = 1.0, 90.0  # seconds: a last revision follows the last points by a moment
CLOSED = """
SELECT DISTINCT JSONExtractString(payload, 'policy_id') AS policy,
  JSONExtractString(payload, 'period') AS period
FROM hall_facts_now WHERE hall_id = {hall:String} AND event_type = 'PeriodClosed'
  AND (policy, period) IN (
    SELECT policy_id, period FROM scores_now WHERE hall_id = {hall:String} AND n > 0)
"""
RANKED = """
SELECT DISTINCT policy_id AS policy, period FROM rankings_now WHERE hall_id = {hall:String}
"""


class Proved(NamedTuple):
    """Rankings that were published, places that were looked at, and those that do not follow."""

    rankings: int
    places_checked: int
    places_differ: int


def proved() -> Proved:
    """Look until every closed period in which anybody has points has its ranking and every place
    follows, or time is up."""
    deadline = time.monotonic() + LIMIT
    while True:
        closed, ranked = _pairs(CLOSED), _pairs(RANKED)
        found = _look(ranked)
        if (closed <= ranked and not found.places_differ) or time.monotonic() > deadline:
            return found
        time.sleep(EVERY)


def _pairs(sql: str) -> set[tuple[str, str]]:
    return {(row["policy"], row["period"]) for row in rows(sql, hall=HALL)}


def _look(ranked: set[tuple[str, str]]) -> Proved:
    proofs = [
        proof
        for policy, period in sorted(ranked)
        for proof in proofs_of(reference(), policy, period, HALL)
    ]
    return Proved(len(ranked), len(proofs), sum(not proof.agrees for proof in proofs))
