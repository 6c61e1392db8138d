"""From a key to what its bearer may do (Domain: API key). The secret was compared before this."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from functools import lru_cache

from tocsin.core.errors import Unauthenticated
from tocsin.core.evidence import Access
from tocsin.core.facts import Actor
from tocsin.core.records import Contributor, Key, Member
from tocsin.core.words import Role

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def admit(key: Key, member: Member | None, *, at: datetime, address: str | None) -> Access:
    """What the bearer of *key* may do at the instant *at*, asking from *address*.

    The role is the lower of the key's and its member's as both stand now; every right is bound to
    the member's contributor, where there is one. *address* is an IP address as text, None where it
    is not known, which is only enough for a key that may be used from everywhere.

    Raises:
        Unauthenticated: the key is revoked or expired, its member is gone, or the address is not
            one it may be used from.
    """
    if key.revoked_at is not None or key.removed_at is not None:
        raise Unauthenticated("this key is revoked")
    if key.expires_at is not None and at >= key.expires_at:
        raise Unauthenticated("this key has expired")
    if member is None or member.removed_at is not None or member.id != key.member_id:
        raise Unauthenticated("the member this key speaks for is gone")
    if key.allow_cidr and not _is_allowed(address, key.allow_cidr):
        raise Unauthenticated("this key may not be used from this address")
    return access_of(member, at_most=key.role)


def access_of(member: Member, *, at_most: Role | None = None) -> Access:
    """What *member* may do: its role, or *at_most* where that is lower; bound to its contributor,
    where there is one."""
    return Access(
        role=member.role if at_most is None else min(at_most, member.role, key=_rank),
        member_id=member.id,
        contributor_id=member.contributor_id,
    )


def _rank(role: Role) -> int:
    return role.rank


def actor_of(member: Member, contributor: Contributor | None) -> Actor:
    """Who did it, as facts name *member*; *contributor* is the one it is bound to, if any."""
    return Actor(
        type="user",
        id=member.id,
        name=member.name,
        contributor=None if contributor is None else contributor.code,
        pubkey=None if contributor is None else contributor.pubkey,
    )


@lru_cache(maxsize=4_096)
def _is_allowed(address: str | None, ranges: tuple[str, ...]) -> bool:
    if address is None:
        return False
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(asking, ipaddress.IPv6Address) and asking.ipv4_mapped is not None:
        # A socket that listens on both families shows IPv4 so.
        asking = asking.ipv4_mapped
    return any(asking in network for network in _networks(ranges))


@lru_cache(maxsize=1_024)
def _networks(ranges: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in ranges)
