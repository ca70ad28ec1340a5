"""ClickHouse's HTTP interface in front of the engine: enough for its clients, drivers and curl.

Settings in the URL are accepted and not applied, as drivers send theirs unasked; a reader's limits
are fixed. Each answer leaves in one write, since two cost forty milliseconds on a loopback.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import cramjam

from deploy.local.warehouse_accounts import Accounts, role_of
from deploy.local.warehouse_engine import Answer, Engine, EngineError, Role
from deploy.local.warehouse_guard import Refused
from deploy.local.warehouse_native import HELLO, empty_block, hello_block

BODY_LIMIT = 512 << 20  # bytes, as they come
PACKED_QUERY_LIMIT = 64 << 10  # of a reader: packed a thousandfold it still fits memory
_INSERT = re.compile(
    rb"\s*(INSERT\s+INTO\s+(?:TABLE\s+)?[\w.`\"]+\s*(?:\([^()]*\)\s*)?)FORMAT\s+(\w+)[ \t;]*\r?\n?",
    re.I,
)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.I)
_SELECT = re.compile(r"[\s(]*(SELECT|WITH)\b", re.I)
_UNPACK: dict[str, Callable[[bytes], Any]] = {
    "gzip": cramjam.gzip.decompress,
    "deflate": cramjam.zlib.decompress,
    "zstd": cramjam.zstd.decompress,
    "lz4": cramjam.lz4.decompress,
    "br": cramjam.brotli.decompress,
}
_STATUS = {164: 403, 497: 403, 60: 404, 81: 404, 62: 400, 47: 400, 159: 408, 202: 503, 241: 507}


class Refusal(Exception):
    """A request that never reaches the engine: HTTP status and ClickHouse's code for it."""

    def __init__(self, status: HTTPStatus, code: int, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}")
        self.status, self.code = status, code


