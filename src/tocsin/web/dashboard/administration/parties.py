"""Contributors, with whom to reach there, and members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tocsin.core.claims import CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY
from tocsin.core.contributors import MOST_CONTACTS
from tocsin.core.errors import Forbidden
from tocsin.core.record_commands import (
    ContactDraft,
    CreateContributor,
    CreateKey,
    CreateMember,
    IssueLinkCode,
    RemoveContributor,
    RemoveMember,
    UpdateContributor,
    UpdateMember,
)
from tocsin.core.record_permissions import permit_sign_in_link
from tocsin.core.records import Contributor, Device, Key, Link, Member
from tocsin.core.words import ContactMethod, Role
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.administration import cells, choosing
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.finding import every, may
from tocsin.web.dashboard.administration.revealing import Secret, revealed
from tocsin.web.dashboard.administration.sheets import Act, Column, Rows, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.visits import Page, Sent, Told, Visit, Wish
from tocsin.web.dashboard.words import role_words

_MOST_LOOKED_AT: Final = 2_000

_METHODS: Final = {
    ContactMethod.PHONE: "Phone",
    ContactMethod.EMAIL: "E-mail",
    ContactMethod.SLACK: "Slack",
    ContactMethod.OTHER: "Other",
}

# -- contributors ---------------------------------------------------------------------------------


def _said(record: Contributor, names: RecordNames) -> Mapping[str, Any]:
    return {
        "code": record.code,
        "name": record.name,
        "pubkey": record.pubkey,
        "slack_handle": record.slack_handle,
        "slack_user_group": record.slack_user_group,
        "contacts": [
            {
                "name": one.name,
                "method": one.method.value,
                "address": one.address,
                "hours": one.hours,
                "order": one.order,
            }
            for one in record.contacts
        ],
    }


def _in_order(body: dict[str, Any], change: bool) -> dict[str, Any]:
    """A contact of which no order is said comes behind the one above it."""
    order = 0
    for contact in body.get("contacts", ()):
        order = contact.setdefault("order", order + 1)
    return body


def _own_things(visit: Visit, record: Contributor) -> Mapping[str, Any]:
    turn, org_id = visit.turn, visit.admitted.org_id
    counts = {
        "members": every(turn, org_id, Member, "member", limit=_MOST_LOOKED_AT),
        "devices": every(turn, org_id, Device, "device", limit=_MOST_LOOKED_AT),
        "links": every(turn, org_id, Link, "link", limit=_MOST_LOOKED_AT),
    }
    return {
        "contacts": record.contacts,
        "methods": _METHODS,
        "owned": {
            name: sum(one.contributor_id == record.id for one in found)
            for name, found in counts.items()
        },
    }


_PARTY: Final = (
    choosing.CODE,
    choosing.NAME,
    Field(
        name="pubkey",
        label="Pubkey",
        required=True,
        longest=64,
        hint="Its ed25519 public key in base58. What its members do is recorded under it.",
    ),
    Field(name="slack_handle", label="Slack handle", longest=100, hint="Such as @alpha-noc."),
    Field(
        name="slack_user_group",
        label="Slack user group",
        longest=100,
        hint="Named where a ticket affects it.",
    ),
)

CONTRIBUTORS: Final = Sheet(
    sort="contributor",
    path="contributors",
    kind=Contributor,
    one="contributor",
    many="Contributors",
    make="New contributor",
    about="Organisations that run part of the network, and whom to reach there.",
    empty="None is taken in yet. A contributor owns devices and links, and its members act for it.",
    claims=(CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY),
    title=lambda record: record.name,
    also=lambda record: record.code,
    columns=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(
            label="First to call",
            of=lambda one, names: _first(one),
        ),
        Column(
            label="Contacts",
            of=lambda one, names: cells.text(len(one.contacts) or None, otherwise="none"),
        ),
    ),
    facts=(
        Column(label="Code", of=lambda one, names: cells.code(one.code)),
        Column(label="Pubkey", of=lambda one, names: cells.code(one.pubkey)),
        Column(
            label="Slack",
            of=lambda one, names: cells.codes(
                [text for text in (one.slack_handle, one.slack_user_group) if text],
                otherwise="not said",
            ),
        ),
    ),
    said=_said,
    new=_PARTY,
    change=_PARTY,
    rows=(
        Rows(
            name="contacts",
            label="Contacts",
            one="Contact",
            hint="Whom to call, the lowest order first, and when (24x7). Members see them in the"
            " war room.",
            most=MOST_CONTACTS,
            changing=UpdateContributor(
                contacts=(ContactDraft(name="", method="phone", address=""),)
            ),
            fields=(
                Field(name="name", label="Name"),
                Field(
                    name="method",
                    label="By",
                    kind=Kind.CHOICE,
                    choices=tuple(
                        Choice(value=method.value, text=text) for method, text in _METHODS.items()
                    ),
                ),
                Field(name="address", label="Number or address"),
                Field(name="hours", label="Hours"),
                Field(name="order", label="Order", kind=Kind.NUMBER),
            ),
        ),
    ),
    finished=_in_order,
    making=lambda visit: CreateContributor(contributor_id="", code="", name="", pubkey=""),
    changing=UpdateContributor(),
    removing=RemoveContributor(),
    removal="It may own nothing any more: no device, link, member or route. Tickets keep its name.",
    template="contributor.html",
    beside=_own_things,
)


def _first(record: Contributor) -> Cell:
    if not record.contacts:
        return cells.state("nobody to call", "degraded_performance")
    first = min(record.contacts, key=lambda one: one.order)
    return cells.text(f"{first.name}, {first.address}")


# -- members --------------------------------------------------------------------------------------


def _said_of_member(record: Member, names: RecordNames) -> Mapping[str, Any]:
    return {
        "name": record.name,
        "role": record.role.value,
        "email": record.email,
        "contributor": code_of(record.contributor_id, names),
        "slack_user_id": record.slack_user_id,
        "slack_team_id": record.slack_team_id,
    }


def _keys_of(visit: Visit, record: Member) -> Mapping[str, Any]:
    """The member's keys, for who may read keys."""
    from_bound = visit.admitted.contributor
    reads = visit.admitted.access.role >= Role.SRE_LEAD and (
        from_bound is None or record.contributor_id == from_bound.id
    )
    if not reads:
        return {"keys": None, "may_make_key": False}
    turn, org_id = visit.turn, visit.admitted.org_id
    found = every(turn, org_id, Key, "key", limit=_MOST_LOOKED_AT)
    return {
        "keys": sorted(
            (one for one in found if one.member_id == record.id),
            key=lambda one: one.created_at,
            reverse=True,
        ),
        "may_make_key": record.removed_at is None
        and may(visit, CreateKey(key_id="", name="", member_id=record.id), None),
    }


