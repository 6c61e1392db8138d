"""Endpoints of who may ask: members, their keys, and who is asking now (Domain: words)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.record_answers import key_shape, member_shape
from tocsin.adapters.rest.record_bodies import (
    KeyBody,
    KeyPatch,
    KeysQuery,
    MemberBody,
    MemberPatch,
    MembersQuery,
)
from tocsin.adapters.rest.record_shapes import (
    KeyShape,
    LinkCodeShape,
    MemberShape,
    MeShape,
    NewKeyShape,
    OrgName,
    OwnContributor,
    OwnKey,
    OwnMember,
)
from tocsin.adapters.rest.records import (
    ORG,
    Sort,
    listing,
    owned_by,
    patching,
    posting,
    reading,
    removing,
)
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.errors import invalid
from tocsin.core.facts import NOT_GIVEN, stream_name
from tocsin.core.instants import to_text
from tocsin.core.membership import link_code_digest
from tocsin.core.record_commands import (
    CreateKey,
    CreateMember,
    IssueLinkCode,
    RemoveMember,
    RevokeKey,
    UpdateKey,
    UpdateMember,
)
from tocsin.core.records import Key, Member
from tocsin.core.words import Role, UnknownWord, parse_word
from tocsin.handler.admission import admission
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.tickets import optional
from tocsin.store.contract import ReadTurn

LINK_CODE_BYTES: Final = 10
"""Eighty bits: nobody guesses one in a quarter of an hour."""

# -- members -------------------------------------------------------------------------------------


def _members_wanted(turn: ReadTurn, call: Call[MembersQuery, None]) -> Callable[[Member], bool]:
    owned, role, service = owned_by(turn, call), _role(call.query.role), call.query.service
    return lambda member: (
        owned(member)
        and (role is None or member.role is role)
        and (service is None or member.service == service)
    )


def _role(text: str | None) -> Role | None:
    if text is None:
        return None
    try:
        return parse_word(Role, text, field="role")
    except UnknownWord as unknown:
        raise invalid("role", "unknown_word", str(unknown).partition(": ")[2]) from None


MEMBERS: Final = Sort(
    sort="member",
    path="members",
    kind=Member,
    shape=MemberShape,
    show=member_shape,
    named="By id.",
    query=MembersQuery,
    wanted=_members_wanted,
)


def _make_member(call: Call[None, MemberBody]) -> Asked:
    body = call.body
    return Asked(
        sort="member",
        command=CreateMember(
            member_id=call.fresh_id(),
            name=body.name,
            role=body.role,
            email=body.email,
            contributor=body.contributor,
            slack_user_id=body.slack_user_id,
            slack_team_id=body.slack_team_id,
        ),
    )


def _change_member(body: MemberPatch) -> Command:
    return UpdateMember(
        name=given(body.name),
        role=given(body.role),
        email=given(body.email),
        contributor=given(body.contributor),
        slack_user_id=given(body.slack_user_id),
        slack_team_id=given(body.slack_team_id),
    )


def _issue_link_code(call: Call[None, None]) -> Asked:
    secret = base64.b32encode(secrets.token_bytes(LINK_CODE_BYTES)).decode().lower()
    code = f"{call.path['org']}.{secret}"
    return Asked(
        sort="member",
        subject=call.path["name"],
        command=IssueLinkCode(digest=link_code_digest(secret)),
        reveal={"code": code, "command": f"/tocsin link {code}"},
    )


def _link_code(outcome: Outcome, call: AnyCall) -> LinkCodeShape:
    member = outcome.state
    assert isinstance(member, Member)
    assert member.link_code_expires_at is not None
    return LinkCodeShape(expires_at=to_text(member.link_code_expires_at))


# -- keys ----------------------------------------------------------------------------------------


def _own_keys(turn: ReadTurn, call: AnyCall) -> Callable[[Key], bool]:
    """Who is bound to a contributor sees the keys of that contributor's members only."""
    bound_to = call.granted.contributor_id
    owners: dict[str, str | None] = {}

    def visible(key: Key) -> bool:
        if bound_to is None:
            return True
        if key.member_id not in owners:
            head = turn.head(call.org_id, stream_name("member", key.member_id))
            member = None if head is None else head.state
            owners[key.member_id] = member.contributor_id if isinstance(member, Member) else None
        return owners[key.member_id] == bound_to

    return visible


def _keys_wanted(turn: ReadTurn, call: Call[KeysQuery, None]) -> Callable[[Key], bool]:
    member, revoked = call.query.member, call.query.revoked
    return lambda key: (
        (member is None or key.member_id == member)
        and (revoked is None or (key.revoked_at is not None) == revoked)
    )


