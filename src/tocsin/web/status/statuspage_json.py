"""The public page as Statuspage's v2 API tells of one (Integrations: Atlassian Statuspage v2).

What Statuspage has no word for is told in the word its readers take for the same: a cancelled
maintenance is ``completed``, a cancelled incident ``resolved``. Instants are in UTC, to the
millisecond. What Statuspage keeps and we do not (tweets, showcases) has the value it has there
when nobody touched it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, assert_never

import msgspec

from tocsin.web.status.addresses import notice_address
from tocsin.web.status.document import Document, changed_at, milliseconds, milliseconds_if, plain
from tocsin.web.status.view import (
    Affected,
    GroupView,
    Kind,
    Level,
    NoticeView,
    PageView,
    ServiceView,
    UpdateView,
)

CONTENT_TYPE: Final = "application/json; charset=utf-8"
MOST: Final = 50
"""Incidents, or maintenances, in a list of those that are over as well."""

_TIME_ZONE: Final = "Etc/UTC"
_INCIDENT_WORDS: Final = ("investigating", "identified", "monitoring", "resolved")
_MAINTENANCE_WORDS: Final = ("scheduled", "in_progress", "verifying", "completed")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Whose bodies they are; stands at the head of each."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page in one word and in one line."""

    indicator: str
    description: str


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A service, or a group of them, which has ``components``."""

    id: str
    name: str
    status: str
    created_at: str
    updated_at: str
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: str
    group: bool
    only_show_if_degraded: bool
    components: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class AffectedComponent(msgspec.Struct, frozen=True, kw_only=True):
    """A service in an update; ``code`` is the id of its component where the page shows it."""

    code: str
    name: str
    old_status: str
    new_status: str


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One public update."""

    id: str
    status: str
    body: str
    incident_id: str
    created_at: str
    updated_at: str
    display_at: str
    affected_components: tuple[AffectedComponent, ...] | None
    deliver_notifications: bool
    custom_tweet: None
    tweet_id: None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident; a maintenance has its planned window too."""

    id: str
    name: str
    status: str
    created_at: str
    updated_at: str
    monitoring_at: str | None
    resolved_at: str | None
    impact: str
    shortlink: str
    started_at: str
    page_id: str
    incident_updates: tuple[Update, ...]
    components: tuple[Component, ...]
    scheduled_for: str | msgspec.UnsetType = msgspec.UNSET
    scheduled_until: str | msgspec.UnsetType = msgspec.UNSET


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer; each has some of these."""

    page: Page
    components: tuple[Component, ...] | msgspec.UnsetType = msgspec.UNSET
    incidents: tuple[Incident, ...] | msgspec.UnsetType = msgspec.UNSET
    scheduled_maintenances: tuple[Incident, ...] | msgspec.UnsetType = msgspec.UNSET
    status: State | msgspec.UnsetType = msgspec.UNSET


def summary(page: PageView) -> Document:
    """``summary.json``: the state, all components, and what is open or planned."""
    return _document(
        page,
        Body(
            page=_page(page),
            components=_components(page),
            incidents=_incidents(page, page.open),
            scheduled_maintenances=_incidents(page, page.maintenances),
            status=_state(page),
        ),
    )


def status(page: PageView) -> Document:
    """``status.json``: the state of the whole page."""
    return _document(page, Body(page=_page(page), status=_state(page)))


def components(page: PageView) -> Document:
    """``components.json``: every service and group, each group before its services."""
    return _document(page, Body(page=_page(page), components=_components(page)))


def incidents(page: PageView) -> Document:
    """``incidents.json``: the newest 50 incidents, newest first; what is open is always in it."""
    found = [notice for notice in page.past if notice.kind is Kind.INCIDENT]
    newest = [*page.open, *_newest_first(found)][:MOST]
    return _document(
        page, Body(page=_page(page), incidents=_incidents(page, _newest_first(newest)))
    )


