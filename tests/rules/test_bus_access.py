"""What a token may do, and that only its hash is kept."""

import pytest

from duban.access import (
    AccessError,
    Grant,
    find,
    from_json,
    hash_of,
    new_token,
    same_token,
    to_json,
)

NOW = 1_790_000_000_000


def grant_of(token_id: str, token: str, **more: object) -> Grant:
    fields = {"hall": "h1", "scopes": ("write",), "created_at": NOW, **more}
    return Grant(token_id, hash_of(token), **fields)  # type: ignore[arg-type]  # a test's shorthand


def test_a_token_is_found_by_its_hash_alone() -> None:
    token_id, token = new_token()
    grants = {token_id: grant_of(token_id, token)}
    assert find(token, grants) is grants[token_id]
    for wrong in (
        token[:-1],
        token + "x",
        f"dbn_{token_id}_",
        "",
        "dbn_",
        "漢字",
        f"dbn_0_{token}",
    ):
        assert find(wrong, grants) is None


def test_what_is_stored_does_not_hold_the_token() -> None:
    token_id, token = new_token()
    stored = to_json(grant_of(token_id, token))
    assert token.encode() not in stored and token.split("_", 2)[2].encode() not in stored
    assert from_json(stored) == grant_of(token_id, token)


@pytest.mark.parametrize(
    ("more", "write", "read", "state"),
    [
        ({}, True, True, "active"),
        ({"scopes": ("read",)}, False, True, "active"),
        ({"expires_at": NOW}, False, False, "expired"),
        ({"expires_at": NOW + 1}, True, True, "active"),
        ({"revoked_at": NOW}, False, False, "revoked"),
        ({"revoked_at": NOW, "expires_at": NOW - 1}, False, False, "revoked"),
    ],
)
def test_scope_and_time(more: dict[str, object], write: bool, read: bool, state: str) -> None:
    grant = grant_of("t", "dbn_t_x", **more)
    assert (grant.may("write", NOW), grant.may("read", NOW), grant.state(NOW)) == (
        write,
        read,
        state,
    )


def test_a_grant_covers_its_own_hall_only() -> None:
    assert grant_of("t", "x").covers("h1")
    assert not grant_of("t", "x").covers("h10")
    assert grant_of("t", "x", hall="*").covers("h10")


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"null", b'{"token_id": "x"}', b"\xff"])
def test_a_broken_record_is_named_so(value: bytes) -> None:
    with pytest.raises(AccessError):
        from_json(value)


def test_an_unset_token_matches_nothing() -> None:
    assert same_token("a", "a") and not same_token("a", "b") and not same_token("", "")
