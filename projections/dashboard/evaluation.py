"""What the pages of evaluation share: addresses, tabs, names of subjects and periods."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import quote, urlencode

from duban.periods import length_of
from duban.score_policy import PERSONS
from projections.dashboard.names import Names
from projections.dashboard.words import Lang, name_of, say

Chip = tuple[str, str, bool]  # words, address, chosen


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of evaluation asks for; empty means whatever fits best."""

    hall: str = ""
    policy: str = ""
    period: str = ""
    view: str = ""  # "live": as it stands now, though a ranking was published
    cause: str = ""  # of a subject's points: only those for this

    @classmethod
    def read(cls, query: Mapping[str, str], **known: str) -> "Asked":
        """What a query string asks for; unknown names are left out."""
        found = {f.name: query[f.name].strip() for f in fields(cls) if query.get(f.name)}
        return cls(**(found | known))

    def but(self, **changes: str) -> "Asked":
        """The same with some parts changed."""
        return replace(self, **changes)

    def url(self, path: str = "/ranking") -> str:
        """Path and query string."""
        query = urlencode({f.name: v for f in fields(self) if (v := getattr(self, f.name))})
        return f"{path}?{query}" if query else path

    def page_of(self, subject: str, kind: str, cause: str = "") -> str:
        """Address of the page of a window, person or other subject, in this policy and period."""
        if not subject:
            return ""
        where = "staff" if kind in PERSONS else "windows"
        path = f"/{where}/{quote(self.hall, safe='')}/{quote(subject, safe='')}"
        return self.but(hall="", view="", cause=cause).url(path)


def tabs(here: str, hall: str, lang: Lang) -> list[Chip]:
    """The pages of evaluation beside each other."""
    found = (("ranking", "/ranking"), ("measures", "/measures"))
    query = f"?hall={quote(hall, safe='')}" if hall else ""
    return [(say(f"evaluation.{key}", lang), url + query, key == here) for key, url in found]


def subject_name(names: Names, hall: str, subject: str, kind: str, lang: Lang) -> str:
    """A window by its name; a person by window, role and number of the desk, never by name."""
    if not subject or subject == hall:
        return names.hall(hall)
    if kind not in PERSONS:
        return names.window(hall, subject)
    post = names.posts.get(subject)
    number = subject.rpartition("-")[2]
    if post is None:
        return say("evaluation.person", lang, no=number)
    role, window = name_of("role", post.role, lang), names.window(hall, post.unit)
    return say("evaluation.at_post", lang, window=window, role=role, no=number)


def period_name(period: str, lang: Lang) -> str:
    """2025 年 9 月, 2025 年三季度, 2025 年上半年, 2025 年."""
    year, _, part = period.partition("-")
    length = length_of(period)
    if length == "month":
        return say("period.month", lang, year=year, n=int(part), name=period)
    if length == "year":
        return say("period.year", lang, year=year)
    return say(f"period.{part}", lang, year=year)


def short_period(period: str, lang: Lang) -> str:
    """9 月, 三季度, 上半年, 2025: where the year is known."""
    part = period.partition("-")[2]
    if not part:
        return period
    return (
        say("period.short", lang, n=int(part))
        if part.isdecimal()
        else name_of("part_of_year", part, lang)
    )


def score(value: float) -> str:
    """98.6, 100.0, 98.65: one decimal, a second one where it says something."""
    shown = f"{value:.2f}".removesuffix("0")
    return shown.replace("-", "−")


def points(value: float) -> str:
    """+0.2, −5, 0."""
    shown = f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return f"+{shown}" if value > 0 else shown
