"""What is handed to the writer, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.core.aggregates import State
from tocsin.core.commands import Command
from tocsin.core.evidence import Directory
from tocsin.core.facts import Event
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role
from tocsin.store.contract import Answer, ReceiptKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The key that a request came with: its id, the SHA-256 of its secret, and the caller's
    address.

    It is verified against the newest committed key and member, under the writer's lock.
    """

    key_id: str
    digest: bytes
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A member for whom an adapter vouches: it has verified a signature of the neighbour that knows
    them.

    What they may do is decided by the newest committed member, under the writer's lock, as for a
    key; ``at_most`` bounds the role of one who is known by less than an admin's word.
    """

    member_id: str
    at_most: Role | None = None


def _no_ticket(name: str) -> Ticket | None:
    """Where no ticket can be looked up."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command: the stream, its state now, the new events, the position reached.

    ``position`` is the position of the last new event, or of the newest one in the log when nothing
    changed. ``directory`` names the org's records as they are now. ``replayed`` holds the answer
    that the same request got before; then nothing was done.
    """

    stream: str
    state: State
    events: tuple[Event, ...]
    position: int
    directory: Directory
    version: int
    ticket: Callable[[str], Ticket | None] = _no_ticket
    replayed: Answer | None = None
    answer: Answer | None = None


Render = Callable[[Outcome], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One command on its way to the writer.

    ``sort`` says what it is about (``ticket``, ``device``, ``member``, …), ``subject`` which one:
    for tickets an id or ref, for records any name they have; None for what the command itself
    makes. ``credential`` says who asks, or ``speaker``
    does; neither is the system. ``expected_version`` comes from If-Match. With a
    ``receipt`` the answer that ``render`` makes is kept in the same commit, and a repeat gets it
    again. ``preceding`` are commands ``(sort, command)`` that make what this one needs (the
    service member of a new key) in the same commit, all or nothing. ``dry_run`` decides and
    answers, and writes nothing. ``secret_digest`` is the SHA-256 of a new API key's secret,
    ``secrets`` new secrets (id → plain bytes) that the store seals; neither is ever in an event.
    """

    org_id: int
    sort: str
    command: Command
    subject: str | None = None
    credential: Credential | None = None
    speaker: Speaker | None = None
    via: str = "api"
    expected_version: int | None = None
    receipt: ReceiptKey | None = None
    render: Render | None = None
    preceding: tuple[tuple[str, Command], ...] = ()
    secret_digest: bytes | None = None
    secrets: tuple[tuple[str, bytes], ...] = ()
    dry_run: bool = False
