"""Subscriptions: who is told what a status page tells, and what of it (API: subscribe).

Only public words are ever told. Which deliveries follow from a public update is decided as it is
recorded, quickly and rather one too many; whether a page really shows it is asked once more when it
is sent (:func:`told_on`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import SUBSCRIPTION, Claim
from tocsin.core.commands import Redact
from tocsin.core.contributors import redacted
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload, stream_name
from tocsin.core.public_notices import ENDINGS, PublicNotice, PublicWords
from tocsin.core.record_facts import RecordRemoved, SubscriptionCreated
from tocsin.core.records import Destination, Record, Route, RouteMatch, StatusPage, Subscription
from tocsin.core.routing import Delivery
from tocsin.core.status_pages import MOST_SHOWN, shows
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import PublicUpdatePosted
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.words import DestinationKind

TAKEN_KINDS: Final = frozenset(
    {DestinationKind.EMAIL, DestinationKind.WEBHOOK, DestinationKind.SLACK}
)
"""The kinds of destination that can subscribe."""

ROUTE_NAME: Final = "subscriptions"
"""What all of them are called where routes have a name: who they are is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberRoute(Route):
    """A subscription as the dispatcher sees it: a route that carries public words and nothing
    else."""

    subscription: Subscription


def decide_subscription(
    state: Subscription | None,
    command: CreateSubscription | RemoveSubscription | Redact,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for a subscription; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, or its destination has subscribed to that page before.
        Invalid: fields are wrong, or the page or a service is not known.
        NotFound: there is no such subscription.
    """
    match command:
        case CreateSubscription():
            read.absent(state, "subscription")
            made = _made(command, given)
            held = claim_of(page_id=made.page_id, kind=made.destination_kind, address=made.address)
            if held is not None:
                stream = stream_name("subscription", command.subscription_id)
                read.refuse_taken([("address", held)], stream=stream, given=given)
            return (made,)
        case RemoveSubscription():
            read.existing(state, "subscription")
            return (RecordRemoved(at=given.at),)
        case Redact():
            # Personal data must go even when its record has gone before.
            return (redacted(command, SubscriptionCreated),)
        case _:
            assert_never(command)


def _made(command: CreateSubscription, given: Given) -> SubscriptionCreated:
    errors: read.Errors = []
    kind = read.word(DestinationKind, command.kind, field="kind", errors=errors)
    is_known = not errors
    if is_known and kind not in TAKEN_KINDS:
        errors.append(FieldError("kind", "unknown_word", "is email, webhook or slack"))
    page = given.directory.status_page(command.page)
    if page is None:
        detail = f'no status page "{command.page[:64]}" is known'
        errors.append(FieldError("page", "unknown_page", detail))
    address = command.address
    match kind:
        case DestinationKind.EMAIL if is_known:
            address = read.email(address, field="address", errors=errors)
        case DestinationKind.WEBHOOK if is_known:
            address = read.url(address, field="address", errors=errors)
        case _:
            read.name(address, field="address", errors=errors)
    services = _services(command.services, page=page, given=given, errors=errors)
    read.refuse(errors)
    assert page is not None
    return SubscriptionCreated(
        page_id=page.id,
        destination_kind=kind,
        address=address,
        services=services,
        secret_id=command.secret_id,
        asked_at=command.asked_at,
    )


def _services(
    names: tuple[str, ...], *, page: StatusPage | None, given: Given, errors: read.Errors
) -> tuple[str, ...]:
    if len(names) > MOST_SHOWN:
        errors.append(FieldError("services", "too_many", f"more than {MOST_SHOWN} services"))
        return ()
    found: set[str] = set()
    for index, name in enumerate(names):
        service = given.directory.service(name)
        shown = page is None or not page.services or (service and service.code in page.services)
        if service is None or not shown:
            detail = f'no service "{name[:64]}" is on this page'
            errors.append(FieldError(f"services[{index}]", "unknown_service", detail))
        else:
            found.add(service.code)
    return tuple(sorted(found))


def claim_of(*, page_id: str, kind: DestinationKind, address: str) -> Claim | None:
    """What keeps a destination from being told twice; a chat's webhook, whose address is not known,
    has none, and neither has one that was erased."""
    if address == REMOVED or kind is DestinationKind.SLACK:
        return None
    same = address.casefold() if kind is DestinationKind.EMAIL else address
    return (SUBSCRIPTION, f"{page_id} {kind.value} {same}")


def route_of(subscription: Subscription) -> SubscriberRoute:
    """*subscription* as a route; it has the same id."""
    kind, address = subscription.kind, subscription.address
    return SubscriberRoute(
        id=subscription.id,
        created_at=subscription.created_at,
        updated_at=subscription.updated_at,
        version=subscription.version,
        removed_at=subscription.removed_at,
        name=ROUTE_NAME,
        match=RouteMatch(),
        destination=Destination(
            kind=kind,
            url=address if kind is DestinationKind.WEBHOOK else None,
            address=address if kind is DestinationKind.EMAIL else None,
            secret_id=subscription.secret_id,
        ),
        subscription=subscription,
    )


def secret_of_ended(state: object) -> str | None:
    """The secret of a subscription that is over: where it went, or what its deliveries were signed
    with. Nobody needs it any more; None for everything else."""
    if isinstance(state, Subscription) and state.removed_at is not None:
        return state.secret_id
    return None


# -- who is told ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audience:
    """A status page with those who are told what it tells, in the order of their ids."""

    page: StatusPage
    subscriptions: tuple[Subscription, ...]
    everybody: tuple[Delivery, ...]
    """A delivery for each of them."""


def audience(page: StatusPage, subscriptions: Iterable[Subscription]) -> Audience:
    """Those of *subscriptions* that are to *page* and not over."""
    found = sorted(
        (one for one in subscriptions if one.page_id == page.id and one.removed_at is None),
        key=lambda one: one.id,
    )
    return Audience(page, tuple(found), tuple(Delivery(one.id) for one in found))


def told_by(
    event: Event, state_after: Ticket | Record, audiences: Sequence[Audience]
) -> tuple[Delivery, ...]:
    """The deliveries to subscribers that follow from *event*: none but for a public update."""
    payload = event.payload
    if not isinstance(payload, PublicUpdatePosted) or not isinstance(state_after, Ticket):
        return ()
    named = frozenset(shown.code for shown in state_after.public_impacts)
    is_first = len(state_after.public_updates) <= 1
    found: tuple[Delivery, ...] = ()
    for one in audiences:
        if _may_show(one.page, payload, named=named, is_first=is_first):
            found += _chosen(one, named)
    return found


def _may_show(
    page: StatusPage, posted: PublicUpdatePosted, *, named: frozenset[str], is_first: bool
) -> bool:
    """Whether *page* has this update, as far as can be known without what was said before."""
    if shows(page, pages=posted.pages, services=named):
        return True
    # Where the earlier ones are, a later one without pages is too; and the end is told everywhere.
    return not is_first and (not posted.pages or posted.status in ENDINGS)


def _chosen(one: Audience, named: frozenset[str]) -> tuple[Delivery, ...]:
    """Those who want to know of any of the services *named*; of none means of everything."""
    if not named:
        return one.everybody
    return tuple(
        delivery
        for delivery, subscription in zip(one.everybody, one.subscriptions, strict=True)
        if not subscription.services or not named.isdisjoint(subscription.services)
    )


def told_on(page: StatusPage, notice: PublicNotice) -> Mapping[str, bool]:
    """The updates of *notice* that count on *page*, by id; False for the word that it is over when
    that was said on other pages only.

    A later update without pages and services is where the earlier ones are.
    """
    found: dict[str, bool] = {}
    named: set[str] = set()
    for words in notice.updates:
        named.update(shown.code for shown in words.services)
        is_shown = (bool(found) and not words.pages) or shows(
            page, pages=words.pages, services=named
        )
        if is_shown or (found and words.status in ENDINGS):
            found[words.id] = is_shown
    return found


def words_of(notice: PublicNotice, update_id: str) -> PublicWords | None:
    """The update of that id as it stands."""
    return next((one for one in notice.updates if one.id == update_id), None)
