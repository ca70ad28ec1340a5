"""Templates to HTML: everything that comes from data is escaped by the template engine."""

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from projections.dashboard import sentences
from projections.dashboard.words import HERE, Lang, name_of, say


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(number=sentences.number, percent=sentences.percent)
    return environment


def render(template: str, lang: Lang, **values: Any) -> str:
    """One template filled in; `say` and `name_of` inside it speak `lang`."""

    def words(key: str, **parts: object) -> str:
        return say(key, lang, **parts)

    def name(section: str, code: str) -> str:
        return name_of(section, code, lang)

    found = _environment().get_template(template)
    return found.render(say=words, name_of=name, lang=lang, **values)


@cache
def stylesheet() -> str:
    """The styles as text, for pages that stand in front of the door."""
    return (HERE / "static/duban.css").read_text(encoding="utf-8")
