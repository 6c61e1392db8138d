"""Rows of a store, whichever database they lie in: how they are read, and what a batch becomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tocsin.core.claims import STATUS_PAGE_CODE
from tocsin.core.facts import Event, stream_sort
from tocsin.core.instants import from_text, to_text
from tocsin.core.rows import row_of
from tocsin.core.ticket import Ticket
from tocsin.store.codec import (
    decoded_event,
    decoded_state,
    deliveries_text,
    encoded_parts,
    encoded_state,
)
from tocsin.store.contract import Answer, Head, HeadChange, Receipt, ReceiptKey
from tocsin.store.digests import digest_of_private, fresh_salts, next_chain
from tocsin.store.outgoing import Outgoing
from tocsin.store.remembering import Remembered

EVENT = "position, org_id, public, private"
HEAD = "org_id, stream, number, version, state"
RECEIPT = "org_id, scope, key, body_digest, stream, position, status, headers, body, expires_at"


def event_of(row: tuple[Any, ...]) -> Event:
    """The event in a row of :data:`EVENT`."""
    position, org_id, public, private = row
    return decoded_event(position=position, org_id=org_id, public=public, private=private)


_states: Final = Remembered()


def head_of(row: tuple[Any, ...]) -> Head:
    """The head in a row of :data:`HEAD`."""
    org_id, stream, number, version, text = row
    sort = stream_sort(stream)
    state = _states.find(sort, text)
    if state is None:
        state = decoded_state(stream, text)
        _states.keep(sort, text, state)
    return Head(org_id=org_id, stream=stream, number=number, version=version, state=state)


def receipt_of(row: tuple[Any, ...]) -> Receipt:
    """The receipt in a row of :data:`RECEIPT`."""
    org_id, scope, key, body_digest, stream, position, status, headers, body, expires_at = row
    return Receipt(
        key=ReceiptKey(org_id=org_id, scope=scope, key=key, body_digest=body_digest),
        stream=stream,
        position=position,
        answer=Answer(
            status=status,
            body=body,
            headers=tuple((name, value) for name, value in json.loads(headers)),
        ),
        expires_at=from_text(expires_at),
    )


Row = tuple[object, ...]
"""A row as it is inserted."""

_written: Final = msgspec.json.Encoder().encode


def event_rows(events: Sequence[Event], last_chain: Callable[[int], bytes]) -> list[Row]:
    """*events* with their digests, as they are inserted; ``last_chain`` is asked for the chain that
    an org's log ends with."""
    chains: dict[int, bytes] = {}
    rows: list[Row] = []
    for event, salt in zip(events, fresh_salts(len(events)), strict=True):
        previous = chains.get(event.org_id)
        if previous is None:
            previous = last_chain(event.org_id)
        public, private = encoded_parts(event)
        private_digest = digest_of_private(salt, private)
        chain = next_chain(previous, public, private_digest)
        chains[event.org_id] = chain
        rows.append(
            (
                event.position,
                event.org_id,
                event.id,
                event.stream,
                event.version,
                event.kind,
                event.payload.schema,
                to_text(event.recorded_at),
                public.decode(),
                private.decode(),
                salt,
                private_digest,
                chain,
            )
        )
    return rows


def head_rows(changes: Sequence[HeadChange]) -> list[Row]:
    """The new states, as rows of :data:`HEAD`."""
    return [
        (
            one.head.org_id,
            one.head.stream,
            one.head.number,
            one.head.version,
            encoded_state(one.head.state).decode(),
        )
        for one in changes
    ]


def claim_rows(changes: Sequence[HeadChange]) -> tuple[list[Row], list[Row]]:
    """Claims given up (org, kind, key), and those taken (with the stream)."""
    given_up: list[Row] = []
    taken: list[Row] = []
    for one in changes:
        before = one.before.claims if one.before is not None else frozenset()
        if before == one.after.claims:
            continue
        org_id, stream = one.head.org_id, one.head.stream
        given_up += [(org_id, kind, key) for kind, key in before - one.after.claims]
        taken += [(org_id, kind, key, stream) for kind, key in one.after.claims - before]
    return given_up, taken


def page_rows(given_up: Sequence[Row], taken: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Of such claims, the slugs of status pages: those given up (slug, org), and those taken (slug,
    org, stream)."""
    return (
        [(key, org_id) for org_id, kind, key in given_up if kind == STATUS_PAGE_CODE],
        [(key, org_id, stream) for org_id, kind, key, stream in taken if kind == STATUS_PAGE_CODE],
    )


def deadline_rows(changes: Sequence[HeadChange]) -> tuple[list[Row], list[Row]]:
    """Streams whose deadlines are gone (org, stream), and the deadlines they have now."""
    gone: list[Row] = []
    rows: list[Row] = []
    for one in changes:
        before = one.before.deadlines if one.before is not None else ()
        if before == one.after.deadlines:
            continue
        if before:
            gone.append((one.head.org_id, one.head.stream))
        rows += [
            (one.head.org_id, one.head.stream, due.kind, to_text(due.due_at))
            for due in one.after.deadlines
        ]
    return gone, rows


def ticket_rows(changes: Sequence[HeadChange]) -> list[Row]:
    """What lists sort and page by, of the tickets among them."""
    rows: list[Row] = []
    for one in changes:
        head, ticket = one.head, one.head.state
        if isinstance(ticket, Ticket):
            row = row_of(ticket)
            rows.append(
                (
                    head.number,
                    head.org_id,
                    head.stream,
                    row.created_at,
                    row.updated_at,
                    row.gravity,
                    row.start_at,
                    row.end_at,
                    row.facets,
                )
            )
    return rows


def term_rows(changes: Sequence[HeadChange]) -> tuple[list[Row], list[Row]]:
    """Terms (org, term, number) that tickets are no longer found by, and new ones."""
    stale: list[Row] = []
    fresh: list[Row] = []
    for one in changes:
        before = one.before.terms if one.before is not None else frozenset()
        if not isinstance(one.head.state, Ticket) or before == one.after.terms:
            continue
        org_id, number = one.head.org_id, one.head.number
        stale += [(org_id, term, number) for term in before - one.after.terms]
        fresh += [(org_id, term, number) for term in one.after.terms - before]
    return stale, fresh


def outbox_rows(outbox: Sequence[Outgoing]) -> list[Row]:
    """What goes out: position, org, stream, deliveries."""
    return [
        (one.position, one.org_id, one.stream, deliveries_text(one.deliveries)) for one in outbox
    ]


def receipt_row(receipt: Receipt) -> Row:
    """*receipt* as a row of :data:`RECEIPT`."""
    key, answer = receipt.key, receipt.answer
    return (
        key.org_id,
        key.scope,
        key.key,
        key.body_digest,
        receipt.stream,
        receipt.position,
        answer.status,
        _written(answer.headers).decode(),
        answer.body,
        to_text(receipt.expires_at),
    )


def position_in(event_id: str) -> int:
    """The log position that an event's id carries in its last 62 bits (see
    :mod:`tocsin.core.ids`)."""
    try:
        return int(event_id.replace("-", "")[-16:], 16) & ((1 << 62) - 1)
    except ValueError:
        return 0
