"""What the org offers and shows: services, status pages, and where reports in free text go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.core.claims import SERVICE_CODE, STATUS_PAGE_CODE
from tocsin.core.record_commands import (
    CreateEntryPoint,
    CreateService,
    CreateStatusPage,
    RemoveEntryPoint,
    RemoveService,
    RemoveStatusPage,
    UpdateEntryPoint,
    UpdateService,
    UpdateStatusPage,
)
from tocsin.core.records import EntryPoint, Service, StatusPage
from tocsin.core.status_pages import MOST_GROUPS
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.sheets import Column, Rows, Sheet
from tocsin.web.dashboard.forms import Field, Kind

# -- services -------------------------------------------------------------------------------------


def _known(record: Service, names: RecordNames) -> Cell:
    if record.discovered:
        return cells.state("discovered, look at it", "degraded_performance")
    return cells.state("known", "operational")


_SERVICE: Final = (
    choosing.CODE,
    choosing.NAME,
    Field(
        name="description",
        label="Description",
        kind=Kind.WORDS,
        longest=10_000,
        hint="For those who work here. The public sees the name only.",
    ),
)

SERVICES: Final = Sheet(
    sort="service",
    path="services",
    kind=Service,
    one="service",
    many="Services",
    make="New service",
    about="Things that users depend on. One that an alert or ticket named first is discovered until"
    " somebody has looked at it.",
    empty="None is named yet. Tickets say which services they affect, and status pages show them.",
    claims=(SERVICE_CODE,),
    title=lambda record: record.name,
    also=lambda record: record.code,
    columns=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="State", of=_known),
    ),
    facts=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="State", of=_known),
        Column(
            label="Description",
            of=lambda one, names: cells.prose(one.description, otherwise="none"),
        ),
    ),
    said=lambda one, names: {
        "code": one.code,
        "name": one.name,
        "description": one.description,
    },
    new=_SERVICE,
    change=_SERVICE,
    making=lambda visit: CreateService(service_id="", code="", name=""),
    changing=UpdateService(),
    removing=RemoveService(),
    removal="Tickets that name it keep its code.",
)

# -- status pages ---------------------------------------------------------------------------------


def _said_of_page(record: StatusPage, names: RecordNames) -> Mapping[str, Any]:
    return {
        "code": record.code,
        "name": record.name,
        "services": list(record.services),
        "groups": [{"name": one.name, "services": list(one.services)} for one in record.groups],
        "time_zone": record.time_zone,
        "about": record.about,
        "support_url": record.support_url,
        "accent": record.accent,
        "shows_network": record.shows_network,
    }


def _public(record: StatusPage, names: RecordNames) -> Cell:
    return cells.code(f"/status/{record.code}", href=f"/status/{record.code}")


_PAGE: Final = (
    Field(
        name="code",
        label="Code",
        required=True,
        longest=32,
        hint="Part of its public address, /status/…: a-z, 0-9 and hyphens; unique on this server.",
    ),
    choosing.NAME,
    Field(
        name="services",
        label="Services",
        kind=Kind.LISTED,
        longest=8_000,
        suggest="service",
        hint="By code, in the order they are shown. Without any it is about the whole org.",
    ),
    Field(name="about", label="What stands at its top", kind=Kind.WORDS, longest=2_000),
    Field(
        name="support_url",
        label="Where users ask",
        longest=2_000,
        hint="Begins with https://.",
    ),
    Field(
        name="time_zone",
        label="Time zone of its days",
        required=True,
        longest=64,
        hint="Such as UTC or Europe/Berlin.",
    ),
    Field(name="accent", label="Colour", longest=7, hint="Such as #1f6feb."),
    Field(
        name="shows_network",
        label="Shows which devices and links are healthy",
        kind=Kind.FLAG,
        hint="Their codes, whether each is healthy, in maintenance or in an incident, since when.",
    ),
)

STATUS_PAGES: Final = Sheet(
    sort="status_page",
    path="status-pages",
    kind=StatusPage,
    one="status page",
    many="Status pages",
    make="New status page",
    about="What the public is shown. Only public updates ever appear there.",
    empty="The public is shown nothing. A status page says how services are, and what was said of"
    " incidents.",
    claims=(STATUS_PAGE_CODE,),
    title=lambda record: record.name,
    also=lambda record: record.code,
    columns=(
        Column(label="Public address", of=_public),
        Column(
            label="Services",
            of=lambda one, names: cells.codes(one.services, otherwise="the whole org"),
        ),
    ),
    facts=(
        Column(label="Public address", of=_public),
        Column(
            label="Services",
            of=lambda one, names: cells.codes(one.services, otherwise="the whole org", most=200),
        ),
        Column(
            label="Groups",
            of=lambda one, names: cells.every(
                [f"{group.name}: {', '.join(group.services)}" for group in one.groups],
                otherwise="none",
            ),
        ),
        Column(label="Time zone", of=lambda one, names: cells.text(one.time_zone)),
        Column(
            label="At its top", of=lambda one, names: cells.prose(one.about, otherwise="nothing")
        ),
        Column(
            label="Where users ask",
            of=lambda one, names: cells.code(one.support_url, otherwise="not said"),
        ),
        Column(label="Colour", of=lambda one, names: cells.code(one.accent, otherwise="Tocsin's")),
        Column(
            label="Devices and links",
            of=lambda one, names: cells.text("shown" if one.shows_network else "not shown"),
        ),
    ),
    said=_said_of_page,
    new=_PAGE,
    change=_PAGE,
    begin={"time_zone": ("UTC",)},
    rows=(
        Rows(
            name="groups",
            label="Groups",
            one="Group",
            hint="Services that are shown together, under a name. Each is in one at most.",
            most=MOST_GROUPS,
            fields=(
                Field(name="name", label="Name"),
                Field(
                    name="services",
                    label="Services, by code",
                    kind=Kind.LISTED,
                    longest=8_000,
                    suggest="service",
                ),
            ),
        ),
    ),
    making=lambda visit: CreateStatusPage(status_page_id="", code="", name=""),
    changing=UpdateStatusPage(),
    removing=RemoveStatusPage(),
    removal="The public is shown nothing at that address any more, and those who follow it hear"
    " nothing. What was said to the public stays in the tickets.",
)

# -- entry points ---------------------------------------------------------------------------------


def _assignee(record: EntryPoint, names: RecordNames) -> Cell:
    if record.assignee is None:
        return cells.text(None, otherwise="nobody")
    if record.assignee.kind == "member":
        member = names.member(record.assignee.id)
        if member is not None:
            return cells.text(member.name, href=f"/admin/members/{member.id}")
    contributor = names.contributor(record.assignee.id)
    if contributor is not None:
        return cells.text(contributor.name, href=f"/admin/contributors/{contributor.id}")
    return cells.state("is gone", "degraded_performance")


def _said_of_entry_point(record: EntryPoint, names: RecordNames) -> Mapping[str, Any]:
    assignee = None if record.assignee is None else record.assignee.id
    if record.assignee is not None and record.assignee.kind == "contributor":
        contributor = names.contributor(record.assignee.id)
        assignee = None if contributor is None else contributor.code
    return {
        "name": record.name,
        "order": record.order,
        "is_fallback": record.is_fallback,
        "match": {"words": list(record.words), "prompt": record.prompt},
        "assignee": assignee,
        "severity": None if record.severity is None else record.severity.value,
        "service": record.service,
    }


_ENTRY_POINT: Final = (
    choosing.NAME,
    Field(
        name="order",
        label="Order",
        kind=Kind.NUMBER,
        required=True,
        hint="The lowest is asked first.",
    ),
    Field(
        name="match.words",
        label="Words",
        kind=Kind.LINES,
        hint="A report with any of these comes here. Words or phrases, one to a line, in any case.",
    ),
    Field(
        name="match.prompt",
        label="What it is for",
        kind=Kind.WORDS,
        longest=2_000,
        hint="As a language model is told, where one is set up.",
    ),
    Field(name="is_fallback", label="Takes what fits nowhere else", kind=Kind.FLAG),
    Field(
        name="assignee",
        label="Given to",
        kind=Kind.CHOICE,
        hint="A member or a contributor.",
    ),
    Field(name="severity", label="Severity", kind=Kind.CHOICE),
    Field(name="service", label="Service", kind=Kind.CHOICE),
)

ENTRY_POINTS: Final = Sheet(
    sort="entry_point",
    path="entry-points",
    kind=EntryPoint,
    one="entry point",
    many="Entry points",
    make="New entry point",
    about="Where a report in free text goes: asked in this order, the first with a word of it takes"
    " it, else the fallback.",
    empty="Reports in free text go to nobody in particular. An entry point says whom they are for.",
    title=lambda record: record.name,
    ordered=lambda record: (record.is_fallback, record.order),
    columns=(
        Column(
            label="Order",
            of=lambda one, names: cells.text("fallback" if one.is_fallback else one.order),
        ),
        Column(
            label="Words",
            of=lambda one, names: cells.codes(one.words, otherwise="none"),
        ),
        Column(label="Given to", of=_assignee),
    ),
    facts=(
        Column(
            label="Order",
            of=lambda one, names: cells.text(
                "the fallback: takes what fits nowhere else" if one.is_fallback else one.order
            ),
        ),
        Column(label="Words", of=lambda one, names: cells.every(one.words, otherwise="none")),
        Column(label="What it is for", of=lambda one, names: cells.prose(one.prompt, otherwise="")),
        Column(label="Given to", of=_assignee),
        Column(
            label="Severity",
            of=lambda one, names: cells.text(
                None if one.severity is None else one.severity.value, otherwise="as it is reported"
            ),
        ),
        Column(label="Service", of=lambda one, names: cells.code(one.service, otherwise="none")),
    ),
    said=_said_of_entry_point,
    new=_ENTRY_POINT,
    change=_ENTRY_POINT,
    begin={"order": ("0",)},
    choices={
        "assignee": choosing.assignees,
        "severity": choosing.severities,
        "service": choosing.services,
    },
    making=lambda visit: CreateEntryPoint(entry_point_id="", name=""),
    changing=UpdateEntryPoint(),
    removing=RemoveEntryPoint(),
    removal="Such reports go where the others say. Tickets that it opened stay as they are.",
)
