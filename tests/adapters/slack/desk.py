"""A house that people of a local Slack talk to: the app itself, in this process, over a real store.

Requests come in signed and go through Bolt; what the app asks of Slack goes over HTTP. ``settle``
waits for what goes on after the acknowledgement.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_bolt import App, BoltRequest
from slack_sdk import WebClient

from tests.handler.acting import House, house
from tests.servers.slack import (
    SIGNING_SECRET,
    Answer,
    Channel,
    LocalSlack,
    Message,
    Request,
    Team,
    User,
    View,
)
from tocsin.adapters.slack import clicking, commanding
from tocsin.adapters.slack.cards import card
from tocsin.adapters.slack.contract import Person, Surroundings, Workspace
from tocsin.adapters.slack.people import SlackPeople
from tocsin.adapters.slack.receiver import make_app
from tocsin.adapters.slack.triaging import Triager
from tocsin.core.commands import Command
from tocsin.core.facts import Event
from tocsin.core.record_commands import (
    ChangePolicy,
    UpdateMember,
)
from tocsin.core.records import Member
from tocsin.core.ticket import Ticket
from tocsin.core.triage import LanguageModel
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.ticket_names import LoadedNames


@dataclass
class Places:
    """Knows one workspace; every channel speaks to its org, but for those that were given away."""

    workspace: Workspace
    given: dict[str, int] = field(default_factory=dict)

    def of_team(self, team_id: str) -> Workspace | None:
        """By id."""
        return self.workspace if team_id == self.workspace.team_id else None

    def of_org(self, org_id: int) -> Workspace | None:
        """The one, for its org."""
        return self.workspace if org_id == self.workspace.org_id else None

    def org_of(self, workspace: Workspace, channel_id: str | None) -> int:
        """The channel's own org, else the workspace's."""
        return self.given.get(channel_id or "", workspace.org_id)


@dataclass
class Guests:
    """People as Slack and the members tell of them; ``asking`` is called before every answer."""

    people: SlackPeople
    asking: Callable[[], None] = lambda: None

    def who(self, workspace: Workspace, org_id: int, *, team_id: str, user_id: str) -> Person:
        """The member, or a stranger."""
        self.asking()
        return self.people.who(workspace, org_id, team_id=team_id, user_id=user_id)

    def link(self, code: str, *, team_id: str, user_id: str) -> Member:
        """The member whose code it is."""
        return self.people.link(code, team_id=team_id, user_id=user_id)


class Hands:
    """Does work on a few threads; an error in it is not lost."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(8)
        self._lock = threading.Lock()
        self._doing: list[Future[None]] = []

    def run(self, work: Callable[[], None]) -> None:
        """Do it later."""
        with self._lock:
            self._doing.append(self._pool.submit(work))

    def settle(self) -> None:
        """Wait for all of it, and for what it hands on."""
        while True:
            with self._lock:
                doing, self._doing = self._doing, []
            if not doing:
                return
            for one in doing:
                one.result()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@dataclass
