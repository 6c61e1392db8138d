"""Bringing the example network into a store: its people, its things and thirty days of history.

Nothing is written past the writer. Every command goes to a :class:`tocsin.handler.writer.Writer`
over the store, given by a member with that member's own key, at an instant that the writer's clock
is moved to; when a deadline comes on the way, the system ticks it, as the clock does in life.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from tocsin.adapters.alertmanager.translation import webhook
from tocsin.app.demo import commissioning, equipment, founding
from tocsin.app.demo.network import CONTRIBUTORS, DEVICES, LINKS, PEOPLE, PersonFacts
from tocsin.app.demo.observing import Finding, findings, watchdog
from tocsin.app.demo.staging import Turn, founded_at, turns
from tocsin.core.commands import Command, Tick
from tocsin.core.facts import Event
from tocsin.core.ids import uuid7
from tocsin.core.provisioning.commands import AcceptLink, Advance, Judge, Wish
from tocsin.core.record_commands import CreateConnector, CreateKey, CreateOrg
from tocsin.core.registry_commands import UpdateDevice
from tocsin.handler.arrival import Arrival, ConnectorToken
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store

_ADDRESS: Final = "127.0.0.1"
_TICK_LATENCY: Final = timedelta(seconds=2)
_FOUNDING_STEP: Final = timedelta(seconds=40)
_WISHING_STEP: Final = timedelta(seconds=9)
_JUDGING_STEP: Final = timedelta(seconds=1)
_ASSETS: Final = (
    *(("device", device.code) for device in DEVICES),
    *(("link", link.code) for link in LINKS),
)
_VOICES: Final = {contributor.code: contributor.person for contributor in CONTRIBUTORS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoKeys:
    """The code of the org, and API keys of some of its members, shown this once.

    One for each way of being there: who may do everything, who is on call for the whole network,
    who runs one contributor (``northlight``), who works for another (``meridian``), who only reads.
    """

    org: str
    org_admin: str = field(repr=False)
    oncall_engineer: str = field(repr=False)
    contributor_lead: str = field(repr=False)
    contributor_member: str = field(repr=False)
    viewer: str = field(repr=False)


@dataclass(slots=True)
class _Stage:
    """The store while its history is being played."""

    store: Store
    writer: Writer
    now: datetime
    draw: Random
    org_id: int = 0
    connector_id: str = ""
    credentials: dict[str, Credential] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[Event]] = field(default_factory=dict)

    def ids(self) -> Iterator[str]:
        while True:
            yield uuid7(self.now, self.draw.getrandbits(62))


def furnish(
    store: Store,
    *,
    seal: Callable[[bytes], bytes],
    until: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DemoKeys:
    """Fill the empty *store* with the org ``demo`` and the thirty days of its history.

    The history ends with the day before *until* (midnight UTC), so that it is the same all day:
    the same ids, refs and texts for the same day; only the secrets of keys are fresh. What it
    leaves behind (open incidents, a maintenance in progress, others to come) stays so for the rest
    of the day. *seal* seals secrets; *progress* is told how many steps of how many are done.

    Raises:
        ValueError: there is something in the store already, or *until* has no zone.
        Refusal: a command was refused, which is a fault of the scenario.
        StorageFailed: it could not be stored.
    """
    if until.tzinfo is None:
        raise ValueError("until must have a zone")
    end = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with store.reading() as reader:
        if reader.last_position() != 0:
            raise ValueError("the database is not empty; the demo needs one of its own")
    day = f"{end:%Y-%m-%d}"
    with _stage(store, seal=seal, at=founded_at(end), day=day) as stage:
        keys = _found(stage)
        plan = turns(until=end, members=stage.members, draw=stage.draw)
        found = deque(findings(until=end, draw=stage.draw))
        for done, turn in enumerate(plan):
            progress(done, len(plan))
            while found and found[0].at <= turn.at:
                _find(stage, found.popleft())
            _let_time_pass(stage, turn.at)
            _play(stage, turn)
        _let_time_pass(stage, end)
        _hear_watchdog(stage)
        _set_routes(stage)
        progress(len(plan), len(plan))
    return DemoKeys(
        org=founding.ORG_CODE,
        org_admin=keys["ines"],
        oncall_engineer=keys["aoife"],
        contributor_lead=keys["sanne"],
        contributor_member=keys["luca"],
        viewer=keys["margaret"],
    )


@contextmanager
def _stage(
    store: Store, *, seal: Callable[[bytes], bytes], at: datetime, day: str
) -> Iterator[_Stage]:
    # Numbers for ids and texts, which shall repeat; what is secret comes from the system.
    bits = Random(f"tocsin demo ids {day}")  # noqa: S311
    draw = Random(f"tocsin demo texts {day}")  # noqa: S311
    writer = Writer(
        store=store, clock=lambda: stage.now, entropy=lambda: bits.getrandbits(62), seal=seal
    )
    stage = _Stage(store=store, writer=writer, now=at, draw=draw)
    writer.start()
    try:
        yield stage
    finally:
        writer.stop()


def _found(stage: _Stage) -> dict[str, str]:
    """Make the org and its records; the keys of its members, by handle."""
    ids = stage.ids()
    _by_system(
        stage,
        CreateOrg(org_id=next(ids), code=founding.ORG_CODE, name=founding.ORG_NAME),
        sort="org",
    )
    with stage.store.reading() as reader:
        org = reader.org(founding.ORG_CODE)
    assert org is not None, "the org was made a moment ago"
    stage.org_id = org.org_id
    for made in founding.contributors(ids):
        _by_system(stage, made.command, sort=made.sort)
    keys = {person.handle: _admit(stage, person, ids) for person in PEOPLE}
    for made in founding.network(ids):
        stage.now += _FOUNDING_STEP
        _ask(stage, "ines", made.command, sort=made.sort)
        if isinstance(made.command, CreateConnector):
            stage.connector_id = made.command.connector_id
    _take_into_service(stage)
    return keys


def _take_into_service(stage: _Stage) -> None:
    """Have every device and link wanted, found healthy after the burn-in, and activated."""
    for link in LINKS:
        asked = commissioning.accepted_by(link)
        if asked is not None:
            stage.now += _FOUNDING_STEP
            _ask(stage, _VOICES[asked], AcceptLink(), sort="link", subject=link.code)
    wanted = Wish(desired="activated")
    for sort, code in _ASSETS:
        stage.now += _WISHING_STEP
        _ask(stage, "ines", wanted, sort=sort, subject=code)
        if sort == "device" and equipment.USERS[code].most:
            to_users = replace(wanted, interface=equipment.CYOA)
            _ask(stage, "ines", to_users, sort=sort, subject=code)
    stage.now += commissioning.BURN_IN
    for link in LINKS:
        _find_healthy(stage, "link", link.code, commissioning.link_evidence(link, stage.draw))
    for device in DEVICES:
        found = commissioning.device_evidence(device, stage.draw)
        _find_healthy(stage, "device", device.code, found)
    for device in DEVICES:
        users = equipment.USERS[device.code]
        if users.most:
            found = commissioning.users_evidence(device, stage.draw)
            _find_healthy(stage, "device", device.code, found, interface=equipment.CYOA)
            stage.now += _FOUNDING_STEP
            opened = UpdateDevice(max_users=users.most)
            _ask(stage, "ines", opened, sort="device", subject=device.code)


def _find_healthy(
    stage: _Stage, sort: str, code: str, reasons: tuple[str, ...], *, interface: str | None = None
) -> None:
    stage.now += _JUDGING_STEP
    judged = Judge(health="healthy", reasons=reasons, interface=interface)
    _by_system(stage, judged, sort=sort, subject=code, via="monitor")
    _by_system(stage, Advance(), sort=sort, subject=code, via="activator")


def _find(stage: _Stage, finding: Finding) -> None:
    """Have the monitor find what it finds of a link."""
    _let_time_pass(stage, finding.at)
    judged = Judge(health=finding.health, reasons=finding.reasons)
    _by_system(stage, judged, sort="link", subject=finding.link, via="monitor")


def _hear_watchdog(stage: _Stage) -> None:
    """Have the connector tell of the alert that always fires."""
    payload = watchdog(stage.now)
    stage.writer.account(
        Arrival(
            org_id=stage.org_id,
            reading=webhook(payload),
            connector_id=stage.connector_id,
            token=ConnectorToken(
                connector_id=stage.connector_id, digest=founding.CONNECTOR_TOKEN_DIGEST
            ),
            via="connector:alertmanager",
            payload=payload,
            content_type="application/json",
        )
    )


def _admit(stage: _Stage, person: PersonFacts, ids: Iterator[str]) -> str:
    """Take in *person* with a key of their own; the key."""
    stage.now += _FOUNDING_STEP
    member_id = next(ids)
    key_id = f"{stage.draw.getrandbits(64):016x}"
    secret = secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).digest()
    stage.writer.do(
        Submission(
            org_id=stage.org_id,
            sort="key",
            command=CreateKey(key_id=key_id, name=f"{person.name}, demo", member_id=member_id),
            preceding=(("member", founding.member(person, member_id)),),
            secret_digest=digest,
            via="cli",
        )
    )
    stage.members[person.handle] = member_id
    stage.credentials[person.handle] = Credential(key_id=key_id, digest=digest, address=_ADDRESS)
    return f"tk_{key_id}_{secret}"


def _set_routes(stage: _Stage) -> None:
    signing = (founding.SIGNING_SECRET_ID, secrets.token_urlsafe(32).encode())
    for made in founding.routes(stage.ids()):
        _ask(
            stage,
            "ines",
            made.command,
            sort=made.sort,
            secret=signing if made.signed else None,
        )


def _by_system(
    stage: _Stage, command: Command, *, sort: str, subject: str | None = None, via: str = "cli"
) -> Outcome:
    return stage.writer.do(
        Submission(org_id=stage.org_id, sort=sort, command=command, subject=subject, via=via)
    )


def _ask(
    stage: _Stage,
    who: str,
    command: Command,
    *,
    sort: str,
    subject: str | None = None,
    secret: tuple[str, bytes] | None = None,
) -> Outcome:
    via = "api" if founding.PEOPLE_BY_HANDLE[who].service else "web"
    return stage.writer.do(
        Submission(
            org_id=stage.org_id,
            sort=sort,
            command=command,
            subject=subject,
            credential=stage.credentials[who],
            via=via,
            secrets=() if secret is None else (secret,),
        )
    )


def _play(stage: _Stage, turn: Turn) -> None:
    """Have a member do what the story says."""
    told = stage.told.setdefault(turn.ticket, [])
    outcome = _ask(
        stage,
        turn.who,
        turn.deed(turn.scene, turn.at, told),
        sort="ticket",
        subject=None if turn.opens else turn.ticket,
    )
    told += outcome.events


def _let_time_pass(stage: _Stage, at: datetime) -> None:
    """Move the clock to *at*, and have the system tick what falls due on the way."""
    while True:
        with stage.store.reading() as reader:
            due = reader.due_deadlines(at, limit=1)
        if not due:
            break
        first = due[0]
        # A tick comes a moment after its deadline, yet never after what comes next.
        stage.now = max(stage.now, min(first.due_at + _TICK_LATENCY, at))
        ticked = _by_system(
            stage, Tick(at=first.due_at), sort="ticket", subject=first.stream, via="clock"
        )
        assert ticked.events, f"the {first.kind} of {first.stream} stays due"
    stage.now = max(stage.now, at)
