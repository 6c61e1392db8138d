"""Endpoints of routes; where a route may send to, and the secret that goes with it (API: routes).

An address is judged here as it is written. A name is not resolved: what it leads to may change at
any time, so that is judged by the sender, at every sending.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from msgspec import UnsetType

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.deliveries import standing, standings
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import found, route_shape
from tocsin.adapters.rest.record_bodies import (
    DestinationBody,
    MatchPatch,
    RouteBody,
    RoutePatch,
    RoutesQuery,
)
from tocsin.adapters.rest.record_shapes import RouteShape
from tocsin.adapters.rest.records import Sort, listing, owned_by, posting, reading, removing
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.addresses import is_inside_name
from tocsin.core.errors import Invalid, VersionMismatch, invalid
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.record_commands import (
    CreateRoute,
    DestinationDraft,
    RemoveRoute,
    UpdateRoute,
)
from tocsin.core.records import Destination, Route
from tocsin.core.words import DestinationKind, UnknownWord, parse_word
from tocsin.handler.submission import Outcome
from tocsin.store.contract import ReadTurn

PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 24
LONGEST_KEY: Final = 64
_MADE_KEY: Final = 32
"""Bytes of a webhook's key; bounds as in the Standard Webhooks specification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A destination as it is asked for: secrets to seal, and what is told once."""

    draft: DestinationDraft
    secrets: tuple[tuple[str, bytes], ...] = ()
    reveal: Mapping[str, str] = field(default_factory=dict)


def drawn(body: DestinationBody, call: AnyCall, *, now: Destination | None = None) -> Drawn:
    """The destination that *body* describes; *now* is the one that it replaces.

    A secret is sealed as the text that was given. Where none is given, one of the same kind keeps
    the secret it has, and a webhook that has none gets one, which is told once.

    Raises:
        Invalid: this server cannot send to that kind, the url leads inside, or the secret is not
            one.
    """
    kind = _kind(body.kind)
    if kind is not None and kind in call.gateway.unavailable:
        raise invalid("destination.kind", "unavailable", call.gateway.unavailable[kind])
    if body.url is not None and not call.gateway.allow_private_destinations:
        refuse_inside(body.url)
    secret, reveal, kept = body.secret, dict[str, str](), None
    if secret is not None:
        if kind is DestinationKind.WEBHOOK:
            refuse_other_key(secret)
    elif now is not None and now.kind is kind and now.secret_id is not None:
        kept = now.secret_id
    elif kind is DestinationKind.WEBHOOK:
        secret = PREFIX + base64.b64encode(secrets.token_bytes(_MADE_KEY)).decode()
        reveal["secret"] = secret
    secret_id = kept if secret is None else call.fresh_id()
    return Drawn(
        draft=DestinationDraft(
            kind=body.kind,
            url=body.url,
            address=body.address,
            channel=body.channel,
            table_base=body.table_base,
            secret_id=secret_id,
        ),
        secrets=() if secret is None or secret_id is None else ((secret_id, secret.encode()),),
        reveal=reveal,
    )


def _kind(text: str) -> DestinationKind | None:
    try:
        return parse_word(DestinationKind, text, field="destination.kind")
    except UnknownWord:
        # The decision refuses it, with whatever else is wrong.
        return None


