"""Administration: the records of an org (Domain: words). One stream each; one policy per org.

States only. What may be asked of them and what follows is in :mod:`record_commands`,
:mod:`record_facts` and :mod:`administration`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.connector_words import ConnectorKind, ConnectorMode, OnResolve, RuleAction
from tocsin.core.provisioning.assets import Interface
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.ticket import Assignee
from tocsin.core.words import ContactMethod, DestinationKind, LinkType, Role, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has: ``id`` within its sort, when it was made and touched, ``version``.

    ``removed_at`` is set when it was deleted; its log stays, its names are free again.
    """

    id: str
    created_at: datetime
    updated_at: datetime
    version: int
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Org(Record):
    """The tenant."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to reach at a contributor; ``hours`` is free text, ``order`` ascending."""

    name: str
    method: ContactMethod
    address: str
    hours: str | None = None
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributor(Record):
    """An organisation inside the org that runs part of it; ``pubkey`` is ed25519, base58."""

    code: str
    name: str
    pubkey: str
    slack_handle: str | None = None
    slack_user_group: str | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Record):
    """A person or service with a role, optionally bound to a contributor (by id).

    ``slack_user_id`` is who they are in Slack, in the workspace ``slack_team_id`` where one is
    said. ``link_code_digest`` is the SHA-256, in hex, of a code that ties a Slack user to them
    until ``link_code_expires_at``; of the code itself nothing is kept.
    """

    name: str
    role: Role
    email: str | None = None
    contributor_id: str | None = None
    slack_user_id: str | None = None
    slack_team_id: str | None = None
    service: bool = False
    link_code_digest: str | None = None
    link_code_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Record):
    """An API key: speaks for a member, with ``role`` at most; the secret's hash is kept elsewhere.

    ``rate_per_second`` and ``burst`` bound its requests; ``allow_cidr`` where they may come from.
    """

    name: str
    member_id: str
    role: Role
    expires_at: datetime | None = None
    allow_cidr: tuple[str, ...] = ()
    rate_per_second: int = 100
    burst: int = 400
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Record):
    """A named thing users depend on; ``discovered`` when an alert or ticket named it first."""

    code: str
    name: str
    description: str | None = None
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Record):
    """A place that devices stand in, or a metro; ``country`` is of ISO 3166, two letters, ``lat``
    and ``lng`` are degrees north and east, both or neither. ``pubkey`` is its address on the ledger
    that keeps it, if one does."""

    code: str
    name: str
    kind: LocationKind = LocationKind.LOCATION
    country: str | None = None
    lat: float | None = None
    lng: float | None = None
    pubkey: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where deliveries go.

    A webhook has ``url``, email ``address``, slack ``channel`` (without one the policy says where),
    airtable ``table_base``.
    ``secret_id`` names the sealed secret that signs or authorises; the secret itself is never here.
    """

    kind: DestinationKind
    url: str | None = None
    address: str | None = None
    channel: str | None = None
    table_base: str | None = None
    secret_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """Which facts a route carries: kinds (``incident.*``) and matchers (:mod:`matching`)."""

    kinds: tuple[str, ...] = ("*",)
    matchers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Record):
    """Which facts go to which destination; ``contributor_id`` owns the route, if one does."""

    name: str
    match: RouteMatch
    destination: Destination
    enabled: bool = True
    contributor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint(Record):
    """What becomes of a report in free text that it fits (Integrations: triage).

    ``words`` are words or phrases to look for, ``prompt`` says to a language model what it is for;
    ``service`` is a code. Those with a lower ``order`` are asked first. The fallback, at most one
    in an org, takes what fits nowhere else.
    """

    name: str
    words: tuple[str, ...] = ()
    prompt: str | None = None
    assignee: Assignee | None = None
    severity: Severity | None = None
    service: str | None = None
    is_fallback: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector(Record):
    """A neighbour's way in (API: connectors).

    Of its token only the SHA-256 is kept, in hex; ``hmac_secret_id`` names the sealed secret that
    the neighbour signs with. ``contributor_id`` owns it: what it opens is that contributor's.
    ``service`` (a code) and ``environment`` are of signals that name none. ``mapping`` has an
    expression for each field of a signal. Unheard of for ``expected_every_minutes``, it is silent.
    """

    code: str
    name: str
    kind: ConnectorKind
    token_digest: str
    mode: ConnectorMode = ConnectorMode.LIVE
    contributor_id: str | None = None
    service: str | None = None
    environment: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    hmac_secret_id: str | None = None
    expected_every_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Record):
    """What becomes of signals that fit all of ``matchers`` (Domain: correlation; API: rules).

    ``connector_id`` keeps it to one connector. ``title`` to ``correlation_key`` are placeholders
    (:mod:`placeholders`) for the incident that it opens. Rules with a lower ``order`` are asked
    first. A signal joins an incident that is alike if that was opened at most ``within_minutes``
    before; None: however long before for ``attach``, never for ``create``. The policy says
    ``reopen_within_minutes`` and ``quiet_minutes`` where the rule does not. More than
    ``storm_limit`` incidents in ``storm_minutes`` become one; 0: never.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageGroup:
    """Services (codes) that a status page shows together, under a name."""

    name: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage(Record):
    """What an org shows the public at ``/status/{code}`` (API: status pages).

    The code is unique in the whole installation. ``services`` are codes, in the order in which they
    are shown; each is in one of ``groups`` at most. ``time_zone`` is that of its days, ``accent``
    ``#rrggbb``, ``logo`` a PNG or WebP in base64. A public update that names pages is on those
    only; one that names none is on every page of the org that has one of its services, on all of
    them if it has no service (:func:`tocsin.core.status_pages.shows`). ``shows_network`` is whether
    it shows how devices and links are (:mod:`tocsin.core.provisioning.public_facts`).
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Record):
    """Somebody who is told what a status page tells (API: subscribe); made once it is confirmed.

    ``kind`` is email, webhook or slack. ``address`` is where: a mail address, a webhook's address,
    of a chat's webhook the host only, since the rest of it is a secret. ``secret_id`` names that,
    or what a webhook is signed with. ``services`` are codes, none: all. It was asked for at
    ``asked_at``, confirmed at ``created_at``, and is over at ``removed_at``.
    """

    page_id: str
    kind: DestinationKind
    address: str
    services: tuple[str, ...] = ()
    secret_id: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Record):
    """A way to look at the list of tickets that has a name (API: views).

    ``query`` is what follows the question mark in the address of the list. It is the member's own,
    and everybody's in the org where it is ``shared``.
    """

    name: str
    query: str
    member_id: str
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Record):
    """How the org wants it (API: PATCH /policy). Durations carry their unit in the name."""

    severity_levels: int = 4
    affected: str = "asset_or_service"
    require_contributor: bool = False
    require_root_cause: bool = False
    ticket_scope: str = "any"
    forbid_overlap: bool = False
    auto_start: bool = True
    reminder_before_hours: int = 24
    slack_incidents_channel: str | None = None
    slack_maintenance_channel: str | None = None
    dedicated_channel_for: str = "sev1"
    runbook_base_url: str | None = None
    burn_in_hours: int = 24
    reactivation_burn_in_minutes: int = 30
    missing_minutes: int = 5
    reopen_within_minutes: int = 30
    quiet_minutes: int = 1440
    destination_alarm_minutes: int = 15
    pii_retention_days: int | None = None
    slack_retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Record):
    """A network device, registered with its pubkey and code; ``contributor_id`` owns it.

    ``location`` and ``exchange`` are the codes of where it stands, ``dz_prefixes`` networks as
    ``203.0.113.0/29``, ``metrics_publisher`` a pubkey. ``created_by`` is the id of the member who
    registered it, ``on_ledger`` what the ledger says that keeps it, if one does.
    """

    pubkey: str
    code: str
    contributor_id: str
    life: Life
    device_type: str | None = None
    location: str | None = None
    exchange: str | None = None
    public_ip: str | None = None
    dz_prefixes: tuple[str, ...] = ()
    max_users: int | None = None
    metrics_publisher: str | None = None
    mgmt_vrf: str | None = None
    interfaces: tuple[Interface, ...] = ()
    created_by: str | None = None
    on_ledger: OnLedger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of a link: a device by pubkey, and the name of its interface."""

    device: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Record):
    """A link between two devices; ``contributor_id`` (the A side) owns it.

    ``side_z_contributor_id`` is the owner of the Z side's device, when the link was registered;
    ``created_by`` the id of the member who registered it. ``bandwidth`` is in bit/s; ``delay``,
    ``jitter`` and ``delay_override`` are in nanoseconds. ``on_ledger`` is what the ledger says that
    keeps it, if one does.
    """

    pubkey: str
    code: str
    contributor_id: str
    link_type: LinkType
    side_a: Side
    side_z: Side
    side_z_contributor_id: str
    life: Life
    bandwidth: int | None = None
    mtu: int | None = None
    delay: int | None = None
    jitter: int | None = None
    delay_override: int | None = None
    created_by: str | None = None
    on_ledger: OnLedger | None = None
