"""What somebody wants who typed something: one frozen class for each intention.

``ref`` is the public name (or id) of the ticket as it was typed, in its canonical spelling; None
where none was: then the ticket of the thread or channel is meant, and where there is none, a form
asks. An empty ``text`` means that nothing was said beyond the command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.words import Status, TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Open a ticket; without ``text`` by a form, else see :func:`tocsin.adapters.slack.spoken.\
report_of`."""

    kind: TicketType
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Say: I have seen it."""

    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Change the status. ``status`` is None where the word is still to be asked for, by a form.

    ``reopens`` marks ``reopen``, for which a reason is needed where the ticket is over.
    """

    status: Status | None
    ref: str | None = None
    text: str = ""
    word: str | None = None
    reopens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Comment; without ``text`` by a form."""

    ref: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close; ``text`` is the resolution, without it a form asks."""

    ref: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rca:
    """Set the address of the root-cause analysis; without ``url`` by a form."""

    ref: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Tell the public: always by a form, into which ``text`` goes."""

    ref: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSeverity:
    """Change the severity to what ``word`` names in this org; ``reason`` may be empty."""

    word: str
    ref: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackUser:
    """Somebody who was mentioned."""

    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody by a word: a contributor's code, a member's name, address or id."""

    name: str


@dataclass(frozen=True, slots=True)
class Myself:
    """Whoever speaks."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Take it from whoever has it."""


Whom = SlackUser | Named | Myself | Nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAssignee:
    """Give it to somebody."""

    whom: Whom
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Give a maintenance a later planned end: an instant, or so much later than planned."""

    ref: str | None = None
    until: datetime | None = None
    by: timedelta | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Words in an incident's own thread that are no command."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTickets:
    """Show tickets; ``words`` filter (see :func:`tocsin.adapters.slack.choices.listed`)."""

    kind: TicketType | None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Say how many incidents there were within ``span``, and how long they took; None where no time
    was said."""

    span: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Tie the speaker to a member by a link code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Let the channel speak to the org of that code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Say what can be said; ``text`` is the whole answer, in mrkdwn."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Nothing that is understood; ``sentence`` says why and what to do, in mrkdwn that is safe to
    send. ``meant`` are the commands that come near."""

    sentence: str
    meant: tuple[str, ...] = ()


Intention = (
    Create
    | Acknowledge
    | Move
    | Update
    | Close
    | Rca
    | Publish
    | SetSeverity
    | SetAssignee
    | Extend
    | Comment
    | ListTickets
    | Measure
    | Link
    | Use
    | Help
    | Unclear
)
