"""A store with as many tickets and events as asked for: a year of an organisation's records.

Over HTTP a million events would take long and all be of one afternoon. So they are handed to the
very writer that the server uses, by members with keys of their own, with a clock that is moved; the
deadlines of planned work fall due on the way. The same day makes the same store, but for the
secrets of its keys.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench import invented, preparation, processes
from bench.invented import Surroundings, Values
from bench.tickets import ORG
from tocsin.adapters.clock.clockwork import Clockwork
from tocsin.app.house import database_path, installation_key
from tocsin.core.commands import Command
from tocsin.core.ids import uuid7
from tocsin.core.record_commands import (
    CreateContributor,
    CreateKey,
    CreateMember,
    CreateOrg,
    CreateService,
)
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
)
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import Store
from tocsin.store.sealing import sealed
from tocsin.store.sqlite import SqliteStore

GROUP: Final = 50
"""Tickets that are opened together; less than a turn of the writer takes."""

OVERSHOOT: Final = 6 * GROUP
"""Events there may be more than asked for: what the last group's endings add to its notes."""

AT_ONCE: Final = 1_000
"""Commands that wait for the writer together, below the length of its queue."""

YEAR: Final = timedelta(days=365)
FOUNDING: Final = timedelta(hours=1)
ADMIN: Final = "admin"
ON_CALL: Final = "oncall"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was made: tickets, events, values to ask for, and the seconds it took.

    ``tokens`` are secrets: ``admin``, ``oncall``, and one named like each contributor (``c0`` …).
    """

    tokens: Mapping[str, str] = field(repr=False)
    tickets: int
    events: int
    values: Values
    seconds: float


@dataclass(slots=True)
class _Stage:
    """The store while its year is being played."""

    store: Store
    writer: Writer
    clockwork: Clockwork
    now: datetime
    draw: random.Random
    org_id: int = 0
    position: int = 0
    credentials: dict[str, Credential] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def fresh(self) -> str:
        """An id."""
        return uuid7(self.now, self.draw.getrandbits(62))


def today() -> datetime:
    """The last midnight, where the year of a store ends."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def fill(data: Path, *, tickets: int, events: int, until: datetime) -> Stored:
    """Make an organisation in an empty *data* folder, and all its tickets; *events* in all, and
    fewer than :data:`OVERSHOOT` more, in the year before *until*.

    Raises:
        ProcessFailed: a command was refused.
        StorageFailed: it could not be stored.
    """
    began = time.perf_counter()
    step = (YEAR - FOUNDING) / -(-tickets // GROUP)
    with _stage(data, at=until - YEAR) as stage:
        around = _found(stage)
        stage.now = until - YEAR + FOUNDING
        for start in range(0, tickets, GROUP):
            numbers = range(start, min(start + GROUP, tickets))
            share = numbers.stop / tickets
            _play(stage, numbers, tickets=tickets, until=int(events * share), around=around)
            _let_time_pass(stage, until - YEAR + FOUNDING + step * (start // GROUP + 1))
        # Much faster than following, and the same.
        rebuild(stage.store)
        return Stored(
            tokens=stage.tokens,
            tickets=tickets,
            events=stage.position,
            values=invented.values(around, until=until),
            seconds=time.perf_counter() - began,
        )


@contextmanager
def _stage(data: Path, *, at: datetime) -> Iterator[_Stage]:
    data.mkdir(mode=0o700, parents=True)
    key = installation_key(data, None)
    draw = random.Random(f"tocsin bench {at:%Y-%m-%d}")
    store = SqliteStore(database_path(data, None))
    writer = Writer(
        store=store,
        clock=lambda: stage.now,
        entropy=lambda: draw.getrandbits(62),
        seal=lambda secret: sealed(key, secret),
        # Each turn draws, so how many there are must not follow from how fast the machine is.
        timer=lambda: 0.0,
    )
    clockwork = Clockwork(store=store, writer=writer, clock=lambda: stage.now)
    stage = _Stage(store=store, writer=writer, clockwork=clockwork, now=at, draw=draw)
    writer.start()
    try:
        yield stage
    finally:
        writer.stop()
        store.close()


def _let_time_pass(stage: _Stage, at: datetime) -> None:
    """Move the clock to *at*, and let the clockwork tick what has fallen due."""
    stage.now = max(stage.now, at)
    while stage.clockwork.beat() <= timedelta(0):
        pass


def _found(stage: _Stage) -> Surroundings:
    """The organisation, its people and its network."""
    _by_system(stage, "org", CreateOrg(org_id=stage.fresh(), code=ORG, name="Bench"))
    with stage.store.reading() as reader:
        org = reader.org(ORG)
    assert org is not None, "it was made a moment ago"
    stage.org_id = org.org_id
    for number in range(invented.CONTRIBUTORS):
        code = f"c{number}"
        contributor = CreateContributor(
            contributor_id=stage.fresh(),
            code=code,
            name=f"Contributor {number}",
            pubkey=invented.pubkey(code),
        )
        _by_system(stage, "contributor", contributor)
        _admit(stage, code, role="member", contributor=code)
    _admit(stage, ADMIN, role="org_admin")
    _admit(stage, ON_CALL, role="oncall_engineer")
    members = tuple(
        _admit(stage, f"person {number}", role="oncall_engineer")
        for number in range(invented.MEMBERS)
    )
    for number in range(invented.SERVICES):
        name = f"Service {number}"
        service = CreateService(service_id=stage.fresh(), code=f"s{number}", name=name)
        _by_system(stage, "service", service)
    devices = tuple(_register_device(stage, number) for number in range(invented.DEVICES))
    links = tuple(_register_link(stage, number) for number in range(invented.DEVICES // 2))
    return Surroundings(devices=devices, links=links, members=members)


def _admit(stage: _Stage, name: str, *, role: str, contributor: str | None = None) -> str:
    """Take in a member with a key; the member's id."""
    member_id, key_id = stage.fresh(), f"{stage.draw.getrandbits(64):016x}"
    secret = secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).digest()
    member = CreateMember(member_id=member_id, name=name, role=role, contributor=contributor)
    key = CreateKey(
        key_id=key_id,
        name=name,
        member_id=member_id,
        rate_per_second=preparation.RATE_PER_SECOND,
    )
    stage.writer.do(
        Submission(
            org_id=stage.org_id,
            sort="key",
            command=key,
            preceding=(("member", member),),
            secret_digest=digest,
            via="cli",
        )
    )
    stage.credentials[name] = Credential(key_id=key_id, digest=digest, address=processes.HOST)
    stage.tokens[name] = f"tk_{key_id}_{secret}"
    return member_id


def _register_device(stage: _Stage, number: int) -> str:
    code = f"d{number}"
    # The last contributor has the last device alone, which the rare tickets are about.
    is_last = number == invented.DEVICES - 1
    owner = invented.CONTRIBUTORS - 1 if is_last else number % (invented.CONTRIBUTORS - 1)
    pubkey = invented.pubkey(code)
    device = RegisterDevice(
        device_id=stage.fresh(), pubkey=pubkey, code=code, contributor=f"c{owner}"
    )
    _by_system(stage, "device", device)
    return pubkey


def _register_link(stage: _Stage, number: int) -> str:
    code = f"d{number}:d{number + 1}"
    pubkey = invented.pubkey(code)
    link = RegisterLink(
        link_id=stage.fresh(),
        pubkey=pubkey,
        code=code,
        link_type="WAN",
        side_a=SideDraft(device=f"d{number}", interface="Ethernet1"),
        side_z=SideDraft(device=f"d{number + 1}", interface="Ethernet2"),
        contributor=f"c{number % (invented.CONTRIBUTORS - 1)}",
    )
    _by_system(stage, "link", link)
    return pubkey


def _by_system(stage: _Stage, sort: str, command: Command) -> None:
    stage.writer.do(Submission(org_id=stage.org_id, sort=sort, command=command, via="cli"))


def _play(stage: _Stage, numbers: range, *, tickets: int, until: int, around: Surroundings) -> None:
    """Open the tickets of these *numbers* and bring them to where they end; the log is then about
    *until* events long."""
    ids = {number: stage.fresh() for number in numbers}
    _submit(
        stage,
        [
            _asked(
                stage,
                f"c{invented.opener(number)}",
                invented.opening(number, ticket_id=identity, at=stage.now, around=around),
            )
            for number, identity in ids.items()
        ],
    )
    # What comes without any notes, at the least: labels, and the taking of an incident.
    others = sum(2 if invented.is_maintenance(number) else 4 for number in numbers)
    missing = max(0, until - stage.position - others)
    lives = [
        [
            [_asked(stage, ON_CALL, command, subject=ids[number]) for command in commands]
            for commands in invented.life(
                number,
                tickets=tickets,
                notes=missing // len(numbers) + (place < missing % len(numbers)),
            )
        ]
        for place, number in enumerate(numbers)
    ]
    for stages in zip(*lives, strict=True):
        stage.now += timedelta(minutes=17)
        _submit(stage, [submission for submissions in stages for submission in submissions])


def _asked(stage: _Stage, who: str, command: Command, *, subject: str | None = None) -> Submission:
    return Submission(
        org_id=stage.org_id,
        sort="ticket",
        command=command,
        subject=subject,
        credential=stage.credentials[who],
    )


def _submit(stage: _Stage, submissions: Sequence[Submission]) -> None:
    """Hand them in. Raises: ProcessFailed when one is refused."""
    for start in range(0, len(submissions), AT_ONCE):
        for result in stage.writer.do_all(submissions[start : start + AT_ONCE]):
            if not isinstance(result, Outcome):
                raise processes.ProcessFailed(f"a command was not accepted: {result!r}")
            stage.position = max(stage.position, result.position)
