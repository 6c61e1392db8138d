"""Fields that changed, in words: what each was, and what it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_OF_SECRETS: Final = ("digest", "secret_id")
"""How the names of fields end that stand for a secret; no word of theirs is told."""


def changed_fields(changes: Iterable[Mapping[str, Any]]) -> str:
    """*changes*, each with its ``field``, ``old`` and ``new``, in one line."""
    return "; ".join(
        f"{one['field'].replace('_', ' ')} replaced"
        if one["field"].endswith(_OF_SECRETS)
        else f"{one['field'].replace('_', ' ')}: {value(one['old'])} → {value(one['new'])}"
        for one in changes
    )


def value(given: Any) -> str:
    """A field's value as people read it."""
    if given is None or given == "" or given == []:
        return "nothing"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, list):
        return ", ".join(map(value, given))
    if isinstance(given, Mapping):
        return " ".join(value(one) for one in given.values() if one is not None)
    return str(given)
