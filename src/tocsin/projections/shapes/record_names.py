"""What records name by id or pubkey, found for rendering: people read codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.facts import stream_name
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Member,
    Record,
    Route,
    Rule,
)
from tocsin.core.ticket import Assignee
from tocsin.store.contract import ReadTurn


class PartyNames(Protocol):
    """Finds whom a record or ticket names, and devices; None for what is gone."""

    def contributor(self, name: str, /) -> Contributor | None: ...
    def member(self, identity: str, /) -> Member | None: ...
    def device(self, name: str, /) -> Device | None: ...


class RecordNames(PartyNames, Protocol):
    """Finds what a record names; None for what is gone."""

    def connector(self, name: str, /) -> Connector | None: ...


class ReadNames:
    """Names read in one go from a snapshot, for the records that are shown."""

    def __init__(self, turn: ReadTurn, *, org_id: int, records: Iterable[Record]) -> None:
        shown = list(records)
        pubkeys = {
            side.device
            for one in shown
            if isinstance(one, Link)
            for side in (one.side_a, one.side_z)
        }
        held = turn.claims(org_id, {(ASSET_PUBKEY, pubkey) for pubkey in pubkeys})
        members = {
            stream_name("member", identity) for one in shown for identity in _members_of(one)
        }
        connectors = {
            stream_name("connector", one.connector_id)
            for one in shown
            if isinstance(one, Rule) and one.connector_id is not None
        }
        named = members | connectors | set(held.values())
        first = {stream: head.state for stream, head in turn.heads(org_id, named).items()}
        streams = {
            stream_name("contributor", identity)
            for one in (*shown, *first.values())
            for identity in _contributors_of(one)
        }
        second = {stream: head.state for stream, head in turn.heads(org_id, streams).items()}
        self._states = first | second
        self._devices = {pubkey: stream for (_, pubkey), stream in held.items()}

    def contributor(self, name: str, /) -> Contributor | None:
        """By id."""
        found = self._states.get(stream_name("contributor", name))
        return found if isinstance(found, Contributor) else None

    def member(self, identity: str, /) -> Member | None:
        """By id."""
        found = self._states.get(stream_name("member", identity))
        return found if isinstance(found, Member) else None

    def device(self, name: str, /) -> Device | None:
        """By pubkey."""
        found = self._states.get(self._devices.get(name, ""))
        return found if isinstance(found, Device) else None

    def connector(self, name: str, /) -> Connector | None:
        """By id; one that was removed is gone."""
        found = self._states.get(stream_name("connector", name))
        return found if isinstance(found, Connector) and found.removed_at is None else None


def _members_of(record: Record) -> tuple[str, ...]:
    match record:
        case Key():
            return (record.member_id,)
        case EntryPoint(assignee=Assignee(kind="member", id=identity)):
            return (identity,)
        case _:
            return ()


def _contributors_of(state: object) -> tuple[str, ...]:
    match state:
        case Link():
            return (state.contributor_id, state.side_z_contributor_id)
        case Device():
            return (state.contributor_id,)
        case EntryPoint(assignee=Assignee(kind="contributor", id=identity)):
            return (identity,)
        case Member() | Route() | Connector():
            return () if state.contributor_id is None else (state.contributor_id,)
        case _:
            return ()
