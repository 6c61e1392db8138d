"""The devices and links of an org as the two duties read them: page by page, those that are
there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.holding import Held, held, terms
from tocsin.core.records import Device, Link, Policy
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active
from tocsin.handler.directory import POLICY_STREAM
from tocsin.store.contract import Head, ReadTurn, Store

PAGE: Final = 500
SORTS: Final[tuple[Literal["device", "link"], ...]] = ("device", "link")
MOST_TICKETS: Final = 1_000
"""Tickets on one asset that are looked at, the newest first."""


def pages(store: Store, org_id: int, sort: str) -> Iterator[list[tuple[Head, Device | Link]]]:
    """Every device, or every link, of the org: each page of one moment, none of them removed."""
    after = ""
    while True:
        with store.reading() as turn:
            heads = turn.heads_of_sort(org_id, sort, after=after, limit=PAGE)
        yield [(head, asset) for head in heads if (asset := asset_of(head)) is not None]
        if len(heads) < PAGE:
            return
        after = heads[-1].stream


def asset_of(head: Head) -> Device | Link | None:
    """The device or link of *head*, unless it is something else or was removed."""
    state = head.state
    return state if isinstance(state, Device | Link) and state.removed_at is None else None


def name_of(head: Head) -> str:
    """What the writer finds it by."""
    return head.stream.partition(":")[2]


def policy_of(turn: ReadTurn, org_id: int) -> Policy:
    """How the org wants it."""
    head = turn.head(org_id, POLICY_STREAM)
    state = None if head is None else head.state
    return state if isinstance(state, Policy) else DEFAULT_POLICY


def codes_of(turn: ReadTurn, org_id: int) -> Mapping[str, str]:
    """The codes of all devices of the org, by pubkey."""
    return {
        asset.pubkey: asset.code
        for head in turn.heads_of_sort(org_id, "device")
        if isinstance(asset := asset_of(head), Device)
    }


def held_back(turn: ReadTurn, org_id: int, asset: Device | Link, *, at: datetime) -> Held:
    """The tickets that hold *asset* back *at* an instant."""
    wanted = sorted(terms(asset.pubkey))
    marks = ", ".join("?" * len(wanted))
    rows = turn.select(
        "SELECT DISTINCT t.number, t.stream FROM ticket_terms AS held CROSS JOIN tickets AS t"  # noqa: S608
        " ON t.org_id = held.org_id AND t.number = held.number"
        f" WHERE held.org_id = ? AND held.term IN ({marks})"
        " ORDER BY t.number DESC LIMIT ?",
        (org_id, *wanted, MOST_TICKETS),
        org_id=org_id,
    )
    heads = turn.heads(org_id, [stream for _, stream in rows])
    return held(
        (
            head.state
            for head in heads.values()
            if isinstance(head.state, Ticket) and is_active(head.state.status)
        ),
        pubkey=asset.pubkey,
        at=at,
    )


def references(turn: ReadTurn, org_id: int, asset: Device | Link) -> tuple[str, ...]:
    """Names of what still needs *asset*, as the decision names them."""
    if isinstance(asset, Link):
        return ()
    links = sorted(
        link.code
        for head in turn.heads_of_sort(org_id, "link")
        if isinstance(link := asset_of(head), Link)
        and asset.pubkey in (link.side_a.device, link.side_z.device)
    )
    return (*links, *(f"interface {one.name}" for one in asset.interfaces if not one.by_link))
