"""The picture of one status page, made of what the public was told (Domain: public updates)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tocsin.core.logos import Logo, NotALogo, read_logo
from tocsin.core.provisioning.public_facts import PublicFact
from tocsin.core.public_notices import PublicNotice
from tocsin.core.records import Service, StatusPage
from tocsin.core.words import PublicIncidentStatus, TicketType
from tocsin.web.status.standing import Span, Turn, history, spans_of, turns_on
from tocsin.web.status.view import (
    DAYS_SHOWN,
    Affected,
    GroupView,
    Kind,
    Level,
    Look,
    NoticeView,
    PageView,
    ServiceView,
    UpdateView,
    worst,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A notice with what of it counts on the page."""

    notice: PublicNotice
    turns: tuple[Turn, ...]


def picture(
    page: StatusPage,
    services: Sequence[Service],
    notices: Sequence[PublicNotice],
    *,
    now: datetime,
    url: str,
    days: int = DAYS_SHOWN,
    network: Sequence[PublicFact] | None = None,
) -> PageView:
    """What *page*, at *url*, shows the public at *now*; *network* is how devices and links are.

    Of *services* and *notices*, which may be the whole org's, it takes what belongs on it: the
    services that it lists, in that order, or if it lists none those that its updates name.
    """
    found = [_Told(notice=notice, turns=turns_on(page, notice)) for notice in notices]
    told = [one for one in found if any(turn.is_shown for turn in one.turns)]
    by_code = {service.code: service for service in services}
    shown = [by_code[code] for code in page.services or _named(told) if code in by_code]
    groups = _group_ids(page)
    spans, changed = _spans(told, until=now), _changes(told)
    standing = _standing(told)
    views = tuple(
        _service(
            service,
            is_listed=bool(page.services),
            level=worst(standing[service.code]),
            spans=spans[service.code],
            changed=changed[service.code],
            position=position,
            group_id=groups.get(service.code),
            now=now,
            days=days,
        )
        for position, service in enumerate(shown, 1)
    )
    seen = [_notice(one, by_code={service.code: service for service in shown}) for one in told]
    incidents = [one for one in seen if not one.is_over and one.kind is Kind.INCIDENT]
    planned = [one for one in seen if not one.is_over and one.kind is Kind.MAINTENANCE]
    past = [one for one in seen if one.is_over]
    return PageView(
        id=page.id,
        code=page.code,
        name=page.name,
        url=url.rstrip("/"),
        look=Look(
            accent=page.accent,
            logo=_logo(page.logo),
            support_url=page.support_url,
            about=page.about,
        ),
        made_at=now,
        updated_at=max([page.updated_at, *(one.updated_at for one in seen)]),
        level=worst([view.level for view in views]),
        services=views,
        groups=_groups(page, views),
        open=tuple(sorted(incidents, key=lambda one: (-one.level.rank, one.created_at, one.ref))),
        maintenances=tuple(sorted(planned, key=lambda one: (one.started_at, one.ref))),
        network=network if page.shows_network else None,
        past=tuple(sorted(past, key=lambda one: (_ended_at(one), one.ref), reverse=True)),
    )


def _logo(text: str | None) -> Logo | None:
    """The page's own picture; None too for one that is not taken any more."""
    try:
        return None if text is None else read_logo(text)
    except NotALogo:
        return None


def _ended_at(notice: NoticeView) -> datetime:
    return notice.resolved_at or notice.updated_at


def _named(told: Iterable[_Told]) -> list[str]:
    """Every service that is named, by code."""
    return sorted({code for one in told for turn in one.turns for code in turn.named})


def _standing(told: Iterable[_Told]) -> Mapping[str, list[Level]]:
    """The levels that notices have services at now, by code."""
    standing: dict[str, list[Level]] = defaultdict(list)
    for one in told:
        for code, level in one.turns[-1].after.items():
            standing[code].append(level)
    return standing


def _spans(told: Iterable[_Told], *, until: datetime) -> Mapping[str, list[Span]]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for one in told:
        for code, span in spans_of(one.turns, ref=one.notice.ref, until=until):
            spans[code].append(span)
    return spans


