"""Telling somebody alone: what became of what they asked, or why it is not done.

Whatever is asked in Slack is answered to that person by one of three ways, the first that works:
the address that came with the request, an ephemeral message where they are, a direct message.
Nothing fails in silence, and a channel never sees a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from tocsin.adapters.slack.calls import silent
from tocsin.adapters.slack.contract import Person, Spoken, Surroundings, Workspace
from tocsin.adapters.slack.telling import AWAY, escaped
from tocsin.core.credentials import access_of
from tocsin.core.errors import Forbidden, Refusal
from tocsin.core.evidence import Access
from tocsin.core.permissions import may_read
from tocsin.core.records import Member
from tocsin.core.words import Role
from tocsin.handler.submission import Speaker
from tocsin.store.contract import ReadTurn, StorageFailed

log = structlog.get_logger(__name__)

ANSWER_SECONDS: Final = 10
"""How long an answer by the request's own address may take."""

LONGEST: Final = 3_000
"""Characters of an answer; a longer one ends with an ellipsis."""

TROUBLE: Final = (SlackClientError, OSError, HTTPException)
"""What a call to Slack raises when it is not answered as it should be."""

_TOO_LATE: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_SLACK_AWAY = "Slack did not answer a question that this needs. Please try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked and where: ``team_id`` is their own workspace, ``channel`` and ``thread`` where an
    answer can be seen, ``response_url`` the address that came with the request."""

    workspace: Workspace
    org_id: int
    team_id: str
    user_id: str
    channel: str | None = None
    thread: str | None = None
    response_url: str | None = None


def asked_in(body: Mapping[str, Any], surroundings: Surroundings) -> Asked | None:
    """Who asked, as a slash command's or an interaction's *body* says; None where the workspace is
    none that Tocsin is installed in."""
    team, user = body.get("team") or {}, body.get("user") or {}
    user_id = body.get("user_id") or user.get("id")
    team_id = body.get("team_id") or team.get("id") or user.get("team_id")
    if not user_id or not team_id:
        return None
    workspace = surroundings.workspaces.of_team(team_id)
    if workspace is None:
        return None
    container = body.get("container") or {}
    message = body.get("message") or {}
    channel = (
        body.get("channel_id")
        or (body.get("channel") or {}).get("id")
        or container.get("channel_id")
    )
    return Asked(
        workspace=workspace,
        org_id=surroundings.workspaces.org_of(workspace, channel),
        team_id=user.get("team_id") or team_id,
        user_id=user_id,
        channel=channel,
        thread=message.get("thread_ts") or container.get("thread_ts"),
        response_url=body.get("response_url"),
    )


def answer(asked: Asked, act: Callable[[], Spoken | None], surroundings: Surroundings) -> None:
    """Do what was asked, and tell the person what became of it, or why not."""
    try:
        spoken = act()
    except Refusal as refusal:
        log.info("refused", action="slack_refused", code=refusal.code)
        spoken = Spoken(sentence(refusal))
    except StorageFailed as failed:
        log.error("could not be stored", action="slack_unstored", reason=failed.reason)
        spoken = Spoken(AWAY)
    except TROUBLE as trouble:
        log.warning("slack did not answer", action="slack_unanswered", reason=reason_of(trouble))
        spoken = Spoken(late(trouble))
    # Any other error goes on to whoever runs this, who logs it and tells the same person.
    if spoken is not None:
        tell(asked, spoken, surroundings)


def tell(asked: Asked, spoken: Spoken, surroundings: Surroundings) -> None:
    """Say it to that person alone."""
    text = spoken.text if len(spoken.text) <= LONGEST else spoken.text[: LONGEST - 1] + "…"
    blocks = spoken.blocks or None
    if asked.response_url is not None and _responded(asked, text, blocks):
        return
    client = surroundings.client(asked.workspace)
    reason = ""
    if asked.channel is not None:
        try:
            client.chat_postEphemeral(
                channel=asked.channel,
                user=asked.user_id,
                text=text,
                blocks=blocks,
                thread_ts=asked.thread,
            )
        except TROUBLE as trouble:
            reason = reason_of(trouble)
        else:
            return
    try:
        client.chat_postMessage(channel=asked.user_id, text=text, blocks=blocks)
    except TROUBLE as trouble:
        log.warning(
            "somebody could not be told",
            action="slack_untold",
            user=asked.user_id,
            reason=f"{reason}; {reason_of(trouble)}",
        )


def _responded(asked: Asked, text: str, blocks: list[dict[str, Any]] | None) -> bool:
    assert asked.response_url is not None
    body: dict[str, Any] = {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": text,
    }
    if blocks:
        body["blocks"] = blocks
    if asked.thread is not None:
        body["thread_ts"] = asked.thread
    try:
        client = WebhookClient(
            asked.response_url, timeout=ANSWER_SECONDS, logger=silent(), retry_handlers=[]
        )
        said = client.send_dict(body)
    except TROUBLE as trouble:
        log.info("no answer by address", action="slack_response_url", reason=reason_of(trouble))
        return False
    return bool(said.status_code == 200)


def sentence(refusal: Refusal) -> str:
    """A refusal as a person reads it, in mrkdwn: every field that is wrong, each on its line."""
    if len(refusal.errors) <= 1:
        return escaped(refusal.detail)
    return escaped("\n".join(f"• {error.field}: {error.detail}" for error in refusal.errors))


def reason_of(trouble: BaseException) -> str:
    """What went wrong in a word or two: Slack's own error, or the kind of accident; no text that
    was sent, and no token."""
    if isinstance(trouble, SlackApiError):
        return str(trouble.response.get("error", "no error named"))
    return type(trouble).__name__


def late(trouble: BaseException) -> str:
    """What somebody is told for whom Slack was asked in vain."""
    if reason_of(trouble) in _TOO_LATE:
        return "Slack waits only three seconds for a form, and this came too late. Ask once more."
    return _SLACK_AWAY


# -- who it is ------------------------------------------------------------------------------------


def person_of(asked: Asked, surroundings: Surroundings) -> Person:
    """Who somebody is to the org that is spoken to here."""
    return surroundings.people.who(
        asked.workspace, asked.org_id, team_id=asked.team_id, user_id=asked.user_id
    )


def speaker_of(person: Person) -> Speaker:
    """The member that somebody is.

    Raises:
        Forbidden: they are none; says what to do about it.
    """
    if person.speaker is None:
        raise Forbidden(person.stranger)
    return person.speaker


def access(turn: ReadTurn, org_id: int, speaker: Speaker) -> Access:
    """What a member may do, as the member stands now.

    Raises:
        Forbidden: there is no such member any more.
    """
    head = turn.head(org_id, f"member:{speaker.member_id}")
    member = None if head is None else head.state
    if not isinstance(member, Member) or member.removed_at is not None:
        raise Forbidden("you are no member here any more; ask an org_admin")
    return access_of(member, at_most=speaker.at_most)


def reader(turn: ReadTurn, org_id: int, person: Person, what: str) -> Access:
    """What somebody may do who wants to read things of the sort *what*.

    Raises:
        Forbidden: they may not read them.
    """
    granted = access(turn, org_id, speaker_of(person))
    if not may_read(granted, what):
        raise Forbidden(f"your role {granted.role.value} does not read this")
    return granted


def require(granted: Access, role: Role, what: str) -> None:
    """Refuse who would be refused anyway, before they have filled in a form.

    Raises:
        Forbidden: the role is too low; says which would do.
    """
    if granted.role < role:
        raise Forbidden(f"{what} needs the role {role.value}; yours is {granted.role.value}")
