"""Endpoints of status pages: what the public is shown, and where (API: status pages)."""

from __future__ import annotations

from functools import cache
from typing import Final
from zoneinfo import available_timezones

from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.records import (
    Sort,
    listing,
    making,
    patching,
    posting,
    putting,
    reading,
    removing,
)
from tocsin.adapters.rest.status_page_bodies import (
    GroupBody,
    GroupShape,
    LogoShape,
    StatusPageBody,
    StatusPagePatch,
    StatusPagePut,
    StatusPageShape,
)
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.errors import invalid
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.logos import read_logo
from tocsin.core.record_commands import (
    CreateStatusPage,
    PageGroupDraft,
    RemoveStatusPage,
    UpdateStatusPage,
)
from tocsin.core.records import StatusPage
from tocsin.projections.shapes.assets import stamps
from tocsin.projections.shapes.record_names import RecordNames


def status_page_shape(record: StatusPage, names: RecordNames) -> StatusPageShape:
    """A status page with the path of its public address."""
    return StatusPageShape(
        id=record.id,
        code=record.code,
        name=record.name,
        path=f"/status/{record.code}",
        services=list(record.services),
        groups=[GroupShape(name=one.name, services=list(one.services)) for one in record.groups],
        time_zone=record.time_zone,
        about=record.about,
        support_url=record.support_url,
        accent=record.accent,
        logo=_logo_shape(record),
        shows_network=record.shows_network,
        **stamps(record),
    )


def _logo_shape(record: StatusPage) -> LogoShape | None:
    if record.logo is None:
        return None
    logo = read_logo(record.logo)
    return LogoShape(
        path=f"/status/{record.code}/{logo.name}?v={logo.digest}",
        content_type=logo.content_type,
        width=logo.width,
        height=logo.height,
    )


STATUS_PAGES: Final = Sort(
    sort="status_page",
    path="status-pages",
    kind=StatusPage,
    shape=StatusPageShape,
    show=status_page_shape,
    named="By code or id.",
)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) | {"UTC"}


def _known_zone(name: str) -> str:
    if name not in _zones():
        detail = f'no time zone "{name}" is known; say one such as Europe/Berlin'
        raise invalid("time_zone", "unknown_zone", detail)
    return name


def _drafts(groups: list[GroupBody]) -> tuple[PageGroupDraft, ...]:
    return tuple(PageGroupDraft(name=one.name, services=tuple(one.services)) for one in groups)


def _new(body: StatusPagePut, code: str, identity: str) -> CreateStatusPage:
    return CreateStatusPage(
        status_page_id=identity,
        code=code,
        name=body.name,
        services=tuple(body.services),
        groups=_drafts(body.groups),
        time_zone=_known_zone(body.time_zone),
        about=body.about,
        support_url=body.support_url,
        accent=body.accent,
        logo=body.logo,
        shows_network=body.shows_network,
    )


def _change(body: StatusPagePatch) -> Command:
    return UpdateStatusPage(
        code=given(body.code),
        name=given(body.name),
        services=tuple(body.services) if isinstance(body.services, list) else NOT_GIVEN,
        groups=_drafts(body.groups) if isinstance(body.groups, list) else NOT_GIVEN,
        time_zone=_known_zone(body.time_zone) if isinstance(body.time_zone, str) else NOT_GIVEN,
        about=given(body.about),
        support_url=given(body.support_url),
        accent=given(body.accent),
        logo=given(body.logo),
        shows_network=given(body.shows_network),
    )


_ACME: Final = {
    "name": "Acme",
    "services": ["api"],
    "groups": [{"name": "Web", "services": ["api"]}],
    "time_zone": "Europe/Berlin",
    "accent": "#1f6feb",
}

ENDPOINTS: tuple[Endpoint, ...] = (
    listing(STATUS_PAGES),
    posting(
        STATUS_PAGES,
        making(STATUS_PAGES, _new),
        body=StatusPageBody,
        summary="Show the public how services are.",
        description=(
            "At `path` of this server. Only public updates are ever shown there: one that names"
            " pages on those, any other on every page that has one of its services, and on all of"
            " them if it has none. A page without services has every update that names no page."
            " With `shows_network` it shows how the devices and links in service are as well."
        ),
        example={"code": "main", **_ACME},
    ),
    reading(STATUS_PAGES),
    patching(STATUS_PAGES, _change, body=StatusPagePatch, example={"services": ["api"]}),
    putting(STATUS_PAGES, _new, body=StatusPagePut, example=_ACME),
    removing(
        STATUS_PAGES,
        RemoveStatusPage(),
        summary="Show the public nothing there any more.",
        description="Its address is free again; what was said to the public stays in the tickets.",
    ),
)
