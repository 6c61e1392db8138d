"""Endpoints of connectors: who may speak to us, and with which token (API: connectors)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from msgspec import UnsetType

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.connectors.connector_bodies import (
    ConnectorBody,
    ConnectorPatch,
    ConnectorPut,
    ConnectorShape,
    DefaultsPatch,
    DefaultsShape,
)
from tocsin.adapters.rest.connectors.connector_health import with_health
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.putting import code_to_put, create_or_replace
from tocsin.adapters.rest.records import (
    Sort,
    listing,
    patching,
    posting,
    reading,
    removing,
)
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.claims import CONNECTOR_CODE
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.record_commands import (
    CreateConnector,
    RemoveConnector,
    UpdateConnector,
)
from tocsin.core.records import Connector
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.assets import code_of, stamps
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.store.contract import ReadTurn

_MADE_TOKEN: Final = 16
"""Bytes, told as 32 hexadecimal digits: as long as PagerDuty's keys, which some clients insist on.
"""


def connector_shape(record: Connector, names: RecordNames) -> ConnectorShape:
    """A connector; nothing of its token, and of its HMAC secret only whether there is one."""
    return ConnectorShape(
        id=record.id,
        code=record.code,
        name=record.name,
        kind=record.kind.value,
        mode=record.mode.value,
        defaults=DefaultsShape(
            contributor=code_of(record.contributor_id, names),
            service=record.service,
            environment=record.environment,
        ),
        mapping=dict(record.mapping),
        has_hmac_secret=record.hmac_secret_id is not None,
        expected_every_minutes=record.expected_every_minutes,
        ingest_url="",
        **stamps(record),
    )


CONNECTORS: Final = Sort(
    sort="connector",
    path="connectors",
    kind=Connector,
    shape=ConnectorShape,
    show=connector_shape,
    named="By code or id.",
)


def token_digest(token: str) -> str:
    """The SHA-256 of *token*, in hex: all that is kept of it, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()


def _addressed(shape: ConnectorShape, call: AnyCall) -> ConnectorShape:
    """*shape* with the address that its neighbour sends to; where this gateway is not told its own
    public one, behind the name that it was asked by."""
    base = call.gateway.public_url or f"http://{call.header('host') or 'localhost'}"
    org, code = quote(call.org_code, safe=""), quote(shape.code, safe=":")
    shape.ingest_url = f"{base.rstrip('/')}/v1/orgs/{org}/ingest/{code}"
    return shape


def _shown(outcome: Outcome, call: AnyCall) -> ConnectorShape:
    return _addressed(CONNECTORS.shown(outcome, call), call)


def _make(call: Call[None, ConnectorBody]) -> Asked:
    return _making(call, call.body, code=call.body.code)


def _making(call: AnyCall, body: ConnectorBody | ConnectorPut, *, code: str) -> Asked:
    token = body.token or secrets.token_hex(_MADE_TOKEN)
    secret_id = None if body.hmac_secret is None else call.fresh_id()
    return Asked(
        sort="connector",
        command=CreateConnector(
            connector_id=call.fresh_id(),
            code=code,
            name=body.name,
            kind=body.kind,
            token_digest=token_digest(token),
            mode=body.mode,
            contributor=body.defaults.contributor,
            service=body.defaults.service,
            environment=body.defaults.environment,
            mapping=_readable(body.mapping, call),
            hmac_secret_id=secret_id,
            expected_every_minutes=body.expected_every_minutes,
        ),
        secrets=_sealed(secret_id, body.hmac_secret),
        reveal={"token": token},
    )


def _change(call: Call[None, ConnectorPatch]) -> Asked:
    body = call.body
    defaults = body.defaults if isinstance(body.defaults, DefaultsPatch) else DefaultsPatch()
    token = secrets.token_hex(_MADE_TOKEN) if body.token is None else body.token
    hmac_secret = body.hmac_secret if isinstance(body.hmac_secret, str) else None
    secret_id: str | None | NotGiven = None if hmac_secret is None else call.fresh_id()
    if isinstance(body.hmac_secret, UnsetType):
        secret_id = NOT_GIVEN
    return Asked(
        sort="connector",
        subject=call.path["name"],
        command=UpdateConnector(
            code=given(body.code),
            name=given(body.name),
            token_digest=token_digest(token) if isinstance(token, str) else NOT_GIVEN,
            mode=given(body.mode),
            contributor=given(defaults.contributor),
            service=given(defaults.service),
            environment=given(defaults.environment),
            mapping=given(
                body.mapping
                if isinstance(body.mapping, UnsetType)
                else _readable(body.mapping, call)
            ),
            hmac_secret_id=secret_id,
            expected_every_minutes=given(body.expected_every_minutes),
        ),
        secrets=_sealed(secret_id if isinstance(secret_id, str) else None, hmac_secret),
        reveal={"token": token} if isinstance(token, str) else {},
    )


