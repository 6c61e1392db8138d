"""The devices and links of an org as the two duties read them: page by page, those that are
there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Device, Link, Policy
from tocsin.handler.directory import POLICY_STREAM
from tocsin.store.contract import Head, ReadTurn, Store

PAGE: Final = 500
SORTS: Final[tuple[Literal["device", "link"], ...]] = ("device", "link")


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
