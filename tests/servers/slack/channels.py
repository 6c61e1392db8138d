"""conversations.*."""

from __future__ import annotations

from typing import Any

from tests.servers.slack import events
from tests.servers.slack.calling import Answer, Call, method, paged
from tests.servers.slack.messages import open_im
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.rules import MOST_TOPIC, check_channel_name
from tests.servers.slack.showing import shown
from tests.servers.slack.state import Channel, Message

MANAGE = ("channels:manage",)
WRITE = ("groups:write",)
READ = ("channels:read",)
READ_PRIVATE = ("groups:read",)
HISTORY = ("channels:history",)
HISTORY_PRIVATE = ("groups:history",)


def described(call: Call, channel: Channel) -> dict[str, Any]:
    if channel.is_im:
        other = next((m for m in channel.members if m != call.team.bot_user_id), "")
        return {"id": channel.id, "is_im": True, "user": other, "created": channel.created}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_member": call.inside(channel),
        "is_shared": bool(channel.shared_with),
        "is_ext_shared": bool(channel.shared_with),
        "shared_team_ids": sorted({channel.team_id, *channel.shared_with}),
        "context_team_id": channel.team_id,
        "created": channel.created,
        "creator": channel.creator,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
        "num_members": len(channel.members),
    }


@method("conversations.create")
def create(call: Call) -> Answer:
    is_private = call.flag("is_private")
    call.need(*(WRITE if is_private else MANAGE))
    name = str(call.arguments.get("name") or "")
    check_channel_name(name)
    if call.state.named(call.team.id, name) is not None:
        raise SlackError("name_taken")
    channel = Channel(
        id=call.state.new_id("C"),
        team_id=call.team.id,
        name=name,
        creator=call.team.bot_user_id,
        created=int(call.state.now()),
        is_private=is_private,
        members=[call.team.bot_user_id],
    )
    call.state.channels[channel.id] = channel
    return {"ok": True, "channel": described(call, channel)}


@method("conversations.list")
def list_channels(call: Call) -> Answer:
    kinds = call.words("types") or ["public_channel"]
    for kind in kinds:
        if kind not in ("public_channel", "private_channel", "im", "mpim"):
            raise SlackError("invalid_types")
    if "public_channel" in kinds:
        call.need(*READ)
    if "private_channel" in kinds:
        call.need(*READ_PRIVATE)
    if "im" in kinds:
        call.need("im:read")

    def wanted(channel: Channel) -> bool:
        kind = "im" if channel.is_im else "private_channel" if channel.is_private else ""
        hidden = call.flag("exclude_archived") and channel.is_archived
        return (kind or "public_channel") in kinds and not hidden and call.sees(channel)

    found = [channel for channel in call.state.reached_from(call.team.id) if wanted(channel)]
    page, cursor = call.page(found, default=100, most=1_000)
    return paged({"ok": True, "channels": [described(call, channel) for channel in page]}, cursor)


@method("conversations.info")
def info(call: Call) -> Answer:
    channel = call.channel()
    call.need_for(channel, READ, READ_PRIVATE)
    return {"ok": True, "channel": described(call, channel)}


def readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_for(channel, HISTORY, HISTORY_PRIVATE)
    call.must_be_inside(channel)
    return channel


def within(call: Call, messages: list[Message]) -> list[Message]:
    """Those between ``oldest`` and ``latest``, which are left out unless ``inclusive``."""
    oldest, latest = call.optional("oldest"), call.optional("latest")
    inclusive = call.flag("inclusive")

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        if oldest is not None and (ts < float(oldest) or (ts == float(oldest) and not inclusive)):
            return False
        return latest is None or ts < float(latest) or (ts == float(latest) and inclusive)

    try:
        return [message for message in messages if inside(message)]
    except ValueError:
        raise SlackError(
            "invalid_ts_oldest" if oldest is not None else "invalid_ts_latest"
        ) from None


@method("conversations.history")
def history(call: Call) -> Answer:
    """Newest first; the replies of a thread are not in it, but for the broadcast ones."""
    channel = readable(call)
    newest_first = within(call, sorted(channel.messages, key=lambda m: m.ts, reverse=True))
    page, cursor = call.page(newest_first, default=100, most=999)
    metadata = call.flag("include_all_metadata")
    return paged(
        {
            "ok": True,
            "messages": [shown(call.state, channel, m, metadata=metadata) for m in page],
            "has_more": cursor != "",
            "pin_count": len(channel.pins),
        },
        cursor,
    )


