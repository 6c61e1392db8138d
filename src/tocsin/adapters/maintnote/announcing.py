"""What follows from a notice, in the words of ingestion: a verdict, steps, and what to remember.

Pure: :mod:`settling` says what becomes of it, this says it to whoever carries it out.
"""

from __future__ import annotations

from functools import partial
from typing import assert_never

import msgspec

from tocsin.adapters.maintnote import settling
from tocsin.adapters.maintnote.fields import title_of
from tocsin.adapters.maintnote.notices import Notice, SequenceKnown
from tocsin.adapters.maintnote.settling import (
    Cancel,
    Complete,
    Ignored,
    Move,
    NewTicket,
    Plan,
    Start,
)
from tocsin.core.commands import TicketCommand
from tocsin.core.ingestion import Announced, Beside, Settled
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Because, Step, Word

_known = msgspec.json.Decoder(SequenceKnown)


def announced(notice: Notice) -> Announced:
    """*notice*, with what follows from it once its work is looked up."""
    return Announced(
        key=notice.key,
        summary=f"{title_of(notice)}, version {notice.sequence}",
        settle=partial(_settle, notice),
    )


def _settle(notice: Notice, beside: Beside) -> Settled:
    before = _known.decode(beside.memo) if beside.memo else None
    outcome = settling.settled(
        before,
        notice,
        ticket=beside.ticket,
        assets=beside.directory,
        new=NewTicket(
            ticket_id=beside.fresh.ticket_id,
            refs=beside.fresh.refs,
            correlation_key=beside.correlation_key,
        ),
        at=beside.at,
    )
    ticket, who = beside.ticket, _teller(notice)
    match outcome:
        case Plan(command=command, ends=ends):
            before_it = () if ends is None else _steps(ticket, ends)
            steps = (*before_it, Step(ticket_id=command.ticket_id, command=command))
            return _said(outcome.known, Word.CREATED, f"planned, says {who}", steps)
        case Move(change=change):
            return _said(
                outcome.known, Word.ATTACHED, f"changed, says {who}", _steps(ticket, change)
            )
        case Start(command=command, change=change):
            commands = (command,) if change is None else (change, command)
            return _said(
                outcome.known, Word.ATTACHED, f"in process, says {who}", _steps(ticket, *commands)
            )
        case Complete(command=command):
            return _said(
                outcome.known, Word.RESOLVED, f"completed, says {who}", _steps(ticket, command)
            )
        case Cancel(command=command):
            return _said(
                outcome.known, Word.RESOLVED, f"cancelled, says {who}", _steps(ticket, command)
            )
        case Ignored(reason=reason, for_person=for_person):
            heard = before is not None and before.digest == outcome.known.digest
            nowhere = for_person or (ticket is None and not heard)
            return Settled(
                word=Word.UNATTACHED if nowhere else Word.DEDUPLICATED,
                because=Because.SAID,
                reason=reason,
                memo=_memo(outcome.known),
                for_person=for_person,
            )
        case _:
            assert_never(outcome)


def _steps(ticket: Ticket | None, *commands: TicketCommand) -> tuple[Step, ...]:
    assert ticket is not None, "only a ticket that there is can be changed"
    return tuple(Step(ticket_id=ticket.id, command=command) for command in commands)


def _said(known: SequenceKnown, word: Word, reason: str, steps: tuple[Step, ...]) -> Settled:
    return Settled(word=word, because=Because.SAID, reason=reason, memo=_memo(known), steps=steps)


def _memo(known: SequenceKnown) -> str:
    return msgspec.json.encode(known).decode()


def _teller(notice: Notice) -> str:
    return f"{notice.provider or 'its provider'}, version {notice.sequence}"
