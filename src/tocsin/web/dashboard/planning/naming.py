"""What an address names by code: devices, links, services and contributors, found in a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from tocsin.core.claims import (
    ASSET_PUBKEY,
    CONTRIBUTOR_CODE,
    DEVICE_CODE,
    LINK_CODE,
    SERVICE_CODE,
)
from tocsin.core.records import Contributor, Device, Link, Record, Service
from tocsin.handler.directory import OrgDirectory
from tocsin.store.contract import ReadTurn

R = TypeVar("R", bound=Record)
_SHOWN: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Assets that were chosen, with all links of the org around them; ``missing`` says by sort
    which codes are not there."""

    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    directory: OrgDirectory
    missing: dict[str, tuple[str, ...]]

    @property
    def anything(self) -> bool:
        """Whether any asset was found."""
        return bool(self.devices or self.links)


def contributor_called(turn: ReadTurn, org_id: int, name: str) -> Contributor | None:
    """The contributor with that code."""
    found = _claimed(turn, org_id, (CONTRIBUTOR_CODE,), name)
    return found if isinstance(found, Contributor) else None


def service_called(turn: ReadTurn, org_id: int, name: str) -> Service | None:
    """The service with that code."""
    found = _claimed(turn, org_id, (SERVICE_CODE,), name)
    return found if isinstance(found, Service) else None


def device_called(turn: ReadTurn, org_id: int, name: str) -> Device | None:
    """The device with that code or pubkey."""
    found = _claimed(turn, org_id, (DEVICE_CODE, ASSET_PUBKEY), name)
    return found if isinstance(found, Device) else None


def link_called(turn: ReadTurn, org_id: int, name: str) -> Link | None:
    """The link with that code or pubkey."""
    found = _claimed(turn, org_id, (LINK_CODE, ASSET_PUBKEY), name)
    return found if isinstance(found, Link) else None


def links_on(turn: ReadTurn, org_id: int, device: Device) -> tuple[Link, ...]:
    """The links that have a side on *device*."""
    return tuple(
        head.state
        for head in turn.heads_of_sort(org_id, "link")
        if isinstance(head.state, Link)
        and head.state.removed_at is None
        and device.pubkey in (head.state.side_a.device, head.state.side_z.device)
    )


def chosen_assets(
    turn: ReadTurn, org_id: int, *, devices: Iterable[str], links: Iterable[str]
) -> Chosen:
    """The assets with these codes, each once, in their order."""
    named_devices = {name: device_called(turn, org_id, name) for name in devices}
    named_links = {name: link_called(turn, org_id, name) for name in links}
    heads = list(turn.heads_of_sort(org_id, "link"))
    streams = {f"device:{one.id}" for one in named_devices.values() if one is not None}
    heads += turn.heads(org_id, streams).values()
    return Chosen(
        devices=_once(named_devices.values()),
        links=_once(named_links.values()),
        directory=OrgDirectory(heads),
        missing={
            "device": tuple(name for name, found in named_devices.items() if found is None),
            "link": tuple(name for name, found in named_links.items() if found is None),
        },
    )


def not_there(sort: str, names: Iterable[str]) -> str:
    """Beside a field: that there is no such thing."""
    shown = ", ".join(f"“{name[:_SHOWN]}”" for name in names)
    return f"There is no {sort} {shown} here; begin to type and choose one."


def _once(found: Iterable[R | None]) -> tuple[R, ...]:
    return tuple({one.id: one for one in found if one is not None}.values())


def _claimed(turn: ReadTurn, org_id: int, kinds: tuple[str, ...], name: str) -> Record | None:
    """The record that holds *name*, unless it was removed."""
    held = turn.claims(org_id, [(kind, name) for kind in kinds])
    for kind in kinds:
        stream = held.get((kind, name))
        head = None if stream is None else turn.head(org_id, stream)
        state = None if head is None else head.state
        if isinstance(state, Record) and state.removed_at is None:
            return state
    return None
