"""``/tocsin link CODE`` and ``/tocsin use CODE``: who somebody is, and whom a channel speaks to."""

from __future__ import annotations

from typing import Final

from tocsin.adapters.slack.answering import access, require
from tocsin.adapters.slack.contract import Spoken, Surroundings
from tocsin.adapters.slack.escaping import escaped
from tocsin.adapters.slack.obeying import Standing
from tocsin.adapters.slack.workspaces import Installing, give_channel
from tocsin.core.errors import Forbidden, NotFound
from tocsin.core.words import Role
from tocsin.store.workspaces import ChannelRow

_DIRECT: Final = "D"
"""What the id of a direct conversation begins with."""


def link(code: str, standing: Standing, surroundings: Surroundings) -> Spoken:
    """Tie the person to the member that *code* was given out for: it names the org, is good once
    and not for long.

    Raises:
        Refusal: it is not good, or too many were tried; nothing says more.
        StorageFailed: it could not be stored; it did not happen.
    """
    person = standing.person
    member = surroundings.people.link(code, team_id=person.team_id, user_id=person.user_id)
    return Spoken(f"You are *{escaped(member.name)}* from now on.")


def use(code: str, standing: Standing, surroundings: Surroundings) -> Spoken:
    """Let the channel speak to the org of that *code*, as an org_admin there asks.

    An org in which the person is nobody is answered like one that does not exist.

    Raises:
        NotFound: there is no such org for them, or no channel.
        Forbidden: they are no org_admin there.
        SlackClientError, OSError: Slack cannot be asked who they are.
    """
    channel = standing.channel
    if channel is None or channel.startswith(_DIRECT):
        raise NotFound("Say this in the channel that is to speak to that org.")
    workspace = standing.workspace
    with surroundings.store.reading() as turn:
        org = turn.org(code)
    if org is None:
        raise NotFound(f"there is no org {code[:64]} that you are a member of")
    if not _administers(org.org_id, standing, surroundings):
        raise NotFound(f"there is no org {code[:64]} that you are a member of")
    before = surroundings.workspaces.org_of(workspace, channel)
    given = before not in (org.org_id, workspace.org_id)
    if given and not _administers(before, standing, surroundings):
        # It was given to another org, which may mind.
        raise Forbidden("this channel speaks to another org, in which you are nobody")
    give_channel(
        Installing(
            store=surroundings.store,
            writer=surroundings.writer,
            seal=_nothing_to_seal,
            clock=surroundings.clock,
        ),
        ChannelRow(team_id=workspace.team_id, channel_id=channel, org_id=org.org_id),
    )
    return Spoken(f"This channel speaks to *{escaped(org.code)}* from now on.")


def _nothing_to_seal(secret: bytes) -> bytes:
    raise AssertionError("giving a channel to an org seals no secret")


def _administers(org_id: int, standing: Standing, surroundings: Surroundings) -> bool:
    """Whether the person is an org_admin there; False where they are nobody.

    Raises:
        Forbidden: they are somebody of a lower role.
    """
    person = surroundings.people.who(
        standing.workspace,
        org_id,
        team_id=standing.person.team_id,
        user_id=standing.person.user_id,
    )
    if person.speaker is None:
        return False
    with surroundings.store.reading() as turn:
        granted = access(turn, org_id, person.speaker)
    require(granted, Role.ORG_ADMIN, "giving a channel to an org")
    return True