class Door(ThreadingHTTPServer):
    """The listening socket; `accounts` maps user name to (token, role)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine, accounts: Accounts) -> None:
        self.engine = engine
        self.accounts = accounts
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # collected and sent at once
    disable_nagle_algorithm = True
    timeout = 600
    server: Door

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing per request: statements carry case numbers, which do not belong in logs."""

    def do_GET(self) -> None:
        """Answer a query that reads, whoever asks; `/ping` needs no token."""
        self._answer()

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer a query or an insert."""
        self._answer()

    def _answer(self) -> None:
        try:
            path = urlsplit(self.path)
            if path.path in ("/ping", "/replicas_status"):
                return self._reply(HTTPStatus.OK, b"Ok.\n")
            role = role_of(self.headers, self.server.accounts)  # type: ignore[arg-type]  # a mapping of str
            if role is None:
                self.close_connection = True  # what a stranger sends is not even read
                raise Refusal(
                    HTTPStatus.UNAUTHORIZED, 516, "Authentication failed. (AUTHENTICATION_FAILED)"
                )
            if path.path not in ("", "/"):
                raise Refusal(HTTPStatus.NOT_FOUND, 1000, f"There is no {path.path} here")
            body = self._body(role)
            arguments = dict(parse_qsl(path.query, keep_blank_values=True))
            self._run(arguments, body, "reader" if self.command == "GET" else role)
        except Refusal as error:
            self._fail(error.status, error.code, str(error))
        except (EngineError, Refused) as error:
            self._fail(HTTPStatus(_STATUS.get(error.code, 500)), error.code, str(error))
        return None

    def _run(self, arguments: dict[str, str], body: bytes, role: Role) -> None:
        database = (
            arguments.get("database") or self.headers.get("X-ClickHouse-Database") or "default"
        )
        sql = arguments.get("query", "")
        insert = _INSERT.match(sql.encode() if sql else body[:65536])
        if insert and role == "writer":
            statement, format_ = insert.group(1).decode(), insert.group(2).decode()
            data = sql.encode()[insert.end() :] + body if sql else body[insert.end() :]
            done = self.server.engine.insert(statement, format_, data, database)
            return self._reply(HTTPStatus.OK, b"", answer=done)
        try:
            text = "\n".join(filter(None, [sql, body.decode()])).strip()
        except UnicodeDecodeError:
            raise Refusal(HTTPStatus.BAD_REQUEST, 62, "The query is not UTF-8 text") from None
        if not text:
            raise Refusal(HTTPStatus.BAD_REQUEST, 62, "Empty query. (SYNTAX_ERROR)")
        if text.rstrip("; ") == HELLO:
            return self._hello(database)
        params = {k[6:]: v for k, v in arguments.items() if k.startswith("param_")}
        named = _FORMAT.search(text)
        wanted = arguments.get("default_format") or self.headers.get("X-ClickHouse-Format")
        format_ = named.group(1) if named else wanted or "TabSeparated"
        found = self.server.engine.query(text, format_, params, database, role)
        if not found.body and format_ == "Native" and _SELECT.match(text):
            shape = self.server.engine.shape(_FORMAT.sub("", text), params, database, role)
            found = found._replace(body=empty_block(shape))
        return self._reply(HTTPStatus.OK, found.body, format_, found)

    def _hello(self, database: str) -> None:
        asked = self.server.engine.query("SELECT version()", "TSVRaw", {}, database, "reader")
        block = hello_block(asked.body.decode().strip(), self.server.engine.zone)
        self._reply(HTTPStatus.OK, block, "Native")

    def _body(self, role: Role) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            raw = self._chunks()
        else:
            size = self._size(self.headers.get("Content-Length") or "0", 10)
            if size > BODY_LIMIT:
                self._too_large()
            raw = self.rfile.read(size)
        packing = self.headers.get("Content-Encoding", "").strip().lower()
        if packing in ("", "identity") or not raw:
            return raw
        if role == "reader" and len(raw) > PACKED_QUERY_LIMIT:
            self._too_large()
        if packing not in _UNPACK:
            raise Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 432, f"Unknown Content-Encoding {packing}"
            )
        try:
            return bytes(_UNPACK[packing](raw))
        except cramjam.DecompressionError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, 432, f"Body is not {packing}: {error}") from None

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        total = 0
        while size := self._size(self.rfile.readline(32).split(b";")[0].decode("latin-1"), 16):
            total += size
            if total > BODY_LIMIT:
                self._too_large()
            parts.append(self.rfile.read(size))
            self.rfile.readline(4)
        while self.rfile.readline(4096).strip():  # trailers
            pass
        return b"".join(parts)

    def _size(self, text: str, base: int) -> int:
        try:
            size = int(text.strip() or "0", base)
        except ValueError:
            size = -1
        if size < 0:
            self.close_connection = True
            raise Refusal(HTTPStatus.BAD_REQUEST, 1000, f"{text!r} is no size of a body")
        return size

    def _too_large(self) -> None:
        self.close_connection = True  # what is left of the body is not read
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 241, f"A body holds {BODY_LIMIT} bytes at most"
        )

    def _fail(self, status: HTTPStatus, code: int, text: str) -> None:
        self._reply(
            status, (text + "\n").encode(), extra={"X-ClickHouse-Exception-Code": str(code)}
        )

    def _reply(
        self,
        status: HTTPStatus,
        body: bytes,
        format_: str = "TabSeparated",
        answer: Answer | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Length": str(len(body)),
            "X-ClickHouse-Server-Display-Name": "duban",
            "X-ClickHouse-Format": format_,
            "X-ClickHouse-Timezone": self.server.engine.zone,
            "X-ClickHouse-Summary": summary(answer or Answer()),
            **(extra or {}),
        }
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse"'
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def summary(answer: Answer) -> str:
    """The X-ClickHouse-Summary header: counts as text, as the server writes them."""
    return json.dumps(
        {
            "read_rows": str(answer.read_rows),
            "written_rows": str(answer.written_rows),
            "result_rows": str(answer.result_rows),
            "elapsed_ns": str(answer.elapsed_ns),
        }
    )
