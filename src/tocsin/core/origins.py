"""Where a request came from, as far as anybody can know (API: X-Forwarded-For)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from tocsin.core.credentials import Network


def client_address(peer: str, forwarded_for: bytes | None, *, trusted: Sequence[Network]) -> str:
    """The address that a request came from (API: X-Forwarded-For).

    *peer* is who is connected. Only a trusted proxy's word about others counts, and of its list the
    last address that is not itself a trusted proxy's. Empty when the proxy's word is no address:
    then nobody knows, and a key that is bound to addresses may not be used.
    """
    peer = plain_address(peer)
    if forwarded_for is None or not trusted or not is_among(peer, trusted):
        return peer
    address = peer
    for hop in reversed(forwarded_for.decode("latin-1").split(",")):
        address = plain_address(hop.strip())
        if not is_among(address, trusted):
            break
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def plain_address(text: str) -> str:
    """*text*, and an IPv4 address as such that came over a socket of both families."""
    if not text.lower().startswith("::ffff:"):
        return text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return text if mapped is None else str(mapped)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Whether *address* is one of *networks*; what is no address is in none."""
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asking in network for network in networks)
