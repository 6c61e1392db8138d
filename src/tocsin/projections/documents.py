"""What tickets are searched by: their words, and what people said on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from tocsin.core.facts import Event
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded

LONGEST_DOCUMENT: Final = 100_000
"""Characters; what is said after that is on the timeline, and not found by search."""

MOST_WORDS: Final = 16

_WORD = re.compile(r"[^\W_]")


SHORTEST_BEGINNING: Final = 2
"""Characters; a single letter begins half of all words, and is taken for a word of its own."""


def words_of(text: str) -> tuple[str, ...]:
    """The words that *text* asks for; one of several parts (a ref, a code) stays whole."""
    words = (word for word in text.split() if _WORD.search(word) is not None)
    return tuple(islice(words, MOST_WORDS))


def document_of(ticket: Ticket, notes: Iterable[str]) -> str:
    """The searchable text of *ticket*, its *notes* (oldest first) included."""
    parts = [
        ticket.ref,
        ticket.title,
        ticket.description,
        *ticket.services,
        *ticket.labels,
        *ticket.correlation_keys,
        *ticket.devices,
        *ticket.links,
        ticket.environment,
    ]
    parts += [
        part
        for part in (
            ticket.project_id,
            ticket.internal_reference,
            ticket.resolution,
            ticket.reporter_name,
            ticket.public_title,
        )
        if part is not None
    ]
    text = "\n".join([*parts, *notes])
    return text[:LONGEST_DOCUMENT]


NEWEST_NOTES: Final = 100
"""So many notes are searched, so that the hundredth costs as much as the first."""


def notes_in(events: Iterable[Event]) -> list[str]:
    """What was said in *events*."""
    return [event.payload.body for event in events if isinstance(event.payload, NoteAdded)]
