"""What Slack does with the app's answers: to commands, to modals, by response_url."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.servers.slack.messages import identified, take_away
from tests.servers.slack.modals import change, show
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.rules import MOST_STACKED_VIEWS, check_message, check_view
from tests.servers.slack.state import Ephemeral, Message, ResponseUrl, State, View

MOST_RESPONSES: Final = 5
RESPONSE_URL_LASTS: Final = 30 * 60.0


def speak(state: State, place: ResponseUrl, body: dict[str, Any], *, how: str) -> None:
    """Says what a body says: to one person, or to the channel.

    Raises:
        SlackError: the message is not one that Slack takes.
    """
    said, blocks = str(body.get("text") or ""), body.get("blocks") or []
    channel = state.channels[place.channel_id]
    if body.get("delete_original") and place.message_ts in channel.by_ts:
        take_away(channel, channel.by_ts[place.message_ts])
        return
    check_message(said=said, blocks=blocks, metadata=None)
    blocks = identified(state, blocks)
    if body.get("replace_original") and place.message_ts in channel.by_ts:
        message = channel.by_ts[place.message_ts]
        message.versions.append((message.text, message.blocks))
        message.text, message.blocks = said, blocks
        return
    thread_ts = body.get("thread_ts", place.thread_ts)
    if body.get("response_type") == "in_channel":
        team = state.teams[place.team_id]
        state.post(
            channel,
            Message(
                ts=state.new_ts(),
                user=team.bot_user_id,
                bot_id=team.bot_id,
                team_id=team.id,
                text=said,
                blocks=blocks,
                thread_ts=thread_ts,
            ),
        )
        return
    state.ephemerals.append(
        Ephemeral(
            ts=state.new_ts(),
            channel_id=place.channel_id,
            user_id=place.user_id,
            text=said,
            blocks=blocks,
            thread_ts=thread_ts,
            how=how,
        )
    )


def respond(state: State, number: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """A post to a response_url: five of them, within half an hour."""
    place = state.response_urls.get(number)
    if place is None:
        return 404, {"ok": False, "error": "invalid_url"}
    if state.now() - place.made_at > RESPONSE_URL_LASTS:
        return 404, {"ok": False, "error": "expired_url"}
    if place.uses >= MOST_RESPONSES:
        return 404, {"ok": False, "error": "used_url"}
    try:
        given = json.loads(body)
    except ValueError:
        return 400, {"ok": False, "error": "invalid_payload"}
    place.uses += 1
    state.response_posts.append((number, given))
    try:
        speak(state, place, given, how="response_url")
    except SlackError as refused:
        return 400, refused.body
    return 200, {"ok": True}


def after_command(state: State, place: ResponseUrl, *, content_type: str, body: bytes) -> None:
    """The body that acknowledges a command is shown to its sender.

    Raises:
        SlackError: it is not a message that Slack takes.
    """
    if not body.strip():
        return
    if content_type.startswith("application/json"):
        speak(state, place, json.loads(body), how="answer")
    else:
        speak(state, place, {"text": body.decode()}, how="answer")


def close(state: State, view: View) -> None:
    state.closed_views[view.id] = view
    state.views.pop(view.id, None)


def after_submission(state: State, view: View, answer: dict[str, Any]) -> None:
    """What the answer to a submitted modal does to it and those below it.

    Raises:
        SlackError: the answer is none that Slack takes.
    """
    match answer.get("response_action"):
        case None:
            close(state, view)
        case "clear":
            for one in state.stack_of(view.user_id):
                close(state, one)
        case "errors":
            inputs = {b["block_id"] for b in view.blocks if b["type"] == "input"}
            errors: dict[str, str] = answer.get("errors") or {}
            if not errors or errors.keys() - inputs:
                raise SlackError("invalid_arguments", messages=[f"errors of {sorted(errors)}"])
            if not all(errors.values()):
                raise SlackError("invalid_arguments", messages=["an error without words"])
            view.errors = errors
        case "update":
            check_view(answer.get("view"))
            change(state, view, answer["view"])
        case "push":
            check_view(answer.get("view"))
            if len(state.stack_of(view.user_id)) >= MOST_STACKED_VIEWS:
                raise SlackError("push_limit_reached")
            show(
                state,
                team_id=view.team_id,
                user_id=view.user_id,
                view=answer["view"],
                below=view,
            )
        case other:
            raise SlackError("invalid_arguments", messages=[f"response_action {other}"])