def unresolved_incidents(page: PageView) -> Document:
    """``incidents/unresolved.json``: those that are open, newest first."""
    return _document(
        page, Body(page=_page(page), incidents=_incidents(page, _newest_first(page.open)))
    )


def scheduled_maintenances(page: PageView) -> Document:
    """``scheduled-maintenances.json``: the newest 50, newest first; those that are not over are
    always in it."""
    found = [notice for notice in page.past if notice.kind is Kind.MAINTENANCE]
    newest = _newest_first([*page.maintenances, *_newest_first(found)][:MOST])
    return _maintenances(page, newest)


def upcoming_maintenances(page: PageView) -> Document:
    """``scheduled-maintenances/upcoming.json``: those that have not begun, soonest first."""
    return _maintenances(
        page, [notice for notice in page.maintenances if _word(notice) == "scheduled"]
    )


def active_maintenances(page: PageView) -> Document:
    """``scheduled-maintenances/active.json``: those that are under way."""
    return _maintenances(
        page,
        [notice for notice in page.maintenances if _word(notice) in ("in_progress", "verifying")],
    )


FORMS: Final = {
    "summary.json": summary,
    "status.json": status,
    "components.json": components,
    "incidents.json": incidents,
    "incidents/unresolved.json": unresolved_incidents,
    "scheduled-maintenances.json": scheduled_maintenances,
    "scheduled-maintenances/upcoming.json": upcoming_maintenances,
    "scheduled-maintenances/active.json": active_maintenances,
}
"""Each form by its path under ``api/v2/``."""


def _document(page: PageView, body: Body) -> Document:
    return Document(
        body=msgspec.json.encode(body), content_type=CONTENT_TYPE, changed_at=changed_at(page)
    )


def _page(page: PageView) -> Page:
    return Page(
        id=plain(page.id),
        name=plain(page.name),
        url=plain(page.url),
        time_zone=_TIME_ZONE,
        updated_at=milliseconds(changed_at(page)),
    )


def _state(page: PageView) -> State:
    match page.level:
        case Level.OPERATIONAL:
            return State(indicator="none", description="All Systems Operational")
        case Level.MAINTENANCE:
            return State(indicator="maintenance", description="Service Under Maintenance")
        case Level.DEGRADED:
            return State(indicator="minor", description="Partially Degraded Service")
        case Level.PARTIAL:
            return State(indicator="major", description="Partial System Outage")
        case Level.MAJOR:
            return State(indicator="critical", description="Major System Outage")
        case _:
            assert_never(page.level)


def _impact(notice: NoticeView) -> str:
    match notice.worst:
        case Level.OPERATIONAL | Level.MAINTENANCE:
            return "maintenance" if notice.kind is Kind.MAINTENANCE else "none"
        case Level.DEGRADED:
            return "minor"
        case Level.PARTIAL:
            return "major"
        case Level.MAJOR:
            return "critical"
        case _:
            assert_never(notice.worst)


def _components(page: PageView) -> tuple[Component, ...]:
    """In the order of their positions; what belongs to a group stands right after it."""
    groups = {group.id: group for group in page.groups}
    members: dict[str, list[ServiceView]] = {identity: [] for identity in groups}
    rows: list[tuple[int, str, list[Component]]] = []
    for service in sorted(page.services, key=lambda one: (one.position, one.id)):
        if service.group_id in groups:
            members[service.group_id].append(service)
        else:
            rows.append((service.position, service.id, [_component(page, service)]))
    for identity, group in groups.items():
        below = [_component(page, service) for service in members[identity]]
        rows.append((group.position, identity, [_group(page, group, members[identity]), *below]))
    rows.sort(key=lambda row: row[:2])
    return tuple(component for *_, found in rows for component in found)


def _component(page: PageView, service: ServiceView) -> Component:
    known_group = any(group.id == service.group_id for group in page.groups)
    return Component(
        id=plain(service.id),
        name=plain(service.name),
        status=service.level.value,
        created_at=milliseconds(service.created_at),
        updated_at=milliseconds(service.updated_at),
        position=service.position,
        description=None if service.description is None else plain(service.description),
        showcase=True,
        start_date=milliseconds(service.created_at)[:10],
        group_id=plain(service.group_id) if known_group and service.group_id else None,
        page_id=plain(page.id),
        group=False,
        only_show_if_degraded=False,
    )


