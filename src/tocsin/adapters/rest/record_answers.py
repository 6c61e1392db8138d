"""From a record's state, and what it names, to the shape in which it is answered; and finding it.

A record's state names contributors by id and devices by pubkey; people read codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from tocsin.adapters.rest.calls import AnyCall
from tocsin.adapters.rest.endpoints import Page
from tocsin.adapters.rest.record_shapes import (
    ContactShape,
    ContributorShape,
    DestinationShape,
    EntryPointShape,
    KeyShape,
    MatchShape,
    MemberShape,
    PolicyShape,
    RouteShape,
    ServiceShape,
    WordsShape,
)
from tocsin.core.claims import (
    ASSET_PUBKEY,
    CONNECTOR_CODE,
    CONTRIBUTOR_CODE,
    CONTRIBUTOR_PUBKEY,
    DEVICE_CODE,
    LINK_CODE,
    LOCATION_CODE,
    SERVICE_CODE,
    STATUS_PAGE_CODE,
)
from tocsin.core.errors import NotFound
from tocsin.core.facts import stream_name, stream_sort
from tocsin.core.instants import to_text
from tocsin.core.records import (
    Contributor,
    Destination,
    EntryPoint,
    Key,
    Member,
    Policy,
    Record,
    Route,
    Service,
)
from tocsin.projections.shapes.assets import code_of, stamps
from tocsin.projections.shapes.record_names import ReadNames, RecordNames
from tocsin.projections.shapes.tickets import assignee_shape, optional
from tocsin.store.contract import ReadTurn

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=msgspec.Struct)

CLAIMS: Final = {
    "contributor": (CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY),
    "service": (SERVICE_CODE,),
    "location": (LOCATION_CODE,),
    "connector": (CONNECTOR_CODE,),
    "status_page": (STATUS_PAGE_CODE,),
    "device": (DEVICE_CODE, ASSET_PUBKEY),
    "link": (LINK_CODE, ASSET_PUBKEY),
}
"""The names that a record of a sort has besides its id, as claims."""

AT_ONCE: Final = 200
MOST_READ: Final = 5_000
"""Records that one page looks through at most; behind that it ends, full or not."""


# -- finding -------------------------------------------------------------------------------------


def stream_named(turn: ReadTurn, org_id: int, sort: str, name: str) -> str:
    """The stream of the record of that *sort* that *name* names by code, pubkey or id.

    Whether there is such a record is not said; none is found by a name of another sort.
    """
    wanted = {(kind, name) for kind in CLAIMS.get(sort, ())}
    for stream in turn.claims(org_id, wanted).values():
        if stream_sort(stream) == sort:
            return stream
    return stream_name(sort, name)


def found(turn: ReadTurn, org_id: int, kind: type[R], sort: str, name: str) -> R | None:
    """The record that *name* names, when it is there and not removed."""
    head = turn.head(org_id, stream_named(turn, org_id, sort, name))
    if head is None or not isinstance(head.state, kind) or head.state.removed_at is not None:
        return None
    return head.state


def existing(turn: ReadTurn, org_id: int, kind: type[R], sort: str, name: str) -> R:
    """The record that *name* names.

    Raises:
        NotFound: there is none in this org, or it was removed.
    """
    record = found(turn, org_id, kind, sort, name)
    if record is None:
        raise NotFound(f"there is no {sort.replace('_', ' ')} {name[:64]!r} here")
    return record


def contributor_named(turn: ReadTurn, org_id: int, name: str | None) -> str | None:
    """The id of the contributor that a filter names; an id nobody has where there is none."""
    if name is None:
        return None
    contributor = found(turn, org_id, Contributor, "contributor", name)
    return "" if contributor is None else contributor.id


def page_of(
    turn: ReadTurn,
    call: AnyCall,
    *,
    sort: str,
    kind: type[R],
    wanted: Callable[[R], bool],
    show: Callable[[R, RecordNames], S],
) -> Page[S]:
    """The records of a *sort* that are *wanted*, by id, from where the cursor says.

    A page may end early, with a cursor, where almost nothing is wanted.
    """
    query = call.query
    asked = msgspec.to_builtins(query)
    asked.pop("cursor")
    asked.pop("limit")
    bound_to = (sort, msgspec.json.encode(asked, order="sorted").decode())
    place = call.place(query.cursor, *bound_to)
    after = "" if place is None else str(place[0])
    shown: list[R] = []
    following: str | None = None
    read = 0
    while following is None:
        heads = turn.heads_of_sort(call.org_id, sort, after=after, limit=AT_ONCE)
        for head in heads:
            record = head.state
            if isinstance(record, kind) and record.removed_at is None and wanted(record):
                if len(shown) == query.limit:
                    following = after
                    break
                shown.append(record)
            after = head.stream
        read += len(heads)
        if len(heads) < AT_ONCE:
            break
        if read >= MOST_READ and following is None:
            following = after
    names = ReadNames(turn, org_id=call.org_id, records=shown)
    return Page(
        items=[show(one, names) for one in shown],
        next_cursor=None if following is None else call.cursor((following,), *bound_to),
    )


# -- showing -------------------------------------------------------------------------------------


def contributor_shape(record: Contributor, names: RecordNames) -> ContributorShape:
    """A contributor with its contacts."""
    return ContributorShape(
        id=record.id,
        code=record.code,
        name=record.name,
        pubkey=record.pubkey,
        slack_handle=record.slack_handle,
        slack_user_group=record.slack_user_group,
        contacts=[
            ContactShape(
                name=one.name,
                method=one.method.value,
                address=one.address,
                hours=one.hours,
                order=one.order,
            )
            for one in record.contacts
        ],
        **stamps(record),
    )


def member_shape(record: Member, names: RecordNames) -> MemberShape:
    """A member with the code of its contributor."""
    return MemberShape(
        id=record.id,
        name=record.name,
        role=record.role.value,
        email=record.email,
        contributor=code_of(record.contributor_id, names),
        slack_user_id=record.slack_user_id,
        slack_team_id=record.slack_team_id,
        service=record.service,
        **stamps(record),
    )


def key_shape(record: Key, names: RecordNames) -> KeyShape:
    """A key with what its member is bound to."""
    member = names.member(record.member_id)
    return KeyShape(
        id=record.id,
        name=record.name,
        role=record.role.value,
        member=record.member_id,
        contributor=None if member is None else code_of(member.contributor_id, names),
        expires_at=optional(record.expires_at),
        allow_cidr=list(record.allow_cidr),
        rate_per_second=record.rate_per_second,
        burst=record.burst,
        revoked_at=optional(record.revoked_at),
        **stamps(record),
    )


def service_shape(record: Service, names: RecordNames) -> ServiceShape:
    """A service."""
    return ServiceShape(
        id=record.id,
        code=record.code,
        name=record.name,
        description=record.description,
        discovered=record.discovered,
        **stamps(record),
    )


def route_shape(record: Route, names: RecordNames) -> RouteShape:
    """A route; of its secret only whether there is one."""
    return RouteShape(
        id=record.id,
        name=record.name,
        match=MatchShape(kinds=list(record.match.kinds), matchers=list(record.match.matchers)),
        destination=destination_shape(record.destination),
        enabled=record.enabled,
        contributor=code_of(record.contributor_id, names),
        **stamps(record),
    )


def destination_shape(destination: Destination) -> DestinationShape:
    """A destination; of its secret only whether there is one."""
    return DestinationShape(
        kind=destination.kind.value,
        url=destination.url,
        address=destination.address,
        channel=destination.channel,
        table_base=destination.table_base,
        has_secret=destination.secret_id is not None,
    )


def entry_point_shape(record: EntryPoint, names: RecordNames) -> EntryPointShape:
    """An entry point with the name of whom it gives reports to."""
    return EntryPointShape(
        id=record.id,
        name=record.name,
        match=WordsShape(words=list(record.words), prompt=record.prompt),
        assignee=None if record.assignee is None else assignee_shape(record.assignee, names),
        severity=None if record.severity is None else record.severity.value,
        service=record.service,
        is_fallback=record.is_fallback,
        order=record.order,
        **stamps(record),
    )


def policy_shape(policy: Policy) -> PolicyShape:
    """The policy with every field, changed or not."""
    fields = {
        name: getattr(policy, name)
        for name in PolicyShape.__struct_fields__
        if name != "updated_at"
    }
    return PolicyShape(updated_at=to_text(policy.updated_at) if policy.version else None, **fields)