def refuse_other_key(secret: str) -> None:
    """Refuse what is no key of a webhook.

    Raises:
        Invalid: it is not ``whsec_`` and the base64 of 24 to 64 bytes. It is not repeated.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise invalid(
            "destination.secret",
            "bad_secret",
            f"is not {PREFIX} and the base64 of {SHORTEST_KEY} to {LONGEST_KEY} bytes",
        )


def refuse_inside(url: str) -> None:
    """Refuse an address that leads inside, or that carries words in the open.

    Raises:
        Invalid: it is not https, or its host is a private, loopback, link-local, shared, multicast
            or unspecified address in any spelling, or a name that only means something inside.
    """
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        scheme, host = "", None
    if not host:
        raise _refused("bad_address", "is not an https address with a host")
    if scheme != "https":
        raise _refused("plain_http", "must be https; plain http is refused here")
    if is_inside_name(host):
        raise _refused("private_address", "leads inside, where nothing is sent from here")


def _refused(code: str, detail: str) -> Invalid:
    return invalid("destination.url", code, detail)


# -- routes ---------------------------------------------------------------------------------------


def _routes_wanted(turn: ReadTurn, call: Call[RoutesQuery, None]) -> Callable[[Route], bool]:
    enabled, owned = call.query.enabled, owned_by(turn, call)
    return lambda record: owned(record) and (enabled is None or record.enabled == enabled)


ROUTES: Final = Sort(
    sort="route",
    path="routes",
    kind=Route,
    shape=RouteShape,
    show=route_shape,
    named="By id.",
    query=RoutesQuery,
    wanted=_routes_wanted,
)


def _make_route(call: Call[None, RouteBody]) -> Asked:
    body = call.body
    destination = drawn(body.destination, call)
    return Asked(
        sort="route",
        command=CreateRoute(
            route_id=call.fresh_id(),
            name=body.name,
            destination=destination.draft,
            kinds=tuple(body.match.kinds),
            matchers=tuple(body.match.matchers),
            enabled=body.enabled,
            contributor=body.contributor,
            backfill=body.backfill,
        ),
        secrets=destination.secrets,
        reveal=destination.reveal,
    )


async def _change_route(acting: Acting) -> Reply:
    """A destination that says no secret keeps the one there is, so that is read before.

    The commit makes sure that it is still the route that was read, lest a secret that somebody
    else has just set is undone.
    """
    call: Call[None, RoutePatch] = acting.call
    body, name = call.body, call.path["name"]
    for last in (False, False, True):
        asked, seen = Asked(sort="route", subject=name, command=_route_changes(body)), None
        if isinstance(body.destination, DestinationBody):
            route = await call.gateway.read(
                lambda turn: found(turn, call.org_id, Route, "route", name)
            )
            destination = drawn(
                body.destination, call, now=None if route is None else route.destination
            )
            asked = replace(
                asked,
                command=_route_changes(body, destination.draft),
                secrets=destination.secrets,
                reveal=destination.reveal,
            )
            seen = None if route is None else route.version

        def show(outcome: Outcome, call: AnyCall, seen: int | None = seen) -> RouteShape:
            if seen is not None and outcome.version - len(outcome.events) != seen:
                raise VersionMismatch("the route was changed while this was asked; ask again")
            shape: RouteShape = ROUTES.shown(outcome, call)
            return shape

        try:
            return await acting.submit(asked, show)
        except VersionMismatch:
            if last or call.header("if-match") is not None:
                raise
    raise AssertionError("the last attempt returns or raises")


def _route_changes(body: RoutePatch, destination: DestinationDraft | None = None) -> UpdateRoute:
    match = body.match if isinstance(body.match, MatchPatch) else MatchPatch()
    return UpdateRoute(
        name=given(body.name),
        destination=NOT_GIVEN if destination is None else destination,
        kinds=_several(match.kinds),
        matchers=_several(match.matchers),
        enabled=given(body.enabled),
        contributor=given(body.contributor),
    )


def _several(texts: list[str] | UnsetType) -> tuple[str, ...] | NotGiven:
    return tuple(texts) if isinstance(texts, list) else NOT_GIVEN


# -- routes with how their destinations stand ----------------------------------------------------

_LISTING: Final = listing(ROUTES)
_READING: Final = reading(ROUTES)


def _list(turn: ReadTurn, call: Call[RoutesQuery, None]) -> Page[RouteShape]:
    assert _LISTING.look is not None
    page: Page[RouteShape] = _LISTING.look(turn, call)
    found = standings(turn, call.org_id, [one.id for one in page.items])
    for one in page.items:
        one.delivery = found[one.id]
    return page


def _read(turn: ReadTurn, call: AnyCall) -> RouteShape:
    assert _READING.look is not None
    shape: RouteShape = _READING.look(turn, call)
    shape.delivery = standing(turn, call.org_id, shape.id)
    return shape


_WEBHOOK = {"kind": "webhook", "url": "https://hooks.example.net/noc"}

ENDPOINTS: tuple[Endpoint, ...] = (
    replace(_LISTING, look=_list),
    posting(
        ROUTES,
        _make_route,
        body=RouteBody,
        summary="Send matching facts to a destination.",
        description=(
            "A webhook without a secret gets one, told this once as `secret`. Addresses inside and"
            " plain http are refused, unless this installation allows them; so are kinds that it"
            " cannot send to."
        ),
        example={"name": "noc", "match": {"kinds": ["incident.*"]}, "destination": _WEBHOOK},
    ),
    replace(_READING, look=_read),
    Endpoint(
        method="PATCH",
        path=ROUTES.one,
        tag=ROUTES.path,
        summary="Change a route.",
        description=(
            "By id. What is left out stays. A destination is replaced whole, but where it gives no"
            " secret, one of the same kind keeps the secret there is."
        ),
        body=RoutePatch,
        answer=RouteShape,
        act=_change_route,
        others={409: "Its name is taken.", 412: "If-Match is stale."},
        example={"enabled": False},
    ),
    removing(ROUTES, RemoveRoute(), summary="Send nothing there any more.", description=""),
)
