"""Endpoints of the links that sign people in, once (API: sign-in).

A link is no fact: nothing is kept of it until it is used, and then an API key of the member's is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta, Struct

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.sign_in_setup import SigningIn
from tocsin.adapters.rest.tending import admit
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.core.errors import Conflict, Overloaded, RateLimited
from tocsin.core.facts import stream_identity
from tocsin.core.instants import to_text
from tocsin.core.membership import email_claim
from tocsin.core.record_permissions import permit_sign_in_link
from tocsin.core.records import Member, Org
from tocsin.dispatcher.contract import Delivered
from tocsin.handler.allowances import household
from tocsin.store.contract import ReadTurn

log = structlog.get_logger(__name__)

LONGEST_EMAIL: Final = 254


class SignInLinkShape(Struct, kw_only=True):
    """A link that signs the member in, once; whoever has it is that member."""

    url: str
    expires_at: str


class SignInBody(Body):
    """Who wants to sign in."""

    email: Annotated[str, Meta(min_length=3, max_length=LONGEST_EMAIL)]


class SignInShape(Struct, kw_only=True):
    """The same whether the address is known or not."""

    detail: str = (
        "If a member of this org has that address, a link to sign in is on its way; it is good"
        " once, for 15 minutes."
    )


def _links(acting: Acting) -> SigningIn:
    found = acting.call.gateway.signing_in
    if found is None:
        raise Conflict("this server makes no links to sign in with")
    return found


async def _make(acting: Acting) -> Reply:
    call: Call[None, None] = acting.call
    signing_in = _links(acting)

    def look(turn: ReadTurn) -> tuple[str, tuple[str, ...], int]:
        key = admit(acting, turn).key
        member = existing(turn, call.org_id, Member, "member", call.path["name"])
        permit_sign_in_link(call.granted, member)
        if member.service:
            raise Conflict("this is a service, not a person: make it a key")
        # Where one's own key may not be used from, a link that it makes is of no use either.
        ranges = key.allow_cidr if member.id == key.member_id else ()
        return member.id, ranges, turn.last_position()

    member_id, ranges, reached = await call.gateway.read(look)
    url, expires_at = signing_in.links.make(
        org_id=call.org_id, member_id=member_id, at=call.now(), allow_cidr=ranges
    )
    log.info(
        "a link to sign in was made",
        action="sign_in_link_made",
        org=call.org_code,
        member=member_id,
        by=call.granted.member_id,
        request_id=call.request_id,
    )
    shape = SignInLinkShape(url=url, expires_at=to_text(expires_at))
    return Reply(
        status=201, body=msgspec.json.encode(shape), headers=((b"x-position", b"%d" % reached),)
    )


class _Known(Struct, frozen=True, kw_only=True):
    org_id: int
    org_name: str
    member_id: str
    address: str


async def _ask(acting: Acting) -> Reply:
    call: Call[None, SignInBody] = acting.call
    signing_in = _links(acting)
    if signing_in.mail is None:
        raise Conflict("this server sends no mail; ask an org_admin for a link")
    wait = signing_in.askers.take(household(call.address))
    if wait:
        raise RateLimited("that was often; wait a little", retry_after=wait)
    code, email = call.path["org"], call.body.email.strip()
    known = await call.gateway.read(lambda turn: _member_of(turn, code, email))
    if known is not None and not signing_in.mailboxes.take(f"{known.org_id} {known.member_id}"):
        # Not waited for: how long it takes would say whether there is anybody.
        sending = asyncio.get_running_loop().create_task(_send(call, signing_in, known))
        signing_in.sending.add(sending)
        sending.add_done_callback(signing_in.sending.discard)
    return Reply(status=202, body=msgspec.json.encode(SignInShape()))


def _member_of(turn: ReadTurn, code: str, email: str) -> _Known | None:
    """The person of that org who has that mail address."""
    row = turn.org(code)
    holder = None if row is None else turn.claimed_by(row.org_id, *email_claim(email))
    if row is None or holder is None:
        return None
    head = turn.head(row.org_id, holder)
    member = None if head is None else head.state
    if not isinstance(member, Member) or member.removed_at is not None or member.service:
        return None
    (of_org,) = turn.heads_of_sort(row.org_id, "org", limit=1)
    assert isinstance(of_org.state, Org)
    assert member.email is not None
    return _Known(
        org_id=row.org_id,
        org_name=of_org.state.name,
        member_id=stream_identity(holder),
        address=member.email,
    )


async def _send(call: Call[None, SignInBody], signing_in: SigningIn, known: _Known) -> None:
    url, _ = signing_in.links.make(org_id=known.org_id, member_id=known.member_id, at=call.now())
    assert signing_in.mail is not None
    identity = f"sign_in_{call.fresh_id()}"
    work = partial(signing_in.mail, known.address, known.org_name, url, identity)
    try:
        verdict = await signing_in.bench.run(work)
    except Overloaded as busy:
        log.warning("a link was not sent", action="sign_in_mail_failed", reason=busy.detail)
        return
    if not isinstance(verdict, Delivered):
        log.warning("a link was not sent", action="sign_in_mail_failed", reason=verdict.reason)
        return
    log.info("a link to sign in was sent", action="sign_in_mail_sent", member=known.member_id)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=f"{ORG}/members/{{name}}/sign-in-link",
        tag="members",
        summary="Make a link that signs a member in on the dashboard, once.",
        description=(
            "By the member itself, or by an org_admin. It is good for 15 minutes; whoever has it is"
            " that member for a week at most, by a key called `browser` that can be revoked. A key"
            " of a lower role than its member's makes none; one bound to ranges, such a `browser`."
        ),
        answer=SignInLinkShape,
        status=201,
        act=_make,
        logged=False,
        others={409: "The member is no person."},
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/sign-in",
        tag="members",
        summary="Have a link to sign in sent by mail.",
        description="Without a key. The answer is the same whether the address is known or not.",
        body=SignInBody,
        answer=SignInShape,
        status=202,
        act=_ask,
        anonymous=True,
        logged=False,
        others={409: "This server sends no mail.", 429: "Asked too often."},
        example={"email": "jan@example.org"},
    ),
)
