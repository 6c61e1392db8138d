"""What a device, and an interface to users on it, need before they are healthy (Provisioning:
device, interface)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from tocsin.core.provisioning.carrying import Seen, any_up, up
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import (
    Criterion,
    Silence,
    Terms,
    desired,
    passing,
    recorded,
    reporting,
    running,
    status_allows,
)
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.telemetry import Marks, Origin
from tocsin.core.provisioning.words import AssetStatus, DeviceType, InterfaceRole
from tocsin.core.words import LinkType

DEVICE_CRITERIA: Final = (
    "record",
    "desired",
    "dia_defined",
    "link_interface_defined",
    "dia_up",
    "link_up",
    "reporting",
    "config_agent",
    "telemetry_agent",
    "qa",
    "type",
)
INTERFACE_CRITERIA: Final = ("record", "desired", "device", "up")

LONGEST_PREFIX: Final = 29
"""A device needs at least one prefix this long or shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An interface of a device as the registry has it, and what was seen of it."""

    role: InterfaceRole
    link: LinkType | None
    status: AssetStatus
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What was heard of an agent, None when nothing was, and where it was asked for."""

    marks: Marks | Silence | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvidence:
    """All that a device is judged on; ``covered`` are the minutes in which it was heard, and
    ``heard_by`` is who heard it. Prefixes are written ``10.0.0.0/29``."""

    life: Life
    device_type: DeviceType | None
    public_ip: str | None
    dz_prefixes: tuple[str, ...]
    max_users: int | None
    ports: tuple[Port, ...]
    covered: Minutes | Silence
    heard_by: Origin
    config_agent: Agent
    telemetry_agent: Agent
    qa: Agent


def device_criteria(evidence: DeviceEvidence, terms: Terms) -> tuple[Criterion, ...]:
    """The answers of :data:`DEVICE_CRITERIA`, in this order."""
    dia = [port for port in evidence.ports if port.role is InterfaceRole.DIA]
    bound = [port for port in evidence.ports if port.link is not None]
    return (
        _record(evidence),
        desired(evidence.life),
        _defined("dia_defined", dia, of="DIA interface"),
        _defined("link_interface_defined", bound, of="DZX or WAN interface"),
        any_up("dia_up", [port.seen for port in dia], terms, of="DIA interface"),
        any_up("link_up", [port.seen for port in bound], terms, of="DZX or WAN interface"),
        reporting(evidence.covered, terms, origin=evidence.heard_by),
        _agent("config_agent", evidence.config_agent, terms),
        _agent("telemetry_agent", evidence.telemetry_agent, terms),
        passing(evidence.qa.marks, terms, origin=evidence.qa.origin),
        _type(evidence),
    )


def _agent(name: str, agent: Agent, terms: Terms) -> Criterion:
    return running(name, agent.marks, terms, origin=agent.origin)


def _record(evidence: DeviceEvidence) -> Criterion:
    allowed, sentence = status_allows(evidence.life)
    wrong = []
    if evidence.public_ip is None:
        wrong.append("public_ip is not set")
    if not any(_is_wide(prefix) for prefix in evidence.dz_prefixes):
        wrong.append(f"no dz_prefix is /{LONGEST_PREFIX} or shorter")
    if not evidence.life.activated_before and evidence.max_users != 0:
        shown = "not set" if evidence.max_users is None else str(evidence.max_users)
        wrong.append(f"max_users is {shown}; it is 0 until the first activation")
    if not allowed:
        wrong.append(sentence)
    return recorded(
        "record",
        not wrong,
        "; ".join(wrong) or sentence,
        asked="public_ip, dz_prefixes, max_users, status",
        figures=(
            ("public_ip", evidence.public_ip or "not set"),
            ("dz_prefixes", ", ".join(evidence.dz_prefixes)),
            ("max_users", "not set" if evidence.max_users is None else evidence.max_users),
            ("status", evidence.life.status.value),
        ),
    )


def _is_wide(prefix: str) -> bool:
    try:
        network = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return False
    return network.version == 4 and network.prefixlen <= LONGEST_PREFIX


def _defined(name: str, ports: Sequence[Port], *, of: str) -> Criterion:
    active = sum(port.status is AssetStatus.ACTIVATED for port in ports)
    reason = (
        f"{active} {of}{'s' if active != 1 else ''} activated"
        if active
        else f"no {of} is defined"
        if not ports
        else f"none of {len(ports)} {of}{'s' if len(ports) != 1 else ''} is activated"
    )
    return recorded(
        name,
        active > 0,
        reason,
        asked="interfaces",
        figures=(("defined", len(ports)), ("activated", active)),
    )


def _type(evidence: DeviceEvidence) -> Criterion:
    cyoa = sum(port.role is InterfaceRole.CYOA for port in evidence.ports)
    wan = sum(port.link is LinkType.WAN for port in evidence.ports)
    dzx = sum(port.link is LinkType.DZX for port in evidence.ports)
    holds, needs = _fits(evidence.device_type, cyoa=cyoa, wan=wan, dzx=dzx)
    return recorded(
        "type",
        holds,
        f"{needs}; it has {cyoa} CYOA, {wan} WAN and {dzx} DZX",
        asked="device_type, interfaces",
        figures=(("cyoa", cyoa), ("wan", wan), ("dzx", dzx)),
    )


def _fits(device_type: DeviceType | None, *, cyoa: int, wan: int, dzx: int) -> tuple[bool, str]:
    """Whether a device of that type may have these interfaces, and what it needs."""
    match device_type:
        case DeviceType.EDGE:
            return (
                cyoa >= 1 and wan == 0 and dzx >= 1,
                "an edge device needs CYOA, no WAN and DZX",
            )
        case DeviceType.TRANSIT:
            return (
                cyoa == 0 and (wan >= 2 or (wan == 1 and dzx >= 1)),
                "a transit device needs no CYOA, and 2 WAN or 1 WAN and DZX",
            )
        case DeviceType.HYBRID:
            return cyoa >= 1 and wan >= 1, "a hybrid device needs CYOA and WAN"
        case None:
            return False, "device_type is not set"
        case _:
            assert_never(device_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceEvidence:
    """All that an interface to users (CYOA) is judged on."""

    life: Life
    device: str
    device_status: AssetStatus
    seen: Seen


def interface_criteria(evidence: InterfaceEvidence, terms: Terms) -> tuple[Criterion, ...]:
    """The answers of :data:`INTERFACE_CRITERIA`, in this order."""
    holds, reason = status_allows(evidence.life)
    status = evidence.device_status.value.replace("_", " ")
    return (
        recorded("record", holds, reason, asked="status", since=evidence.life.status_since),
        desired(evidence.life),
        recorded(
            "device",
            evidence.device_status is AssetStatus.ACTIVATED,
            f"{evidence.device} is {status}",
            asked="status of the device",
        ),
        up("up", evidence.seen, terms),
    )
