"""What a case amounts to at an instant: clocks, signals that are out, outcomes the law supplies."""

from typing import Any

from tests.model.oracle.clock import Clock
from tests.model.oracle.days import instant_of
from tests.model.oracle.ladder import out_at
from tests.model.oracle.life import ENDINGS, Case, Fact, confirmed, lived, place, standing, told
from tests.model.oracle.published import Published, Table, out
from tests.model.oracle.tracks import Track

# What a newer version of the rules changes of a kind of clock that there was before.
TAKEN = ("budget", "fallback", "unit", "pause_grounds", "extension", "ladder", "source")

Verdict = dict[str, list[dict[str, Any]]]


def judge(facts: list[Fact], published: Published, hall: str, now: int) -> Verdict:
    """Everything there is to say of the case with these facts, at `now` (ms)."""
    stand = stand_of(facts, published, hall)
    said: Verdict = {"clocks": [], "signals": [], "deemed": [], "alerts": [], "breaches": []}
    if not stand:
        return said
    rules = chosen(stand, published, now)
    said["deemed"] += absences(stand, rules)
    for clock in clocks_of(stand, published, hall, rules):
        about = {
            "kind": clock.definition["kind"], "key": clock.key, "anchor": clock.anchor["id"],
        }  # fmt: skip
        said["clocks"].append({**about, **described(clock)})
        for signal in out_at(clock, stand, now):
            names = ("level", "rung", "due", "at")
            signalled = {**about, **{n: signal[n] for n in names}}
            said["signals"].append(signalled)
            cleared = clock.stopped_at is not None
            said["alerts"].append({**signalled, "noted": signal["noted"], "cleared": cleared})
        said["breaches"] += [{**about, "due": due} for due in clock.breached(now)]
        effect = clock.definition.get("effect")
        if effect and clock.silent(now):
            said["deemed"].append({**about, "outcome": effect["outcome"]})
    return said


def stand_of(facts: list[Fact], published: Published, hall: str) -> list[Fact]:
    """The facts that stand, with what the law supplies on a person's confirmation."""
    there = standing(told(facts))

    def unanswered(confirmation: Fact) -> int | None:
        return silent_since(confirmation, there, published, hall)

    return confirmed(there, unanswered)


def silent_since(
    confirmation: Fact, facts: list[Fact], published: Published, hall: str
) -> int | None:
    """The first receipt whose five days had passed unanswered when somebody confirmed an
    acceptance: by the law the case is accepted from that one (行政许可法 art 32)."""
    earlier = [f for f in facts if place(f) < place(confirmation)]
    earlier = [f for f in earlier if f["type"] != "DeemedOutcomeConfirmed"]
    if not earlier:
        return None
    at = confirmation["occurred_at"]
    found = [
        clock.begun
        for clock in clocks_of(earlier, published, hall, chosen(earlier, published, at))
        if clock.definition.get("effect", {}).get("outcome") == "acceptance" and clock.silent(at)
    ]
    return min(found, default=None)


def described(clock: Clock) -> dict[str, Any]:
    """What can be compared of a clock. A fixed date consumes nothing."""
    return {
        "unit": clock.unit,
        "budget": None if clock.unit == "instant" else clock.budget // clock.grain,
        "consumed": None if clock.fixed_due is not None else clock.consumed,
        "due": clock.due,
        "state": clock.state,
        "outcome": clock.outcome(),
        "stopped_at": clock.stopped_at,
        "extensions": clock.extensions,
        "saved": clock.saved() if clock.stopped_at is not None else 0,
        "provisional": clock.days.provisional(clock.due),
    }


class Rules:
    """Versions of item and policy that hold for a case; `changes` take over clocks that run."""

    def __init__(self, case: Case, item: Table | None, policy: Table | None) -> None:
        self.case, self.item, self.policy = case, item, policy
        self.changes: list[Table] = []
        self.window = case.window or (item.get("window_id", "") if item else "")


def chosen(stand: list[Fact], published: Published, now: int) -> Rules:
    """What holds: the policy in force when the case began, and newer ones as far as they want to
    hold for open cases. A case that has ended knows nothing that was published later."""
    case = lived(stand)
    begun = [at for at in (case.accepted_at, case.submitted_at) if at is not None]
    since = begun[0] if begun else stand[0]["occurred_at"]
    item = published.item(case.item_code, since, case.ended_at)
    policy_id = item.get("policy_id", "default") if item else "default"
    rules = Rules(case, item, published.policy(policy_id, since, case.ended_at))
    for later in published.later_policies(policy_id, since, now, case.ended_at):
        if case.ended_at is not None and case.ended_at < instant_of(later["effective_from"]):
            continue
        if later.get("applies_to") == "open_recompute":
            rules.policy, rules.changes = later, []
        elif later.get("applies_to") == "open_from_now" and rules.policy is not None:
            rules.changes.append(later)
    return rules


