"""A supervisor's own endpoint: takes signed webhooks and remembers them."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from duban import webhook

SECRET = "a secret of the test's own"


class Receiver:
    """An HTTP server on a free loopback port. `heard` counts event ids, `bodies` has the different
    bodies of each in order of first hearing, `forged` counts bad signatures."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.bodies: dict[str, list[bytes]] = {}
        self.forged = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(body, self.headers)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def take(self, body: bytes, headers: Any) -> None:
        stamp, signature = headers["X-Duban-Timestamp"], headers["X-Duban-Signature"]
        if not webhook.verify(SECRET, stamp, body, signature):
            self.forged += 1
        event_id = headers["X-Duban-Event-Id"]
        different = self.bodies.setdefault(event_id, [])
        if body not in different:
            different.append(body)
        self.heard[event_id] += 1

    def close(self) -> None:
        self._server.shutdown()
