"""What the example's devices have: the prefixes that their users get addresses from, and their
interfaces.

Every device reaches the internet by an interface of its own; one that takes users has another for
them. Each link has one to itself at either end. Addresses inside the network are private ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.app.demo.network import DEVICES, GIGABIT, INTERFACES, LINKS, DeviceFacts
from tocsin.core.provisioning.commands import DefineInterface

DIA: Final = "Ethernet1/31"
CYOA: Final = "Ethernet1/32"

_WIDE_MTU: Final = 9_192
_USUAL_MTU: Final = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Where the addresses of a device's users come from, and how many users it takes in service."""

    prefix: str
    most: int = 0


USERS: Final[Mapping[str, Users]] = {
    "ams-1": Users(prefix="192.0.2.64/27", most=24),
    "fra-1": Users(prefix="192.0.2.96/27", most=24),
    "ams-2": Users(prefix="192.0.2.128/28", most=12),
    "waw-1": Users(prefix="192.0.2.144/29"),
    "sto-1": Users(prefix="192.0.2.152/29"),
    "lon-1": Users(prefix="198.51.100.64/27", most=24),
    "par-1": Users(prefix="198.51.100.96/29"),
    "mad-1": Users(prefix="198.51.100.104/29"),
    "nyc-1": Users(prefix="203.0.113.64/27", most=24),
    "sjc-1": Users(prefix="203.0.113.96/27", most=24),
    "tyo-1": Users(prefix="203.0.113.128/27", most=24),
    "sin-1": Users(prefix="203.0.113.160/27", most=24),
    "syd-1": Users(prefix="203.0.113.192/28", most=12),
    "chi-1": Users(prefix="203.0.113.208/29"),
}
"""Those of each device, by its code; one that only carries others' traffic takes none."""


def interfaces(device: DeviceFacts) -> tuple[DefineInterface, ...]:
    """The interfaces of *device*: its loopbacks, the ends of links, the internet, its users."""
    found = [*_loopbacks(device), *_ends(device)]
    found.append(
        DefineInterface(
            name=DIA,
            role="dia",
            bandwidth=100 * GIGABIT,
            mtu=_USUAL_MTU,
            ip_net=f"{device.public_ip}/31",
        )
    )
    if USERS[device.code].most:
        found.append(
            DefineInterface(name=CYOA, role="cyoa", bandwidth=10 * GIGABIT, mtu=_USUAL_MTU)
        )
    return tuple(found)


def _loopbacks(device: DeviceFacts) -> Iterator[DefineInterface]:
    number = DEVICES.index(device) + 1
    for name, loopback_type, net in (("Loopback255", "vpnv4", 0), ("Loopback256", "ipv4", 1)):
        yield DefineInterface(
            name=name,
            kind="loopback",
            loopback_type=loopback_type,
            ip_net=f"10.255.{net}.{number}/32",
        )


def _ends(device: DeviceFacts) -> Iterator[DefineInterface]:
    for number, link in enumerate(LINKS):
        for end, code in enumerate((link.a, link.z)):
            if code == device.code:
                yield DefineInterface(
                    name=INTERFACES[link.code][end],
                    bandwidth=link.gigabits * GIGABIT,
                    mtu=_WIDE_MTU,
                    ip_net=f"10.254.0.{2 * number + end}/31",
                )