def absences(stand: list[Fact], rules: Rules) -> list[dict[str, Any]]:
    """Branches that stayed away without a reason (宜府办发〔2009〕66号 art. 3), or disagreed or
    gave no clear answer without one (fsou 169519): after they had signed for the papers and before
    they or the case had said anything."""
    policy = rules.policy or {}
    found: list[dict[str, Any]] = []
    for i, fact in enumerate(stand):
        branch = fact["data"].get("branch_id") or ""
        effect = policy.get(without_reason(fact))
        before = stand[:i]
        signed = any(of_branch(f, branch) for f in before if f["type"] == "BranchReceipted")
        ended = any(f["type"] in ENDINGS for f in before)
        spoke = any(
            of_branch(f, branch) or of_branch(f, "")
            for f in before
            if f["type"] == "BranchOpined" and not policy.get(without_reason(f))
        )
        known = any(other["key"] in (branch, "") for other in found)
        if effect and signed and not (ended or spoke or known):
            found.append({"kind": "", "key": branch, "outcome": effect["outcome"]})
    return found


def without_reason(fact: Fact) -> str:
    """The rule of a policy that a fact falls under if it gives no reason."""
    if fact["data"].get("reason"):
        return ""
    if fact["type"] == "BranchAbsent":
        return "absence"
    unclear = fact["data"].get("opinion") in ("disagree", "unknown")
    return "unreasoned" if fact["type"] == "BranchOpined" and unclear else ""


def of_branch(fact: Fact, branch: str) -> bool:
    """Whether a fact is of a branch."""
    return (fact["data"].get("branch_id") or "") == branch


def clocks_of(stand: list[Fact], published: Published, hall: str, rules: Rules) -> list[Clock]:
    """Clocks of every kind."""
    if rules.policy is None:
        return []

    stops: dict[Any, int | None] = {}

    def days_of(definition: Table, anchor: Fact, key: str) -> Any:
        national = definition.get("days") == "national"
        stopped = stops.get((definition["kind"], anchor["id"], key))
        return published.days(hall, rules.window, stopped, national)

    told = {fact["type"] for fact in stand}
    kinds = {
        c["kind"]: c
        for p in (rules.policy, *rules.changes)
        for c in p["clocks"]
        if told & set(c["start"])  # no other kind has a clock on this case
    }
    for kind in kinds:  # a stop does not hang on any date; so it can be found before the days are
        for clock in walk(kind, stand, rules, days_of):
            stops[kind, clock.anchor["id"], clock.key] = clock.stopped_at
    return [clock for kind in kinds for clock in walk(kind, stand, rules, days_of)]


def walk(kind: str, stand: list[Fact], rules: Rules, days_of: Any) -> list[Clock]:
    """All facts past one kind of clock, with the changes of the rules in between."""
    assert rules.policy is not None
    track = Track(stand, rules.policy, rules.item, days_of)
    track.define(kind, rules.policy)
    coming = list(rules.changes)
    for fact in stand:
        while coming and instant_of(coming[0]["effective_from"]) <= fact["occurred_at"]:
            change(track, kind, coming.pop(0))
        track.take(fact)
    for later in coming:
        change(track, kind, later)
    return track.clocks


def change(track: Track, kind: str, policy: Table) -> None:
    """New rules take effect: clocks that run or may be reopened go on under their terms. A kind
    that vanishes stays as it was; of one that stays, what starts and stops it stays as well."""
    old = track.definition
    track.define(kind, policy)
    if old is None or track.definition is None:
        track.definition = track.definition or old
        return
    taken = {name: track.definition[name] for name in TAKEN if name in track.definition}
    track.definition = {**{n: v for n, v in old.items() if n not in TAKEN}, **taken}
    at = instant_of(policy["effective_from"])
    for clock in track.clocks:
        budget, unit = track.term(clock.terms, track.definition, clock.key)
        last = [c for c in track.clocks if c.key == clock.key][-1]
        if budget and unit == clock.unit and clock.fixed_due is None and clock is last:
            cause = {"recorded_at": max(at, out(policy))}
            clock.change_terms(track.definition, track.rungs, budget, at, cause)
