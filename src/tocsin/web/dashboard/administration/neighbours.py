"""Connectors, through which neighbours speak: who may, with which token, and how they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tocsin.core.claims import CONNECTOR_CODE
from tocsin.core.connector_words import ConnectorMode
from tocsin.core.instants import DAY
from tocsin.core.record_commands import (
    CreateConnector,
    RemoveConnector,
    UpdateConnector,
)
from tocsin.core.records import Connector
from tocsin.handler.arrival import PayloadVerdict
from tocsin.projections.arrivals import WantedPayloads, count, newest_payloads
from tocsin.projections.connector_health import Last, last_payloads, silent_since
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.finding import may
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.inbox import TONES, VERDICTS
from tocsin.web.dashboard.administration.pasting import snippets_for
from tocsin.web.dashboard.administration.revealing import Secret, revealed
from tocsin.web.dashboard.administration.sheets import Act, Column, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.visits import Page, Sent, Told, Visit, Wish

NEWEST: Final = 5
HOURS: Final = 24
"""How far back payloads are heard again to say what would have been opened."""

# -- connectors -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many payloads of a day got a verdict."""

    verdict: str
    words: str
    number: int
    bad: bool


def health_cell(connector: Connector, last: Last | None, *, at: datetime) -> Cell:
    """How a connector is doing, as its newest payload tells."""
    if silent_since(connector, last, at=at) is not None:
        return cells.state("silent", "partial_outage")
    if last is None:
        return cells.state("never heard", "unknown")
    if last.failed:
        return cells.state("last one failed", "partial_outage")
    return cells.state("heard", "operational")


def _mode(record: Connector, names: RecordNames) -> Cell:
    if record.mode is ConnectorMode.OBSERVE:
        return cells.state("observes only", "degraded_performance")
    return cells.text("live")


def _said(record: Connector, names: RecordNames) -> Mapping[str, Any]:
    return {
        "code": record.code,
        "name": record.name,
        "mode": record.mode.value,
        "defaults": {
            "contributor": code_of(record.contributor_id, names),
            "service": record.service,
            "environment": record.environment,
        },
        "mapping": dict(record.mapping),
        "expected_every_minutes": record.expected_every_minutes,
    }


def ingest_url(visit: Visit, code: str) -> str:
    """Where the connector's neighbour sends to; begins with a slash where this server is not told
    its own address."""
    org = quote(visit.admitted.org.code, safe="")
    return f"{(visit.public_url or '').rstrip('/')}/v1/orgs/{org}/ingest/{quote(code, safe=':')}"


def _in_list(visit: Visit, records: tuple[Connector, ...]) -> Mapping[str, Any]:
    last = last_payloads(visit.turn, visit.admitted.org_id, [one.id for one in records])
    return {
        "heads": ("Health", "Last heard"),
        "cells": {
            one.id: (
                ("Health", health_cell(one, last.get(one.id), at=visit.at)),
                (
                    "Last heard",
                    cells.when(last[one.id].at if one.id in last else None, otherwise="never"),
                ),
            )
            for one in records
        },
    }


def _health(visit: Visit, record: Connector) -> Mapping[str, Any]:
    turn, org_id = visit.turn, visit.admitted.org_id
    last = last_payloads(turn, org_id, [record.id]).get(record.id)
    since = visit.at - DAY
    counted = [
        Counted(
            verdict=verdict.value,
            words=VERDICTS[verdict],
            number=count(
                turn,
                org_id,
                WantedPayloads(
                    connectors=[record.id], verdict=verdict.value, since=since, heard_again=False
                ),
            ),
            bad=verdict in (PayloadVerdict.UNPARSEABLE, PayloadVerdict.REFUSED),
        )
        for verdict in PayloadVerdict
    ]
    return {
        "health": health_cell(record, last, at=visit.at),
        "last": last,
        "silence": silent_since(record, last, at=visit.at),
        "counted": [one for one in counted if one.number],
        "total": sum(one.number for one in counted),
        "newest": newest_payloads(
            turn, org_id, WantedPayloads(connectors=[record.id]), before=None, limit=NEWEST
        )
        if _sees(visit, record)
        else None,
        "verdicts": {word.value: words for word, words in VERDICTS.items()},
        "tones": TONES,
        "url": ingest_url(visit, record.code),
        "mapping": sorted(record.mapping.items()),
        "expected": None
        if record.expected_every_minutes is None
        else timedelta(minutes=record.expected_every_minutes),
    }


