"""What the registry alone tells of the criteria, while no source of telemetry is asked or answers
(Provisioning: rules of evidence)."""

from __future__ import annotations

from datetime import datetime

from tocsin.core.errors import NotFound
from tocsin.core.provisioning import interfaces
from tocsin.core.provisioning.criteria import Criterion, Silence, Terms
from tocsin.core.provisioning.device_criteria import (
    Agent,
    DeviceEvidence,
    InterfaceEvidence,
    Port,
    device_criteria,
    interface_criteria,
)
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.link_criteria import LinkEvidence, link_criteria
from tocsin.core.provisioning.telemetry import Origin
from tocsin.core.provisioning.windows import burn_in_minutes, latest_window
from tocsin.core.provisioning.words import DeviceType
from tocsin.core.records import Device, Link, Policy

NO_SOURCE = Silence(source="telemetry", why="no source of telemetry is set")
"""Where nobody has said whom to ask."""


def terms_for(life: Life, policy: Policy, *, at: datetime) -> Terms:
    """What evidence about *life* is held to at an instant: the burn-in that applies, and how many
    minutes may be missing."""
    minutes = burn_in_minutes(
        activated_before=life.activated_before,
        burn_in_hours=policy.burn_in_hours,
        reactivation_burn_in_minutes=policy.reactivation_burn_in_minutes,
    )
    return Terms(
        window=latest_window(at=at, minutes=minutes), missing_minutes=policy.missing_minutes
    )


def criteria_by_record(
    asset: Device | Link,
    policy: Policy,
    silence: Silence,
    *,
    at: datetime,
    interface: str | None = None,
) -> tuple[Life, tuple[Criterion, ...]]:
    """The life that is meant, and its criteria: what stands in the registry is judged, and
    *silence* stands for all the rest.

    Raises:
        NotFound: the device has no interface to users of that name.
    """
    if isinstance(asset, Link):
        terms = terms_for(asset.life, policy, at=at)
        # Where no source is set, latency is measured nowhere; where one is silent, nobody knows.
        latency = None if silence is NO_SOURCE else silence
        sides = LinkEvidence(life=asset.life, side_a=silence, side_z=silence, latency=latency)
        return asset.life, link_criteria(sides, terms)
    if interface is not None:
        one = interfaces.existing(asset.interfaces, interface, device=asset.code)
        if not one.needs_evidence:
            raise NotFound(f"{one.name} of {asset.code} is no interface to users; it needs none")
        terms = terms_for(one.life, policy, at=at)
        seen = InterfaceEvidence(
            life=one.life, device=asset.code, device_status=asset.life.status, seen=silence
        )
        return one.life, interface_criteria(seen, terms)
    agent = Agent(marks=silence, origin=Origin(source=silence.source, query=""))
    evidence = DeviceEvidence(
        life=asset.life,
        device_type=_device_type(asset),
        public_ip=asset.public_ip,
        dz_prefixes=asset.dz_prefixes,
        max_users=asset.max_users,
        ports=tuple(
            Port(role=one.role, link=one.link, status=one.life.status, seen=silence)
            for one in asset.interfaces
        ),
        covered=silence,
        heard_by=agent.origin,
        config_agent=agent,
        telemetry_agent=agent,
        qa=agent,
    )
    return asset.life, device_criteria(evidence, terms_for(asset.life, policy, at=at))


def _device_type(device: Device) -> DeviceType | None:
    known = {one.value: one for one in DeviceType}
    return None if device.device_type is None else known.get(device.device_type)
