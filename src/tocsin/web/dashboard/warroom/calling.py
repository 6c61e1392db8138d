"""Who is affected by a ticket, and whom to call there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import quote

from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.records import Contact, Contributor, Device, Link
from tocsin.core.ticket import Ticket
from tocsin.core.words import ContactMethod
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.warroom.entries import web_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody to call; ``href`` begins a call or a letter, None where a browser cannot."""

    name: str
    method: str
    address: str
    hours: str | None
    href: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A contributor with what of it is affected, by code, and whom to call there, in order."""

    name: str
    code: str
    devices: tuple[str, ...]
    links: tuple[str, ...]
    calls: tuple[Call, ...]
    slack_handle: str | None


def affected(ticket: Ticket, names: LoadedNames, turn: ReadTurn, org_id: int) -> list[Affected]:
    """Who is affected by *ticket*, those first whose things are named."""
    heads = turn.heads(org_id, {f"contributor:{one}" for one in ticket.affected_contributors})
    devices = [one for one in map(names.device, ticket.devices) if one is not None]
    links = [one for one in map(names.link, ticket.links) if one is not None]
    sides = _sides(turn, org_id, links)
    found = []
    for identity in ticket.affected_contributors:
        head = heads.get(f"contributor:{identity}")
        owner = None if head is None else head.state
        if not isinstance(owner, Contributor):
            continue
        found.append(
            Affected(
                name=owner.name,
                code=owner.code,
                devices=tuple(one.code for one in devices if one.contributor_id == identity),
                links=tuple(one.code for one in links if identity in sides[one.id]),
                calls=tuple(map(_call, sorted(owner.contacts, key=_turn))),
                slack_handle=owner.slack_handle,
            )
        )
    return sorted(found, key=lambda one: (not (one.devices or one.links), one.name))


def _turn(contact: Contact) -> tuple[int, str]:
    return contact.order, contact.name


def _call(contact: Contact) -> Call:
    address, href = contact.address, None
    match contact.method:
        case ContactMethod.PHONE:
            digits = "".join(one for one in address if one in "+0123456789")
            href = f"tel:{digits}" if digits.strip("+") else None
        case ContactMethod.EMAIL:
            href = f"mailto:{quote(address, safe='@+')}"
        case ContactMethod.SLACK | ContactMethod.OTHER:
            href = web_address(address)
        case _:
            assert_never(contact.method)
    return Call(
        name=contact.name,
        method=contact.method.value,
        address=address,
        hours=contact.hours,
        href=href,
    )


def _sides(turn: ReadTurn, org_id: int, links: Sequence[Link]) -> Mapping[str, frozenset[str]]:
    """The owners of each link, by its id: its own, and those of the devices at both ends."""
    ends = {side.device for link in links for side in (link.side_a, link.side_z)}
    held = turn.claims(org_id, {(ASSET_PUBKEY, pubkey) for pubkey in ends})
    heads = turn.heads(org_id, set(held.values()))
    owners: dict[str, str] = {}
    for (_, pubkey), stream in held.items():
        head = heads.get(stream)
        if head is not None and isinstance(head.state, Device):
            owners[pubkey] = head.state.contributor_id
    return {
        link.id: frozenset(
            {
                link.contributor_id,
                *(
                    owners[side.device]
                    for side in (link.side_a, link.side_z)
                    if side.device in owners
                ),
            }
        )
        for link in links
    }
