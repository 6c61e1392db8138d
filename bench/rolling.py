"""``python -m bench.rolling --older CHECKOUT``: an upgrade while people go on working.

An older release founds an organisation on PostgreSQL and serves it. Then today's programs come, in
the order of the manual: the schema is migrated under the older gateway's load, today's gateway and
dispatcher are started beside the older ones, tickets go on through both gateways in turn, and the
older processes end. At last an older gateway is started once more on today's schema, as somebody
does who goes back. Nothing may be refused, lost, doubled or out of order, and the record has to be
sound.

The older release needs no more than its source: it runs in this interpreter.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench import arrivals, preparation, processes, servers
from bench.arrivals import Door
from bench.processes import Served
from bench.servers import Database
from bench.tickets import INCIDENT, ORG

TICKETS: Final = 200
"""Opened and commented on in each stage of the upgrade."""

ROUTES: Final = {"everything": preparation.ROUTE_MATCHES["everything"]}
ARRIVES_WITHIN: Final = 120.0
MAIN: Final = "from tocsin.app.command_line import main; main()"


@dataclass(frozen=True, slots=True)
class Release:
    """A release that can be run: what it is called in the log, and where its source is."""

    name: str
    source: Path

    def command(self, *arguments: str) -> list[str]:
        """The program with *arguments*, run by this interpreter."""
        return [sys.executable, "-c", MAIN, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """What it runs in: its own source comes first."""
        return {**os.environ, **processes.ENVIRONMENT, "PYTHONPATH": str(self.source)}

    def run(self, *arguments: str) -> str:
        """Run it to its end; what it prints.

        Raises:
            ProcessFailed: it exited with another code than 0.
        """
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=300,
            env=self.environment,
            check=False,
        )
        if done.returncode != 0:
            said = " ".join(arguments)
            raise processes.ProcessFailed(f"{self.name}: {said}: {done.stderr[-2000:]}")
        return done.stdout


@dataclass(slots=True)
class Told:
    """What was acknowledged: events of each ticket, and by which stage of the upgrade."""

    events: Counter[str] = field(default_factory=Counter)
    stages: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Upgrade:
    """One upgrade, from its database to what arrived."""

    folder: Path
    database: Database
    older: Release
    newer: Release
    door: Door
    tickets: int
    told: Told = field(default_factory=Told)

    @property
    def is_older(self) -> bool:
        """Whether the older release is one: a test has none, and comes from today's."""
        return self.older.source != self.newer.source

    def where(self) -> tuple[str, ...]:
        """How a command finds the database."""
        assert self.database.url is not None
        return ("--data", str(self.database.data), "--database", self.database.url)

    @contextmanager
    def serving(self, release: Release, role: str) -> Iterator[Served]:
        """A process of *release*, running."""
        port = processes.free_port()
        log = self.folder / f"{release.name}-{role}.log"
        began = time.perf_counter()
        with log.open("ab") as output:
            process = subprocess.Popen(
                release.command(
                    *("serve", "--host", processes.HOST, "--port", str(port), "--role", role),
                    *self.where(),
                ),
                stdout=output,
                stderr=output,
                env=release.environment,
            )
        try:
            ready = processes.wait_until_ready(process, port=port, path="/readyz", log=log)
            yield Served(process=process, port=port, ready_after=ready - began)
        finally:
            processes.stop(process)

    def work(self, stage: str, *ports: int, token: str) -> None:
        """Open tickets and comment on them, each through another gateway than the one before, the
        comment through another than the opening; every opening is asked for twice.

        Raises:
            ProcessFailed: an answer was not the right one.
        """
        for number in range(self.tickets):
            first, second = ports[number % len(ports)], ports[(number + 1) % len(ports)]
            key = {"Idempotency-Key": f"{stage}-{number}"}
            at = f"/v1/orgs/{ORG}/tickets"
            opened = processes.expect(
                processes.call(first, "POST", at, token=token, body=INCIDENT, headers=key), 201
            )
            again = processes.expect(
                processes.call(second, "POST", at, token=token, body=INCIDENT, headers=key), 201
            )
            ticket = str(opened.body["id"])
            if again.body["id"] != ticket:
                raise processes.ProcessFailed(f"{stage}: one request opened two tickets")
            body = {"body": "Next look in an hour.", "status": "investigating"}
            processes.expect(
                processes.call(second, "POST", f"{at}/{ticket}/updates", token=token, body=body),
                201,
            )
            read = processes.expect(
                processes.call(first, "GET", f"{at}/{ticket}", token=token), 200
            )
            if read.body["status"] != "investigating":
                raise processes.ProcessFailed(f"{stage}: a gateway read an older state")
            events = processes.call(first, "GET", f"{at}/{ticket}/events", token=token)
            self.told.events[ticket] = len(processes.expect(events, 200).body["items"])
        self.told.stages.append((stage, self.tickets))

    def add_what_is_new(self, port: int, *, token: str, expected: int) -> None:
        """Ask for something that only today's release can read.

        Raises:
            ProcessFailed: it was answered with another status than *expected*.
        """
        body = {"name": "network", "match": {"words": ["bgp"]}}
        at = f"/v1/orgs/{ORG}/entry-points"
        processes.expect(processes.call(port, "POST", at, token=token, body=body), expected)

    def arrived(self) -> tuple[int, int]:
        """How many deliveries came, and how many of them more than once.

        Raises:
            ProcessFailed: one is missing, or out of its lane's order.
        """
        self.door.wait_for(self.told.events.total(), within=ARRIVES_WITHIN)
        came = self.door.arrivals()
        arrivals.expect_all(came, self.told.events, routes=len(ROUTES))
        wrong = arrivals.out_of_order(came)
        if wrong:
            raise processes.ProcessFailed(f"{wrong} deliveries came out of their lane's order")
        return len(came), sum(one.repeats > 0 for one in came)


