"""``tocsin db``: migrate, check, rebuild, back up and restore the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from tocsin.app.command_line.on_database import house, place_options, plain_errors
from tocsin.app.house import now, open_store, shown_database, sqlite_path
from tocsin.app.lock import InUse, locked
from tocsin.app.restoring import CannotRestore
from tocsin.app.restoring import restore as restore_backup
from tocsin.app.settings import secret
from tocsin.core.instants import to_text
from tocsin.store.contract import Store
from tocsin.store.sealing import KEY_FILE
from tocsin.store.sqlite import SqliteStore, tending


@click.group()
def db() -> None:
    """Migrate, check, rebuild, back up, restore."""


class Bar:
    """A progress bar on standard error, which knows its length once it is told."""

    def __init__(self, progress: Progress, words: str) -> None:
        self._progress = progress
        self._task = progress.add_task(words, total=None)

    def __call__(self, done: int, total: int) -> None:
        """*done* of *total* are done."""
        self._progress.update(self._task, completed=done, total=max(total, 1))


@contextmanager
def _progress(*columns: ProgressColumn) -> Iterator[Progress]:
    shown = columns or Progress.get_default_columns()
    console = Console(stderr=True)
    # What it would leave in a log or a mail of cron is an empty line.
    unseen = not console.is_terminal
    with Progress(*shown, console=console, transient=True, disable=unseen) as progress:
        yield progress


@contextmanager
def _alone() -> Iterator[None]:
    try:
        yield
    except (InUse, CannotRestore) as refused:
        raise click.ClickException(str(refused)) from refused


@db.command()
@place_options
@click.option(
    "--finish",
    is_flag=True,
    help="Say that no older release is at work on it any more: what only this one can read may be"
    " written from now on.",
)
def migrate(data: Path, database: str | None, finish: bool) -> None:
    """Bring the database to today's schema; twice is harmless."""
    with house(data, database) as opened:
        if finish:
            opened.store.finish_upgrade()
    click.echo("the database is up to date" + (", and older releases are left behind" * finish))


@db.command()
@place_options
def check(data: Path, database: str | None) -> None:
    """Verify events, chain, states, search and measures; exit 1 on any difference."""
    from tocsin.projections.checking import (
        problems_of_measures,
        problems_of_pages,
        problems_of_search,
    )

    with plain_errors(), _progress() as progress, _present(data, database) as store:
        bar = Bar(progress, "Reading events")
        behind = False
        if isinstance(store, SqliteStore):
            problems = tending.check(store.path, progress=bar)
            behind = store.is_behind()
        else:
            problems = _check_postgres(store, bar)
        if not behind:
            problems += problems_of_pages(store)
            problems += problems_of_search(store)
            problems += problems_of_measures(store)
        extent = "" if problems else _extent(store)
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.ClickException(
            f"{len(problems)} differences found; where no rebuild is advised, restore from a backup"
        )
    click.echo(extent)
    if behind:
        click.echo(
            "the log, its chain and every state are sound; an older release has made this database,"
            " and the rest is looked at once it was migrated: tocsin db migrate"
        )
        return
    click.echo("the log, its chain, every state, the measures and the search are sound")


def _extent(store: Store) -> str:
    """How much there is, and how new: what is sound may still be the wrong file, or an old copy."""
    with store.reading() as turn:
        last = turn.last_position()
        newest = turn.log(after=last - 1, limit=1)
        orgs = len(turn.orgs())
    if not newest:
        return "there is no event in it; if there should be, it is not the database you meant"
    return (
        f"{last} event{'s'[: last != 1]} of {orgs} organisation{'s'[: orgs != 1]},"
        f" the last of {to_text(newest[0].recorded_at)}"
    )


def _check_postgres(store: Store, bar: Bar) -> list[str]:
    # Only who has PostgreSQL loads its driver.
    from tocsin.store.postgres import PostgresStore
    from tocsin.store.postgres.tending import check as check_postgres

    assert isinstance(store, PostgresStore)
    return check_postgres(store, progress=bar)


@contextmanager
def _present(data: Path, database: str | None, *, migrating: bool = False) -> Iterator[Store]:
    """The store at that place, which must be there; a file is left at the schema it has unless
    *migrating*."""
    path = sqlite_path(data, database)
    if path is not None and not path.exists():
        raise FileNotFoundError(
            f"there is no database at {path}; name it with --data or --database"
        )
    if path is not None and not migrating:
        store: Store = SqliteStore(path, migrated=True)
    else:
        store = open_store(data, database)
    try:
        yield store
    finally:
        store.close()


