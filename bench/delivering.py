"""Section ``deliver``: how soon what was acknowledged arrives, and what a closed door costs.

On each database: tickets at a steady pace with one route to a receiver of this machine, from each
acknowledgement to its arrival; then deliveries that wait behind a door that is closed, and tickets
accepted meanwhile beside those of a server for which nothing waits; at last the door is opened.
Nothing may be missing, and no lane out of order, or there is no figure.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench import acknowledging, arrivals, preparation, processes, servers
from bench.arrivals import Arrival, Door
from bench.exchange import body_of, exchange, request_parts, status_of
from bench.load import CREATED, Load, quantile
from bench.report import Figure, at_least, under
from bench.servers import Database
from bench.steady import Pace
from bench.tickets import INCIDENT_BODY, ORG
from tests.servers.postgres import Cluster

SECTION: Final = "deliver"
RATE: Final = 200.0
"""Tickets a second of the steady pace."""

FIRST: Final = {"everything": preparation.ROUTE_MATCHES["everything"]}
"""The one route of the steady pace."""

REST: Final = {
    name: match for name, match in preparation.ROUTE_MATCHES.items() if name not in FIRST
}
COMMENT: Final = json.dumps({"body": "The carrier has been called; next look in an hour."}).encode()
SLOWEST: Final = 100.0
"""Deliveries a second below which no end is waited for."""

PATIENCE: Final = 60.0
"""Seconds that even one delivery may take: a breaker may rest for half of them."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    ``steady`` tickets at the steady pace, the first ``unmeasured`` of them left out; ``waiting``
    tickets whose deliveries wait, each opened and commented on; ``rounds`` of tickets accepted by
    each of two servers.
    """

    steady: int
    unmeasured: int
    waiting: int
    rounds: int
    round_of: acknowledging.Extent


FULL: Final = Extent(
    steady=4_400,
    unmeasured=400,
    waiting=10_000,
    rounds=6,
    round_of=acknowledging.Extent(rounds=1, warm_up=0.5, seconds=1.0, writes=0),
)
QUICK: Final = Extent(
    steady=120,
    unmeasured=20,
    waiting=40,
    rounds=1,
    round_of=acknowledging.Extent(rounds=1, warm_up=0.1, seconds=0.4, writes=0),
)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Both databases, over an empty *folder*.

    Raises:
        ProcessFailed: an answer was not 201, a delivery never arrived, or one came out of order.
    """
    extent = QUICK if quick else FULL
    figures = measure_on(folder, server=None, extent=extent)
    with servers.cluster(folder) as server:
        return figures + measure_on(folder, server=server, extent=extent)


def measure_on(folder: Path, *, server: Cluster | None, extent: Extent) -> list[Figure]:
    """One kind of database: those of *server*, or files in *folder*. Raises: as :func:`measure`."""
    bare, full = (servers.empty(folder, name, server) for name in ("bare", "waiting"))
    with ExitStack() as longer:
        with _side(folder, bare, matches=FIRST) as empty:
            steadily = _steadily(folder, empty, extent=extent)
            empty.close_door()
            empty.route(REST)
            waiting = longer.enter_context(_side(folder, full, manner="close"))
            _fill(waiting, tickets=extent.waiting)
            backlog = waiting.owed
            accepted = _side_by_side(folder, waiting=waiting, empty=empty, extent=extent)
        drained = _drained(waiting, backlog=backlog)
    figures = [*steadily, *accepted, *drained]
    return [replace(one, name=f"{one.name}, {bare.name}") for one in figures]


# -- a served organisation whose routes lead to a receiver ----------------------------------------


