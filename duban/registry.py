"""Client of a Confluent-compatible schema registry (Confluent, Karapace, Apicurio `ccompat`).

Two calls are needed: register a writer schema and fetch one by id. Ids never change their meaning,
so both are asked once per process. Subjects follow TopicRecordNameStrategy:
`<topic>-<full name of the record>`.
"""

from functools import cache
from typing import Any
from urllib.parse import quote

import httpx

from duban.avro import NAMESPACE, CodecError, EventSchema, RetryLater
from duban.settings import settings

MEDIA = "application/vnd.schemaregistry.v1+json"
SCHEMA_NOT_FOUND = 40403
REFUSED = (409, 422)  # incompatible with an earlier version; not a valid schema


class RegistryAway(RetryLater):
    """The registry did not answer, or not as one: pause and ask again."""

    def __init__(self, detail: str) -> None:
        super().__init__("registry_away", detail)


class Registry:
    """A registry at a base URL (credentials may stand in it); blocking, with a short timeout."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/",
            timeout=5.0,
            headers={"Accept": f"{MEDIA}, application/json"},
            transport=transport,
        )
        self._ids: dict[int, int] = {}
        self._texts: dict[int, str] = {}

    def id_of(self, schema: EventSchema) -> int:
        """Id of a writer schema; registers it when the registry does not have it yet."""
        known = self._ids.get(schema.fingerprint)
        if known is not None:
            return known
        subject = quote(f"{schema.topic}-{NAMESPACE}.{schema.type}", safe="")
        answer = self._ask("POST", f"subjects/{subject}/versions", {"schema": schema.text})
        if answer.status_code in REFUSED:
            raise CodecError("refused_by_registry", f"{schema.type}: {answer.text[:500]}")
        self._ids[schema.fingerprint] = found = int(self._value(answer, "id"))
        return found

    def schema(self, schema_id: int) -> str:
        """Text of the schema with an id; CodecError("unknown_schema_id") where there is none."""
        known = self._texts.get(schema_id)
        if known is not None:
            return known
        answer = self._ask("GET", f"schemas/ids/{schema_id}")
        # A bare 404 may be a wrong base URL; only the registry's own code means "no such schema".
        if answer.status_code == 404 and _error_code(answer) == SCHEMA_NOT_FOUND:
            raise CodecError("unknown_schema_id", f"the registry has no schema {schema_id}")
        self._texts[schema_id] = found = str(self._value(answer, "schema"))
        return found

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            return self._http.request(
                method, path, json=body, headers={"Content-Type": MEDIA} if body else None
            )
        except httpx.HTTPError as error:
            raise RegistryAway(f"{method} {path}: {error!r}") from error

    @staticmethod
    def _value(answer: httpx.Response, name: str) -> Any:
        try:
            if answer.is_success:
                return answer.json()[name]
        except (ValueError, KeyError, TypeError):
            pass  # a proxy's page, not a registry's answer
        raise RegistryAway(f"{answer.url.path}: {answer.status_code} {answer.text[:200]}")


def _error_code(answer: httpx.Response) -> int | None:
    try:
        code = answer.json().get("error_code")
    except (ValueError, AttributeError):
        return None
    return code if isinstance(code, int) else None


@cache
def registry() -> Registry | None:
    """The registry of the settings, or None where single-object encoding is used."""
    url = settings().schema_registry_url
    return Registry(url) if url else None
