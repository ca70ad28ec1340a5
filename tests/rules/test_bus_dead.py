"""Dead letters keep every byte and say why."""

from duban.bus import Record, dead_letter, original


def letter_as_record(
    letter: tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]],
) -> Record:
    topic, key, value, headers = letter
    return Record(topic, 0, 12, 0, key, value, headers)


def test_a_dead_letter_comes_back_as_it_was() -> None:
    broken = Record("case-events", 3, 41, 0, b"h1/7", b"\xff\x00broken", [("ce_id", b"x")])
    back = original(letter_as_record(dead_letter(broken, "wrong_magic", "starts ff", "clocks", 99)))
    assert (back.topic, back.partition, back.offset) == ("case-events", 3, 41)
    assert (back.reason, back.detail, back.consumer, back.at) == (
        "wrong_magic",
        "starts ff",
        "clocks",
        99,
    )
    assert (back.key, back.value, back.headers) == (b"h1/7", b"\xff\x00broken", [("ce_id", b"x")])


def test_a_null_value_and_an_empty_one_are_told_apart() -> None:
    for value in (None, b""):
        broken = Record("case-events", 0, 1, 0, b"k", value, [])
        assert original(letter_as_record(dead_letter(broken, "r", "d", "c"))).value == value


def test_a_letter_that_dies_again_has_one_set_of_reasons() -> None:
    first = Record("case-events", 0, 1, 0, b"k", b"v", [("dlq.retry_of", b"dead-letters/0/5")])
    headers = dead_letter(first, "again", "still broken", "clocks")[3]
    names = [name for name, _ in headers]
    assert sorted(names) == sorted(set(names))
    assert dict(headers)["dlq.retry_of"] == b"dead-letters/0/5"


def test_a_long_detail_is_cut_and_chinese_survives() -> None:
    broken = Record("case-events", 0, 1, 0, b"k", b"v", [])
    back = original(letter_as_record(dead_letter(broken, "r", "坏" * 2000, "c")))
    assert back.detail == "坏" * 1000


def test_a_record_that_is_no_dead_letter_is_refused() -> None:
    import pytest

    with pytest.raises(ValueError, match="no dead letter"):
        original(Record("dead-letters", 0, 3, 0, b"k", b"v", []))
