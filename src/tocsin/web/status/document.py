"""What every form of the public page comes out as, and how texts and instants are written in it.

A form depends on what its picture says, never on when the picture was made: the same words give the
same bytes, so that a digest of them is their ETag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from tocsin.web.status.prose import cleaned
from tocsin.web.status.view import NoticeView, PageView

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A form of a page as it is sent. ``content_type`` is the whole header; ``changed_at`` is the
    instant for Last-Modified, in which HTTP knows whole seconds only: the digest decides."""

    body: bytes
    content_type: str
    changed_at: datetime


def plain(text: str) -> str:
    """*text* as every form shows it: lines ended by ``\\n``, no control or directional characters
    (:func:`tocsin.web.status.prose.cleaned`), and no half of a pair of surrogates."""
    return _SURROGATES.sub("", cleaned(text))


def one_line(text: str) -> str:
    """*text* as a title: :func:`plain`, its white space single blanks, none around it."""
    return " ".join(plain(text).split())


def milliseconds(instant: datetime) -> str:
    """RFC 3339 with three digits and ``Z``, as JavaScript writes an instant and Statuspage does."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def milliseconds_if(instant: datetime | None) -> str | None:
    """:func:`milliseconds` of what may not have been yet."""
    return None if instant is None else milliseconds(instant)


def seconds(instant: datetime) -> str:
    """RFC 3339 in whole seconds and ``Z``."""
    text = instant.astimezone(UTC).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z"


def urn(identity: str) -> str:
    """A name for ever of what has *identity*, wherever the page moves to: ``urn:uuid:…``."""
    try:
        return UUID(identity).urn
    except ValueError:
        return uuid5(NAMESPACE_URL, plain(identity)).urn


def notices(page: PageView) -> Iterator[NoticeView]:
    """Everything that *page* tells of: what is open, then maintenance, then what is over."""
    yield from page.open
    yield from page.maintenances
    yield from page.past


def changed_at(page: PageView) -> datetime:
    """When anything on *page* last changed."""
    return max([page.updated_at, *(notice.updated_at for notice in notices(page))])
