"""A very plain page to try things by hand: channels, threads, what only you see, your modals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from tests.servers.slack.block_rules import elements_of
from tests.servers.slack.filling import initial, options_of
from tests.servers.slack.server import LocalSlack
from tests.servers.slack.state import Block, Channel, Ephemeral, Message, State, User, View

STYLE: Final = """
body{font:15px/1.45 system-ui,sans-serif;margin:0;display:flex;color:#1d1c1d}
nav{width:15rem;background:#3f0e40;color:#fff;min-height:100vh;padding:1rem;box-sizing:border-box}
nav a{color:#fff;display:block;padding:.15rem .4rem;text-decoration:none;border-radius:.3rem}
nav a.here{background:#1164a3} main{flex:1;padding:1rem 1.5rem;max-width:52rem}
.m{padding:.3rem .5rem;border-top:1px solid #eee} .r{margin-left:2rem;border-left:3px solid #ddd}
.e{background:#f4f4fb} .v{border:2px solid #1164a3;border-radius:.5rem;padding:1rem;margin:1rem 0}
form{display:inline} label{display:block;margin:.5rem 0} small{color:#696969}
.note{background:#fff3cd;padding:.5rem} .bad{color:#b00020} textarea,input[type=text]{width:28rem}
"""


def shown_time(ts: str) -> str:
    return datetime.fromtimestamp(float(ts), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def named(state: State, user_id: str) -> str:
    user = state.users.get(user_id)
    return user.name if user is not None else user_id


def plain_text(text: str) -> str:
    """A stretch of Slack's text without markup, as HTML."""
    typed = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", escape(typed)).replace("\n", "<br>")


def marked(state: State, inside: str) -> str:
    """What stands between ``<`` and ``>``: a mention by name, a date by its fallback, a link."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f"<b>@{escape(named(state, target[1:]))}</b>"
    if target.startswith("#"):
        channel = state.channels.get(target[1:])
        return f"<b>#{escape(channel.name if channel else target[1:])}</b>"
    if target.startswith(("http://", "https://", "mailto:")):
        return f'<a href="{escape(target)}" rel="noreferrer">{plain_text(label or target)}</a>'
    return f"<b>{plain_text(label or target)}</b>"


def rendered(state: State, text: str) -> str:
    """Slack's text as HTML."""
    parts = re.split(r"<([^<>\s][^<>]*)>", text)
    return "".join(
        marked(state, part) if at % 2 else plain_text(part) for at, part in enumerate(parts)
    )


def selected(option: Mapping[str, Any], chosen: Any) -> str:
    return " selected" if option["value"] == chosen else ""


class Page:
    """Writes the page of one person, with one channel open."""

    def __init__(self, slack: LocalSlack, *, user: User, channel: Channel | None) -> None:
        self.slack = slack
        self.state = slack.state
        self.user = user
        self.channel = channel

    def write(self, *, note: str, drafts: Mapping[str, Mapping[str, str]]) -> str:
        modals = "".join(
            self.modal(view, drafts.get(view.id, {}))
            for view in self.slack.open_views(self.user)[-1:]
        )
        told = f'<p class="note">{escape(note)}</p>' if note else ""
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Local Slack</title>'
            f"<style>{STYLE}</style><body>{self.navigation()}<main>{told}{modals}"
            f"{self.conversation()}</main></body></html>"
        )

    def link(self, *, user: User | None = None, channel: Channel | None = None) -> str:
        where = channel or self.channel
        at = f"&amp;channel={where.id}" if where is not None else ""
        return f"/?as={(user or self.user).id}{at}"

    def form(self, act: str, fields: Mapping[str, str], inner: str) -> str:
        hidden = {"act": act, "as": self.user.id, **fields}
        if self.channel is not None:
            hidden["channel"] = self.channel.id
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in hidden.items()
        )
        return f'<form method="post" action="/do">{inputs}{inner}</form>'

    def navigation(self) -> str:
        people = "".join(
            f'<a class="{"here" if one is self.user else ""}" href="{self.link(user=one)}">'
            f"{escape(one.name)}</a>"
            for one in self.state.users.values()
            if not one.is_bot
        )
        places = "".join(
            f'<a class="{"here" if one is self.channel else ""}" href="{self.link(channel=one)}">'
            f"{'@ ' if one.is_im else '# '}{escape(one.name or 'tocsin')}"
            f"{' (archived)' if one.is_archived else ''}</a>"
            for one in self.state.channels.values()
            if self.user.id in one.members
        )
        opening = self.form(
            "shortcut", {"callback": "tocsin_open_incident"}, "<button>Open an incident</button>"
        )
        return f"<nav><small>You are</small>{people}<hr>{places}<hr>{opening}</nav>"

    def conversation(self) -> str:
        channel = self.channel
        if channel is None:
            return "<p>Choose a channel.</p>"
        topic = rendered(self.state, channel.topic)
        again = f'<a href="{self.link()}">Look again</a>'
        parts = [f"<h2>#{escape(channel.name)}</h2><p><small>{topic}</small> {again}</p>"]
        only_mine = [e for e in self.slack.ephemerals_to(self.user) if e.channel_id == channel.id]
        lines: list[tuple[str, str]] = [(e.ts, self.ephemeral(e)) for e in only_mine]
        for message in channel.messages:
            if not message.is_reply:
                lines.append((message.ts, self.message(message)))
                lines += [
                    (message.ts, f'<div class="r">{self.message(reply)}</div>')
                    for reply in channel.thread(message.ts)
                ]
                if channel.thread(message.ts) or message.bot_id:
                    lines.append((message.ts, self.answering(message)))
        parts += [line for _, line in sorted(lines, key=lambda line: line[0])]
        parts.append(
            "<p>"
            + self.form(
                "say",
                {},
                '<input type="text" name="text" autofocus placeholder="A message, or a /command;'
                ' @tocsin is the bot"> <button>Send</button>',
            )
            + "</p>"
        )
        return "".join(parts)

    def answering(self, message: Message) -> str:
        reply = (
            '<input type="text" name="text" placeholder="Reply in thread"><button>Reply</button>'
        )
        return f'<div class="r">{self.form("say", {"thread": message.ts}, reply)}</div>'

    def message(self, message: Message) -> str:
        edited = " (edited)" if message.edited_at else ""
        pinned = " 📌" if self.channel and message.ts in self.channel.pins else ""
        body = self.blocks(message.blocks, message.ts) or rendered(self.state, message.text)
        open_from = self.form(
            "message_shortcut",
            {"ts": message.ts, "callback": "tocsin_open_from_message"},
            "<button>Open an incident from this</button>",
        )
        return (
            f'<div class="m"><b>{escape(named(self.state, message.user))}</b> '
            f"<small>{shown_time(message.ts)}{edited}{pinned}</small> "
            f"{'' if message.bot_id else open_from}<br>{body}</div>"
        )

    def ephemeral(self, said: Ephemeral) -> str:
        body = self.blocks(said.blocks, said.ts) or rendered(self.state, said.text)
        return f'<div class="m e"><small>Only you can see this</small><br>{body}</div>'

    # -- blocks -----------------------------------------------------------------------------------

    def blocks(self, blocks: Sequence[Block], ts: str) -> str:
        return "".join(f"<div>{self.block(block, ts)}</div>" for block in blocks)

    def block(self, block: Block, ts: str) -> str:
        match block["type"]:
            case "divider":
                return "<hr>"
            case "header":
                return f"<h3>{escape(block['text']['text'])}</h3>"
            case "context":
                texts = [self.text(one) for one in block["elements"] if "text" in one]
                return f"<small>{' · '.join(texts)}</small>"
            case _:
                parts = [self.text(block["text"])] if "text" in block else []
                parts += [self.text(one) for one in block.get("fields", ())]
                pressed = "".join(self.pressed(one, ts) for one in elements_of(block))
                return "<br>".join(parts) + " " + pressed

    def text(self, part: Mapping[str, Any]) -> str:
        if part["type"] == "plain_text":
            return escape(str(part["text"]))
        return rendered(self.state, str(part["text"]))

    def pressed(self, element: Mapping[str, Any], ts: str) -> str:
        fields = {"ts": ts, "action": str(element["action_id"])}
        if element["type"] == "button":
            if "url" in element:
                return f'<a href="{escape(element["url"])}">{escape(element["text"]["text"])}</a> '
            fields["value"] = str(element.get("value", ""))
            return self.form(
                "click", fields, f"<button>{escape(element['text']['text'])}</button> "
            )
        if "select" in element["type"] and "external" not in element["type"]:
            chosen = self.choices("choice", element, options_of(element, ()), initial(element))
            return self.form("choose", fields, f"{chosen}<button>Set</button> ")
        return ""

    def choices(
        self, name: str, element: Mapping[str, Any], options: Sequence[Any], chosen: Any
    ) -> str:
        lines = "".join(
            f'<option value="{escape(one["value"])}"{selected(one, chosen)}>'
            f"{escape(one['text']['text'])}</option>"
            for one in options
        )
        many = " multiple" if element["type"].startswith(("multi_", "checkboxes")) else ""
        none = "" if many else "<option value=''>–</option>"
        return f'<select name="{escape(name)}"{many}>{none}{lines}</select>'

    # -- modals -----------------------------------------------------------------------------------

    def modal(self, view: View, draft: Mapping[str, str]) -> str:
        fields = "".join(self.field(view, block, draft) for block in view.blocks)
        buttons = (
            '<button name="press" value="submit">Send</button> '
            '<button name="press" value="close">Cancel</button>'
        )
        form = self.form("modal", {"view": view.id}, fields + buttons)
        return f'<div class="v"><h3>{escape(view.title)}</h3>{form}</div>'

    def field(self, view: View, block: Block, draft: Mapping[str, str]) -> str:
        if block["type"] != "input":
            return f"<p>{self.block(block, '')}</p>"
        element = block["element"]
        name = str(element["action_id"])
        value: Any = draft.get(name, initial(element))
        error = view.errors.get(block["block_id"], "")
        label = escape(block["label"]["text"]) + ("" if block.get("optional") else " *")
        told = f'<span class="bad"> {escape(error)}</span>' if error else ""
        return f"<label>{label}{told}<br>{self.entry(view, name, element, value)}</label>"

    def entry(self, view: View, name: str, element: Mapping[str, Any], value: Any) -> str:
        kind: str = element["type"]
        typed = "" if value is None else escape(str(value))
        if "external_select" in kind:
            found = [*view.offered.get(name, ())]
            found += [element["initial_option"]] if "initial_option" in element else []
            return (
                self.choices(name, element, found, value)
                + f' <input type="text" name="typed:{escape(name)}" placeholder="Search">'
                + f'<button name="press" value="look:{escape(name)}">Search</button>'
            )
        if "select" in kind or kind in ("radio_buttons", "checkboxes"):
            if kind == "users_select":
                people = [
                    {"value": one.id, "text": {"text": one.name}}
                    for one in self.state.users.values()
                ]
                return self.choices(name, element, people, value)
            return self.choices(name, element, options_of(element, ()), value)
        if element.get("multiline"):
            return f'<textarea rows="4" name="{escape(name)}">{typed}</textarea>'
        if kind == "datetimepicker" and isinstance(value, int):
            typed = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M")
        html = {"datetimepicker": "datetime-local", "datepicker": "date", "timepicker": "time"}
        return f'<input type="{html.get(kind, "text")}" name="{escape(name)}" value="{typed}">'
