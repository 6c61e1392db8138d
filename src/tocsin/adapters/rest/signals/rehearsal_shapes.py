"""The shapes of dry-runs and previews, and what is asked of them (API: connectors)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.connectors.connector_bodies import Mapping, RuleBody
from tocsin.adapters.rest.ticket_bodies import Body, Query

LONGEST_HOURS = 720
MOST_RULES = 100
MOST_PREVIEWED = 20

Hours = Annotated[
    int,
    Meta(ge=1, le=LONGEST_HOURS, description="How far back the payloads go that are heard."),
]


class DryRunQuery(Query):
    """How far back."""

    hours: Hours = 24


class DryRunBody(Body):
    """Rules to try out in place of those that there are: they are asked before the connector's
    default one, in their ``order``. Without ``rules`` those that there are."""

    hours: Hours = 24
    rules: Annotated[list[RuleBody], Meta(max_length=MOST_RULES)] | None = None


class RuleCount(Struct, kw_only=True):
    """How many incidents a rule would have opened."""

    rule: str
    incidents: int


class WouldOpenShape(Struct, kw_only=True):
    """An incident that would have been opened."""

    at: str
    title: str
    severity: str
    key: str | None
    rule: str
    because: str


class DryRunShape(Struct, kw_only=True):
    """What would have become of what a connector sent, were it live.

    ``payloads`` were heard, ``signals`` were in them, ``verdicts`` and ``reasons`` count those;
    ``unreadable`` payloads say nothing. ``opened`` are the newest incidents. Where ``complete`` is
    false there was more than is heard in one go, and it begins at ``since``.
    """

    sentence: str
    incidents: int
    hours: int
    since: str
    complete: bool
    payloads: int
    unreadable: int
    signals: int
    verdicts: dict[str, int]
    reasons: dict[str, int]
    by_rule: list[RuleCount]
    opened: list[WouldOpenShape]


class PreviewBody(Body):
    """What a mapping is tried on: the newest payloads of the connector. Without ``mapping`` the
    connector's own."""

    mapping: Mapping | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_PREVIEWED)] = 5


class ComplaintShape(Struct, kw_only=True):
    """A field of the mapping that was left out of the signal at ``item``, and why."""

    item: int
    field: str
    reason: str


class PreviewedSignal(Struct, kw_only=True):
    """A signal as it would be read."""

    source: str
    summary: str
    signal_type: str
    state: str
    ts: str | None
    severity: str | None
    service_name: str | None
    environment: str | None
    device: str | None
    link: str | None
    contributor: str | None
    correlation_key: str | None
    trace_id: str | None
    fingerprint: str | None
    labels: dict[str, str]
    data: dict[str, Any]


class PreviewedShape(Struct, kw_only=True):
    """What one payload would say: its ``signals``, or why it cannot be read; ``words`` is how many
    things it says besides signals."""

    id: str
    received_at: str
    signals: list[PreviewedSignal]
    words: int
    unreadable: str | None
    complaints: list[ComplaintShape] | UnsetType = UNSET


class PreviewShape(Struct, kw_only=True):
    """What the newest payloads of a connector would say, newest first."""

    items: list[PreviewedShape]
