"""Ways to look at the list of tickets that have a name: everybody's, and saved ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote

from tocsin.core.claims import VIEW
from tocsin.core.errors import Forbidden, NotFound
from tocsin.core.record_permissions import permit_view
from tocsin.core.records import View
from tocsin.core.view_commands import CreateView, UpdateView
from tocsin.core.views import EVERYBODYS, shown_to
from tocsin.core.words import Role
from tocsin.handler.admission import Admission
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.changes import changes_since
from tocsin.web.dashboard.filters import Filters, address, filters_of
from tocsin.web.dashboard.forms import Field, Kind, body, typed_of
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import (
    Fields,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
    Wish,
)

VIEWS: Final = "/views"
MOST_SHOWN: Final = 30
"""So many of one's own, and so many of everybody's."""
_MOST_PAIRS: Final = 100

NAME: Final = Field(name="name", label="Name", required=True, longest=100)
QUERY: Final = Field(
    name="query",
    label="Filters",
    longest=2_000,
    hint="As in the address of the list, behind the question mark.",
)
SHARED: Final = Field(name="shared", label="For everybody here", kind=Kind.FLAG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A named set of filters; ``current`` is whether these are what is looked at. ``change`` is
    where the reader changes it, None where it is not theirs to change."""

    name: str
    address: str
    current: bool
    shared: bool = True
    change: str | None = None


STANDING: Final = (
    ("Open incidents", Filters(type="incident", active="true", sort="severity")),
    ("Mine", Filters(active="true", assignee="me")),
    (
        "Maintenance ahead",
        Filters(type="maintenance", status=("planned", "in_progress"), sort="start_at"),
    ),
    ("Everything", Filters()),
)
"""What is looked at most: views that everybody has without saving them."""


def tabs(turn: ReadTurn, admitted: Admission, now: Filters | None = None) -> tuple[Tab, ...]:
    """The views that *admitted* has, as tabs over a list with the filters *now*, if any."""
    standing = (
        Tab(name=name, address=address(filters), current=filters == now)
        for name, filters in STANDING
    )
    saved = (_tab(view, admitted, now) for view in saved_views(turn, admitted))
    return (*standing, *saved)


def _tab(view: View, admitted: Admission, now: Filters | None) -> Tab:
    filters = filters_of(_fields(view.query))
    return Tab(
        name=view.name,
        address=address(filters),
        current=filters == now,
        shared=view.shared,
        change=where(view) if _may_change(view, admitted) else None,
    )


def saved_views(turn: ReadTurn, admitted: Admission) -> tuple[View, ...]:
    """The reader's own views, and those that everybody has; by name."""
    org_id, streams = admitted.org_id, list[str]()
    for whose in (admitted.member.id, EVERYBODYS):
        found = turn.select(
            "SELECT stream FROM claims WHERE org_id = ? AND kind = ? AND key > ? AND key < ?"
            " ORDER BY key LIMIT ?",
            (org_id, VIEW, f"{whose}:", f"{whose};", MOST_SHOWN),
            org_id=org_id,
        )
        streams += (stream for (stream,) in found)
    heads = turn.heads(org_id, streams)
    views = [head.state for head in heads.values() if isinstance(head.state, View)]
    return tuple(sorted(views, key=lambda view: (view.name.lower(), view.id)))


def where(view: View) -> str:
    """The page of a view, where it is changed."""
    return f"{VIEWS}/{quote(view.id, safe='')}"


def _fields(query: str) -> Fields:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(query, max_num_fields=_MOST_PAIRS, errors="replace"):
        found[name] = (*found.get(name, ()), value)
    return found


def _may(command: CreateView | UpdateView, view: View | None, admitted: Admission) -> bool:
    try:
        permit_view(command, view, admitted.access)
    except Forbidden:
        return False
    return True


def _may_change(view: View, admitted: Admission) -> bool:
    return _may(UpdateView(), view, admitted)


def may_share(admitted: Admission) -> bool:
    """Whether *admitted* may save views for everybody."""
    return _may(CreateView(view_id="", name="", query="", shared=True), None, admitted)


def _specs(visit: Visit) -> tuple[Field, ...]:
    return (NAME, QUERY, SHARED) if may_share(visit.admitted) else (NAME, QUERY)


# -- pages ---------------------------------------------------------------------------------------


def views_page(visit: Visit, filled: Filled) -> Page:
    """The reader's saved views, and the form for another one."""
    views = saved_views(visit.turn, visit.admitted)
    return page(
        visit,
        "opening/views.html",
        filled=filled,
        specs=_specs(visit),
        begin={"query": (visit.one("query")[: QUERY.longest],)},
        tabs=tuple(_tab(view, visit.admitted, None) for view in views),
        saves=visit.admitted.access.role >= Role.MEMBER,
    )


def view_page(visit: Visit, filled: Filled) -> Page:
    """One saved view, to be changed or forgotten.

    Raises:
        NotFound: there is none, or it is not the reader's to see.
        Forbidden: it is not the reader's to change.
    """
    head = visit.turn.head(visit.admitted.org_id, f"view:{visit.path['view']}")
    view = None if head is None else head.state
    if (
        not isinstance(view, View)
        or view.removed_at is not None
        or not shown_to(view, visit.admitted.access)
    ):
        raise NotFound("there is no such view here")
    permit_view(UpdateView(), view, visit.admitted.access)
    specs = (NAME, QUERY, SHARED)
    record = {"name": view.name, "query": view.query, "shared": view.shared}
    return page(
        visit,
        "opening/view.html",
        filled=filled,
        specs=specs if may_share(visit.admitted) else specs[:2],
        begin=typed_of(specs, record),
        tab=_tab(view, visit.admitted, None),
        version=view.version,
        since=changes_since(visit.turn, visit.admitted.org_id, f"view:{view.id}", filled.version),
        here=where(view),
    )


def _create(sent: Sent) -> Wish:
    said = {"query": "", **body((NAME, QUERY, SHARED), sent.typed)}
    return Wish(method="POST", path=VIEWS, body={"name": "", **said}, once=sent.once)


def _update(sent: Sent) -> Wish:
    said = {"name": "", "query": "", **body((NAME, QUERY, SHARED), sent.typed)}
    return Wish(method="PATCH", path=_of(sent), body=said, version=sent.version)


def _remove(sent: Sent) -> Wish:
    return Wish(method="DELETE", path=_of(sent))


def _of(sent: Sent) -> str:
    return f"{VIEWS}/{quote(sent.path['view'], safe='')}"


def _looked_at(_sent: Sent, told: Told) -> str:
    return address(filters_of(_fields(str(told.body["query"]))))


def _to_all(_sent: Sent, _told: Told) -> str:
    return VIEWS


PAGES: tuple[PageAt | FormAt, ...] = (
    FormAt(path=VIEWS, wish=_create, show=views_page, done=_looked_at),
    FormAt(path=f"{VIEWS}/{{view}}", wish=_update, show=view_page, done=_looked_at),
    FormAt(path=f"{VIEWS}/{{view}}/remove", wish=_remove, show=view_page, done=_to_all),
)
