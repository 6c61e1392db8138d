"""Endpoints of administration: contributors and services (API: administration).

The endpoints of one sort of record are made from a :class:`Sort`; members, keys, routes and the
registry are made from the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.putting import code_to_put, create_or_replace
from tocsin.adapters.rest.record_answers import (
    CLAIMS,
    contributor_named,
    contributor_shape,
    existing,
    page_of,
    service_shape,
)
from tocsin.adapters.rest.record_bodies import (
    ContactBody,
    ContributorBody,
    ContributorPatch,
    ContributorPut,
    RecordsQuery,
    ServiceBody,
    ServicePatch,
    ServicePut,
    ServicesQuery,
)
from tocsin.adapters.rest.record_shapes import ContributorShape, ServiceShape
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.errors import NotFound
from tocsin.core.record_commands import (
    ContactDraft,
    CreateContributor,
    CreateService,
    RemoveContributor,
    RemoveService,
    Replaceable,
    UpdateContributor,
    UpdateService,
    replacing,
)
from tocsin.core.records import Contributor, Record, Service
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.record_names import ReadNames, RecordNames
from tocsin.store.contract import ReadTurn

R = TypeVar("R", bound=Record)

ORG: Final = "/v1/orgs/{org}"
New = Callable[[Any, str, str], Replaceable]
"""Makes the command for a body, a code and a fresh id."""


def _everything(turn: ReadTurn, call: AnyCall) -> Callable[[Any], bool]:
    """Where a list has no filter."""
    return lambda record: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Generic[R]):
    """A sort of record: its streams, its path, and how one is answered.

    ``visible`` says what the caller may see of them, ``wanted`` what the list is asked for.
    """

    sort: str
    path: str
    kind: type[R]
    shape: Any
    show: Callable[[R, RecordNames], Any]
    named: str
    query: type[RecordsQuery] = RecordsQuery
    visible: Callable[[ReadTurn, AnyCall], Callable[[Any], bool]] = _everything
    wanted: Callable[[ReadTurn, AnyCall], Callable[[Any], bool]] = _everything

    @property
    def everything(self) -> str:
        """The path of all of them."""
        return f"{ORG}/{self.path}"

    @property
    def one(self) -> str:
        """The path of one of them."""
        return f"{ORG}/{self.path}/{{name}}"

    @property
    def words(self) -> str:
        """What people call one."""
        return self.sort.replace("_", " ")

    @property
    def article(self) -> str:
        """What they say before it."""
        return "an" if self.sort[0] in "aeiou" else "a"

    def shown(self, outcome: Outcome, call: AnyCall) -> Any:
        """The record as the commit left it."""
        assert isinstance(outcome.state, self.kind)
        return self.show(outcome.state, outcome.directory)


def listing(sort: Sort[R]) -> Endpoint:
    """``GET /things``: by id, which for most is by age; removed ones are left out."""

    def look(turn: ReadTurn, call: AnyCall) -> Page[Any]:
        visible, wanted = sort.visible(turn, call), sort.wanted(turn, call)
        return page_of(
            turn,
            call,
            sort=sort.sort,
            kind=sort.kind,
            wanted=lambda record: visible(record) and wanted(record),
            show=sort.show,
        )

    return Endpoint(
        method="GET",
        path=sort.everything,
        tag=sort.path,
        summary=f"List {sort.words}s, in the order of their ids.",
        query=sort.query,
        answer=Page[sort.shape],  # type: ignore[name-defined]
        look=look,
        reads=sort.sort,
    )


def reading(sort: Sort[R]) -> Endpoint:
    """``GET /things/{name}``."""

    def look(turn: ReadTurn, call: AnyCall) -> Any:
        name = call.path["name"]
        record = existing(turn, call.org_id, sort.kind, sort.sort, name)
        if not sort.visible(turn, call)(record):
            raise NotFound(f"there is no {sort.words} {name[:64]!r} here")
        return sort.show(record, ReadNames(turn, org_id=call.org_id, records=[record]))

    return Endpoint(
        method="GET",
        path=sort.one,
        tag=sort.path,
        summary=f"Read one {sort.words}.",
        description=sort.named,
        answer=sort.shape,
        look=look,
        reads=sort.sort,
    )


def making(sort: Sort[R], new: New) -> Callable[[AnyCall], Asked]:
    """What asks for a record of the code in the body."""

    def ask(call: AnyCall) -> Asked:
        body = call.body
        return Asked(sort=sort.sort, command=new(body, body.code, call.fresh_id()))

    return ask


def posting(
    sort: Sort[R],
    ask: Callable[[Any], Asked],
    *,
    body: Any,
    example: Any,
    summary: str,
    description: str = "",
    answer: Any = None,
) -> Endpoint:
    """``POST /things``."""
    return Endpoint(
        method="POST",
        path=sort.everything,
        tag=sort.path,
        summary=summary,
        description=description,
        body=body,
        answer=sort.shape if answer is None else answer,
        status=201,
        ask=ask,
        show=sort.shown,
        others={409: "A name that must be unique is taken."},
        example=example,
    )


def patching(
    sort: Sort[R], change: Callable[[Any], Command], *, body: Any, example: Any
) -> Endpoint:
    """``PATCH /things/{name}``."""

    def ask(call: AnyCall) -> Asked:
        return Asked(sort=sort.sort, subject=call.path["name"], command=change(call.body))

    return Endpoint(
        method="PATCH",
        path=sort.one,
        tag=sort.path,
        summary=f"Change {sort.article} {sort.words}.",
        description=f"{sort.named} What is left out stays, null empties, lists are replaced.",
        body=body,
        answer=sort.shape,
        ask=ask,
        show=sort.shown,
        others={409: "A name that must be unique is taken.", 412: "If-Match is stale."},
        example=example,
    )


def removing(sort: Sort[R], command: Command, *, summary: str, description: str) -> Endpoint:
    """``DELETE /things/{name}``; answers with the record as it ended."""

    def ask(call: AnyCall) -> Asked:
        return Asked(sort=sort.sort, subject=call.path["name"], command=command)

    return Endpoint(
        method="DELETE",
        path=sort.one,
        tag=sort.path,
        summary=summary,
        description=f"{sort.named} {description}".strip(),
        answer=sort.shape,
        ask=ask,
        show=sort.shown,
        others={409: "Something still depends on it.", 412: "If-Match is stale."},
    )


def putting(sort: Sort[R], new: New, *, body: Any, example: Any) -> Endpoint:
    """``PUT /things/{code}``: creates it, or replaces all that it says."""

    async def act(acting: Acting) -> Reply:
        call = acting.call
        code = code_to_put(call)
        making = new(call.body, code, call.fresh_id())
        return await create_or_replace(
            acting,
            claim=CLAIMS[sort.sort][0],
            make=lambda: Asked(sort=sort.sort, command=making),
            replace=lambda identity: Asked(
                sort=sort.sort, subject=identity, command=replacing(making)
            ),
            show=sort.shown,
        )

    return Endpoint(
        method="PUT",
        path=sort.one,
        tag=sort.path,
        summary=f"Create or replace {sort.article} {sort.words}.",
        description="By code. What is left out is emptied; an owner that is left out stays.",
        body=body,
        answer=sort.shape,
        act=act,
        others={
            201: "It was created.",
            409: "A name that must be unique is taken.",
            412: "If-Match is stale.",
        },
        example=example,
    )


def owned_by(turn: ReadTurn, call: AnyCall) -> Callable[[Any], bool]:
    """The filter ``contributor`` of lists of what a contributor may own."""
    owner = contributor_named(turn, call.org_id, call.query.contributor)
    return lambda record: owner is None or record.contributor_id == owner


# -- contributors --------------------------------------------------------------------------------

CONTRIBUTORS: Final = Sort(
    sort="contributor",
    path="contributors",
    kind=Contributor,
    shape=ContributorShape,
    show=contributor_shape,
    named="By code, pubkey or id.",
)


def _contacts(bodies: list[ContactBody]) -> tuple[ContactDraft, ...]:
    return tuple(
        ContactDraft(
            name=one.name,
            method=one.method,
            address=one.address,
            hours=one.hours,
            order=one.order,
        )
        for one in bodies
    )


def _new_contributor(body: ContributorPut, code: str, identity: str) -> CreateContributor:
    return CreateContributor(
        contributor_id=identity,
        code=code,
        name=body.name,
        pubkey=body.pubkey,
        slack_handle=body.slack_handle,
        slack_user_group=body.slack_user_group,
        contacts=_contacts(body.contacts),
    )


def _change_contributor(body: ContributorPatch) -> Command:
    contacts = given(body.contacts)
    return UpdateContributor(
        code=given(body.code),
        name=given(body.name),
        pubkey=given(body.pubkey),
        slack_handle=given(body.slack_handle),
        slack_user_group=given(body.slack_user_group),
        contacts=_contacts(contacts) if isinstance(contacts, list) else contacts,
    )


_CONTRIBUTOR = {
    "name": "Alpha",
    "pubkey": "AcYMaNxNo8sPQNUeWs8a6EW8DwTdzg4LmgWZVgzJtRvo",
    "contacts": [{"name": "NOC", "method": "phone", "address": "+31 20 555 0100", "hours": "24x7"}],
}

# -- services ------------------------------------------------------------------------------------


def _discovered(turn: ReadTurn, call: Call[ServicesQuery, None]) -> Callable[[Service], bool]:
    discovered = call.query.discovered
    return lambda record: discovered is None or record.discovered == discovered


SERVICES: Final = Sort(
    sort="service",
    path="services",
    kind=Service,
    shape=ServiceShape,
    show=service_shape,
    named="By code or id.",
    query=ServicesQuery,
    wanted=_discovered,
)


def _new_service(body: ServicePut, code: str, identity: str) -> CreateService:
    return CreateService(
        service_id=identity,
        code=code,
        name=body.name,
        description=body.description,
    )


def _change_service(body: ServicePatch) -> Command:
    return UpdateService(
        code=given(body.code), name=given(body.name), description=given(body.description)
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    listing(CONTRIBUTORS),
    posting(
        CONTRIBUTORS,
        making(CONTRIBUTORS, _new_contributor),
        body=ContributorBody,
        summary="Take in a contributor.",
        description="By an org_admin.",
        example={"code": "alpha", **_CONTRIBUTOR},
    ),
    reading(CONTRIBUTORS),
    patching(
        CONTRIBUTORS,
        _change_contributor,
        body=ContributorPatch,
        example={"contacts": _CONTRIBUTOR["contacts"]},
    ),
    putting(CONTRIBUTORS, _new_contributor, body=ContributorPut, example=_CONTRIBUTOR),
    removing(
        CONTRIBUTORS,
        RemoveContributor(),
        summary="Let a contributor go.",
        description="It may own nothing any more: no device, link, member or route.",
    ),
    listing(SERVICES),
    posting(
        SERVICES,
        making(SERVICES, _new_service),
        body=ServiceBody,
        summary="Name a service.",
        example={"code": "api", "name": "Public API"},
    ),
    reading(SERVICES),
    patching(SERVICES, _change_service, body=ServicePatch, example={"name": "API"}),
    putting(SERVICES, _new_service, body=ServicePut, example={"name": "Public API"}),
    removing(
        SERVICES,
        RemoveService(),
        summary="Forget a service.",
        description="Tickets that name it keep its code.",
    ),
)
