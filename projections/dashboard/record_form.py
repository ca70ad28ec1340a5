"""The form by which a person records a fact of a hall, as HTML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from duban.periods import MONTHS, before, period_of
from duban.score_policy import PERSONS
from projections.dashboard.evaluation import period_name, subject_name
from projections.dashboard.forms import FORMS, GROUPS, Field, fields_of, has_subject, needs_subject
from projections.dashboard.names import Names
from projections.dashboard.render import render
from projections.dashboard.rows import case_href
from projections.dashboard.words import Lang, keys, name_of, say

Options = list[tuple[str, str]]  # value, words
Given = Mapping[str, str]  # what the address of a form already says, by field
REVIEW = "NegativeReviewOpened"  # opened on the page of the case that was rated badly
NUMBERED = {"finding_id": "finding"}  # fields that a form numbers by itself


@dataclass(frozen=True, slots=True)
class Asked:
    """A field as the form shows it."""

    field: Field
    label: str
    value: str
    options: Options


class Begun(NamedTuple):
    """When and where a form was opened, what makes the numbers that it proposes its own, and which
    cases are waiting for such a fact."""

    now: int
    zone: str
    token: str
    waiting: tuple[tuple[str, str], ...] = ()  # number, words

    def number(self, kind: str) -> str:
        """complaint-20261127-3f9a."""
        at = datetime.fromtimestamp(self.now / 1000, ZoneInfo(self.zone))
        return f"{kind}-{at:%Y%m%d}-{self.token}"

    def periods(self, lang: Lang) -> Options:
        """This month, the one before, and so on up to years."""
        these = [period_of(self.now, self.zone, length) for length in MONTHS]
        return [(p, period_name(p, lang)) for this in these for p in (this, before(this))]


def record_href(hall: str, event_type: str, **given: str) -> str:
    """Address of the form of a type, with what is known already."""
    known = {name: value for name, value in given.items() if value}
    return "/record?" + urlencode({"hall": hall, "type": event_type} | known)


def choices(hall: str, lang: Lang) -> list[tuple[str, list[tuple[str, str]]]]:
    """The forms to choose from: (words of the group, [(words of the fact, address)])."""
    return [
        (
            say(f"record_group.{group}", lang),
            [
                (name_of("happened", type_, lang), record_href(hall, type_))
                for type_, form in FORMS.items()
                if form.group == group
            ],
        )
        for group in GROUPS
    ]


def label_of(event_type: str, field: str, lang: Lang) -> str:
    """What the form calls a field; one that is on no form goes by its own name."""
    own = f"field.{event_type}_{field}"
    return say(own if own in keys() else f"field.{field}", lang) if _is_named(field, own) else field


def _is_named(field: str, own: str) -> bool:
    return own in keys() or f"field.{field}" in keys()


def form(hall: str, event_type: str, names: Names, lang: Lang, given: Given, begun: Begun) -> str:
    """The form of a type, with what is known already."""
    described = FORMS[event_type]
    hidden = {f.name: given.get(f.name, "") for f in fields_of(event_type) if f.kind == "given"} | {
        "causation_id": given.get("causation_id", "")
    }
    is_open = described.group != "" and has_subject(event_type)
    return render(
        "record_form.html",
        lang,
        hall=hall,
        type=event_type,
        hidden={name: value for name, value in hidden.items() if value},
        case=described.case,
        case_no=_case_no(described.case, given, begun),
        waiting=begun.waiting,
        is_open=is_open,
        about=(given.get("subject", ""), given.get("subject_kind", "")),
        groups=_subjects(hall, event_type, names, lang, given) if is_open else [],
        fields=[_asked(hall, event_type, f, names, lang, given, begun) for f in _typed(event_type)],
        roles=[(role, name_of("role", role, lang)) for role in described.roles],
        is_proved=described.is_proved,
        label=lambda field: label_of(event_type, field, lang),
        hints=_hints(lang),
        failed=say("record.failed", lang, why="%"),
        back=back_href(hall, event_type, given),
        again=record_href(hall, event_type) if described.group else "",
        case_page=f"/cases/{hall}/" if described.case else "",
    )


def _hints(lang: Lang) -> dict[str, str]:
    """What is said beside the label of a field, by its name."""
    named = (key.partition(".")[2] for key in keys() if key.startswith("hint."))
    return {name: say(f"hint.{name}", lang) for name in named}


def _typed(event_type: str) -> list[Field]:
    return [field for field in fields_of(event_type) if field.kind != "given"]


def _case_no(kind: str, given: Given, begun: Begun) -> str:
    return given.get("case", "" if kind in ("", "known") else begun.number(kind))


def back_href(hall: str, event_type: str, given: Given) -> str:
    """Where one came from, as far as the fact tells."""
    if event_type.startswith("Ranking"):
        query = {"policy": given.get("policy_id", ""), "period": given.get("period", "")}
        return "/ranking?" + urlencode({"hall": hall} | query)
    described = FORMS.get(event_type)
    if described and described.case == "known" and not described.group:
        return case_href(hall, given.get("case", ""))
    if event_type == REVIEW and given.get("about_case_id"):
        return case_href(hall, given["about_case_id"].partition("/")[2])
    kind = "honours" if event_type.startswith("Honour") else "measures"
    kind = "praise" if event_type == "PraiseReceived" else kind
    kind = "findings" if event_type.startswith("Finding") else kind
    kind = "proposals" if given.get("causation_id") else kind
    return "/measures?" + urlencode({"hall": hall, "kind": kind})


def _asked(
    hall: str, event_type: str, field: Field, names: Names, lang: Lang, given: Given, begun: Begun
) -> Asked:
    value = given.get(field.name, field.default)
    if field.name in NUMBERED and not value:
        value = begun.number(NUMBERED[field.name])
    options: Options = []
    if field.kind == "choice":
        options = [(code, name_of(field.section, code, lang)) for code in field.codes]
    elif field.kind == "period":
        options = begun.periods(lang)
    elif field.kind == "unit":
        options = with_given(list(_windows(hall, names)), value, names.window(hall, value))
    elif field.kind == "staff":
        options = list(_people(hall, names, lang))
    return Asked(field, label_of(event_type, field.name, lang), value, options)


def with_given(options: Options, value: str, words: str) -> Options:
    """The options, and first of them a given one that is not among them."""
    known = not value or any(value == one for one, _ in options)
    return options if known else [(value, words), *options]


Group = tuple[str, str, Options]  # kind of subject, words, options


def _subjects(hall: str, event_type: str, names: Names, lang: Lang, given: Given) -> list[Group]:
    about, subject = FORMS[event_type].about, given.get("subject", "")
    kind = given.get("subject_kind", "")
    found: list[Group] = []
    if "window" in about:
        found.append(("window", say("subject.window", lang), list(_windows(hall, names))))
    if "staff" in about:
        found.append(("staff", say("subject.staff", lang), list(_people(hall, names, lang))))
    if not needs_subject(event_type):
        found.append(("hall", say("subject.hall", lang), [(hall, names.hall(hall))]))
    if subject and not any(subject == one for *_, options in found for one, _ in options):
        words = subject_name(names, hall, subject, kind, lang)
        section = "staff" if kind in PERSONS else kind
        found.insert(0, (kind or "window", name_of("subject", section, lang), [(subject, words)]))
    return found


def _windows(hall: str, names: Names) -> Iterator[tuple[str, str]]:
    for unit, name in names.reference.names.items():
        of, _, window = unit.partition("/")
        if of == hall and window:
            yield window, name


def _people(hall: str, names: Names, lang: Lang) -> Iterator[tuple[str, str]]:
    for staff, post in names.posts.items():
        if post.unit.startswith(f"{hall}/"):
            yield staff, subject_name(names, hall, staff, "staff", lang)