def _link_code_page(visit: Visit, told: Told) -> Page:
    code = told.body.get("command")
    return revealed(
        visit,
        here="members",
        title="A code for Slack",
        secrets=() if code is None else (Secret(label="Say this in Slack", text=str(code)),),
        explained="Whoever says it within 15 minutes is this member there from then on. A code"
        " given out before is good no more.",
        onward=f"/admin/members/{quote(visit.path['name'], safe='')}",
    )


def _of(record: Member, names: RecordNames) -> Cell:
    code = code_of(record.contributor_id, names)
    return cells.code(code, otherwise="the whole org")


def _own_or_theirs(visit: Visit, record: Member) -> bool:
    return may(visit, IssueLinkCode(digest=""), record)


def _ask_link_code(sent: Sent) -> Wish:
    return _ask_of_member(sent, "link-code")


def _ask_of_member(sent: Sent, what: str) -> Wish:
    return Wish(
        method="POST", path=f"/members/{quote(sent.path['name'], safe='')}/{what}", once=sent.once
    )


def _sign_in_link_page(visit: Visit, told: Told) -> Page:
    return revealed(
        visit,
        here="members",
        title="A link to sign in",
        secrets=(
            Secret(
                label="Address",
                text=str(told.body["url"]),
                hint="Open it in the browser that shall be signed in.",
            ),
        ),
        explained="It is good once, for 15 minutes. Whoever opens it is this member, for a week at"
        " most, by a key called browser that can be revoked.",
        onward=f"/admin/members/{quote(visit.path['name'], safe='')}",
    )


