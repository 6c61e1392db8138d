"""An office that listens as well: what people say and click in the local Slack reaches the real
receiver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from slack_bolt import App, BoltRequest

from tests.adapters.slack.office import Office, slack_office
from tests.servers.slack import SIGNING_SECRET, Channel, Ephemeral, Request, Team, User
from tocsin.adapters.slack import clicking, conversing
from tocsin.adapters.slack.contract import Person, Surroundings, Workspace
from tocsin.adapters.slack.errands import Errands
from tocsin.adapters.slack.ordering import HeldBack
from tocsin.adapters.slack.receiver import make_app
from tocsin.adapters.slack.telling import failed
from tocsin.adapters.slack.transcripts import Transcripts
from tocsin.adapters.slack.triaging import Triager
from tocsin.core.errors import Conflict, Overloaded
from tocsin.core.records import EntryPoint, Member
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import MessageRecorded
from tocsin.core.triage import Suggestion
from tocsin.core.words import TicketType
from tocsin.handler.submission import Speaker
from tocsin.store.contract import Head

T = TypeVar("T")
STRANGER = "You are no member of this org; ask an org_admin for a link code."


class Hands(Errands):
    """Errands that can be waited for; ``room`` is how many more are taken in, None for no bound."""

    def __init__(self) -> None:
        super().__init__(on_failure=self._noted)
        self.failures: list[BaseException] = []
        self.room: int | None = None
        self._busy = 0
        self._change = threading.Condition()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        with self._change:
            if self.room is not None:
                if self.room == 0:
                    raise Overloaded("more is waiting than can be taken in")
                self.room -= 1
            self._busy += 1
        done = super().submit(fn, *args, **kwargs)
        done.add_done_callback(lambda _: self._less())
        return done

    @property
    def busy(self) -> bool:
        """Whether anything is still being done."""
        with self._change:
            return self._busy > 0

    def settle(self, seconds: float = 60.0) -> None:
        """Until everything that was handed in is done."""
        with self._change:
            assert self._change.wait_for(lambda: self._busy == 0, timeout=seconds)

    def _less(self) -> None:
        with self._change:
            self._busy -= 1
            self._change.notify_all()

    def _noted(self, failure: BaseException) -> None:
        self.failures.append(failure)
        failed(failure)


@dataclass
class Acquaintances:
    """Who in Slack is which member; everybody else is a stranger."""

    members: dict[str, str] = field(default_factory=dict)

    def who(self, workspace: Workspace, org_id: int, *, team_id: str, user_id: str) -> Person:
        """By id."""
        member_id = self.members.get(user_id)
        return Person(
            team_id=team_id,
            user_id=user_id,
            name=user_id,
            speaker=None if member_id is None else Speaker(member_id=member_id),
            stranger=STRANGER if member_id is None else "",
        )

    def link(self, code: str, *, team_id: str, user_id: str) -> Member:
        """There are no codes here."""
        raise Conflict("this code is not good, or no more; ask for a new one")


@dataclass
class Thinking:
    """A language model that says what it is told to, and remembers what it was asked."""

    says: Suggestion | None = None
    asked: list[str] = field(default_factory=list)

    def suggest(self, text: str, entry_points: Sequence[EntryPoint]) -> Suggestion | None:
        """As a model answers."""
        self.asked.append(text)
        return self.says


@dataclass
class Ears:
    """The office, its people in Slack, and the receiver that hears them."""

    office: Office
    hands: Hands
    people: Acquaintances
    surroundings: Surroundings
    thinking: Thinking

    def person(self, name: str, *, role: str | None = "member", team: Team | None = None) -> User:
        """Somebody in Slack; with a role a member of the org as well."""
        user = self.office.slack.user(name, team=team)
        for channel in (self.office.incidents, self.office.maintenance):
            channel.members.append(user.id)
        if role is not None:
            self.office.home.invite(name, org="net", role=role)
            with self.office.home.store.reading() as turn:
                for head in turn.heads_of_sort(self.office.net, "member"):
                    if isinstance(head.state, Member) and head.state.name == name:
                        self.people.members[user.id] = head.state.id
        return user

    def settle(self) -> None:
        """Until everything that was heard is done."""
        self.hands.settle()

    def transcripts(self) -> Transcripts:
        """As a process has them that has just begun."""
        return Transcripts(self.surroundings)

    def another_process(self) -> conversing.Ear:
        """Ears that remember nothing of what these have heard."""
        return conversing.Ear(replace(self.surroundings, held_back=HeldBack()))

    # -- what became of it -----------------------------------------------------------------------

    def tickets(self) -> list[Ticket]:
        """Every incident, oldest first."""
        with self.office.home.store.reading() as turn:
            heads = turn.heads_of_sort(self.office.net, TicketType.INCIDENT.value)
        by_age: list[Head] = sorted(heads, key=lambda head: head.number)
        return [head.state for head in by_age if isinstance(head.state, Ticket)]

    def ticket(self) -> Ticket:
        """The only incident."""
        (only,) = self.tickets()
        return only

    def messages(self, ticket: Ticket) -> list[MessageRecorded]:
        """The messages on its timeline, as they were recorded."""
        with self.office.home.store.reading() as turn:
            events = turn.stream_events(self.office.net, ticket.stream)
        return [one.payload for one in events if isinstance(one.payload, MessageRecorded)]

    def texts(self, ticket: Ticket) -> list[str]:
        """What those messages say."""
        return [one.text for one in self.messages(ticket)]

    def told(self, user: User) -> list[str]:
        """What only that person was told."""
        found: list[Ephemeral] = self.office.slack.ephemerals_to(user)
        return [one.text for one in found]

    def by_us(self, channel: Channel) -> list[str]:
        """Everything that the bot has said in a channel and its threads."""
        return [one.text for one in channel.everything if one.bot_id is not None]


@contextmanager
def listening(folder: Path) -> Iterator[Ears]:
    """An office with ears."""
    with slack_office(folder) as office:
        hands, people = Hands(), Acquaintances()
        surroundings = Surroundings(
            store=office.home.store,
            writer=office.home.writer,
            clock=office.home.clock,
            entropy=lambda: next(office.home.numbers) * 0x9E3779B97F4A7C15 % (1 << 64),
            workspaces=office.workspaces,
            people=people,
            client=office.client,
            run=hands.run,
            base_url="https://tocsin.example",
        )
        thinking = Thinking()

        def register(app: App, around: Surroundings) -> None:
            triager = Triager(
                store=around.store, writer=around.writer, run=around.run, model=thinking
            )
            conversing.register(app, around, triager=triager)
            clicking.register(app, around)

        app = make_app(
            surroundings,
            signing_secret=SIGNING_SECRET,
            listeners=hands,
            api_url=office.slack.base_url,
            register=register,
        )

        def take(request: Request, headers: Mapping[str, str]) -> tuple[int, Any, bytes]:
            body = request.body.decode()
            answer = app.dispatch(BoltRequest(body=body, headers=dict(headers)))
            return answer.status, answer.first_headers(), (answer.body or "").encode()

        office.slack.outbox.app = take
        ears = Ears(
            office=office,
            hands=hands,
            people=people,
            surroundings=surroundings,
            thinking=thinking,
        )
        try:
            yield ears
        finally:
            hands.shutdown()
