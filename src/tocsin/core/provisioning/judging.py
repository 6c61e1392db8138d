"""From what is known of the network's telemetry to the criteria of one asset (Provisioning: link,
device, interface)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from tocsin.core.provisioning.carrying import Seen, Watched
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Criterion, Silence, Terms
from tocsin.core.provisioning.device_criteria import (
    Agent,
    DeviceEvidence,
    InterfaceEvidence,
    Port,
    device_criteria,
    interface_criteria,
)
from tocsin.core.provisioning.following import Following, usage
from tocsin.core.provisioning.latency import Latency, Measured, latency_in
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.link_criteria import LinkEvidence, link_criteria
from tocsin.core.provisioning.readiness import Subject, subject_of
from tocsin.core.provisioning.telemetry import Marked, Origin
from tocsin.core.provisioning.windows import Window, burn_in_minutes, latest_window
from tocsin.core.provisioning.words import DeviceType
from tocsin.core.records import Device, Link, Policy

Counters: TypeAlias = Following | Silence
Marking: TypeAlias = Marked | Silence
Measuring: TypeAlias = Measured | Silence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of all devices, or of those that were asked about, ``until`` a minute begins:
    what interfaces counted, when the agents ran, how the tests went, and what latency samples there
    are, None where nobody is asked for them. ``since`` is from when on it is known, where that is
    to be told of criteria."""

    until: datetime
    counters: Counters
    config_agent: Marking
    telemetry_agent: Marking
    qa: Marking
    latency: Measuring = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be judged: whose life, and the answers of its criteria."""

    subject: Subject
    life: Life
    criteria: tuple[Criterion, ...]


def window_minutes(policy: Policy, life: Life) -> int:
    """How many minutes of evidence *life* is held to."""
    return burn_in_minutes(
        activated_before=life.activated_before,
        burn_in_hours=policy.burn_in_hours,
        reactivation_burn_in_minutes=policy.reactivation_burn_in_minutes,
    )


def longest_window(policy: Policy) -> int:
    """The most minutes of evidence that anything is held to."""
    return max(policy.burn_in_hours * 60, policy.reactivation_burn_in_minutes, 1)


def link_case(link: Link, known: Known, policy: Policy, *, codes: Mapping[str, str]) -> Case:
    """The criteria of *link*; *codes* are those of devices, by pubkey."""
    terms = _terms(link.life, known, policy)
    side_a, side_z = (
        _seen(side.device, side.interface, known, terms.window, codes=codes)
        for side in (link.side_a, link.side_z)
    )
    evidence = LinkEvidence(
        life=link.life,
        side_a=side_a,
        side_z=side_z,
        latency=_latency(link.pubkey, known.latency, terms.window, codes=codes),
    )
    return Case(subject=subject_of(link), life=link.life, criteria=link_criteria(evidence, terms))


def device_cases(device: Device, known: Known, policy: Policy) -> tuple[Case, ...]:
    """The criteria of *device*, and of each of its interfaces to users."""
    codes = {device.pubkey: device.code}
    terms = _terms(device.life, known, policy)
    evidence = DeviceEvidence(
        life=device.life,
        device_type=None if device.device_type is None else DeviceType(device.device_type),
        public_ip=device.public_ip,
        dz_prefixes=device.dz_prefixes,
        max_users=device.max_users,
        ports=tuple(
            Port(
                role=one.role,
                link=one.link,
                status=one.life.status,
                seen=_seen(device.pubkey, one.name, known, terms.window, codes=codes),
            )
            for one in device.interfaces
        ),
        covered=_covered(device.pubkey, known, terms.window),
        heard_by=_heard_by(known),
        config_agent=_agent(device.pubkey, known.config_agent),
        telemetry_agent=_agent(device.pubkey, known.telemetry_agent),
        qa=_agent(device.pubkey, known.qa),
    )
    cases = [
        Case(
            subject=subject_of(device),
            life=device.life,
            criteria=device_criteria(evidence, terms),
        )
    ]
    for one in device.interfaces:
        if one.needs_evidence:
            terms = _terms(one.life, known, policy)
            seen = _seen(device.pubkey, one.name, known, terms.window, codes=codes)
            to_users = InterfaceEvidence(
                life=one.life, device=device.code, device_status=device.life.status, seen=seen
            )
            cases.append(
                Case(
                    subject=subject_of(device, interface=one.name),
                    life=one.life,
                    criteria=interface_criteria(to_users, terms),
                )
            )
    return tuple(cases)


def _terms(life: Life, known: Known, policy: Policy) -> Terms:
    minutes = window_minutes(policy, life)
    return Terms(
        window=latest_window(at=known.until, minutes=minutes),
        missing_minutes=policy.missing_minutes,
        known_from=known.since,
    )


def _kept(known: Known, window: Window) -> Following | Silence:
    """What is known of *window*, all of which has to be known."""
    kept = known.counters
    if isinstance(kept, Silence):
        return kept
    if kept.origin is None or kept.window.start > window.start or kept.window.end != window.end:
        source = "telemetry" if kept.origin is None else kept.origin.source
        return Silence(source=source, why="not all of the window has been asked for yet")
    return kept


def _seen(
    pubkey: str, name: str, known: Known, window: Window, *, codes: Mapping[str, str]
) -> Seen:
    kept = _kept(known, window)
    if isinstance(kept, Silence):
        return kept
    assert kept.origin is not None
    one = kept.interfaces.get((pubkey, name))
    return Watched(
        device=codes.get(pubkey, pubkey),
        interface=name,
        usage=None if one is None else usage(one, window),
        covered=kept.covered.get(pubkey, Minutes(window=window)),
        origin=kept.origin,
    )


def _latency(
    pubkey: str, known: Measuring, window: Window, *, codes: Mapping[str, str]
) -> Latency | Silence | None:
    if known is None or isinstance(known, Silence):
        return known
    if pubkey in known.unread or known.window.start > window.start:
        return Silence(source=known.origin.source, why="not all of its samples have been read yet")
    found = known.links.get(pubkey, ())
    return latency_in(found, window, origin=known.origin, codes=codes)


def _covered(pubkey: str, known: Known, window: Window) -> Minutes | Silence:
    kept = _kept(known, window)
    if isinstance(kept, Silence):
        return kept
    return kept.covered.get(pubkey, Minutes(window=window))


def _heard_by(known: Known) -> Origin:
    kept = known.counters
    if isinstance(kept, Silence):
        return Origin(source=kept.source, query="")
    return kept.origin or Origin(source="telemetry", query="")


def _agent(pubkey: str, found: Marking) -> Agent:
    if isinstance(found, Silence):
        return Agent(marks=found, origin=Origin(source=found.source, query=""))
    return Agent(marks=found.devices.get(pubkey), origin=found.origin)
