"""What was sent, asked of the API; and its refusals as what stands beside the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from tocsin.handler.submission import Credential
from tocsin.web.dashboard.requests import Receive, Scope, Send
from tocsin.web.dashboard.visits import Filled, FormAt, Sent, Told, Wish

STALE: Final = 412
CONFLICT: Final = 409
UNAVAILABLE: Final = 503
_SENT_BEFORE: Final = "idempotency_mismatch"


class Perform(Protocol):
    """Asks the API of this process one thing, as the owner of *credential*, a member of *org*."""

    async def __call__(self, wish: Wish, *, org: str, credential: Credential) -> Told: ...


class MailLink(Protocol):
    """Asks the API for a link to sign in with, sent to a member of *org*; by who is at *address*.

    What comes back is the same whether there is such a member.
    """

    async def __call__(self, *, org: str, email: str, address: str) -> Told: ...


class Follow(Protocol):
    """Serves the live stream of *org* to the owner of *credential*."""

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, *, org: str, credential: Credential
    ) -> None: ...


def refused(route: FormAt, sent: Sent, told: Told) -> Filled:
    """The form as it was filled in, with what the API says about it."""
    detail = str(told.body.get("detail", ""))
    code = told.body.get("code")
    errors = _errors(route, told.body)
    trouble: str | None
    if told.status == STALE:
        trouble = "Somebody was faster. See what changed, and send it again if it still holds."
    elif code == _SENT_BEFORE:
        trouble = "This form was sent before, with other words. Send it again if you mean both."
    elif told.status == UNAVAILABLE:
        trouble = f"Nothing was stored: {detail}."
    elif errors:
        trouble = None
    else:
        trouble = f"{detail[:1].upper()}{detail[1:]}."
    return Filled(
        form=route.path,
        typed=sent.typed,
        errors=errors,
        trouble=trouble,
        stale=told.status == STALE,
        version=sent.version,
        told=told,
    )


def _errors(route: FormAt, problem: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong by field of the form; of several about one field the first."""
    found: dict[str, str] = {}
    for error in problem.get("errors", ()):
        name = str(error["field"]).partition("[")[0]
        detail = str(error["detail"])
        found.setdefault(route.names.get(name, name), f"{detail[:1].upper()}{detail[1:]}")
    return found
