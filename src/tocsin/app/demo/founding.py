"""The org and its records: the commands that stand before the first ticket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.app.demo import equipment, metros
from tocsin.app.demo.metros import metro_of
from tocsin.app.demo.network import (
    CONTRIBUTORS,
    DEVICES,
    GIGABIT,
    INTERFACES,
    LINKS,
    PEOPLE,
    SERVICES,
    PersonFacts,
)
from tocsin.core.commands import Command
from tocsin.core.pubkeys import encode
from tocsin.core.record_commands import (
    ChangePolicy,
    ContactDraft,
    CreateConnector,
    CreateContributor,
    CreateEntryPoint,
    CreateMember,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    DestinationDraft,
    PageGroupDraft,
)
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
)

ORG_CODE: Final = "demo"
ORG_NAME: Final = "Demo network"
SIGNING_SECRET_ID: Final = "demo-webhook"  # noqa: S105 - a name, no secret

_NANOSECONDS_A_KILOMETRE: Final = 4_900
"""How long light takes in glass."""
_JITTER_A_KILOMETRE: Final = 12


@dataclass(frozen=True, slots=True)
class Founding:
    """A command about a record of the sort ``sort``; ``signed`` brings a signing secret along."""

    sort: str
    command: Command
    signed: bool = False


def pubkey(name: str) -> str:
    """A key that belongs to nobody, and is always the same for a *name*."""
    return encode(hashlib.sha256(f"tocsin example network: {name}".encode()).digest())


def contributors(ids: Iterator[str]) -> Iterator[Founding]:
    """Who runs the network, with whom to call."""
    for facts in CONTRIBUTORS:
        mail = f"noc@{facts.code}.example.org"
        yield Founding(
            "contributor",
            CreateContributor(
                contributor_id=next(ids),
                code=facts.code,
                name=facts.name,
                pubkey=pubkey(facts.code),
                slack_handle=f"@{facts.code}-noc",
                contacts=(
                    ContactDraft(
                        name=facts.desk,
                        method="phone",
                        address=facts.phone,
                        hours=facts.shift,
                        order=1,
                    ),
                    ContactDraft(name=facts.desk, method="email", address=mail, order=2),
                ),
            ),
        )


def member(facts: PersonFacts, member_id: str) -> CreateMember:
    """The command that takes in somebody."""
    return CreateMember(
        member_id=member_id,
        name=facts.name,
        role=facts.role,
        email=facts.email,
        contributor=facts.contributor,
        service=facts.service,
    )


def network(ids: Iterator[str]) -> Iterator[Founding]:
    """The policy, and what the network is made of. The choice: who ends an incident says why."""
    yield Founding(
        "policy",
        ChangePolicy(
            require_root_cause=True,
            runbook_base_url="https://wiki.example.org/runbooks/",
            slack_incidents_channel="#incidents",
            slack_maintenance_channel="#maintenance",
        ),
    )
    for code, name, description in SERVICES:
        yield Founding(
            "service",
            CreateService(service_id=next(ids), code=code, name=name, description=description),
        )
    for device in DEVICES:
        yield Founding(
            "device",
            RegisterDevice(
                device_id=next(ids),
                pubkey=pubkey(device.code),
                code=device.code,
                contributor=device.contributor,
                device_type=device.device_type,
                location=f"{device.city}, {device.site}",
                exchange=metro_of(device.city),
                public_ip=device.public_ip,
                dz_prefixes=(equipment.USERS[device.code].prefix,),
                max_users=0,
                mgmt_vrf="mgmt",
                interfaces=equipment.interfaces(device),
            ),
        )
    owners = {device.code: device.contributor for device in DEVICES}
    for link in LINKS:
        interface_a, interface_z = INTERFACES[link.code]
        yield Founding(
            "link",
            RegisterLink(
                link_id=next(ids),
                pubkey=pubkey(link.code),
                code=link.code,
                link_type=link.link_type,
                side_a=SideDraft(device=link.a, interface=interface_a),
                side_z=SideDraft(device=link.z, interface=interface_z),
                contributor=owners[link.a],
                bandwidth=link.gigabits * GIGABIT,
                mtu=9_192,
                delay=link.kilometres * _NANOSECONDS_A_KILOMETRE,
                jitter=link.kilometres * _JITTER_A_KILOMETRE,
            ),
        )
    yield from entry_points(ids)
    yield from connectors(ids)
    yield status_page(ids)
    yield from (Founding("location", made) for made in metros.named(ids))


def entry_points(ids: Iterator[str]) -> Iterator[Founding]:
    """What becomes of reports in free text: two that words lead to, and the fallback."""
    yield Founding(
        "entry_point",
        CreateEntryPoint(
            entry_point_id=next(ids),
            name="Names do not resolve",
            words=("dns", "resolver", "nxdomain", "servfail"),
            prompt="Names that do not resolve, or resolve to something wrong.",
            severity="sev2",
            service="resolver",
            order=10,
        ),
    )
    yield Founding(
        "entry_point",
        CreateEntryPoint(
            entry_point_id=next(ids),
            name="The portal does not work",
            words=("portal", "looking glass", "login"),
            prompt="Trouble with the web pages for members: signing in, orders, looking glass.",
            severity="sev4",
            service="portal",
            order=20,
        ),
    )
    yield Founding(
        "entry_point",
        CreateEntryPoint(
            entry_point_id=next(ids),
            name="Everything else, to Northlight's desk",
            prompt="Whatever fits nowhere else: lines, devices, loss, latency.",
            assignee="northlight",
            severity="sev3",
            is_fallback=True,
            order=100,
        ),
    )


def status_page(ids: Iterator[str]) -> Founding:
    """What the public is shown: every service, those of the same sort together."""
    return Founding(
        "status_page",
        CreateStatusPage(
            status_page_id=next(ids),
            code="main",
            name=ORG_NAME,
            services=tuple(code for code, _, _ in SERVICES),
            groups=(
                PageGroupDraft(
                    name="Connectivity", services=("ip-transit", "private-line", "multicast")
                ),
                PageGroupDraft(
                    name="Services", services=("route-servers", "precision-time", "resolver")
                ),
                PageGroupDraft(name="For members", services=("telemetry", "portal")),
            ),
            about="How the network is that six organisations run together.",
            support_url="https://demo.example.org/support",
            accent="#0f766e",
        ),
    )


CONNECTOR_TOKEN_DIGEST: Final = "0" * 64
"""No text is known to have it, so nobody has the token of the connector."""


def connectors(ids: Iterator[str]) -> Iterator[Founding]:
    """A monitoring system, and two rules for it. Nobody has its token."""
    yield Founding(
        "connector",
        CreateConnector(
            connector_id=next(ids),
            code="alertmanager",
            name="Alertmanager",
            kind="alertmanager",
            token_digest=CONNECTOR_TOKEN_DIGEST,
        ),
    )
    yield Founding(
        "rule",
        CreateRule(
            rule_id=next(ids),
            name="Links without light",
            connector="alertmanager",
            matchers=('labels.alertname="LinkDown"',),
            action="create",
            title="{labels.link} has no light",
            severity="sev2",
            link="{labels.link}",
            correlation_key="dark/{labels.link}",
            on_resolve="monitoring",
            order=10,
        ),
    )
    yield Founding(
        "rule",
        CreateRule(
            rule_id=next(ids),
            name="Watchdogs only say that they are there",
            matchers=('labels.alertname=~"Watchdog|DeadMansSwitch"',),
            action="ignore",
            order=20,
        ),
    )


def routes(ids: Iterator[str]) -> Iterator[Founding]:
    """Where word goes from now on: the last commands of all.

    Routes that stood from the beginning would leave a month of stale news waiting to be sent. They
    are disabled, since nobody is at their other ends.
    """
    yield Founding(
        "route",
        CreateRoute(
            route_id=next(ids),
            name="Severe incidents to the operations channel",
            destination=DestinationDraft(kind="slack", channel="#network-ops"),
            kinds=("incident.*",),
            matchers=('severity=~"sev[12]"',),
            enabled=False,
        ),
    )
    yield Founding(
        "route",
        CreateRoute(
            route_id=next(ids),
            name="Planned work to all customers",
            destination=DestinationDraft(kind="email", address="maintenance@lists.example.org"),
            kinds=("maintenance.*",),
            enabled=False,
        ),
    )
    yield Founding(
        "route",
        CreateRoute(
            route_id=next(ids),
            name="Everything in Frankfurt to Northlight's ticket system",
            destination=DestinationDraft(
                kind="webhook",
                url="https://hooks.northlight.example.org/tocsin",
                secret_id=SIGNING_SECRET_ID,
            ),
            kinds=("incident.*", "maintenance.*"),
            matchers=("device=fra-1",),
            contributor="northlight",
            enabled=False,
        ),
        signed=True,
    )


PEOPLE_BY_HANDLE: Final[Mapping[str, PersonFacts]] = {person.handle: person for person in PEOPLE}
