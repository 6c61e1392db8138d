"""Transcripts: what was said about a ticket, read again and frozen (Integrations: messages).

When a ticket is closed, and every six hours while it is a grave one, its conversations are read
from the beginning. What the timeline lacks, or has in an older wording, is recorded; then the
number of messages and their digest go on the ticket as an action, so that anybody can tell whether
the transcript is still the one that was frozen. The digest can be made again from the timeline
alone (:func:`digest_of`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from tocsin.adapters.slack import messages, threads
from tocsin.adapters.slack.answering import TROUBLE, reason_of
from tocsin.adapters.slack.contract import VIA, Surroundings, message_key
from tocsin.adapters.slack.frozen import Due, DueTranscripts, last_frozen
from tocsin.adapters.slack.messages import Message, Names, Shelf, message_in
from tocsin.adapters.slack.opening import done, once
from tocsin.adapters.slack.threads import Conversation, Unreadable
from tocsin.core.commands import AddAction
from tocsin.core.errors import Refusal, Unavailable
from tocsin.core.facts import stream_sort
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import MessageRecorded
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.ticket_reading import TEXT
from tocsin.core.words import ActionKind
from tocsin.handler.submission import Submission
from tocsin.store.contract import ReadTurn, StorageFailed

log = structlog.get_logger(__name__)

AT_ONCE: Final = 20
"""Tickets whose conversations are read in one go; the others have their turn a minute later."""

LOOKED_AT: Final = 1_000
"""Tickets that are looked at in one go; most of them are not spoken of in Slack."""

EVENTS_AT_ONCE: Final = 1_000


class Transcripts:
    """Freezes what is due; :meth:`tend` is called every minute by whoever has that duty.

    It remembers nothing that the log does not say: another process may go on at any time.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._names = Names(client=surroundings.client, clock=surroundings.clock)
        self._due = DueTranscripts(
            store=surroundings.store, workspace_of=surroundings.workspaces.of_org
        )

    def tend(self, now: datetime) -> int:
        """Freeze what is due at *now*, up to a bound; how many transcripts are new.

        Raises:
            StorageFailed: the store cannot be read.
        """
        looked = read = frozen = 0
        away: set[str] = set()
        for due in self._due.at(now):
            if due.workspace.team_id in away:
                continue
            if looked >= LOOKED_AT or read >= AT_ONCE:
                break
            looked += 1
            try:
                conversations = self._conversations(due)
                if conversations:
                    read += 1
                    frozen += self._freeze(due, conversations)
            except (Unavailable, StorageFailed) as failed:
                log.warning("not frozen yet", action="transcript_late", reason=str(failed))
                break
            except Refusal as refusal:
                log.error("not frozen", action="transcript_refused", reason=refusal.code)
            except TROUBLE as trouble:
                # Slack is away, or wants a pause: what is due there stays due.
                reason = reason_of(trouble)
                log.warning("not frozen yet", action="transcript_late", reason=reason)
                away.add(due.workspace.team_id)
                continue
            self._due.settled(due, now)
        self._due.remember()
        return frozen

    def _conversations(self, due: Due) -> tuple[Conversation, ...]:
        """Where the ticket is spoken of."""
        with self._surroundings.store.reading() as turn:
            head = turn.head(due.org_id, due.stream)
            if head is None or not isinstance(head.state, Ticket):
                return ()
            team_id = due.workspace.team_id
            return threads.conversations_of(turn, due.org_id, head.state, team_id=team_id)

    def _freeze(self, due: Due, conversations: Sequence[Conversation]) -> int:
        """Read the conversations of a ticket again and freeze them; how many transcripts are new
        (0 where it stands as it was frozen before)."""
        surroundings, org_id = self._surroundings, due.org_id
        with surroundings.store.reading() as turn:
            logged = logged_messages(turn, org_id, due.stream)
        unread = [self._catch_up(said_in, due, logged) for said_in in conversations]
        if not due.freeze:
            return 0
        with surroundings.store.reading() as turn:
            logged = logged_messages(turn, org_id, due.stream)
            before = last_frozen(turn, org_id, due.stream)
        told = [one for one in logged.values() if not one.deleted]
        if not told:
            return 0
        label = f"transcript frozen: {len(told)} messages, sha256 {digest_of(told)}"
        if before is not None and before.label == label:
            return 0
        reasons = sorted({reason for reason in unread if reason is not None})
        key = f"{due.stream}:{0 if before is None else before.position}:{label}"
        outcome = surroundings.writer.do(
            Submission(
                org_id=org_id,
                sort="ticket",
                subject=due.stream,
                command=AddAction(
                    action_kind=ActionKind.RUNBOOK_STEP_EXECUTED.value,
                    label=label,
                    details="From the timeline alone, as Slack could not be read again: "
                    + ", ".join(reasons)
                    if reasons
                    else None,
                ),
                via=VIA,
                # Two processes may look at once, while the duty goes from one to the other.
                receipt=once(org_id, "transcript", key),
                render=done,
            )
        )
        return 0 if outcome.replayed is not None else 1

    def _catch_up(
        self, said_in: Conversation, due: Due, logged: Mapping[str, MessageRecorded]
    ) -> str | None:
        """Record what the timeline lacks of a conversation; why it cannot be read, if it cannot."""
        workspace = due.workspace
        if said_in.team_id != workspace.team_id:
            other = self._surroundings.workspaces.of_team(said_in.team_id)
            if other is None:
                return "not_installed"
            workspace = other
        shelf = Shelf(
            org_id=due.org_id,
            stream=due.stream,
            workspace=workspace,
            channel_id=said_in.channel_id,
        )
        client = self._surroundings.client(workspace)
        try:
            for page in threads.pages_of(client, said_in):
                found = [message_in(shape, workspace) for shape in page]
                self._record(shelf, [one for one in found if one is not None], logged)
        except Unreadable as unreadable:
            return unreadable.reason
        return None

    def _record(
        self, shelf: Shelf, said: Sequence[Message], logged: Mapping[str, MessageRecorded]
    ) -> None:
        unlike = [one for one in said if _moved(one, logged.get(_identity(one, shelf)))]
        if not unlike:
            return
        names = self._names.of(shelf.workspace, messages.people_in(unlike))
        handed = []
        for message in unlike:
            known = logged.get(_identity(message, shelf))
            if known is None:
                handed.append(messages.recording(message, shelf, names=names))
            elif known.text != messages.shown(message, names)[:TEXT]:
                handed.append(messages.correcting(message, shelf, names=names))
        for result in messages.record_all(self._surroundings.writer, handed):
            if isinstance(result, BaseException):
                raise result


