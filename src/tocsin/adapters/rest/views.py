"""Endpoints of saved views: filters of the list of tickets under a name (API: views)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.record_bodies import Name
from tocsin.adapters.rest.records import Sort, listing, patching, posting, reading, removing
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.records import View
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView
from tocsin.core.views import LONGEST_QUERY, shown_to
from tocsin.projections.shapes.assets import stamps
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.store.contract import ReadTurn

Query = Annotated[
    str,
    Meta(
        max_length=LONGEST_QUERY,
        description="As in the address of the list: type=incident&active=true; empty: everything.",
    ),
]
Shared = Annotated[bool, Meta(description="Whether everybody in the org has it.")]


class ViewBody(Body):
    """A new view; it is the caller's."""

    name: Name
    query: Query
    shared: Shared = False


class ViewPatch(Body):
    """Changed fields of a view."""

    name: Name | UnsetType = UNSET
    query: Query | UnsetType = UNSET
    shared: Shared | UnsetType = UNSET


class ViewShape(Struct, kw_only=True):
    """A saved view; ``member`` is the id of whose it is."""

    id: str
    name: str
    query: str
    shared: bool
    member: str
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


def view_shape(record: View, _names: RecordNames) -> ViewShape:
    """A view as it is answered."""
    return ViewShape(
        id=record.id,
        name=record.name,
        query=record.query,
        shared=record.shared,
        member=record.member_id,
        **stamps(record),
    )


def _own_and_shared(turn: ReadTurn, call: AnyCall) -> Callable[[Any], bool]:
    return lambda record: shown_to(record, call.granted)


VIEWS: Final = Sort(
    sort="view",
    path="views",
    kind=View,
    shape=ViewShape,
    show=view_shape,
    named="By id.",
    visible=_own_and_shared,
)


def _make(call: Call[None, ViewBody]) -> Asked:
    body = call.body
    return Asked(
        sort="view",
        command=CreateView(
            view_id=call.fresh_id(), name=body.name, query=body.query, shared=body.shared
        ),
    )


def _change(body: ViewPatch) -> Command:
    return UpdateView(name=given(body.name), query=given(body.query), shared=given(body.shared))


ENDPOINTS: tuple[Endpoint, ...] = (
    listing(VIEWS),
    posting(
        VIEWS,
        _make,
        body=ViewBody,
        summary="Keep filters of the list of tickets under a name.",
        description=(
            "It is the caller's own, and shown to nobody else, unless it is `shared`: then"
            " everybody in the org has it. The list shows it as a tab."
        ),
        example={"name": "Night shift", "query": "type=incident&active=true&severity=sev1"},
    ),
    reading(VIEWS),
    patching(VIEWS, _change, body=ViewPatch, example={"name": "Night watch"}),
    removing(VIEWS, RemoveView(), summary="Forget a view.", description="Tickets stay."),
)
