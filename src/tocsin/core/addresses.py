"""Which addresses of the network lead inside, where nothing that a user names is sent.

A name is judged here only as it is written. What it resolves to may change at any time, so every
address that it leads to is judged again, at every connection.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_INSIDE_NAMES: Final = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
)
_NUMERIC = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_SITE_LOCAL: Final = ipaddress.IPv6Network("fec0::/10")


def is_inside_name(host: str) -> bool:
    """Whether *host*, as it is written, leads inside.

    That is an address that is not public, with or without a zone; an address in a spelling of old;
    one word; and a name of those that mean something inside only. Case and a final dot do not
    matter. IPv6 comes without brackets.
    """
    host = host.rstrip(".").lower()
    try:
        return not is_public(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    labels = host.split(".")
    if len(labels) < 2 or _NUMERIC.fullmatch(labels[-1]):
        # One word means something inside only; a last number is an address in a spelling of old
        # (127.1, 0x7f.0.0.1), which resolvers still read.
        return True
    return any(host == name or host.endswith(f".{name}") for name in _INSIDE_NAMES)


def is_public(address: Address) -> bool:
    """Whether *address* is one of the open network, and so is any address that it carries.

    Private, loopback, link-local, shared (carrier-grade NAT), multicast, reserved and unspecified
    addresses are not; nor is what is mapped, translated or tunnelled to one of these.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _carried(address)
        if inner is not None and not is_public(inner):
            return False
        if address in _LOCAL_NAT64 or address in _SITE_LOCAL:
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that *address* stands for or tunnels to, if any."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