def _group(page: PageView, group: GroupView, members: Sequence[ServiceView]) -> Component:
    """A group is as old as the oldest of its *members*, and as new as the newest."""
    return Component(
        id=plain(group.id),
        name=plain(group.name),
        status=group.level.value,
        created_at=milliseconds(min((one.created_at for one in members), default=page.updated_at)),
        updated_at=milliseconds(max((one.updated_at for one in members), default=page.updated_at)),
        position=group.position,
        description=None,
        showcase=False,
        start_date=None,
        group_id=None,
        page_id=plain(page.id),
        group=True,
        only_show_if_degraded=False,
        components=tuple(plain(one.id) for one in members),
    )


def _newest_first(found: Iterable[NoticeView]) -> list[NoticeView]:
    return sorted(found, key=lambda notice: (notice.created_at, notice.id), reverse=True)


def _maintenances(page: PageView, found: Iterable[NoticeView]) -> Document:
    return _document(page, Body(page=_page(page), scheduled_maintenances=_incidents(page, found)))


def _incidents(page: PageView, found: Iterable[NoticeView]) -> tuple[Incident, ...]:
    shown = {service.id: _component(page, service) for service in page.services}
    ids = {service.code: plain(service.id) for service in page.services}
    return tuple(_incident(page, notice, shown=shown, ids=ids) for notice in found)


def _incident(
    page: PageView,
    notice: NoticeView,
    *,
    shown: Mapping[str, Component],
    ids: Mapping[str, str],
) -> Incident:
    planned = notice.kind is Kind.MAINTENANCE
    begins = notice.scheduled_for or notice.started_at
    ends = notice.scheduled_until or begins
    return Incident(
        id=plain(notice.id),
        name=plain(notice.title),
        status=_word(notice),
        created_at=milliseconds(notice.created_at),
        updated_at=milliseconds(notice.updated_at),
        monitoring_at=milliseconds_if(notice.monitoring_at),
        resolved_at=milliseconds_if(notice.resolved_at),
        impact=_impact(notice),
        shortlink=notice_address(page, notice),
        started_at=milliseconds(notice.started_at),
        page_id=plain(page.id),
        incident_updates=tuple(_update(notice, update, ids=ids) for update in notice.updates),
        components=tuple(shown[one] for one in notice.services if one in shown),
        scheduled_for=milliseconds(begins) if planned else msgspec.UNSET,
        scheduled_until=milliseconds(ends) if planned else msgspec.UNSET,
    )


def _update(notice: NoticeView, update: UpdateView, *, ids: Mapping[str, str]) -> Update:
    posted = milliseconds(update.posted_at)
    return Update(
        id=plain(update.id),
        status=_statuspage_word(update.status, notice.kind),
        body=plain(update.body),
        incident_id=plain(notice.id),
        created_at=posted,
        updated_at=milliseconds(update.edited_at or update.posted_at),
        display_at=posted,
        affected_components=tuple(_affected(one, ids=ids) for one in update.affected) or None,
        deliver_notifications=True,
        custom_tweet=None,
        tweet_id=None,
    )


def _affected(affected: Affected, *, ids: Mapping[str, str]) -> AffectedComponent:
    return AffectedComponent(
        code=ids.get(affected.code) or plain(affected.code),
        name=plain(affected.name),
        old_status=affected.before.value,
        new_status=affected.after.value,
    )


def _word(notice: NoticeView) -> str:
    return _statuspage_word(notice.status, notice.kind)


def _statuspage_word(status: str, kind: Kind) -> str:
    """*status* in Statuspage's vocabulary."""
    words = _INCIDENT_WORDS if kind is Kind.INCIDENT else _MAINTENANCE_WORDS
    if status in words:
        return status
    return words[-1] if status == "cancelled" else words[0]
