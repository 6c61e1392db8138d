"""Writing what the public was told (see :mod:`tocsin.store.public_notices`)."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.store.postgres.bulk import insert
from tocsin.store.postgres.scoping import Scoped
from tocsin.store.public_notices import (
    REPLACING,
    TYPES,
    PublicNoticeRow,
    public_notice_values,
)


class PublicNoticesWriting:
    """What a turn can write of it."""

    scoped: Scoped

    def put_public_notices(self, rows: Sequence[PublicNoticeRow]) -> None:
        """Set the notices of tickets, each once among *rows*, whatever they were before."""
        orgs = {row.org_id for row in rows}
        insert(
            self.scoped,
            "public_notices",
            TYPES,
            [public_notice_values(row) for row in rows],
            org_id=orgs.pop() if len(orgs) == 1 else None,
            tail=REPLACING,
        )
