"""`duban report`: a month's bulletin, the pack of a half-year or year, a window's own page."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from duban import bus
from duban.cli.output import err, fail, out, say_json
from duban.events import Actor
from duban.periods import MONTHS
from duban.policy import Reference
from duban.publication import publication_case
from duban.reference import reference_from
from duban.score_policy import DEFAULT_POLICY
from duban.settings import settings
from duban.warehouse import WarehouseError, business_now
from projections.dashboard.names import Names, posts_of
from projections.reports.bulletin import bulletin
from projections.reports.html import to_html
from projections.reports.letter import Cover
from projections.reports.model import Report
from projections.reports.pdf import to_pdf
from projections.reports.period import Period, parse
from projections.reports.ranking import standings
from projections.reports.source import Source
from projections.reports.subject import subject_page
from projections.reports.xlsx import to_xlsx

FORMATS: dict[str, Callable[[Report], bytes]] = {
    "html": lambda report: to_html(report).encode(),
    "xlsx": to_xlsx,
    "pdf": lambda report: to_pdf(report, settings().report_font),
}
OFFICE = Actor("report", "system")


def main(
    hall: Annotated[str, typer.Option(help="Hall. 大厅。")],
    month: Annotated[str, typer.Option(help="YYYY-MM, the bulletin. 月份。")] = "",
    quarter: Annotated[str, typer.Option(help="YYYY-Q1 to YYYY-Q4. 季度。")] = "",
    half: Annotated[str, typer.Option(help="YYYY-H1 or YYYY-H2. 半年。")] = "",
    year: Annotated[str, typer.Option(help="YYYY. 年度。")] = "",
    policy: Annotated[str, typer.Option(help="Score policy. 计分办法。")] = DEFAULT_POLICY,
    subject: Annotated[
        str, typer.Option(help="Page of a window, or of whom the policy scores. 计分对象。")
    ] = "",
    into: Annotated[Path, typer.Option("--out", help="Directory. 输出目录。")] = Path(),
    formats: Annotated[
        str, typer.Option("--format", help="html,xlsx,pdf. 格式。")
    ] = "html,xlsx,pdf",
    number: Annotated[str, typer.Option(help="Document number. 文号。")] = "",
    issue: Annotated[str, typer.Option(help="Issue. 期号，如“第九期”。")] = "",
    to: Annotated[str, typer.Option(help="Addressees. 主送。")] = "各窗口、各有关单位",
    copy: Annotated[list[str] | None, typer.Option(help="Copies to, repeatable. 抄送。")] = None,
    dated: Annotated[str, typer.Option(help="YYYY-MM-DD; today if left out. 落款日期。")] = "",
    issued: Annotated[
        bool, typer.Option("--record", help="Record that it was sent. 登记发文。")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object. 输出 JSON。")] = False,
) -> None:
    """A report ready to send, as HTML, XLSX and PDF from one source. 通报、总结、窗口计分页。"""
    period = _period({1: month, 3: quarter, 6: half, 12: year})
    wanted = _formats(formats)
    cover = Cover(number, issue, to, _day(dated), tuple(copy or ()))
    try:
        with err.status("正在取数、排版 …"):
            source = _source(hall, policy, period, subject)
            made = (
                subject_page(source, period, subject, cover)
                if subject
                else bulletin(source, period, cover)
            )
            files = _write(made, into, _name(hall, period, policy, subject), wanted)
        if issued:
            _issue(source, hall, period, subject, cover)
    except WarehouseError as error:
        fail(str(error), error.next_step)
    except (bus.BrokerAway, bus.DeliveryError) as error:
        fail(str(error), "先启动：duban up")
    if json_:
        say_json(
            {"hall": hall, "period": period.code, "policy": policy, "subject": subject,
             "files": files, "issued": issued}
        )  # fmt: skip
        return
    for file in files:
        out.print(file, highlight=False)


def _period(given: Mapping[int, str]) -> Period:
    """The one period that was given, by its length in months."""
    asked = [(length, text) for length, text in given.items() if text]
    if len(asked) != 1:
        wanted = "Give one of --month, --quarter, --half, --year."
        fail(wanted, "duban report --help", status=2)
    [(length, text)] = asked
    try:
        found = parse(text)
    except ValueError:
        _no_period(text)
    if found.length != length:
        _no_period(text)
    return found


def _no_period(text: str) -> NoReturn:
    forms = "--month 2026-09, --quarter 2026-Q3, --half 2026-H1, --year 2026"
    fail(f"{text!r} is no such period.", forms, status=2)


def _formats(text: str) -> list[str]:
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [w for w in wanted if w not in FORMATS]:
        fail(f"No format {unknown[0]!r}.", f"There are: {', '.join(FORMATS)}.", status=2)
    return wanted


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text!r} is no day.", "--dated 2026-10-08", status=2)


def _source(hall: str, policy: str, period: Period, subject: str) -> Source:
    published = bus.read_reference()
    known = reference_from(published, settings().zone)
    _checked_policy(known, policy, period, subject)
    names = Names(known, posts=posts_of(published))
    return Source(hall, business_now(), known.zone_of(hall), names, policy)


def _checked_policy(known: Reference, policy: str, period: Period, subject: str) -> None:
    """Ends the command where nobody published the policy, or the period holds none of its own."""
    versions = known.by_policy.get(policy)
    if not versions:
        if policy != DEFAULT_POLICY:
            published = "、".join(sorted(known.by_policy))
            fail(f"没有计分办法 {policy}。", f"已公布的有：{published}", status=2)
        return
    length = MONTHS[versions[0].period]
    if length > period.length or (subject and length != period.length):
        said = f"{policy} 的考核期是 {versions[0].period}"
        fail(f"{period.code} 不是 {policy} 的考核期。", said, status=2)


def _name(hall: str, period: Period, policy: str, subject: str) -> str:
    by = "" if policy == DEFAULT_POLICY else policy
    return "-".join(part for part in (hall, period.code, by, subject.replace("/", "-")) if part)


def _write(report: Report, into: Path, name: str, wanted: list[str]) -> list[str]:
    into.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in wanted:
        path = into / f"{name}.{kind}"
        try:
            path.write_bytes(FORMATS[kind](report))
        except (OSError, ValueError) as error:
            fail(f"{path}: {error}")
        files.append(str(path))
    return files


def _issue(source: Source, hall: str, period: Period, subject: str, cover: Cover) -> None:
    """Record that it was sent: a fact of the hall. It makes a ranking of its period that is
    published known, which stops the clock on doing so."""
    kind = "bulletin" if period.length == 1 else "summary"
    terms = source.terms(period)
    at = source.as_of
    is_ranked = MONTHS[terms.period] == period.length
    ranking = standings(source, period) if is_ranked and not subject else None
    with bus.Producer() as producer:
        producer.emit(
            "ReportIssued", hall=hall, at=at, actor=OFFICE, channel="system", subject=subject,
            subject_kind=terms.subject if subject else "hall", kind=kind, period=period.code,
            to=[cover.to, *cover.copies],
        )  # fmt: skip
        if ranking is not None and ranking.published_at is not None:
            producer.emit(
                "PublicationDone", case=publication_case(hall, source.policy, period.code), at=at,
                actor=OFFICE, channel="system", policy_id=source.policy, period=period.code,
                revision=ranking.revision,
            )  # fmt: skip


if __name__ == "__main__":
    app = typer.Typer(name="duban report", add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app(prog_name="duban report")
