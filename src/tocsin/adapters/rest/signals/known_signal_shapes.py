"""The shapes of alerts as they stand, and what is asked of them (API: signals)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tocsin.adapters.rest.signals.inbox_shapes import ConnectorNamed
from tocsin.adapters.rest.ticket_bodies import Body, Key, PageQuery

Named = Annotated[str, Meta(min_length=1, max_length=100, description="A ticket, by id or ref.")]


class SignalsQuery(PageQuery):
    """Which signals; several filters mean: all of them. ``unattached`` asks for those that no
    ticket has."""

    correlation_key: Key | None = None
    trace_id: Key | None = None
    service: Key | None = None
    fingerprint: Key | None = None
    ticket: Named | None = None
    state: Literal["firing", "resolved"] | None = None
    connector: ConnectorNamed | None = None
    unattached: bool = False


class AttachBody(Body):
    """Which ticket the signal belongs to."""

    ticket: Named


class KnownSignalShape(Struct, kw_only=True):
    """An alert as it stands: the newest signal of it, and what became of it.

    ``ticket_id`` and ``ticket_ref`` are null where no ticket has it. ``count`` is how often it was
    heard, ``first_seen`` and ``last_seen`` when. ``verdict``, ``because`` and ``reason`` are of the
    newest that was no repeat, null for one from before verdicts were kept. ``connector`` is a
    code, null for what came over the API. ``observed``: its connector only observes, and nothing
    was done. ``held``: a maintenance in force holds it back.
    """

    signal_id: str
    ticket_id: str | None
    ticket_ref: str | None
    signal_type: str
    source: str
    summary: str
    state: str
    ts: str
    severity: str | None
    native_severity: str | None
    service_name: str | None
    environment: str | None
    device: str | None
    link: str | None
    contributor: str | None
    correlation_key: str | None
    trace_id: str | None
    fingerprint: str | None
    labels: dict[str, str]
    data: dict[str, Any]
    recorded_at: str
    count: int
    first_seen: str
    last_seen: str
    verdict: str | None
    because: str | None
    reason: str | None
    connector: str | None
    observed: bool
    held: bool
