"""What the public was told, as rows: one for each ticket that has a public update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from tocsin.core.instants import to_text
from tocsin.core.public_notices import PublicNotice
from tocsin.core.rows import OPEN_END

TYPES: Final = {
    "org_id": "int",
    "number": "bigint",
    "is_over": "int",
    "updated_at": "text",
    "ended_at": "text",
    "notice": "text",
}
"""The columns and their types, in order."""

PUBLIC_NOTICES: Final = ", ".join(TYPES)

REPLACING: Final = "ON CONFLICT (org_id, number) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in TYPES if name not in ("org_id", "number")
)

_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder(PublicNotice)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNoticeRow:
    """The notice of the ticket *number* (the position of its first event); it has an update."""

    org_id: int
    number: int
    notice: PublicNotice


class PublicNoticesWrites(Protocol):
    """What a turn can write of it."""

    def put_public_notices(self, rows: Sequence[PublicNoticeRow]) -> None:
        """Set the notices of tickets, each once among *rows*, whatever they were before."""
        ...


def public_notice_values(row: PublicNoticeRow) -> tuple[object, ...]:
    """The values of :data:`PUBLIC_NOTICES`."""
    notice = row.notice
    assert notice.updated_at is not None, "without an update there is no row"
    return (
        row.org_id,
        row.number,
        int(notice.ended_at is not None),
        to_text(notice.updated_at),
        OPEN_END if notice.ended_at is None else to_text(notice.ended_at),
        _encode(notice).decode(),
    )


def public_notice_of(text: str) -> PublicNotice:
    """The notice, as it lies in its column."""
    return _decoder.decode(text)