def _may_make_link(visit: Visit, record: Member) -> bool:
    if record.service:
        return False
    try:
        permit_sign_in_link(visit.admitted.access, record)
    except Forbidden:
        return False
    return True


_MEMBER: Final = (
    choosing.NAME,
    Field(
        name="role",
        label="Role",
        kind=Kind.CHOICE,
        required=True,
        hint="What they may do. Nobody gives a role above their own.",
    ),
    Field(name="email", label="E-mail", longest=254, hint="A sign-in link is sent there."),
    Field(
        name="contributor",
        label="Acts for",
        kind=Kind.CHOICE,
        hint="Who acts for a contributor changes only what is that contributor's.",
    ),
    Field(name="slack_user_id", label="Slack user", longest=100, hint="Such as U024BE7LH."),
    Field(name="slack_team_id", label="Slack workspace", longest=100, hint="Such as T024BE7LD."),
)

MEMBERS: Final = Sheet(
    sort="member",
    path="members",
    kind=Member,
    one="member",
    many="Members",
    make="New member",
    about="People and services of the org, and what each may do.",
    empty="Nobody is here yet.",
    title=lambda record: record.name,
    also=lambda record: record.email or "",
    columns=(
        Column(label="Role", of=lambda one, names: cells.text(role_words(one.role))),
        Column(label="Acts for", of=_of),
        Column(label="E-mail", of=lambda one, names: cells.text(one.email, otherwise="not said")),
        Column(
            label="Kind",
            of=lambda one, names: cells.text("service" if one.service else "person"),
        ),
    ),
    facts=(
        Column(label="Role", of=lambda one, names: cells.text(role_words(one.role))),
        Column(label="Acts for", of=_of),
        Column(label="E-mail", of=lambda one, names: cells.text(one.email, otherwise="not said")),
        Column(
            label="Slack",
            of=lambda one, names: cells.codes(
                [text for text in (one.slack_user_id, one.slack_team_id) if text],
                otherwise="not tied to a Slack user",
            ),
        ),
        Column(
            label="Kind",
            of=lambda one, names: cells.text("a service" if one.service else "a person"),
        ),
        Column(label="Id", of=lambda one, names: cells.code(one.id)),
    ),
    said=_said_of_member,
    new=_MEMBER,
    change=_MEMBER,
    choices={
        "role": choosing.roles,
        "contributor": choosing.contributors("the whole org"),
    },
    making=lambda visit: CreateMember(member_id="", name="", role="viewer"),
    changing=UpdateMember(),
    removing=RemoveMember(),
    removal="The keys of this member admit nobody from then on. What they did stays in the record.",
    acts=(
        Act(
            path="sign-in-link",
            button=lambda record: "Make a link to sign in",
            wish=lambda sent: _ask_of_member(sent, "sign-in-link"),
            may=_may_make_link,
            asks="Whoever opens the link is signed in as this member, once. It is shown next.",
            reveal=_sign_in_link_page,
        ),
        Act(
            path="link-code",
            button=lambda record: "Give out a code for Slack",
            wish=_ask_link_code,
            may=_own_or_theirs,
            asks="A code ties a Slack user to this member, once. The next page shows it.",
            reveal=_link_code_page,
        ),
    ),
    template="member.html",
    beside=_keys_of,
)
