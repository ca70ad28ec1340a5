"""Why a point was posted, in words: the rule it is by, and what happened."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from duban.contracts import topic_of
from duban.score_policy import ScoreRule
from projections.dashboard.evaluation import period_name
from projections.dashboard.ledger_queries import Cause
from projections.dashboard.words import Lang, keys, name_of, say

# Fields of hall facts that are codes, and the section that has their words.
CODED: Mapping[str, str] = {
    "severity": "severity",
    "category": "category",
    "colour": "colour",
    "party": "role",
    "source": "voice",
    "manner": "manner",
    "scope": "scope",
}
# Facts of cases say nothing that their page does not say better; these not even their name, which
# the rule says already.
SAID = ("RatingGiven", "ClockBreached")
KINDS: Mapping[str, str] = {
    "AttendanceExcepted": "absence",
    "PraiseReceived": "praise",
    "HonourGranted": "honour",
    "ActivityHeld": "activity",
}


def about(rule: ScoreRule | None, rule_id: str, lang: Lang) -> str:
    """What a rule gives points for: 超期办结, 评价非常满意, 出勤异常."""
    on = rule.on if rule else ""
    if on.startswith("outcome:"):
        return name_of("outcome", on.removeprefix("outcome:"), lang)
    if on.startswith("rating:"):
        level = name_of("rating", on.removeprefix("rating:"), lang)
        return say("case.rating", lang, level=level)
    if on.startswith("breach:"):
        return say("cause.breach", lang, clock=name_of("clock", on.removeprefix("breach:"), lang))
    if on.startswith("sign:"):
        return name_of("sign", on.removeprefix("sign:"), lang)
    if on.startswith("rank:"):
        return say("cause.rank", lang, side=name_of("side", on.rpartition(":")[2], lang))
    if on and f"happened.{on}" in keys():
        return name_of("happened", on, lang)
    return say("cause.rule", lang, id=rule_id)


def details(cause: Cause, lang: Lang) -> str:
    """What is particular about the fact: 缺勤, 两个半天, its reason; of a case, its matter."""
    return " · ".join(filter(None, _details(cause, lang)))


def _details(cause: Cause, lang: Lang) -> Iterator[str]:
    data = cause.data
    yield cause.item
    if cause.type and topic_of(cause.type) != "hall-events":
        yield name_of("happened", cause.type, lang) if cause.type not in SAID else ""
        return
    if (section := KINDS.get(cause.type)) and data.get("kind"):
        yield name_of(section, str(data["kind"]), lang)
    for name, words in CODED.items():
        if data.get(name):
            yield name_of(words, str(data[name]), lang)
    for name, said in _AMOUNTS.items():
        if data.get(name):
            yield said(data[name], lang)
    yield str(data.get("reason", ""))
    if data.get("approver"):
        yield say("cause.approver", lang, who=data["approver"])
    yield cause.note


def _half_days(value: Any, lang: Lang) -> str:
    return say("cause.half_days", lang, n=f"{float(value):g}")


def _level(value: Any, lang: Lang) -> str:
    return name_of("rating", str(value), lang)


def _period(value: Any, lang: Lang) -> str:
    return period_name(str(value), lang)


_AMOUNTS: Mapping[str, Callable[[Any, Lang], str]] = {
    "half_days": _half_days,
    "level": lambda value, lang: _level(value, lang) if str(value).isdecimal() else "",
    "period": _period,
}
