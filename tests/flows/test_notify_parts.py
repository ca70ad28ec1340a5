"""Notify without Kafka: who hears what, when, signed how, tried how often, sealed how."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from duban.bus_make import make
from duban.contracts import from_json
from duban.events import Event
from duban.vault import FILE, Channel, Vault, VaultError
from duban.webhook import headers, sign, verify
from projections.notify.cursor import Cursor
from projections.notify.messages import body, sentence
from projections.notify.outbox import Delivery, Outbox, pause
from projections.notify.senders import Sent
from projections.notify.subscriptions import Book, Subscription

ZONE = ZoneInfo("Asia/Shanghai")


def alert(kind: str = "AlertRaised", **fields: Any) -> Event:
    flat = {
        "type": kind,
        "event_id": str(uuid.uuid4()),
        "hall_id": "h",
        "subject_id": "h/1",
        "occurred_at": "2026-11-18T09:00:00+08:00",
        "recorded_at": "2026-11-18T09:00:00+08:00",
        "alert_id": "a-1",
        "case_id": "h/1",
        "level": "yellow",
        "window_id": "w",
        "clock_kind": "promise",
        "at": "2026-11-18T09:00:00+08:00",
        "due_at": "2026-11-18T17:00:00+08:00",
        "to_roles": ["handler"],
        "item_name": "食品经营许可",
    }
    return from_json({**flat, **fields})


def subscription(name: str = "s", version: str = "1", **fields: Any) -> Event:
    return make(
        "SubscriptionChanged",
        subject_type="subscription",
        subject_id=f"{name}@{version}",
        subscription_id=name,
        version=version,
        subscriber=name,
        **fields,
    )


def heard(event: Event, written_at: int = 10, **fields: Any) -> bool:
    book = Book()
    book.take(subscription(**fields), 5)
    return book.active["s"].hears(event, written_at)


def test_a_subscription_hears_its_hall_window_role_and_level() -> None:
    assert heard(alert())
    assert heard(alert(), halls=["h"], windows=["w"], roles=["handler"], levels=["yellow", "red"])
    assert heard(alert(), windows=["h/w"])
    for other in ({"halls": ["x"]}, {"windows": ["x"]}, {"roles": ["x"]}, {"levels": ["red"]}):
        assert not heard(alert(), **other)


def test_what_was_written_before_the_subscription_is_not_heard() -> None:
    assert not heard(alert(), written_at=4)


def test_history_is_never_heard() -> None:
    assert not heard(alert(historical=True))


def test_acknowledged_and_cleared_are_not_told_but_retracted_is() -> None:
    assert heard(alert("AlertRetracted"))
    assert not heard(alert("AlertCleared"))


def test_a_new_version_goes_on_where_the_old_one_stood_and_an_inactive_one_ends_it() -> None:
    book = Book()
    book.take(subscription(), 5)
    book.take(subscription(version="2", levels=["red"]), 50)
    assert book.active["s"].since == 5
    assert book.active["s"].levels == {"red"}
    book.take(subscription(version="3", active=False), 60)
    assert book.active == {}


@pytest.mark.parametrize(
    ("at", "hours"),
    [("20:00", 12.5), ("08:00", 0.5), ("08:30", 0.0), ("12:00", 0.0), ("18:00", 14.5)],
)
def test_quiet_hours_hold_a_message_until_they_end(at: str, hours: float) -> None:
    book = Book()
    book.take(subscription(quiet_hours=[{"start": "18:00", "end": "08:30"}]), 1)
    now = datetime.fromisoformat(f"2026-11-18T{at}").replace(tzinfo=ZONE)
    assert book.active["s"].wait(now).total_seconds() == hours * 3600


def test_a_webhook_is_signed_over_its_timestamp_and_body() -> None:
    content = body(alert())
    made = headers("secret", content, "e-1", "AlertRaised", "a-1")
    stamp, signature = made["X-Duban-Timestamp"], made["X-Duban-Signature"]
    assert verify("secret", stamp, content, signature)
    assert not verify("other", stamp, content, signature)
    assert not verify("secret", stamp, content + b" ", signature)
    assert not verify("secret", str(int(stamp) + 1), content, signature)
    assert not verify("secret", stamp, content, signature, now=int(stamp) + 301)


def test_the_signature_is_hmac_sha256_over_timestamp_dot_body() -> None:
    known = "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
    assert sign("secret", "1700000000", b'{"a":1}') == f"sha256={known}"


def test_the_body_is_the_event_and_names_nobody() -> None:
    said = json.loads(body(alert()))
    assert (said["type"], said["alert_id"], said["level"]) == ("AlertRaised", "a-1", "yellow")
    assert said["due_at"].startswith("2026-11-18T09:00:00")


def test_a_messenger_reads_a_sentence() -> None:
    title, text = sentence(alert(), "Asia/Shanghai")
    assert title == "【督办】黄牌预警"
    assert text == "食品经营许可\n办件 h/1\n承诺时限 11-18 17:00 到期"
    assert "已撤回" in sentence(alert("AlertRetracted"), "Asia/Shanghai")[0]


def test_the_cursor_stays_at_the_lowest_delivery_under_way() -> None:
    cursor = Cursor({0: 0, 1: 0})
    cursor.begin((0, 3))
    cursor.begin((0, 3))
    cursor.read(0, 9)
    cursor.read(1, 4)
    assert cursor.places() == {0: 3, 1: 5}
    cursor.end((0, 3))
    assert cursor.places() == {0: 3, 1: 5}
    cursor.end((0, 3))
    assert cursor.places() == {0: 10, 1: 5}


def test_pauses_grow_and_are_bounded() -> None:
    assert 0.7 < pause(1) < 1.3
    assert 200 < pause(30) < 400


class Written:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, Any]] = {}

    def is_finished(self, key: str) -> bool:
        return self.rows.get(key, {}).get("state") in ("delivered", "given_up")

    async def write(self, key: str, value: Mapping[str, Any]) -> None:
        self.rows[key] = value


class Answers:
    """A sender that answers as it was told."""

    def __init__(self, *answers: Sent) -> None:
        self._answers = list(answers)
        self.sent: list[str] = []

    async def send(self, channel: Channel, event: Event) -> Sent:
        self.sent.append(event.event_id)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def deliver(sender: Answers, *events: Event, finished: bool = False) -> Mapping[str, Any]:
    ledger, channel = Written(), Channel("s/webhook", "webhook", "http://x", "k")
    deliveries = [Delivery(e, Subscription("s", 0), "s/webhook", (0, 1)) for e in events]
    if finished:
        ledger.rows[deliveries[0].key] = {"state": "delivered"}

    async def run() -> None:
        ended = asyncio.Event()
        left = [len(deliveries)]

        def done(_: Delivery) -> None:
            left[0] -= 1
            if not left[0]:
                ended.set()

        box = Outbox(
            ledger=ledger,  # type: ignore[arg-type]  # the part of it that is used
            channel_of=lambda _: channel,
            sender_of=lambda _: sender,
            done=done,
            zone="Asia/Shanghai",
            sleep=lambda _: asyncio.sleep(0),
        )
        task = asyncio.create_task(box.run())
        for delivery in deliveries:
            box.queue.put_nowait(delivery)
        await asyncio.wait_for(ended.wait(), 5)
        task.cancel()

    asyncio.run(run())
    return ledger.rows[deliveries[0].key]


def test_a_delivery_is_tried_until_it_is_taken() -> None:
    sender = Answers(Sent(False, "503"), Sent(False, "ConnectError"), Sent(True, "204"))
    row = deliver(sender, alert())
    assert (row["state"], row["tries"], row["said"]) == ("delivered", 3, "204")
    assert len(set(sender.sent)) == 1


def test_an_answer_that_cannot_change_is_given_up_after_three_tries() -> None:
    row = deliver(Answers(Sent(False, "404", final=True)), alert())
    assert (row["state"], row["tries"]) == ("given_up", 3)


def test_what_is_finished_is_not_sent_again() -> None:
    sender = Answers(Sent(True, "204"))
    deliver(sender, alert(), finished=True)
    assert sender.sent == []


def test_deliveries_of_a_channel_keep_their_order() -> None:
    first, second = alert(), alert()
    sender = Answers(Sent(False, "503"), Sent(True, "204"))
    deliver(sender, first, second)
    assert sender.sent == [first.event_id, first.event_id, second.event_id]


def test_addresses_are_sealed_on_disk(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "notify", "key")
    vault.put(Channel("督查室/webhook", "webhook", "https://example.org/hook", "s3cret"))
    vault.put(Channel("b", "apprise", "wecombot://abc"))
    raw = (tmp_path / "notify" / FILE).read_bytes()
    assert b"example.org" not in raw
    assert b"s3cret" not in raw
    assert (tmp_path / "notify" / FILE).stat().st_mode & 0o077 == 0
    assert Vault(tmp_path / "notify", "key").channels()["督查室/webhook"].secret == "s3cret"
    vault.remove("b")
    assert set(vault.channels()) == {"督查室/webhook"}


def test_another_key_or_a_changed_byte_does_not_open_it(tmp_path: Path) -> None:
    vault = Vault(tmp_path, "key")
    vault.put(Channel("a", "webhook", "https://example.org", "s"))
    with pytest.raises(VaultError, match="another access key"):
        Vault(tmp_path, "other").channels()
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-9] + b"AAAAAAAAA")
    with pytest.raises(VaultError):
        vault.channels()


def test_without_an_access_key_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="DUBAN_ACCESS_KEY"):
        Vault(tmp_path, "")
