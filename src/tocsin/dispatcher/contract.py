"""What a sender is: what it is handed, and how it judges (Design: dispatcher; Style: sent, then
marked).

Senders live with their neighbours in ``adapters``. They render at sending, send once, and say what
became of it; waiting, counting and giving up are the dispatcher's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from tocsin.core.facts import Event
from tocsin.core.records import Destination, Record, Subscription
from tocsin.core.ticket import Ticket
from tocsin.store.contract import ReadTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Where something goes: the org (number and code), the route, and its destination.

    ``secret`` is the destination's opened secret as the text that was given (``whsec_…`` for a
    webhook, a token), None where it has none. It is never shown, logged or sent as it is.
    ``subscription`` is set for one who has subscribed to a status page: public words only.
    """

    org_id: int
    org: str
    route_id: str
    route_name: str
    destination: Destination
    secret: bytes | None = field(default=None, repr=False)
    subscription: Subscription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One delivery: one event of one lane, on its way to one destination.

    ``delivery_id`` never changes, however often it is tried: it is the idempotency key. ``event``
    is the fact, ``state`` its ticket (or device, or link) as it stands at sending. ``opening`` is
    true for the first delivery of the lane, which makes the remote object; ``remote_id`` is what
    that one gave back, for all later ones. ``again`` is true when an attempt may have been made
    before, by this process or one that died: where the neighbour has no idempotency key, look for
    that attempt's trace first. ``attempt`` counts from 1. ``beside`` is what the sender asked to
    have read with the state (:class:`Reading`), None where nothing was.
    """

    delivery_id: str
    to: Addressee
    event: Event
    state: Ticket | Record
    opening: bool
    remote_id: str | None = None
    again: bool = False
    attempt: int = 1
    beside: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Many deliveries on their way to one destination as one message, in the order of the log.

    ``delivery_id`` is made of all of them, so the same ones are called the same however often they
    are tried; ``again`` and ``attempt`` are as for one :class:`Parcel`. All are about devices and
    links; several of ``parcels`` may be about the same one.
    """

    delivery_id: str
    to: Addressee
    parcels: tuple[Parcel, ...]
    again: bool = False
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test of a destination: says so, belongs to no ticket, and is not in the outbox."""

    delivery_id: str
    to: Addressee
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived; ``remote_id`` names the object that an opening made there, if it made one."""

    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not arrive, and may another time: no connection, TLS, timeout, 429, 5xx.

    ``reason`` is a sentence for the operator, without secrets and without the text of what was
    sent. ``wish`` is in how many seconds the neighbour wants to be asked again (``Retry-After``).
    """

    reason: str
    wish: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be taken however often it is tried; ``reason`` as for :class:`Retry`."""

    reason: str


Verdict = Delivered | Retry | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one destination of a kind is given at most: sends at once, and sends per second.

    ``per_second`` None is without limit; ``burst`` is how many may go at once after a rest. Where
    people read, up to ``few`` announcements of devices and links that wait are told one by one and
    more of them as one :class:`Digest`; None: each by itself, however many there are.
    """

    concurrent: int
    per_second: float | None = None
    burst: int = 1
    few: int | None = None


FEW: Final = 5
"""Announcements in a row that somebody still reads one by one; with more, they look at none."""


class Sender(Protocol):
    """Sends to one kind of destination; called from many threads at once.

    A send ends within ``SEND_SECONDS``, whatever the neighbour does. What goes wrong with the
    neighbour is a verdict, never an exception; an exception is an error in the code.
    """

    @property
    def pace(self) -> Pace:
        """What one destination is given at most."""
        ...

    def send(self, parcel: Parcel) -> Verdict:
        """Send one delivery, once."""
        ...

    def try_out(self, trial: Trial) -> Verdict:
        """Send a message that says it is a test."""
        ...


@runtime_checkable
class Digesting(Protocol):
    """A sender whose pace tells what is few: it can tell many announcements at once."""

    def send_digest(self, digest: Digest) -> Verdict:
        """Send one message that tells all of them, once; judged as one delivery is."""
        ...


@runtime_checkable
class Reading(Protocol):
    """A sender that needs to know more than the states of what it sends."""

    def read(self, turn: ReadTurn, *, org_id: int, states: Sequence[Ticket | Record]) -> object:
        """What is needed to render *states*, read in their snapshot: once for many sends, where
        each would otherwise open a snapshot of its own."""
        ...


SEND_SECONDS = 5.0
"""The longest that one send may take, in all: connecting, sending, reading the answer."""
