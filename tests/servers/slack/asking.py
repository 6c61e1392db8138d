"""What the tests of the local Slack share: an app that listens, a clock, blocks, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from slack_sdk.errors import SlackApiError

from tests.servers.slack.delivering import Request

START: Final = 1_763_683_200.0


class HandMovedClock:
    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds


class AttentiveApp:
    """An app that remembers what it was told, and answers as it was told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[Request, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, str, str]] = {}

    def __call__(
        self, request: Request, headers: dict[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.heard.append((request, headers))
        kind = str(request.payload.get("type", "command"))
        status, content_type, body = self.answers.get(kind, (200, "text/plain", ""))
        return status, {"Content-Type": content_type}, body.encode()

    def answer(self, kind: str, body: dict[str, Any], *, status: int = 200) -> None:
        self.answers[kind] = (status, "application/json", json.dumps(body))

    @property
    def last(self) -> dict[str, Any]:
        return self.heard[-1][0].payload

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.payload["event"] for request, _ in self.heard]


def refused(act: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        act()
    body: dict[str, Any] = caught.value.response.data
    return body


def error_of(act: Callable[[], Any]) -> str:
    return str(refused(act)["error"])


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def button(value: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", "value": value, **more}


def select(options: int, **more: Any) -> dict[str, Any]:
    offered = [{"text": plain(f"{n}"), "value": f"{n}"} for n in range(options)]
    return {"type": "static_select", "action_id": "pick", "options": offered, **more}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(f"the {value}"), "value": value}
