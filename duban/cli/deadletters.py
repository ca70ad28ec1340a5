"""`duban dead-letters`: what no consumer could read: list it, look at it, drive it again."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.bus import BrokerAway, DeliveryError, Producer, Record, read_all
from duban.bus_dead import DEAD_LETTERS, RETRY_OF, Found, letters, retry_mark
from duban.cli.output import fail, out, say_json, say_table
from duban.settings import settings

PREVIEW_BYTES = 256

letters_app = typer.Typer(no_args_is_help=True, help="What nobody could read. 死信。")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Reason = Annotated[str, typer.Option(help="Only letters with this reason.")]
Offset = Annotated[
    list[int] | None, typer.Option(help="Only the letter at this offset; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add `duban dead-letters`."""
    app.add_typer(letters_app, name="dead-letters")


@letters_app.command("list")
def list_(
    reason: Reason = "",
    all_: Annotated[bool, typer.Option("--all", help="Also those driven again.")] = False,
    as_json: Json = False,
) -> None:
    """What was put aside, where it lay and why. 死信清单。"""
    found = [f for f in _find(reason, []) if all_ or not f.retried]
    if as_json:
        say_json({"dead_letters": [_row(f) for f in found], "count": len(found)})
        return
    say_table(
        ("位置", "原因", "来源", "消费者", "时间", "已重发"),
        (
            (
                f.place.offset,
                f.letter.reason,
                f"{f.letter.topic}/{f.letter.partition}/{f.letter.offset}",
                f.letter.consumer,
                _when(f.letter.at),
                "是" if f.retried else "",
            )
            for f in found
        ),
        title=f"死信 {len(found)} 条",
    )


@letters_app.command("show")
def show(
    offset: Annotated[int, typer.Argument(help="Offset from `duban dead-letters list`.")],
    as_json: Json = False,
) -> None:
    """One dead letter whole: reason, headers, bytes. 查看一条死信。"""
    found = _find("", [offset])
    if not found:
        fail(f"There is no dead letter at offset {offset}.", "duban dead-letters list")
    row = _row(found[0])
    value = found[0].letter.value
    row["key"] = _text(found[0].letter.key)
    row["headers"] = {name: _text(text) for name, text in found[0].letter.headers}
    row["value_base64"] = None if value is None else base64.b64encode(value).decode()
    if as_json:
        say_json(row)
        return
    del row["value_base64"]
    row["value"] = "null" if value is None else value[:PREVIEW_BYTES].hex(" ")
    say_table(("字段", "内容"), row.items())


@letters_app.command("retry")
def retry(
    reason: Reason = "",
    offset: Offset = None,
    all_: Annotated[bool, typer.Option("--all", help="Every letter not driven again yet.")] = False,
    as_json: Json = False,
) -> None:
    """Send original bytes to where they came from, once the cause is mended. 重发死信。"""
    if not (reason or offset or all_):
        fail("Say which: --reason, --offset or --all.", "duban dead-letters list", 2)
    # A letter named by its offset is driven again also when it was before.
    found = [f for f in _find(reason, offset or []) if offset or not f.retried]
    try:
        with Producer() as producer:
            _drive(producer, found)
    except (BrokerAway, DeliveryError) as error:
        fail(str(error))
    if as_json:
        say_json({"retried": len(found), "offsets": [f.place.offset for f in found]})
    else:
        out.print(f"已重发 {len(found)} 条死信。", highlight=False)


def _drive(producer: Producer, found: list[Found]) -> None:
    """Original bytes to the original partition first; the marks only when they are acknowledged.
    A record that several consumers put aside is sent once."""
    sent = set()
    for place, letter, _ in found:
        source = (letter.topic, letter.partition, letter.offset)
        if source not in sent:
            name = f"{DEAD_LETTERS}/{place.partition}/{place.offset}"
            headers = [*letter.headers, (RETRY_OF, name.encode())]
            to = (letter.topic, letter.key, letter.value, headers, letter.partition)
            producer.send_raw(*to).get(60)
            sent.add(source)
    for place, letter, _ in found:
        producer.send_raw(*retry_mark(place, letter), place.partition)


def _find(reason: str, offsets: list[int]) -> list[Found]:
    """Dead letters that match, in order."""
    return [
        found
        for found in letters(_records())
        if (not reason or found.letter.reason == reason)
        and (not offsets or found.place.offset in offsets)
    ]


def _records() -> Iterator[Record]:
    try:
        yield from read_all(DEAD_LETTERS)
    except (BrokerAway, LookupError) as error:
        fail(str(error))


def _row(found: Found) -> dict[str, Any]:
    letter = found.letter
    return {
        "offset": found.place.offset,
        "reason": letter.reason,
        "detail": letter.detail,
        "topic": letter.topic,
        "partition": letter.partition,
        "source_offset": letter.offset,
        "consumer": letter.consumer,
        "at": _when(letter.at),
        "retried": found.retried,
        "bytes": len(letter.value) if letter.value is not None else None,
    }


def _when(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, ZoneInfo(settings().zone))
    return moment.isoformat(sep=" ", timespec="seconds")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")
