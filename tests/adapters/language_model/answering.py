"""What an OpenAI-compatible server answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.adapters.webhook.listening import Heard, status
from tocsin.core.records import EntryPoint

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(identity: str, **said: Any) -> EntryPoint:
    """An entry point."""
    said.setdefault("name", identity.title())
    return EntryPoint(id=identity, created_at=NOON, updated_at=NOON, version=1, **said)


def completion(content: object) -> bytes:
    """A chat completion whose only choice says *content*."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "small",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 30, "total_tokens": 330},
    }
    return status("200 OK", "Content-Type: application/json", body=json.dumps(body).encode())


def choosing(number: object, title: object = "Names do not resolve", **more: object) -> bytes:
    """A completion that chooses an entry point by its number."""
    said = {"entry_point": number, "title": title, "description": "Since noon.", **more}
    return completion(json.dumps(said))


def question_in(heard: Heard) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body of a request, and the JSON in its user's message."""
    body: dict[str, Any] = json.loads(heard.body)
    told: dict[str, Any] = json.loads(body["messages"][1]["content"])
    return body, told
