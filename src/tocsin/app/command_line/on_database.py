"""What the commands that work on the database itself share: its place, and plain errors."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from tocsin.app.house import House, opened
from tocsin.core.errors import Refusal
from tocsin.store.contract import DatabaseTooNew, OrgRow, StorageFailed

F = TypeVar("F", bound=Callable[..., Any])


def place_options(command: F) -> F:
    """``--data`` and ``--database``."""
    with_database = click.option(
        "--database",
        envvar="TOCSIN_DATABASE",
        help="sqlite:///path or postgresql://…; default: in --data.",
    )(command)
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data"),
        show_default=True,
        envvar="TOCSIN_DATA",
        help="The data folder.",
    )(with_database)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Refusals and storage failures as one sentence each, exit code 1."""
    try:
        yield
    except Refusal as refusal:
        lines = [refusal.detail, *(f"{one.field}: {one.detail}" for one in refusal.errors[1:])]
        raise click.ClickException("\n".join(lines)) from refusal
    except StorageFailed as failed:
        raise click.ClickException(failed.reason) from failed
    except OSError as failed:
        raise click.ClickException(told_of_file(failed)) from failed
    except (DatabaseTooNew, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from wrong


def told_of_file(failed: OSError) -> str:
    """One sentence about a file that cannot be had: which, why, and what to do."""
    if failed.filename is None or failed.strerror is None:
        return str(failed)
    seen = f"{failed.filename}: {failed.strerror}"
    if not isinstance(failed, PermissionError):
        return seen
    return f"{seen}; {_whose(Path(os.fsdecode(failed.filename)))}"


def _whose(path: Path) -> str:
    """What keeps this user from *path*: the first of it and its folders that can be looked at."""
    for place in (path, *path.absolute().parents):
        try:
            owner = place.stat().st_uid
        except OSError:
            continue
        if owner == os.geteuid():
            return f"its mode, or that of {place}, does not let {_named(owner)} in"
        return (
            f"{place} belongs to {_named(owner)} and this runs as {_named(os.geteuid())}:"
            f" run it as {_named(owner)}, or give what is there away with chown"
        )
    return f"this runs as {_named(os.geteuid())}"


def _named(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


@contextmanager
def house(data: Path, database: str | None) -> Iterator[House]:
    """The store and its writer, with plain errors."""
    with plain_errors(), opened(data, database) as made:
        yield made


def org_number(made: House, code: str) -> int:
    """The number of an org by its code."""
    (org,) = orgs_named(made, code)
    return org.org_id


def orgs_named(made: House, code: str | None) -> tuple[OrgRow, ...]:
    """The org of that *code*; every org where none is named."""
    with made.store.reading() as reader:
        if code is None:
            return tuple(sorted(reader.orgs(), key=lambda one: one.code))
        org = reader.org(code)
    if org is None:
        raise click.ClickException(
            f"there is no org {code!r}; make it with: tocsin admin org create --code {code}"
        )
    return (org,)
