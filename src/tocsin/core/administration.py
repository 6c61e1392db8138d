"""Administration: one decision and one folding for org, contributor, member, key, service,
location, route, entry point, connector, rule, status page, subscription, view and policy (Domain:
words).

All of it is facts too, so it is audited and replays. Nothing is ever deleted: a removed record
keeps its log and frees its names; a revoked key stays revoked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar, assert_never

from tocsin.core.commands import Redact
from tocsin.core.connectors import decide_connector
from tocsin.core.contributors import decide_contributor, decide_org
from tocsin.core.entry_points import decide_entry_point
from tocsin.core.errors import NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload, stream_identity
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.locations import decide_location
from tocsin.core.membership import decide_key, decide_member
from tocsin.core.offerings import decide_route, decide_service
from tocsin.core.policy_reading import DEFAULT_POLICY, decide_policy
from tocsin.core.record_changes import changed, removed, touched
from tocsin.core.record_commands import (
    AdministrationCommand,
    ChangePolicy,
    CreateConnector,
    CreateContributor,
    CreateEntryPoint,
    CreateKey,
    CreateMember,
    CreateOrg,
    CreateRoute,
    CreateRule,
    CreateService,
    CreateStatusPage,
    IssueLinkCode,
    LinkSlack,
    RemoveConnector,
    RemoveContributor,
    RemoveEntryPoint,
    RemoveMember,
    RemoveRoute,
    RemoveRule,
    RemoveService,
    RemoveStatusPage,
    RevokeKey,
    UpdateConnector,
    UpdateContributor,
    UpdateEntryPoint,
    UpdateKey,
    UpdateMember,
    UpdateRoute,
    UpdateRule,
    UpdateService,
    UpdateStatusPage,
)
from tocsin.core.record_facts import (
    ConnectorCreated,
    ContributorCreated,
    EntryPointCreated,
    KeyCreated,
    KeyRevoked,
    LinkCodeIssued,
    LocationCreated,
    MemberCreated,
    OrgCreated,
    PartyUpdated,
    PolicyChanged,
    RecordRemoved,
    RecordUpdated,
    RouteCreated,
    RuleCreated,
    ServiceCreated,
    SlackLinked,
    StatusPageCreated,
    SubscriptionCreated,
    ViewCreated,
)
from tocsin.core.records import (
    Connector,
    Contributor,
    EntryPoint,
    Key,
    Location,
    Member,
    Org,
    Policy,
    Record,
    Route,
    Rule,
    Service,
    StatusPage,
    Subscription,
    View,
)
from tocsin.core.rules import decide_rule
from tocsin.core.status_pages import decide_status_page
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.subscriptions import decide_subscription
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView
from tocsin.core.views import decide_view

Administered = (
    Org
    | Contributor
    | Member
    | Key
    | Service
    | Location
    | Route
    | EntryPoint
    | Connector
    | Rule
    | StatusPage
    | Subscription
    | View
    | Policy
)

SORTS: Final = (
    "org",
    "contributor",
    "member",
    "key",
    "service",
    "location",
    "route",
    "entry_point",
    "connector",
    "rule",
    "status_page",
    "subscription",
    "view",
    "policy",
)
"""The sorts of stream that this module decides and folds."""

R = TypeVar("R", bound=Record)


def decide(
    state: Record | None, command: AdministrationCommand, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow from *command* for the record *state*; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, a name is taken (the field is named), or it is still needed.
        Invalid: fields are wrong; each is named.
        NotFound: there is no such record, or it is one of another sort.
    """
    match command:
        case CreateOrg():
            return decide_org(_of(Org, state), command)
        case CreateContributor() | UpdateContributor() | RemoveContributor():
            return decide_contributor(_of(Contributor, state), command, given)
        case CreateMember() | UpdateMember() | IssueLinkCode() | LinkSlack() | RemoveMember():
            return decide_member(_of(Member, state), command, given)
        case CreateKey() | UpdateKey() | RevokeKey():
            return decide_key(_of(Key, state), command, given)
        case CreateService() | UpdateService() | RemoveService():
            return decide_service(_of(Service, state), command, given)
        case CreateLocation() | UpdateLocation() | RemoveLocation():
            return decide_location(_of(Location, state), command, given)
        case CreateRoute() | UpdateRoute() | RemoveRoute():
            return decide_route(_of(Route, state), command, given)
        case CreateEntryPoint() | UpdateEntryPoint() | RemoveEntryPoint():
            return decide_entry_point(_of(EntryPoint, state), command, given)
        case CreateConnector() | UpdateConnector() | RemoveConnector():
            return decide_connector(_of(Connector, state), command, given)
        case CreateRule() | UpdateRule() | RemoveRule():
            return decide_rule(_of(Rule, state), command, given)
        case CreateStatusPage() | UpdateStatusPage() | RemoveStatusPage():
            return decide_status_page(_of(StatusPage, state), command, given)
        case CreateSubscription() | RemoveSubscription():
            return decide_subscription(_of(Subscription, state), command, given)
        case CreateView() | UpdateView() | RemoveView():
            return decide_view(_of(View, state), command, given)
        case ChangePolicy():
            return decide_policy(_of(Policy, state), command)
        case Redact():
            match state:
                case Contributor():
                    return decide_contributor(state, command, given)
                case Member():
                    return decide_member(state, command, given)
                case Subscription():
                    return decide_subscription(state, command, given)
                case _:
                    raise NotFound("there is nothing of that name that could be redacted")
        case _:
            assert_never(command)


