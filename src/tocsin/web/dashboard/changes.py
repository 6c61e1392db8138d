"""What somebody else did meanwhile, in words: what happened, who did it, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.facts import Event, stream_sort
from tocsin.projections.sentences import record_sentence, sentence_of
from tocsin.store.codec import data_of
from tocsin.store.contract import ReadTurn

MOST: Final = 50
_TICKETS: Final = ("incident", "maintenance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event in words: what happened, who did it, when it was recorded; ``version`` is the
    version that it made."""

    text: str
    who: str
    at: datetime
    version: int


def changes_since(
    turn: ReadTurn, org_id: int, stream: str, version: int | None
) -> tuple[Change, ...]:
    """What happened to *stream* behind *version*, oldest first; of very much the first
    :data:`MOST`. Nothing where no version was looked at."""
    if version is None:
        return ()
    events = turn.stream_events(org_id, stream, after_version=version, limit=MOST)
    return tuple(map(change_of, events))


def change_of(event: Event) -> Change:
    """*event* in words."""
    return Change(
        text=_text(event),
        who=event.actor.name,
        at=event.recorded_at,
        version=event.version,
    )


def _text(event: Event) -> str:
    tell = sentence_of if stream_sort(event.stream) in _TICKETS else record_sentence
    return tell(event.kind, data_of(event.payload))
