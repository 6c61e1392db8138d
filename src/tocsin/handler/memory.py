"""What the writer remembers between turns: the newest heads, never older than the log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable

from tocsin.core.facts import stream_sort
from tocsin.core.releases import CODE
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.naming import TICKET_SORTS
from tocsin.store.contract import CredentialRow, Head, WriteTurn

RECORD_SORTS = (
    "connector",
    "contributor",
    "device",
    "entry_point",
    "key",
    "link",
    "location",
    "member",
    "org",
    "policy",
    "route",
    "rule",
    "service",
    "status_page",
    "subscription",
    "view",
)
TICKETS_KEPT = 20_000


class Memory:
    """Heads of tickets (the latest used), and every org's records; the writer's thread only.

    What other processes moved is dropped (tickets) or read anew (records) at the start of each
    turn.
    """

    def __init__(self) -> None:
        self.tickets: OrderedDict[tuple[int, str], Head] = OrderedDict()
        self._directories: dict[int, OrgDirectory] = {}
        self._credentials: dict[str, CredentialRow] = {}
        self._oldest_code = 0

    def oldest_code(self, turn: WriteTurn) -> int:
        """The number of the oldest release that may be at work; it never goes down."""
        if self._oldest_code < CODE:
            self._oldest_code = turn.oldest_code()
        return self._oldest_code

    def forget(self) -> None:
        """Start over: after a failure whose extent is not known."""
        self.tickets.clear()
        self._directories.clear()
        self._credentials.clear()

    def refresh(self, turn: WriteTurn, moved: Iterable[tuple[int, str]]) -> None:
        """Drop or read anew every stream that others *moved*."""
        records: dict[int, set[str]] = {}
        for org_id, stream in moved:
            if stream_sort(stream) in TICKET_SORTS:
                self.tickets.pop((org_id, stream), None)
            elif org_id in self._directories:
                records.setdefault(org_id, set()).add(stream)
        for org_id, streams in records.items():
            found = turn.heads(org_id, streams)
            for stream in streams:
                self._directories[org_id].put(stream, found.get(stream))

    def directory(self, turn: WriteTurn, org_id: int) -> OrgDirectory:
        """The org's records; all are read when the org is first named."""
        known = self._directories.get(org_id)
        if known is None:
            heads: list[Head] = []
            for sort in RECORD_SORTS:
                heads.extend(turn.heads_of_sort(org_id, sort))
            known = self._directories[org_id] = OrgDirectory(heads)
        return known

    def credential(self, turn: WriteTurn, key_id: str) -> CredentialRow | None:
        """The directory's half of a key; it never changes once it is there."""
        known = self._credentials.get(key_id)
        if known is None:
            known = turn.credential(key_id)
            if known is not None:
                self._credentials[key_id] = known
        return known

    def load_tickets(self, turn: WriteTurn, org_id: int, streams: Collection[str]) -> None:
        """Read the heads of those *streams* that are not known yet."""
        missing = [stream for stream in streams if (org_id, stream) not in self.tickets]
        for stream, head in turn.heads(org_id, missing).items():
            self.tickets[(org_id, stream)] = head

    def keep(self, heads: Iterable[Head]) -> None:
        """Take over what a committed batch decided, and let go of what was not used for long."""
        for head in heads:
            if stream_sort(head.stream) in TICKET_SORTS:
                self.tickets[(head.org_id, head.stream)] = head
                self.tickets.move_to_end((head.org_id, head.stream))
        while len(self.tickets) > TICKETS_KEPT:
            self.tickets.popitem(last=False)
