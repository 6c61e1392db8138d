"""chat.*, pins.* and reactions.*."""

from __future__ import annotations

from typing import Final

from tests.servers.slack import events
from tests.servers.slack.block_rules import elements_of
from tests.servers.slack.calling import Answer, Call, method
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.rules import check_message
from tests.servers.slack.showing import shown
from tests.servers.slack.state import Block, Channel, Ephemeral, Message, State, Team

MOST_PINS: Final = 100


def identified(state: State, blocks: list[Block]) -> list[Block]:
    """Blocks with the ``block_id`` and ``action_id`` that Slack gives where there is none."""
    done = []
    for block in blocks:
        for element in elements_of(block):
            element.setdefault("action_id", state.new_id("a"))
        done.append({**block, "block_id": block.get("block_id") or state.new_id("b")})
    return done


def open_im(state: State, team: Team, user_id: str) -> Channel:
    """The direct conversation of the bot and somebody, made where there is none."""
    members = sorted([team.bot_user_id, user_id])
    for channel in state.channels.values():
        if channel.is_im and sorted(channel.members) == members:
            return channel
    made = Channel(
        id=state.new_id("D"),
        team_id=team.id,
        name="",
        creator=team.bot_user_id,
        created=int(state.now()),
        is_im=True,
        members=members,
    )
    state.channels[made.id] = made
    return made


def destination(call: Call) -> Channel:
    """Where chat.postMessage goes: a channel's id or name, or a person's id."""
    given = call.text("channel", error="channel_not_found")
    if given in call.state.users:
        user = call.user(given)
        if user.is_bot or user.deleted:
            raise SlackError("channel_not_found")
        return open_im(call.state, call.team, user.id)
    found = call.state.channels.get(given) or call.state.named(call.team.id, given)
    if found is None or not call.sees(found):
        raise SlackError("channel_not_found")
    return found


def may_post(call: Call, channel: Channel) -> None:
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.inside(channel):
        if channel.is_private or "chat:write.public" not in call.team.scopes:
            raise SlackError("not_in_channel")
        call.scopes.add("chat:write.public")


def thread_of(call: Call, channel: Channel) -> str | None:
    ts = call.optional("thread_ts")
    if ts is None:
        return None
    parent = channel.by_ts.get(ts)
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.is_reply:
        raise SlackError("cannot_reply_to_message")
    return ts


def given_blocks(call: Call) -> list[Block]:
    blocks: list[Block] = call.structure("blocks", error="invalid_blocks_format") or []
    return blocks


@method("chat.postMessage")
def post_message(call: Call) -> Answer:
    call.need("chat:write")
    channel = destination(call)
    said = str(call.arguments.get("text") or "")
    blocks = given_blocks(call)
    metadata = call.structure("metadata", error="invalid_metadata_format")
    check_message(said=said, blocks=blocks, metadata=metadata)
    may_post(call, channel)
    message = call.state.post(
        channel,
        Message(
            ts=call.state.new_ts(),
            user=call.team.bot_user_id,
            bot_id=call.team.bot_id,
            team_id=call.team.id,
            text=said,
            blocks=identified(call.state, blocks),
            thread_ts=thread_of(call, channel),
            metadata=metadata,
            broadcast=call.flag("reply_broadcast"),
        ),
    )
    call.tell(channel, events.said(call.state, channel, message))
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "message": shown(call.state, channel, message, metadata=True),
    }


@method("chat.update")
def update(call: Call) -> Answer:
    call.need("chat:write")
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.bot_id != call.team.bot_id:
        raise SlackError("cant_update_message")
    if channel.is_archived:
        raise SlackError("is_archived")
    blocks = given_blocks(call) if "blocks" in call.arguments else None
    said = str(call.arguments.get("text") or "")
    metadata = call.structure("metadata", error="invalid_metadata_format")
    check_message(said=said, blocks=blocks, metadata=metadata)
    before = shown(call.state, channel, message)
    message.versions.append((message.text, message.blocks))
    message.text = said
    # Blocks that the call does not name stay; an empty list takes them away.
    message.blocks = message.blocks if blocks is None else identified(call.state, blocks)
    message.metadata = metadata if metadata is not None else message.metadata
    message.edited_at = call.state.new_ts()
    call.tell(channel, events.changed(call.state, channel, message, before))
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": shown(call.state, channel, message, metadata=True),
    }


def take_away(channel: Channel, message: Message) -> None:
    """Deletes a message; one with replies leaves a tombstone in its place."""
    if not message.is_reply and channel.thread(message.ts):
        message.tombstone = True
        message.text = "This message was deleted."
        message.blocks = []
        message.metadata = None
    else:
        del channel.by_ts[message.ts]
    if message.ts in channel.pins:
        channel.pins.remove(message.ts)


@method("chat.delete")
def delete(call: Call) -> Answer:
    call.need("chat:write")
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.bot_id != call.team.bot_id:
        raise SlackError("cant_delete_message")
    before = shown(call.state, channel, message)
    take_away(channel, message)
    call.tell(channel, events.taken_away(call.state, channel, message, before))
    return {"ok": True, "channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> Answer:
    call.need("chat:write")
    channel = destination(call)
    said = str(call.arguments.get("text") or "")
    blocks = given_blocks(call)
    check_message(said=said, blocks=blocks, metadata=None)
    user_id = call.text("user", error="user_not_found")
    may_post(call, channel)
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    ts = call.state.new_ts()
    call.state.ephemerals.append(
        Ephemeral(
            ts=ts,
            channel_id=channel.id,
            user_id=user_id,
            text=said,
            blocks=identified(call.state, blocks),
            thread_ts=call.optional("thread_ts"),
            how="chat.postEphemeral",
        )
    )
    return {"ok": True, "message_ts": ts}


def permalink_of(team: Team, channel: Channel, message: Message) -> str:
    link = f"{team.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else link


@method("chat.getPermalink")
def get_permalink(call: Call) -> Answer:
    channel = call.channel()
    message = call.message(channel, call.text("message_ts"))
    link = permalink_of(call.team, channel, message)
    return {"ok": True, "channel": channel.id, "permalink": link}


@method("pins.add")
def pin(call: Call) -> Answer:
    call.need("pins:write")
    channel = call.channel()
    call.must_be_inside(channel)
    if channel.is_archived:
        raise SlackError("is_archived")
    message = call.message(channel, call.text("timestamp", error="no_item_specified"))
    if message.ts in channel.pins:
        raise SlackError("already_pinned")
    if len(channel.pins) >= MOST_PINS:
        raise SlackError("too_many_pins")
    channel.pins.append(message.ts)
    return {"ok": True}


@method("pins.remove")
def unpin(call: Call) -> Answer:
    call.need("pins:write")
    channel = call.channel()
    message = call.message(channel, call.text("timestamp", error="no_item_specified"))
    if message.ts not in channel.pins:
        raise SlackError("no_pin")
    channel.pins.remove(message.ts)
    return {"ok": True}


@method("reactions.add")
def react(call: Call) -> Answer:
    call.need("reactions:write")
    channel = call.channel()
    name = call.text("name", error="invalid_name")
    message = call.message(channel, call.text("timestamp", error="no_item_specified"))
    call.must_be_inside(channel)
    users = message.reactions.setdefault(name, [])
    if call.team.bot_user_id in users:
        raise SlackError("already_reacted")
    users.append(call.team.bot_user_id)
    return {"ok": True}
