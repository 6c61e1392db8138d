"""Routes, and what of theirs did not get through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tocsin.core.errors import Forbidden
from tocsin.core.record_commands import (
    CreateRoute,
    DestinationDraft,
    RemoveRoute,
    UpdateRoute,
)
from tocsin.core.record_permissions import permit_redelivery
from tocsin.core.records import Destination, Route
from tocsin.core.words import DestinationKind
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.store.outgoing import DestinationRow, Trouble
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.finding import may
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.revealing import Secret, revealed
from tocsin.web.dashboard.administration.sheets import Act, Column, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.visits import Page, Sent, Told, Visit, Wish

KINDS: Final = {
    DestinationKind.WEBHOOK: "Webhook",
    DestinationKind.EMAIL: "E-mail",
    DestinationKind.SLACK: "Slack",
    DestinationKind.AIRTABLE: "Airtable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a route's destination is: ``down_since`` while nothing gets through, for that reason."""

    down_since: datetime | None
    reason: str
    delivered: int
    delivered_at: datetime | None
    waiting: int
    held: int
    parked: int

    @property
    def cell(self) -> Cell:
        """In a word."""
        if self.down_since is not None:
            return cells.state("down", "partial_outage")
        if self.parked:
            return cells.state(f"{self.parked} parked", "degraded_performance")
        if self.delivered_at is None:
            return cells.state("nothing sent yet", "unknown")
        return cells.state("gets through", "operational")


def standings(visit: Visit, routes: Sequence[str]) -> Mapping[str, Standing]:
    """How the destinations of these routes (ids) are."""
    org_id = visit.admitted.org_id
    rows, noted = visit.turn.destinations(org_id), visit.turn.noted_count(org_id)
    return {one: _standing(rows.get(one), noted, one) for one in routes}


def _standing(
    row: DestinationRow | None, noted: Mapping[tuple[str, Trouble], int], route: str
) -> Standing:
    return Standing(
        down_since=None if row is None else row.down_since,
        reason="" if row is None else row.down_reason,
        delivered=0 if row is None else row.delivered,
        delivered_at=None if row is None else row.delivered_at,
        waiting=noted.get((route, Trouble.WAITING), 0),
        held=noted.get((route, Trouble.HELD), 0),
        parked=noted.get((route, Trouble.PARKED), 0),
    )


def may_redrive(visit: Visit, route: Route | None) -> bool:
    """Whether the reader may have something sent there now."""
    try:
        permit_redelivery(visit.admitted.access, route, "that")
    except Forbidden:
        return False
    return True


def _where(destination: Destination) -> str:
    match destination.kind:
        case DestinationKind.WEBHOOK:
            return destination.url or ""
        case DestinationKind.EMAIL:
            return destination.address or ""
        case DestinationKind.SLACK:
            return destination.channel or "the channel that the policy says"
        case DestinationKind.AIRTABLE:
            return destination.table_base or ""


def _enabled(record: Route, names: RecordNames) -> Cell:
    if record.enabled:
        return cells.state("enabled", "operational")
    return cells.state("switched off", "unknown")


def _owner(record: Route, names: RecordNames) -> Cell:
    return cells.code(code_of(record.contributor_id, names), otherwise="the whole org")


def _said(record: Route, names: RecordNames) -> Mapping[str, Any]:
    to = record.destination
    return {
        "name": record.name,
        "enabled": record.enabled,
        "contributor": code_of(record.contributor_id, names),
        "match": {"kinds": list(record.match.kinds), "matchers": list(record.match.matchers)},
        "destination": {
            "kind": to.kind.value,
            "url": to.url,
            "address": to.address,
            "channel": to.channel,
            "table_base": to.table_base,
        },
    }


def _in_list(visit: Visit, records: tuple[Route, ...]) -> Mapping[str, Any]:
    found = standings(visit, [one.id for one in records])
    return {
        "heads": ("Gets through",),
        "cells": {one.id: (("Gets through", found[one.id].cell),) for one in records},
    }


def _how_it_is(visit: Visit, record: Route) -> Mapping[str, Any]:
    return {
        "standing": standings(visit, [record.id])[record.id],
        "may_redrive": may_redrive(visit, record),
    }


def _secret_page(visit: Visit, told: Told) -> Page:
    secret = told.body.get("secret")
    return revealed(
        visit,
        here="routes",
        title=f"The route {told.body['name']}",
        secrets=()
        if secret is None
        else (
            Secret(
                label="Secret that signs",
                text=str(secret),
                hint="Give it to who receives the webhook: with it they check that it is from"
                " here (Standard Webhooks).",
            ),
        ),
        explained="Copy it now; nobody can show it again.",
        missed="The route is as you wanted it. No new secret was made.",
        onward=f"/admin/routes/{told.body['id']}",
    )


def _tried_page(visit: Visit, told: Told) -> Page:
    return room_page(
        visit,
        "tried.html",
        here="routes",
        outcome=told.body["outcome"],
        reason=told.body.get("reason"),
        took_ms=told.body["took_ms"],
        onward=f"/admin/routes/{quote(visit.path['name'], safe='')}",
    )


def _switch(sent: Sent) -> Wish:
    return Wish(
        method="PATCH",
        path=f"/routes/{quote(sent.path['name'], safe='')}",
        body={"enabled": sent.one("enabled") == "yes"},
        version=sent.version,
        once=sent.once,
    )


