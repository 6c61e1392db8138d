"""What is kept in order in Slack beside the cards: the incident channel's topic, and channels of
their own for severe incidents (Integrations: Slack, out).

Nothing is remembered but in memory: what there is to do follows from the log, from the tickets and
from what is found in Slack. A process that begins looks at everything once, and then only at what
has moved.
"""

from __future__ import annotations

import html
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final

import structlog
from slack_sdk import WebClient

from tocsin.adapters.slack.calls import Line, Unanswered, asked_inside
from tocsin.adapters.slack.contract import Workspace, Workspaces
from tocsin.adapters.slack.housing import Housing
from tocsin.adapters.slack.places import Places
from tocsin.adapters.slack.posting import INCIDENTS_CHANNEL
from tocsin.adapters.slack.topic import topic
from tocsin.core.errors import Overloaded
from tocsin.core.facts import Event, stream_sort
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy, Route
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import MessageRecorded, Redacted, SignalIngested
from tocsin.core.words import DestinationKind, is_active
from tocsin.dispatcher.contract import Retry
from tocsin.handler.writer import Writer
from tocsin.store.contract import OrgRow, ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

TEND_SECONDS: Final = 10.0
"""The longest that Slack is asked in one round, for one org."""

TOPIC_SECONDS: Final = 5.0
"""Between two topics of one channel: Slack takes about twenty a minute."""

REST_SECONDS: Final = 30.0
"""How long a workspace is left alone that cannot be reached and does not say for how long."""

EVENTS_AT_ONCE: Final = 1_000
UNSETTLED_AT_ONCE: Final = 50
"""Incidents of a round that turn out to wait for something."""

_DIGITS: Final = ("one", "two", "three", "four", "five")


@dataclass(slots=True)
class _Org:
    """An org as it was last looked at. ``incidents`` are the active ones, ``moved`` those whose
    channels have to be looked at, in the order in which they moved."""

    position: int
    incidents: dict[str, Ticket] = field(default_factory=dict)
    moved: OrderedDict[str, None] = field(default_factory=OrderedDict)
    topic: tuple[str, str] | None = None
    topic_at: float | None = None
    swept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """How an org wants it: its own ways into Slack (no contributor's, who may not want to tell the
    others), whether one of them leads to the incident channel, and its policy."""

    routes: tuple[str, ...]
    has_incident_channel: bool
    policy: Policy