class Desk:
    """Takes what people say and click, and shows what became of it."""

    home: House
    slack: LocalSlack
    places: Places
    guests: Guests
    hands: Hands
    surroundings: Surroundings

    @property
    def team(self) -> Team:
        """The workspace."""
        return self.slack.home

    @property
    def net(self) -> int:
        """The org's number."""
        return self.home.orgs["net"]

    # -- people ----------------------------------------------------------------------------------

    def person(
        self,
        name: str,
        *,
        role: str | None,
        contributor: str | None = None,
        team: Team | None = None,
    ) -> User:
        """Somebody in Slack; tied to a member of that role, or with None to nobody."""
        user = self.slack.user(name, team=team)
        if role is not None:
            self.home.invite(name, org="net", role=role, contributor=contributor)
            self.tie(user, name)
        return user

    def tie(self, user: User | None, name: str, *, org: str = "net") -> None:
        """Let that user be the member of that name, by an admin's word; None: nobody is."""
        command = UpdateMember(
            slack_user_id=None if user is None else user.id,
            slack_team_id=None if user is None else user.team_id,
        )
        subject = self.member(name, org=org).id
        self.home.system("member", command, org_id=self.home.orgs[org], subject=subject)

    def member(self, name: str, *, org: str = "net") -> Member:
        """The member of that name."""
        with self.home.store.reading() as turn:
            heads = turn.heads_of_sort(self.home.orgs[org], "member")
        found = [one.state for one in heads if isinstance(one.state, Member)]
        return next(one for one in found if one.name == name)

    # -- what happens ----------------------------------------------------------------------------

    def say(self, user: User, command: str, text: str = "", *, at: Channel | None = None) -> Answer:
        """A slash command, and all that follows."""
        channel = at if at is not None else self.slack.channel("#general")
        if user.id not in channel.members:
            channel.members.append(user.id)
        answer = self.slack.command(user, channel, command, text)
        self.hands.settle()
        return answer

    def fill(
        self, user: User, values: Mapping[str, Any] | None = None, *, view: View | None = None
    ) -> Answer:
        """Send the open form, and all that follows."""
        answer = self.slack.submit(user, view, values)
        self.hands.settle()
        return answer

    def click(self, user: User, place: Message, action_id: str) -> Answer:
        """Press a button, and all that follows."""
        answer = self.slack.click(user, place, action_id)
        self.hands.settle()
        return answer

    def choose(self, user: User, place: Message | View, action_id: str, choice: Any) -> Answer:
        """Choose an option, and all that follows."""
        answer = self.slack.choose(user, place, action_id, choice)
        self.hands.settle()
        return answer

    def incident(self, title: str = "Fibre cut", *, who: str = "owner", **given: object) -> Ticket:
        """Open one beside Slack."""
        outcome = self.home.ask(who, self.home.incident(title, **given))
        assert isinstance(outcome.state, Ticket)
        return outcome.state

    def ask(self, ticket: Ticket, command: Command, *, who: str = "admin") -> Outcome:
        """Ask for something beside Slack."""
        return self.home.ask(who, command, subject=ticket.id)

    def policy(self, **given: Any) -> None:
        """Change the org's policy."""
        self.home.ask("admin", ChangePolicy(**given), subject="policy", sort="policy")

    def demote(self, name: str, role: str) -> None:
        """Give a member another role."""
        command = UpdateMember(role=role)
        self.home.ask("admin", command, subject=self.member(name).id, sort="member")

    def card(self, ticket: Ticket) -> Message:
        """The card of a ticket, as it is posted."""
        channel = self.slack.channel("#contributor-incidents")
        with self.home.store.reading() as turn:
            names = LoadedNames(turn, org_id=self.net, tickets=[ticket])
        shown = card(ticket, names, base_url=None, at=self.home.clock())
        client = self.surroundings.client(self.places.workspace)
        posted = client.chat_postMessage(channel=channel.id, text=shown.text, blocks=shown.blocks)
        self.slack.settle()
        return channel.message(str(posted["ts"]))

    # -- what became of it -----------------------------------------------------------------------

    def tickets(self, org: str = "net") -> list[Ticket]:
        """Every ticket, oldest first."""
        with self.home.store.reading() as turn:
            heads = [
                head
                for sort in ("incident", "maintenance")
                for head in turn.heads_of_sort(self.home.orgs[org], sort)
            ]
        return [
            head.state
            for head in sorted(heads, key=lambda head: head.number)
            if isinstance(head.state, Ticket)
        ]

    def only(self) -> Ticket:
        """The one ticket there is."""
        (ticket,) = self.tickets()
        return ticket

    def now(self, ticket: Ticket) -> Ticket:
        """It, as it stands now."""
        return next(one for one in self.tickets() if one.id == ticket.id)

    def events(self, ticket: Ticket) -> list[Event]:
        """Everything that happened to it."""
        with self.home.store.reading() as turn:
            return list(turn.stream_events(self.net, ticket.stream))

    def told(self, user: User) -> list[str]:
        """What only that person was told, oldest first."""
        return [one.text for one in self.slack.ephemerals_to(user)]

    def last(self, user: User) -> str:
        """What that person was told last; nothing if nothing."""
        return self.told(user)[-1] if self.told(user) else ""


def in_process(app: Callable[[], App]) -> Callable[..., tuple[int, Mapping[str, str], bytes]]:
    """The app, asked as over HTTP."""

    def asked(request: Request, headers: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        sent: dict[str, str | Sequence[str]] = {**headers}
        response = app().dispatch(BoltRequest(body=request.body.decode(), headers=sent))
        shown = {name: values[0] for name, values in response.headers.items()}
        return response.status, shown, (response.body or "").encode()

    return asked


@contextmanager
def slack_desk(
    folder: Path, *, within: float = 2.0, model: LanguageModel | None = None
) -> Iterator[Desk]:
    """A desk in a furnished house; forms are answered *within* so many seconds, and *model* is
    asked about reports."""
    made: list[App] = []
    with house(folder) as home, LocalSlack(app=in_process(lambda: made[0])) as slack:
        team = slack.team("acme")
        places = Places(
            Workspace(
                team_id=team.id,
                org_id=home.orgs["net"],
                url=team.url,
                bot_user_id=team.bot_user_id,
                bot_id=team.bot_id,
                token=team.token,
            )
        )
        hands = Hands()
        listeners = ThreadPoolExecutor(8)

        def client(workspace: Workspace) -> WebClient:
            return WebClient(
                token=workspace.token, base_url=slack.base_url, timeout=5, retry_handlers=[]
            )

        guests = Guests(SlackPeople(home.store, writer=home.writer, client=client))
        surroundings = Surroundings(
            store=home.store,
            writer=home.writer,
            clock=home.clock,
            entropy=lambda: next(home.numbers) * 1_000_003,
            workspaces=places,
            people=guests,
            client=client,
            run=hands.run,
        )

        def register(app: App, around: Surroundings) -> None:
            triager = Triager(store=around.store, writer=around.writer, run=hands.run, model=model)
            commanding.register(app, around, triager=triager)
            clicking.register(app, around, within=within)

        made.append(
            make_app(
                surroundings,
                signing_secret=SIGNING_SECRET,
                listeners=listeners,
                api_url=slack.base_url,
                register=register,
            )
        )
        try:
            yield Desk(home, slack, places, guests, hands, surroundings)
        finally:
            slack.settle()
            listeners.shutdown()
            hands.close()
