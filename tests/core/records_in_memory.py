"""An org kept in memory, for stories about records: ask, and what follows is folded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.core.directory_in_memory import DirectoryInMemory
from tocsin.core import administration, registry
from tocsin.core.evidence import SYSTEM_ACCESS, Access, Given
from tocsin.core.facts import Actor, Event, Payload
from tocsin.core.permissions import permit
from tocsin.core.provisioning.bindings import bindings
from tocsin.core.pubkeys import encode
from tocsin.core.record_commands import (
    CreateContributor,
    CreateMember,
    RecordCommand,
)
from tocsin.core.records import Link, Record
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RegistryCommand,
    SideDraft,
)
from tocsin.core.ticket import Ticket

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def pubkey(number: int) -> str:
    """A pubkey that differs with *number*."""
    return encode(bytes([number]) * 32)


@dataclass
class OrgInMemory:
    """An org: its directory, the state of every stream, and the whole log."""

    at: datetime = NOON
    directory: DirectoryInMemory = field(default_factory=DirectoryInMemory)
    states: dict[str, Record] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    holding: list[Ticket] = field(default_factory=list)

    def given(self, access: Access = SYSTEM_ACCESS) -> Given:
        return Given(
            at=self.at,
            entry_id=f"entry-{len(self.log)}",
            actor=Actor(type="user", id=access.member_id, name="Somebody"),
            access=access,
            via="api",
            directory=self.directory,
            claims=self.directory.claims(),
            holding=tuple(self.holding),
        )

    def decide(
        self, stream: str, command: RecordCommand, access: Access = SYSTEM_ACCESS
    ) -> tuple[Payload, ...]:
        """What would follow; nothing is folded in."""
        given = self.given(access)
        state = self.states.get(stream)
        permit(command, state, given)
        if isinstance(command, RegistryCommand):
            return registry.decide(state, command, given)
        return administration.decide(state, command, given)

    def ask(
        self, stream: str, command: RecordCommand, access: Access = SYSTEM_ACCESS
    ) -> tuple[Payload, ...]:
        """Ask, and take in what follows."""
        payloads = self.decide(stream, command, access)
        given = self.given(access)
        earlier = self.states.get(stream)
        for payload in payloads:
            self.at += timedelta(seconds=1)
            before = self.states.get(stream)
            event = Event(
                id=f"event-{len(self.log)}",
                org_id=1,
                stream=stream,
                version=(before.version if before else 0) + 1,
                position=len(self.log) + 1,
                recorded_at=self.at,
                actor=given.actor,
                via=given.via,
                payload=payload,
            )
            self.log.append(event)
            self.states[stream] = fold(before, event)
            self.directory.put(self.states[stream])
        self._follow(stream, earlier)
        return payloads

    def _follow(self, stream: str, before: Record | None) -> None:
        """What a link means for the interfaces at its ends."""
        after = self.states.get(stream)
        if isinstance(after, Link) and after != before:
            was = before if isinstance(before, Link) else None
            for device, command in bindings(was, after, self.given()):
                self.ask(device, command)  # type: ignore[arg-type]


def fold(state: Record | None, event: Event) -> Record:
    """*state* after *event*, by the module its sort belongs to."""
    sort = event.stream.partition(":")[0]
    if sort in registry.SORTS:
        return registry.evolve(state, event)
    return administration.evolve(state, event)


def replayed(log: Sequence[Event]) -> dict[str, Record]:
    """The states of every stream that *log* makes, from nothing."""
    states: dict[str, Record] = {}
    for event in log:
        states[event.stream] = fold(states.get(event.stream), event)
    return states


def network() -> OrgInMemory:
    """Two contributors with a device each, a link between them, and a lead and a member each."""
    org = OrgInMemory()
    for number, code in ((1, "alpha"), (2, "beta")):
        org.ask(
            f"contributor:{code}",
            CreateContributor(
                contributor_id=code, code=code, name=code.title(), pubkey=pubkey(number)
            ),
        )
        for role in ("sre_lead", "member"):
            member_id = f"{code}-{role}"
            org.ask(
                f"member:{member_id}",
                CreateMember(member_id=member_id, name=member_id, role=role, contributor=code),
            )
    org.ask("member:admin", CreateMember(member_id="admin", name="Ada", role="org_admin"))
    for number, code, owner in ((11, "ams-1", "alpha"), (12, "fra-1", "beta")):
        org.ask(
            f"device:{code}",
            RegisterDevice(device_id=code, pubkey=pubkey(number), code=code, contributor=owner),
        )
    org.ask(
        "link:ams-1:fra-1",
        RegisterLink(
            link_id="ams-1:fra-1",
            pubkey=pubkey(21),
            code="ams-1:fra-1",
            link_type="wan",
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device=pubkey(12), interface="Ethernet1"),
            contributor="alpha",
        ),
    )
    return org
