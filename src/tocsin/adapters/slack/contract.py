"""What the parts of this adapter share: who speaks and where, what they work with, and the words
that cards, forms and receivers have to agree on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from slack_sdk import WebClient

from tocsin.adapters.slack.ordering import HeldBack
from tocsin.core.records import Member
from tocsin.handler.submission import Speaker
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store

VIA: Final = "slack"
"""Where facts from here came in."""

Blocks = list[dict[str, Any]]
"""Block Kit blocks, as they go over the wire."""


# -- who and where --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace that Tocsin is installed in. ``org_id`` is the org that it speaks to where a
    channel says nothing else; ``url`` is its address such as ``https://acme.slack.com/``."""

    team_id: str
    org_id: int
    url: str
    bot_user_id: str
    bot_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone in Slack. ``speaker`` is the member they are, None for who is none here; then
    ``stranger`` says why, in a sentence for that person that ends with what to do about it."""

    team_id: str
    user_id: str
    name: str
    speaker: Speaker | None
    stranger: str = ""


class Workspaces(Protocol):
    """The workspaces that Tocsin is installed in, and which org their channels belong to."""

    def of_team(self, team_id: str) -> Workspace | None:
        """The workspace of that id."""
        ...

    def of_org(self, org_id: int) -> Workspace | None:
        """The workspace that an org's cards go to."""
        ...

    def org_of(self, workspace: Workspace, channel_id: str | None) -> int:
        """The org that is spoken to in that channel."""
        ...


class People(Protocol):
    """Who somebody in Slack is to an org."""

    def who(self, workspace: Workspace, org_id: int, *, team_id: str, user_id: str) -> Person:
        """The person; ``team_id`` is their own workspace, which may be another one.

        Raises:
            SlackApiError, OSError: Slack cannot be asked.
        """
        ...

    def link(self, code: str, *, team_id: str, user_id: str) -> Member:
        """Tie a Slack user to the member that *code* was given out for.

        Raises:
            Conflict: the code is not good, or the Slack user is another member.
            RateLimited: they have tried too often just now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What receivers work with. ``client`` makes a client for a workspace's token; ``base_url`` is
    where people reach Tocsin, None where nobody said; ``run`` does something later, on a thread of
    this adapter's; ``held_back`` is what waits for its thread to be read."""

    store: Store
    writer: Writer
    clock: Callable[[], datetime]
    entropy: Callable[[], int]
    workspaces: Workspaces
    people: People
    client: Callable[[Workspace], WebClient]
    run: Callable[[Callable[[], None]], None]
    base_url: str | None = None
    held_back: HeldBack = field(default_factory=HeldBack)


# -- names that outlive a release: what yesterday's code showed is answered by today's ----------

ACKNOWLEDGE: Final = "tocsin_acknowledge"
RESOLVE: Final = "tocsin_resolve"
SEVERITY: Final = "tocsin_severity"
ASSIGNEE: Final = "tocsin_assignee"
STATUS: Final = "tocsin_status"
UPDATE: Final = "tocsin_update"
CLOSE: Final = "tocsin_close"
PUBLISH: Final = "tocsin_publish"
"""Action ids of a card. A button's value is the ticket's id; of a select (severity, assignee,
status) the ``block_id`` is ``ticket:<id>`` and each option's value the new word or id."""

FORM_INCIDENT: Final = "tocsin_form_incident"
FORM_MAINTENANCE: Final = "tocsin_form_maintenance"
FORM_UPDATE: Final = "tocsin_form_update"
FORM_CLOSE: Final = "tocsin_form_close"
FORM_RCA: Final = "tocsin_form_rca"
FORM_PUBLISH: Final = "tocsin_form_publish"
FORM_STATUS: Final = "tocsin_form_status"
"""Callback ids of modals."""

PICK_TICKET: Final = "tocsin_pick_ticket"
PICK_DEVICE: Final = "tocsin_pick_device"
PICK_LINK: Final = "tocsin_pick_link"
PICK_SERVICE: Final = "tocsin_pick_service"
PICK_ASSIGNEE: Final = "tocsin_pick_assignee"
"""Action ids of external selects: their options are asked of the server as somebody types."""

OPEN_INCIDENT: Final = "tocsin_open_incident"
OPEN_FROM_MESSAGE: Final = "tocsin_open_from_message"
"""Callback ids of the global and the message shortcut."""

EVENT_TYPE: Final = "tocsin"
"""The type in a message's metadata; its payload is ``{"delivery_id": …, "ticket_id": …}``."""


def conversation(team_id: str, channel_id: str, thread_ts: str | None = None) -> str:
    """The external identity of a thread, or of a whole channel."""
    parts = (
        ("slack", team_id, channel_id)
        if thread_ts is None
        else (
            "slack",
            team_id,
            channel_id,
            thread_ts,
        )
    )
    return ":".join(parts)


def message_key(team_id: str, channel_id: str, ts: str) -> str:
    """The identity of one message on a timeline."""
    return ":".join(("slack", team_id, channel_id, ts))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said to one place: ``text`` for notifications and for clients without blocks."""

    text: str
    blocks: Blocks = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message in a ticket's thread; ``broadcast`` shows it in the channel as well."""

    text: str
    blocks: Blocks = field(default_factory=list)
    broadcast: bool = False