_WHERE: Final = "Where it sends to. This is no secret."
_WHERE_HERE: Final = (
    "Where it sends to: put the name by which it reaches this server in place of localhost."
)


def _token_page(visit: Visit, told: Told) -> Page:
    body = told.body
    token, url = body.get("token"), str(body["ingest_url"])
    if visit.public_url:
        url = ingest_url(visit, str(body["code"]))
    return revealed(
        visit,
        here="connectors",
        title=f"The way in of {body['name']}",
        secrets=()
        if token is None
        else (
            Secret(label="Address", text=url, hint=_WHERE if visit.public_url else _WHERE_HERE),
            Secret(label="Token", text=str(token), hint="It speaks with this. Shown this once."),
        ),
        explained="Put both where the neighbour wants them. What it sends is then in the inbox,"
        " with what became of it.",
        missed="Nothing was made that has to be copied: the token is as it was, or it was shown"
        " already.",
        onward=f"/admin/connectors/{body['id']}",
        snippets=() if token is None else snippets_for(str(body["kind"]), url, str(token)),
    )


def _sees(visit: Visit, record: Connector) -> bool:
    """Whether the reader sees what was sent to it."""
    bound_to = visit.admitted.access.contributor_id
    return bound_to is None or record.contributor_id == bound_to


def _rehearsed_page(visit: Visit, told: Told) -> Page:
    return room_page(
        visit,
        "rehearsed.html",
        here="connectors",
        told=told.body,
        onward=f"/admin/connectors/{quote(visit.path['name'], safe='')}",
    )


_ITS_TOKEN: Final = "its_token"  # noqa: S105 - the name of a field
"""What is called ``token`` in the API; every form carries a field of that name already."""


def _mapped(body: dict[str, Any], change: bool) -> dict[str, Any]:
    """No mapping is an empty one; the neighbour's token has another name in the form."""
    if _ITS_TOKEN in body:
        body["token"] = body.pop(_ITS_TOKEN)
    if change and body.get("mapping", {}) is None:
        body["mapping"] = {}
    return body


_MAPPING: Final = Field(
    name="mapping",
    label="Mapping",
    kind=Kind.JSON,
    rows=6,
    hint="A JMESPath expression for each field of a signal, as JSON:"
    ' {"summary": "title", "severity": "level"}. Only where the kind has none of its own.',
)
_SILENCE: Final = Field(
    name="expected_every_minutes",
    label="Expected every so many minutes",
    kind=Kind.NUMBER,
    hint="Not heard of for so long, it is silent, and an incident says so.",
)
_DEFAULTS: Final = (
    Field(
        name="defaults.contributor",
        label="Whose alerts these are",
        kind=Kind.CHOICE,
        hint="What it opens is then that contributor's.",
    ),
    Field(
        name="defaults.service",
        label="Service, where an alert names none",
        kind=Kind.CHOICE,
    ),
    Field(
        name="defaults.environment",
        label="Environment, where an alert names none",
        longest=64,
        hint="Such as production.",
    ),
)
_HMAC: Final = Field(
    name="hmac_secret",
    label="Signing secret",
    kind=Kind.SECRET,
    longest=1_024,
    hint="Only where the neighbour signs what it sends.",
)
_MODE: Final = Field(name="mode", label="Mode", kind=Kind.CHOICE, choices=choosing.MODES)

