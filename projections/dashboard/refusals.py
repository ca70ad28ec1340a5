"""Why something was not recorded, in the words of whoever filled in the form."""

import re
from collections.abc import Mapping

from duban.contracts import ContractError
from projections.dashboard.record_form import label_of
from projections.dashboard.words import Lang, say

ABSENT = ("is missing", "must not be empty")
_FIELD = re.compile(r"\w+")
_LONGEST = re.compile(r"is longer than (\d+) characters")
_RANGE = re.compile(r"must be a (?:whole )?number from (\S+) to (\S+)")
_PART = re.compile(r"must be no more than (\w+)")
AHEAD = "lies more than 24 hours ahead"


def clauses(error: ContractError, event_type: str, lang: Lang) -> dict[str, str]:
    """What is wrong with each field of a fact, by the name of its place on the form."""
    said: dict[str, str] = {}
    for path, why in error.problems:
        found = _FIELD.match(path)
        name = found[0] if found else path
        name = "case" if name == "subject_id" else name
        said.setdefault(name, _clause(event_type, name, why, lang))
    return said


def together(said: Mapping[str, str], lang: Lang) -> str:
    """All that is wrong, in one sentence."""
    return say("refused.then", lang).join(dict.fromkeys(said.values()))


def _clause(event_type: str, name: str, why: str, lang: Lang) -> str:
    field = label_of(event_type, name, lang)
    if why in ABSENT:
        return say("refused.absent", lang, field=field)
    if longest := _LONGEST.fullmatch(why):
        return say("refused.longer", lang, field=field, n=longest[1])
    if between := _RANGE.fullmatch(why):
        return say("refused.range", lang, field=field, a=between[1], b=between[2])
    if part := _PART.fullmatch(why):
        whole = label_of(event_type, part[1], lang)
        return say("refused.part", lang, field=field, whole=whole)
    if why == AHEAD:
        return say("refused.ahead", lang, field=field)
    return say("refused.otherwise", lang, field=field, why=why)
