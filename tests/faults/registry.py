"""A schema registry over HTTP that can be switched off: the part of Confluent's interface that
Duban asks for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Registry:
    """Ids by schema text; answers 503 while `up` is False."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.up = True
        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop it for good."""
        self._server.shutdown()
        self._server.server_close()

    def register(self, text: str) -> int:
        """The id of a schema, given the first time it is seen."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(lambda: {"id": registry.register(json.loads(body)["schema"])})

            def do_GET(self) -> None:
                number = int(self.path.rpartition("/")[2])
                self._answer(lambda: {"schema": registry.texts[number - 1]})

            def _answer(self, what) -> None:  # type: ignore[no-untyped-def]
                status, said = (200, what()) if registry.up else (503, {})
                registry.refused += not registry.up
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
