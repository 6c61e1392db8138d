"""A server that answers as an OpenAI-compatible one does, and the ways in which one may not."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.adapters.webhook.listening import Heard, Receiver, status
from tocsin.core.records import EntryPoint

Answering = Callable[[Receiver, socket.socket, Heard], bool]
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


def hanging(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Say nothing until the test is over."""
    receiver.closing.wait()
    return False


def dripping(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Answer, one byte at a time, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not receiver.closing.wait(0.02):
        connection.sendall(b"1\r\n \r\n")
    return False


def dripping_head(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Begin with a head that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not receiver.closing.wait(0.02):
        connection.sendall(b"X: y\r\n"[:1])
    return False


def flooding(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Answer more and more."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while not receiver.closing.is_set():
        connection.sendall(b"x" * 65_536)
    return False


def question_in(heard: Heard) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body of a request, and the JSON in its user's message."""
    body: dict[str, Any] = json.loads(heard.body)
    told: dict[str, Any] = json.loads(body["messages"][1]["content"])
    return body, told
