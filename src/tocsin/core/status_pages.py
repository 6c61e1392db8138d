"""Status pages: what an org shows the public, where, and of which services (API: status pages).

What is said there is said by public updates only; here is which page says it. How devices and links
are it shows where an administrator wants that, in one word each.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import STATUS_PAGE_CODE
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.logos import NotALogo, read_logo
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateStatusPage,
    PageGroupDraft,
    RemoveStatusPage,
    UpdateStatusPage,
)
from tocsin.core.record_facts import RecordRemoved, RecordUpdated, StatusPageCreated
from tocsin.core.records import PageGroup, StatusPage

LONGEST_SLUG: Final = 32
LONGEST_ZONE: Final = 64
LONGEST_ABOUT: Final = 2_000
MOST_SHOWN: Final = 200
"""Services on one page."""
MOST_GROUPS: Final = 50

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,3}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def is_slug(text: str) -> bool:
    """Whether *text* can be the code of a status page: 1 to 32 of ``a-z 0-9 -``, no hyphen at
    either end."""
    return _SLUG.fullmatch(text) is not None


def shows(page: StatusPage, *, pages: Collection[str], services: Collection[str]) -> bool:
    """Whether *page* has a public update that names these *pages* and *services* (codes).

    An update that names pages, each by code or id, is on those and on no other. One that names
    none is on every page of the org that has one of its services; it is on all of them if it has no
    service. A page that lists no services is about the whole org: it has every such update.
    """
    if pages:
        return page.code in pages or page.id in pages
    if not services or not page.services:
        return True
    return any(code in services for code in page.services)


def decide_status_page(
    state: StatusPage | None,
    command: CreateStatusPage | UpdateStatusPage | RemoveStatusPage,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for a status page; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, or a page of this or another org has its code.
        Invalid: fields are wrong, a service is not known, or a group has what the page has not.
        NotFound: there is no such status page.
    """
    match command:
        case CreateStatusPage():
            read.absent(state, "status page")
            errors: read.Errors = []
            services = _services(command.services, given=given, errors=errors)
            made = StatusPageCreated(
                code=_slug(command.code, errors=errors),
                name=read.name(command.name, errors=errors),
                services=services,
                groups=_groups(command.groups, shown=services, given=given, errors=errors),
                time_zone=_zone(command.time_zone, errors=errors),
                about=_about(command.about, errors=errors),
                support_url=_support_url(command.support_url, errors=errors),
                accent=_accent(command.accent, errors=errors),
                logo=_logo(command.logo, errors=errors),
                shows_network=command.shows_network,
            )
            read.refuse(errors)
            stream = stream_name("status_page", command.status_page_id)
            read.refuse_taken([("code", (STATUS_PAGE_CODE, made.code))], stream=stream, given=given)
            return (made,)
        case UpdateStatusPage():
            return _changes(read.existing(state, "status page"), command, given)
        case RemoveStatusPage():
            read.existing(state, "status page")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _changes(state: StatusPage, command: UpdateStatusPage, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.code, NotGiven):
        wanted["code"] = _slug(command.code, errors=errors)
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    services = state.services
    if not isinstance(command.services, NotGiven):
        wanted["services"] = services = _services(command.services, given=given, errors=errors)
    if not isinstance(command.groups, NotGiven):
        wanted["groups"] = _groups(command.groups, shown=services, given=given, errors=errors)
    elif services != state.services:
        wanted["groups"] = _kept_groups(state.groups, shown=services)
    if not isinstance(command.time_zone, NotGiven):
        wanted["time_zone"] = _zone(command.time_zone, errors=errors)
    if not isinstance(command.about, NotGiven):
        wanted["about"] = _about(command.about, errors=errors)
    if not isinstance(command.support_url, NotGiven):
        wanted["support_url"] = _support_url(command.support_url, errors=errors)
    if not isinstance(command.accent, NotGiven):
        wanted["accent"] = _accent(command.accent, errors=errors)
    if not isinstance(command.logo, NotGiven):
        wanted["logo"] = _logo(command.logo, errors=errors)
    if not isinstance(command.shows_network, NotGiven):
        wanted["shows_network"] = command.shows_network
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (STATUS_PAGE_CODE, command.code))],
            stream=stream_name("status_page", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _slug(value: str, *, errors: read.Errors) -> str:
    if not value:
        errors.append(FieldError("code", "required", "must not be empty"))
    elif len(value) > LONGEST_SLUG:
        errors.append(FieldError("code", "too_long", f"has more than {LONGEST_SLUG} characters"))
    elif not is_slug(value):
        detail = "may have a-z, 0-9 and hyphens between them: it is part of a public address"
        errors.append(FieldError("code", "bad_character", detail))
    return value


def _services(
    names: tuple[str, ...], *, given: Given, errors: read.Errors, field: str = "services"
) -> tuple[str, ...]:
    """The codes of services that are known, in the order in which they are named."""
    if len(names) > MOST_SHOWN:
        errors.append(FieldError(field, "too_many", f"more than {MOST_SHOWN} services"))
        return ()
    found: list[str] = []
    for index, name in enumerate(names):
        service = given.directory.service(name)
        if service is None:
            detail = f'no service "{name[:64]}" is known'
            errors.append(FieldError(f"{field}[{index}]", "unknown_service", detail))
        elif service.code in found:
            detail = f"{service.code} is named twice"
            errors.append(FieldError(f"{field}[{index}]", "duplicate", detail))
        else:
            found.append(service.code)
    return tuple(found)


def _groups(
    drafts: tuple[PageGroupDraft, ...],
    *,
    shown: tuple[str, ...],
    given: Given,
    errors: read.Errors,
) -> tuple[PageGroup, ...]:
    """Groups with names of their own, of services that the page lists, each in one at most."""
    if len(drafts) > MOST_GROUPS:
        errors.append(FieldError("groups", "too_many", f"more than {MOST_GROUPS} groups"))
        return ()
    found: list[PageGroup] = []
    names: set[str] = set()
    grouped: set[str] = set()
    for index, draft in enumerate(drafts):
        field = f"groups[{index}]"
        name = read.name(draft.name, field=f"{field}.name", errors=errors)
        if name.casefold() in names:
            detail = f'another group is called "{name[:64]}"'
            errors.append(FieldError(f"{field}.name", "duplicate", detail))
        names.add(name.casefold())
        before = len(errors)
        services = _services(draft.services, given=given, errors=errors, field=f"{field}.services")
        if not services and len(errors) == before:
            detail = "a group needs a service"
            errors.append(FieldError(f"{field}.services", "required", detail))
        for code in services:
            if code not in shown:
                detail = f"{code} is not among the services of the page"
                errors.append(FieldError(f"{field}.services", "not_shown", detail))
            elif code in grouped:
                detail = f"{code} is in another group already"
                errors.append(FieldError(f"{field}.services", "duplicate", detail))
            grouped.add(code)
        found.append(PageGroup(name=name, services=services))
    return tuple(found)


def _kept_groups(groups: tuple[PageGroup, ...], *, shown: tuple[str, ...]) -> tuple[PageGroup, ...]:
    """The groups without the services that the page no longer lists; empty ones go."""
    kept = (
        PageGroup(name=one.name, services=tuple(code for code in one.services if code in shown))
        for one in groups
    )
    return tuple(one for one in kept if one.services)


def _zone(value: str, *, errors: read.Errors) -> str:
    """The name of a time zone by its form; which there are is not for the core to know."""
    if len(value) > LONGEST_ZONE or _ZONE.fullmatch(value) is None:
        detail = "is not the name of a time zone such as Europe/Berlin"
        errors.append(FieldError("time_zone", "unknown_zone", detail))
    return value


def _about(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="about", longest=LONGEST_ABOUT, errors=errors)


def _support_url(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    before = len(errors)
    read.url(value, field="support_url", errors=errors)
    if len(errors) == before and value[:8].lower() != "https://":
        errors.append(FieldError("support_url", "bad_address", "must begin with https://"))
    return value


def _logo(value: str | None, *, errors: read.Errors) -> str | None:
    """A picture in base64, as it was given."""
    if value is not None:
        try:
            read_logo(value)
        except NotALogo as wrong:
            errors.append(FieldError("logo", "bad_picture", str(wrong)))
    return value


def _accent(value: str | None, *, errors: read.Errors) -> str | None:
    """A colour in hexadecimal, in lower case."""
    if value is None:
        return None
    if _COLOUR.fullmatch(value) is None:
        errors.append(FieldError("accent", "bad_colour", "is not a colour such as #1f6feb"))
    return value.lower()
