"""Tickets out to Slack: one card for each, edited as it changes, and a thread that says what
happened (Integrations: Slack, out).

Everything is rendered before Slack is asked anything: of the newest state, whatever the event.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

import structlog
from slack_sdk import WebClient

from tocsin.adapters.slack import cards, digests, network, phrases
from tocsin.adapters.slack.calls import Line, Unanswered, asked_inside, within
from tocsin.adapters.slack.contract import Reply, Spoken, Workspace, Workspaces
from tocsin.adapters.slack.escaping import mrkdwn, utc
from tocsin.adapters.slack.places import Places
from tocsin.adapters.slack.posting import Card, Room, card_at, channel_for, digest
from tocsin.adapters.slack.traces import Traces, metadata, metadata_of_digest
from tocsin.core.facts import stream_identity
from tocsin.core.records import Device, Link, Record
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.dispatcher.contract import (
    FEW,
    SEND_SECONDS,
    Delivered,
    Digest,
    Pace,
    Parcel,
    Retry,
    Trial,
    Verdict,
)
from tocsin.projections.digests import summary_of
from tocsin.projections.shapes.record_names import ReadNames
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.contract import Store

log = structlog.get_logger(__name__)

FOR_RENDERING: Final = 0.5
"""Seconds of a send that are left for what is not asking Slack."""

NOT_CONNECTED: Final = Retry(
    "no Slack workspace is connected to this org: connect one, or give the server a bot token"
)

_MOST_SHOWN: Final = 50_000
_CARD_IS_GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
)
_LONGEST_NAME: Final = 200
Lane = tuple[int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendered:
    """One delivery as it will be shown; without a ``card`` it is a message of its own."""

    channel: str
    card: Spoken | None
    reply: Reply | None
    about: str


class SlackSender:
    """Posts to the workspaces of orgs (the ``Sender`` of slack destinations).

    ``client`` makes a client for a workspace; ``seconds`` is what all calls of one send may take
    together. ``timer`` counts seconds for what is remembered.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Callable[[], datetime],
        workspaces: Workspaces,
        client: Callable[[Workspace], WebClient],
        base_url: str | None = None,
        seconds: float = SEND_SECONDS - FOR_RENDERING,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._workspaces = workspaces
        self._client = client
        self._base_url = base_url
        self._seconds = seconds
        self._places = Places(timer=timer)
        self._traces = Traces()
        self._lock = threading.Lock()
        self._shown: OrderedDict[Lane, bytes] = OrderedDict()

    @property
    def pace(self) -> Pace:
        """Slack takes about one message a second for a channel, and a few at once after a rest."""
        return Pace(concurrent=1, per_second=1.0, burst=3, few=FEW)

    def send(self, parcel: Parcel) -> Verdict:
        """Post one delivery; an opening's card is the lane's remote id.

        Raises:
            StorageFailed: it could not be rendered.
        """
        workspace = self._workspaces.of_org(parcel.to.org_id)
        if workspace is None:
            return NOT_CONNECTED
        rendered = self._rendered(parcel)
        client = self._client(workspace)

        def exchange(ends: float) -> Delivered:
            errand = _Errand(self, Line(client, ends=ends), workspace, parcel, rendered)
            return errand.run()

        try:
            return within(self._seconds, exchange)
        except Unanswered as unanswered:
            return unanswered.verdict

    def send_digest(self, digest: Digest) -> Verdict:
        """Post one message that tells all of them, but what is found to be told already.

        Raises:
            StorageFailed: it could not be rendered.
        """
        to = digest.to
        workspace = self._workspaces.of_org(to.org_id)
        if workspace is None:
            return NOT_CONNECTED
        with self._store.reading() as turn:
            policy = LoadedNames(turn, org_id=to.org_id, tickets=()).policy()
            assets = {one.event.stream: _asset(one.state) for one in digest.parcels}
            names = ReadNames(turn, org_id=to.org_id, records=assets.values())
        named = channel_for(to.destination, policy, TicketType.INCIDENT)
        client = self._client(workspace)

        def exchange(ends: float) -> Delivered:
            line = Line(client, ends=ends)
            room = Room(line, self._places, workspace, named)
            untold = self._untold(line, workspace, room, digest)
            if untold:
                told = [(one.event, assets[one.event.stream]) for one in untold]
                summary = summary_of(told, names)
                said = digests.reply(summary, base_url=self._base_url)
                carried = metadata_of_digest(digest, untold)
                room.post(Spoken(said.text, said.blocks), carrying=carried)
            return Delivered()

        try:
            return within(self._seconds, exchange)
        except Unanswered as unanswered:
            return unanswered.verdict

    def _untold(
        self, line: Line, workspace: Workspace, room: Room, digest: Digest
    ) -> tuple[Parcel, ...]:
        """What no message in the channel carries yet."""
        if not digest.again:
            return digest.parcels
        place = (workspace.team_id, room.channel_id(), "")
        names = [digest.delivery_id, *(one.delivery_id for one in digest.parcels)]
        since = min(one.event.recorded_at for one in digest.parcels)
        try:
            told = self._traces.find_all(line, place, names, since=since)
        except Unanswered:
            # The next attempt looks for a channel of that name anew.
            self._places.forget(place[1])
            raise
        if digest.delivery_id in told:
            return ()
        return tuple(one for one in digest.parcels if one.delivery_id not in told)

    def try_out(self, trial: Trial) -> Verdict:
        """Post something that says it is a test.

        Raises:
            StorageFailed: where to is not known.
        """
        to = trial.to
        workspace = self._workspaces.of_org(to.org_id)
        if workspace is None:
            return NOT_CONNECTED
        with self._store.reading() as turn:
            policy = LoadedNames(turn, org_id=to.org_id, tickets=()).policy()
        named = channel_for(to.destination, policy, TicketType.INCIDENT)
        client = self._client(workspace)
        text = (
            f"This is a test of the route {mrkdwn(to.route_name, longest=_LONGEST_NAME)} of"
            f" {mrkdwn(to.org, longest=_LONGEST_NAME)}, made {utc(trial.at)}. Nothing happened:"
            " somebody tried out whether Tocsin can post here. It can."
        )

        def exchange(ends: float) -> Delivered:
            room = Room(Line(client, ends=ends), self._places, workspace, named)
            room.post(Spoken(text), carrying=metadata(trial.delivery_id, ""))
            return Delivered()

        try:
            return within(self._seconds, exchange)
        except Unanswered as unanswered:
            return unanswered.verdict

    # -- what is shown ---------------------------------------------------------------------------

    def _rendered(self, parcel: Parcel) -> _Rendered:
        state, to = parcel.state, parcel.to
        tickets = phrases.to_be_named(parcel.event, state) if isinstance(state, Ticket) else ()
        with self._store.reading() as turn:
            names = LoadedNames(turn, org_id=to.org_id, tickets=tickets)
            assets = () if isinstance(state, Ticket) else (_asset(state),)
            of_assets = ReadNames(turn, org_id=to.org_id, records=assets)
        if not isinstance(state, Ticket):
            return _Rendered(
                channel=channel_for(to.destination, names.policy(), TicketType.INCIDENT),
                card=None,
                reply=network.reply(
                    parcel.event, _asset(state), of_assets, base_url=self._base_url
                ),
                about="",
            )
        return _Rendered(
            channel=channel_for(to.destination, names.policy(), state.type),
            card=cards.card(state, names, base_url=self._base_url, at=self._clock()),
            reply=None if parcel.opening else phrases.reply(parcel.event, state, names),
            about=mrkdwn(f"{state.ref} {state.title}", longest=_LONGEST_NAME),
        )

    def shows(self, lane: Lane, card: Spoken) -> bool:
        """Whether the card of *lane* was last shown as *card*, as far as this process knows."""
        with self._lock:
            return self._shown.get(lane) == digest(card)

    def has_shown(self, lane: Lane, card: Spoken) -> None:
        """The card of *lane* is shown as *card* now."""
        with self._lock:
            self._shown.pop(lane, None)
            self._shown[lane] = digest(card)
            while len(self._shown) > _MOST_SHOWN:
                self._shown.popitem(last=False)

    @property
    def places(self) -> Places:
        """The channels that are known by name."""
        return self._places

    @property
    def traces(self) -> Traces:
        """What was posted before."""
        return self._traces


