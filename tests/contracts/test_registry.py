"""Confluent framing against a registry: found, unknown, refused, away."""

import json

import httpx
import pytest

from duban import codec, contracts
from duban.registry import Registry, RegistryAway
from tests.contracts.test_codec import RATING, rating_body

SCHEMA = contracts.schema("RatingGiven")


class FakeRegistry:
    """What the HTTP interface of a Confluent-compatible registry answers; counts its calls."""

    def __init__(self):
        self.texts, self.subjects, self.calls = {}, [], 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        parts = request.url.raw_path.decode().removeprefix("/apis/ccompat/v7").split("/")[1:]
        if request.method == "POST":
            self.subjects.append(parts[1])
            text = json.loads(request.content)["schema"]
            known = [i for i, one in self.texts.items() if one == text]
            number = known[0] if known else len(self.texts) + 1
            self.texts[number] = text
            return httpx.Response(200, json={"id": number})
        text = self.texts.get(int(parts[2]))
        if text is None:
            return httpx.Response(404, json={"error_code": 40403, "message": "no schema"})
        return httpx.Response(200, json={"schema": text})


@pytest.fixture
def wired(monkeypatch):
    """A codec that has a registry; returns a function that takes what answers in its place."""

    def wire(answer):
        client = Registry("http://registry/apis/ccompat/v7", httpx.MockTransport(answer))
        monkeypatch.setattr(codec, "_readers", {})
        monkeypatch.setattr(codec, "registry", lambda: client)
        return answer

    return wire


def answering(status, **more):
    return lambda _request: httpx.Response(status, **more)


def test_framing_is_a_zero_the_id_and_the_body(wired):
    fake = wired(FakeRegistry())
    assert codec.encode(RATING) == b"\0\0\0\0\1" + rating_body()
    assert fake.subjects == ["case-events-cn.duban.events.RatingGiven"]
    assert json.loads(fake.texts[1]) == SCHEMA.raw


def test_a_registry_is_asked_once_for_a_schema(wired):
    fake = wired(FakeRegistry())
    values = [codec.encode(RATING) for _ in range(3)]
    assert fake.calls == 1
    assert {codec.decode(value).event_id for value in values} == {RATING.event_id}
    assert fake.calls == 2


def test_both_framings_are_read_where_a_registry_is_set(wired):
    wired(FakeRegistry())
    single = b"\xc3\x01" + SCHEMA.fingerprint.to_bytes(8, "little") + rating_body()
    assert codec.decode(single) == codec.decode(codec.encode(RATING))


def test_an_id_that_the_registry_does_not_have_is_final(wired):
    wired(FakeRegistry())
    with pytest.raises(codec.CodecError) as caught:
        codec.decode(b"\0\0\0\0\x63" + rating_body())
    assert caught.value.reason == "unknown_schema_id"
    assert not isinstance(caught.value, codec.RetryLater)


def unreachable(request):
    raise httpx.ConnectError("refused", request=request)


AWAY = {
    "nobody listens": unreachable,
    "server error": answering(503, text="starting"),
    "too many calls": answering(429),
    "not let in": answering(401),
    "another server's 404": answering(404, text="<html>no such page</html>"),
    "another server's page": answering(200, text="<html>hello</html>"),
    "another server's json": answering(200, json={"hello": 1}),
}


@pytest.mark.parametrize("answer", AWAY.values(), ids=AWAY)
def test_a_registry_that_is_away_means_try_again(wired, answer):
    wired(answer)
    for attempt in (lambda: codec.encode(RATING), lambda: codec.decode(b"\0\0\0\0\1" + b"x")):
        with pytest.raises(RegistryAway) as caught:
            attempt()
        assert isinstance(caught.value, codec.RetryLater)
        assert caught.value.reason == "registry_away"


def test_it_works_again_when_the_registry_is_back(wired):
    fake, up = FakeRegistry(), []

    def answer(request):
        return fake(request) if up else httpx.Response(503)

    wired(answer)
    with pytest.raises(RegistryAway):
        codec.encode(RATING)
    up.append(True)
    assert codec.decode(codec.encode(RATING)).event_id == RATING.event_id


def test_a_schema_that_the_registry_refuses_is_an_error(wired):
    wired(answering(409, json={"error_code": 409, "message": "incompatible"}))
    with pytest.raises(codec.CodecError) as caught:
        codec.encode(RATING)
    assert caught.value.reason == "refused_by_registry"
    assert not isinstance(caught.value, codec.RetryLater)


def test_a_registered_schema_that_is_no_event_gives_its_reason(wired):
    wired(answering(200, json={"schema": '"string"'}))
    with pytest.raises(codec.CodecError, match="bad_schema"):
        codec.decode(b"\0\0\0\0\1abc")