def _identity(message: Message, shelf: Shelf) -> str:
    return message_key(shelf.workspace.team_id, shelf.channel_id, message.ts)


def _moved(message: Message, known: MessageRecorded | None) -> bool:
    """Whether the timeline may lack *message*, or this wording of it.

    What was erased there on purpose, or deleted here, is not brought back.
    """
    if known is None:
        return True
    if known.deleted or known.text == REMOVED or message.edited_ts is None:
        return False
    return messages.instant_of(message.edited_ts) > known.at


# -- what the timeline has ------------------------------------------------------------------------


def logged_messages(turn: ReadTurn, org_id: int, stream: str) -> dict[str, MessageRecorded]:
    """The messages on a ticket's timeline by their ids, each in its newest wording and dated by
    it."""
    newest: dict[str, MessageRecorded] = {}
    kind = MessageRecorded.kinds[stream_sort(stream)]
    before: int | None = None
    while True:
        events = turn.newest_events(
            org_id, stream, [kind], before_version=before, limit=EVENTS_AT_ONCE
        )
        for event in events:
            said = event.payload
            if not isinstance(said, MessageRecorded) or said.source != messages.SOURCE:
                continue
            known = newest.get(said.message_id)
            if known is None or (said.deleted, said.at) > (known.deleted, known.at):
                newest[said.message_id] = said
        if len(events) < EVENTS_AT_ONCE:
            return newest
        before = events[-1].version


def digest_of(told: Iterable[MessageRecorded]) -> str:
    """The hex SHA-256 of a transcript: of the JSON array of ``[message id, author, text]`` of its
    messages, in the order of their ids' time stamps."""
    rows = sorted(
        ([one.message_id, one.author, one.text] for one in told),
        key=lambda row: (messages.instant_of(row[0].rpartition(":")[2]), row[0]),
    )
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
