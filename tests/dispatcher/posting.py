"""A house with routes and a dispatcher whose rounds, time, threads and receivers are a test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.handler.acting import House, house
from tocsin.core.commands import ChangeStatus, PostPublicUpdate
from tocsin.core.record_commands import (
    CreateRoute,
    CreateStatusPage,
    DestinationDraft,
    UpdateRoute,
)
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.subscriptions import TAKEN_KINDS
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import (
    FEW,
    Delivered,
    Digest,
    Pace,
    Parcel,
    Trial,
    Verdict,
)
from tocsin.dispatcher.dispatcher import Dispatcher
from tocsin.dispatcher.naming import DUTIES
from tocsin.dispatcher.outcomes import DestinationTrouble
from tocsin.store.contract import Store
from tocsin.store.leasing import Alone, Leases
from tocsin.store.outgoing import DestinationRow, Noted, Trouble

Judge = Callable[[Parcel], Verdict]

HOOK = DestinationDraft(kind="webhook", url="https://receiver.example/hook")
CHANNEL = DestinationDraft(kind="slack", channel="noc")
TABLE = DestinationDraft(kind="airtable", table_base="app0123456789")


def accepted(parcel: Parcel) -> Verdict:
    """Everything arrives; an opening makes an object that is called after its lane."""
    return Delivered(f"made/{parcel.event.stream}" if parcel.opening else None)


@dataclass
class Receiver:
    """Sends nowhere: keeps what it was handed, and judges as it is told."""

    judge: Judge = accepted
    pace: Pace = field(default_factory=lambda: Pace(concurrent=8))
    handed: list[Parcel] = field(default_factory=list)
    arrived: list[Parcel] = field(default_factory=list)

    def send(self, parcel: Parcel) -> Verdict:
        """Judge, and keep it."""
        self.handed.append(parcel)
        verdict = self.judge(parcel)
        if isinstance(verdict, Delivered):
            self.arrived.append(parcel)
        return verdict

    def try_out(self, trial: Trial) -> Verdict:
        """Nobody tries anything out here."""
        raise AssertionError(trial)


@dataclass
class Chat(Receiver):
    """Where people read: takes many at once too; ``digests`` are those that arrived."""

    pace: Pace = field(default_factory=lambda: Pace(concurrent=2, few=FEW))
    judge_digest: Callable[[Digest], Verdict] = lambda digest: Delivered("message")
    offered: list[Digest] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)

    def send_digest(self, digest: Digest) -> Verdict:
        """Judge, and keep it."""
        self.offered.append(digest)
        verdict = self.judge_digest(digest)
        if isinstance(verdict, Delivered):
            self.digests.append(digest)
        return verdict

    @property
    def told(self) -> list[int]:
        """The positions of all that arrived, alone or with others."""
        many = (one.event.position for digest in self.digests for one in digest.parcels)
        return [*(one.event.position for one in self.arrived), *many]


class AtOnce(Executor):
    """Runs what it is given before it says that it took it; ``ran`` counts."""

    def __init__(self) -> None:
        self.ran = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it."""
        self.ran += 1
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Later(Executor):
    """Keeps what it is given until it is let go, so that sends are out for a while."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep it."""
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future()

    def let_go(self) -> None:
        """Run everything that waits."""
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            one()


class Timer:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Board:
    """Whom the dispatcher tells of what is down; ``refusing`` is raised instead while it is set."""

    told: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[DestinationTrouble] = field(default_factory=list)
    refusing: Exception | None = None

    def down(self, trouble: DestinationTrouble) -> None:
        """Take it down."""
        self._take("down", trouble)

    def back(self, trouble: DestinationTrouble) -> None:
        """Take it down."""
        self._take("back", trouble)

    def _take(self, word: str, trouble: DestinationTrouble) -> None:
        if self.refusing is not None:
            raise self.refusing
        self.told.append((word, trouble.route_name))
        self.troubles.append(trouble)


