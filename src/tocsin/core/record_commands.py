"""What can be asked of records: the administration of an org.

Words stay as they were given; the decision reads and bounds them. A command that makes a record
carries its fresh id; every other one is asked of the stream it is sent to. Fields that hold
``NOT_GIVEN`` were not mentioned; None means: empty it. A contributor is named by id, code or
pubkey and a device by pubkey or code. Where a contributor may be left out and the asker is bound to
one, it is the asker's.

A key always speaks for a member. For one made without a member the writer asks, in one batch, first
:class:`CreateMember` (``service=True``, the key's name, role and contributor), then
:class:`CreateKey` with that member's id, which is judged with the new member already in view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.core.commands import Command, Redact
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RegistryCommand,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact as somebody wrote it."""

    name: str
    method: str
    address: str
    hours: str | None = None
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationDraft:
    """A destination as somebody wrote it; ``secret_id`` names a sealed secret, never is one."""

    kind: str
    url: str | None = None
    address: str | None = None
    channel: str | None = None
    table_base: str | None = None
    secret_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOrg(Command):
    """Make a tenant; by the system only."""

    org_id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContributor(Command):
    """Take in an organisation that runs part of the network."""

    contributor_id: str
    code: str
    name: str
    pubkey: str
    slack_handle: str | None = None
    slack_user_group: str | None = None
    contacts: tuple[ContactDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateContributor(Command):
    """Change a contributor; ``contacts`` replaces them all."""

    code: str | NotGiven = NOT_GIVEN
    name: str | NotGiven = NOT_GIVEN
    pubkey: str | NotGiven = NOT_GIVEN
    slack_handle: str | None | NotGiven = NOT_GIVEN
    slack_user_group: str | None | NotGiven = NOT_GIVEN
    contacts: tuple[ContactDraft, ...] | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContributor(Command):
    """Let a contributor go that owns nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMember(Command):
    """Take in a person, or a ``service``."""

    member_id: str
    name: str
    role: str
    email: str | None = None
    contributor: str | None = None
    slack_user_id: str | None = None
    slack_team_id: str | None = None
    service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMember(Command):
    """Change a member."""

    name: str | NotGiven = NOT_GIVEN
    role: str | NotGiven = NOT_GIVEN
    email: str | None | NotGiven = NOT_GIVEN
    contributor: str | None | NotGiven = NOT_GIVEN
    slack_user_id: str | None | NotGiven = NOT_GIVEN
    slack_team_id: str | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLinkCode(Command):
    """Give out a code that ties a Slack user to the member; ``digest`` is its SHA-256, in hex. A
    code given out before is good no more."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSlack(Command):
    """By the system: the Slack user *slack_user_id* of the workspace *slack_team_id* has said the
    code of that ``digest``."""

    digest: str
    slack_user_id: str
    slack_team_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember(Command):
    """Let a member go; its keys admit nobody from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey(Command):
    """Give a member a key; ``role`` is by default the member's, ``burst`` four times the rate."""

    key_id: str
    name: str
    member_id: str
    role: str | None = None
    expires_in_days: int | None = None
    allow_cidr: tuple[str, ...] = ()
    rate_per_second: int = 100
    burst: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateKey(Command):
    """Change a key that is not revoked; whom it speaks for stays."""

    name: str | NotGiven = NOT_GIVEN
    role: str | NotGiven = NOT_GIVEN
    allow_cidr: tuple[str, ...] | NotGiven = NOT_GIVEN
    rate_per_second: int | NotGiven = NOT_GIVEN
    burst: int | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey(Command):
    """Take a key out of use, for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateService(Command):
    """Name a thing that users depend on; ``discovered`` when an alert or ticket named it first."""

    service_id: str
    code: str
    name: str
    description: str | None = None
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateService(Command):
    """Change a service; a discovered one that a person touches is known from then on."""

    code: str | NotGiven = NOT_GIVEN
    name: str | NotGiven = NOT_GIVEN
    description: str | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveService(Command):
    """Forget a service; tickets that name it keep its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoute(Command):
    """Send matching facts to a destination; with ``backfill`` the opening of each ticket that is
    active now, too."""

    route_id: str
    name: str
    destination: DestinationDraft
    kinds: tuple[str, ...] = ()
    matchers: tuple[str, ...] = ()
    enabled: bool = True
    contributor: str | None = None
    backfill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoute(Command):
    """Change a route."""

    name: str | NotGiven = NOT_GIVEN
    destination: DestinationDraft | NotGiven = NOT_GIVEN
    kinds: tuple[str, ...] | NotGiven = NOT_GIVEN
    matchers: tuple[str, ...] | NotGiven = NOT_GIVEN
    enabled: bool | NotGiven = NOT_GIVEN
    contributor: str | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRoute(Command):
    """Send nothing there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEntryPoint(Command):
    """Say what becomes of reports that have any of these words; ``assignee`` is a member (id) or a
    contributor (code), ``service`` a code."""

    entry_point_id: str
    name: str
    words: tuple[str, ...] = ()
    prompt: str | None = None
    assignee: str | None = None
    severity: str | None = None
    service: str | None = None
    is_fallback: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEntryPoint(Command):
    """Change an entry point; ``words`` replaces them all."""

    name: str | NotGiven = NOT_GIVEN
    words: tuple[str, ...] | NotGiven = NOT_GIVEN
    prompt: str | None | NotGiven = NOT_GIVEN
    assignee: str | None | NotGiven = NOT_GIVEN
    severity: str | None | NotGiven = NOT_GIVEN
    service: str | None | NotGiven = NOT_GIVEN
    is_fallback: bool | NotGiven = NOT_GIVEN
    order: int | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEntryPoint(Command):
    """Let reports go where the others say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateConnector(Command):
    """Let a neighbour speak to us; ``token_digest`` is the SHA-256 of its token, in hex, and
    ``hmac_secret_id`` names a sealed secret. ``service`` is a code."""

    connector_id: str
    code: str
    name: str
    kind: str
    token_digest: str
    mode: str = "live"
    contributor: str | None = None
    service: str | None = None
    environment: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    hmac_secret_id: str | None = None
    expected_every_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateConnector(Command):
    """Change a connector; its ``kind`` may be said, and stays. Another ``token_digest`` shuts out
    the token before it; ``mapping`` replaces every expression."""

    kind: str | NotGiven = NOT_GIVEN
    code: str | NotGiven = NOT_GIVEN
    name: str | NotGiven = NOT_GIVEN
    token_digest: str | NotGiven = NOT_GIVEN
    mode: str | NotGiven = NOT_GIVEN
    contributor: str | None | NotGiven = NOT_GIVEN
    service: str | None | NotGiven = NOT_GIVEN
    environment: str | None | NotGiven = NOT_GIVEN
    mapping: Mapping[str, str] | NotGiven = NOT_GIVEN
    hmac_secret_id: str | None | NotGiven = NOT_GIVEN
    expected_every_minutes: int | None | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveConnector(Command):
    """Hear that neighbour no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRule(Command):
    """Say what becomes of signals that fit; ``connector`` is an id or a code."""

    rule_id: str
    name: str
    action: str
    matchers: tuple[str, ...] = ()
    connector: str | None = None
    title: str | None = None
    severity: str | None = None
    service: str | None = None
    device: str | None = None
    link: str | None = None
    contributor: str | None = None
    correlation_key: str | None = None
    on_resolve: str = "resolve"
    order: int = 0
    within_minutes: int | None = None
    reopen_within_minutes: int | None = None
    quiet_minutes: int | None = None
    storm_limit: int = 50
    storm_minutes: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRule(Command):
    """Change a rule; ``matchers`` replaces them all."""

    name: str | NotGiven = NOT_GIVEN
    action: str | NotGiven = NOT_GIVEN
    matchers: tuple[str, ...] | NotGiven = NOT_GIVEN
    connector: str | None | NotGiven = NOT_GIVEN
    title: str | None | NotGiven = NOT_GIVEN
    severity: str | None | NotGiven = NOT_GIVEN
    service: str | None | NotGiven = NOT_GIVEN
    device: str | None | NotGiven = NOT_GIVEN
    link: str | None | NotGiven = NOT_GIVEN
    contributor: str | None | NotGiven = NOT_GIVEN
    correlation_key: str | None | NotGiven = NOT_GIVEN
    on_resolve: str | NotGiven = NOT_GIVEN
    order: int | NotGiven = NOT_GIVEN
    within_minutes: int | None | NotGiven = NOT_GIVEN
    reopen_within_minutes: int | None | NotGiven = NOT_GIVEN
    quiet_minutes: int | None | NotGiven = NOT_GIVEN
    storm_limit: int | NotGiven = NOT_GIVEN
    storm_minutes: int | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRule(Command):
    """Treat signals as the other rules say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageGroupDraft:
    """Services to show together, by code or id."""

    name: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatusPage(Command):
    """Show the public how these services (codes) are; ``code`` is part of the page's address."""

    status_page_id: str
    code: str
    name: str
    services: tuple[str, ...] = ()
    groups: tuple[PageGroupDraft, ...] = ()
    time_zone: str = "UTC"
    about: str | None = None
    support_url: str | None = None
    accent: str | None = None
    logo: str | None = None
    shows_network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStatusPage(Command):
    """Change a status page; ``services`` and ``groups`` replace them all. What leaves the services
    leaves the groups."""

    code: str | NotGiven = NOT_GIVEN
    name: str | NotGiven = NOT_GIVEN
    services: tuple[str, ...] | NotGiven = NOT_GIVEN
    groups: tuple[PageGroupDraft, ...] | NotGiven = NOT_GIVEN
    time_zone: str | NotGiven = NOT_GIVEN
    about: str | None | NotGiven = NOT_GIVEN
    support_url: str | None | NotGiven = NOT_GIVEN
    accent: str | None | NotGiven = NOT_GIVEN
    logo: str | None | NotGiven = NOT_GIVEN
    shows_network: bool | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveStatusPage(Command):
    """Show the public nothing there any more; the address is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy(Command):
    """Change how the org wants it (API: PATCH /policy)."""

    severity_levels: int | NotGiven = NOT_GIVEN
    affected: str | NotGiven = NOT_GIVEN
    require_contributor: bool | NotGiven = NOT_GIVEN
    require_root_cause: bool | NotGiven = NOT_GIVEN
    ticket_scope: str | NotGiven = NOT_GIVEN
    forbid_overlap: bool | NotGiven = NOT_GIVEN
    auto_start: bool | NotGiven = NOT_GIVEN
    reminder_before_hours: int | NotGiven = NOT_GIVEN
    slack_incidents_channel: str | None | NotGiven = NOT_GIVEN
    slack_maintenance_channel: str | None | NotGiven = NOT_GIVEN
    dedicated_channel_for: str | NotGiven = NOT_GIVEN
    runbook_base_url: str | None | NotGiven = NOT_GIVEN
    burn_in_hours: int | NotGiven = NOT_GIVEN
    reactivation_burn_in_minutes: int | NotGiven = NOT_GIVEN
    missing_minutes: int | NotGiven = NOT_GIVEN
    reopen_within_minutes: int | NotGiven = NOT_GIVEN
    quiet_minutes: int | NotGiven = NOT_GIVEN
    destination_alarm_minutes: int | NotGiven = NOT_GIVEN
    pii_retention_days: int | None | NotGiven = NOT_GIVEN
    slack_retention_days: int | None | NotGiven = NOT_GIVEN


AdministrationCommand = (
    CreateOrg
    | CreateContributor
    | UpdateContributor
    | RemoveContributor
    | CreateMember
    | UpdateMember
    | IssueLinkCode
    | LinkSlack
    | RemoveMember
    | CreateKey
    | UpdateKey
    | RevokeKey
    | CreateService
    | UpdateService
    | RemoveService
    | CreateLocation
    | UpdateLocation
    | RemoveLocation
    | CreateRoute
    | UpdateRoute
    | RemoveRoute
    | CreateEntryPoint
    | UpdateEntryPoint
    | RemoveEntryPoint
    | CreateConnector
    | UpdateConnector
    | RemoveConnector
    | CreateRule
    | UpdateRule
    | RemoveRule
    | CreateStatusPage
    | UpdateStatusPage
    | RemoveStatusPage
    | CreateSubscription
    | RemoveSubscription
    | CreateView
    | UpdateView
    | RemoveView
    | ChangePolicy
    | Redact
)

RecordCommand = AdministrationCommand | RegistryCommand

Replaceable = (
    CreateContributor
    | CreateService
    | CreateLocation
    | CreateStatusPage
    | RegisterDevice
    | RegisterLink
)
"""What can be made by its code with PUT."""


def replacing(
    command: Replaceable,
) -> (
    UpdateContributor
    | UpdateService
    | UpdateLocation
    | UpdateStatusPage
    | UpdateDevice
    | UpdateLink
):
    """The change that makes an existing record as *command* would have made it (API: PUT).

    What *command* leaves out is emptied; an owner that is left out stays.
    """
    match command:
        case CreateContributor():
            return UpdateContributor(
                code=command.code,
                name=command.name,
                pubkey=command.pubkey,
                slack_handle=command.slack_handle,
                slack_user_group=command.slack_user_group,
                contacts=command.contacts,
            )
        case CreateService():
            return UpdateService(
                code=command.code, name=command.name, description=command.description
            )
        case CreateLocation():
            return UpdateLocation(
                code=command.code,
                name=command.name,
                kind=command.kind,
                country=command.country,
                lat=command.lat,
                lng=command.lng,
            )
        case CreateStatusPage():
            return UpdateStatusPage(
                code=command.code,
                name=command.name,
                services=command.services,
                groups=command.groups,
                time_zone=command.time_zone,
                about=command.about,
                support_url=command.support_url,
                accent=command.accent,
                logo=command.logo,
                shows_network=command.shows_network,
            )
        case RegisterDevice():
            return UpdateDevice(
                pubkey=command.pubkey,
                code=command.code,
                contributor=NOT_GIVEN if command.contributor is None else command.contributor,
                device_type=command.device_type,
                location=command.location,
                exchange=command.exchange,
                public_ip=command.public_ip,
                dz_prefixes=command.dz_prefixes,
                max_users=command.max_users,
                metrics_publisher=command.metrics_publisher,
                mgmt_vrf=command.mgmt_vrf,
                desired_status=_wished(command.desired_status),
            )
        case RegisterLink():
            return UpdateLink(
                pubkey=command.pubkey,
                code=command.code,
                contributor=NOT_GIVEN if command.contributor is None else command.contributor,
                link_type=command.link_type,
                side_a=command.side_a,
                side_z=command.side_z,
                bandwidth=command.bandwidth,
                mtu=command.mtu,
                delay=command.delay,
                jitter=command.jitter,
                delay_override=command.delay_override,
                desired_status=_wished(command.desired_status),
            )


def _wished(desired: str | None) -> str | NotGiven:
    # A wish that is left out stays as it is: nobody drains a link by forgetting a word.
    return NOT_GIVEN if desired is None else desired
