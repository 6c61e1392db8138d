"""What a record holds that must be unique, and what a command asks to hold (Core: claims)."""

from __future__ import annotations

from typing import Final

from tocsin.core.claims import (
    ASSET_PUBKEY,
    CONNECTOR_CODE,
    CONNECTOR_DIGEST,
    CONTRIBUTOR_CODE,
    CONTRIBUTOR_PUBKEY,
    DEVICE_CODE,
    ENTRY_POINT_FALLBACK,
    ENTRY_POINT_NAME,
    LINK_CODE,
    LOCATION_CODE,
    ROUTE_NAME,
    RULE_NAME,
    SERVICE_CODE,
    SLACK_CODE,
    SLACK_USER,
    STATUS_PAGE_CODE,
    VIEW,
    Claim,
)
from tocsin.core.commands import Command
from tocsin.core.entry_points import FALLBACK
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.location_commands import CreateLocation, UpdateLocation
from tocsin.core.membership import email_claim
from tocsin.core.record_commands import (
    CreateConnector,
    CreateContributor,
    CreateEntryPoint,
    CreateMember,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    LinkSlack,
    UpdateConnector,
    UpdateContributor,
    UpdateEntryPoint,
    UpdateMember,
    UpdateRoute,
    UpdateRule,
    UpdateService,
    UpdateStatusPage,
)
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Link,
    Location,
    Member,
    Record,
    Route,
    Rule,
    Service,
    StatusPage,
    Subscription,
    View,
)
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.subscriptions import claim_of
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.views import place_of

_NOTHING: Final[frozenset[Claim]] = frozenset()


def claims_of(record: Record) -> frozenset[Claim]:
    """What *record* holds now; nothing once it is removed."""
    if record.removed_at is not None:
        return _NOTHING
    match record:
        case Contributor():
            return frozenset({(CONTRIBUTOR_CODE, record.code), (CONTRIBUTOR_PUBKEY, record.pubkey)})
        case Member():
            held = _of_member(record.email, record.slack_user_id)
            if record.link_code_digest is None:
                return held
            return held | {(SLACK_CODE, record.link_code_digest)}
        case Service():
            return frozenset({(SERVICE_CODE, record.code)})
        case Location():
            return frozenset({(LOCATION_CODE, record.code)})
        case Route():
            return frozenset({(ROUTE_NAME, record.name)})
        case EntryPoint():
            named: Claim = (ENTRY_POINT_NAME, record.name)
            fallback: Claim = (ENTRY_POINT_FALLBACK, FALLBACK)
            return frozenset({named, fallback} if record.is_fallback else {named})
        case Connector():
            return frozenset(
                {(CONNECTOR_CODE, record.code), (CONNECTOR_DIGEST, record.token_digest)}
            )
        case Rule():
            return frozenset({(RULE_NAME, record.name)})
        case StatusPage():
            return frozenset({(STATUS_PAGE_CODE, record.code)})
        case Subscription():
            held_by = claim_of(page_id=record.page_id, kind=record.kind, address=record.address)
            return _NOTHING if held_by is None else frozenset({held_by})
        case View():
            return frozenset({(VIEW, place_of(record))})
        case Device():
            return frozenset({(ASSET_PUBKEY, record.pubkey), (DEVICE_CODE, record.code)})
        case Link():
            return frozenset({(ASSET_PUBKEY, record.pubkey), (LINK_CODE, record.code)})
        case _:
            return _NOTHING


def claims_named_by(command: Command) -> frozenset[Claim]:
    """What *command* asks to hold: the claims its decision must be shown.

    Values as they were given; one that is not well formed is held by nobody.
    """
    match command:
        case CreateContributor() | UpdateContributor():
            return _given((CONTRIBUTOR_CODE, command.code), (CONTRIBUTOR_PUBKEY, command.pubkey))
        case CreateMember():
            return _of_member(command.email, command.slack_user_id)
        case UpdateMember():
            return _of_member(_or_none(command.email), _or_none(command.slack_user_id))
        case LinkSlack():
            return _of_member(None, command.slack_user_id)
        case CreateService() | UpdateService():
            return _given((SERVICE_CODE, command.code))
        case CreateLocation() | UpdateLocation():
            return _given((LOCATION_CODE, command.code))
        case CreateRoute() | UpdateRoute():
            return _given((ROUTE_NAME, command.name))
        case CreateEntryPoint() | UpdateEntryPoint():
            fallback = FALLBACK if command.is_fallback is True else NOT_GIVEN
            return _given((ENTRY_POINT_NAME, command.name), (ENTRY_POINT_FALLBACK, fallback))
        case CreateConnector() | UpdateConnector():
            return _given((CONNECTOR_CODE, command.code), (CONNECTOR_DIGEST, command.token_digest))
        case CreateRule() | UpdateRule():
            return _given((RULE_NAME, command.name))
        case CreateStatusPage() | UpdateStatusPage():
            return _given((STATUS_PAGE_CODE, command.code))
        case RegisterDevice() | UpdateDevice():
            return _given((ASSET_PUBKEY, command.pubkey), (DEVICE_CODE, command.code))
        case RegisterLink() | UpdateLink():
            return _given((ASSET_PUBKEY, command.pubkey), (LINK_CODE, command.code))
        case _:
            return _NOTHING


def _given(*claims: tuple[str, str | NotGiven]) -> frozenset[Claim]:
    return frozenset((kind, key) for kind, key in claims if not isinstance(key, NotGiven))


def _or_none(value: str | None | NotGiven) -> str | None:
    return None if isinstance(value, NotGiven) else value


def _of_member(email: str | None, slack_user_id: str | None) -> frozenset[Claim]:
    held: set[Claim] = set()
    # What was erased is nobody's, however often it was.
    if email is not None and email != REMOVED:
        held.add(email_claim(email))
    if slack_user_id is not None and slack_user_id != REMOVED:
        held.add((SLACK_USER, slack_user_id))
    return frozenset(held)
