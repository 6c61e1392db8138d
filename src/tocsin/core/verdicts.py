"""The verdict on a signal, and what it may look at (Domain: correlation).

How one leads to the other is in :mod:`correlation`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.core.commands import TicketCommand
from tocsin.core.evidence import Directory
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, SignalState


class Word(StrEnum):
    """The verdict on a signal (API: POST /signals)."""

    ATTACHED = "attached"
    DEDUPLICATED = "deduplicated"
    CREATED = "created"
    RESOLVED = "resolved"
    UNATTACHED = "unattached"


class Because(StrEnum):
    """Why: stable, so that it can be counted.

    ``by_hand``: a person attached it. ``said``: words about what its key opened, or a notice of
    planned work. ``refused``: what the verdict asked for was not allowed. ``observed``: a repeat of
    what an observing connector has heard.
    """

    FINGERPRINT = "fingerprint"
    CORRELATION_KEY = "correlation_key"
    TRACE_ID = "trace_id"
    ALIKE = "alike"
    STILL_FIRING = "still_firing"
    HELD_BACK = "held_back"
    REOPENED = "reopened"
    STORM = "storm"
    RULE = "rule"
    IGNORED = "ignored"
    NO_RULE = "no_rule"
    NOTHING_ALIKE = "nothing_alike"
    NOTHING_OPEN = "nothing_open"
    BY_HAND = "by_hand"
    SAID = "said"
    REFUSED = "refused"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a fingerprint from before: how it stood when it was last heard, when that
    firing began, and the ticket it was attached to, if any, as that stands now."""

    state: SignalState
    severity: Severity
    began_at: datetime | None = None
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a verdict may look at besides the signal; all of it as it stands now.

    ``by_key`` is the active incident that holds its key, else the one that a signal with that key
    is on; ``holder`` the active ticket that holds it, planned work perhaps; ``by_trace`` the active
    incident with its trace id, ``last`` the latest incident of its key that is active no more.
    ``alike`` are active incidents on its service or assets; ``maintenances`` those in force, or
    planned, on its assets. ``firing`` has the ids of tickets on which another signal is firing,
    ``moved`` those that a person has moved beyond acknowledged. ``new_keys`` counts the verdicts of
    its rule with ``is_new`` within the rule's ``storm_minutes``; ``storm`` is the active ticket
    that holds :func:`tocsin.core.correlation.storm_key`.
    """

    directory: Directory
    known: Known | None = None
    by_key: Ticket | None = None
    holder: Ticket | None = None
    by_trace: Ticket | None = None
    last: Ticket | None = None
    alike: Sequence[Ticket] = ()
    maintenances: Sequence[Ticket] = ()
    firing: Collection[str] = frozenset()
    moved: Collection[str] = frozenset()
    new_keys: int = 0
    storm: Ticket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The id and public names that an incident may take, were one opened."""

    ticket_id: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to ask for, of the ticket of that id; in the order of the verdict."""

    ticket_id: str
    command: TicketCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a signal: the word, why, a sentence about it, and what it asks for.

    ``ticket_id`` is where it belongs from now on; None: nowhere. ``is_new`` says that its key was
    not known, for counting storms. ``observed``: so it would have been, and nothing is asked for.
    ``contributor_id`` is whose an incident is that is opened.
    """

    word: Word
    because: Because
    reason: str
    ticket_id: str | None = None
    steps: tuple[Step, ...] = ()
    is_new: bool = False
    observed: bool = False
    contributor_id: str | None = None
