"""The bodies and queries of administration and of the registry, as they are parsed and documented.

Types and lengths are checked here; what words mean is for the core to say.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType, field

from tocsin.adapters.rest.ticket_bodies import Body, Cursor, Limit, Query, Severity
from tocsin.core.contributors import MOST_CONTACTS
from tocsin.core.entry_points import LAST, LONGEST_PROMPT, LONGEST_WORD, MOST_WORDS
from tocsin.core.matching import LONGEST_NAME as LONGEST_FACT
from tocsin.core.matching import LONGEST_VALUE, MOST_KINDS, MOST_MATCHERS
from tocsin.core.membership import FASTEST, LONGEST_LIFE_DAYS, MOST_RANGES
from tocsin.core.pubkeys import LONGEST_PUBKEY
from tocsin.core.record_reading import LONGEST_CODE, LONGEST_NAME, LONGEST_URL

LONGEST_ID = 64
LONGEST_SECRET = 4_096
MOST_REDACTED = 50

Code = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_CODE, description="a-z, 0-9, colon, _ and -.")
]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Pubkey = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_PUBKEY, description="ed25519, in base58.")
]
Named = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_ID, description="By code, pubkey or id.")
]
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
Slack = Annotated[str, Meta(max_length=100)]
Email = Annotated[str, Meta(max_length=254)]
Text = Annotated[str, Meta(max_length=10_000)]
RoleText = Annotated[
    str,
    Meta(max_length=50, description="viewer, member, oncall_engineer, sre_lead or org_admin."),
]
Ranges = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(max_length=MOST_RANGES, description="CIDR ranges it may be used from; none: any."),
]
Rate = Annotated[int, Meta(ge=1, le=FASTEST)]


# -- contributors --------------------------------------------------------------------------------


class ContactBody(Body):
    """Whom to reach; ``hours`` is free text, ``order`` ascending."""

    name: Name
    method: Annotated[str, Meta(max_length=50, description="phone, email, slack or other.")]
    address: Name
    hours: Annotated[str, Meta(max_length=200)] | None = None
    order: Annotated[int, Meta(ge=0, le=10_000)] = 0


Contacts = Annotated[list[ContactBody], Meta(max_length=MOST_CONTACTS)]


class ContributorPut(Body):
    """A contributor as it shall be; the code is in the path."""

    name: Name
    pubkey: Pubkey
    code: Code | None = None
    slack_handle: Slack | None = None
    slack_user_group: Slack | None = None
    contacts: Contacts = field(default_factory=list)


class ContributorBody(ContributorPut):
    """A new contributor."""

    code: Code


class ContributorPatch(Body):
    """Changed fields; null empties, ``contacts`` replaces them all."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    pubkey: Pubkey | UnsetType = UNSET
    slack_handle: Slack | None | UnsetType = UNSET
    slack_user_group: Slack | None | UnsetType = UNSET
    contacts: Contacts | UnsetType = UNSET


# -- members and keys ----------------------------------------------------------------------------


class MemberBody(Body):
    """A new member: a person, or a thing that acts like one."""

    name: Name
    role: RoleText
    email: Email | None = None
    contributor: Named | None = None
    slack_user_id: Slack | None = None
    slack_team_id: Slack | None = None


class MemberPatch(Body):
    """Changed fields; null empties."""

    name: Name | UnsetType = UNSET
    role: RoleText | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    contributor: Named | None | UnsetType = UNSET
    slack_user_id: Slack | None | UnsetType = UNSET
    slack_team_id: Slack | None | UnsetType = UNSET


class KeyBody(Body):
    """A new key: of ``member``, or of a service member that is made for it."""

    name: Name
    role: RoleText
    member: Id | None = None
    contributor: Named | None = None
    expires_in_days: Annotated[int, Meta(ge=1, le=LONGEST_LIFE_DAYS)] | None = None
    allow_cidr: Ranges = field(default_factory=list)
    rate_per_second: Rate = 100
    burst: Rate | None = None


class KeyPatch(Body):
    """Changed fields; whom it speaks for and how long stays as it is."""

    elsewhere: ClassVar[dict[str, str]] = {
        "member": "making another key",
        "contributor": "PATCH /members/{id}",
        "expires_in_days": "making another key",
    }

    name: Name | UnsetType = UNSET
    role: RoleText | UnsetType = UNSET
    allow_cidr: Ranges | UnsetType = UNSET
    rate_per_second: Rate | UnsetType = UNSET
    burst: Rate | UnsetType = UNSET


# -- services and routes -------------------------------------------------------------------------


class ServicePut(Body):
    """A service as it shall be; the code is in the path."""

    name: Name
    code: Code | None = None
    description: Text | None = None


class ServiceBody(ServicePut):
    """A new service."""

    code: Code


