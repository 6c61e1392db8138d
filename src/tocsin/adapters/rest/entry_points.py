"""Endpoints of entry points: what becomes of reports in free text (API: entry points)."""

from __future__ import annotations

from typing import Final

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.record_answers import entry_point_shape
from tocsin.adapters.rest.record_bodies import EntryPointBody, EntryPointPatch, WordsPatch
from tocsin.adapters.rest.record_shapes import EntryPointShape
from tocsin.adapters.rest.records import Sort, listing, patching, posting, reading, removing
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.record_commands import (
    CreateEntryPoint,
    RemoveEntryPoint,
    UpdateEntryPoint,
)
from tocsin.core.records import EntryPoint

ENTRY_POINTS: Final = Sort(
    sort="entry_point",
    path="entry-points",
    kind=EntryPoint,
    shape=EntryPointShape,
    show=entry_point_shape,
    named="By id.",
)


def _make(call: Call[None, EntryPointBody]) -> Asked:
    body = call.body
    return Asked(
        sort="entry_point",
        command=CreateEntryPoint(
            entry_point_id=call.fresh_id(),
            name=body.name,
            words=tuple(body.match.words),
            prompt=body.match.prompt,
            assignee=body.assignee,
            severity=body.severity,
            service=body.service,
            is_fallback=body.is_fallback,
            order=body.order,
        ),
    )


def _change(body: EntryPointPatch) -> Command:
    match = body.match if isinstance(body.match, WordsPatch) else WordsPatch()
    words = match.words
    return UpdateEntryPoint(
        name=given(body.name),
        words=tuple(words) if isinstance(words, list) else NOT_GIVEN,
        prompt=given(match.prompt),
        assignee=given(body.assignee),
        severity=given(body.severity),
        service=given(body.service),
        is_fallback=given(body.is_fallback),
        order=given(body.order),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    listing(ENTRY_POINTS),
    posting(
        ENTRY_POINTS,
        _make,
        body=EntryPointBody,
        summary="Say what becomes of reports that have certain words.",
        description=(
            "A report in free text goes to the first entry point, by `order`, of which it has a"
            " word; else to the one that a language model chooses, if one is set up; else to the"
            " fallback. An org has at most one fallback; a second is refused."
        ),
        example={
            "name": "Payments",
            "match": {"words": ["checkout", "credit card"], "prompt": "Anything about paying."},
            "severity": "sev2",
        },
    ),
    reading(ENTRY_POINTS),
    patching(
        ENTRY_POINTS, _change, body=EntryPointPatch, example={"match": {"words": ["checkout"]}}
    ),
    removing(
        ENTRY_POINTS,
        RemoveEntryPoint(),
        summary="Let such reports go where the others say.",
        description="Tickets that it opened stay as they are.",
    ),
)
