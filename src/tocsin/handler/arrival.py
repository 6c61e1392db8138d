"""A neighbour's payload on its way to the writer, and what became of it (Domain: signals).

Whoever receives it reads it first; what its words mean here is decided under the writer's lock, and
in the same commit the payload itself is stored with its verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading
from tocsin.core.verdicts import Because, Word
from tocsin.handler.submission import Credential
from tocsin.store.contract import Answer, ReceiptKey

NOTHING: Mapping[str, str] = MappingProxyType({})


class PayloadVerdict(StrEnum):
    """The verdict on a payload: that on its signals, ``mixed`` where they differ, or why it says
    nothing (API: inbox)."""

    ATTACHED = "attached"
    DEDUPLICATED = "deduplicated"
    CREATED = "created"
    RESOLVED = "resolved"
    UNATTACHED = "unattached"
    MIXED = "mixed"
    UNPARSEABLE = "unparseable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorToken:
    """The token that came with a payload: of which connector, and its SHA-256 in hex.

    It is held against the newest committed connector, under the writer's lock.
    """

    connector_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A payload of which nothing is taken in; ``reason`` is a sentence without its text.

    ``verdict`` is ``unparseable`` where it cannot be read, ``refused`` where it could be and is not
    taken.
    """

    reason: str
    verdict: PayloadVerdict = PayloadVerdict.UNPARSEABLE


def _never(_draft: SignalDraft) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A payload, as it arrived and as it was read.

    Who speaks is known by ``token``, or by ``credential`` (an API key), or is the system (what is
    heard again, or has expired). ``connector_id`` names the connector that it came to; None for
    what came over the API. ``headers`` are those that matter, without secrets; ``payload`` is kept
    as it is. ``expires`` says until when a firing signal holds unless it is heard again.
    ``replay_of`` is the number of the payload in the inbox that this one is. ``again``: no payload
    at all, but an alert that is known and heard again, with its keys as they are held. With a
    ``receipt`` the answer that ``render`` makes is kept in the same commit, and a repeat gets it
    again.
    """

    org_id: int
    reading: Reading | Unread
    connector_id: str | None = None
    token: ConnectorToken | None = None
    credential: Credential | None = None
    via: str = "api"
    payload: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    expires: Callable[[SignalDraft], datetime | None] = _never
    replay_of: int | None = None
    again: bool = False
    receipt: ReceiptKey | None = None
    render: Callable[[Accounted], Answer] | None = None

    @property
    def weight(self) -> int:
        """How much work it is for the writer: the number of things it says, at least one."""
        return 1 if isinstance(self.reading, Unread) else max(1, len(self.reading.said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one thing that a payload says.

    ``signal_id`` is that of the alert as it is known here; None for words about a ticket.
    ``observed``: so it would have been, and nothing was done.
    """

    verdict: Word
    because: Because
    reason: str
    signal_id: str | None = None
    fingerprint: str = ""
    ticket_id: str | None = None
    ticket_ref: str | None = None
    observed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """What became of a payload: ``id`` is its name in the inbox, ``results`` are in its order.

    ``position`` is that of the newest event in the log. ``replayed`` holds the answer that the same
    request got before; then nothing was done, and there are no results.
    """

    id: str
    number: int
    verdict: PayloadVerdict
    reason: str
    results: tuple[Told, ...]
    position: int
    answer: Answer | None = None
    replayed: Answer | None = None
