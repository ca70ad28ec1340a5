"""The duty to make the ranking of a closed period public, as a case with a clock.

Source: seed 004 (滦南), 月评比 by 工作通报 every month; how long a hall gives itself is policy data
(clock `period_publish`).
"""


def publication_case(hall_id: str, policy_id: str, period: str) -> str:
    """Id of the case that `PublicationDue` begins and `PublicationDone` ends."""
    return f"{hall_id}/publication-{policy_id}-{period}"