def upgrade(one: Upgrade) -> list[str]:
    """Go through the whole of it; what was seen, in lines.

    Raises:
        ProcessFailed: something was refused, lost, doubled, out of order or unsound.
    """
    where, older, newer = one.where(), one.older, one.newer
    older.run("admin", "org", "create", "--code", ORG, "--name", "Rolling", *where)
    contributor = ("--code", preparation.CONTRIBUTOR, "--name", "Alpha")
    pubkey = ("--pubkey", preparation.CONTRIBUTOR_PUBKEY)
    older.run("admin", "contributor", "create", "--org", ORG, *contributor, *pubkey, *where)
    key = ("--org", ORG, "--name", "bench", "--role", "org_admin")
    admin = older.run("admin", "key", "create", *key, *where).strip()
    with ExitStack() as longer:
        with (
            one.serving(older, "gateway") as old,
            one.serving(older, "dispatcher"),
        ):
            keys = preparation.furnish(old.port, admin=admin, matches=ROUTES, leads_to=one.door.url)
            one.work("the older release alone", old.port, token=keys.load)
            newer.run("db", "migrate", *where)
            one.work("the older release on today's schema", old.port, token=keys.load)
            new = longer.enter_context(one.serving(newer, "gateway"))
            longer.enter_context(one.serving(newer, "dispatcher"))
            one.work("both side by side", old.port, new.port, token=keys.load)
            if one.is_older:
                one.add_what_is_new(new.port, token=admin, expected=409)
        one.work("today's release alone", new.port, token=keys.load)
        with one.serving(older, "gateway") as back:
            one.work("the older release back again", back.port, new.port, token=keys.load)
        newer.run("db", "migrate", "--finish", *where)
        one.add_what_is_new(new.port, token=admin, expected=201)
        deliveries, twice = one.arrived()
    checked = newer.run("db", "check", *where).strip().splitlines()[-1]
    return [
        *(f"{tickets} tickets and updates: {stage}" for stage, tickets in one.told.stages),
        f"{deliveries} deliveries arrived, all in order; {twice} of them more than once",
        f"db check: {checked}",
    ]


def roll(older: Path, *, folder: Path, tickets: int = TICKETS) -> list[str]:
    """Upgrade from the source in the checkout *older* to this one, with so many *tickets* in each
    stage; what was seen, in lines.

    Raises:
        ProcessFailed: as :func:`upgrade`.
    """
    here = Path(__file__).resolve().parents[1]
    with (
        servers.cluster(folder) as server,
        arrivals.receiver(folder / "receiver.log") as door,
    ):
        return upgrade(
            Upgrade(
                folder=folder,
                database=servers.empty(folder, "rolling", server),
                older=Release("older", older.resolve() / "src"),
                newer=Release("newer", here / "src"),
                door=door,
                tickets=tickets,
            )
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Roll, and print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.rolling", description=__doc__)
    parser.add_argument(
        "--older", type=Path, required=True, help="a checkout of the release to come from"
    )
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as name:
        for line in roll(asked.older, folder=Path(name)):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
