"""API keys: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.core.facts import stream_name
from tocsin.core.record_commands import (
    CreateKey,
    RevokeKey,
    UpdateKey,
)
from tocsin.core.records import Key, Member
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.revealing import Secret, revealed
from tocsin.web.dashboard.administration.sheets import Column, Sheet
from tocsin.web.dashboard.forms import Field, Kind
from tocsin.web.dashboard.visits import Page, Told, Visit
from tocsin.web.dashboard.words import role_words

SOON: Final = timedelta(days=14)


def _own(visit: Visit) -> Callable[[Any], bool]:
    """Who is bound to a contributor sees the keys of that contributor's members only."""
    bound_to = visit.admitted.access.contributor_id
    if bound_to is None:
        return lambda key: True
    owners: dict[str, str | None] = {}

    def visible(key: Key) -> bool:
        if key.member_id not in owners:
            head = visit.turn.head(visit.admitted.org_id, stream_name("member", key.member_id))
            member = None if head is None else head.state
            owners[key.member_id] = member.contributor_id if isinstance(member, Member) else None
        return owners[key.member_id] == bound_to

    return visible


def _member(record: Key, names: RecordNames) -> Cell:
    member = names.member(record.member_id)
    if member is None:
        return cells.text(None, otherwise="nobody: its member is gone")
    return cells.text(member.name, href=f"/admin/members/{member.id}")


def _contributor(record: Key, names: RecordNames) -> Cell:
    member = names.member(record.member_id)
    code = None if member is None else code_of(member.contributor_id, names)
    return cells.code(code, otherwise="the whole org")


def _expiry(record: Key, names: RecordNames) -> Cell:
    return cells.when(record.expires_at, otherwise="never")


def state_of(record: Key, *, at: datetime) -> Cell:
    """Whether the key opens anything at the instant *at*, and for how long."""
    if record.revoked_at is not None:
        return cells.state("revoked", "unknown")
    if record.expires_at is None or record.expires_at > at + SOON:
        return cells.state("good", "operational")
    if record.expires_at > at:
        return cells.state("expires soon", "degraded_performance")
    return cells.state("expired", "unknown")


def _in_list(visit: Visit, records: tuple[Key, ...]) -> Mapping[str, Any]:
    return {
        "heads": ("State",),
        "cells": {one.id: (("State", state_of(one, at=visit.at)),) for one in records},
    }


def _said(record: Key, names: RecordNames) -> Mapping[str, Any]:
    return {
        "name": record.name,
        "role": record.role.value,
        "allow_cidr": list(record.allow_cidr),
        "rate_per_second": record.rate_per_second,
        "burst": record.burst,
    }


def _secret_page(visit: Visit, told: Told) -> Page:
    secret = told.body.get("secret")
    return revealed(
        visit,
        here="keys",
        title=f"The key {told.body['name']}",
        secrets=() if secret is None else (Secret(label="API key", text=str(secret)),),
        explained="Copy it now, to where it is used or to a safe for passwords. Nobody can show it"
        " again: what is kept is only enough to recognise it.",
        missed="This key was made and shown already. If nobody copied it, revoke it and make"
        " another.",
        onward=f"/admin/keys/{told.body['id']}",
        snippets=()
        if secret is None
        else (
            Secret(
                label="For the command line",
                text=f"export TOCSIN_URL={visit.public_url or 'https://…'}\n"
                f"export TOCSIN_API_KEY={secret}\ntocsin whoami",
            ),
        ),
    )


_ROLE: Final = Field(
    name="role",
    label="Role",
    kind=Kind.CHOICE,
    required=True,
    hint="The key does no more than this, and never more than its member may.",
)
_RANGES: Final = Field(
    name="allow_cidr",
    label="Only from",
    kind=Kind.LINES,
    rows=3,
    hint="Networks such as 192.0.2.0/24, one to a line. Without any it works from everywhere.",
)

KEYS: Final = Sheet(
    sort="key",
    path="keys",
    kind=Key,
    one="key",
    many="Keys",
    make="New key",
    about="Secrets that speak for a member: for programs, the command line and signing in here.",
    empty="There is none that you may see.",
    title=lambda record: record.name,
    also=lambda record: record.id,
    visible=_own,
    ordered=lambda record: (record.revoked_at is not None, record.name.casefold()),
    columns=(
        Column(label="Speaks for", of=_member),
        Column(label="Role", of=lambda one, names: cells.text(role_words(one.role))),
        Column(label="Bound to", of=_contributor),
        Column(label="Expires", of=_expiry),
    ),
    facts=(
        Column(label="Speaks for", of=_member),
        Column(label="Role", of=lambda one, names: cells.text(role_words(one.role))),
        Column(label="Bound to", of=_contributor),
        Column(label="Expires", of=_expiry),
        Column(
            label="Only from",
            of=lambda one, names: cells.codes(one.allow_cidr, otherwise="everywhere", most=50),
        ),
        Column(
            label="Rate",
            of=lambda one, names: cells.text(
                f"{one.rate_per_second} requests a second, {one.burst} at once"
            ),
        ),
        Column(label="Begins with", of=lambda one, names: cells.code(f"tk_{one.id}_")),
    ),
    said=_said,
    new=(
        Field(name="name", label="Name", required=True, hint="What it is for, such as ci."),
        Field(
            name="member",
            label="Speaks for",
            kind=Kind.CHOICE,
            hint="A person signs in with a key of their own; a program gets a service.",
        ),
        _ROLE,
        Field(
            name="contributor",
            label="Bound to",
            kind=Kind.CHOICE,
            hint="For a service. A key of a member is bound as that member is.",
        ),
        Field(
            name="expires_in_days",
            label="Good for so many days",
            kind=Kind.NUMBER,
            hint="Left out, it never expires.",
        ),
        _RANGES,
    ),
    change=(
        choosing.NAME,
        _ROLE,
        _RANGES,
        Field(
            name="rate_per_second",
            label="Requests a second",
            kind=Kind.NUMBER,
            required=True,
        ),
        Field(name="burst", label="At once", kind=Kind.NUMBER, required=True),
    ),
    seldom=frozenset({"allow_cidr", "rate_per_second", "burst"}),
    choices={
        "role": choosing.roles,
        "member": choosing.members,
        "contributor": choosing.contributors("the whole org"),
    },
    making=lambda visit: CreateKey(key_id="", name="", member_id=""),
    changing=UpdateKey(),
    removing=RevokeKey(),
    remove="Revoke",
    removed="Revoked",
    removal="The very next request with it is refused, and who signed in with it is signed out. It"
    " stays in the list, revoked; that cannot be undone.",
    reveal=_secret_page,
    template="key.html",
    beside=lambda visit, record: {"state": state_of(record, at=visit.at)},
    in_list=_in_list,
)
