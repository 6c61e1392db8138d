"""What can be asked of the life of devices, links and interfaces.

Each is asked of the stream of a device or link; ``interface`` names one of a device's interfaces
where the life of that one is meant. Words stay as they were given; the decision reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Command):
    """Want another status of it: activated, soft_drained, hard_drained or deleted."""

    desired: str
    reason: str | None = None
    interface: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptLink(Command):
    """As the Z side: agree to a link between two contributors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineInterface(Command):
    """Say that a device has an interface of that name; networks are written ``10.0.0.1/31``,
    ``bandwidth`` is in bit/s."""

    name: str
    kind: str = "physical"
    loopback_type: str | None = None
    role: str | None = None
    bandwidth: int | None = None
    mtu: int | None = None
    ip_net: str | None = None
    vlan_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInterface(Command):
    """Change what is known of an interface; its name stays."""

    name: str
    kind: str | NotGiven = NOT_GIVEN
    loopback_type: str | None | NotGiven = NOT_GIVEN
    role: str | None | NotGiven = NOT_GIVEN
    bandwidth: int | None | NotGiven = NOT_GIVEN
    mtu: int | None | NotGiven = NOT_GIVEN
    ip_net: str | None | NotGiven = NOT_GIVEN
    vlan_id: int | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveInterface(Command):
    """Take an interface away that no link uses."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindInterface(Command):
    """A link of that type uses the interface from now on; by the system, as the link says."""

    name: str
    link_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeInterface(Command):
    """No link uses the interface any more; by the system, as the link says."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive(Command):
    """A criterion need not be met until an instant."""

    criterion: str
    reason: str
    until: datetime
    interface: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(Command):
    """A criterion that was waived has to be met again."""

    criterion: str
    interface: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Command):
    """As the monitor: what the evidence says, and the sentences that it says it in.

    ``judged_from`` is the health that it was judged from, which may not be so any more. ``taken``
    is that the ledger which keeps the asset has taken it; without that, nothing changes of an asset
    that a ledger keeps.
    """

    health: str
    reasons: tuple[str, ...]
    interface: str | None = None
    taken: bool = False
    judged_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(Command):
    """As the activator: let the device with its interfaces, or the link, go on to where wish and
    health lead, if they lead anywhere.

    What a ledger keeps goes nowhere but to the status ``taken``, which that ledger has taken, as it
    has the wish ``taken_desired``; its interfaces to users go on by themselves.
    """

    taken: AssetStatus | None = None
    taken_desired: DesiredStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLedger(Command):
    """As the ledger that keeps it: what it says of the device or link, in words. With a ``version``
    it is about the record as of that version, and nothing is done when that has moved on."""

    status: str
    health: str
    desired_status: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveLedger(Command):
    """As the system: no ledger keeps it any more; people may change it here again."""


LifeCommand = (
    Wish
    | AcceptLink
    | DefineInterface
    | ChangeInterface
    | RemoveInterface
    | BindInterface
    | FreeInterface
    | Waive
    | Demand
    | Judge
    | Advance
    | FollowLedger
    | LeaveLedger
)