KEYS: Final = Sort(
    sort="key",
    path="keys",
    kind=Key,
    shape=KeyShape,
    show=key_shape,
    named="By id.",
    query=KeysQuery,
    visible=_own_keys,
    wanted=_keys_wanted,
)


def _make_key(call: Call[None, KeyBody]) -> Asked:
    body = call.body
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    member_id, preceding = body.member, tuple[tuple[str, Command], ...]()
    if member_id is None:
        member_id = call.fresh_id()
        service = CreateMember(
            member_id=member_id,
            name=body.name,
            role=body.role,
            contributor=body.contributor,
            service=True,
        )
        preceding = (("member", service),)
    elif body.contributor is not None:
        raise invalid(
            "contributor", "forbidden_field", "a key of a member is bound as its member is"
        )
    return Asked(
        sort="key",
        command=CreateKey(
            key_id=key_id,
            name=body.name,
            member_id=member_id,
            role=body.role,
            expires_in_days=body.expires_in_days,
            allow_cidr=tuple(body.allow_cidr),
            rate_per_second=body.rate_per_second,
            burst=body.burst,
        ),
        preceding=preceding,
        secret_digest=hashlib.sha256(secret.encode()).digest(),
        reveal={"secret": f"tk_{key_id}_{secret}"},
    )


def _change_key(body: KeyPatch) -> Command:
    ranges = body.allow_cidr
    return UpdateKey(
        name=given(body.name),
        role=given(body.role),
        allow_cidr=tuple(ranges) if isinstance(ranges, list) else NOT_GIVEN,
        rate_per_second=given(body.rate_per_second),
        burst=given(body.burst),
    )


# -- who is asking -------------------------------------------------------------------------------


def _me(turn: ReadTurn, call: AnyCall) -> MeShape:
    assert call.credential is not None, "asked only behind a credential"
    found = admission(turn, call.credential, at=call.now())
    contributor = found.contributor
    return MeShape(
        key=OwnKey(id=found.key.id, name=found.key.name, expires_at=optional(found.key.expires_at)),
        member=OwnMember(
            id=found.member.id,
            name=found.member.name,
            email=found.member.email,
            service=found.member.service,
        ),
        role=found.access.role.value,
        contributor=None
        if contributor is None
        else OwnContributor(
            code=contributor.code, name=contributor.name, pubkey=contributor.pubkey
        ),
        orgs=[OrgName(code=found.org.code, name=found.org.name)],
    )


WITHIN_ORG: Final = Endpoint(
    method="GET",
    path=f"{ORG}/me",
    tag="me",
    summary="Who asks: key, member, role, contributor, orgs.",
    answer=MeShape,
    look=_me,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    replace(WITHIN_ORG, path="/v1/me"),
    WITHIN_ORG,
    listing(MEMBERS),
    posting(
        MEMBERS,
        _make_member,
        body=MemberBody,
        summary="Take in a member.",
        description=(
            "By an org_admin, or by the sre_lead of that contributor; never above their own role."
        ),
        example={"name": "Anna", "email": "anna@alpha.example", "role": "oncall_engineer"},
    ),
    reading(MEMBERS),
    patching(MEMBERS, _change_member, body=MemberPatch, example={"role": "sre_lead"}),
    removing(
        MEMBERS,
        RemoveMember(),
        summary="Let a member go.",
        description="Its keys admit nobody from then on.",
    ),
    Endpoint(
        method="POST",
        path=f"{MEMBERS.one}/link-code",
        tag=MEMBERS.path,
        summary="Give out a code that ties a Slack user to a member.",
        description=(
            "By the member itself, or by who may change it. Whoever says `command` in Slack within"
            " 15 minutes is that member there from then on. A code given out before is good no"
            " more; a replay by idempotency key leaves the code out."
        ),
        answer=LinkCodeShape,
        status=201,
        ask=_issue_link_code,
        show=_link_code,
    ),
    listing(KEYS),
    posting(
        KEYS,
        _make_key,
        body=KeyBody,
        answer=NewKeyShape,
        summary="Make an API key.",
        description=(
            "Of a member, or of a service member that is made for it. `secret` is the whole key,"
            " told this once; a replay by idempotency key leaves it out."
        ),
        example={"name": "ci", "role": "member", "expires_in_days": 90},
    ),
    reading(KEYS),
    patching(KEYS, _change_key, body=KeyPatch, example={"allow_cidr": ["192.0.2.0/24"]}),
    removing(
        KEYS,
        RevokeKey(),
        summary="Revoke a key.",
        description="The very next request with it is refused. It stays in the list.",
    ),
)
