"""Incidents' own channels, kept as they should be: made, shown the card, archived at the end
(Integrations: Slack, out). One thread calls this; see :mod:`upkeep`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, Generic, TypeVar

import structlog

from tocsin.adapters.slack import cards, channels
from tocsin.adapters.slack.calls import Line, Unanswered
from tocsin.adapters.slack.channels import OwnChannel, own_channel, user_of
from tocsin.adapters.slack.contract import VIA, Spoken, Workspace, conversation
from tocsin.adapters.slack.places import Places, pages
from tocsin.adapters.slack.posting import Card, Room, card_at, digest
from tocsin.adapters.slack.traces import Traces, metadata
from tocsin.core.claims import REF
from tocsin.core.commands import AddReference, ReferenceDraft
from tocsin.core.errors import Overloaded, Refusal
from tocsin.core.facts import stream_name
from tocsin.core.records import Policy
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_over
from tocsin.dispatcher.contract import Retry
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.contract import OrgRow, ReadTurn, Store

log = structlog.get_logger(__name__)

_MOST_REMEMBERED: Final = 10_000

K = TypeVar("K")
V = TypeVar("V")


class _Remembered(Generic[K, V]):
    """The last so many of something."""

    def __init__(self) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()

    def put(self, key: K, value: V) -> None:
        self._kept.pop(key, None)
        self._kept[key] = value
        while len(self._kept) > _MOST_REMEMBERED:
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        return self._kept.get(key)


class Housing:
    """Puts incidents' channels in order, one incident at a time.

    What it remembers only saves calls: whatever is forgotten is found again in Slack.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        places: Places,
        base_url: str | None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._places = places
        self._base_url = base_url
        self._traces = Traces()
        self._made: _Remembered[str, OwnChannel] = _Remembered()
        self._shown: _Remembered[str, bytes] = _Remembered()
        self._invited: _Remembered[tuple[str, str], bool] = _Remembered()
        self._given_up: _Remembered[str, bool] = _Remembered()

    def concerns(self, ticket: Ticket, workspace: Workspace, policy: Policy) -> bool:
        """Whether *ticket* has a channel there, or should have."""
        if own_channel(ticket, team_id=workspace.team_id) or self._made.get(ticket.stream):
            return True
        if is_over(ticket.status) or self._given_up.get(ticket.stream):
            return False
        return channels.wants_channel(ticket, policy=policy.dedicated_channel_for)

    def settle(
        self,
        line: Line,
        org: OrgRow,
        workspace: Workspace,
        stream: str,
        *,
        routes: Collection[str],
        policy: Policy,
    ) -> bool:
        """Put one incident's channel in order; whether nothing is left to do before it moves again.
        *routes* are the ids of those whose cards can be answered to.

        Raises:
            Unanswered: not now.
            Overloaded: not now.
            StorageFailed: not now.
        """
        with self._store.reading() as turn:
            head = turn.head(org.org_id, stream)
            ticket = None if head is None else head.state
            if not isinstance(ticket, Ticket):
                return True
            names = LoadedNames(turn, org_id=org.org_id, tickets=[ticket])
            card_there = _card_of(turn, org.org_id, stream, routes)
        own = own_channel(ticket, team_id=workspace.team_id) or self._made.get(stream)
        if not self.concerns(ticket, workspace, policy):
            return True
        assignee = ticket.assignee
        member = assignee.id if assignee is not None and assignee.kind == "member" else None
        invited = None
        if member is not None:
            invited = user_of(names.member(member), team_id=workspace.team_id)
        shown = cards.card(ticket, names, base_url=self._base_url, at=self._clock())
        if own is not None:
            self._keep(line, workspace, ticket, own, shown, invited)
            return True
        if card_there is None:
            return False  # the card goes first: its thread is told of what cannot be done
        furnishing = channels.Furnishing(line, self._traces, workspace, ticket)
        try:
            made = furnishing.make(shown, invited=invited)
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            short = f"No channel of its own could be made: {unanswered.verdict.reason}."
            log.warning(
                "an incident has no channel of its own",
                action="slack_channel_failed",
                ticket=ticket.ref,
                reason=unanswered.verdict.reason,
            )
            said = f"channel-failed:{ticket.id}"
            self._tell(line, workspace, ticket, card_there, short, carrying=said)
            self._given_up.put(stream, True)
            return True
        where = f"It has a channel of its own: <#{made.own.channel_id}>."
        for short in made.shortcomings:
            log.warning(
                "an incident's channel lacks something",
                action="slack_channel_lacking",
                ticket=ticket.ref,
                reason=short,
            )
            where += f" But {short}."
        said = f"channel-made:{ticket.id}"
        self._tell(line, workspace, ticket, card_there, where, carrying=said)
        self._mark(org, workspace, ticket, made)
        # Remembered last: whoever gets here again finds all of it done, and goes on.
        self._made.put(stream, made.own)
        self._shown.put(stream, digest(shown))
        return True

    def _mark(self, org: OrgRow, workspace: Workspace, ticket: Ticket, made: channels.Made) -> None:
        draft = ReferenceDraft(
            kind="chat",
            url=channels.permalink(workspace, made.own),
            title=f"#{made.name}",
            external_id=conversation(workspace.team_id, made.own.channel_id),
        )
        try:
            self._writer.do(
                Submission(
                    org_id=org.org_id,
                    sort="ticket",
                    subject=ticket.id,
                    command=AddReference(reference=draft),
                    via=VIA,
                )
            )
        except Overloaded:
            raise
        except Refusal as refused:
            log.warning(
                "a channel is not in its ticket's record",
                action="slack_channel_unmarked",
                ticket=ticket.ref,
                reason=str(refused),
            )

    def _keep(
        self,
        line: Line,
        workspace: Workspace,
        ticket: Ticket,
        own: OwnChannel,
        shown: Spoken,
        invited: str | None,
    ) -> None:
        """The card in an incident's own channel as it stands, the assignee there, all of it put
        away at the end."""
        stream = ticket.stream
        try:
            if own.card_ts and self._shown.get(stream) != digest(shown):
                line.ask(
                    lambda client: client.chat_update(
                        channel=own.channel_id,
                        ts=own.card_ts,
                        text=shown.text,
                        blocks=shown.blocks,
                    )
                )
                self._shown.put(stream, digest(shown))
            if invited is not None and self._invited.get((stream, invited)) is None:
                furnishing = channels.Furnishing(line, self._traces, workspace, ticket)
                for short in furnishing.invite(own.channel_id, invited):
                    log.info(
                        "somebody is not in an incident's channel",
                        action="slack_not_invited",
                        ticket=ticket.ref,
                        reason=short,
                    )
                self._invited.put((stream, invited), True)
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            log.info(
                "an incident's channel is not what it was",
                action="slack_channel_changed",
                ticket=ticket.ref,
                reason=unanswered.verdict.reason,
            )
        if is_over(ticket.status):
            self._archive(line, own.channel_id, ticket)

    def _archive(self, line: Line, channel_id: str, ticket: Ticket) -> None:
        try:
            channels.archive(line, channel_id)
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            log.warning(
                "a channel could not be archived",
                action="slack_channel_not_archived",
                ticket=ticket.ref,
                reason=unanswered.verdict.reason,
            )

    def _tell(
        self,
        line: Line,
        workspace: Workspace,
        ticket: Ticket,
        at: Card,
        text: str,
        *,
        carrying: str,
    ) -> None:
        """Say something in the ticket's thread, once ever."""
        try:
            place = (workspace.team_id, at.channel, at.ts)
            if self._traces.find(line, place, carrying, since=ticket.created_at) is None:
                Room(line, self._places, workspace, at.channel).post(
                    Spoken(text), carrying=metadata(carrying, ticket.id), thread=at.ts
                )
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            log.info("nor can that be said", action="slack_channel_untold", error=unanswered.error)

    def sweep(self, line: Line, org: OrgRow, workspace: Workspace) -> None:
        """Archive channels of incidents that ended while nobody tended them.

        Raises:
            Unanswered: not now.
            StorageFailed: not now.
        """
        found: list[tuple[str, tuple[str, str]]] = []
        try:
            for page, _ in pages(line, archived=False):
                for channel in page:
                    ours = channels.ticket_named(channel, workspace)
                    if ours is not None:
                        found.append((str(channel.get("id", "")), ours))
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            log.warning(
                "channels cannot be listed",
                action="slack_channels_unlisted",
                reason=unanswered.verdict.reason,
            )
        with self._store.reading() as turn:
            over = [
                (channel_id, ticket)
                for channel_id, ours in found
                if (ticket := _ticket(turn, org.org_id, *ours)) is not None
                and is_over(ticket.status)
            ]
        for channel_id, ticket in over:
            self._archive(line, channel_id, ticket)


def _card_of(turn: ReadTurn, org_id: int, stream: str, routes: Collection[str]) -> Card | None:
    for route_id in routes:
        lane = turn.lanes(org_id, route_id, [stream]).get(stream)
        if lane is not None and not lane.parked and (card := card_at(lane.remote_id)) is not None:
            return card
    return None


def _ticket(turn: ReadTurn, org_id: int, how: str, name: str) -> Ticket | None:
    known_by_id = stream_name("incident", name)
    stream = turn.claimed_by(org_id, REF, name) if how == "ref" else known_by_id
    head = None if stream is None else turn.head(org_id, stream)
    return head.state if head is not None and isinstance(head.state, Ticket) else None
