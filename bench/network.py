"""A network of some size: in the registry, all of it wanted in service, and as a day of samples.

Devices stand in a ring, and a link leads from each to each of the next five. Every device sends all
eight counters of every interface each minute, which is more than devices do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bench import invented, preparation, processes
from bench.tickets import ORG
from tocsin.app.demo.metros import METROS, named
from tocsin.app.house import database_path, fresh_bits, installation_key, now
from tocsin.core.commands import Command
from tocsin.core.ids import uuid7
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.commands import DefineInterface
from tocsin.core.provisioning.counters import Interface
from tocsin.core.registry_commands import RegisterDevice, RegisterLink, SideDraft
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.sealing import sealed
from tocsin.store.sqlite import SqliteStore

LINKS_OF_A_DEVICE: Final = 5
WAY_OUT: Final = "Ethernet99/1"
"""Where each device goes to the internet."""

DAY: Final = 24 * 60
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Network:
    """So many devices, and five links for each; six devices or more, else links meet."""

    devices: int

    @property
    def links(self) -> int:
        """How many there are."""
        return self.devices * LINKS_OF_A_DEVICE

    def sides(self, number: int) -> tuple[tuple[int, str], tuple[int, str]]:
        """The two sides of a link: the number of a device, and the name of an interface."""
        device, place = divmod(number, LINKS_OF_A_DEVICE)
        other = (device + place + 1) % self.devices
        return (device, f"Ethernet{place}/1"), (other, f"Ethernet{place}/2")

    def interfaces(self) -> Iterator[Interface]:
        """Both sides of every link, and the way out of every device."""
        for number in range(self.links):
            for device, name in self.sides(number):
                yield pubkey(device), name
        for device in range(self.devices):
            yield pubkey(device), WAY_OUT

    def lines(self, *, until: datetime, minutes_after: int) -> Iterator[str]:
        """Their samples in a line protocol of whole seconds, minute by minute: a day and a minute
        before *until*, and some *minutes_after* it."""
        tags = [f"intfCounters,dzd_pubkey={key},intf={name}" for key, name in self.interfaces()]
        for minute in range(-DAY - 1, minutes_after):
            at = int((until + minute * MINUTE).timestamp()) + 7
            for number, tag in enumerate(tags):
                octets = (minute + DAY + 1) * 7_500_000 + number
                yield (
                    f"{tag} in-octets={octets}i,out-octets={octets * 2}i,in-errors=3i,"
                    f"out-errors=0i,in-fcs-errors=0i,in-discards=17i,out-discards=0i,"
                    f"carrier-transitions=1i {at}"
                )


def pubkey(device: int) -> str:
    """The pubkey of the device of that number."""
    return invented.pubkey(f"device {device}")


def registered(data: Path, network: Network) -> str:
    """Take *network* into the registry of a store in an empty folder; the key of an admin.

    Raises:
        ProcessFailed: a command was refused.
    """
    admin = preparation.found(data)
    key = installation_key(data, None)
    store = SqliteStore(database_path(data, None))
    writer = Writer(
        store=store, clock=now, entropy=fresh_bits, seal=lambda secret: sealed(key, secret)
    )
    writer.start()
    try:
        with store.reading() as turn:
            org = turn.org(ORG)
        assert org is not None, "it was made a moment ago"
        asked = [
            Submission(org_id=org.org_id, sort=sort, command=command, via="cli")
            for sort, command in _commands(network)
        ]
        for start in range(0, len(asked), AT_ONCE):
            for result in writer.do_all(asked[start : start + AT_ONCE]):
                if not isinstance(result, Outcome):
                    raise processes.ProcessFailed(f"a command was not accepted: {result!r}")
    finally:
        writer.stop()
        store.close()
    return admin


def _commands(network: Network) -> Iterator[tuple[str, Command]]:
    for place in named(iter(_fresh, None)):
        yield "location", place
    for number in range(network.devices):
        yield (
            "device",
            RegisterDevice(
                device_id=_fresh(),
                pubkey=pubkey(number),
                code=f"d{number}",
                contributor=preparation.CONTRIBUTOR,
                device_type="transit",
                exchange=METROS[number % len(METROS)].code,
                public_ip=f"198.18.{number // 250}.{number % 250 + 1}",
                dz_prefixes=("198.51.100.0/29",),
                max_users=0,
                desired_status="activated",
                interfaces=(DefineInterface(name=WAY_OUT, role="dia"),),
            ),
        )
    for number in range(network.links):
        (device, name), (other, far) = network.sides(number)
        yield (
            "link",
            RegisterLink(
                link_id=_fresh(),
                pubkey=invented.pubkey(f"link {number}"),
                code=f"l{number}",
                link_type="WAN",
                side_a=SideDraft(device=f"d{device}", interface=name),
                side_z=SideDraft(device=f"d{other}", interface=far),
                contributor=preparation.CONTRIBUTOR,
                bandwidth=10_000_000_000,
                mtu=9_000,
                desired_status="activated",
            ),
        )


def _fresh() -> str:
    return uuid7(now(), fresh_bits())
