"""The endpoint that erases text and personal data of an earlier event (API: redactions)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_bodies import RedactionBody
from tocsin.adapters.rest.record_shapes import RedactionShape
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.visible_events import may_see
from tocsin.core.commands import Redact
from tocsin.core.errors import NotFound, invalid
from tocsin.core.facts import Event, stream_identity, stream_sort
from tocsin.handler.admission import admission
from tocsin.handler.submission import Outcome
from tocsin.store.contract import ReadTurn

_SORTS: Final = {
    "incident": "ticket",
    "maintenance": "ticket",
    "contributor": "contributor",
    "member": "member",
    "subscription": "subscription",
}
"""The sorts of stream whose events hold text about people, and how the writer calls them."""


def _position(event_id: str) -> int | None:
    """The log position that an event's id carries in its last 62 bits (Core: ids)."""
    try:
        return UUID(event_id).int & ((1 << 62) - 1)
    except ValueError:
        return None


def _event(turn: ReadTurn, call: Call[None, RedactionBody]) -> Event:
    """The event of that id, when the caller may see it.

    Raises:
        NotFound: there is none in this org.
    """
    credential, name = call.credential, call.body.event
    assert credential is not None, "asked only behind a credential"
    access = admission(turn, credential, at=call.now()).access
    position = _position(name)
    if position is not None:
        for event in turn.org_events(call.org_id, after=position - 1, limit=1):
            if event.id == name and may_see(access, event):
                return event
    raise NotFound(f"there is no event {name!r} here")


async def _redact(acting: Acting) -> Reply:
    call: Call[None, RedactionBody] = acting.call
    body = call.body
    event = await call.gateway.read(lambda turn: _event(turn, call))
    sort = _SORTS.get(stream_sort(event.stream))
    if sort is None:
        raise invalid(
            "event", "nothing_erasable", f"events of a {stream_sort(event.stream)} hold no text"
        )
    fields = tuple(sorted(set(body.fields)))

    def show(outcome: Outcome, call: Call[None, RedactionBody]) -> RedactionShape:
        return RedactionShape(
            event=event.id, fields=list(fields), stream=outcome.stream, position=outcome.position
        )

    return await acting.submit(
        Asked(
            sort=sort,
            subject=stream_identity(event.stream),
            command=Redact(event=event.id, fields=fields, reason=body.reason),
        ),
        show,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=f"{ORG}/redactions",
        tag="redactions",
        summary="Erase text and personal data of an earlier event, for ever.",
        description=(
            "By an org_admin. The chain of the log still verifies; lists, timelines and a rebuild"
            " show [removed]. The erasure is an event itself."
        ),
        body=RedactionBody,
        answer=RedactionShape,
        status=201,
        act=_redact,
        others={404: "There is no such event in this org."},
        example={
            "event": "0197a3c2-5d00-7000-8000-00000000002a",
            "fields": ["description", "reporter_email"],
        },
    ),
)
