"""Projects as the sink would have them: their clocks, their branches, what the branches said."""

import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

HOUR = 3_600_000
Rows = list[dict[str, Any]]


def invented_groups(halls: Sequence[str], now: int, seed: int = 11) -> tuple[Rows, Rows, Rows]:
    """(clocks, opinions, cases) of projects with branches and staged permits."""
    dice = random.Random(seed)
    clocks: Rows = []
    facts: Rows = []
    groups: Rows = []
    for n in range(30):
        hall, opened = dice.choice(halls), now - dice.randrange(30, 90) * 24 * HOUR
        closed = opened + dice.randrange(1, 29) * 24 * HOUR if n % 3 else None
        whose = {"hall_id": hall, "case_id": f"{hall}/project-{n}"}
        granted = closed is None or n % 2
        groups.append(
            {
                **whose,
                "case_class": "project",
                "project_id": f"P{n}",
                "submitted_at": opened,
                "status": "closed" if closed else "accepted",
                "closed_at": closed,
                "signal": "none",
                "decision": "approved" if closed and granted else "",
                "outcome": "on_time" if closed else "",
            }
        )
        days = {"started_at": opened, "stopped_at": closed, "unit": "working_day"}
        days |= {"state": "stopped" if closed else "running", "due_at": now + HOUR}
        clocks += [
            {**whose, **days, "clock_id": f"p{n}", "kind": "project", "units_used": 30 + n},
            {
                **whose,
                **days,
                "clock_id": f"s{n}",
                "kind": "staged",
                "clock_key": "piles",
                "units_used": 2 * n,
            },
        ]
        found, said = _branches(dice, whose, opened, now)
        clocks += found
        facts += said
    return clocks, facts, groups


def _branches(
    dice: random.Random, whose: Mapping[str, Any], opened: int, now: int
) -> tuple[Rows, Rows]:
    clocks: Rows = []
    facts: Rows = []
    for branch in ("land", "fire", "water"):
        stopped = opened + dice.randrange(1, 20) * 24 * HOUR if dice.random() < 0.8 else None
        due, spoke = opened + 10 * 24 * HOUR, stopped and dice.random() < 0.8
        late = bool(stopped and stopped > due)
        clocks.append(
            {
                **whose,
                "clock_id": f"{whose['case_id']}/{branch}",
                "kind": "branch",
                "clock_key": branch,
                "started_at": opened,
                "due_at": due,
                "stopped_at": stopped,
                "state": "stopped" if stopped else dice.choice(("running", "paused")),
                "outcome": ("late" if late else "early") if stopped else "",
            }
        )
        if spoke:
            facts.append(
                {
                    **whose,
                    "event_id": str(UUID(int=dice.getrandbits(128))),
                    "event_type": "BranchOpined",
                    "occurred_at": stopped,
                    "recorded_at": stopped,
                    "payload": f'{{"branch_id":"{branch}","opinion":"agree"}}',
                    "ingested_at": now,
                }
            )

    return clocks, facts
