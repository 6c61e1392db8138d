"""Everything that follows from the log, made anew from the log alone (Design: rebuild).

One transaction: readers see what was there before until all of it is there again, and whatever is
interrupted has changed nothing. Streams are folded one after the other, so that memory is bounded
by the longest of them and not by the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tocsin.core.aggregates import AGGREGATES, State, standing_of
from tocsin.core.facts import Event, stream_sort
from tocsin.core.measured import Turns, turns_after
from tocsin.core.public_notices import PublicNotice
from tocsin.core.public_notices import evolve as told
from tocsin.core.ticket import Ticket
from tocsin.projections.documents import NEWEST_NOTES, document_of, notes_in
from tocsin.projections.following import FOLLOWERS, TICKETS
from tocsin.projections.measuring import INCIDENTS, measured_row
from tocsin.store.codec import decoded_event
from tocsin.store.contract import (
    Batch,
    Document,
    Head,
    HeadChange,
    Store,
    WriteTurn,
)
from tocsin.store.measuring import MeasuredRow
from tocsin.store.public_notices import PublicNoticeRow

STREAMS_AT_ONCE: Final = 200

Progress = Callable[[int, int], None]


def rebuild(store: Store, progress: Progress = lambda done, total: None) -> int:
    """Make states, claims, deadlines, rows, search index, measures and public
    notices anew; how many events.

    *progress* is told how many events of how many are folded. Nobody else may write meanwhile:
    they wait, and give up.

    Raises:
        LogDamaged: an event cannot be read.
        StorageFailed: the database is away, full or in use; nothing has changed.
    """
    done = 0
    with store.tending() as turn:
        turn.clear_projections()
        # Asked only now that nobody writes: what came before is folded, and not followed again.
        total = turn.last_position()
        for streams in _streams(turn):
            done += _fold(turn, streams)
            progress(done, total)
        for name in FOLLOWERS:
            turn.put_checkpoint(name, total)
        # A follower that had not yet seen an erasure will not see it any more.
        turn.forget_document_traces()
        turn.commit()
    return done


def _streams(turn: WriteTurn) -> Iterator[list[tuple[int, str, int]]]:
    """Every stream with its org and number (the position of its first event), some at a time."""
    after = 0
    while True:
        found = turn.select(
            "SELECT org_id, stream, position FROM events WHERE version = 1 AND position > ?"
            " ORDER BY position LIMIT ?",
            (after, STREAMS_AT_ONCE),
            org_id=None,
        )
        if not found:
            return
        yield [(org_id, stream, number) for org_id, stream, number in found]
        after = found[-1][2]


def _fold(turn: WriteTurn, streams: Sequence[tuple[int, str, int]]) -> int:
    batch = Batch(batch_id=str(uuid.uuid4()))
    documents: list[Document] = []
    measured: list[MeasuredRow] = []
    notices: list[PublicNoticeRow] = []
    done = 0
    for org_id, stream, number in streams:
        state: State | None = None
        version = 0
        said: list[Event] = []
        turns: Turns = ()
        notice: PublicNotice | None = None
        evolve = AGGREGATES[stream_sort(stream)].evolve
        is_ticket = stream.startswith(TICKETS)
        for position, public, private in turn.select(
            "SELECT position, public, private FROM events WHERE org_id = ? AND stream = ?"
            " ORDER BY version",
            (org_id, stream),
            org_id=org_id,
        ):
            event = decoded_event(position=position, org_id=org_id, public=public, private=private)
            state = evolve(state, event)
            version = event.version
            done += 1
            turns = turns_after(turns, event.payload)
            notice = told(notice, event)
            if is_ticket and event.kind.endswith(".note_added"):
                said.append(event)
        assert state is not None, "a stream has a first event"
        head = Head(org_id=org_id, stream=stream, number=number, version=version, state=state)
        batch.heads[org_id, stream] = HeadChange(head=head, before=None, after=standing_of(state))
        if isinstance(state, Ticket):
            text = document_of(state, notes_in(said[-NEWEST_NOTES:]))
            documents.append(Document(org_id=org_id, number=number, text=text))
        if stream.startswith(INCIDENTS):
            measured.append(measured_row(head, turns))
        if notice is not None and notice.is_public:
            notices.append(PublicNoticeRow(org_id=org_id, number=number, notice=notice))
    turn.write(batch)
    turn.put_documents(documents)
    turn.put_measured(measured)
    turn.put_public_notices(notices)
    return done
