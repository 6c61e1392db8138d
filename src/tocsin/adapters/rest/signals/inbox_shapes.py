"""The shapes of the inbox, and what is asked of it (API: inbox)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.record_bodies import LONGEST_ID, RecordsQuery
from tocsin.adapters.rest.ticket_bodies import Body, Instant

ConnectorNamed = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_ID, description="A connector, by code or id."),
]
VerdictWord = Literal[
    "attached",
    "deduplicated",
    "created",
    "resolved",
    "unattached",
    "mixed",
    "unparseable",
    "refused",
]


class InboxQuery(RecordsQuery):
    """Which payloads; several filters mean: all of them."""

    connector: ConnectorNamed | None = None
    verdict: VerdictWord | None = None
    since: Annotated[Instant, Meta(description="That came then or later.")] | None = None
    until: Annotated[Instant, Meta(description="That came before.")] | None = None
    payload: Annotated[bool, Meta(description="Whether the payloads are told, too.")] = True


class ReplayBody(Body):
    """Which payloads are read again, oldest first: of a connector, that came from ``since`` on and
    before ``until``, with that verdict."""

    connector: ConnectorNamed
    since: Instant
    until: Instant
    verdict: VerdictWord | None = None


class PayloadCounts(Struct, kw_only=True):
    """How many things of a payload got which verdict; together what was received."""

    attached: int
    deduplicated: int
    created: int
    resolved: int
    unattached: int


class ResultTicket(Struct, kw_only=True):
    """The ticket that a signal belongs to."""

    id: str
    ref: str


class PayloadResult(Struct, kw_only=True):
    """What became of one thing that a payload says; ``fingerprint`` tells its alert from others,
    and is empty for words about a ticket."""

    fingerprint: str
    verdict: str
    because: str
    ticket: ResultTicket | None


class InboxItem(Struct, kw_only=True):
    """A payload as it arrived, and what became of it.

    ``connector`` is a code, null for what came over the API. ``signals`` is how many things it
    says. ``observed``: its connector only observes, and nothing was done. ``replay_of`` is the id
    of the payload that was read again. ``payload`` is what came: JSON where it is JSON, else text,
    else base64 (``payload_encoding``: json, text, base64).
    """

    id: str
    connector: str | None
    received_at: str
    verdict: str
    reason: str
    signals: int
    content_type: str
    size: int | UnsetType = UNSET
    observed: bool
    replay_of: str | None
    counts: PayloadCounts
    payload: Any = UNSET
    payload_encoding: str | UnsetType = UNSET


class InboxDetail(InboxItem, kw_only=True):
    """A payload with everything that is kept of it; ``via`` is where it came in."""

    via: str
    headers: dict[str, str]
    results: list[PayloadResult]


class ReplayedPayload(Struct, kw_only=True):
    """What became of a payload that was read again: ``id`` is its name, ``replay`` that of what was
    made of it, null where it still cannot be read."""

    id: str
    replay: str | None
    verdict: str
    reason: str
    results: list[PayloadResult]


class ReplayedPayloads(Struct, kw_only=True):
    """What became of each, oldest first. ``left`` were not read again by this request: ask once
    more, with ``since`` set to ``next_since``."""

    items: list[ReplayedPayload]
    left: int
    next_since: str | None
