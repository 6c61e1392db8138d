"""The shapes in which records are answered: administration, the registry, the policy.

``removed_at`` is there only in the answer to the removal itself. A contributor is named by its
code, null where it is gone. A secret is told once, to whoever had it made; no digest of one ever.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from tocsin.projections.shapes.ticket_shapes import AssigneeShape


class ContactShape(Struct, kw_only=True):
    """Whom to reach at a contributor."""

    name: str
    method: str
    address: str
    hours: str | None
    order: int


class ContributorShape(Struct, kw_only=True):
    """An organisation that runs part of the network."""

    id: str
    code: str
    name: str
    pubkey: str
    slack_handle: str | None
    slack_user_group: str | None
    contacts: list[ContactShape]
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class MemberShape(Struct, kw_only=True):
    """A person or service with a role; ``contributor`` is the code of the one it is bound to."""

    id: str
    name: str
    role: str
    email: str | None
    contributor: str | None
    slack_user_id: str | None
    slack_team_id: str | None
    service: bool
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class LinkCodeShape(Struct, kw_only=True):
    """A code that ties a Slack user to a member, once, until ``expires_at``.

    ``code`` and the ``command`` to say it in Slack are told this once.
    """

    expires_at: str
    code: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


class KeyShape(Struct, kw_only=True):
    """An API key; ``member`` is the id of whom it speaks for, ``contributor`` what that is bound
    to."""

    id: str
    name: str
    role: str
    member: str
    contributor: str | None
    expires_at: str | None
    allow_cidr: list[str]
    rate_per_second: int
    burst: int
    revoked_at: str | None
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class NewKeyShape(KeyShape, kw_only=True):
    """A key that was just made; ``secret`` is told this once."""

    secret: str | UnsetType = UNSET


class ServiceShape(Struct, kw_only=True):
    """A named thing users depend on; ``discovered`` until a person has looked at it."""

    id: str
    code: str
    name: str
    description: str | None
    discovered: bool
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class MatchShape(Struct, kw_only=True):
    """Which facts a route carries."""

    kinds: list[str]
    matchers: list[str]


class DestinationShape(Struct, kw_only=True):
    """Where deliveries go, and whether there is a secret that signs or authorises them."""

    kind: str
    url: str | None
    address: str | None
    channel: str | None
    table_base: str | None
    has_secret: bool


class RouteDelivery(Struct, kw_only=True):
    """How a route's destination stands.

    ``down`` is one that nothing gets through to, since ``down_since``. ``waiting`` is null in
    lists; it counts no further than 100,000 positions of the log.
    """

    state: Literal["ok", "down"]
    down_since: str | None
    down_reason: str
    delivered: int
    delivered_at: str | None
    waiting: int | None
    parked: int


class RouteShape(Struct, kw_only=True):
    """Which facts go to which destination.

    ``secret`` is told once, where one was made for a webhook; ``delivery`` is there where a route
    is read, not where it is changed.
    """

    id: str
    name: str
    match: MatchShape
    destination: DestinationShape
    enabled: bool
    contributor: str | None
    delivery: RouteDelivery | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class WordsShape(Struct, kw_only=True):
    """What leads to an entry point: words to look for, and what a language model is told."""

    words: list[str]
    prompt: str | None


class EntryPointShape(Struct, kw_only=True):
    """What becomes of reports in free text; ``service`` is a code. The lowest ``order`` is asked
    first, the fallback takes what fits nowhere else."""

    id: str
    name: str
    match: WordsShape
    assignee: AssigneeShape | None
    severity: str | None
    service: str | None
    is_fallback: bool
    order: int
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class PolicyShape(Struct, kw_only=True):
    """How the org wants it; ``version`` 0 and no ``updated_at`` where it never said."""

    severity_levels: int
    affected: str
    require_contributor: bool
    require_root_cause: bool
    ticket_scope: str
    forbid_overlap: bool
    auto_start: bool
    reminder_before_hours: int
    slack_incidents_channel: str | None
    slack_maintenance_channel: str | None
    dedicated_channel_for: str
    runbook_base_url: str | None
    burn_in_hours: int
    reactivation_burn_in_minutes: int
    missing_minutes: int
    reopen_within_minutes: int
    quiet_minutes: int
    destination_alarm_minutes: int
    pii_retention_days: int | None
    slack_retention_days: int | None
    updated_at: str | None
    version: int


class RedactionShape(Struct, kw_only=True):
    """What was emptied: fields of an event of ``stream``; ``position`` is where the log says so."""

    event: str
    fields: list[str]
    stream: str
    position: int


class OwnKey(Struct, kw_only=True):
    """The key that asks."""

    id: str
    name: str
    expires_at: str | None


class OwnMember(Struct, kw_only=True):
    """The member that the key speaks for."""

    id: str
    name: str
    email: str | None
    service: bool


class OwnContributor(Struct, kw_only=True):
    """The contributor that every right is bound to."""

    code: str
    name: str
    pubkey: str


class OrgName(Struct, kw_only=True):
    """An org that the key opens."""

    code: str
    name: str


class MeShape(Struct, kw_only=True):
    """Who asks; ``role`` is the lower of the key's and its member's."""

    key: OwnKey
    member: OwnMember
    role: str
    contributor: OwnContributor | None
    orgs: list[OrgName]
