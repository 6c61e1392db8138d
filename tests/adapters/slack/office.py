"""A house whose incidents go to a Slack: a local one, whose clock is the house's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web.slack_response import SlackResponse

from tests.dispatcher.posting import AtOnce, Board, Timer
from tests.handler.acting import House, house
from tests.servers.slack import Channel, LocalSlack, Message, Team, local_slack
from tocsin.adapters.slack.calls import web_client
from tocsin.adapters.slack.contract import Workspace
from tocsin.adapters.slack.sender import SlackSender
from tocsin.adapters.slack.upkeep import Upkeep
from tocsin.core.commands import ChangeStatus, Command
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateRoute,
    DestinationDraft,
)
from tocsin.core.records import Destination, Member
from tocsin.core.ticket import Ticket
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Addressee, Parcel
from tocsin.dispatcher.dispatcher import Dispatcher
from tocsin.dispatcher.naming import DUTIES, delivery_id
from tocsin.handler.submission import Outcome
from tocsin.store.leasing import Alone
from tocsin.store.outgoing import LaneRow, Noted, Trouble

INCIDENTS = "contributor-incidents"
MAINTENANCE = "contributor-maintenance"


@dataclass
class OneWorkspace:
    """Knows one workspace, which every org speaks to; None while nobody has connected it."""

    workspace: Workspace | None

    def of_team(self, team_id: str) -> Workspace | None:
        """By id."""
        found = self.workspace
        return found if found is not None and found.team_id == team_id else None

    def of_org(self, org_id: int) -> Workspace | None:
        """The one, for the org that it was connected to."""
        found = self.workspace
        return found if found is not None and found.org_id == org_id else None

    def org_of(self, workspace: Workspace, channel_id: str | None) -> int:
        """The one org."""
        return workspace.org_id


class Killed(BaseException):
    """The process is gone; nothing in it gets to react."""


class Mortal(WebClient):
    """A client whose process dies when that many calls were answered."""

    left = 0

    def api_call(self, *args: Any, **kwargs: Any) -> SlackResponse:
        """Make the call, and die of it."""
        answer = super().api_call(*args, **kwargs)
        self.left -= 1
        if self.left == 0:
            raise Killed
        return answer


@dataclass
class Office:
    """Sends a house's incidents to a workspace; ``sender`` and ``dispatcher`` are of one process,
    which a test may end at any moment."""

    home: House
    slack: LocalSlack
    team: Team
    incidents: Channel
    maintenance: Channel
    workspaces: OneWorkspace
    dies_after: int = 0
    timer: Timer = field(default_factory=Timer)
    workers: AtOnce = field(default_factory=AtOnce)
    board: Board = field(default_factory=Board)
    sender: SlackSender = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    upkeep: Upkeep = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def net(self) -> int:
        """The org's number."""
        return self.home.orgs["net"]

    @property
    def workspace(self) -> Workspace:
        """The workspace as Tocsin knows it."""
        return Workspace(
            team_id=self.team.id,
            org_id=self.net,
            url=self.team.url,
            bot_user_id=self.team.bot_user_id,
            bot_id=self.team.bot_id,
            token=self.team.token,
        )

    def client(self, workspace: Workspace) -> WebClient:
        """A client for the local Slack; of a process that is to die, if a test says so."""
        if self.dies_after:
            mortal = Mortal(token=workspace.token, base_url=self.slack.base_url, retry_handlers=[])
            mortal.left = self.dies_after
            return mortal
        return web_client(workspace, base_url=self.slack.base_url)

    def restart(self) -> None:
        """The process dies; a new one knows only what is stored."""
        self.sender = SlackSender(
            store=self.home.store,
            clock=self.home.clock,
            workspaces=self.workspaces,
            client=self.client,
            base_url="https://tocsin.example",
            timer=self.timer,
        )
        self.upkeep = Upkeep(
            store=self.home.store,
            writer=self.home.writer,
            clock=self.home.clock,
            workspaces=self.workspaces,
            client=self.client,
            base_url="https://tocsin.example",
            timer=self.timer,
        )
        self.dispatcher = Dispatcher(
            store=self.home.store,
            senders={DestinationKind.SLACK: self.sender},
            leases=Alone(DUTIES),
            unseal=lambda sealed: sealed[::-1],
            workers=self.workers,
            clock=self.home.clock,
            timer=self.timer,
            luck=lambda: 0.0,
            alarms=self.board,
        )

    # -- time ------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass while nothing is done."""
        self.timer.now += seconds
        self.home.clock.pass_by(timedelta(seconds=seconds))

    def run(self, seconds: float = 10.0) -> None:
        """Rounds of the dispatcher for so many seconds, each when the one before it said, or when
        something that was sent is back."""
        end = self.timer.now + seconds
        while self.timer.now < end:
            ran = self.workers.ran
            pause = self.dispatcher.round()
            if self.workers.ran > ran:
                pause = 0.0
            self.wait(min(max(pause, 0.001), end - self.timer.now))

    def tend(self, rounds: int = 1, *, every: float = 6.0) -> None:
        """Rounds of the upkeep."""
        for _ in range(rounds):
            self.upkeep.tend()
            self.wait(every)

    # -- what happens in the house ---------------------------------------------------------------

    def route(
        self,
        name: str = "Slack incidents",
        *,
        channel: str | None = None,
        kinds: tuple[str, ...] = ("incident.*",),
        contributor: str | None = None,
    ) -> str:
        """Make a route to Slack; its id."""
        route_id = self.home.fresh()
        destination = DestinationDraft(kind="slack", channel=channel)
        command = CreateRoute(
            route_id=route_id,
            name=name,
            kinds=kinds,
            destination=destination,
            contributor=contributor,
        )
        self.home.ask("admin", command, sort="route")
        return route_id

    def policy(self, **given: Any) -> None:
        """Change the org's policy."""
        self.home.ask("admin", ChangePolicy(**given), subject="policy", sort="policy")

    def incident(self, title: str = "Fibre cut", **given: object) -> str:
        """Open one; its stream."""
        return self.home.ask("owner", self.home.incident(title, **given)).stream

    def do(self, stream: str, command: Command, *, who: str = "owner") -> Outcome:
        """Ask for something about a ticket."""
        return self.home.ask(who, command, subject=stream.partition(":")[2])

    def say(self, stream: str, body: str = "Splicing.") -> int:
        """Post an update there; its position."""
        return self.do(stream, ChangeStatus(body=body)).position

    def member(self, name: str) -> str:
        """The id of one of the cast."""
        with self.home.store.reading() as turn:
            heads = turn.heads_of_sort(self.net, "member")
        (found,) = [
            one.state.id
            for one in heads
            if isinstance(one.state, Member) and one.state.name == name
        ]
        return found

    def ticket(self, stream: str) -> Ticket:
        """As it stands."""
        with self.home.store.reading() as turn:
            head = turn.head(self.net, stream)
        assert head is not None
        assert isinstance(head.state, Ticket)
        return head.state

    # -- what is promised, and what became of it -------------------------------------------------

    def parcel(self, route_id: str, stream: str, *, version: int = 1, **given: Any) -> Parcel:
        """The delivery of one event of a ticket, as the dispatcher hands it out."""
        with self.home.store.reading() as turn:
            event = turn.stream_events(self.net, stream, after_version=version - 1, limit=1)[0]
            head = turn.heads(self.net, [stream])[stream]
        assert isinstance(head.state, Ticket)
        made = Parcel(
            delivery_id=delivery_id(event.position, route_id),
            to=Addressee(
                org_id=self.net,
                org="net",
                route_id=route_id,
                route_name="Slack incidents",
                destination=Destination(kind=DestinationKind.SLACK),
            ),
            event=event,
            state=head.state,
            opening=version == 1,
        )
        return replace(made, **given)

    def lane(self, route_id: str, stream: str) -> LaneRow | None:
        """What is stored of a ticket at a route."""
        with self.home.store.reading() as turn:
            return turn.lanes(self.net, route_id, [stream]).get(stream)

    def trouble(self, *states: Trouble) -> list[Noted]:
        """What is noted, in any of these states."""
        with self.home.store.reading() as turn:
            return list(turn.noted(self.net, states=states or tuple(Trouble)))

    # -- what Slack shows ------------------------------------------------------------------------

    def cards(self, channel: Channel | None = None) -> list[Message]:
        """What the bot posted at top level, oldest first."""
        return (channel or self.incidents).of_bot()

    def replies(self, card: Message, channel: Channel | None = None) -> list[Message]:
        """What is below a card, oldest first."""
        return (channel or self.incidents).thread(card.ts)

    def calls(self, method: str) -> int:
        """How often a method was called."""
        return len(self.slack.calls_of(method))


@contextmanager
def slack_office(folder: Path) -> Iterator[Office]:
    """An office with nothing to send yet, and the two channels."""
    with (
        house(folder) as home,
        local_slack(now=lambda: home.clock().timestamp(), echoes=False) as slack,
    ):
        team = slack.team()
        made = Office(
            home=home,
            slack=slack,
            team=team,
            incidents=slack.channel(INCIDENTS),
            maintenance=slack.channel(MAINTENANCE),
            workspaces=OneWorkspace(None),
        )
        made.workspaces.workspace = made.workspace
        yield made
