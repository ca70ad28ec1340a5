"""What citizens said and how they waited, and a catalogue, as the sink would have them."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

MINUTE, DAY = 60_000, 86_400_000
Row = dict[str, Any]


def invented_voices(cases: Sequence[Mapping[str, Any]], now: int, seed: int = 5) -> list[Row]:
    """Facts of the cases: filing, tickets, invitations, ratings, call-backs; and feedback cards.
    Now and then one is voided, or corrected."""
    dice = random.Random(seed)
    made = [fact for case in cases for fact in _of_case(dice, case, now)]
    cards = [
        _fact(dice, case["hall_id"], "", "FeedbackCardReceived", now - dice.randrange(40) * DAY,
              level=dice.randrange(1, 6), case_id=case["case_id"])
        for case in cases[::3]
    ]  # fmt: skip
    told = [*made, *cards]
    reviews = [f for given in made if given["event_type"] == "RatingGiven" for f in _review(given)]
    return [*told, *_second_thoughts(dice, told), *reviews]


def _of_case(dice: random.Random, case: Mapping[str, Any], now: int) -> Iterator[Row]:
    hall, name, filed = case["hall_id"], case["case_id"], case["submitted_at"]

    def fact(kind: str, at: int, **payload: Any) -> Row:
        return _fact(dice, hall, name, kind, at, **payload)

    if dice.random() < 0.2:
        yield fact("ResultPublished", filed + DAY)
    first = dice.choice((None, True, False))
    yield fact("CaseSubmitted", filed, first_time=first, own_staff=dice.random() < 0.1)
    if dice.random() < 0.6:
        ticket = f"A{dice.randrange(900)}"
        yield fact("QueueTicketIssued", filed - 30 * MINUTE, ticket_no=ticket, queue="q1")
        called = filed - dice.randrange(1, 29) * MINUTE
        missed = dice.random() < 0.2
        if dice.random() < 0.9:
            yield fact("QueueTicketCalled", called, ticket_no=ticket, missed=missed)
    if dice.random() < 0.6:
        for number in range(dice.randrange(3)):
            asked = dice.choice(("", f"i-{name}-{number}" if number else f"i-{name}"))
            yield fact("RatingInvited", filed + number * DAY, invitation_id=asked, how="sms")
        if dice.random() < 0.6:
            crowded = case["window_id"] == "w1"
            at = now - now % MINUTE - DAY if crowded else filed + DAY
            yield _rating(dice, fact, name, at)
    if dice.random() < 0.4:
        said = dice.choice((None, True, True, False))
        yield fact("CallbackDone", filed + 2 * DAY, reached=dice.random() < 0.8, satisfied=said)


def _rating(dice: random.Random, fact: Any, name: str, at: int) -> Row:
    """A rating; some are by people of the hall, some are no citizen's."""
    found: Row = fact(
        "RatingGiven", at, invitation_id=dice.choice(("", f"i-{name}", "another")),
        level=dice.randrange(1, 6), source=dice.choice(("mass", "mass", "mass", "peer")),
    )  # fmt: skip
    return (
        found
        | {"actor_role": dice.choice(("applicant", "applicant", "handler"))}
        | _asides(random.Random(name), json.loads(found["payload"]))
    )


def _asides(dice: random.Random, payload: dict[str, Any]) -> Row:
    """What a rating says besides its level: aspects, the way it came by, now and then a source."""
    asked = dice.sample(("efficiency", "skill", "attitude"), dice.randrange(4))
    dims = {name: dice.randrange(1, 6) for name in asked}
    source = dice.choice(("leader", "self")) if payload["source"] == "peer" else "mass"
    return {
        "channel": dice.choice(("counter", "mobile", "box")),
        "payload": json.dumps(payload | {"dims": dims, "source": source}),
    }


def _review(given: Row) -> Iterator[Row]:
    """Reviews of a rating: opened, now and then found against by a person or a program, once or
    twice, or appealed against."""
    dice = random.Random(given["event_id"])
    on = (given["hall_id"], f"{given['case_id']}-review")
    for day in range(1, dice.randrange(1, 4)):
        at = given["occurred_at"] + day * DAY
        about = {"about_case_id": given["case_id"], "rating_event_id": given["event_id"]}
        yield _fact(dice, *on, "NegativeReviewOpened", at, level=1, **about)
        verdict = dice.choice(("valid", "mistaken", "malicious"))
        found = _fact(dice, *on, "ReviewVerified", at + MINUTE, verdict=verdict)
        yield found | {"actor_role": dice.choice(("efficiency_office", "system"))}
        if dice.random() < 0.3:
            decision = dice.choice(("upheld", "rejected"))
            yield _fact(dice, *on, "ReviewAppealDecided", at + 2 * MINUTE, decision=decision) | {
                "actor_role": "centre_manager"
            }