@db.command()
@place_options
def rebuild(data: Path, database: str | None) -> None:
    """Make everything anew that is derived from the log.

    On SQLite no server may be running; on PostgreSQL servers wait with their writes until it is
    done.
    """
    from tocsin.projections.rebuilding import rebuild as rebuild_projections

    with plain_errors(), _alone(), ExitStack() as stack:
        path = sqlite_path(data, database)
        if path is not None:
            stack.enter_context(locked(path))
        store = stack.enter_context(_present(data, database, migrating=True))
        with _progress() as progress:
            events = rebuild_projections(store, progress=Bar(progress, "Following the log"))
    click.echo(f"rebuilt from {events} events")


class _Grown(ProgressColumn):
    """How much of a file that somebody else writes is there."""

    def __init__(self, file: Path, of: Path) -> None:
        super().__init__()
        self._file = file
        self._of = of

    def render(self, task: Task) -> Text:
        """By rich, ten times a second."""
        return Text(f"{decimal(_size(self._file))} of at most {decimal(_size(self._of))}")


def _size(file: Path) -> int:
    """In bytes; 0 of what is not there, or not for us to see."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


@db.command()
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file.",
)
@place_options
def backup(to: Path, data: Path, database: str | None) -> None:
    """Copy the database, while it is in use, to a new file.

    The copy holds no key: keep secret.key of the data folder (or TOCSIN_SECRET_KEY) with it. Of
    PostgreSQL it is an SQLite file, with which SQLite can also be served; for a large database use
    PostgreSQL's own tools.
    """
    with plain_errors(), _present(data, database) as store:
        if not isinstance(store, SqliteStore):
            _copy_out(store, to)
            return
        path = store.path
        columns = (
            TextColumn("Copying"),
            BarColumn(),
            _Grown(to.with_name(to.name + ".partial"), path),
        )
        with _progress(*columns) as progress:
            progress.add_task("Copying", total=None)
            tending.backup(path, to)
    click.echo(f"backed up to {to}")


def _copy_out(store: Store, to: Path) -> None:
    from tocsin.store.copying import copy_out
    from tocsin.store.postgres import PostgresStore

    assert isinstance(store, PostgresStore)
    with _progress() as progress:
        copy_out(store, to, progress=Bar(progress, "Copying events"))
    click.echo(f"backed up to {to}")


@db.command()
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file made by tocsin db backup.",
)
@click.option("--force", is_flag=True, help="Move a database that is there aside.")
@place_options
def restore(source: Path, force: bool, data: Path, database: str | None) -> None:
    """Put a backup in the place of the database; no server may be running.

    The backup is verified first. An SQLite database that was there is moved aside, never deleted;
    a PostgreSQL database must be empty.
    """
    with plain_errors(), _alone():
        path = sqlite_path(data, database)
        if path is None:
            _copy_in(source, data, database)
            return
        with _progress() as progress:
            aside = restore_backup(
                source,
                path,
                force=force,
                at=now(),
                copied=Bar(progress, "Copying"),
                checked=Bar(progress, "Reading events"),
            )
    click.echo(f"restored {source} to {path}")
    if aside is not None:
        click.echo(f"what was there is now {aside}")
    if secret("secret_key", os.environ) is None and not (data / KEY_FILE).exists():
        click.echo(
            f"before you start a server: put the {KEY_FILE} of the backed up server into {data}"
            " (or set TOCSIN_SECRET_KEY); stored secrets open with no other"
        )


def _copy_in(source: Path, data: Path, database: str | None) -> None:
    from tocsin.store.copying import NotEmpty, copy_in
    from tocsin.store.postgres import PostgresStore

    if not source.is_file():
        raise CannotRestore(f"there is no file {source}")
    store = open_store(data, database)
    assert isinstance(store, PostgresStore)
    try:
        with _progress() as progress:
            problems = tending.check(source, progress=Bar(progress, "Reading events"))
            if problems:
                shown = "\n".join(problems[:10])
                raise CannotRestore(f"{source} is damaged ({len(problems)} differences):\n{shown}")
            events = copy_in(source, store, progress=Bar(progress, "Copying events"))
    except NotEmpty as refused:
        raise CannotRestore(str(refused)) from refused
    finally:
        store.close()
    click.echo(f"restored {events} events from {source} to {shown_database(data, database)}")
