"""Services and routes: what an org offers, and where word of it goes (Domain: words)."""

from __future__ import annotations

from functools import cache
from typing import Final, assert_never

from tocsin.core import record_facts, ticket_facts
from tocsin.core import record_reading as read
from tocsin.core.claims import ROUTE_NAME, SERVICE_CODE
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, registered_kinds, stream_name
from tocsin.core.matching import Match, MatcherError, matches, parse_match
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateRoute,
    CreateService,
    DestinationDraft,
    RemoveRoute,
    RemoveService,
    UpdateRoute,
    UpdateService,
)
from tocsin.core.record_facts import RecordRemoved, RecordUpdated, RouteCreated, ServiceCreated
from tocsin.core.records import Destination, Route, RouteMatch, Service
from tocsin.core.words import DestinationKind

MOST_ROUTES: Final = 1_000
"""Of one org."""

ROUTED_SORTS: Final = frozenset({"incident", "maintenance", "device", "link"})
"""The sorts of stream whose facts routes may carry; administration never leaves the house."""

# Their facts are what a route can be about: importing them registers the kinds.
_FACTS: Final = (ticket_facts, record_facts)

_REQUIRED: Final = {
    DestinationKind.WEBHOOK: "url",
    DestinationKind.EMAIL: "address",
    DestinationKind.SLACK: "channel",
    DestinationKind.AIRTABLE: "table_base",
}
_OF_THE_POLICY: Final = frozenset({DestinationKind.SLACK})
"""Kinds that, without an address of their own, go where the org's policy says."""


def decide_service(
    state: Service | None, command: CreateService | UpdateService | RemoveService, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a service; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, or its code is taken.
        Invalid: fields are wrong.
        NotFound: there is no such service.
    """
    match command:
        case CreateService():
            read.absent(state, "service")
            errors: read.Errors = []
            made = ServiceCreated(
                code=read.code(command.code, errors=errors),
                name=read.name(command.name, errors=errors),
                description=_description(command.description, errors=errors),
                discovered=command.discovered,
            )
            read.refuse(errors)
            read.refuse_taken(
                [("code", (SERVICE_CODE, made.code))],
                stream=stream_name("service", command.service_id),
                given=given,
            )
            return (made,)
        case UpdateService():
            return _service_changes(read.existing(state, "service"), command, given)
        case RemoveService():
            read.existing(state, "service")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _service_changes(state: Service, command: UpdateService, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.description, NotGiven):
        wanted["description"] = _description(command.description, errors=errors)
    if not given.access.system:
        # A person has looked at it.
        wanted["discovered"] = False
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (SERVICE_CODE, command.code))],
            stream=stream_name("service", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _description(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="description", longest=10_000, errors=errors)


def decide_route(
    state: Route | None, command: CreateRoute | UpdateRoute | RemoveRoute, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a route; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, its name is taken, or there are as many as there may be.
        Invalid: fields are wrong, the match is not read, or a kind names no fact that is routed.
        NotFound: there is no such route.
    """
    match command:
        case CreateRoute():
            read.absent(state, "route")
            read.refuse_crowd(given.directory.routes(), most=MOST_ROUTES, what="routes")
            errors: read.Errors = []
            made = RouteCreated(
                name=read.name(command.name, errors=errors),
                match=_match(command.kinds, command.matchers, errors=errors),
                destination=_destination(command.destination, errors=errors),
                enabled=command.enabled,
                contributor_id=read.contributor(command.contributor, given=given, errors=errors),
                backfill=command.backfill,
            )
            read.refuse(errors)
            read.refuse_taken(
                [("name", (ROUTE_NAME, made.name))],
                stream=stream_name("route", command.route_id),
                given=given,
            )
            return (made,)
        case UpdateRoute():
            return _route_changes(read.existing(state, "route"), command, given)
        case RemoveRoute():
            read.existing(state, "route")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _route_changes(state: Route, command: UpdateRoute, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    kinds = state.match.kinds if isinstance(command.kinds, NotGiven) else command.kinds
    matchers = state.match.matchers if isinstance(command.matchers, NotGiven) else command.matchers
    if (kinds, matchers) != (state.match.kinds, state.match.matchers):
        wanted["match"] = _match(kinds, matchers, errors=errors)
    if not isinstance(command.destination, NotGiven):
        wanted["destination"] = _destination(command.destination, errors=errors)
    if not isinstance(command.enabled, NotGiven):
        wanted["enabled"] = command.enabled
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = (
            None
            if command.contributor is None
            else read.contributor(command.contributor, given=given, errors=errors)
        )
    read.refuse(errors)
    if not isinstance(command.name, NotGiven):
        read.refuse_taken(
            [("name", (ROUTE_NAME, command.name))],
            stream=stream_name("route", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _match(kinds: tuple[str, ...], matchers: tuple[str, ...], *, errors: read.Errors) -> RouteMatch:
    try:
        parse_match(kinds, matchers)
    except MatcherError as problem:
        errors.append(FieldError(f"match.{problem.field}", "bad_match", problem.reason))
        return RouteMatch()
    for index, kind in enumerate(kinds):
        pattern = Match((kind,))
        if not any(matches(pattern, kind=known, facts={}) for known in routed_kinds()):
            sorts = ", ".join(sorted(ROUTED_SORTS))
            detail = f'"{kind}" names no fact of {sorts}'
            errors.append(FieldError(f"match.kinds[{index}]", "unknown_word", detail))
    return RouteMatch(kinds=tuple(kinds) or ("*",), matchers=tuple(matchers))


@cache
def routed_kinds() -> frozenset[str]:
    """Every kind of fact that a route may carry."""
    return frozenset(
        kind for kind, _ in registered_kinds() if kind.partition(".")[0] in ROUTED_SORTS
    )


def _destination(draft: DestinationDraft, *, errors: read.Errors) -> Destination:
    kind = read.word(DestinationKind, draft.kind, field="destination.kind", errors=errors)
    required = _REQUIRED[kind]
    given = {
        "url": draft.url,
        "address": draft.address,
        "channel": draft.channel,
        "table_base": draft.table_base,
    }
    for name, value in given.items():
        field = f"destination.{name}"
        if value is None and name == required:
            if kind in _OF_THE_POLICY:
                continue
            detail = f"a destination of the kind {kind.value} needs it"
            errors.append(FieldError(field, "required", detail))
        elif value is not None and name != required:
            detail = f"a destination of the kind {kind.value} has none"
            errors.append(FieldError(field, "forbidden_field", detail))
    if draft.url is not None:
        read.url(draft.url, field="destination.url", errors=errors)
    if draft.address is not None:
        read.email(draft.address, field="destination.address", errors=errors)
    for name in ("channel", "table_base"):
        read.optional_text(given[name], field=f"destination.{name}", longest=100, errors=errors)
    secret_id = read.optional_text(
        draft.secret_id, field="destination.secret_id", longest=64, errors=errors
    )
    return Destination(
        kind=kind,
        url=draft.url,
        address=draft.address,
        channel=draft.channel,
        table_base=draft.table_base,
        secret_id=secret_id,
    )
