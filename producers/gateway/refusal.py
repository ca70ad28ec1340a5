"""Every answer that is not 202: one shape, a status, a sentence and the next step."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse

from duban.bus_intake import BadRows, RowProblem

RETRY_SECONDS = 5
STATUS_OF = {"malformed": 400, "invalid": 422, "forbidden": 403}
SENTENCE_OF = {
    "malformed": "The body is not JSON as announced; nothing was sent.",
    "invalid": "Some lines break the contract of events; nothing was sent.",
    "forbidden": "The token may not write some of these events; nothing was sent.",
}


class Refusal(Exception):
    """A request that is not taken."""

    def __init__(
        self,
        status: int,
        error: str,
        problems: Sequence[RowProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.problems = problems
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """The answer for the sender."""
        body: dict[str, Any] = {"error": self.error}
        if self.problems:
            body["problems"] = [problem._asdict() for problem in self.problems]
        return JSONResponse(body, self.status, self.headers)


def bad_rows(error: BadRows) -> Refusal:
    """400 for a body without any JSON, 422 for the contract, 403 for another hall's cases."""
    return Refusal(STATUS_OF[error.kind], SENTENCE_OF[error.kind], error.problems)


def unknown_token() -> Refusal:
    """401: no token, a wrong one, or one that has ended."""
    return Refusal(
        401,
        "Show a token that is in force: Authorization: Bearer … (`duban token create`).",
        headers={"WWW-Authenticate": 'Bearer realm="duban"'},
    )


def not_now(why: str) -> Refusal:
    """503: try again; the same rows keep the same ids, so nothing doubles."""
    return Refusal(503, why, headers={"Retry-After": str(RETRY_SECONDS)})


def too_large(limit: int) -> Refusal:
    """413: the body is larger than the gateway reads; the connection is closed after it."""
    return Refusal(
        413,
        f"The body is larger than {limit} bytes; send smaller batches.",
        headers={"Connection": "close"},
    )
