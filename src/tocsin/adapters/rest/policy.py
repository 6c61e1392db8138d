"""Endpoints of the policy: how the org wants it (API: PATCH /policy)."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import msgspec

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import policy_shape
from tocsin.adapters.rest.record_bodies import PolicyPatch
from tocsin.adapters.rest.record_shapes import PolicyShape
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.errors import NotFound
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.records import Policy
from tocsin.handler.directory import POLICY_STREAM
from tocsin.handler.submission import Outcome
from tocsin.store.contract import ReadTurn

_PATH: Final = f"{ORG}/policy"
_encode = msgspec.json.Encoder().encode


def _look(turn: ReadTurn, call: AnyCall) -> PolicyShape:
    head = turn.head(call.org_id, POLICY_STREAM)
    state = None if head is None else head.state
    return policy_shape(state if isinstance(state, Policy) else DEFAULT_POLICY)


def _show(outcome: Outcome, call: AnyCall) -> PolicyShape:
    assert isinstance(outcome.state, Policy)
    return policy_shape(outcome.state)


async def _change(acting: Acting) -> Reply:
    """What asks for what is so already, in an org that never said how it wants it, leaves nothing
    that the writer could answer with."""
    call: Call[None, PolicyPatch] = acting.call
    command = ChangePolicy(
        **{field.name: given(getattr(call.body, field.name)) for field in fields(ChangePolicy)}
    )
    try:
        return await acting.submit(Asked(sort="policy", command=command), _show)
    except NotFound:
        policy, position = await call.gateway.read(
            lambda turn: (_look(turn, call), turn.last_position())
        )
    return Reply(
        status=200,
        body=_encode(policy),
        headers=(
            (b"x-position", b"%d" % position),
            (b"etag", b'"%d"' % policy.version),
        ),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=_PATH,
        tag="policy",
        summary="Read the policy: every field, changed or not.",
        answer=PolicyShape,
        look=_look,
        reads="policy",
    ),
    Endpoint(
        method="PATCH",
        path=_PATH,
        tag="policy",
        summary="Change the policy.",
        description=(
            "By an org_admin. It holds for the very next decision. `slack_retention_days`: so long"
            " after it was recorded, text and author of what was said in Slack are erased."
            " `pii_retention_days`: so long after a ticket or a subscription has ended, names and"
            " addresses of people are erased from it. Looked at once a minute; null: never."
        ),
        body=PolicyPatch,
        answer=PolicyShape,
        act=_change,
        others={412: "If-Match is stale."},
        example={"forbid_overlap": True, "reminder_before_hours": 48},
    ),
)
