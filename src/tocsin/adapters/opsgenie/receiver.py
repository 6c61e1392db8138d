"""Opsgenie's way in: the Alert API and heartbeats, below ``v2/``.

An alert's id, its tiny id and its alias are the same text here, so that whatever a client kept
names it; where it gave no alias, that is a fresh one. A request's id is that of its payload in the
inbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.adapters.opsgenie import answers, looking, translation
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import FRESH, Reply, Request
from tocsin.store.contract import ReadTurn

LARGEST_BODY: Final = 5 * 1024 * 1024
ALERTS: Final = "v2/alerts"
HEARTBEATS: Final = "v2/heartbeats"

_KEY: Final = "geniekey "
_PING: Final = "/ping"


class NoSuchPath(Unreadable):
    """Nothing of the Alert API is there: 404."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a path below ``v2/alerts/`` names: an alert, and what is to be done to it, if that is
    said."""

    identifier: str
    action: str | None


class OpsgenieReceiver:
    """Reads and answers clients of Opsgenie's Alert API (a
    :class:`~tocsin.handler.receiving.Receiver`)."""

    @property
    def largest_body(self) -> int:
        """Far more than an alert may have there."""
        return LARGEST_BODY

    @property
    def kept_headers(self) -> frozenset[str]:
        """Which client it was, and the key that was made for it."""
        return frozenset({"user-agent", FRESH})

    def token(self, request: Request) -> str | None:
        """The key of ``Authorization: GenieKey``."""
        given = request.headers.get("authorization", "")
        return given[len(_KEY) :].strip() or None if given[: len(_KEY)].lower() == _KEY else None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Nothing is signed here."""

    def is_payload(self, request: Request) -> bool:
        """Whether a request tells something, even one by GET: a heartbeat's ping does."""
        return request.method not in ("GET", "HEAD") or is_ping(request.path)

    def read(self, request: Request, connector: Connector) -> Reading:
        """What a request says; a heartbeat says nothing but that its sender is alive.

        Raises:
            NoSuchPath: it is not of the Alert API.
            Unreadable: Opsgenie would not take it.
        """
        if is_ping(request.path):
            return Reading(())
        if request.path in ("", ALERTS) and request.method == "POST":
            return translation.create(request.body, fresh_alias=request.fresh)
        place = place_of(request)
        if place is None:
            raise NoSuchPath("Opsgenie's Alert API has no such path.")
        return _done_to(place, request)

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: an alert is open until it is closed."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """202, with the id to ask about later."""
        if is_ping(request.path):
            return reply(answers.ACCEPTED, answers.pong(request_id=accounted.id, took=0.0))
        return reply(answers.ACCEPTED, answers.accepted(request_id=accounted.id, took=0.0))

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """422 with what is wrong, which no client sends again; 404 where nothing is."""
        if isinstance(problem, NoSuchPath):
            return looking.missing(problem.reason, request_id=request.fresh)
        body = answers.refused(problem.errors, request_id=request.fresh, took=0.0)
        return reply(answers.INVALID, body)

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """An alert, the list of them, their number, or what became of a request."""
        return looking.look(turn, request, org_id=org_id, connector=connector)

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


def is_ping(path: str) -> bool:
    """Whether *path* is that of a heartbeat's ping."""
    return path.startswith(f"{HEARTBEATS}/") and path.endswith(_PING) and path.count("/") >= 3


def place_of(request: Request) -> Place | None:
    """What the path of *request* names; an alias may have slashes in it. None where no alert is
    named."""
    if not request.path.startswith(f"{ALERTS}/"):
        return None
    rest = request.path.removeprefix(f"{ALERTS}/")
    if request.method == "DELETE":
        return _taken_away(rest, request)
    identifier, slash, action = rest.rpartition("/")
    if not slash or not identifier.strip() or not action:
        return None
    if action not in _BY_POST and identifier.endswith(_CUSTOM) and identifier != _CUSTOM:
        return Place(identifier.removesuffix(_CUSTOM), f"action {action}")
    return Place(identifier, action)


def _taken_away(rest: str, request: Request) -> Place | None:
    """What a DELETE names: some of an alert, or all of it."""
    for suffix, parameter, action in _PARTS:
        if rest.endswith(suffix) and parameter in request.query:
            rest = rest.removesuffix(suffix)
            return Place(rest, action) if rest.strip() else None
    attached = _ATTACHMENT.fullmatch(rest)
    if attached is not None:
        return Place(attached[1], "delete attachment")
    return Place(rest, "delete") if rest.strip() else None


_CUSTOM: Final = "/actions"
_ATTACHMENT = re.compile(r"(.*[^/])/attachments/[0-9]{1,30}")
_PARTS: Final = (("/tags", "tags", "untag"), ("/details", "keys", "remove details"))
"""Behind an alert's path: what takes only some of it away, the parameter that says what, and
what that is called here."""

Translated = Callable[[str, bytes], Reading]

_BY_POST: Final[dict[str, Translated]] = {
    "close": translation.close,
    "acknowledge": translation.acknowledge,
    "unacknowledge": translation.unacknowledge,
    "notes": translation.note,
    "tags": translation.tags,
    "assign": translation.assign,
    "snooze": translation.snooze,
    "message": translation.message,
    "description": translation.description,
    "priority": translation.priority,
}


def _done_to(place: Place, request: Request) -> Reading:
    identifier, action = place.identifier, place.action or ""
    query = request.query
    if action == "untag":
        return translation.untag(
            identifier, query["tags"], by=query.get("user"), note=query.get("note")
        )
    if action == "delete":
        # It is gone there; here it is over, as nothing is ever deleted.
        said = {name: query[name] for name in ("user", "source") if name in query}
        return translation.close(identifier, msgspec.json.encode(said))
    known = _BY_POST.get(action)
    if known is not None:
        return known(identifier, request.body)
    return translation.otherwise(identifier, request.body, request=action)


def reply(status: int, body: dict[str, Any]) -> Reply:
    """An answer in JSON."""
    return Reply(status=status, body=msgspec.json.encode(body))
