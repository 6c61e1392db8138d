"""Writers under chaos: each fact under a key of its own, repeated at either door until answered."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench import processes
from bench.tickets import INCIDENT, ORG

MARK: Final = "Chaos"
"""How titles and updates begin; the key follows."""

QUIET: Final = "quiet"
"""The phase in which nothing is being broken."""

WORKERS: Final = 8
"""Threads that write all the while."""

PATIENCE: Final = 120.0
"""Seconds a worker repeats one request before it gives up."""

PAUSE: Final = 0.05
"""Seconds before a request that was not answered is repeated."""

WAITS: Final = (4.0, 30.0)
"""Seconds a client waits for an answer: who waits for less repeats what is still under way, who
waits for more hears why nothing is written."""

PACE: Final = 60.0
"""Writes a second while something is being broken, so that it meets writes to its end; as many as
can be between."""

MOST_UPDATES: Final = 8
ASKED_AGAIN: Final = 0.05
"""Share of the answered requests that are sent once more, to hear the same."""

TURNED_AWAY: Final = (429, 503)


@dataclass(slots=True)
class Write:
    """One fact that somebody wants recorded; instants are of ``time.monotonic``.

    ``named`` is the field of the answer that holds the new id.
    """

    key: str
    path: str
    body: dict[str, object]
    named: str
    began: float = 0.0
    answered: float | None = None
    repeats: int = 0
    told: set[str] = field(default_factory=set)
    """The ids it was ever answered with."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What the workers sent and were told, and how far they may go for now."""

    doors: Sequence[int]
    token: str
    permit: float = 0.0
    writes: dict[str, Write] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    phase: str = QUIET
    stops: dict[str, float] = field(default_factory=dict)
    """The longest stop of writes of each phase: seconds in which somebody waited, and nobody was
    answered."""

    turned_away: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    ended: bool = False
    started: int = 0
    acknowledged: int = 0
    last_answer: float = field(default_factory=time.monotonic)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def allow(self, permit: float) -> None:
        """Let the workers go on until so many facts were begun."""
        with self.changed:
            self.permit = permit
            self.changed.notify_all()

    def end(self) -> None:
        """Have the workers stop after what they are at."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def may_begin(self, write: Write) -> bool:
        """Wait until one more fact may be begun; false when all is over."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.started < self.permit)
            if self.ended:
                return False
            self.started += 1
            write.began = time.monotonic()
            self.writes[write.key] = write
            return True

    def answered(self, write: Write, identity: str) -> None:
        """*write* is acknowledged."""
        with self.changed:
            write.told.add(identity)
            if write.answered is None:
                write.answered = now = time.monotonic()
                stop = now - max(self.last_answer, write.began)
                self.stops[self.phase] = max(self.stops.get(self.phase, 0.0), stop)
                self.last_answer = now
                self.acknowledged += 1
            self.changed.notify_all()

    def wait_for_acknowledged(self, number: int, *, within: float) -> None:
        """Until so many facts are acknowledged.

        Raises:
            ProcessFailed: they are not, in time, or something unexpected was answered.
        """
        with self.changed:
            if not self.changed.wait_for(
                lambda: self.acknowledged >= number or bool(self.unexpected), timeout=within
            ):
                raise processes.ProcessFailed(
                    f"writes stand still: {self.acknowledged} of {number} after {within:.0f} s"
                    f" ({self.phase})"
                )
            if self.unexpected:
                raise processes.ProcessFailed(f"unexpected: {self.unexpected[0]}")

    def wait_for_turning_away(self, *, within: float) -> bool:
        """Until one more write was answered with 503; false when none was, in time."""
        with self.changed:
            so_far = self.turned_away[503]
            return self.changed.wait_for(lambda: self.turned_away[503] > so_far, timeout=within)

    def fail(self, words: str) -> None:
        """Something was answered that never should be."""
        with self.changed:
            self.unexpected.append(words)
            self.changed.notify_all()

    def missed(self, write: Write, status: int | None) -> None:
        """*write* was turned away with *status*, or not answered at all."""
        with self.changed:
            write.repeats += 1
            if status is None:
                self.unanswered += 1
            else:
                self.turned_away[status] += 1
            self.changed.notify_all()