async def _put(acting: Acting) -> Reply:
    call: Call[None, ConnectorPut] = acting.call
    body, code = call.body, code_to_put(call)
    return await create_or_replace(
        acting,
        claim=CONNECTOR_CODE,
        make=lambda: _making(call, body, code=code),
        replace=lambda identity: _replacing(call, body, identity=identity),
        show=_shown,
    )


def _replacing(call: AnyCall, body: ConnectorPut, *, identity: str) -> Asked:
    secret_id = None if body.hmac_secret is None else call.fresh_id()
    return Asked(
        sort="connector",
        subject=identity,
        command=UpdateConnector(
            kind=body.kind,
            name=body.name,
            token_digest=NOT_GIVEN if body.token is None else token_digest(body.token),
            mode=body.mode,
            contributor=NOT_GIVEN
            if body.defaults.contributor is None
            else body.defaults.contributor,
            service=body.defaults.service,
            environment=body.defaults.environment,
            mapping=_readable(body.mapping, call),
            hmac_secret_id=NOT_GIVEN if secret_id is None else secret_id,
            expected_every_minutes=body.expected_every_minutes,
        ),
        secrets=_sealed(secret_id, body.hmac_secret),
        reveal={} if body.token is None else {"token": body.token},
    )


def _readable(mapping: Mapping[str, str], call: AnyCall) -> Mapping[str, str]:
    """*mapping*, which can be read; else every payload would wait in the inbox for a person.

    Raises:
        Invalid: it cannot; each of its fields is named.
    """
    if mapping:
        # Whatever the kind is, its mapping is read as that of anybody's JSON.
        call.gateway.preview((), kind=ConnectorKind.GENERIC.value, mapping=mapping)
    return mapping


def _sealed(secret_id: str | None, secret: str | None) -> tuple[tuple[str, bytes], ...]:
    return () if secret_id is None or secret is None else ((secret_id, secret.encode()),)


_LISTING: Final = listing(CONNECTORS)
_READING: Final = reading(CONNECTORS)


def _list(turn: ReadTurn, call: AnyCall) -> Page[ConnectorShape]:
    assert _LISTING.look is not None
    page: Page[ConnectorShape] = _LISTING.look(turn, call)
    for one in page.items:
        _addressed(one, call)
    with_health(turn, call, page.items)
    return page


def _read(turn: ReadTurn, call: AnyCall) -> ConnectorShape:
    assert _READING.look is not None
    shape = _addressed(_READING.look(turn, call), call)
    with_health(turn, call, [shape])
    return shape


def _unused(body: Any) -> UpdateConnector:
    """What :func:`patching` would ask for; :func:`_change` asks for more, as it makes tokens."""
    return UpdateConnector()


ENDPOINTS: tuple[Endpoint, ...] = (
    replace(_LISTING, look=_list),
    replace(
        posting(
            CONNECTORS,
            _make,
            body=ConnectorBody,
            summary="Let a neighbour speak to us.",
            description=(
                "Its neighbour sends to `ingest_url`, with the token as `Authorization: Bearer`, as"
                " the password of HTTP Basic, as `?token=` or in its own way; clients of PagerDuty,"
                " Opsgenie and Alertmanager also to the paths that they have built in."
                " Without a token it gets one of 32 characters, told this once as `token`. Signals"
                " that fit no rule open incidents if they are sev1 or sev2; those of PagerDuty and"
                " Opsgenie, whatever they are."
            ),
            example={"kind": "alertmanager", "code": "am", "name": "Alertmanager"},
        ),
        show=_shown,
    ),
    replace(_READING, look=_read),
    replace(
        patching(CONNECTORS, _unused, body=ConnectorPatch, example={"mode": "observe"}),
        description=(
            "By code or id. What is left out stays, null empties, a mapping is replaced. With"
            " `token` null it gets a new one, told this once; the old one is shut out at once."
        ),
        ask=_change,
        show=_shown,
    ),
    Endpoint(
        method="PUT",
        path=CONNECTORS.one,
        tag=CONNECTORS.path,
        summary="Create or replace a connector.",
        description=(
            "By code. What is left out is emptied, but for the token, the HMAC secret and the"
            " contributor, which stay; the kind cannot change. A new one gets a token, told this"
            " once."
        ),
        body=ConnectorPut,
        answer=ConnectorShape,
        act=_put,
        others={
            201: "It was created.",
            409: "A name that must be unique is taken.",
            412: "If-Match is stale.",
        },
        example={"kind": "alertmanager", "name": "Alertmanager", "mode": "observe"},
    ),
    replace(
        removing(
            CONNECTORS,
            RemoveConnector(),
            summary="Hear a neighbour no more.",
            description="Its token is shut out at once; what it opened stays as it is.",
        ),
        show=_shown,
    ),
)