class _Errand:
    """One delivery on its way: at each call it may be killed, and then the next attempt finds what
    was done."""

    def __init__(
        self,
        sender: SlackSender,
        line: Line,
        workspace: Workspace,
        parcel: Parcel,
        rendered: _Rendered,
    ) -> None:
        self._sender = sender
        self._line = line
        self._workspace = workspace
        self._parcel = parcel
        self._rendered = rendered
        event = parcel.event
        self._lane: Lane = (parcel.to.org_id, parcel.to.route_id, event.stream)
        self._carried = metadata(parcel.delivery_id, stream_identity(event.stream))

    def run(self) -> Delivered:
        """Do it.

        Raises:
            Unanswered: Slack refuses, or cannot be asked.
        """
        card, at = self._rendered.card, card_at(self._parcel.remote_id)
        if card is None:
            self._tell(at)
            return Delivered()
        if self._parcel.opening:
            return Delivered(self._open(card).remote_id)
        if at is not None and not self._sender.shows(self._lane, card):
            self._edit(at, card)
        self._tell(at)
        return Delivered()

    def _open(self, card: Spoken) -> Card:
        room = self._room(self._rendered.channel)
        earlier = self._found(room.channel_id(), thread="") if self._parcel.again else None
        if earlier is not None:
            return Card(room.channel_id(), earlier)
        posted = room.post(card, carrying=self._carried)
        self._sender.has_shown(self._lane, card)
        return posted

    def _edit(self, at: Card, card: Spoken) -> None:
        try:
            asked_inside(
                self._line,
                at.channel,
                lambda client: client.chat_update(
                    channel=at.channel, ts=at.ts, text=card.text, blocks=card.blocks
                ),
            )
        except Unanswered as unanswered:
            if unanswered.error not in _CARD_IS_GONE:
                raise
            # What happened is still told, there or in its thread.
            log.info("a card is gone", action="slack_card_gone", error=unanswered.error)
        self._sender.has_shown(self._lane, card)

    def _tell(self, at: Card | None) -> None:
        reply = self._rendered.reply
        if reply is None:
            return
        if at is None:
            self._say(reply)
        else:
            self._answer(at, reply)

    def _answer(self, at: Card, reply: Reply) -> None:
        if self._parcel.again and self._found(at.channel, thread=at.ts) is not None:
            return
        try:
            self._room(at.channel).post(
                Spoken(reply.text, reply.blocks),
                carrying=self._carried,
                thread=at.ts,
                broadcast=reply.broadcast,
            )
        except Unanswered as unanswered:
            if unanswered.error != "thread_not_found":
                raise
            # Without its thread it has to say what it is about.
            text = f"{self._rendered.about}: {reply.text}"
            self._say(Reply(text=text), channel=at.channel)

    def _say(self, reply: Reply, *, channel: str | None = None) -> None:
        room = self._room(channel or self._rendered.channel)
        if self._parcel.again and self._found(room.channel_id(), thread="") is not None:
            return
        room.post(Spoken(reply.text, reply.blocks), carrying=self._carried)

    def _found(self, channel: str, *, thread: str) -> str | None:
        try:
            return self._sender.traces.find(
                self._line,
                (self._workspace.team_id, channel, thread),
                self._parcel.delivery_id,
                since=self._parcel.event.recorded_at,
            )
        except Unanswered as unanswered:
            if thread and unanswered.error == "thread_not_found":
                return None
            # The next attempt looks for a channel of that name anew.
            self._sender.places.forget(channel)
            raise

    def _room(self, named: str) -> Room:
        return Room(self._line, self._sender.places, self._workspace, named)


def _asset(state: Ticket | Record) -> Device | Link:
    """What is routed besides tickets."""
    if not isinstance(state, Device | Link):
        raise TypeError(f"an event of a {type(state).__name__.lower()} is not sent anywhere")
    return state