def _one_address(body: dict[str, Any], change: bool) -> dict[str, Any]:
    """Only what the kind of destination has: what was typed for another is left out."""
    wanted = body.get("destination", {})
    of_kind = _OF_KIND.get(wanted.get("kind", ""))
    if of_kind is not None:
        body["destination"] = {
            name: value
            for name, value in wanted.items()
            if name in ("kind", of_kind) or (name == "secret" and value)
        }
    return body


_OF_KIND: Final = {
    "webhook": "url",
    "email": "address",
    "slack": "channel",
    "airtable": "table_base",
}
_ROUTE: Final = (
    choosing.NAME,
    Field(
        name="destination.kind",
        label="Goes to",
        kind=Kind.CHOICE,
        required=True,
        choices=tuple(Choice(value=kind.value, text=text) for kind, text in KINDS.items()),
    ),
    Field(
        name="destination.url",
        label="Address of the webhook",
        longest=2_000,
        hint="Begins with https://. For a webhook only.",
    ),
    Field(name="destination.address", label="Mail address", longest=254, hint="For e-mail only."),
    Field(
        name="destination.channel",
        label="Slack channel",
        longest=100,
        hint="For Slack only. Left out, the policy says where.",
    ),
    Field(
        name="destination.table_base",
        label="Airtable base and table",
        longest=100,
        hint="Such as appXXXXXXXXXXXXXX/tblXXXXXXXXXXXXXX. For Airtable only.",
    ),
    Field(
        name="destination.secret",
        label="Secret",
        kind=Kind.SECRET,
        longest=4_096,
        hint="What signs a webhook (whsec_…; left out, the old one stays or a new one is made), or"
        " a token of Airtable.",
    ),
    Field(
        name="match.kinds",
        label="Which kinds of fact",
        kind=Kind.LINES,
        rows=3,
        hint="Any of these, one to a line: incident.*, maintenance.planned. Without any, all.",
    ),
    Field(
        name="match.matchers",
        label="And only where",
        kind=Kind.LINES,
        rows=3,
        hint='All of these fit, one to a line, such as severity=~"sev[12]" or contributor="alpha".',
    ),
    Field(name="contributor", label="Belongs to", kind=Kind.CHOICE),
    Field(name="enabled", label="Enabled", kind=Kind.FLAG),
)

ROUTES: Final = Sheet(
    sort="route",
    path="routes",
    kind=Route,
    one="route",
    many="Routes",
    make="New route",
    about="Which facts are told to whom: webhooks, mail, Slack, Airtable.",
    empty="Nothing is told to anybody outside. A route sends what happens to a webhook, by mail, to"
    " Slack or to Airtable.",
    title=lambda record: record.name,
    also=lambda record: _where(record.destination),
    columns=(
        Column(label="State", of=_enabled),
        Column(
            label="Goes to",
            of=lambda one, names: cells.text(
                KINDS[one.destination.kind], under=_where(one.destination)
            ),
        ),
        Column(
            label="Which facts", of=lambda one, names: cells.codes(one.match.kinds, otherwise="all")
        ),
        Column(label="Belongs to", of=_owner),
    ),
    facts=(
        Column(label="State", of=_enabled),
        Column(label="Goes to", of=lambda one, names: cells.text(KINDS[one.destination.kind])),
        Column(label="Where", of=lambda one, names: cells.code(_where(one.destination))),
        Column(
            label="Secret",
            of=lambda one, names: cells.text(
                "there is one" if one.destination.secret_id else "none"
            ),
        ),
        Column(
            label="Which kinds of fact",
            of=lambda one, names: cells.every(one.match.kinds, otherwise="all"),
        ),
        Column(
            label="And only where",
            of=lambda one, names: cells.every(one.match.matchers, otherwise="no further condition"),
        ),
        Column(label="Belongs to", of=_owner),
    ),
    said=_said,
    new=(
        *_ROUTE,
        Field(
            name="backfill",
            label="Begin with the tickets that are active now",
            kind=Kind.FLAG,
            hint="Their openings are sent first.",
        ),
    ),
    change=_ROUTE,
    begin={"enabled": ("on",), "match.kinds": ("incident.*\nmaintenance.*",)},
    choices={"contributor": choosing.contributors("the whole org")},
    finished=_one_address,
    making=lambda visit: CreateRoute(
        route_id="", name="", destination=DestinationDraft(kind="webhook")
    ),
    changing=UpdateRoute(),
    removing=RemoveRoute(),
    removal="Nothing is sent there any more; what waits for it is given up.",
    reveal=_secret_page,
    reveal_change=_secret_page,
    acts=(
        Act(
            path="test",
            button=lambda record: "Send a test",
            wish=lambda sent: Wish(
                method="POST",
                path=f"/routes/{quote(sent.path['name'], safe='')}/test",
                once=sent.once,
            ),
            may=may_redrive,
            reveal=_tried_page,
        ),
        Act(
            path="enabled",
            button=lambda record: "Switch off" if record.enabled else "Switch on",
            wish=_switch,
            may=lambda visit, record: may(visit, UpdateRoute(), record),
            carries=lambda record: {"enabled": "no" if record.enabled else "yes"},
            versioned=True,
        ),
    ),
    template="route.html",
    beside=_how_it_is,
    in_list=_in_list,
)
