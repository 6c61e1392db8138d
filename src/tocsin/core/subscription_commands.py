"""What can be asked of the subscriptions to a status page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.core.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSubscription(Command):
    """Tell this destination what the page tells: whoever has it has confirmed that they want it.

    ``page`` is a status page by code or id, ``kind`` a kind of destination in words. ``address`` is
    a mail address, or where a webhook is; of a chat's webhook, whose whole address is a secret,
    only its host. ``secret_id`` names the sealed secret: what a webhook is signed with, or where
    the chat's is. ``services`` are codes; none: all. ``asked_at`` is when it was asked for.
    """

    subscription_id: str
    page: str
    kind: str
    address: str
    services: tuple[str, ...] = ()
    secret_id: str | None = None
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSubscription(Command):
    """Tell it no more."""