class Upkeep:
    """Keeps the workspaces of all orgs in order, as long as somebody calls :meth:`tend`.

    ``client`` makes a client for a workspace; ``timer`` are seconds that only go forward. One
    thread of one process at a time.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        workspaces: Workspaces,
        client: Callable[[Workspace], WebClient],
        base_url: str | None = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._client = client
        self._timer = timer
        self._places = Places(timer=timer)
        self._housing = Housing(
            store=store, writer=writer, clock=clock, places=self._places, base_url=base_url
        )
        self._orgs: dict[int, _Org] = {}
        self._resting: dict[str, float] = {}
        self._troubled = False

    def tend(self) -> None:
        """One round: put in order what has moved, as far as Slack bears it now."""
        try:
            with self._store.reading() as turn:
                orgs = list(turn.orgs())
            for org in orgs:
                workspace = self._workspaces.of_org(org.org_id)
                if workspace is not None and self._is_awake(workspace):
                    self._tend(org, workspace)
        except (StorageFailed, Overloaded) as failed:
            # Said once: the storage may be away for hours, and the writer tells of it too.
            if not self._troubled:
                log.warning("nobody tends Slack", action="slack_tending_failed", reason=str(failed))
            self._troubled = True
            return
        self._troubled = False

    def _is_awake(self, workspace: Workspace) -> bool:
        return self._timer() >= self._resting.get(workspace.team_id, float("-inf"))

    def _tend(self, org: OrgRow, workspace: Workspace) -> None:
        with self._store.reading() as turn:
            wanted = _wanted(turn, org.org_id)
            if not wanted.routes:
                # Whoever is connected later is looked at from the beginning.
                self._orgs.pop(org.org_id, None)
                return
            known = self._look(turn, org.org_id, workspace, wanted.policy)
        line = Line(self._client(workspace), ends=self._timer() + TEND_SECONDS, timer=self._timer)
        try:
            if wanted.has_incident_channel:
                self._set_topic(line, workspace, known, wanted.policy)
            if not known.swept:
                self._housing.sweep(line, org, workspace)
                known.swept = True
            self._settle(line, org, workspace, known, wanted)
        except Unanswered as unanswered:
            wish = unanswered.verdict.wish if isinstance(unanswered.verdict, Retry) else None
            rest = REST_SECONDS if wish is None else wish
            if line.left <= 0:
                rest = 0.0  # there was only much to do
            self._resting[workspace.team_id] = self._timer() + rest
            log.info(
                "Slack is tended later",
                action="slack_tending_rests",
                reason=unanswered.verdict.reason,
                seconds=rest,
            )

    def _settle(
        self, line: Line, org: OrgRow, workspace: Workspace, known: _Org, wanted: _Wanted
    ) -> None:
        unsettled = 0
        for stream in list(known.moved):
            if unsettled == UNSETTLED_AT_ONCE:
                return
            settled = self._housing.settle(
                line, org, workspace, stream, routes=wanted.routes, policy=wanted.policy
            )
            if settled:
                known.moved.pop(stream, None)
            else:
                unsettled += 1
                known.moved.move_to_end(stream)

    # -- what has moved --------------------------------------------------------------------------

    def _look(self, turn: ReadTurn, org_id: int, workspace: Workspace, policy: Policy) -> _Org:
        known, upto = self._orgs.get(org_id), turn.last_position()
        if known is None:
            known = _Org(position=upto)
            self._take_in(turn, org_id, known, turn.active_tickets(org_id), workspace, policy)
            self._orgs[org_id] = known
        elif upto > known.position:
            events = turn.org_events(org_id, after=known.position, limit=EVENTS_AT_ONCE)
            streams = [one.stream for one in events if _matters(one)]
            self._take_in(turn, org_id, known, streams, workspace, policy)
            known.position = events[-1].position if len(events) == EVENTS_AT_ONCE else upto
        return known

    def _take_in(
        self,
        turn: ReadTurn,
        org_id: int,
        known: _Org,
        streams: Iterable[str],
        workspace: Workspace,
        policy: Policy,
    ) -> None:
        incidents = {one for one in streams if stream_sort(one) == "incident"}
        for stream, head in turn.heads(org_id, incidents).items():
            ticket = head.state
            if not isinstance(ticket, Ticket):
                continue
            if is_active(ticket.status):
                known.incidents[stream] = ticket
            else:
                known.incidents.pop(stream, None)
            if self._housing.concerns(ticket, workspace, policy):
                known.moved[stream] = None

    # -- the topic -------------------------------------------------------------------------------

    def _set_topic(self, line: Line, workspace: Workspace, known: _Org, policy: Policy) -> None:
        named = policy.slack_incidents_channel or INCIDENTS_CHANNEL
        text = topic(known.incidents.values())
        if known.topic == (named, text):
            return
        now = self._timer()
        if known.topic_at is not None and now - known.topic_at < TOPIC_SECONDS:
            return
        channel = named
        try:
            channel = self._places.id_of(line, team_id=workspace.team_id, named=named)
            if known.topic is not None or not _says(line, channel, text):
                known.topic_at = now
                asked_inside(
                    line,
                    channel,
                    lambda client: client.conversations_setTopic(channel=channel, topic=text),
                )
        except Unanswered as unanswered:
            if isinstance(unanswered.verdict, Retry):
                raise
            # Not tried again before there is something else to say.
            self._places.forget(channel)
            log.warning(
                "no topic could be set",
                action="slack_topic_refused",
                channel=named,
                reason=unanswered.verdict.reason,
            )
        known.topic = (named, text)


def _matters(event: Event) -> bool:
    if isinstance(event.payload, Redacted) and event.actor.type == "system":
        return False  # what is old enough to go by itself has long been said
    return not isinstance(event.payload, MessageRecorded | SignalIngested)


def _wanted(turn: ReadTurn, org_id: int) -> _Wanted:
    head = turn.head(org_id, "policy:policy")
    found = None if head is None else head.state
    policy = found if isinstance(found, Policy) else DEFAULT_POLICY
    routes = [
        head.state
        for head in turn.heads_of_sort(org_id, "route")
        if isinstance(head.state, Route) and _is_own_way(head.state)
    ]
    named = (policy.slack_incidents_channel or INCIDENTS_CHANNEL).lstrip("#")
    return _Wanted(
        routes=tuple(route.id for route in routes),
        has_incident_channel=any(
            route.destination.channel is None or route.destination.channel.lstrip("#") == named
            for route in routes
        ),
        policy=policy,
    )


def _is_own_way(route: Route) -> bool:
    is_live = route.enabled and route.removed_at is None
    to_slack = route.destination.kind is DestinationKind.SLACK
    return is_live and to_slack and route.contributor_id is None


def _says(line: Line, channel: str, text: str) -> bool:
    """Whether the channel's topic is that already; Slack gives keycaps by their names."""
    answer = line.ask(lambda client: client.conversations_info(channel=channel))
    about = answer.get("channel")
    said = about.get("topic") if isinstance(about, dict) else None
    found = str(said.get("value", "")) if isinstance(said, dict) else ""
    for digit, name in enumerate(_DIGITS, start=1):
        found = found.replace(f":{name}:", f"{digit}\ufe0f\u20e3")
    return html.unescape(found) == html.unescape(text)