def _of(sort: type[R], state: Record | None) -> R | None:
    if state is not None and not isinstance(state, sort):
        raise NotFound(f"this is no {sort.__name__.lower()}")
    return state


def evolve(state: Record | None, event: Event) -> Administered:
    """*state* after *event*. Total: a fact this code does not know only moves the version."""
    payload = event.payload
    match payload:
        case OrgCreated():
            return Org(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
            )
        case ContributorCreated():
            return Contributor(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
                pubkey=payload.pubkey,
                slack_handle=payload.slack_handle,
                slack_user_group=payload.slack_user_group,
                contacts=payload.contacts,
            )
        case MemberCreated():
            return Member(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                role=payload.role,
                email=payload.email,
                contributor_id=payload.contributor_id,
                slack_user_id=payload.slack_user_id,
                slack_team_id=payload.slack_team_id,
                service=payload.service,
            )
        case KeyCreated():
            return Key(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                member_id=payload.member_id,
                role=payload.role,
                expires_at=payload.expires_at,
                allow_cidr=payload.allow_cidr,
                rate_per_second=payload.rate_per_second,
                burst=payload.burst,
            )
        case ServiceCreated():
            return Service(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
                description=payload.description,
                discovered=payload.discovered,
            )
        case LocationCreated():
            return Location(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
                kind=payload.location_kind,
                country=payload.country,
                lat=payload.lat,
                lng=payload.lng,
                pubkey=payload.pubkey,
            )
        case RouteCreated():
            return Route(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                match=payload.match,
                destination=payload.destination,
                enabled=payload.enabled,
                contributor_id=payload.contributor_id,
            )
        case EntryPointCreated():
            return EntryPoint(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                words=payload.words,
                prompt=payload.prompt,
                assignee=payload.assignee,
                severity=payload.severity,
                service=payload.service,
                is_fallback=payload.is_fallback,
                order=payload.order,
            )
        case ConnectorCreated():
            return Connector(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
                kind=payload.connector_kind,
                token_digest=payload.token_digest,
                mode=payload.mode,
                contributor_id=payload.contributor_id,
                service=payload.service,
                environment=payload.environment,
                mapping=payload.mapping,
                hmac_secret_id=payload.hmac_secret_id,
                expected_every_minutes=payload.expected_every_minutes,
            )
        case RuleCreated():
            return Rule(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                action=payload.action,
                matchers=payload.matchers,
                connector_id=payload.connector_id,
                title=payload.title,
                severity=payload.severity,
                service=payload.service,
                device=payload.device,
                link=payload.link,
                contributor=payload.contributor,
                correlation_key=payload.correlation_key,
                on_resolve=payload.on_resolve,
                order=payload.order,
                within_minutes=payload.within_minutes,
                reopen_within_minutes=payload.reopen_within_minutes,
                quiet_minutes=payload.quiet_minutes,
                storm_limit=payload.storm_limit,
                storm_minutes=payload.storm_minutes,
            )
        case StatusPageCreated():
            return StatusPage(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                code=payload.code,
                name=payload.name,
                services=payload.services,
                groups=payload.groups,
                time_zone=payload.time_zone,
                about=payload.about,
                support_url=payload.support_url,
                accent=payload.accent,
                logo=payload.logo,
                shows_network=payload.shows_network,
            )
        case ViewCreated():
            return View(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                name=payload.name,
                query=payload.query,
                member_id=payload.member_id,
                shared=payload.shared,
            )
        case SubscriptionCreated():
            return Subscription(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                page_id=payload.page_id,
                kind=payload.destination_kind,
                address=payload.address,
                services=payload.services,
                secret_id=payload.secret_id,
                asked_at=payload.asked_at,
            )
        case PolicyChanged():
            policy = (
                state
                if isinstance(state, Policy)
                else replace(DEFAULT_POLICY, created_at=event.recorded_at)
            )
            return changed(policy, payload.changes, event)
        case PartyUpdated() | RecordUpdated():
            return changed(_existing(state), payload.changes, event)
        case KeyRevoked():
            key = _existing(state)
            return (
                replace(touched(key, event), revoked_at=payload.at)
                if isinstance(key, Key)
                else touched(key, event)
            )
        case LinkCodeIssued() | SlackLinked():
            return _told_by_code(_existing(state), payload, event)
        case RecordRemoved():
            return removed(_existing(state), payload.at, event)
        case _:
            # Among them PartyRedacted: what an erased field holds is known from the erased fact.
            return touched(_existing(state), event)


def _told_by_code(
    state: Administered, payload: LinkCodeIssued | SlackLinked, event: Event
) -> Administered:
    if not isinstance(state, Member):
        return touched(state, event)
    if isinstance(payload, LinkCodeIssued):
        return replace(
            touched(state, event),
            link_code_digest=payload.digest,
            link_code_expires_at=payload.expires_at,
        )
    return replace(
        touched(state, event),
        slack_user_id=payload.slack_user_id,
        slack_team_id=payload.slack_team_id,
        link_code_digest=None,
        link_code_expires_at=None,
    )


def _existing(state: Record | None) -> Administered:
    # Every log begins with the making of its record.
    assert isinstance(state, Administered)
    return state
