"""XML of feeds and badges: elements that are well formed whatever their texts say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tocsin.web.status.document import plain

HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, slots=True)
class Element:
    """An element with its attributes and either a text or other elements in it.

    *name* and the names of attributes are ours, never a stranger's; values and the text may be
    anything, and are made :func:`~tocsin.web.status.document.plain`.
    """

    name: str
    within: str | Sequence[Element] = ""
    attributes: dict[str, str] = field(default_factory=dict)


def written(root: Element, *, head: str = HEAD) -> bytes:
    """*root* as a document in UTF-8."""
    return (head + _element(root) + "\n").encode()


def _element(element: Element) -> str:
    attributes = "".join(
        f" {name}={quoteattr(plain(value))}" for name, value in element.attributes.items()
    )
    if isinstance(element.within, str):
        inner = escape(plain(element.within))
    else:
        inner = "".join(map(_element, element.within))
    if not inner:
        return f"<{element.name}{attributes}/>"
    return f"<{element.name}{attributes}>{inner}</{element.name}>"
