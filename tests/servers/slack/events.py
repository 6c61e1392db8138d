"""The events that Slack tells an app of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tests.servers.slack.delivering import EVENTS, Request
from tests.servers.slack.showing import shown
from tests.servers.slack.state import APP_ID, Channel, Message, State, Team, User

SCOPES: Final = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}
"""The scope that an event needs; these are also those that the app subscribes to at first."""


def hearing(state: State, channel: Channel) -> Team | None:
    """The workspace whose bot hears what is said there: it has to be inside."""
    for team_id in (channel.team_id, *sorted(channel.shared_with)):
        team = state.teams[team_id]
        if team.installed and team.bot_user_id in channel.members:
            return team
    return None


def kind_of(channel: Channel) -> str:
    return "im" if channel.is_im else "group" if channel.is_private else "channel"


def message_event_name(channel: Channel) -> str:
    kind = kind_of(channel)
    return f"message.{kind if kind == 'im' else kind + 's'}"


def author_of(state: State, channel: Channel, message: Message) -> dict[str, Any]:
    """What tells of an author from another workspace."""
    user = state.users.get(message.user)
    if user is None or not channel.shared_with:
        return {}
    return {"user_team": user.team_id, "source_team": user.team_id, "team": user.team_id}


def said(state: State, channel: Channel, message: Message) -> dict[str, Any]:
    return {
        **shown(state, channel, message),
        **author_of(state, channel, message),
        "channel": channel.id,
        "channel_type": kind_of(channel),
        "event_ts": message.ts,
    }


def mentioned(state: State, channel: Channel, message: Message) -> dict[str, Any]:
    event = {**said(state, channel, message), "type": "app_mention"}
    del event["channel_type"]
    return event


def changed(
    state: State, channel: Channel, message: Message, before: dict[str, Any]
) -> dict[str, Any]:
    ts = state.new_ts()
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": {**shown(state, channel, message), **author_of(state, channel, message)},
        "previous_message": before,
        "channel": channel.id,
        "channel_type": kind_of(channel),
        "ts": ts,
        "event_ts": ts,
    }


def deleted(state: State, channel: Channel, before: dict[str, Any]) -> dict[str, Any]:
    ts = state.new_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": before["ts"],
        "previous_message": before,
        "channel": channel.id,
        "channel_type": kind_of(channel),
        "ts": ts,
        "event_ts": ts,
    }


def taken_away(
    state: State, channel: Channel, message: Message, before: dict[str, Any]
) -> dict[str, Any]:
    """A deletion; one that leaves a tombstone is told of as a change."""
    if message.tombstone:
        return changed(state, channel, message, before)
    return deleted(state, channel, before)


def wrapped(state: State, team: Team, channel: Channel, event: dict[str, Any]) -> Request:
    """The request that an event arrives in."""
    return Request(
        kind=EVENTS,
        payload={
            "token": "verification-token-that-nobody-should-look-at",
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "type": "event_callback",
            "event_id": state.new_id("Ev"),
            "event_time": int(state.now()),
            "event_context": f"4-{state.number():08x}",
            "is_ext_shared_channel": bool(channel.shared_with),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team.id,
                    "user_id": team.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "event": event,
        },
    )


def told(
    state: State,
    channel: Channel,
    *,
    subscribed: Iterable[str],
    events: Iterable[tuple[str, dict[str, Any]]],
) -> list[Request]:
    """The requests for events by name: those that the app subscribes to, has the scope for, and
    whose bot is in the channel."""
    team = hearing(state, channel)
    if team is None:
        return []
    requests = []
    for name, event in events:
        scope = SCOPES[name]
        if name in subscribed and scope in team.scopes:
            state.scopes_used.add(scope)
            requests.append(wrapped(state, team, channel, event))
    return requests


def is_mention(team: Team | None, user: User, text: str) -> bool:
    return team is not None and not user.is_bot and f"<@{team.bot_user_id}" in text
