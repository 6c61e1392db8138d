"""What the endpoints of calendars need: somebody who writes them. No neighbour is known here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from tocsin.core.records import Org
from tocsin.core.ticket import Ticket
from tocsin.projections.shapes.ticket_names import Names


class CalendarWriter(Protocol):
    """Writes maintenances as a calendar; the same ones give the same bytes."""

    def calendar(
        self,
        maintenances: Sequence[Ticket],
        *,
        org: Org,
        names: Names,
        base_url: str,
        refresh: timedelta | None,
        remark: str | None,
    ) -> bytes:
        """The calendar of *maintenances*, in their order.

        *refresh* is how often whoever holds it should ask for it anew; *remark* a sentence about
        the whole of it.
        """
        ...

    def file_name(self, ticket: Ticket) -> str:
        """The name of the file that one maintenance is given as: letters, digits, ``-`` and
        ``.``."""
        ...
