"""What comes in with a command: instant, ids, actor, rights, and the neighbouring records it names.

A decision reads nothing by itself. The writer loads, under its lock, what the command names and
hands it over as :class:`Given`; a test builds the same from plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tocsin.core.facts import Actor
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Member,
    Policy,
    Route,
    Rule,
    Service,
    StatusPage,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the one who asks may do: a role, and the contributor every right is bound to, if any.

    ``member_id`` and ``contributor_id`` are record ids. The system has :data:`SYSTEM_ACCESS`.
    """

    role: Role
    member_id: str
    contributor_id: str | None = None
    system: bool = False


SYSTEM_ACCESS = Access(role=Role.ORG_ADMIN, member_id="tocsin", system=True)


class Directory(Protocol):
    """The org's records, found by every name they have. Removed records are not found.

    ``device`` and ``link`` take a pubkey or a code; ``contributor`` an id, code or pubkey;
    ``member`` an id; ``service``, ``connector`` and ``status_page`` a code or id; ``route`` and
    ``key`` an id.
    """

    def device(self, name: str) -> Device | None: ...
    def link(self, name: str) -> Link | None: ...
    def links_of(self, device_pubkey: str) -> Sequence[Link]: ...
    def contributor(self, name: str) -> Contributor | None: ...
    def member(self, identity: str) -> Member | None: ...
    def key(self, identity: str) -> Key | None: ...
    def service(self, name: str) -> Service | None: ...
    def route(self, identity: str) -> Route | None: ...
    def routes(self) -> Sequence[Route]: ...
    def entry_points(self) -> Sequence[EntryPoint]: ...
    def connector(self, name: str) -> Connector | None: ...
    def connectors(self) -> Sequence[Connector]: ...
    def signal_rules(self) -> Sequence[Rule]: ...
    def status_page(self, name: str) -> StatusPage | None: ...
    def members(self) -> Sequence[Member]: ...
    def keys(self) -> Sequence[Key]: ...
    def policy(self) -> Policy: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Everything a decision may look at besides the state and the command.

    ``at`` is the instant of the decision, ``entry_id`` a fresh id for whatever the command makes,
    ``claims`` maps ``(kind, key)`` to the stream that holds it, for every claim the command names
    (kinds: :mod:`tocsin.core.claims`), ``tickets`` the tickets it names by id and by ref, and
    ``maintenances`` the active ones on assets that the command touches, or on the other side of
    their links, this one left out, and ``holding`` the active tickets on the device or link that a
    command about its life is asked of.
    """

    at: datetime
    entry_id: str
    actor: Actor
    access: Access
    via: str
    directory: Directory
    claims: Mapping[tuple[str, str], str] = field(default_factory=dict)
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    maintenances: Sequence[Ticket] = ()
    holding: Sequence[Ticket] = ()

    @property
    def policy(self) -> Policy:
        """The org's policy as it is now."""
        return self.directory.policy()
