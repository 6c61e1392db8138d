"""The words that commands are made of, and what is said about them when somebody asks for help."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tocsin.core.words import Status, TicketType, folded


class Verb(StrEnum):
    """What a command does; the value is the word that help shows."""

    CREATE = "create"
    ACK = "ack"
    UPDATE = "update"
    CLOSE = "close"
    RCA = "rca"
    PUBLISH = "publish"
    LIST = "list"
    MEASURES = "measures"
    SEVERITY = "severity"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    STATUS = "status"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    START = "start"
    COMPLETE = "complete"
    EXTEND = "extend"
    HELP = "help"
    LINK = "link"
    USE = "use"


_BOTH: Final[Mapping[Verb, tuple[str, ...]]] = {
    Verb.CREATE: ("new", "open", "report", "declare"),
    Verb.UPDATE: ("comment", "note"),
    Verb.CLOSE: (),
    Verb.PUBLISH: (),
    Verb.LIST: ("ls",),
    Verb.SEVERITY: ("sev",),
    Verb.ASSIGN: (),
    Verb.UNASSIGN: (),
    Verb.STATUS: (),
    Verb.CANCEL: (),
    Verb.RCA: ("postmortem",),
    Verb.HELP: (),
}


def _spelt(verbs: Mapping[Verb, tuple[str, ...]]) -> Mapping[str, Verb]:
    return MappingProxyType(
        {word: verb for verb, others in verbs.items() for word in (verb.value, *others)}
    )


INCIDENT_VERBS: Final = _spelt(
    {
        **_BOTH,
        Verb.ACK: ("acknowledge",),
        Verb.RESOLVE: (),
        Verb.REOPEN: (),
        Verb.MEASURES: ("metrics", "mtta", "mttr"),
    }
)
"""What follows ``/incident``, in every spelling."""

MAINTENANCE_VERBS: Final = _spelt(
    {
        **_BOTH,
        Verb.CREATE: (*_BOTH[Verb.CREATE], "plan", "schedule"),
        Verb.START: ("begin",),
        Verb.COMPLETE: ("done", "finish"),
        Verb.EXTEND: ("prolong",),
    }
)
"""What follows ``/maintenance``, in every spelling."""

TOCSIN_VERBS: Final = _spelt({Verb.LINK: (), Verb.USE: (), Verb.HELP: ()})
"""What follows ``/tocsin``."""

STATUS_WORDS: Final[Mapping[str, Status]] = MappingProxyType(
    {
        **{folded(status.value): status for status in Status},
        "mitigated": Status.MONITORING,
        "canceled": Status.CANCELLED,
        "declined": Status.CANCELLED,
        "invalid": Status.CANCELLED,
    }
)
"""Statuses, folded, in the spellings that mean one thing only (Domain: other systems' words)."""

COMMENTS_AFTER: Final = frozenset(
    {("close", "to"), ("start", "of"), ("status", "is"), ("status", "page"), ("list", "of")}
)
"""Beginnings of sentences that only look like commands."""


def in_conversation(verbs: Mapping[str, Verb]) -> Mapping[str, Verb]:
    """Those of *verbs* that are commands in a conversation too, where "done", "new" and "measures"
    are words like others."""
    return {
        word: verb
        for word, verb in verbs.items()
        if (word == verb.value and verb is not Verb.MEASURES) or word in ("acknowledge", "comment")
    }


_INCIDENT_HELP = """\
*Incidents* (in an incident's own thread or channel the ref may be left out)
• `/incident create` opens a form; `/incident create api is down` opens one with these words
• `/incident ack REF` · `/incident resolve REF what helped` · `/incident close REF what helped`
• `/incident update REF what is new` · `/incident status REF monitoring what is new`
• `/incident severity REF sev2` · `/incident assign REF @somebody` (or `me`, `nobody`, a code)
• `/incident rca REF https://…` · `/incident publish REF` · `/incident list sev1`
• `/incident cancel REF why` · `/incident reopen REF why`
• `/incident measures` or `measures 7d`: how many, MTTA and MTTR
`/create`, `/update` and `/close` alone open their forms. All times are UTC."""

_MAINTENANCE_HELP = """\
*Maintenance* (in a maintenance's own thread or channel the ref may be left out)
• `/maintenance create` opens a form · `/maintenance list`
• `/maintenance start REF` · `/maintenance complete REF` · `/maintenance close REF what was done`
• `/maintenance extend REF 2h` or `until 2026-11-20 14:05` · `/maintenance cancel REF why`
• `/maintenance update REF what is new` · `/maintenance publish REF`
All times are UTC."""

_TOCSIN_HELP = """\
`/incident help` and `/maintenance help` list what can be said there. \
`/tocsin link CODE` ties your Slack user to a member; `/tocsin use CODE` lets this channel speak \
to the org of that code. A mention at top level opens an incident."""

HELP: Final[Mapping[TicketType | None, str]] = MappingProxyType(
    {
        TicketType.INCIDENT: _INCIDENT_HELP,
        TicketType.MAINTENANCE: _MAINTENANCE_HELP,
        None: _TOCSIN_HELP,
    }
)
"""What help says about incidents, maintenance, and everything else; in mrkdwn."""
