"""A server that answers as Airtable does: records of a base, set by upsert."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, ClassVar
from urllib.parse import unquote

BASE = "appTocsinMirror01"
TOKEN = "patAbCdEf.0123456789abcdef"

TICKET_FIELDS = (
    "ref id type title description pubkey reporter_name reporter_email device_pubkey"
    " affected_link_pubkey severity status start_at end_at auto_close_after_hours created_at"
    " updated_at"
)
UPDATE_FIELDS = "update_id ticket_id author_pubkey timestamp body status_from status_to"

JSON = "application/json; charset=utf-8"

Reply = tuple[int, bytes, dict[str, str]]


def _tables() -> dict[str, set[str]]:
    return {"Ticket": set(TICKET_FIELDS.split()), "Update": set(UPDATE_FIELDS.split())}


def _set() -> Event:
    made = Event()
    made.set()
    return made


def refusal(status: int, kind: str, message: str = "") -> Reply:
    """An error as Airtable writes it: a kind alone, or with a message."""
    error: Any = {"type": kind, "message": message} if message else kind
    return status, json.dumps({"error": error}).encode(), {}


@dataclass
class Airtable:
    """A base with two tables. ``instead`` is answered first, one for each request; nothing is
    answered until ``held`` is set."""

    tables: dict[str, set[str]] = field(default_factory=_tables)
    numbers: set[str] = field(default_factory=set)
    instead: list[Reply] = field(default_factory=list)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    hanging: bool = False
    over: Event = field(default_factory=Event)
    held: Event = field(default_factory=_set)
    address: str = ""

    def table(self, name: str) -> list[dict[str, Any]]:
        """The fields of the rows of one table."""
        return list(self.rows.get(name, {}).values())

    def reply(self, method: str, path: str, authorization: str, body: bytes) -> Reply:
        """What a request is answered with."""
        self.asked.append((method, path))
        if self.instead:
            return self.instead.pop(0)
        if authorization != f"Bearer {TOKEN}":
            return refusal(401, "AUTHENTICATION_REQUIRED", "Authentication required")
        found = re.fullmatch(r"/v0/([^/]+)/([^/]+)", unquote(path))
        if found is None or found[1] != BASE:
            return refusal(404, "NOT_FOUND")
        if found[2] not in self.tables:
            return refusal(
                403,
                "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
                "Invalid permissions, or the requested model was not found.",
            )
        if method != "PATCH":
            return refusal(405, "METHOD_NOT_ALLOWED")
        return self._upsert(found[2], json.loads(body))

    def _upsert(self, table: str, asked: dict[str, Any]) -> Reply:
        [key] = asked["performUpsert"]["fieldsToMergeOn"]
        if asked["typecast"] is not True:
            return refusal(422, "INVALID_VALUE_FOR_COLUMN", "give text, or have it cast")
        rows = self.rows.setdefault(table, {})
        answer: dict[str, Any] = {"records": [], "createdRecords": [], "updatedRecords": []}
        for record in asked["records"]:
            fields = record["fields"]
            for name, value in fields.items():
                if name not in self.tables[table]:
                    return refusal(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
                if name in self.numbers and isinstance(value, str):
                    message = f'Field "{name}" cannot accept the provided value'
                    return refusal(422, "INVALID_VALUE_FOR_COLUMN", message)
            same = [one for one, row in rows.items() if row.get(key) == fields[key]]
            if same:
                identity = same[0]
                answer["updatedRecords"].append(identity)
            else:
                identity = f"rec{table}{len(rows):08d}"
                answer["createdRecords"].append(identity)
                rows[identity] = {}
            rows[identity] |= fields
            answer["records"].append(
                {
                    "id": identity,
                    "createdTime": "2026-11-20T12:00:00.000Z",
                    # Airtable leaves out what is empty.
                    "fields": {
                        name: value for name, value in rows[identity].items() if value is not None
                    },
                }
            )
        return 200, json.dumps(answer).encode(), {}


class _Handler(BaseHTTPRequestHandler):
    airtable: ClassVar[Airtable]
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.airtable.hanging:
            self.airtable.over.wait(10)
            self.close_connection = True
            return
        self.airtable.held.wait(10)
        authorization = self.headers.get("Authorization", "")
        status, answer, headers = self.airtable.reply(self.command, self.path, authorization, body)
        self.send_response(status)
        for name, value in ({"Content-Type": JSON} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    # The server looks for methods of these names.
    do_GET = do_PATCH = do_POST = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """One who hangs up is no error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def answering(airtable: Airtable) -> Iterator[Airtable]:
    """*airtable* at its ``address``."""
    handler = type("Handler", (_Handler,), {"airtable": airtable})
    server = _Server(("127.0.0.1", 0), handler)
    airtable.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield airtable
    finally:
        airtable.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