CONNECTORS: Final = Sheet(
    sort="connector",
    path="connectors",
    kind=Connector,
    one="connector",
    many="Connectors",
    make="New connector",
    about="Each system that tells alerts has one: its own address, its own token.",
    empty="Nothing tells alerts yet. Make a connector for your monitoring; its address and token go"
    " where that sends its notifications.",
    claims=(CONNECTOR_CODE,),
    title=lambda record: record.name,
    also=lambda record: record.code,
    columns=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="Kind", of=lambda one, names: cells.text(choosing.KINDS[one.kind])),
        Column(label="Mode", of=_mode),
    ),
    facts=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="Kind", of=lambda one, names: cells.text(choosing.KINDS[one.kind])),
        Column(label="Mode", of=_mode),
        Column(
            label="Whose alerts",
            of=lambda one, names: cells.code(
                code_of(one.contributor_id, names), otherwise="nobody's in particular"
            ),
        ),
        Column(
            label="Service",
            of=lambda one, names: cells.code(one.service, otherwise="as the alert says"),
        ),
        Column(
            label="Environment",
            of=lambda one, names: cells.code(one.environment, otherwise="as the alert says"),
        ),
        Column(
            label="Signs",
            of=lambda one, names: cells.text(
                "yes, and it is checked" if one.hmac_secret_id else "no"
            ),
        ),
    ),
    said=_said,
    new=(
        Field(
            name="kind",
            label="What speaks",
            kind=Kind.CHOICE,
            required=True,
            choices=tuple(
                Choice(value=kind.value, text=text) for kind, text in choosing.KINDS.items()
            ),
        ),
        choosing.CODE,
        choosing.NAME,
        _MODE,
        *_DEFAULTS,
        _SILENCE,
        Field(
            name=_ITS_TOKEN,
            label="Token it has already",
            kind=Kind.SECRET,
            longest=256,
            hint="The old system's key, of 32 characters or more, so that only the address changes."
            " Left out, one is made.",
        ),
        _HMAC,
        _MAPPING,
    ),
    change=(choosing.CODE, choosing.NAME, _MODE, *_DEFAULTS, _SILENCE, _HMAC, _MAPPING),
    choices={
        "defaults.contributor": choosing.contributors("nobody in particular"),
        "defaults.service": choosing.services,
    },
    finished=_mapped,
    names={"token": _ITS_TOKEN},
    seldom=frozenset({_ITS_TOKEN, "hmac_secret", "mapping"}),
    making=lambda visit: CreateConnector(
        connector_id="", code="", name="", kind="generic", token_digest=""
    ),
    changing=UpdateConnector(),
    removing=RemoveConnector(),
    removal="Its token is shut out at once. What it opened stays as it is.",
    reveal=_token_page,
    acts=(
        Act(
            path="mode",
            button=lambda record: (
                "Make it live" if record.mode is ConnectorMode.OBSERVE else "Let it only observe"
            ),
            wish=lambda sent: _change(sent, {"mode": sent.one("mode")}),
            may=lambda visit, record: may(visit, UpdateConnector(), record),
            carries=lambda record: {
                "mode": "live" if record.mode is ConnectorMode.OBSERVE else "observe"
            },
            versioned=True,
        ),
        Act(
            path="dry-run",
            button=lambda record: "What would it open?",
            wish=lambda sent: Wish(
                method="POST",
                path=f"/connectors/{quote(sent.path['name'], safe='')}/dry-run",
                body={"hours": HOURS},
                once=sent.once,
            ),
            may=_sees,
            reveal=_rehearsed_page,
        ),
        Act(
            path="token",
            button=lambda record: "New token",
            wish=lambda sent: _change(sent, {"token": None}),
            may=lambda visit, record: may(visit, UpdateConnector(), record),
            asks="The token that it has now is shut out at once: until the new one is in its place,"
            " nothing of this neighbour is heard. The new one is shown on the next page only.",
            reveal=_token_page,
            versioned=True,
        ),
    ),
    template="connector.html",
    beside=_health,
    in_list=_in_list,
)


def _change(sent: Sent, body: Mapping[str, Any]) -> Wish:
    return Wish(
        method="PATCH",
        path=f"/connectors/{quote(sent.path['name'], safe='')}",
        body=body,
        version=sent.version,
        once=sent.once,
    )
