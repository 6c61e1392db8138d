"""What the public may know of the devices and links of an org, read from a snapshot
(Provisioning: public facts).

A page is made anew whenever something moves, and thousands of devices and links seldom move at
once: what is known of them is kept, and of the log only what came since is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from tocsin.core.provisioning.public_facts import (
    PublicFact,
    Subject,
    public_facts,
    subject_of,
)
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.store.contract import Head, ReadTurn

MOST_NEWS: Final = 20_000
"""Events that are looked through for what moved; beyond that everything is read anew."""
_AT_ONCE: Final = 1_000
_SORTS: Final = ("device", "link")
_STREAMS: Final = tuple(f"{sort}:" for sort in _SORTS)


@dataclass(slots=True)
class _Known:
    """The subjects of an org by their streams, as of the event ``position``."""

    position: int
    subjects: dict[str, Subject] = field(default_factory=dict)


class PublicNetwork:
    """The public facts of orgs, each as of the snapshot that it is asked with; used by many
    threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[int, _Known] = {}

    def facts(self, turn: ReadTurn, org_id: int, *, at: datetime) -> tuple[PublicFact, ...]:
        """How the devices and links of that org are at the instant *at*."""
        with self._lock:
            subjects = tuple(self._subjects(turn, org_id).values())
        return public_facts(subjects, _active(turn, org_id), at=at)

    def _subjects(self, turn: ReadTurn, org_id: int) -> dict[str, Subject]:
        position = turn.last_position()
        known = self._known.get(org_id)
        if known is None or position < known.position or position - known.position > MOST_NEWS:
            # An older snapshot than the one that is remembered is read by itself too.
            known = _Known(position=position, subjects=dict(_all(turn, org_id)))
        else:
            for stream, head in turn.heads(org_id, _moved(turn, org_id, known.position)).items():
                subject = _subject(head)
                if subject is None:
                    known.subjects.pop(stream, None)
                else:
                    known.subjects[stream] = subject
            known.position = position
        self._known[org_id] = known
        return known.subjects


def _moved(turn: ReadTurn, org_id: int, since: int) -> Sequence[str]:
    """The streams of devices and links that something happened to behind *since*."""
    rows = turn.select(
        "SELECT DISTINCT stream FROM events WHERE org_id = ? AND position > ?",
        (org_id, since),
        org_id=org_id,
    )
    return [stream for (stream,) in rows if stream.startswith(_STREAMS)]


def _all(turn: ReadTurn, org_id: int) -> Iterator[tuple[str, Subject]]:
    for sort in _SORTS:
        after = ""
        while heads := turn.heads_of_sort(org_id, sort, after=after, limit=_AT_ONCE):
            for head in heads:
                subject = _subject(head)
                if subject is not None:
                    yield head.stream, subject
            after = heads[-1].stream


def _subject(head: Head) -> Subject | None:
    return subject_of(head.state) if isinstance(head.state, Device | Link) else None


def _active(turn: ReadTurn, org_id: int) -> Iterator[Ticket]:
    for head in turn.heads(org_id, turn.active_tickets(org_id)).values():
        if isinstance(head.state, Ticket):
            yield head.state
