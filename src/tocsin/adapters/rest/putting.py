"""``PUT …/{code}``: creates what is not there, and replaces what is (API: administration)."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.adapters.rest.calls import AnyCall
from tocsin.adapters.rest.endpoints import Asked, Show
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Reply
from tocsin.core.errors import Conflict, NotFound, invalid
from tocsin.core.facts import stream_identity


def code_to_put(call: AnyCall) -> str:
    """The code in the path of a PUT.

    Raises:
        Invalid: the body says another one.
    """
    code = call.path["name"]
    if call.body.code not in (None, code):
        raise invalid("code", "mismatch", f"the path says {code[:64]!r}; leave it out here")
    return code


async def create_or_replace(
    acting: Acting,
    *,
    claim: str,
    make: Callable[[], Asked],
    replace: Callable[[str], Asked],
    show: Show,
) -> Reply:
    """*make* what has the code in the path, or *replace* the one of that id which holds it."""
    call = acting.call
    org_id, code = call.org_id, call.path["name"]
    for last in (False, True):
        holder = await call.gateway.read(lambda turn: turn.claimed_by(org_id, claim, code))
        try:
            if holder is None:
                return await acting.submit(make(), show, status=201)
            return await acting.submit(replace(stream_identity(holder)), show)
        except (Conflict, NotFound):
            # Perhaps it was made or removed in between: then the other way is right.
            if last:
                raise
    raise AssertionError("the last attempt returns or raises")
