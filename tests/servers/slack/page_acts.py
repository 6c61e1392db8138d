"""What the plain page's forms do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.servers.slack.block_rules import elements_of
from tests.servers.slack.delivering import Answer
from tests.servers.slack.filling import NotPossible
from tests.servers.slack.page import Page
from tests.servers.slack.refusing import SlackError
from tests.servers.slack.server import LocalSlack
from tests.servers.slack.state import Channel, Ephemeral, Message, User, View
from tests.servers.slack.web_api import Response

Form = Mapping[str, list[str]]


def first(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


class Pages:
    """Answers the page's addresses; remembers what was typed into a modal that is not sent."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.drafts: dict[str, dict[str, str]] = {}

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> Response | None:
        parts = urlsplit(handler.path)
        if parts.path == "/" and handler.command == "GET":
            return self.look(parse_qs(parts.query))
        if parts.path == "/do" and handler.command == "POST":
            return self.act(parse_qs(body.decode(), keep_blank_values=True))
        return None

    def look(self, asked: Form) -> Response:
        user, channel = self.user(asked), self.channel(asked)
        page = Page(self.slack, user=user, channel=channel)
        with self.slack.state.lock:
            html = page.write(note=first(asked, "note"), drafts=self.drafts)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "form-action 'self'",
        }
        return Response(status=200, body=html.encode(), headers=headers)

    def act(self, form: Form) -> Response:
        """Does what the form says, and shows the page again with what came of it."""
        try:
            note = self.done(form)
        except (NotPossible, SlackError) as refused:
            note = f"{refused}"
        where = {"as": first(form, "as"), "channel": first(form, "channel"), "note": note}
        return Response(status=303, body=b"", headers={"Location": f"/?{urlencode(where)}"})

    def user(self, form: Form) -> User:
        users = self.slack.state.users
        found = users.get(first(form, "as"))
        return found or next(one for one in users.values() if not one.is_bot)

    def channel(self, form: Form) -> Channel | None:
        return self.slack.state.channels.get(first(form, "channel"))

    def done(self, form: Form) -> str:
        user, channel = self.user(form), self.channel(form)
        match first(form, "act"):
            case "modal":
                return self.modal(user, form)
            case "shortcut":
                return told(self.slack.shortcut(user, first(form, "callback")))
            case _ if channel is None:
                return "Choose a channel."
            case "say":
                return self.say(user, channel, first(form, "text"), first(form, "thread"))
            case "click":
                place = self.place(channel, first(form, "ts"))
                value = first(form, "value") or None
                return told(self.slack.click(user, place, first(form, "action"), value=value))
            case "choose":
                place = self.place(channel, first(form, "ts"))
                choice = first(form, "choice")
                return told(self.slack.choose(user, place, first(form, "action"), choice))
            case "message_shortcut":
                message = channel.message(first(form, "ts"))
                return told(self.slack.message_shortcut(user, message, first(form, "callback")))
            case other:
                return f"There is no {other}."

    def say(self, user: User, channel: Channel, text: str, thread: str) -> str:
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            return told(self.slack.command(user, channel, command, rest))
        bot = self.slack.state.teams[channel.team_id].bot_user_id
        text = text.replace("@tocsin", f"<@{bot}>")
        said = self.slack.say(user, channel, text, thread=thread or None)
        return " ".join(told(answer) for answer in said.answers if not answer.ok)

    def place(self, channel: Channel, ts: str) -> Message | Ephemeral:
        if ts in channel.by_ts:
            return channel.message(ts)
        return next(one for one in self.slack.state.ephemerals if one.ts == ts)

    def modal(self, user: User, form: Form) -> str:
        view = self.slack.state.views.get(first(form, "view"))
        if view is None or view.user_id != user.id:
            return "That modal is gone."
        self.drafts[view.id] = {name: values[0] for name, values in form.items()}
        match first(form, "press").partition(":"):
            case ("close", _, _):
                self.slack.close_view(user, view)
                return ""
            case ("look", _, action_id):
                typed = first(form, f"typed:{action_id}")
                found = self.slack.options(user, view, action_id, typed)
                return f"{len(found)} found."
            case _:
                return told(self.slack.submit(user, view, entered(view, form)))


def told(answer: Answer) -> str:
    if answer.ok:
        return ""
    return f"The app did not acknowledge: {answer.failed}. {answer.text[:200]}"


def entered(view: View, form: Form) -> dict[str, Any]:
    """The values of a modal's fields, as a submission takes them."""
    values: dict[str, Any] = {}
    for block in view.blocks:
        for element in elements_of(block) if block["type"] == "input" else ():
            name, kind = element["action_id"], element["type"]
            given = [one for one in form.get(name, []) if one]
            if kind.startswith("multi_") or kind == "checkboxes":
                values[name] = given
            elif not given:
                values[name] = None
            elif kind == "datetimepicker":
                at = datetime.fromisoformat(given[0]).replace(tzinfo=UTC)
                values[name] = int(at.timestamp())
            else:
                values[name] = given[0]
    return values
