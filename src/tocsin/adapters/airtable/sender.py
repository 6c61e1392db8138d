"""Tickets and updates out to an Airtable base, which mirrors them; the record stays here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tocsin.adapters.airtable.bases import Base
from tocsin.adapters.airtable.mirror import (
    TICKET,
    UPDATE,
    Row,
    ticket_row,
    trial_rows,
    update_id_of,
    update_row,
)
from tocsin.core.facts import Event
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import Redacted
from tocsin.dispatcher.contract import (
    SEND_SECONDS,
    Addressee,
    Delivered,
    Pace,
    Parcel,
    Refused,
    Retry,
    Trial,
    Verdict,
)
from tocsin.store.contract import ReadTurn, Store

ENDPOINT: Final = "https://api.airtable.com"

MOST_FACTS: Final = 8
"""Events that one command makes; an update is made by one."""

_POSITION: Final = (1 << 62) - 1

_BASE = re.compile(r"[A-Za-z0-9]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")


class AirtableSender:
    """Mirrors into bases of Airtable's (the ``Sender`` of airtable destinations).

    Every send sets the ticket's row as the ticket stands, so the last one is right whatever came
    before; what is part of an update sets that update's row as well. ``endpoint`` is where
    Airtable's interface is; ``seconds`` the longest that a send may take.
    """

    def __init__(
        self, *, store: Store, endpoint: str = ENDPOINT, seconds: float = SEND_SECONDS - 0.5
    ) -> None:
        self._store = store
        self._endpoint = endpoint
        self._seconds = seconds

    @property
    def pace(self) -> Pace:
        """Airtable takes five requests a second for a base; a send makes at most two."""
        return Pace(concurrent=1, per_second=2.5, burst=1)

    def send(self, parcel: Parcel) -> Verdict:
        """Set the rows that one delivery touches; the ticket's record id is the lane's remote id.

        Devices and links have no table there: what happened to them is settled by doing nothing.
        """
        if not isinstance(parcel.state, Ticket):
            return Delivered()
        base = self._base(parcel.to)
        if not isinstance(base, Base):
            return base
        rows: list[tuple[str, Row]] = [(TICKET, ticket_row(parcel.state))]
        with self._store.reading() as turn:
            update = _update(turn, parcel.to.org_id, parcel.event)
        if update is not None:
            rows.append((UPDATE, update))
        verdict = self._upserted(rows, base)
        return Delivered() if isinstance(verdict, Delivered) and not parcel.opening else verdict

    def try_out(self, trial: Trial) -> Verdict:
        """Set one row in each table that says that it is a test; always the same ones."""
        base = self._base(trial.to)
        if not isinstance(base, Base):
            return base
        rows = list(trial_rows(trial.at).items())
        verdict = self._upserted(rows, base)
        return Delivered() if isinstance(verdict, Delivered) else verdict

    def _upserted(self, rows: Sequence[tuple[str, Row]], base: Base) -> Verdict:
        # The library takes half a second and 20 MB to load: only who mirrors has to wait for it.
        from tocsin.adapters.airtable.exchange import upserted

        return upserted(rows, base=base, seconds=self._seconds)

    def _base(self, to: Addressee) -> Base | Retry | Refused:
        base, secret = to.destination.table_base, to.secret
        if base is None or _BASE.fullmatch(base) is None:
            return Refused("the route names no base such as appXXXXXXXXXXXXXX: correct the route")
        if secret is None:
            return Retry("the route has no token: give it one")
        token = secret.decode("ascii", "replace").strip()
        if _TOKEN.fullmatch(token) is None:
            return Retry("the route's token is none of Airtable's: give it a new one")
        return Base(endpoint=self._endpoint, id=base, token=token)


def _update(turn: ReadTurn, org_id: int, event: Event) -> Row | None:
    """The update that *event* is part of, or took words from, as it stands in the log now."""
    if isinstance(event.payload, Redacted):
        # What was erased here is erased there.
        erased = _earlier(turn, org_id, event.payload.event)
        if erased is None:
            return None
        event = erased
    update_id = update_id_of(event)
    if update_id is None:
        return None
    around = turn.stream_events(
        org_id,
        event.stream,
        after_version=max(0, event.version - MOST_FACTS),
        limit=2 * MOST_FACTS,
    )
    return update_row(update_id, around)


def _earlier(turn: ReadTurn, org_id: int, event_id: str) -> Event | None:
    """The event of that id: its position is in the id (:func:`tocsin.core.ids.event_id`)."""
    position = UUID(event_id).int & _POSITION
    found = turn.events_at(org_id, [position]).get(position)
    return found if found is not None and found.id == event_id else None
