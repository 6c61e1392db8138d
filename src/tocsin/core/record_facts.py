"""What can be recorded about records: administration, devices and links (Domain: events).

Payloads only. An update carries every field that changed with its old and its new value as JSON,
named as in :mod:`records`. Nothing here is a minimal fact: what is public about an asset is the
state that its tickets give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.connector_words import ConnectorKind, ConnectorMode, OnResolve, RuleAction
from tocsin.core.facts import Change, Payload, fact
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.records import Contact, Destination, PageGroup, RouteMatch, Side
from tocsin.core.ticket import Assignee
from tocsin.core.words import DestinationKind, LinkType, Role, Severity


@fact("org.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class OrgCreated(Payload):
    """A tenant was made."""

    code: str
    name: str


@fact("contributor.created", text=("slack_handle", "contacts"))
@dataclass(frozen=True, slots=True, kw_only=True)
class ContributorCreated(Payload):
    """An organisation was taken in."""

    code: str
    name: str
    pubkey: str
    slack_handle: str | None = None
    slack_user_group: str | None = None
    contacts: tuple[Contact, ...] = ()


@fact("member.created", text=("name", "email", "slack_user_id", "slack_team_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCreated(Payload):
    """A person or service was taken in."""

    name: str
    role: Role
    email: str | None = None
    contributor_id: str | None = None
    slack_user_id: str | None = None
    service: bool = False
    slack_team_id: str | None = None


@fact("member.link_code_issued")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCodeIssued(Payload):
    """A code was given out that ties a Slack user to the member, once; only its SHA-256 is kept."""

    digest: str
    expires_at: datetime


@fact("member.slack_linked", text=("slack_user_id", "slack_team_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class SlackLinked(Payload):
    """The member is that Slack user from now on; the code that said so is used up."""

    slack_user_id: str
    slack_team_id: str


@fact("contributor.updated", "member.updated", text=("changes",))
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyUpdated(Payload):
    """Fields of a contributor or member changed; both may hold personal data."""

    changes: tuple[Change, ...] = ()


@fact("contributor.redacted", "member.redacted", "subscription.redacted")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRedacted(Payload):
    """Personal data in an earlier event of this stream was erased (see ``incident.redacted``)."""

    event: str
    fields: tuple[str, ...]
    remaining_digest: str
    reason: str | None = None


@fact("key.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Payload):
    """A key was given out; of its secret only the hash is kept, and elsewhere."""

    name: str
    member_id: str
    role: Role
    expires_at: datetime | None = None
    allow_cidr: tuple[str, ...] = ()
    rate_per_second: int = 100
    burst: int = 400


@fact("key.revoked")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Payload):
    """A key is out of use, for good."""

    at: datetime


@fact("service.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCreated(Payload):
    """A service was named; ``discovered`` by an alert or ticket that named it first."""

    code: str
    name: str
    description: str | None = None
    discovered: bool = False


@fact("location.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class LocationCreated(Payload):
    """A place was named; ``lat`` and ``lng`` are degrees north and east, ``pubkey`` is its address
    on the ledger that keeps it."""

    code: str
    name: str
    location_kind: LocationKind
    country: str | None = None
    lat: float | None = None
    lng: float | None = None
    pubkey: str | None = None


@fact("route.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCreated(Payload):
    """Matching facts go to a destination from now on; with ``backfill``, the openings of the
    tickets that were active then go first."""

    name: str
    match: RouteMatch
    destination: Destination
    enabled: bool = True
    contributor_id: str | None = None
    backfill: bool = False


@fact("entry_point.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPointCreated(Payload):
    """Reports that have any of these words, or fit nowhere else, are this one's from now on."""

    name: str
    words: tuple[str, ...] = ()
    prompt: str | None = None
    assignee: Assignee | None = None
    severity: Severity | None = None
    service: str | None = None
    is_fallback: bool = False
    order: int = 0


@fact("connector.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorCreated(Payload):
    """A neighbour may speak to us from now on; of its token only the SHA-256 is kept."""

    code: str
    name: str
    connector_kind: ConnectorKind
    token_digest: str
    mode: ConnectorMode = ConnectorMode.LIVE
    contributor_id: str | None = None
    service: str | None = None
    environment: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    hmac_secret_id: str | None = None
    expected_every_minutes: int | None = None


@fact("rule.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCreated(Payload):
    """Signals that fit have these consequences from now on."""

    name: str
    action: RuleAction
    matchers: tuple[str, ...] = ()
    connector_id: str | None = None
    title: str | None = None
    severity: str | None = None
    service: str | None = None
    device: str | None = None
    link: str | None = None
    contributor: str | None = None
    correlation_key: str | None = None
    on_resolve: OnResolve = OnResolve.RESOLVE
    order: int = 0
    within_minutes: int | None = None
    reopen_within_minutes: int | None = None
    quiet_minutes: int | None = None
    storm_limit: int = 50
    storm_minutes: int = 5


@fact("status_page.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageCreated(Payload):
    """The public has a page about these services from now on."""

    code: str
    name: str
    services: tuple[str, ...] = ()
    groups: tuple[PageGroup, ...] = ()
    time_zone: str = "UTC"
    about: str | None = None
    support_url: str | None = None
    accent: str | None = None
    logo: str | None = None
    shows_network: bool = False


@fact("subscription.created", text=("address",))
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCreated(Payload):
    """Somebody is told what a status page tells from now on; they have confirmed it."""

    page_id: str
    destination_kind: DestinationKind
    address: str
    services: tuple[str, ...] = ()
    secret_id: str | None = None
    asked_at: datetime | None = None


@fact("view.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCreated(Payload):
    """Filters of the list of tickets have a name from now on, for their member or for everybody."""

    name: str
    query: str
    member_id: str
    shared: bool = False


@fact("policy.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged(Payload):
    """The org wants it differently."""

    changes: tuple[Change, ...] = ()


@fact("device.registered")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Payload):
    """A device is in the registry; ``on_ledger`` is what the ledger says that keeps it."""

    pubkey: str
    code: str
    contributor_id: str
    device_type: str | None = None
    location: str | None = None
    public_ip: str | None = None
    exchange: str | None = None
    dz_prefixes: tuple[str, ...] = ()
    max_users: int | None = None
    metrics_publisher: str | None = None
    mgmt_vrf: str | None = None
    on_ledger: OnLedger | None = None


@fact("link.registered")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRegistered(Payload):
    """A link is in the registry; ``side_z_contributor_id`` owns the device at its Z side,
    ``on_ledger`` is what the ledger says that keeps it."""

    pubkey: str
    code: str
    contributor_id: str
    link_type: LinkType
    side_a: Side
    side_z: Side
    side_z_contributor_id: str
    bandwidth: int | None = None
    mtu: int | None = None
    delay: int | None = None
    jitter: int | None = None
    delay_override: int | None = None
    on_ledger: OnLedger | None = None


@fact(
    "key.updated",
    "service.updated",
    "location.updated",
    "route.updated",
    "entry_point.updated",
    "connector.updated",
    "rule.updated",
    "status_page.updated",
    "view.updated",
    "device.updated",
    "link.updated",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUpdated(Payload):
    """Fields of a record changed."""

    changes: tuple[Change, ...] = ()


@fact(
    "contributor.removed",
    "member.removed",
    "service.removed",
    "location.removed",
    "route.removed",
    "entry_point.removed",
    "connector.removed",
    "rule.removed",
    "status_page.removed",
    "subscription.removed",
    "view.removed",
    "device.removed",
    "link.removed",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRemoved(Payload):
    """A record was removed at ``at``; its log stays, its names are free again."""

    at: datetime