def _second_thoughts(dice: random.Random, told: Sequence[Row]) -> Iterator[Row]:
    for found in told:
        hall, name, at = found["hall_id"], found["case_id"], found["recorded_at"]
        lot = dice.random()
        if lot < 0.05:
            void = {"voids_event_id": found["event_id"]} if name else {
                "voided_event_id": found["event_id"]
            }  # fmt: skip
            kind = "EventVoided" if name else "HallFactVoided"
            yield _fact(dice, hall, name, kind, at + MINUTE, **void)
        elif lot < 0.1:
            payload = json.loads(found["payload"])
            if "level" in payload:
                payload["level"] = 6 - payload["level"]
            again = _fact(dice, hall, name, found["event_type"], found["occurred_at"], **payload)
            yield again | {
                "corrects_event_id": found["event_id"], "recorded_at": at + MINUTE,
                "actor_role": found["actor_role"],
            }  # fmt: skip


def _fact(
    dice: random.Random, hall: str, case: str, kind: str, at: int, **payload: Any
) -> dict[str, Any]:
    return {
        "hall_id": hall, "case_id": case, "event_id": str(UUID(int=dice.getrandbits(128))),
        "event_type": kind, "actor_role": "system", "occurred_at": at, "recorded_at": at,
        "ingested_at": at, "seq": 0, "corrects_event_id": "", "channel": "counter",
        "payload": json.dumps(payload),
    }  # fmt: skip


def standing(told: Sequence[Row]) -> list[Row]:
    """Facts that no voiding and no correction has taken the place of."""
    payloads = [json.loads(f["payload"]) for f in told]
    gone = {p.get("voids_event_id") or p.get("voided_event_id") for p in payloads}
    gone |= {f["corrects_event_id"] for f in told}
    return [
        f for f in told
        if f["event_id"] not in gone and f["event_type"] not in ("EventVoided", "HallFactVoided")
    ]  # fmt: skip


def invented_items(halls: Sequence[str], now: int, seed: int = 3) -> list[Row]:
    """Versions of items and withdrawals: some to come, some withdrawn, some published again."""
    dice = random.Random(seed)
    rows: list[Row] = []
    for n in range(60):
        hall, since = dice.choice((*halls, "")), now - dice.randrange(100, 900) * DAY
        for version in range(1, dice.randrange(2, 5)):
            rows.append(_version(dice, hall, n, version, since))
            since += dice.randrange(1, 200) * DAY
        if n % 6 == 0:
            gone = now - dice.randrange(-20, 300) * DAY
            rows.append(
                rows[-1] | {
                    "event_type": "ItemWithdrawn", "event_id": str(UUID(int=dice.getrandbits(128))),
                    "effective_from": gone, "promise": None, "statutory": None, "upper": None,
                    "unit": "", "class": "", "domain": "", "name": "", "in_hall": False,
                }
            )  # fmt: skip
    return rows


def _version(dice: random.Random, hall: str, n: int, version: int, since: int) -> Row:
    promise = dice.choice((None, 1, 3, 5, 10))
    return {
        "hall_id": hall, "item_code": f"item-{n}", "item_version": str(version * 5),
        "event_id": str(UUID(int=dice.getrandbits(128))), "event_type": "ItemPublished",
        "effective_from": since, "recorded_at": since, "name": f"事项{n}",
        "class": dice.choice(("approval", "approval", "service")),
        "domain": dice.choice(("planning", "tax")), "promise": promise,
        "statutory": dice.choice((None, 20, 45)), "upper": dice.choice((None, 15, 30)),
        "unit": dice.choice(("working_day", "working_day", "working_minute")),
        "materials": dice.randrange(9), "required": 0, "is_based": dice.random() < 0.9,
        "is_ruled": dice.random() < 0.9, "is_ordered": True, "in_hall": dice.random() < 0.8,
        "decides_in_hall": dice.random() < 0.5,
    }  # fmt: skip
