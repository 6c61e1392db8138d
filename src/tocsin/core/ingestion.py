"""What a neighbour's payload says, once it is read: signals, and words about what they opened.

The adapters translate into this, each from its own shape; what becomes of it is decided elsewhere
(Domain: signals, correlation; Integrations). Keys here are the neighbour's own: whoever takes them
in prefixes them with the connector's code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.commands import SignalDraft
from tocsin.core.evidence import Directory
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Because, Fresh, Step, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody there has taken it on."""

    key: str
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """It is over there, without a signal of its own that says so."""

    key: str
    by: str | None = None
    note: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Words for the timeline of what *key* opened; with no key, a change that opens nothing."""

    key: str | None
    text: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """Fields of what *key* opened are to change; None leaves one as it is."""

    key: str
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    assignee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known of planned work when a notice about it arrives: what the last one left to
    remember (``memo``), the latest ticket made for it, and what a new one may take.

    ``correlation_key`` is its key as it is held in the org.
    """

    memo: str
    ticket: Ticket | None
    directory: Directory
    correlation_key: str
    fresh: Fresh
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What follows from a notice: its verdict, what is to be remembered, and what is asked for, in
    that order; ``for_person`` where somebody should look at it."""

    word: Word
    because: Because
    reason: str
    memo: str
    steps: tuple[Step, ...] = ()
    for_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A notice of planned work; ``settle`` says what follows from it, and is pure.

    Its ``key`` is the same for all notices of that work.
    """

    key: str
    summary: str
    settle: Callable[[Beside], Settled]


Said = SignalDraft | Acknowledged | Ended | Noted | Amended | Announced
"""One thing that a payload says; a signal's own key is its ``correlation_key``."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a payload says, in its order. ``reopens`` is false where the neighbour makes a new
    incident of whatever fires after an end, however soon. ``once`` are fingerprints that name a
    single event each: delivered again, even after its end, it says nothing."""

    said: tuple[Said, ...]
    reopens: bool = True
    once: frozenset[str] = frozenset()


class Unreadable(Exception):
    """A payload that says nothing: ``reason`` is a sentence for whoever looks at it, without the
    payload's text; ``errors`` are the neighbour's own kind of complaints, where it has such."""

    def __init__(self, reason: str, *, errors: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.errors = errors
