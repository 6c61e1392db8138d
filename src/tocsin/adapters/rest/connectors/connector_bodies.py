"""The bodies and shapes of connectors and rules, as they are parsed, documented and answered.

Types and lengths are checked here; what words mean is for the core to say.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tocsin.adapters.rest.record_bodies import LONGEST_ID, Code, Id, Matchers, Name, Named
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.connectors import LONGEST_EXPRESSION, LONGEST_SILENCE, MOST_EXPRESSIONS
from tocsin.core.placeholders import LONGEST_TEXT
from tocsin.core.rules import LAST, MOST_BEFORE_STORM, MOST_MINUTES, MOST_STORM_MINUTES

SHORTEST_TOKEN = 32
LONGEST_TOKEN = 256

Kind = Annotated[
    str,
    Meta(max_length=50, description=", ".join(kind.value for kind in ConnectorKind) + "."),
]
Mode = Annotated[
    str, Meta(max_length=50, description="live, or observe: verdicts without consequences.")
]
Token = Annotated[
    str,
    Meta(
        min_length=SHORTEST_TOKEN,
        max_length=LONGEST_TOKEN,
        pattern=r"^[\x21-\x7e]+$",
        description="Printable, without blanks; such as the old system's key.",
    ),
]
HmacSecret = Annotated[
    str,
    Meta(min_length=8, max_length=1_024, description="What the neighbour signs payloads with."),
]
Mapping = Annotated[
    dict[
        Annotated[str, Meta(max_length=64)],
        Annotated[str, Meta(max_length=LONGEST_EXPRESSION)],
    ],
    Meta(
        max_length=MOST_EXPRESSIONS,
        description="A JMESPath expression for each field of a signal.",
    ),
]
Silence = Annotated[
    int,
    Meta(ge=1, le=LONGEST_SILENCE, description="Unheard of for so long, it is silent."),
]
Environment = Annotated[str, Meta(min_length=1, max_length=64)]


class DefaultsBody(Body):
    """What signals are that do not say: whose (by code, pubkey or id), of which service (a code),
    of which environment. A connector that is a contributor's speaks for nobody else."""

    contributor: Named | None = None
    service: Id | None = None
    environment: Environment | None = None


class DefaultsPatch(Body):
    """What of the defaults changes; null empties."""

    contributor: Named | None | UnsetType = UNSET
    service: Id | None | UnsetType = UNSET
    environment: Environment | None | UnsetType = UNSET


class ConnectorBody(Body):
    """A new connector. Without a ``token`` it gets one, told once."""

    kind: Kind
    code: Code
    name: Name
    token: Token | None = None
    hmac_secret: HmacSecret | None = None
    mode: Mode = "live"
    defaults: DefaultsBody = field(default_factory=DefaultsBody)
    mapping: Mapping = field(default_factory=dict)
    expected_every_minutes: Silence | None = None


class ConnectorPut(ConnectorBody, kw_only=True):
    """All that a connector says; the code is the one in the path. A ``token``, an ``hmac_secret``
    and a contributor that are left out stay; a new connector gets a token, told once."""

    code: Code | None = None  # type: ignore[assignment]


