"""The other things that a ticket names, found for rendering.

A ticket's state names contributors, assets, members and other tickets by id or pubkey (Core: rows);
people read codes and names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Contributor, Device, Link, Member, Policy, Record
from tocsin.core.ticket import Ticket
from tocsin.store.contract import ReadTurn


class Names(Protocol):
    """Finds what a ticket names; None for what is gone."""

    def contributor(self, identity: str) -> Contributor | None: ...
    def member(self, identity: str) -> Member | None: ...
    def device(self, pubkey: str) -> Device | None: ...
    def link(self, pubkey: str) -> Link | None: ...
    def ticket(self, identity: str) -> Ticket | None: ...
    def policy(self) -> Policy: ...


class LoadedNames:
    """Names read in one go from a snapshot, for the tickets that are shown."""

    def __init__(self, turn: ReadTurn, *, org_id: int, tickets: Iterable[Ticket]) -> None:
        shown = list(tickets)
        pubkeys = {pubkey for one in shown for pubkey in (*one.devices, *one.links)}
        held = turn.claims(org_id, {(ASSET_PUBKEY, pubkey) for pubkey in pubkeys})
        streams = {"policy:policy", *held.values()}
        for one in shown:
            streams.update(f"contributor:{identity}" for identity in one.affected_contributors)
            if one.contributor_id is not None:
                streams.add(f"contributor:{one.contributor_id}")
            if one.assignee is not None:
                streams.add(f"{one.assignee.kind}:{one.assignee.id}")
            for other in _others(one):
                streams.update((f"incident:{other}", f"maintenance:{other}"))
        self._heads = {stream: head.state for stream, head in turn.heads(org_id, streams).items()}
        owners = {
            f"contributor:{state.contributor_id}"
            for state in self._heads.values()
            if isinstance(state, Device | Link | Ticket) and state.contributor_id is not None
        } - self._heads.keys()
        self._heads |= {stream: head.state for stream, head in turn.heads(org_id, owners).items()}
        self._assets: Mapping[str, Record] = {
            pubkey: state
            for (_, pubkey), stream in held.items()
            if isinstance(state := self._heads.get(stream), Record)
        }

    def contributor(self, identity: str) -> Contributor | None:
        """By id."""
        found = self._heads.get(f"contributor:{identity}")
        return found if isinstance(found, Contributor) else None

    def member(self, identity: str) -> Member | None:
        """By id."""
        found = self._heads.get(f"member:{identity}")
        return found if isinstance(found, Member) else None

    def device(self, pubkey: str) -> Device | None:
        """By pubkey."""
        found = self._assets.get(pubkey)
        return found if isinstance(found, Device) else None

    def link(self, pubkey: str) -> Link | None:
        """By pubkey."""
        found = self._assets.get(pubkey)
        return found if isinstance(found, Link) else None

    def ticket(self, identity: str) -> Ticket | None:
        """By id."""
        for sort in ("incident", "maintenance"):
            found = self._heads.get(f"{sort}:{identity}")
            if isinstance(found, Ticket):
                return found
        return None

    def policy(self) -> Policy:
        """The org's policy."""
        found = self._heads.get("policy:policy")
        return found if isinstance(found, Policy) else DEFAULT_POLICY


def _others(ticket: Ticket) -> Iterable[str]:
    for relation in ticket.relations:
        yield relation.ticket_id
    for overlap in ticket.conflicts:
        yield overlap.ticket_id
    if ticket.duplicate_of is not None:
        yield ticket.duplicate_of
