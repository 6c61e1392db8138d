"""Something to be watched: it tells Prometheus that it is well, or answers with an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

HOST: Final = "127.0.0.1"


@dataclass(slots=True)
class Target:
    """A watched server; ``failing`` is set by the test. ``scrapes`` counts what it was asked."""

    port: int
    failing: bool = False
    scrapes: int = 0

    @property
    def address(self) -> str:
        """Host and port, which is also the ``instance`` label that Prometheus gives it."""
        return f"{HOST}:{self.port}"

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        self.scrapes += 1
        return (500, b"") if self.failing else (200, b"# TYPE jobs gauge\njobs 1\n")


@contextmanager
def target() -> Iterator[Target]:
    """A target on a free port, well until it is told otherwise, gone with the block."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = watched.answer()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer((HOST, 0), Answering) as server:
        watched = Target(port=server.server_address[1])
        server.daemon_threads = True
        server.block_on_close = False
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield watched
        finally:
            server.shutdown()
            serving.join()
