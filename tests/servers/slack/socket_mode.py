"""Socket Mode: requests as envelopes over a WebSocket, to be acknowledged by their id."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.servers.slack.delivering import Request
from tests.servers.slack.state import APP_ID


class SocketMode:
    """Serves connections; each address works once, a request goes over one of those open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: set[str] = set()
        self._open: list[ServerConnection] = []
        self._waiting: dict[str, queue.Queue[tuple[bytes, float]]] = {}
        self._arrived = threading.Event()
        self.acknowledged = 0
        self._server: Server = serve(self._serve, "127.0.0.1", 0)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="slack-sockets", daemon=True
        )
        self._thread.start()

    def address(self) -> str:
        """A new address to connect to."""
        ticket = uuid.uuid4().hex
        with self._lock:
            self._tickets.add(ticket)
        port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={APP_ID}"

    def connected(self) -> bool:
        with self._lock:
            return bool(self._open)

    def wait_for_connection(self, seconds: float = 10.0) -> bool:
        """Waits until the app has connected."""
        return self._arrived.wait(seconds)

    def hang_up(self, reason: str = "warning") -> None:
        """Ends every connection, as Slack does every hour or so; says so before."""
        with self._lock:
            connections, self._open = self._open, []
            self._arrived.clear()
        for connection in connections:
            connection.send(json.dumps({"type": "disconnect", "reason": reason}))
            connection.close()

    def deliver(self, request: Request, *, patience: float) -> tuple[bytes, float] | None:
        envelope_id = str(uuid.uuid4())
        answered: queue.Queue[tuple[bytes, float]] = queue.Queue()
        with self._lock:
            if not self._open:
                return None
            connection = self._open[-1]
            self._waiting[envelope_id] = answered
        payload: dict[str, Any] = request.payload
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": request.kind,
            "payload": payload,
            "accepts_response_payload": request.kind != "events_api",
        }
        if request.kind == "events_api":
            envelope |= {"retry_attempt": request.retry, "retry_reason": request.reason}
        started = time.monotonic()
        try:
            connection.send(json.dumps(envelope))
            body, at = answered.get(timeout=patience)
        except (ConnectionClosed, queue.Empty):
            return None
        finally:
            with self._lock:
                del self._waiting[envelope_id]
        return body, at - started

    def close(self) -> None:
        self._server.shutdown()
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            connection.close()
        self._thread.join(timeout=5)

    def _serve(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request is not None else ""
        ticket = path.partition("ticket=")[2].partition("&")[0]
        with self._lock:
            if ticket not in self._tickets:
                known = False
            else:
                known = True
                self._tickets.remove(ticket)
        if not known:
            connection.close(1008, "invalid ticket")
            return
        hello = {
            "type": "hello",
            "num_connections": 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "local", "approximate_connection_time": 3600},
        }
        connection.send(json.dumps(hello))
        with self._lock:
            self._open.append(connection)
            self._arrived.set()
        try:
            for text in connection:
                self._heard(json.loads(text))
        except ConnectionClosed:
            return
        finally:
            with self._lock:
                if connection in self._open:
                    self._open.remove(connection)

    def _heard(self, said: dict[str, Any]) -> None:
        payload = said.get("payload")
        body = b"" if payload in (None, {}, "") else json.dumps(payload).encode()
        with self._lock:
            waiting = self._waiting.get(str(said.get("envelope_id")))
            if waiting is None:
                return
            self.acknowledged += 1
            waiting.put((body, time.monotonic()))
