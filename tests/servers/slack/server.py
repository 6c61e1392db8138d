"""The local Slack itself: an HTTP server on a free port of this machine, and all that a test does
with it."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.servers.slack import events
from tests.servers.slack.answering import respond
from tests.servers.slack.calling import Call
from tests.servers.slack.delivering import InProcess, Outbox, Request
from tests.servers.slack.faults import FOR_EVER, Faults, Rate
from tests.servers.slack.gates import Gate
from tests.servers.slack.populating import Populated
from tests.servers.slack.socket_mode import SocketMode
from tests.servers.slack.state import CLIENT_ID, State
from tests.servers.slack.web_api import Response, WebApi, as_json

Result = TypeVar("Result")


class LocalSlack(Populated):
    """A Slack. ``app`` is where requests to the app go: an address, a function, or None for
    Socket Mode. ``echoes``: events of what the bot itself says are sent as well, as Slack does,
    one after the other on a thread (``settle`` waits for them)."""

    def __init__(
        self,
        *,
        app: str | InProcess | None = None,
        now: Callable[[], float] = time.time,
        echoes: bool = True,
        port: int = 0,
    ) -> None:
        self.state = State(now=now)
        self.faults = Faults(now=now)
        self.outbox = Outbox(app=app)
        self.subscribed = set(events.SCOPES)
        self.web = WebApi(self.state, self.faults, changed=self._changed)
        self.sockets: SocketMode | None = None
        self._echoes = echoes
        self._queue: queue.Queue[Request | None] = queue.Queue()
        self._port = port
        self._http: ThreadingHTTPServer | None = None
        self._threads: list[threading.Thread] = []
        self.more_pages: Callable[[BaseHTTPRequestHandler, bytes], Response | None] | None = None
        self.up()
        echoing = threading.Thread(target=self._echo, name="slack-echoes", daemon=True)
        echoing.start()
        self._threads.append(echoing)

    # -- the server -------------------------------------------------------------------------------

    @property
    def address(self) -> str:  # type: ignore[override]
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """For ``WebClient(base_url=…)``."""
        return f"{self.address}/api/"

    def up(self) -> None:
        """Takes connections (again), at the same port."""
        self.faults.unavailable = False
        if self._http is not None:
            return
        self._http = Server(("127.0.0.1", self._port), handler_for(self))
        self._port = self._http.server_address[1]
        thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="slack", daemon=True
        )
        thread.start()
        self._threads.append(thread)

    def down(self, *, refuse: bool = True) -> None:
        """Is down: connections are refused, or else answered by 503 and a page of HTML."""
        if not refuse:
            self.faults.unavailable = True
        elif self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def close(self) -> None:
        self.down()
        self._queue.put(None)
        if self.sockets is not None:
            self.sockets.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> LocalSlack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what goes wrong --------------------------------------------------------------------------

    def slow(self, seconds: float) -> None:
        """Every answer takes that long."""
        self.faults.seconds = seconds

    def fail(
        self,
        method: str,
        error: str,
        *,
        times: int = FOR_EVER,
        status: int = 200,
        retry_after: int | None = None,
    ) -> None:
        """A method ("*": any) is answered by an error, and does nothing, that many times."""
        self.faults.fail(method, error, times=times, status=status, retry_after=retry_after)

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """A method does what it shall, but its answer never arrives."""
        self.faults.lose_answer(method, times=times)

    def gate(self, method: str) -> Gate:
        """A method does what it shall, but its answers wait at the gate until that is opened."""
        return self.faults.gate(method)

    def rate(
        self,
        per_second: float | None = 1.0,
        *,
        burst: int = 3,
        method: str = "chat.postMessage",
    ) -> None:
        """More than that is answered by 429: chat.postMessage for each channel, other methods for
        each workspace. None takes the limit away."""
        self.faults.rate(
            method, None if per_second is None else Rate(per_second=per_second, burst=burst)
        )

    def heal(self) -> None:
        """Nothing goes wrong any more; rates stay."""
        self.faults.heal()
        self.up()

    def socket_mode(self) -> SocketMode:
        """Serves Socket Mode; requests go over it where ``app`` is None."""
        if self.sockets is None:
            self.sockets = SocketMode()
            self.outbox.envelopes = self.sockets
        return self.sockets

    # -- what happened ----------------------------------------------------------------------------

    @property
    def slow_answers(self) -> list[Any]:
        """Requests that the app did not acknowledge in time, or not by 200."""
        return self.outbox.slow

    @property
    def calls(self) -> list[Any]:
        """Every call of a method so far (see ``ApiCall``)."""
        return self.state.calls

    def calls_of(self, method: str) -> list[Any]:
        return [call for call in self.state.calls if call.method == method]

    @property
    def scopes_used(self) -> set[str]:
        """The scopes that calls, events and commands have made use of."""
        return set(self.state.scopes_used)

    def settle(self) -> None:
        """Waits until every echo has been delivered."""
        self._queue.join()

    @staticmethod
    def together(times: int, act: Callable[[], Result]) -> list[Result]:
        """Does something that many times at once."""
        barrier = threading.Barrier(times)
        results: list[Result] = []

        def run() -> None:
            barrier.wait()
            results.append(act())

        threads = [threading.Thread(target=run) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    # -- inside -----------------------------------------------------------------------------------

    def _changed(self, call: Call, answer: dict[str, Any]) -> None:
        """Tells the app of what its own bot has done, as Slack does."""
        if call.method == "apps.connections.open":
            answer["url"] = self.socket_mode().address()
        if not self._echoes or (self.outbox.app is None and self.sockets is None):
            return
        with self.state.lock:
            for channel, event in call.events:
                told = [(events.message_event_name(channel), event)]
                for request in self._told(channel, told):
                    self._queue.put(request)

    def _echo(self) -> None:
        while True:
            request = self._queue.get()
            try:
                if request is None:
                    return
                self.outbox.deliver(request)
            finally:
                self._queue.task_done()

    def authorize(self, query: str) -> Response:
        """Where Slack asks whether to install the app; the answer here is yes, unless the address
        says ``deny``. ``team`` chooses the workspace."""
        asked = dict(parse_qsl(query))
        if asked.get("client_id") != CLIENT_ID:
            return Response(status=400, body=b"invalid_client_id")
        back = asked.get("redirect_uri", "")
        if asked.get("deny"):
            given = {"error": "access_denied", "state": asked.get("state", "")}
        else:
            team = self.state.teams.get(asked.get("team", "")) or self.home
            team.scopes = set(asked.get("scope", "").split(",")) - {""}
            code = self.oauth_code(team, redirect_uri=back)
            given = {"code": code, "state": asked.get("state", "")}
        return Response(status=302, body=b"", headers={"Location": f"{back}?{urlencode(given)}"})

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Response:
        """Answers one request of any kind."""
        if self.faults.seconds:
            threading.Event().wait(self.faults.seconds)
        if self.faults.unavailable:
            page = b"<html><body>Server Error</body></html>"
            return Response(status=503, body=page, headers={"Content-Type": "text/html"})
        parts = urlsplit(handler.path)
        if parts.path.startswith("/api/"):
            return self.web.answer(
                parts.path.removeprefix("/api/"),
                authorization=handler.headers.get("Authorization", ""),
                content_type=handler.headers.get("Content-Type", ""),
                query=parts.query,
                body=body,
            )
        if parts.path.startswith("/response/"):
            with self.state.lock:
                status, done = respond(self.state, parts.path.removeprefix("/response/"), body)
            if status == 200:
                return Response(status=200, body=b"ok", headers={"Content-Type": "text/plain"})
            return as_json(done, status=status)
        if parts.path == "/oauth/v2/authorize":
            return self.authorize(parts.query)
        page_or_none = None if self.more_pages is None else self.more_pages(handler, body)
        return page_or_none or as_json({"ok": False, "error": "not_found"}, status=404)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not an error."""


def handler_for(slack: LocalSlack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            response = slack.answer(self, body)
            if response.lost:
                self.close_connection = True
                return
            # Written in one piece: a client that goes away never holds half an answer.
            phrase = HTTPStatus(response.status).phrase
            fields = {**response.headers, "Content-Length": str(len(response.body))}
            lines = [f"HTTP/1.0 {response.status} {phrase}"]
            lines += [f"{name}: {value}" for name, value in fields.items()]
            self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + response.body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: the calls are written down in the state."""

    return Handler


@contextlib.contextmanager
def local_slack(
    *,
    app: str | InProcess | None = None,
    now: Callable[[], float] = time.time,
    echoes: bool = True,
) -> Iterator[LocalSlack]:
    """A Slack for as long as a test needs one."""
    with LocalSlack(app=app, now=now, echoes=echoes) as slack:
        yield slack