@dataclass(slots=True)
class Side:
    """A server with its receiver: events by ticket, and how many deliveries follow from them."""

    port: int
    door: Door
    keys: preparation.Keys
    routes: int
    events: Counter[str] = field(default_factory=Counter)
    owed: int = 0
    _openings: int = 0

    def acknowledged(self, tickets: Collection[str]) -> None:
        """One more event of each was acknowledged, and is owed to every route."""
        for ticket in tickets:
            self.events[ticket] += 1
        self.owed += len(tickets) * self.routes

    def route(self, matches: Mapping[str, Mapping[str, object]]) -> None:
        """Add routes, for events that are yet to come."""
        preparation.route(self.port, admin=self.keys.admin, matches=matches, leads_to=self.door.url)
        self.routes += len(matches)

    def open_door(self) -> None:
        """Let deliveries in, and have it found out at once.

        As an operator would who has mended a receiver: the routes get a new address there, and a
        changed address is tried without waiting for the breaker's time.
        """
        self.door.answers("take")
        self._openings += 1
        at = f"/v1/orgs/{ORG}/routes"
        listed = processes.call(self.port, "GET", at, token=self.keys.admin)
        for route in processes.expect(listed, 200).body["items"]:
            url = f"{self.door.url}/{self._openings}/{route['name']}"
            changed = processes.call(
                self.port,
                "PATCH",
                f"{at}/{route['id']}",
                token=self.keys.admin,
                body={"destination": {"kind": "webhook", "url": url}},
            )
            processes.expect(changed, 200)

    def close_door(self) -> None:
        """Let nothing in from now on."""
        self.door.answers("close")


@contextmanager
def _side(
    folder: Path,
    database: Database,
    *,
    matches: Mapping[str, Mapping[str, object]] = preparation.ROUTE_MATCHES,
    manner: str = "take",
) -> Iterator[Side]:
    admin = preparation.found(database.data, database=database.url)
    log = folder / f"{database.data.name}.log"
    with (
        arrivals.receiver(folder / "receiver.log", manner=manner) as door,
        processes.server(database.data, database=database.url, log=log) as served,
    ):
        keys = preparation.furnish(served.port, admin=admin, matches=matches, leads_to=door.url)
        yield Side(port=served.port, door=door, keys=keys, routes=len(matches))


# -- at a steady pace -----------------------------------------------------------------------------


def _steadily(folder: Path, side: Side, *, extent: Extent) -> list[Figure]:
    pace, acknowledged = steady(
        side.port, token=side.keys.load, tickets=extent.steady, file=folder / "acknowledged"
    )
    side.acknowledged(acknowledged)
    side.door.wait_for(side.owed, within=PATIENCE)
    came = _judged(side)
    at = {one.ticket: one.at for one in came}
    counted = list(acknowledged)[extent.unmeasured :]
    taken = sorted(at[ticket] - acknowledged[ticket] for ticket in counted)
    on = f"{RATE:.0f} tickets a second"
    return [
        Figure(SECTION, f"from acknowledgement to arrival, p50, {on}", _ms(taken, 0.5), "ms"),
        Figure(
            SECTION,
            f"from acknowledgement to arrival, p99, {on}",
            _ms(taken, 0.99),
            "ms",
            under(80.0),
        ),
        Figure(SECTION, f"from acknowledgement to arrival, longest, {on}", taken[-1] * 1e3, "ms"),
        Figure(SECTION, f"from due to acknowledgement, p99, {on}", pace.p99 * 1e3, "ms"),
    ]


def _ms(ordered: Sequence[float], share: float) -> float:
    return quantile(ordered, share) * 1e3