def _changes(told: Iterable[_Told]) -> Mapping[str, list[datetime]]:
    """When services were said to stand otherwise, by code."""
    changed: dict[str, list[datetime]] = defaultdict(list)
    for one in told:
        for turn in one.turns:
            for code in turn.named:
                if turn.before.get(code) is not turn.after.get(code):
                    changed[code].append(turn.words.posted_at)
    return changed


def _service(
    service: Service,
    *,
    is_listed: bool,
    level: Level,
    spans: Sequence[Span],
    changed: Sequence[datetime],
    position: int,
    group_id: str | None,
    now: datetime,
    days: int,
) -> ServiceView:
    past = history(spans, level=level, since=service.created_at, now=now, days=days)
    return ServiceView(
        id=service.id,
        code=service.code,
        name=service.name,
        # What it is was written for the public only where somebody put it on a page.
        description=service.description if is_listed else None,
        level=level,
        created_at=service.created_at,
        updated_at=max([service.created_at, *changed]),
        position=position,
        group_id=group_id,
        days=past.days,
        uptime=past.uptime,
    )


def _group_id(page: StatusPage, name: str) -> str:
    """The same for as long as the group is called so."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tocsin:status-page:{page.id}:group:{name}"))


def _group_ids(page: StatusPage) -> Mapping[str, str]:
    """The group of each service, by code."""
    return {code: _group_id(page, group.name) for group in page.groups for code in group.services}


def _groups(page: StatusPage, services: Sequence[ServiceView]) -> tuple[GroupView, ...]:
    """The page's groups that have services, where the first of these stands."""
    found: list[GroupView] = []
    for group in page.groups:
        members = [one for one in services if one.group_id == _group_id(page, group.name)]
        if members:
            found.append(
                GroupView(
                    id=_group_id(page, group.name),
                    name=group.name,
                    level=worst([one.level for one in members]),
                    position=members[0].position,
                    services=tuple(one.id for one in members),
                )
            )
    return tuple(found)


def _notice(told: _Told, *, by_code: Mapping[str, Service]) -> NoticeView:
    notice, turns = told.notice, told.turns
    shown = [turn for turn in turns if turn.is_shown]
    first, last = shown[0].words, turns[-1].words
    monitored = [
        turn.words.posted_at
        for turn in shown
        if turn.words.status == PublicIncidentStatus.MONITORING
    ]
    view = NoticeView(
        id=notice.id,
        ref=notice.ref,
        kind=Kind.MAINTENANCE if notice.kind is TicketType.MAINTENANCE else Kind.INCIDENT,
        title=shown[-1].words.title,
        status=last.status,
        severity=notice.severity.value,
        level=worst([*turns[-1].after.values()]),
        worst=worst([level for turn in turns for level in turn.after.values()]),
        started_at=notice.start_at or first.posted_at,
        created_at=first.posted_at,
        updated_at=max(
            [last.posted_at, *(turn.words.edited_at or turn.words.posted_at for turn in shown)]
        ),
        resolved_at=None,
        monitoring_at=monitored[0] if monitored else None,
        scheduled_for=notice.start_at,
        scheduled_until=notice.end_at,
        rca_url=notice.rca_url,
        updates=tuple(_update(turn, by_code=by_code) for turn in reversed(shown)),
        services=tuple(by_code[code].id for code in _named([told]) if code in by_code),
    )
    return replace(view, resolved_at=last.posted_at) if view.is_over else view


def _update(turn: Turn, *, by_code: Mapping[str, Service]) -> UpdateView:
    return UpdateView(
        id=turn.words.id,
        status=turn.words.status,
        body=turn.words.body,
        posted_at=turn.words.posted_at,
        edited_at=turn.words.edited_at,
        affected=tuple(
            Affected(
                code=code,
                name=by_code[code].name if code in by_code else code,
                before=turn.before.get(code, Level.OPERATIONAL),
                after=turn.after.get(code, Level.OPERATIONAL),
            )
            for code in turn.named
        ),
    )