@method("conversations.replies")
def replies(call: Call) -> Answer:
    """Oldest first, the parent in front; with ``oldest`` the parent comes all the same."""
    channel = readable(call)
    ts = call.text("ts")
    parent = channel.by_ts.get(ts)
    if parent is not None and parent.is_reply and parent.thread_ts is not None:
        parent = channel.by_ts.get(parent.thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    below = within(call, sorted(channel.thread(parent.ts), key=lambda m: m.ts))
    page, cursor = call.page([parent, *below], default=1_000, most=1_000)
    metadata = call.flag("include_all_metadata")
    return paged(
        {
            "ok": True,
            "messages": [shown(call.state, channel, m, metadata=metadata) for m in page],
            "has_more": cursor != "",
        },
        cursor,
    )


def settable(call: Call) -> Channel:
    channel = call.channel()
    call.need_for(channel, MANAGE, WRITE)
    call.must_be_inside(channel)
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


@method("conversations.setTopic")
def set_topic(call: Call) -> Answer:
    channel = settable(call)
    topic = str(call.arguments.get("topic") or "")
    if len(topic) > MOST_TOPIC:
        raise SlackError("too_long")
    channel.topic = topic
    channel.topics.append(topic)
    message = call.state.post(
        channel,
        Message(
            ts=call.state.new_ts(),
            user=call.team.bot_user_id,
            team_id=call.team.id,
            text=f"<@{call.team.bot_user_id}> set the channel topic: {topic}",
            subtype="channel_topic",
        ),
    )
    call.tell(channel, events.said(call.state, channel, message))
    return {"ok": True, "channel": described(call, channel)}


@method("conversations.setPurpose")
def set_purpose(call: Call) -> Answer:
    channel = settable(call)
    purpose = str(call.arguments.get("purpose") or "")
    if len(purpose) > MOST_TOPIC:
        raise SlackError("too_long")
    channel.purpose = purpose
    return {"ok": True, "purpose": purpose}


@method("conversations.invite")
def invite(call: Call) -> Answer:
    channel = settable(call)
    users = call.words("users")
    if not users:
        raise SlackError("no_user")
    problems = [(user, problem) for user in users if (problem := not_invited(call, channel, user))]
    if problems and (len(problems) == len(users) or not call.flag("force")):
        errors = [{"user": user, "ok": False, "error": problem} for user, problem in problems]
        raise SlackError(problems[0][1], errors=errors)
    refused = {user for user, _ in problems}
    channel.members += [user for user in users if user not in refused]
    return {"ok": True, "channel": described(call, channel)}


def not_invited(call: Call, channel: Channel, user_id: str) -> str:
    if user_id == call.team.bot_user_id:
        return "cant_invite_self"
    user = call.state.users.get(user_id)
    if user is None or not call.knows(user):
        return "user_not_found"
    if user_id in channel.members:
        return "already_in_channel"
    if user.is_ultra_restricted:
        return "ura_max_channels"
    return "" if user.team_id == channel.team_id else "cant_invite"


@method("conversations.join")
def join(call: Call) -> Answer:
    channel = call.channel()
    call.need("channels:join")
    if channel.is_private or channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    answer: Answer = {"ok": True}
    if call.inside(channel):
        answer |= {"warning": "already_in_channel"}
    else:
        channel.members.append(call.team.bot_user_id)
    return answer | {"channel": described(call, channel)}


@method("conversations.archive")
def archive(call: Call) -> Answer:
    channel = call.channel()
    call.need_for(channel, MANAGE, WRITE)
    if channel.is_archived:
        raise SlackError("already_archived")
    call.must_be_inside(channel)
    channel.is_archived = True
    return {"ok": True}


@method("conversations.members")
def members(call: Call) -> Answer:
    channel = call.channel()
    call.need_for(channel, READ, READ_PRIVATE)
    page, cursor = call.page(channel.members, default=100, most=1_000)
    return paged({"ok": True, "members": page}, cursor)


@method("conversations.open")
def open_conversation(call: Call) -> Answer:
    call.need("im:write")
    users = call.words("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    user = call.user(users[0])
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    if user.deleted:
        raise SlackError("user_disabled")
    channel = open_im(call.state, call.team, user.id)
    return {"ok": True, "channel": described(call, channel)}