class ServicePatch(Body):
    """Changed fields; null empties."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Text | None | UnsetType = UNSET


Kinds = Annotated[
    list[Annotated[str, Meta(max_length=130)]],
    Meta(max_length=MOST_KINDS, description="Kinds of fact, such as incident.*; none: all."),
]
Matchers = Annotated[
    list[Annotated[str, Meta(max_length=LONGEST_FACT + 2 * LONGEST_VALUE + 20)]],
    Meta(max_length=MOST_MATCHERS, description='Such as severity=~"sev[12]".'),
]


class MatchBody(Body):
    """Which facts: any of ``kinds``, and all of ``matchers``."""

    kinds: Kinds = field(default_factory=list)
    matchers: Matchers = field(default_factory=list)


class MatchPatch(Body):
    """What of the match changes; a list replaces the one that was."""

    kinds: Kinds | UnsetType = UNSET
    matchers: Matchers | UnsetType = UNSET


class DestinationBody(Body):
    """Where deliveries go: a webhook's ``url``, an email ``address``, a Slack ``channel``, an
    Airtable ``table_base``.

    A webhook's ``secret`` is ``whsec_`` and the base64 of 24 to 64 bytes; where none is given, one
    is made and told once. A change that gives none keeps the one there is.
    """

    kind: Annotated[str, Meta(max_length=50, description="webhook, email, slack or airtable.")]
    url: Annotated[str, Meta(max_length=LONGEST_URL)] | None = None
    address: Email | None = None
    channel: Slack | None = None
    table_base: Slack | None = None
    secret: Annotated[str, Meta(min_length=1, max_length=LONGEST_SECRET)] | None = None


class RouteBody(Body):
    """A new route; ``backfill`` sends the opening of each ticket that is active now, too."""

    name: Name
    destination: DestinationBody
    match: MatchBody = field(default_factory=MatchBody)
    enabled: bool = True
    contributor: Named | None = None
    backfill: bool = False


class RoutePatch(Body):
    """Changed fields; ``destination`` is replaced whole, null unties it from its contributor."""

    name: Name | UnsetType = UNSET
    destination: DestinationBody | UnsetType = UNSET
    match: MatchPatch | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    contributor: Named | None | UnsetType = UNSET


# -- entry points --------------------------------------------------------------------------------

Words = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=LONGEST_WORD)]],
    Meta(max_length=MOST_WORDS, description="Words and phrases, in any case; each by itself."),
]
Prompt = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_PROMPT,
        description="What it is for, as a language model is told, if one is set up.",
    ),
]
Assignee = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_ID, description="A member's id or contributor's code."),
]
Order = Annotated[int, Meta(ge=0, le=LAST, description="The lowest is asked first.")]


class WordsBody(Body):
    """Which reports: those with any of ``words``, or that a model finds to fit ``prompt``."""

    words: Words = field(default_factory=list)
    prompt: Prompt | None = None


class WordsPatch(Body):
    """What of the match changes; a list replaces the one that was."""

    words: Words | UnsetType = UNSET
    prompt: Prompt | None | UnsetType = UNSET


class EntryPointBody(Body):
    """A new entry point; an org has at most one fallback."""

    name: Name
    match: WordsBody = field(default_factory=WordsBody)
    assignee: Assignee | None = None
    severity: Severity | None = None
    service: Id | None = None
    is_fallback: bool = False
    order: Order = 0


class EntryPointPatch(Body):
    """Changed fields; null empties."""

    name: Name | UnsetType = UNSET
    match: WordsPatch | UnsetType = UNSET
    assignee: Assignee | None | UnsetType = UNSET
    severity: Severity | None | UnsetType = UNSET
    service: Id | None | UnsetType = UNSET
    is_fallback: bool | UnsetType = UNSET
    order: Order | UnsetType = UNSET


# -- policy and redactions -----------------------------------------------------------------------

Channel = Annotated[str, Meta(max_length=100)]
Days = Annotated[int, Meta(ge=1, le=36_500)]


class PolicyPatch(Body):
    """Changed fields; null empties where nothing is allowed."""

    severity_levels: Annotated[int, Meta(ge=3, le=5)] | UnsetType = UNSET
    affected: Literal["asset_or_service", "asset"] | UnsetType = UNSET
    require_contributor: bool | UnsetType = UNSET
    require_root_cause: bool | UnsetType = UNSET
    ticket_scope: Literal["any", "own"] | UnsetType = UNSET
    forbid_overlap: bool | UnsetType = UNSET
    auto_start: bool | UnsetType = UNSET
    reminder_before_hours: int | UnsetType = UNSET
    slack_incidents_channel: Channel | None | UnsetType = UNSET
    slack_maintenance_channel: Channel | None | UnsetType = UNSET
    dedicated_channel_for: Annotated[str, Meta(max_length=50)] | UnsetType = UNSET
    runbook_base_url: Annotated[str, Meta(max_length=LONGEST_URL)] | None | UnsetType = UNSET
    burn_in_hours: int | UnsetType = UNSET
    reactivation_burn_in_minutes: int | UnsetType = UNSET
    missing_minutes: int | UnsetType = UNSET
    reopen_within_minutes: int | UnsetType = UNSET
    quiet_minutes: int | UnsetType = UNSET
    destination_alarm_minutes: int | UnsetType = UNSET
    pii_retention_days: Days | None | UnsetType = UNSET
    slack_retention_days: Days | None | UnsetType = UNSET


class RedactionBody(Body):
    """Which fields of which event are to be emptied, for ever."""

    event: Id
    fields: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]],
        Meta(min_length=1, max_length=MOST_REDACTED),
    ]
    reason: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None


# -- queries -------------------------------------------------------------------------------------


class RecordsQuery(Query):
    """Which page of a list of records."""

    limit: Limit = 50
    cursor: Cursor | None = None


class MembersQuery(RecordsQuery):
    """Which members; several filters mean: all of them."""

    contributor: Named | None = None
    role: RoleText | None = None
    service: bool | None = None


class KeysQuery(RecordsQuery):
    """Which keys; several filters mean: all of them."""

    member: Id | None = None
    revoked: bool | None = None


class ServicesQuery(RecordsQuery):
    """Which services."""

    discovered: bool | None = None


class RoutesQuery(RecordsQuery):
    """Which routes; several filters mean: all of them."""

    contributor: Named | None = None
    enabled: bool | None = None
