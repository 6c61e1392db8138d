"""Writing what the public was told (see :mod:`tocsin.store.public_notices`)."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.store.public_notices import (
    PUBLIC_NOTICES,
    REPLACING,
    PublicNoticeRow,
    public_notice_values,
)
from tocsin.store.sqlite.bulk import insert
from tocsin.store.sqlite.connecting import Connection


class PublicNoticesWriting:
    """What a turn can write of it."""

    connection: Connection

    def put_public_notices(self, rows: Sequence[PublicNoticeRow]) -> None:
        """Set the notices of tickets, each once among *rows*, whatever they were before."""
        insert(
            self.connection,
            f"INSERT INTO public_notices ({PUBLIC_NOTICES})",
            [public_notice_values(row) for row in rows],
            tail=REPLACING,
        )
