"""What a store is: the contract that every store keeps, and the shapes that cross it.

A store is written by *turns*. A turn is one transaction that is opened before anything is read
(Design: a turn of the writer): what the writer reads in it is the newest committed state, and
nobody else writes until it ends. Reading happens on snapshots beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from tocsin.core.aggregates import Standing, State
from tocsin.core.claims import Claim
from tocsin.core.facts import Event
from tocsin.store.arrivals import ArrivalWrites, Arrived, HeardAgain, KnownSignal
from tocsin.store.measuring import MeasuredReads, MeasuredWrites
from tocsin.store.outgoing import Noted, Outgoing, OutgoingReads, OutgoingWrites
from tocsin.store.public_notices import PublicNoticesWrites
from tocsin.store.workspaces import WorkspaceReads, WorkspaceWrites


class StorageFailed(Exception):
    """The storage is away, full or broken; nothing of the turn is in the log.

    ``reason`` is a sentence for the operator. ``uncertain`` is true when a commit was sent and its
    outcome is unknown.
    """

    def __init__(self, reason: str, *, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uncertain = uncertain


class DatabaseTooNew(Exception):
    """The database says that code as old as this one may no longer write to it; says what to do."""


class LogDamaged(Exception):
    """A stored event cannot be read as what it claims to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest state of a stream; ``number`` is the position of its first event."""

    org_id: int
    stream: str
    number: int
    version: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadChange:
    """A stream that a batch moved: how it stood before (None: it is new) and how it stands now."""

    head: Head
    before: Standing | None
    after: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptKey:
    """Which request this is: ``scope`` (credential, method, path), the client's ``key``, body
    digest."""

    org_id: int
    scope: str
    key: str
    body_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered with: status, body and the headers that belong to the answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An answer that was given, kept so that the same request gets the same one."""

    key: ReceiptKey
    stream: str
    position: int
    answer: Answer
    expires_at: datetime

    @property
    def is_emptied(self) -> bool:
        """Whether text of what the answer is about was erased, and the answer and the digest of the
        body with it."""
        return not self.key.body_digest

    def emptied(self) -> Receipt:
        """What stays of it after that: its key, which nobody gets another answer under."""
        return replace(
            self,
            key=replace(self.key, body_digest=b""),
            answer=Answer(status=self.answer.status, body=b""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """The directory's half of an API key: which org it opens, and the SHA-256 of its secret."""

    key_id: str
    org_id: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgRow:
    """The directory's half of an org: its number and code."""

    org_id: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """The directory's half of a status page: whose it is, by the slug of its public address.

    It stands there as long as the page's claim of kind ``status_page_code``, and is written with
    it: no batch names one.
    """

    slug: str
    org_id: int
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """A secret that only this installation's key opens."""

    id: str
    org_id: int
    sealed: bytes


@dataclass(slots=True, kw_only=True)
class Batch:
    """Everything that one turn writes. Events are in the order of their positions.

    ``noted`` are deliveries that a new route is to make of what was before it. ``inbox`` are
    payloads that arrived, ``signals`` alerts that are new or stand differently (each once),
    ``repeats`` those that were only heard again. ``forgotten`` are the ids of secrets that go.
    """

    batch_id: str
    events: list[Event] = field(default_factory=list)
    heads: dict[tuple[int, str], HeadChange] = field(default_factory=dict)
    outbox: list[Outgoing] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    orgs: list[OrgRow] = field(default_factory=list)
    credentials: list[CredentialRow] = field(default_factory=list)
    secrets: list[SealedSecret] = field(default_factory=list)
    forgotten: list[tuple[int, str]] = field(default_factory=list)
    inbox: list[Arrived] = field(default_factory=list)
    signals: list[KnownSignal] = field(default_factory=list)
    repeats: list[HeardAgain] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDeadline:
    """A deadline that has come."""

    org_id: int
    stream: str
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The searchable text of one ticket."""

    org_id: int
    number: int
    text: str


class ReadTurn(OutgoingReads, WorkspaceReads, MeasuredReads, Protocol):
    """A snapshot for reading; every answer of one turn belongs to one committed state."""

    def last_position(self) -> int: ...
    def oldest_code(self) -> int:
        """The number of the oldest release that may be at work on this database."""
        ...

    def org(self, code: str) -> OrgRow | None: ...
    def orgs(self) -> Sequence[OrgRow]: ...
    def credential(self, key_id: str) -> CredentialRow | None: ...
    def page(self, slug: str) -> PageRow | None:
        """The status page at that public address, whichever org's it is."""
        ...

    def pages(self) -> Sequence[PageRow]:
        """Every status page of every org, by slug."""
        ...

    def head(self, org_id: int, stream: str) -> Head | None: ...
    def heads(self, org_id: int, streams: Collection[str]) -> Mapping[str, Head]: ...
    def heads_of_sort(
        self, org_id: int, sort: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[Head]: ...
    def claims(self, org_id: int, claims: Collection[Claim]) -> Mapping[Claim, str]: ...
    def claimed_by(self, org_id: int, kind: str, key: str) -> str | None: ...
    def active_tickets(self, org_id: int) -> Sequence[str]:
        """Streams of the org's tickets that are active, the oldest first."""
        ...

    def stream_events(
        self, org_id: int, stream: str, *, after_version: int = 0, limit: int | None = None
    ) -> Sequence[Event]: ...
    def newest_events(
        self,
        org_id: int,
        stream: str,
        kinds: Collection[str],
        *,
        before_version: int | None = None,
        limit: int = 100,
    ) -> Sequence[Event]:
        """Events of one stream and of these kinds, newest first, from before a version."""
        ...

    def newest_observed(
        self, org_id: int, kind: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Events of the org of one kind that observes (a signal, a broken objective), newest first,
        from before a position."""
        ...

    def org_events(self, org_id: int, *, after: int = 0, limit: int = 1000) -> Sequence[Event]: ...
    def log(self, *, after: int = 0, limit: int = 1000) -> Sequence[Event]: ...
    def due_deadlines(self, at: datetime, *, limit: int = 500) -> Sequence[DueDeadline]: ...
    def receipt(self, key: ReceiptKey) -> Receipt | None: ...
    def checkpoint(self, name: str) -> int: ...
    def select(
        self, sql: str, parameters: Sequence[object] = (), *, org_id: int | None
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a SELECT that every store understands, with ``?`` for parameters.

        It concerns the org *org_id*; None says that it concerns every one. What it forgets to ask
        of the org is then at most that org's: where the database can hold it to that, it does.
        ``CROSS JOIN … ON`` is a join that looks up the right side row by row, and nothing is
        ``IN ()``.
        """
        ...

    def using_index(self, index: str) -> str:
        """What a SELECT says behind a table to be answered along *index*; nothing where the store
        chooses well by itself."""
        ...

    def searching(
        self, org_id: int, words: Sequence[Sequence[str]], *, whole: bool = False
    ) -> tuple[str, tuple[object, ...]]:
        """A SELECT of the ``number`` of each ticket that :meth:`search` finds, and its parameters:
        to be joined, and ordered by that number either way without being sorted."""
        ...

    def search(
        self,
        org_id: int,
        words: Sequence[Sequence[str]],
        *,
        whole: bool = False,
        descending: bool = True,
        beyond: int | None = None,
        limit: int = 50,
    ) -> Sequence[int]:
        """Numbers of tickets whose document has all *words*, of the last one the beginning unless
        it is *whole*.

        A word is given as its alternatives, any of which will do; one of several parts (``ams-1``)
        is found where the parts stand together.
        In the order of their numbers; only those behind the number *beyond* in that order.
        """
        ...


class WriteTurn(
    OutgoingWrites,
    WorkspaceWrites,
    MeasuredWrites,
    PublicNoticesWrites,
    ArrivalWrites,
    ReadTurn,
    Protocol,
):
    """One transaction of the writer. Nothing is visible to others before ``commit``."""

    def moved_since(self, position: int) -> Sequence[tuple[int, str]]:
        """Streams ``(org_id, stream)`` that others moved after *position*; empty when nobody
        wrote."""
        ...

    def last_recorded_at(self) -> datetime | None: ...
    def receipts(self, keys: Collection[ReceiptKey]) -> Mapping[tuple[int, str, str], Receipt]: ...
    def with_term(self, org_id: int, terms: Collection[str]) -> Sequence[str]:
        """Streams of the tickets that carry any of *terms*."""
        ...

    def write(self, batch: Batch) -> None: ...
    def confirm(self, batch_id: str) -> bool:
        """Whether that batch, whose commit was lost sight of, is in the log; asked before anything
        is decided again. The turn is to be committed: then the answer is as safe as the log is."""
        ...

    def put_documents(self, documents: Sequence[Document]) -> None:
        """Set the searchable text of tickets, whatever it was before."""
        ...

    def forget_document_traces(self) -> None:
        """After a redaction: leave nothing of replaced documents in the index."""
        ...

    def checkpoint(self, name: str) -> int:
        """How far a follower has come, 0 before it began. Nobody makes everything anew until this
        turn ends; while somebody does, who asks waits."""
        ...

    def put_checkpoint(self, name: str, position: int) -> None: ...
    def clear_projections(self) -> None:
        """Empty everything that follows from the log: states, claims, slugs of pages, deadlines,
        rows, terms, search index, what measures and status pages are made of, and how far their
        followers have come. Nobody else writes or follows from here until this turn ends."""
        ...

    def attempting(self, *, keep: bool) -> AbstractContextManager[None]:
        """What is written inside stays in the turn only if the block ends well, and *keep*."""
        ...

    def redact(self, org_id: int, event_id: str, fields: Collection[str]) -> tuple[Event, str]:
        """Empty *fields* of one event; the event as it now reads, and the digest of what
        remains."""
        ...

    def drop_expired_receipts(self, at: datetime, limit: int) -> int:
        """Delete at most *limit* receipts that have expired by *at*; how many it were."""
        ...

    def commit(self) -> None: ...
    def rollback(self) -> None: ...


class Store(Protocol):
    """A log with everything that is kept beside it.

    ``shared`` is whether several processes may serve it at once, each duty then under a lease.
    """

    @property
    def shared(self) -> bool: ...
    def listen(self, on_news: Callable[[], None]) -> None:
        """Have *on_news* called, from a thread of the store's, when any process has written; until
        ``close``. It may be missed while the database is away: look yourself now and then."""
        ...

    def finish_upgrade(self) -> None:
        """Leave older releases behind: what they cannot read may be written from now on.

        Twice is harmless. The caller knows that none of them is at work.
        """
        ...

    def reading(self) -> AbstractContextManager[ReadTurn]: ...
    def writing(self) -> AbstractContextManager[WriteTurn]: ...
    def tending(self) -> AbstractContextManager[WriteTurn]: ...
    def close(self) -> None: ...


EventPages = Iterator[Sequence[Event]]
