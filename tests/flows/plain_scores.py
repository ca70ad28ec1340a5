"""Scores and rankings counted once more, plainly: from the facts on the topics and the TOML files,
without the product's points, sums, places and state. Only which outcome a case has is taken from
the rules of time, which `tests.model` holds to the law."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from duban import bus, codec
from duban.assess import Assessment, assess
from duban.clocks import Clock
from duban.launch import SCHEMAS
from tests.faults.cases import facts_told
from tests.faults.told import Published
from tests.given import at

PRESETS = ("dujiangyan", "hunan", "luannan", "stars", "supervision")  # those that are in force
FILES = [
    SCHEMAS / "reference/scores.toml",
    *(SCHEMAS / f"reference/presets/{name}.toml" for name in PRESETS),
]
# What a person did for which the window answers.
OF_THE_WINDOW_TOO = {
    "AttendanceExcepted", "FindingRaised", "PraiseReceived", "FeedbackCardReceived",
}  # fmt: skip
Key = tuple[str, str, str, str]  # hall, policy, subject, period


class Caused(NamedTuple):
    """Something that earns: what, of whom, when, with which fields, and when it was recorded."""

    on: str
    hall: str
    subjects: dict[str, str]
    at: int
    recorded_at: int
    data: dict[str, Any]
    policy: str = ""
    period: str = ""

    @property
    def counts_at(self) -> int:
        """An instant of the period that it names; when it was, where it names none."""
        return within(self.period) if self.period else self.at


def policies(files: list[Path] = FILES) -> dict[str, dict[str, Any]]:
    """The newest version of each policy; what is told here happens while it is in force."""
    found: dict[str, dict[str, Any]] = {}
    for path in files:
        for score in tomllib.loads(path.read_text(encoding="utf-8"))["score"]:
            found[score.get("policy_id", "window-month")] = score
    return found


def chief(window: str, instant: int, posts: list[dict[str, Any]]) -> str:
    """The chief representative of a window of a hall then: of several the one posted last."""
    held = [
        p for p in posts
        if p["unit_id"] == window and p["role"] == "chief_rep" and p["valid_from"] <= instant
        and (p["valid_to"] is None or instant < p["valid_to"])
    ]  # fmt: skip
    return max(held, key=lambda p: p["valid_from"])["staff_id"] if held else ""


def at_window(hall: str, staff: str, instant: int, posts: list[dict[str, Any]]) -> str:
    """The window at which a person had a post then; "" where at none."""
    held = [
        p for p in posts
        if p["staff_id"] == staff and p["unit_id"].partition("/")[0] == hall
        and p["role"] not in ("linked_leader", "duty_lead")
        and p["valid_from"] <= instant and (p["valid_to"] is None or instant < p["valid_to"])
    ]  # fmt: skip
    last = max(held, key=lambda p: p["valid_from"], default=None)
    return last["unit_id"].partition("/")[2] if last else ""


def posts() -> list[dict[str, Any]]:
    """Every post on topic `reference`."""
    told = (codec.decode_record(r.value) for r in bus.read_all("reference") if r.value)
    return [event for event in told if event["type"] == "StaffPosted"]


def period(instant: int, length: str) -> str:
    """The period of an instant in Beijing, by hand."""
    for year in range(2026, 2028):
        for month in range(1, 13):
            following = (year, month + 1) if month < 12 else (year + 1, 1)
            if instant < at(f"{following[0]}-{following[1]:02d}-01 00:00"):
                return {
                    "month": f"{year}-{month:02d}",
                    "quarter": f"{year}-Q{(month + 2) // 3}",
                    "half": f"{year}-H{(month + 5) // 6}",
                    "year": f"{year}",
                }[length]
    raise AssertionError(instant)


def set_aside(cases: Iterable[Assessment]) -> set[str]:
    """Ratings that a review found mistaken or malicious, or against which an appeal was upheld.
    Tests here open one review a case, in the hall of the rating."""
    found = set()
    for seen in cases:
        said = {fact.type: fact.data for fact in seen.standing}
        verdict = said.get("ReviewVerified", {}).get("verdict")
        appeal = said.get("ReviewAppealDecided", {}).get("decision")
        if verdict in ("mistaken", "malicious") or appeal == "upheld":
            found.add(said["NegativeReviewOpened"]["rating_event_id"])
    return found


def missed_by(clock: Clock, now: int) -> list[int]:
    """The due instants that passed while a clock ran."""
    end = clock.stopped_by.occurred_at if clock.stopped_by else now
    return [r.due_at for r in clock.regimes if r.due_at < min(r.end or end, end)]


def within(of: str) -> int:
    """Some instant of a period."""
    year, _, part = of.partition("-")
    first = {"H1": 1, "H2": 7, "Q1": 1, "Q2": 4, "Q3": 7, "Q4": 10}.get(part) or int(part or 1)
    return at(f"{year}-{first:02d}-15 12:00")


def case_causes(now: int) -> Iterator[Caused]:
    """Outcomes and ratings of all cases on the topic."""
    reference, posted = Published().current, posts()
    cases = {
        case: assess(case, case.partition("/")[0], facts, reference, now)
        for case, facts in facts_told().items()
    }
    aside = set_aside(cases.values())
    for case, seen in cases.items():
        hall, window = case.partition("/")[0], seen.view.window_id
        for on, instant, recorded, data in happened(seen, now, aside):
            who = {"hall": hall}
            if window:
                who |= {"window": window, "staff": seen.view.staff_id,
                        "chief_rep": chief(f"{hall}/{window}", instant, posted)}  # fmt: skip
            yield Caused(on, hall, who, instant, recorded, data)


def happened(
    seen: Assessment, now: int, aside: set[str]
) -> Iterator[tuple[str, int, int, dict[str, str]]]:
    """How a case came out, which terms ran out, what was told twice, and how it was rated: what,
    when, when it was recorded, by whom."""
    runs = [c for c in seen.clocks if seen.governing and c.kind == seen.governing.kind]
    if runs and not seen.view.begun:
        runs.sort(key=lambda c: c.anchor.occurred_at)
        missed = [(due, clock) for clock in runs for due in missed_by(clock, now)]
        if missed:  # a new clock after reopening makes good none
            due, clock = missed[0]
            yield "outcome:late", due, max(due, clock.anchor.recorded_at), {}
        elif fact := runs[-1].stopped_by:
            yield "outcome:on_time", fact.occurred_at, fact.recorded_at, {}
    for clock in (c for c in seen.clocks if c.definition.side == "organ"):
        for due in missed_by(clock, now)[:1]:
            yield f"breach:{clock.kind}", due, max(due, clock.anchor.recorded_at), {}
    notices = [f for f in seen.standing if f.type == "OneTimeNoticeIssued"]
    for number, fact in enumerate(notices[1:], 1):
        first = min(f.recorded_at for f in notices[:number])
        yield "sign:repeat_notice", fact.occurred_at, max(fact.recorded_at, first), {}
    for fact in seen.standing:
        if fact.type == "RatingGiven" and fact.event_id not in aside:
            by = {"source": fact.data.get("source", "mass")}
            yield f"rating:{fact.data['level']}", fact.occurred_at, fact.recorded_at, by


def hall_facts() -> list[dict[str, Any]]:
    """The facts of halls that stand: of a fact and its corrections the last recorded, unless it is
    voided. Tests here void and correct no voiding."""
    told = {(e := codec.decode_record(r.value))["event_id"]: e for r in bus.read_all("hall-events")}
    void = {e["voided_event_id"] for e in told.values() if e["type"] == "HallFactVoided"}
    words: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, event in told.items():
        first = name
        while told[first]["corrects_event_id"]:
            first = told[first]["corrects_event_id"]
        if name not in void and event["type"] != "HallFactVoided":
            words[first].append(event)
    revoked = {e["measure_event_id"] for e in told.values() if e["type"] == "MeasureRevoked"}
    return [
        max(said, key=lambda e: (e["recorded_at"], e["event_id"]))
        for first, said in words.items()
        if first not in revoked
    ]


def causes(now: int) -> list[Caused]:
    """Everything that earns: of cases, of halls, and the places of periods that are closed."""
    facts = hall_facts()
    found, posted = list(case_causes(now)), posts()
    for event in facts:
        hall, subject = event["hall_id"], event["subject"]
        who = {event["subject_kind"]: subject} if subject else {}
        if event["subject_kind"] in ("staff", "chief_rep") and event["type"] in OF_THE_WINDOW_TOO:
            who["window"] = at_window(hall, subject, event["occurred_at"], posted)
        named = (event.get("policy_id") or "", event.get("period") or "")
        if event["type"] == "SurveyClosed" and event["n"]:
            event = {**event, "share": event["satisfied"] / event["n"]}
        if event["type"] != "ScoreAdjusted":
            named = ("", "")
        if event["type"] != "ScoreAdjusted" or not who:
            who["hall"] = hall
        found.append(Caused(event["type"], hall, who, event["occurred_at"],
                            event["recorded_at"], event, *named))  # fmt: skip
    closed = {(e["hall_id"], e["policy_id"], e["period"]) for e in facts
              if e["type"] == "PeriodClosed"}  # fmt: skip
    return found + [c for group in sorted(closed) for c in place_causes(*group, found)]


def place_causes(hall: str, policy_id: str, of: str, found: list[Caused]) -> Iterator[Caused]:
    """The boards of a closed period: what policies of longer periods count."""
    policy = policies()[policy_id]
    ranked = ranking(policy_id, hall, of, found)
    scores = [score for place, _, score in ranked if place]
    for place, subject, score in ranked:
        boards = ["all"]
        if place and place <= policy.get("top", 3):
            boards.append("top")
        elif place and sum(other < score for other in scores) < policy.get("bottom", 3):
            boards.append("bottom")
        if place and place <= policy.get("flags", 1):
            boards.append("flag")
        who = {policy.get("subject", "window"): subject}
        for side in boards:
            yield Caused(f"rank:{policy_id}:{side}", hall, who, within(of), 0, {"score": score})


def points(found: list[Caused]) -> dict[Key, list[tuple[Fraction, str, str]]]:
    """Points with axis and cause by key."""
    by_key: dict[Key, list[tuple[Fraction, str, str]]] = defaultdict(list)
    counted_once: set[tuple[Key, int]] = set()  # a cause that fulfils two rules is one cause
    for name, policy in policies().items():
        length = policy.get("period", "month")
        for number, cause in enumerate(found):
            subject = cause.subjects.get(policy.get("subject", "window"))
            for rule in policy["rules"]:
                wanted = {"source": "mass"} if rule["on"].startswith("rating:") else {}
                wanted |= rule.get("where", {})
                fits = all(str(cause.data.get(k)) == v for k, v in wanted.items())
                if rule["on"] == cause.on and subject and fits and cause.policy in ("", name):
                    factor = Fraction(str(cause.data[rule["per"]])) if rule.get("per") else 1
                    key = (cause.hall, name, subject, period(cause.counts_at, length))
                    worth = Fraction(str(rule["points"])) * factor
                    on = cause.on if cause.data.get("source", "mass") == "mass" else "colleagues"
                    known = (key, number) in counted_once
                    counted_once.add((key, number))
                    by_key[key].append((worth, rule.get("axis", ""), "again" if known else on))
    return by_key


def score(policy: dict[str, Any], earned: list[tuple[Fraction, str, str]]) -> float:
    """Base, free points and axes, within the limits."""
    total = Fraction(str(policy["base"])) + sum(parts(policy, earned).values())
    low, high = Fraction(str(policy.get("minimum", 0))), Fraction(str(policy["maximum"]))
    return round(float(max(low, min(high, total))), 4)


def axes(policy: dict[str, Any], earned: list[tuple[Fraction, str, str]]) -> dict[str, float]:
    """What each axis gives of which anything stands."""
    return {name: float(given) for name, given in parts(policy, earned).items() if name}


def parts(policy: dict[str, Any], earned: list[tuple[Fraction, str, str]]) -> dict[str, Fraction]:
    """What each axis gives, and under "" what is of none."""
    found = {}
    axes = {a["axis"]: a for a in policy.get("axes", ())}
    means = {
        name: Fraction(str(a.get("weight", 1)))
        for name, a in axes.items()
        if a.get("how") == "mean"
    }
    top = {
        name: max(
            [Fraction(str(rule["points"])) * (1 if rule.get("per", "") in ("", "share") else 5)
             for rule in policy["rules"] if rule.get("axis") == name] or [Fraction(5)]
        )
        for name in means
    }  # fmt: skip
    best = {
        n: Fraction(str(axes[n].get("at_most") or top[n] * w))
        for n, w in means.items()
        if w > 0 and top[n] > 0
    }
    judged = sum(best[axis] for axis in {axis for _, axis, _ in earned} if axis in best)
    if policy["base"]:  # upon a base, what nobody judged gives nothing
        judged = sum(best.values())
    for name in {axis for _, axis, _ in earned}:
        own = [worth for worth, axis, _ in earned if axis == name]
        given = sum(own, Fraction(0))
        if name in means:
            given = means[name] * given / len(own)
        if name and (most := Fraction(str(axes[name].get("at_most", 0)))):
            given = max(-most, min(most, given))
        if name in best and given > 0:  # what nobody judged weighs nothing: gains fill the whole
            given *= sum(best.values()) / judged
        found[name] = given
    return found


def counted(earned: list[tuple[Fraction, str, str]]) -> tuple[float, int, int, int, int, int]:
    """Points, n, on time, late, ratings, satisfied."""
    ons = [on for _, _, on in earned]
    return (
        float(sum((worth for worth, _, _ in earned), Fraction(0))),
        len(ons),
        ons.count("outcome:on_time"),
        ons.count("outcome:late"),
        sum(on.startswith("rating:") for on in ons),
        ons.count("rating:4") + ons.count("rating:5"),
    )


def ranking(policy_id: str, hall: str, month: str, found: list[Caused]) -> list[tuple[Any, ...]]:
    """Place, subject and score of everybody, best first; place 0 where too few points stand."""
    policy = policies()[policy_id]
    scores = {
        key[2]: (score(policy, earned), len(earned))
        for key, earned in points(found).items()
        if (key[0], key[1], key[3]) == (hall, policy_id, month)
    }
    placed = {w: s for w, (s, n) in scores.items() if n >= policy.get("minimum_n", 1)}
    rows = [(1 + sum(o > s for o in placed.values()), w, s) for w, s in placed.items()]
    return sorted(rows) + sorted((0, w, s) for w, (s, _) in scores.items() if w not in placed)
