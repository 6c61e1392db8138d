"""What somebody means who leaves out what is clear from where they say it: the command's name in
private, the ticket in its own conversation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tocsin.adapters.slack.entities import plain
from tocsin.adapters.slack.intentions import (
    Acknowledge,
    Close,
    Comment,
    Extend,
    Help,
    Intention,
    Move,
    Publish,
    Rca,
    SetAssignee,
    SetSeverity,
    Update,
)
from tocsin.adapters.slack.spoken import mention, slash
from tocsin.adapters.slack.vocabulary import HELP

_ABOUT_TOCSIN: Final = ("link", "use")


def in_private(text: str, *, bot_user_id: str) -> Intention:
    """What a direct message asks for; what is no command is answered with what can be said."""
    first, _, rest = plain(text).strip().lstrip("/").partition(" ")
    match first.lower():
        case "tocsin":
            return slash("/tocsin", rest)
        case word if word in _ABOUT_TOCSIN:
            return slash("/tocsin", f"{word} {rest}")
        case "maintenance":
            return slash("/maintenance", rest)
        case _:
            said = mention(text, bot_user_id=bot_user_id)
            return Help(text=HELP[None]) if isinstance(said, Comment | Help) else said


def about(said: Intention, ref: str) -> Intention:
    """*said* of the ticket of that *ref*, where it names none; words that are no command are news
    of it."""
    match said:
        case Comment(text=text):
            return Update(ref=ref, text=text) if text else said
        case (
            Acknowledge(ref=None)
            | Close(ref=None)
            | Extend(ref=None)
            | Move(ref=None)
            | Publish(ref=None)
            | Rca(ref=None)
            | SetAssignee(ref=None)
            | SetSeverity(ref=None)
            | Update(ref=None)
        ):
            return replace(said, ref=ref)
        case _:
            return said
