"""A message as Slack shows it to an app."""

from __future__ import annotations

from typing import Any

from tests.servers.slack.state import APP_ID, Channel, Message, State


def shown(
    state: State, channel: Channel, message: Message, *, metadata: bool = False
) -> dict[str, Any]:
    """A message as Slack gives it, in answers and in events."""
    body: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": message.team_id,
    }
    if message.tombstone:
        body |= {"subtype": "tombstone", "hidden": True, "user": "USLACKBOT"}
    if message.broadcast and message.is_reply:
        body |= {"subtype": "thread_broadcast"}
    if message.subtype is not None:
        body["subtype"] = message.subtype
    if message.client_msg_id is not None:
        body["client_msg_id"] = message.client_msg_id
    if message.bot_id is not None:
        body |= {"bot_id": message.bot_id, "app_id": APP_ID}
    if message.blocks:
        body["blocks"] = message.blocks
    if message.edited_at is not None:
        body["edited"] = {"user": message.user, "ts": message.edited_at}
    if metadata and message.metadata is not None:
        body["metadata"] = message.metadata
    if message.thread_ts is not None:
        body["thread_ts"] = message.thread_ts
        if message.is_reply:
            parent = channel.by_ts.get(message.thread_ts)
            body["parent_user_id"] = parent.user if parent is not None else ""
    replies = channel.thread(message.ts) if not message.is_reply else []
    if replies:
        body |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "latest_reply": replies[-1].ts,
            "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
        }
    if message.reactions:
        body["reactions"] = [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ]
    return body
