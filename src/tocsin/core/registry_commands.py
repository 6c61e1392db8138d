"""What can be asked of the registry: to take devices and links in, change them, take them out.

Words stay as they were given; the decision reads and bounds them. Fields that hold ``NOT_GIVEN``
were not mentioned; None means: empty it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.provisioning.commands import DefineInterface, LifeCommand
from tocsin.core.provisioning.on_ledger import OnLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class SideDraft:
    """One end of a link: ``device`` by pubkey or code."""

    device: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDevice(Command):
    """Take a device into the registry; ``on_ledger`` is what the ledger says that keeps it."""

    device_id: str
    pubkey: str
    code: str
    contributor: str | None = None
    device_type: str | None = None
    location: str | None = None
    exchange: str | None = None
    public_ip: str | None = None
    dz_prefixes: tuple[str, ...] = ()
    max_users: int | None = None
    metrics_publisher: str | None = None
    mgmt_vrf: str | None = None
    desired_status: str | None = None
    interfaces: tuple[DefineInterface, ...] = ()
    on_ledger: OnLedger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDevice(Command):
    """Change a device; ``pubkey`` may be repeated, never changed."""

    pubkey: str | NotGiven = NOT_GIVEN
    code: str | NotGiven = NOT_GIVEN
    contributor: str | NotGiven = NOT_GIVEN
    device_type: str | None | NotGiven = NOT_GIVEN
    location: str | None | NotGiven = NOT_GIVEN
    exchange: str | None | NotGiven = NOT_GIVEN
    public_ip: str | None | NotGiven = NOT_GIVEN
    dz_prefixes: tuple[str, ...] | NotGiven = NOT_GIVEN
    max_users: int | None | NotGiven = NOT_GIVEN
    metrics_publisher: str | None | NotGiven = NOT_GIVEN
    mgmt_vrf: str | None | NotGiven = NOT_GIVEN
    desired_status: str | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDevice(Command):
    """Take a device out of the registry that no link uses any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLink(Command):
    """Take a link between two registered devices into the registry; ``on_ledger`` is what the
    ledger says that keeps it."""

    link_id: str
    pubkey: str
    code: str
    link_type: str
    side_a: SideDraft
    side_z: SideDraft
    contributor: str | None = None
    bandwidth: int | None = None
    mtu: int | None = None
    delay: int | None = None
    jitter: int | None = None
    delay_override: int | None = None
    desired_status: str | None = None
    on_ledger: OnLedger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLink(Command):
    """Change a link; ``pubkey`` may be repeated, never changed."""

    pubkey: str | NotGiven = NOT_GIVEN
    code: str | NotGiven = NOT_GIVEN
    contributor: str | NotGiven = NOT_GIVEN
    link_type: str | NotGiven = NOT_GIVEN
    side_a: SideDraft | NotGiven = NOT_GIVEN
    side_z: SideDraft | NotGiven = NOT_GIVEN
    bandwidth: int | None | NotGiven = NOT_GIVEN
    mtu: int | None | NotGiven = NOT_GIVEN
    delay: int | None | NotGiven = NOT_GIVEN
    jitter: int | None | NotGiven = NOT_GIVEN
    delay_override: int | None | NotGiven = NOT_GIVEN
    desired_status: str | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLink(Command):
    """Take a link out of the registry."""


RegistryCommand = (
    RegisterDevice
    | UpdateDevice
    | RemoveDevice
    | RegisterLink
    | UpdateLink
    | RemoveLink
    | LifeCommand
)
