"""``tocsin admin``: bootstrap on the database itself, before there is a key to ask with."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from tocsin.app.command_line.admin_ledger import ledger_group
from tocsin.app.command_line.admin_slack import slack_group
from tocsin.app.command_line.on_database import (
    house,
    org_number,
    orgs_named,
    place_options,
)
from tocsin.app.house import House, fresh_bits, now
from tocsin.core.ids import uuid7
from tocsin.core.record_commands import (
    CreateContributor,
    CreateKey,
    CreateMember,
    CreateOrg,
    RevokeKey,
)
from tocsin.core.records import Contributor, Key
from tocsin.core.words import Role
from tocsin.handler.submission import Submission

_EVERY_ORG = "Its code; without it every org, and which one last."
ROLES = [role.value for role in Role]


@click.group()
def admin() -> None:
    """Bootstrap an org on the database."""


admin.add_command(slack_group)
admin.add_command(ledger_group)


@admin.group("org")
def org_group() -> None:
    """Orgs."""


@org_group.command("create")
@click.option("--code", required=True, help="Lower case, such as net.")
@click.option("--name", required=True)
@place_options
def org_create(code: str, name: str, data: Path, database: str | None) -> None:
    """Make an org, and the database if there is none."""
    with house(data, database) as made:
        made.writer.do(
            Submission(
                org_id=0,
                sort="org",
                command=CreateOrg(org_id=uuid7(now(), fresh_bits()), code=code, name=name),
                via="cli",
            )
        )
    click.echo(f"org {code} is there")


def _records(
    org: str | None, sort: str, data: Path, database: str | None
) -> Iterator[tuple[str, object]]:
    """Every record of that *sort*, beside the code of its org."""
    with house(data, database) as made:
        for one in orgs_named(made, org):
            with made.store.reading() as reader:
                heads = reader.heads_of_sort(one.org_id, sort)
            for head in heads:
                yield one.code, head.state


def _row(*columns: str, org: str | None) -> None:
    """One line of a list; last the *org*, where it is not the one that was asked for."""
    click.echo("\t".join(columns if org is None else (*columns, org)))


def _org_of_key(made: House, key_id: str) -> int:
    with made.store.reading() as reader:
        row = reader.credential(key_id)
    if row is None:
        raise click.ClickException(f"there is no key {key_id!r} here")
    return row.org_id


@admin.group("contributor")
def contributor_group() -> None:
    """Contributors."""


@contributor_group.command("create")
@click.option("--org", required=True)
@click.option("--code", required=True)
@click.option("--name", required=True)
@click.option("--pubkey", required=True, help="ed25519, base58.")
@place_options
def contributor_create(
    org: str, code: str, name: str, pubkey: str, data: Path, database: str | None
) -> None:
    """Make a contributor."""
    with house(data, database) as made:
        made.writer.do(
            Submission(
                org_id=org_number(made, org),
                sort="contributor",
                command=CreateContributor(
                    contributor_id=uuid7(now(), fresh_bits()), code=code, name=name, pubkey=pubkey
                ),
                via="cli",
            )
        )
    click.echo(f"contributor {code} is there")


@contributor_group.command("list")
@click.option("--org", help=_EVERY_ORG)
@place_options
def contributor_list(org: str | None, data: Path, database: str | None) -> None:
    """List the contributors of an org or of all: code, pubkey, name."""
    for code, record in _records(org, "contributor", data, database):
        if isinstance(record, Contributor) and record.removed_at is None:
            _row(record.code, record.pubkey, record.name, org=None if org else code)


@admin.group("key")
def key_group() -> None:
    """API keys."""


@key_group.command("create")
@click.option("--org", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--contributor", help="Code of the contributor it is bound to.")
@click.option("--expires-in-days", type=click.IntRange(min=1))
@click.option("--allow-cidr", multiple=True, help="Repeatable.")
@place_options
def key_create(
    org: str,
    name: str,
    role: str,
    contributor: str | None,
    expires_in_days: int | None,
    allow_cidr: tuple[str, ...],
    data: Path,
    database: str | None,
) -> None:
    """Make a service member with an API key; the key alone goes to standard output, once."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    member_id = uuid7(now(), fresh_bits())
    with house(data, database) as made:
        made.writer.do(
            Submission(
                org_id=org_number(made, org),
                sort="key",
                command=CreateKey(
                    key_id=key_id,
                    name=name,
                    member_id=member_id,
                    role=role,
                    expires_in_days=expires_in_days,
                    allow_cidr=allow_cidr,
                ),
                preceding=(
                    (
                        "member",
                        CreateMember(
                            member_id=member_id,
                            name=name,
                            role=role,
                            contributor=contributor,
                            service=True,
                        ),
                    ),
                ),
                secret_digest=hashlib.sha256(secret.encode()).digest(),
                via="cli",
            )
        )
    click.echo(f"tk_{key_id}_{secret}")


@key_group.command("list")
@click.option("--org", help=_EVERY_ORG)
@place_options
def key_list(org: str | None, data: Path, database: str | None) -> None:
    """List the keys of an org or of all: id, role, whether it is in force, name."""
    at = now()
    for code, record in _records(org, "key", data, database):
        if isinstance(record, Key):
            _row(
                record.id,
                record.role.value,
                _state_of(record, at=at),
                record.name,
                org=None if org else code,
            )


def _state_of(key: Key, *, at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "in force" if key.expires_at is None or at < key.expires_at else "expired"


@key_group.command("revoke")
@click.option("--org", help="The org that has it.")
@click.option("--id", "key_id", required=True)
@place_options
def key_revoke(org: str | None, key_id: str, data: Path, database: str | None) -> None:
    """Revoke a key; the very next request with it is refused."""
    with house(data, database) as made:
        made.writer.do(
            Submission(
                org_id=_org_of_key(made, key_id) if org is None else org_number(made, org),
                sort="key",
                subject=key_id,
                command=RevokeKey(),
                via="cli",
            )
        )
    click.echo(f"key {key_id} is revoked")
