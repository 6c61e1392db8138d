"""A small cast on a real database: an owner, a teammate, and a stranger of another org."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from tests.servers.databases import lay_out
from tocsin.core.commands import Command, OpenIncident
from tocsin.core.ids import uuid7
from tocsin.core.pubkeys import encode
from tocsin.core.record_commands import (
    CreateContributor,
    CreateKey,
    CreateMember,
    CreateOrg,
)
from tocsin.core.registry_commands import RegisterDevice
from tocsin.handler.submission import Credential, Outcome, Render, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReceiptKey, Store
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def pubkey(number: int) -> str:
    """A pubkey that is one, and always the same for a number."""
    return encode(hashlib.sha256(str(number).encode()).digest())


@dataclass
class Clock:
    """A clock that is moved by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span


@dataclass
class House:
    """A store with its writer, and one org of two contributors beside a strangers' org."""

    store: Store
    writer: Writer
    clock: Clock
    numbers: Iterator[int]
    reopen: Callable[[], Store]
    keys: dict[str, Credential] = field(default_factory=dict)
    orgs: dict[str, int] = field(default_factory=dict)

    @property
    def file(self) -> SqliteStore:
        """The store, for tests that are about SQLite."""
        assert isinstance(self.store, SqliteStore)
        return self.store

    @property
    def path(self) -> Path:
        """Where the SQLite file is."""
        return self.file.path

    def fresh(self) -> str:
        """A fresh id."""
        return uuid7(self.clock(), next(self.numbers))

    def system(
        self, sort: str, command: Command, *, org_id: int, subject: str | None = None
    ) -> Outcome:
        """Have the system do it."""
        return self.writer.do(
            Submission(org_id=org_id, sort=sort, command=command, subject=subject, via="clock")
        )

    def found(self, code: str) -> int:
        """Found an org; its number."""
        self.system("org", CreateOrg(org_id=self.fresh(), code=code, name=code.title()), org_id=0)
        with self.store.reading() as reader:
            org = reader.org(code)
        assert org is not None
        self.orgs[code] = org.org_id
        return org.org_id

    def invite(
        self, name: str, *, org: str, role: str, contributor: str | None = None
    ) -> Credential:
        """Make a member with a key."""
        org_id = self.orgs[org]
        member, key = self.fresh(), self.fresh().replace("-", "")
        digest = hashlib.sha256(name.encode()).digest()
        person = CreateMember(member_id=member, name=name, role=role, contributor=contributor)
        self.writer.do(
            Submission(
                org_id=org_id,
                sort="key",
                command=CreateKey(key_id=key, name=name, member_id=member),
                preceding=(("member", person),),
                secret_digest=digest,
            )
        )
        self.keys[name] = Credential(key_id=key, digest=digest, address="127.0.0.1")
        return self.keys[name]

    def ask(
        self,
        who: str,
        command: Command,
        *,
        subject: str | None = None,
        org: str = "net",
        sort: str = "ticket",
        version: int | None = None,
        receipt: ReceiptKey | None = None,
        render: Render | None = None,
    ) -> Outcome:
        """Ask as one of the cast."""
        return self.writer.do(
            Submission(
                org_id=self.orgs[org],
                sort=sort,
                command=command,
                subject=subject,
                credential=self.keys[who],
                expected_version=version,
                receipt=receipt,
                render=render,
            )
        )

    def incident(self, title: str = "Fibre cut", **given: object) -> OpenIncident:
        """An incident on the owner's device."""
        number = next(self.numbers)
        fields: dict[str, object] = {
            "ticket_id": self.fresh(),
            "refs": (f"I20261120-{number % 1_679_616:04d}"[:14],),
            "title": title,
            "description": "No light since noon.",
            "severity": "sev2",
            "devices": ("ams-1",),
        }
        return OpenIncident(**(fields | given))  # type: ignore[arg-type]


@contextmanager
def house(folder: Path, *, at: str | None = None) -> Iterator[House]:
    """A furnished house in *folder*, or in the empty PostgreSQL database *at* an address; stopped
    and closed at the end."""
    clock, numbers = Clock(), count(1)
    if at is None:
        lay_out(folder / "tocsin.db")

    def opened() -> Store:
        return SqliteStore(folder / "tocsin.db") if at is None else PostgresStore(at)

    store = opened()
    writer = Writer(
        store=store, clock=clock, entropy=lambda: next(numbers), seal=lambda secret: secret[::-1]
    )
    writer.start()
    made = House(store=store, writer=writer, clock=clock, numbers=numbers, reopen=opened)
    net, _ = made.found("net"), made.found("elsewhere")
    for code, number in (("alpha", 1), ("beta", 2)):
        made.system(
            "contributor",
            CreateContributor(
                contributor_id=made.fresh(), code=code, name=code.title(), pubkey=pubkey(number)
            ),
            org_id=net,
        )
    for code, owner, number in (("ams-1", "alpha", 11), ("fra-1", "beta", 12)):
        made.system(
            "device",
            RegisterDevice(
                device_id=made.fresh(), pubkey=pubkey(number), code=code, contributor=owner
            ),
            org_id=net,
        )
    made.invite("owner", org="net", role="member", contributor="alpha")
    made.invite("teammate", org="net", role="member", contributor="beta")
    made.invite("admin", org="net", role="org_admin")
    made.invite("stranger", org="elsewhere", role="org_admin")
    try:
        yield made
    finally:
        writer.stop()
        store.close()