@dataclass
class Post:
    """A house and whoever sends what it promises; ``busy`` is whether facts wait to be taken in."""

    home: House
    store: Store
    timer: Timer = field(default_factory=Timer)
    hook: Receiver = field(default_factory=Receiver)
    table: Receiver = field(default_factory=Receiver)
    chat: Chat = field(default_factory=Chat)
    crowd: Receiver = field(default_factory=Receiver)
    board: Board = field(default_factory=Board)
    workers: AtOnce = field(default_factory=AtOnce)
    unseal: Callable[[bytes], bytes] = lambda sealed: sealed[::-1]
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    busy: bool = False
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def net(self) -> int:
        """The org's number."""
        return self.home.orgs["net"]

    def made(self, *, leases: Leases | None = None, workers: Executor | None = None) -> Dispatcher:
        """Another dispatcher for the same house."""
        return Dispatcher(
            store=self.store,
            senders={
                DestinationKind.WEBHOOK: self.hook,
                DestinationKind.AIRTABLE: self.table,
                DestinationKind.SLACK: self.chat,
            },
            public_senders=dict.fromkeys(TAKEN_KINDS, self.crowd),
            leases=leases or Alone(DUTIES),
            unseal=self.unseal,
            workers=workers or self.workers,
            clock=self.home.clock,
            timer=self.timer,
            luck=lambda: 0.0,
            alarms=self.board,
            observe=self._observe,
            busy=lambda: self.busy,
        )

    def _observe(self, org: str, route: str, kind: str, outcome: str, count: int) -> None:
        self.outcomes[route, outcome] = self.outcomes.get((route, outcome), 0) + count

    def restart(self) -> None:
        """The dispatcher dies, and a new one knows only what is stored."""
        self.dispatcher = self.made()

    # -- time ------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass while nothing is done."""
        self.timer.now += seconds
        self.home.clock.pass_by(timedelta(seconds=seconds))

    def run(self, seconds: float = 3.0) -> None:
        """Rounds for so many seconds, each when the one before it said, or when something that was
        sent is back."""
        end = self.timer.now + seconds
        while self.timer.now < end:
            ran = self.workers.ran
            pause = self.dispatcher.round()
            if self.workers.ran > ran:
                pause = 0.0
            self.wait(min(max(pause, 0.001), end - self.timer.now))

    # -- what happens in the house ---------------------------------------------------------------

    def route(
        self, name: str, destination: DestinationDraft = HOOK, *, org: str = "net", **given: Any
    ) -> str:
        """Make a route for incidents; its id."""
        route_id = self.home.fresh()
        fields: dict[str, Any] = {"kinds": ("incident.*",)} | given
        who = "admin" if org == "net" else "stranger"
        command = CreateRoute(route_id=route_id, name=name, destination=destination, **fields)
        self.home.ask(who, command, sort="route", org=org)
        return route_id

    def page(self, code: str = "main", services: tuple[str, ...] = ()) -> str:
        """Make a status page; its id."""
        identity = self.home.fresh()
        command = CreateStatusPage(
            status_page_id=identity, code=code, name="Acme", services=services
        )
        self.home.ask("admin", command, sort="status_page")
        return identity

    def subscriber(self, address: str, page: str = "main", services: tuple[str, ...] = ()) -> str:
        """Somebody subscribes by mail; the subscription's id."""
        identity = self.home.fresh()
        command = CreateSubscription(
            subscription_id=identity,
            page=page,
            kind="email",
            address=address,
            services=services,
            asked_at=self.home.clock(),
        )
        self.home.system("subscription", command, org_id=self.net)
        return identity

    def leave(self, subscription_id: str) -> None:
        """They want to hear no more."""
        self.home.system(
            "subscription", RemoveSubscription(), org_id=self.net, subject=subscription_id
        )

    def publish(self, stream: str, body: str = "We are looking into it.", **given: Any) -> int:
        """Tell the public something of a ticket; the position of its event."""
        fields: dict[str, Any] = {"title": "Slow answers", "status": "investigating"} | given
        command = PostPublicUpdate(body=body, **fields)
        return self.home.ask("admin", command, subject=stream.partition(":")[2]).position

    def change(self, route_id: str, **given: Any) -> None:
        """Change a route."""
        self.home.ask("admin", UpdateRoute(**given), subject=route_id, sort="route")

    def incident(self, title: str = "Fibre cut") -> str:
        """Open one; its stream."""
        return self.home.ask("owner", self.home.incident(title)).stream

    def say(self, stream: str, body: str = "Splicing.") -> int:
        """Post an update there; its position."""
        ticket = stream.partition(":")[2]
        return self.home.ask("owner", ChangeStatus(body=body), subject=ticket).position

    # -- what is promised, and what became of it -------------------------------------------------

    def promised(self, route_id: str) -> dict[str, list[int]]:
        """What was acknowledged since there is a route for every incident of its org: positions by
        lane, in order. The log says so; what was sent need not be in the outbox any more."""
        lanes: dict[str, list[int]] = {}
        with self.store.reading() as turn:
            events = turn.log(limit=100_000)
        (made,) = [one for one in events if one.kind == "route.created" and route_id in one.stream]
        for event in events:
            mine = event.org_id == made.org_id and event.position > made.position
            if mine and event.kind.startswith("incident."):
                lanes.setdefault(event.stream, []).append(event.position)
        return lanes

    def row(self, route_id: str) -> DestinationRow:
        """How far the destination has come, as it is stored."""
        with self.store.reading() as turn:
            return turn.destinations(self.net)[route_id]

    def trouble(self, *states: Trouble) -> list[Noted]:
        """What is noted, in any of these states."""
        with self.store.reading() as turn:
            return list(turn.noted(self.net, states=states or tuple(Trouble)))

    def redrive(self, **which: Any) -> int:
        """Ask for what is parked again."""
        with self.store.writing() as turn:
            count = turn.redrive(self.net, at=self.home.clock(), **which)
            turn.commit()
        return count


def firsts(parcels: list[Parcel], route_id: str) -> dict[str, list[int]]:
    """First arrivals at a route: positions by lane, in the order they came."""
    lanes: dict[str, list[int]] = {}
    for parcel in parcels:
        if parcel.to.route_id == route_id:
            lane = lanes.setdefault(parcel.event.stream, [])
            if parcel.event.position not in lane:
                lane.append(parcel.event.position)
    return lanes


@contextmanager
def post_office(folder: Path, *, at: str | None = None) -> Iterator[Post]:
    """A post in a furnished house, or in the empty PostgreSQL database *at* an address."""
    with house(folder, at=at) as home:
        yield Post(home=home, store=home.store)