class ConnectorPatch(Body):
    """Changed fields. Another ``token`` shuts out the one before it; null makes a new one, told
    once. Null empties every other field; ``mapping`` is replaced whole."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    token: Token | None | UnsetType = UNSET
    hmac_secret: HmacSecret | None | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    defaults: DefaultsPatch | UnsetType = UNSET
    mapping: Mapping | UnsetType = UNSET
    expected_every_minutes: Silence | None | UnsetType = UNSET


class DefaultsShape(Struct, kw_only=True):
    """What signals are that do not say."""

    contributor: str | None
    service: str | None
    environment: str | None


class HealthShape(Struct, kw_only=True):
    """How a connector is doing: never_heard, healthy, failing (the newest payload, or a tenth of
    those of the last ten minutes, could not be taken in) or silent. Figures to the minute, of the
    last 24 hours; the rate is of payloads, over the last ten minutes."""

    state: str
    last_payload_at: str | None
    payloads_24h: int
    signals_24h: int
    rate_per_minute: float
    failures_24h: int
    silent_since: str | None


class ConnectorShape(Struct, kw_only=True):
    """A neighbour's way in. ``token`` is told once; of the HMAC secret only whether there is one.
    ``ingest_url`` is where the neighbour sends to; ``health`` is told where it is read."""

    id: str
    code: str
    name: str
    kind: str
    mode: str
    defaults: DefaultsShape
    mapping: dict[str, str]
    has_hmac_secret: bool
    expected_every_minutes: int | None
    ingest_url: str
    health: HealthShape | UnsetType = UNSET
    token: str | UnsetType = UNSET
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


# -- rules ---------------------------------------------------------------------------------------

Action = Annotated[str, Meta(max_length=50, description="create, attach or ignore.")]
OnResolveText = Annotated[str, Meta(max_length=50, description="note, monitoring or resolve.")]
Wording = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TEXT,
        description="May have placeholders, such as {labels.dzd_pubkey}.",
    ),
]
Order = Annotated[int, Meta(ge=0, le=LAST, description="The lowest is asked first.")]
Minutes = Annotated[int, Meta(ge=0, le=MOST_MINUTES)]
StormLimit = Annotated[
    int,
    Meta(
        ge=0,
        le=MOST_BEFORE_STORM,
        description="More new keys than that in storm_minutes become one incident; 0: never.",
    ),
]
StormMinutes = Annotated[int, Meta(ge=1, le=MOST_STORM_MINUTES)]


class SignalMatchBody(Body):
    """Which signals: those that fit all of ``matchers``."""

    matchers: Matchers = field(default_factory=list)


class RuleBody(Body):
    """A new rule; ``connector`` (by code or id) keeps it to one connector."""

    name: Name
    action: Action
    match: SignalMatchBody = field(default_factory=SignalMatchBody)
    connector: Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)] | None = None
    title: Wording | None = None
    severity: Wording | None = None
    service: Wording | None = None
    device: Wording | None = None
    link: Wording | None = None
    contributor: Wording | None = None
    correlation_key: Wording | None = None
    on_resolve: OnResolveText = "resolve"
    order: Order = 0
    within_minutes: Minutes | None = None
    reopen_within_minutes: Minutes | None = None
    quiet_minutes: Minutes | None = None
    storm_limit: StormLimit = 50
    storm_minutes: StormMinutes = 5


class RulePatch(Body):
    """Changed fields; null empties."""

    name: Name | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    match: SignalMatchBody | UnsetType = UNSET
    connector: Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)] | None | UnsetType = UNSET
    title: Wording | None | UnsetType = UNSET
    severity: Wording | None | UnsetType = UNSET
    service: Wording | None | UnsetType = UNSET
    device: Wording | None | UnsetType = UNSET
    link: Wording | None | UnsetType = UNSET
    contributor: Wording | None | UnsetType = UNSET
    correlation_key: Wording | None | UnsetType = UNSET
    on_resolve: OnResolveText | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    within_minutes: Minutes | None | UnsetType = UNSET
    reopen_within_minutes: Minutes | None | UnsetType = UNSET
    quiet_minutes: Minutes | None | UnsetType = UNSET
    storm_limit: StormLimit | UnsetType = UNSET
    storm_minutes: StormMinutes | UnsetType = UNSET


class SignalMatchShape(Struct, kw_only=True):
    """Which signals a rule is about."""

    matchers: list[str]


class RuleShape(Struct, kw_only=True):
    """What becomes of signals that fit. Null minutes: the policy's, and for ``within_minutes`` none
    is joined (``create``) or any (``attach``). ``connector`` is a code, null where it is gone or
    the rule is every connector's."""

    id: str
    name: str
    action: str
    match: SignalMatchShape
    connector: str | None
    title: str | None
    severity: str | None
    service: str | None
    device: str | None
    link: str | None
    contributor: str | None
    correlation_key: str | None
    on_resolve: str
    order: int
    within_minutes: int | None
    reopen_within_minutes: int | None
    quiet_minutes: int | None
    storm_limit: int
    storm_minutes: int
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET
