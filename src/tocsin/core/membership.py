"""Members and their keys: what follows from a command (Domain: words).

Who may make whom is asked in :mod:`record_permissions`; here is only what holds for everybody.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import MEMBER_EMAIL, SLACK_USER
from tocsin.core.commands import Redact
from tocsin.core.contributors import redacted
from tocsin.core.errors import Conflict, FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateKey,
    CreateMember,
    IssueLinkCode,
    LinkSlack,
    RemoveMember,
    RevokeKey,
    UpdateKey,
    UpdateMember,
)
from tocsin.core.record_facts import (
    KeyCreated,
    KeyRevoked,
    LinkCodeIssued,
    MemberCreated,
    PartyUpdated,
    RecordRemoved,
    RecordUpdated,
    SlackLinked,
)
from tocsin.core.records import Key, Member
from tocsin.core.words import Role

MOST_RANGES: Final = 50
FASTEST: Final = 100_000
LONGEST_LIFE_DAYS: Final = 3_650
LINK_CODE_LIFE: Final = timedelta(minutes=15)
"""How long a code that ties a Slack user to a member is good for."""


def email_claim(email: str) -> tuple[str, str]:
    """The claim on a mail address; two that differ in case only are one."""
    return (MEMBER_EMAIL, email.casefold())


def link_code_digest(code: str) -> str:
    """What is kept of a code that ties a Slack user to a member: its SHA-256, in hex."""
    return hashlib.sha256(code.casefold().encode()).hexdigest()


def decide_member(
    state: Member | None,
    command: CreateMember | UpdateMember | IssueLinkCode | LinkSlack | RemoveMember | Redact,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for a member; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, or its address or Slack user is taken.
        Invalid: fields are wrong.
        NotFound: there is no such member.
    """
    match command:
        case CreateMember():
            read.absent(state, "member")
            return (_member(command, given),)
        case UpdateMember():
            return _member_changes(read.existing(state, "member"), command, given)
        case IssueLinkCode():
            read.existing(state, "member")
            return (LinkCodeIssued(digest=command.digest, expires_at=given.at + LINK_CODE_LIFE),)
        case LinkSlack():
            return (_linked(read.existing(state, "member"), command, given),)
        case RemoveMember():
            read.existing(state, "member")
            return (RecordRemoved(at=given.at),)
        case Redact():
            # Personal data must go even when its record has gone before.
            return (redacted(command, MemberCreated),)
        case _:
            assert_never(command)


def decide_key(
    state: Key | None, command: CreateKey | UpdateKey | RevokeKey, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a key; ``()`` when nothing changes (revoked stays revoked).

    Raises:
        Conflict: it exists already, or is revoked and was to be changed.
        Invalid: fields are wrong, or the role is above its member's.
        NotFound: there is no such key.
    """
    match command:
        case CreateKey():
            read.absent(state, "key")
            return (_key(command, given),)
        case UpdateKey():
            return _key_changes(read.existing(state, "key"), command, given)
        case RevokeKey():
            key = read.existing(state, "key")
            return () if key.revoked_at is not None else (KeyRevoked(at=given.at),)
        case _:
            assert_never(command)


def _member(command: CreateMember, given: Given) -> MemberCreated:
    errors: read.Errors = []
    made = MemberCreated(
        name=read.name(command.name, errors=errors),
        role=read.word(Role, command.role, field="role", errors=errors),
        email=None if command.email is None else read.email(command.email, errors=errors),
        contributor_id=read.contributor(command.contributor, given=given, errors=errors),
        slack_user_id=_slack(command.slack_user_id, field="slack_user_id", errors=errors),
        slack_team_id=_slack(command.slack_team_id, field="slack_team_id", errors=errors),
        service=command.service,
    )
    read.refuse(errors)
    read.refuse_taken(
        _names(email=made.email, slack_user_id=made.slack_user_id),
        stream=stream_name("member", command.member_id),
        given=given,
    )
    return made


def _member_changes(state: Member, command: UpdateMember, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    email = slack_user_id = None
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.role, NotGiven):
        wanted["role"] = read.word(Role, command.role, field="role", errors=errors)
    if not isinstance(command.email, NotGiven):
        email = None if command.email is None else read.email(command.email, errors=errors)
        wanted["email"] = email
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = (
            None
            if command.contributor is None
            else read.contributor(command.contributor, given=given, errors=errors)
        )
    if not isinstance(command.slack_user_id, NotGiven):
        slack_user_id = _slack(command.slack_user_id, field="slack_user_id", errors=errors)
        wanted["slack_user_id"] = slack_user_id
    if not isinstance(command.slack_team_id, NotGiven):
        wanted["slack_team_id"] = _slack(
            command.slack_team_id, field="slack_team_id", errors=errors
        )
    read.refuse(errors)
    read.refuse_taken(
        _names(email=email, slack_user_id=slack_user_id),
        stream=stream_name("member", state.id),
        given=given,
    )
    changes = changes_between(state, wanted)
    return (PartyUpdated(changes=changes),) if changes else ()


def _names(*, email: str | None, slack_user_id: str | None) -> list[tuple[str, tuple[str, str]]]:
    names = []
    if email is not None:
        names.append(("email", email_claim(email)))
    if slack_user_id is not None:
        names.append(("slack_user_id", (SLACK_USER, slack_user_id)))
    return names


def _slack(value: str | None, *, field: str, errors: read.Errors) -> str | None:
    return None if value is None else read.slack_id(value, field=field, errors=errors)


def _linked(state: Member, command: LinkSlack, given: Given) -> SlackLinked:
    """The tie to a Slack user who has said the member's code in time."""
    held, until = state.link_code_digest, state.link_code_expires_at
    good = held is not None and hmac.compare_digest(held.encode(), command.digest.encode())
    if not good or until is None or given.at >= until:
        raise Conflict("this code is not good, or no more; ask for a new one")
    errors: read.Errors = []
    tie = SlackLinked(
        slack_user_id=read.slack_id(command.slack_user_id, field="slack_user_id", errors=errors),
        slack_team_id=read.slack_id(command.slack_team_id, field="slack_team_id", errors=errors),
    )
    read.refuse(errors)
    read.refuse_taken(
        _names(email=None, slack_user_id=tie.slack_user_id),
        stream=stream_name("member", state.id),
        given=given,
    )
    return tie


def _key(command: CreateKey, given: Given) -> KeyCreated:
    errors: read.Errors = []
    member = given.directory.member(command.member_id)
    if member is None:
        errors.append(
            FieldError("member", "unknown_member", f'no member "{command.member_id[:64]}" is known')
        )
    role = Role.VIEWER if member is None else member.role
    if command.role is not None:
        role = _key_role(command.role, member, errors=errors)
    days = command.expires_in_days
    if days is not None:
        read.number(days, field="expires_in_days", least=1, most=LONGEST_LIFE_DAYS, errors=errors)
    rate = _rate(command.rate_per_second, field="rate_per_second", errors=errors)
    burst = command.burst
    made = KeyCreated(
        name=read.name(command.name, errors=errors),
        member_id=command.member_id,
        role=role,
        allow_cidr=_ranges(command.allow_cidr, errors=errors),
        rate_per_second=rate,
        burst=(
            min(4 * rate, FASTEST) if burst is None else _rate(burst, field="burst", errors=errors)
        ),
        # Beyond its bound the number of days is refused below, and may not fit in an instant.
        expires_at=None if days is None or errors else given.at + timedelta(days=days),
    )
    read.refuse(errors)
    return made


def _key_changes(state: Key, command: UpdateKey, given: Given) -> tuple[Payload, ...]:
    if state.revoked_at is not None:
        raise Conflict("this key is revoked; make a new one")
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.role, NotGiven):
        member = given.directory.member(state.member_id)
        wanted["role"] = _key_role(command.role, member, errors=errors)
    if not isinstance(command.allow_cidr, NotGiven):
        wanted["allow_cidr"] = _ranges(command.allow_cidr, errors=errors)
    if not isinstance(command.rate_per_second, NotGiven):
        rate = _rate(command.rate_per_second, field="rate_per_second", errors=errors)
        wanted["rate_per_second"] = rate
    if not isinstance(command.burst, NotGiven):
        wanted["burst"] = _rate(command.burst, field="burst", errors=errors)
    read.refuse(errors)
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _key_role(text: str, member: Member | None, *, errors: read.Errors) -> Role:
    role = read.word(Role, text, field="role", errors=errors)
    if member is not None and role > member.role:
        detail = f"is above {member.role.value}, the role of its member"
        errors.append(FieldError("role", "above_member", detail))
    return role


def _rate(value: int, *, field: str, errors: read.Errors) -> int:
    return read.number(value, field=field, least=1, most=FASTEST, errors=errors)


def _ranges(texts: tuple[str, ...], *, errors: read.Errors) -> tuple[str, ...]:
    if len(texts) > MOST_RANGES:
        errors.append(FieldError("allow_cidr", "too_long", f"has more than {MOST_RANGES}"))
        return ()
    found = {
        read.network(text, field=f"allow_cidr[{index}]", errors=errors)
        for index, text in enumerate(texts)
    }
    return tuple(sorted(found))
