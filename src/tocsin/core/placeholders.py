"""Texts with placeholders, as rules write them: ``{labels.dzd_pubkey}`` (API: rules).

A placeholder is the name of a fact of the signal in braces: one of :data:`NAMES`, or
``labels.<name>``. ``{{`` and ``}}`` are braces. What a signal does not have is the empty text, and
a text that comes out blank is as if it had not been written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

NAMES: Final = (
    "summary",
    "source",
    "severity",
    "service",
    "environment",
    "device",
    "link",
    "contributor",
    "connector",
    "correlation_key",
    "fingerprint",
    "trace_id",
)
"""What a placeholder can be about, besides ``labels.<name>``: one label of the signal."""

LONGEST_TEXT: Final = 500
MOST_PLACEHOLDERS: Final = 20
LONGEST_NAME: Final = 135
"""Characters of a name: ``labels.`` and 128."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


class PlaceholderError(ValueError):
    """A text that is not read; the ``reason`` is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it is read: plain parts (the name is None) and placeholders, in their order."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def is_plain(self) -> bool:
        """Whether it comes out the same for every signal."""
        return all(name is None for _, name in self.parts)


@lru_cache(maxsize=4_096)
def parse_wording(text: str) -> Wording:
    """The wording that *text* writes.

    Raises:
        PlaceholderError: too long, too many placeholders, a brace alone, or an unknown name.
    """
    if len(text) > LONGEST_TEXT:
        raise PlaceholderError(f"has more than {LONGEST_TEXT} characters")
    parts: list[tuple[str, str | None]] = []
    for found in _PART.finditer(text):
        written = found[0]
        if written in ("{{", "}}"):
            parts.append((written[0], None))
        elif found[1] is not None:
            parts.append(("", _name(found[1].strip())))
        elif written in ("{", "}"):
            raise PlaceholderError("has a brace that is not paired; write {{ or }} for a brace")
        else:
            parts.append((written, None))
    if sum(name is not None for _, name in parts) > MOST_PLACEHOLDERS:
        raise PlaceholderError(f"has more than {MOST_PLACEHOLDERS} placeholders")
    return Wording(tuple(parts))


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise PlaceholderError(f"has a placeholder of more than {LONGEST_NAME} characters")
    if name not in NAMES and (not name.startswith("labels.") or name == "labels."):
        known = ", ".join(NAMES)
        raise PlaceholderError(f'"{name[:64]}" is not one of {known} or labels.<name>')
    return name


def filled(text: str | None, facts: Mapping[str, str], *, longest: int) -> str | None:
    """*text* with the *facts* in its places, cut to *longest* characters; None when it is blank.

    *facts* are by the names of placeholders (``summary``, ``labels.alertname``).

    Raises:
        PlaceholderError: *text* is not read; what a rule holds was read when it was made.
    """
    if text is None:
        return None
    parts: list[str] = []
    room = longest + 1
    for plain, name in parse_wording(text).parts:
        part = (plain if name is None else facts.get(name, ""))[:room]
        parts.append(part)
        room -= len(part)
    come_out = "".join(parts).strip()
    if len(come_out) > longest:
        come_out = come_out[: longest - 1].rstrip() + "…"
    return come_out or None
