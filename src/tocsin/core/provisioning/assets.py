"""What an interface is, and what becomes of it by what happened to its device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from tocsin.core.facts import Change
from tocsin.core.provisioning.facts import InterfaceDefined
from tocsin.core.provisioning.life import Life, born, standing
from tocsin.core.provisioning.words import (
    AssetStatus,
    InterfaceKind,
    InterfaceRole,
    LoopbackType,
)
from tocsin.core.words import LinkType

_WORDS: Final[Mapping[str, type]] = {
    "kind": InterfaceKind,
    "loopback_type": LoopbackType,
    "role": InterfaceRole,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface; ``link`` is the type of the link that uses it, ``ip_net`` written
    ``10.0.0.1/31``, ``bandwidth`` in bit/s. ``by_link`` is whether a link named it first."""

    name: str
    kind: InterfaceKind
    loopback_type: LoopbackType
    role: InterfaceRole
    link: LinkType | None
    bandwidth: int | None
    mtu: int | None
    ip_net: str | None
    vlan_id: int | None
    by_link: bool
    life: Life

    @property
    def needs_evidence(self) -> bool:
        """Whether it comes into service on evidence, as one to users does."""
        return self.role is InterfaceRole.CYOA


def named(interfaces: Sequence[Interface], name: str) -> Interface | None:
    """The interface of that name."""
    return next((one for one in interfaces if one.name == name), None)


def is_used(interfaces: Sequence[Interface], name: str) -> bool:
    """Whether a link uses the interface of that name."""
    there = named(interfaces, name)
    return there is not None and there.link is not None


def after_definition(
    payload: InterfaceDefined, *, at: datetime, before: Interface | None
) -> Interface:
    """The interface that was defined; one that a link had named first stays bound to it."""
    life = born(at=at)
    link = None if before is None else before.link
    if payload.role is InterfaceRole.DIA or link is not None:
        life = standing(life, AssetStatus.ACTIVATED, at=at)
    return Interface(
        name=payload.name,
        kind=payload.kind,
        loopback_type=payload.loopback_type,
        role=payload.role,
        link=link,
        bandwidth=payload.bandwidth,
        mtu=payload.mtu,
        ip_net=payload.ip_net,
        vlan_id=payload.vlan_id,
        by_link=payload.by_link,
        life=life,
    )


def after_binding(state: Interface, link: LinkType | None, *, at: datetime) -> Interface:
    """*state* with a link on it, or with none any more."""
    status = AssetStatus.HARD_DRAINED if link is None else AssetStatus.ACTIVATED
    life = state.life if state.life.status is status else standing(state.life, status, at=at)
    return replace(state, link=link, life=life)


def after_changes(state: Interface, changes: Sequence[Change], *, at: datetime) -> Interface:
    """*state* after *changes*; a field that this code does not know is left alone. What becomes the
    way to the internet is in service, what becomes one to users has to show itself first."""
    known = {one.name for one in fields(state)}
    values: dict[str, Any] = {
        one.field: _WORDS[one.field](one.new) if one.field in _WORDS else one.new
        for one in changes
        if one.field in known
    }
    after = replace(state, **values)
    if after.role is state.role:
        return after
    in_service = after.role is InterfaceRole.DIA or after.link is not None
    status = AssetStatus.ACTIVATED if in_service else AssetStatus.HARD_DRAINED
    if after.life.status is status:
        return after
    return replace(after, life=standing(after.life, status, at=at))
