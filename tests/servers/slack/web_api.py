"""The Web API: a request in, Slack's answer out, every call written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.servers.slack import channels, messages, modals, people
from tests.servers.slack.calling import (
    METHODS,
    Call,
    read_arguments,
    read_authorization,
    without_secrets,
)
from tests.servers.slack.faults import Faults
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.state import ApiCall, State

ROOMS: Final = (channels, messages, modals, people)
"""Imported for the methods that they register."""

WITHOUT_TOKEN: Final = frozenset({"oauth.v2.access", "apps.connections.open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """``lost``: the connection ends without it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


def as_json(
    body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    whole = {"Content-Type": "application/json; charset=utf-8"} | (headers or {})
    return Response(status=status, body=json.dumps(body).encode(), headers=whole)


def limited(seconds: int) -> Response:
    return as_json(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)}
    )


class WebApi:
    """Answers calls; ``changed`` is told of what a call has done, for events to be sent of it."""

    def __init__(
        self, state: State, faults: Faults, *, changed: Callable[[Call, dict[str, Any]], None]
    ) -> None:
        self._state = state
        self._faults = faults
        self._changed = changed

    def answer(
        self, method: str, *, authorization: str, content_type: str, query: str, body: bytes
    ) -> Response:
        """Answers one call."""
        state = self._state
        token, basic = read_authorization(authorization)
        try:
            arguments = read_arguments(content_type=content_type, body=body, query=query)
        except SlackError as refused:
            return as_json(refused.body)
        token = token or str(arguments.pop("token", ""))
        with state.lock:
            call = Call(
                state=state,
                method=method,
                arguments=arguments,
                team_or_none=state.team_of_token(token) if token else None,
                basic=basic,
                token=token,
            )
            response = self._limited(call) or self._failing(call)
            if response is not None:
                self._note(call, error=json.loads(response.body)["error"])
                return response
            answer = self._refused_or_done(call)
            self._note(call, error=None if answer["ok"] else str(answer["error"]))
        if answer["ok"]:
            self._changed(call, answer)
        scopes = call.team_or_none.scopes if call.team_or_none is not None else ()
        done = as_json(answer, headers={"X-OAuth-Scopes": ",".join(sorted(scopes))})
        self._faults.held_up(method)
        if self._faults.loses(method):
            return Response(status=done.status, body=done.body, headers=done.headers, lost=True)
        return done

    def _limited(self, call: Call) -> Response | None:
        team = call.team_or_none.id if call.team_or_none is not None else ""
        posting = call.method in ("chat.postMessage", "chat.postEphemeral")
        where = f"{team}/{call.arguments.get('channel')}" if posting else team
        wait = self._faults.wait_of(call.method, where)
        return None if wait is None else limited(wait)

    def _failing(self, call: Call) -> Response | None:
        failure = self._faults.failure_of(call.method)
        if failure is None:
            return None
        if failure.retry_after is not None:
            return as_json(
                {"ok": False, "error": failure.error},
                status=failure.status,
                headers={"Retry-After": str(failure.retry_after)},
            )
        return as_json({"ok": False, "error": failure.error}, status=failure.status)

    def _refused_or_done(self, call: Call) -> dict[str, Any]:
        handler = METHODS.get(call.method)
        try:
            if handler is None:
                raise SlackError("unknown_method")
            if call.method not in WITHOUT_TOKEN:
                assert call.team.installed
            return handler(call)
        except SlackError as refused:
            return refused.body

    def _note(self, call: Call, *, error: str | None) -> None:
        self._state.scopes_used |= call.scopes
        self._state.calls.append(
            ApiCall(
                at=self._state.now(),
                method=call.method,
                team_id=None if call.team_or_none is None else call.team_or_none.id,
                arguments=without_secrets(call.arguments),
                scopes=frozenset(call.scopes),
                error=error,
            )
        )
