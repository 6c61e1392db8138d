"""Endpoints of the subscriptions to status pages: who is told, and ending it (API: subscriptions).

Subscriptions are made on the status page itself, by whoever wants to be told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.record_bodies import RecordsQuery
from tocsin.adapters.rest.records import Sort, listing, reading, removing
from tocsin.core.claims import STATUS_PAGE_CODE
from tocsin.core.facts import stream_identity
from tocsin.core.records import Subscription
from tocsin.core.subscription_commands import RemoveSubscription
from tocsin.projections.shapes.assets import stamps
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.projections.shapes.tickets import optional
from tocsin.store.contract import ReadTurn

PageNamed = Annotated[
    str, Meta(min_length=1, max_length=100, description="A status page, by code or id.")
]


class SubscriptionsQuery(RecordsQuery):
    """Which subscriptions."""

    page: PageNamed | None = None


class SubscriptionShape(Struct, kw_only=True):
    """Somebody who is told what the status page ``page_id`` tells.

    ``kind`` is email, webhook or slack; ``address`` where to, of a chat the host only. ``services``
    are codes, none: all. Asked for at ``asked_at``, confirmed at ``created_at``.
    """

    id: str
    page_id: str
    kind: str
    address: str
    services: list[str]
    asked_at: str | None
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


def subscription_shape(record: Subscription, names: RecordNames) -> SubscriptionShape:
    """A subscription."""
    return SubscriptionShape(
        id=record.id,
        page_id=record.page_id,
        kind=record.kind.value,
        address=record.address,
        services=list(record.services),
        asked_at=optional(record.asked_at),
        **stamps(record),
    )


def _wanted(turn: ReadTurn, call: Call[SubscriptionsQuery, None]) -> Callable[[Subscription], bool]:
    page = call.query.page
    if page is None:
        return lambda record: True
    holder = turn.claimed_by(call.org_id, STATUS_PAGE_CODE, page)
    page_id = page if holder is None else stream_identity(holder)
    return lambda record: record.page_id == page_id


SUBSCRIPTIONS: Final = Sort(
    sort="subscription",
    path="subscriptions",
    kind=Subscription,
    shape=SubscriptionShape,
    show=subscription_shape,
    named="By id.",
    query=SubscriptionsQuery,
    wanted=_wanted,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    listing(SUBSCRIPTIONS),
    reading(SUBSCRIPTIONS),
    removing(
        SUBSCRIPTIONS,
        RemoveSubscription(),
        summary="End a subscription.",
        description=(
            "Nothing more is sent there, and its secret is forgotten. Where it went stays in the"
            " log until it is erased, by `POST /redactions` or by the policy's"
            " `pii_retention_days`; who unsubscribes is forgotten at once."
        ),
    ),
)