def steady(port: int, *, token: str, tickets: int, file: Path) -> tuple[Pace, dict[str, float]]:
    """Tickets at the steady pace; the instant of each one's acknowledgement, in that order.

    Raises:
        ProcessFailed: an answer was not 201.
    """
    command = [
        *(sys.executable, "-m", "bench.steady", "--port", str(port), "--token", "-"),
        *("--rate", str(RATE), "--tickets", str(tickets), "--acknowledged", str(file)),
    ]
    done = subprocess.run(
        command, input=f"{token}\n", capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        raise processes.ProcessFailed(f"steady pace: {done.stderr[-2000:]}")
    lines = [line.split() for line in file.read_text().splitlines()]
    return Pace(**json.loads(done.stdout)), {ticket: float(at) for ticket, at in lines}


def _judged(side: Side) -> list[Arrival]:
    """What arrived. Raises: ProcessFailed when something is missing, or out of its lane's order."""
    came = side.door.arrivals()
    arrivals.expect_all(came, side.events, routes=side.routes)
    wrong = arrivals.out_of_order(came)
    if wrong:
        raise processes.ProcessFailed(f"{wrong} deliveries came out of their lane's order")
    return came


# -- behind a closed door -------------------------------------------------------------------------


def _side_by_side(folder: Path, *, waiting: Side, empty: Side, extent: Extent) -> list[Figure]:
    """Tickets accepted by both servers in turns, one with a backlog and one emptied each time."""
    with_backlog: list[Load] = []
    without: list[Load] = []
    backlog = waiting.owed
    for turn in range(extent.rounds):
        # Each goes first as often as the other.
        pair = [(waiting, with_backlog), (empty, without)]
        for side, loads in pair if turn % 2 else reversed(pair):
            loads.append(_accepted(side, folder=folder, turn=turn, extent=extent.round_of))
        _drain(empty)
        empty.close_door()
    if waiting.door.count():
        raise processes.ProcessFailed("the closed door let something in")
    shares = [mine.rate / other.rate for mine, other in zip(with_backlog, without, strict=True)]
    while_waiting = f"tickets accepted while {backlog:,} deliveries wait behind a closed door"
    return [
        Figure(
            SECTION,
            "tickets accepted while none waits",
            statistics.median(turn.rate for turn in without),
            "/s",
        ),
        Figure(SECTION, while_waiting, statistics.median(turn.rate for turn in with_backlog), "/s"),
        Figure(
            SECTION,
            f"{while_waiting}, as a share of those while none waits",
            statistics.median(shares),
            "x",
            at_least(0.9),
        ),
        Figure(SECTION, "lowest share of one pair of rounds", min(shares), "x"),
    ]


def _drained(side: Side, *, backlog: int) -> list[Figure]:
    """All that waits, from the first arrival to the last: *backlog*, and what came after it."""
    _drain(side)
    came = _judged(side)
    took = max(one.at for one in came) - min(one.at for one in came)
    return [
        Figure(
            SECTION,
            f"deliveries drained from a backlog of {backlog:,} and more",
            len(came) / took,
            "/s",
            at_least(1_000.0),
        ),
        Figure(
            SECTION, "deliveries that came more than once", sum(one.repeats > 0 for one in came), ""
        ),
    ]


def _fill(side: Side, *, tickets: int) -> None:
    """Open *tickets* and comment on each. Raises: ProcessFailed when an answer was not 201."""
    opening = request_parts(
        method="POST",
        path=f"/v1/orgs/{ORG}/tickets",
        body=INCIDENT_BODY,
        token=side.keys.load,
    )
    openings = (b"%b%d%b" % (opening[0], number, opening[1]) for number in range(tickets))
    opened = [_id_of(answer) for answer in _answers(side, openings)]
    side.acknowledged(opened)
    _answers(side, (_comment(side, ticket) for ticket in opened))
    side.acknowledged(opened)


def _comment(side: Side, ticket: str) -> bytes:
    before, after = request_parts(
        method="POST",
        path=f"/v1/orgs/{ORG}/tickets/{ticket}/updates",
        body=COMMENT,
        token=side.keys.load,
    )
    return before + ticket.encode() + after


def _answers(side: Side, requests: Iterator[bytes]) -> list[bytes]:
    """The answer to each. Raises: ProcessFailed when one was not 201."""
    answers: list[bytes] = []

    def take(answer: bytes, _sent_at: float, _now: float) -> None:
        if status_of(answer) != CREATED:
            raise processes.ProcessFailed(answer[:1000].decode("latin-1"))
        answers.append(answer)

    exchange(
        side.port,
        connections=acknowledging.CONNECTIONS,
        next_request=lambda: next(requests, None),
        take=take,
    )
    return answers


def _id_of(answer: bytes) -> str:
    return str(json.loads(body_of(answer))["id"])


def _accepted(side: Side, *, folder: Path, turn: int, extent: acknowledging.Extent) -> Load:
    """One round of tickets; what was acknowledged is owed to the receiver from now on."""
    ids = folder / "accepted"
    load = acknowledging.load(
        side.port,
        token=side.keys.load,
        connections=acknowledging.CONNECTIONS,
        extent=extent,
        name=f"accepted-{turn}",
        ids=ids,
    )
    side.acknowledged(ids.read_text().split())
    return load


def _drain(side: Side) -> None:
    """Open the door and wait until everything is through. Raises: ProcessFailed when it is not."""
    side.open_door()
    side.door.wait_for(side.owed, within=PATIENCE + side.owed / SLOWEST)