def work(ledger: Ledger, *, name: str, seed: int) -> None:
    """Open tickets, and post updates to each, until told to end."""
    finished = False
    try:
        _write(ledger, name=name, chance=random.Random(f"{seed} {name}"))
        finished = True
    finally:
        if not finished:
            ledger.fail(f"worker {name} broke off")


def _write(ledger: Ledger, *, name: str, chance: random.Random) -> None:
    tickets = f"/v1/orgs/{ORG}/tickets"
    serial = 0
    while not ledger.ended:
        serial += 1
        key = f"{name}-{serial}"
        incident: dict[str, object] = {**INCIDENT, "title": f"{MARK} {key}."}
        opened = _done(ledger, Write(key, tickets, incident, "id"), chance)
        if opened is None:
            return
        for number in range(chance.randint(1, MOST_UPDATES)):
            own = f"{key}-{number}"
            comment: dict[str, object] = {"body": f"{MARK} {own}."}
            update = Write(own, f"{tickets}/{opened}/updates", comment, "update_id")
            if _done(ledger, update, chance) is None:
                return


def _done(ledger: Ledger, write: Write, chance: random.Random) -> str | None:
    """Send *write* until it is answered; the id it got, or None when the worker should end."""
    if not ledger.may_begin(write):
        return None
    if ledger.phase != QUIET:
        time.sleep(chance.uniform(0.0, 2 * WORKERS / PACE))
    identity = _until_answered(ledger, write, chance)
    if identity is not None and chance.random() < ASKED_AGAIN:
        _until_answered(ledger, write, chance)
    return identity


def _until_answered(ledger: Ledger, write: Write, chance: random.Random) -> str | None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            answer = _ask(
                chance.choice(ledger.doors),
                write,
                token=ledger.token,
                seconds=chance.choice(WAITS),
            )
        except (OSError, http.client.HTTPException, ValueError):
            # Killed before, during or after its commit, or too slow: only the same key can tell.
            ledger.missed(write, None)
            time.sleep(PAUSE)
            continue
        if answer.status in TURNED_AWAY:
            ledger.missed(write, answer.status)
            time.sleep(PAUSE)
            continue
        if answer.status != 201:
            ledger.fail(f"{write.key}: {answer.status} {str(answer.body)[:300]}")
            return None
        identity: str = answer.body[write.named]
        ledger.answered(write, identity)
        return identity
    ledger.fail(f"{write.key}: no answer within {PATIENCE:.0f} seconds")
    return None


def _ask(port: int, write: Write, *, token: str, seconds: float) -> processes.Answer:
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=seconds)
    try:
        return processes.call_on(
            connection,
            "POST",
            write.path,
            token=token,
            body=write.body,
            headers={"Idempotency-Key": write.key},
        )
    finally:
        connection.close()


def read_log(port: int, *, token: str) -> list[dict[str, Any]]:
    """Every event of the org, page by page, in the order of the log."""
    path = f"/v1/orgs/{ORG}/events?limit=1000"
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = processes.expect(
            processes.call(
                port, "GET", path if cursor is None else f"{path}&cursor={cursor}", token=token
            ),
            200,
        ).body
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def read_deliveries(port: int, *, token: str, state: str) -> list[dict[str, Any]]:
    """Deliveries that are in trouble in that way; a page of them says enough."""
    path = f"/v1/orgs/{ORG}/deliveries?state={state}&limit=50"
    page = processes.expect(processes.call(port, "GET", path, token=token), 200).body
    items: list[dict[str, Any]] = page["items"]
    return items
