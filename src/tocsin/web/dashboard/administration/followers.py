"""Who follows a status page, as far as those may know who have to end a subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.core.facts import stream_name
from tocsin.core.records import StatusPage, Subscription
from tocsin.core.subscription_commands import RemoveSubscription
from tocsin.web.dashboard.administration import cells
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.outgoing import KINDS
from tocsin.web.dashboard.administration.sheets import Column, Sheet
from tocsin.web.dashboard.visits import Visit


def _pages(visit: Visit, records: tuple[Subscription, ...]) -> Mapping[str, Cell]:
    """The status page of each, by the subscription's id."""
    streams = {stream_name("status_page", one.page_id) for one in records}
    heads = visit.turn.heads(visit.admitted.org_id, streams)
    found: dict[str, Cell] = {}
    for one in records:
        head = heads.get(stream_name("status_page", one.page_id))
        page = None if head is None else head.state
        if isinstance(page, StatusPage) and page.removed_at is None:
            found[one.id] = cells.text(page.name, href=f"/admin/status-pages/{page.id}")
        else:
            found[one.id] = cells.text(None, otherwise="a page that is gone")
    return found


def _in_list(visit: Visit, records: tuple[Subscription, ...]) -> Mapping[str, Any]:
    pages = _pages(visit, records)
    return {
        "heads": ("Status page",),
        "cells": {one.id: (("Status page", pages[one.id]),) for one in records},
    }


SUBSCRIPTIONS: Final = Sheet(
    sort="subscription",
    path="subscriptions",
    kind=Subscription,
    one="subscription",
    many="Subscriptions",
    about="Who is told what a status page tells. They subscribe, and confirm it, on the page"
    " itself.",
    empty="Nobody has subscribed yet. Every status page has a button for it.",
    title=lambda record: record.address,
    also=lambda record: record.kind.value,
    columns=(
        Column(label="By", of=lambda one, names: cells.text(KINDS[one.kind])),
        Column(label="Since", of=lambda one, names: cells.when(one.created_at, otherwise="")),
        Column(label="Services", of=lambda one, names: cells.codes(one.services, otherwise="all")),
    ),
    facts=(
        Column(label="By", of=lambda one, names: cells.text(KINDS[one.kind])),
        Column(
            label="Asked for", of=lambda one, names: cells.when(one.asked_at, otherwise="not told")
        ),
        Column(label="Confirmed", of=lambda one, names: cells.when(one.created_at, otherwise="")),
        Column(label="Services", of=lambda one, names: cells.codes(one.services, otherwise="all")),
    ),
    said=lambda one, names: {},
    removing=RemoveSubscription(),
    remove="End",
    removed="Ended",
    removal="Nothing more is sent there. They can subscribe again.",
    template="subscription.html",
    beside=lambda visit, record: {"page": _pages(visit, (record,))[record.id]},
    in_list=_in_list,
)
