"""Slack's way of writing text, read: what a person typed, from what the wire carries.

On the wire ``&``, ``<`` and ``>`` are escaped, and people, channels, groups, dates and addresses
stand in angle brackets. Everything else is left as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ENTITY = re.compile(r"<([^<>]*)>")
_USER = re.compile(r"@([UW][A-Z0-9]{1,30})(?:\|([^<>]*))?")

# Controls other than line feed and tab, and halves of pairs that no encoding can hold.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029|\x85")

_NOBODY: Final[Mapping[str, str]] = {}


def plain(text: str, *, names: Mapping[str, str] = _NOBODY) -> str:
    """*text* as people read it: entities become words, escapes characters, controls are left out.

    ``names`` has the names of users by id; who is not in it keeps the label that came along, else
    the id. An address with a label becomes ``label (address)``.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _ENTITY.sub(lambda found: _shown(found[1], names), text)
    return _UNPRINTABLE.sub("", unescaped(text))


def unescaped(text: str) -> str:
    """*text* with Slack's three escapes undone, each once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def user_in(text: str) -> str | None:
    """The id of the user that *text* names, where it is a mention of one and nothing else."""
    found = re.fullmatch(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>", text.strip())
    return None if found is None else found[1]


def address_in(text: str) -> str | None:
    """The first address in *text* that Slack made a link of."""
    for found in _ENTITY.finditer(text):
        address = unescaped(found[1].partition("|")[0])
        if address.lower().startswith(("http://", "https://")):
            return _UNPRINTABLE.sub("", address)
    return None


def without_mention(text: str, user_id: str) -> str:
    """*text* without the mentions of that user: of the bot that was spoken to."""
    return re.sub(rf"<@{re.escape(user_id)}(?:\|[^<>]*)?>[:,]?", "", text).strip()


def cut(text: str, longest: int) -> str:
    """*text* of at most *longest* characters, with an ellipsis where something is left out."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _shown(entity: str, names: Mapping[str, str]) -> str:
    user = _USER.fullmatch(entity)
    if user is not None:
        return "@" + (names.get(user[1]) or user[2] or user[1])
    target, _, label = entity.partition("|")
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        if label:
            return label
        return "@" + target[1:].partition("^")[0]
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    if "://" not in target:
        return f"<{entity}>"
    bare = target.partition("://")[2].rstrip("/")
    if not label or label.rstrip("/") in (target.rstrip("/"), bare):
        return target
    return f"{label} ({target})"
