"""Engine against model, case by case; a disagreement is made small and told as given and then."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.model import engine
from tests.model.cases import Case, acknowledged, draw, local
from tests.model.oracle.ladder import signals
from tests.model.oracle.life import Fact
from tests.model.oracle.verdict import Verdict, chosen, clocks_of, judge, stand_of
from tests.model.worlds import World

PARTS = ("clocks", "signals", "deemed", "alerts", "breaches")


def case_of(seed: int, world: World) -> Case:
    """A random case, some of its alerts acknowledged."""
    case = draw(seed, world)
    return acknowledged(case, raised(case), seed) if seed % 3 == 0 else case


def raised(case: Case) -> list[tuple[Any, dict[str, Any]]]:
    """Every signal of the case, with its clock, as the model has it."""
    published = case.world.published[case.late]
    stand = stand_of(list(case.facts), published, case.hall)
    if not stand:
        return []
    found = clocks_of(stand, published, case.hall, chosen(stand, published, case.now))
    return [(clock, signal) for clock in found for signal in signals(clock)]


def model(case: Case) -> Verdict:
    """The model's verdict."""
    return judge(list(case.facts), case.world.published[case.late], case.hall, case.now)


def differences(case: Case, said: Counter[str] | None = None) -> list[str]:
    """Lines that say where engine and model disagree; none where they agree. What the model says
    is counted in `said`."""
    ours, theirs = model(case), engine.judge(case)
    if said is not None:
        said.update(words(ours))
    lines = []
    for part in PARTS:
        mine, other = Counter(lines_of(ours[part])), Counter(lines_of(theirs[part]))
        lines += [f"  model   {part}: {line}" for line in (mine - other).elements()]
        lines += [f"  engine  {part}: {line}" for line in (other - mine).elements()]
    return lines


def words(verdict: Verdict) -> Iterator[str]:
    """States, outcomes, levels and so on that occur in a verdict."""
    for clock in verdict["clocks"]:
        yield from filter(None, (clock["state"], clock["outcome"], clock["unit"]))
        yield from (name for name in ("provisional", "extensions") if clock[name])
    yield from (signal["level"] for signal in verdict["signals"])
    yield from (deemed["outcome"] for deemed in verdict["deemed"])


def lines_of(said: list[dict[str, Any]]) -> list[str]:
    """What is said, one line each, instants readable."""
    return sorted(json.dumps({k: shown(k, v) for k, v in one.items()}, ensure_ascii=False)
                  for one in said)  # fmt: skip


def shown(name: str, value: Any) -> Any:
    """A value for people: an instant as local time."""
    instant = name in ("due", "at", "stopped_at") or name.endswith(("_at", "_by"))
    return local(value) if instant and isinstance(value, int) else value


# --- making a disagreement small -----------------------------------------------------------------


def smallest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The smallest case that still fails, found by leaving out one thing after another."""
    found = True
    while found:
        found = False
        for smaller in shrunk(case):
            if safely(fails, smaller):
                case, found = smaller, True
                break
    return case


def safely(fails: Callable[[Case], bool], case: Case) -> bool:
    """Whether it fails; a case that cannot be judged at all is another matter."""
    try:
        return fails(case)
    except Exception:
        return False


def shrunk(case: Case) -> Iterator[Case]:
    """Cases a little smaller than this one."""
    facts = case.facts
    for size in (len(facts) // 2, 3, 1):
        if size:
            for i in range(0, len(facts), size):
                yield replace(case, facts=facts[:i] + facts[i + size :])
    for i, fact in enumerate(facts):
        for simpler in simplified(fact):
            yield replace(case, facts=(*facts[:i], simpler, *facts[i + 1 :]))
    if case.late:
        yield replace(case, late=False)


def simplified(fact: Fact) -> Iterator[Fact]:
    """A fact a little simpler than this one."""
    if fact["recorded_at"] != fact["occurred_at"]:
        yield {**fact, "recorded_at": fact["occurred_at"]}
    if fact["window"]:
        yield {**fact, "window": ""}
    for name in fact["data"]:
        if name not in ("voids_event_id", "alert_id"):
            yield {**fact, "data": {k: v for k, v in fact["data"].items() if k != name}}


def tale(case: Case) -> str:
    """A case as given and then, its ids shortened."""
    names = {f["id"]: f"#{i}" for i, f in enumerate(case.facts, start=1)}
    lines = [
        f"given case {case.case_id} in world {case.world.seed}, policy {case.policy_id}, late"
        f" notices {'out' if case.late else 'not out'}, now {local(case.now)} (Beijing time)"
    ]
    for fact in case.facts:
        data = {k: shown(k, v) for k, v in fact["data"].items()}
        late = fact["recorded_at"] != fact["occurred_at"]
        parts = [
            f"  {names[fact['id']]} {local(fact['occurred_at'])} {fact['type']}",
            json.dumps(data, ensure_ascii=False) if data else "",
            f"recorded {local(fact['recorded_at'])}" if late else "",
            f"at {fact['window']}" if fact["window"] else "",
            f"corrects {names.get(fact['corrects'], fact['corrects'])}" if fact["corrects"] else "",
            f"as {fact['role']}" if fact["role"] != "handler" else "",
        ]
        lines.append(" ".join(filter(None, parts)))
    text = "\n".join([*lines, "then", *differences(case)])
    for name, short in names.items():
        text = text.replace(name, short)
    return text
