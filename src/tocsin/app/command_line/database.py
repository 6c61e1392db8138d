"""``tocsin db``: migrate, check, rebuild, back up and restore the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from tocsin.app.command_line.on_database import house, place_options, plain_errors
from tocsin.app.house import database_path, now
from tocsin.app.lock import InUse, locked
from tocsin.app.restoring import CannotRestore
from tocsin.app.restoring import restore as restore_backup
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
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        yield progress


@contextmanager
def _alone() -> Iterator[None]:
    try:
        yield
    except (InUse, CannotRestore) as refused:
        raise click.ClickException(str(refused)) from refused
    except OSError as failed:
        raise click.ClickException(str(failed)) from failed


@db.command()
@place_options
def migrate(data: Path, database: str | None) -> None:
    """Bring the database to today's schema; twice is harmless."""
    with house(data, database):
        pass
    click.echo("the database is up to date")


def _present(data: Path, database: str | None) -> Path:
    path = database_path(data, database)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no database at {path}; name it with --data or --database"
        )
    return path


@db.command()
@place_options
def check(data: Path, database: str | None) -> None:
    """Verify every event, the chain, the states and the search; exit 1 on any difference."""
    from tocsin.projections.checking import problems_of_search

    with plain_errors(), _progress() as progress:
        path = _present(data, database)
        problems = tending.check(path, progress=Bar(progress, "Reading events"))
        store = SqliteStore(path, migrated=True)
        try:
            problems += problems_of_search(store)
        finally:
            store.close()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.ClickException(
            f"{len(problems)} differences found; where no rebuild is advised, restore from a backup"
        )
    click.echo("the log, its chain, every state and the search are sound")


@db.command()
@place_options
def rebuild(data: Path, database: str | None) -> None:
    """Make everything anew that is derived from the log; no server may be running."""
    from tocsin.projections.rebuilding import rebuild as rebuild_projections

    with plain_errors(), _alone():
        path = _present(data, database)
        with locked(path), _progress() as progress:
            store = SqliteStore(path)
            try:
                events = rebuild_projections(store, progress=Bar(progress, "Following the log"))
            finally:
                store.close()
    click.echo(f"rebuilt from {events} events")


class _Grown(ProgressColumn):
    """How much of a file that somebody else writes is there."""

    def __init__(self, file: Path, of: Path) -> None:
        super().__init__()
        self._file = file
        self._of = of

    def render(self, task: Task) -> Text:
        """By rich, ten times a second."""
        written = self._file.stat().st_size if self._file.exists() else 0
        return Text(f"{decimal(written)} of at most {decimal(self._of.stat().st_size)}")


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

    The copy holds no key: keep secret.key of the data folder (or TOCSIN_SECRET_KEY) with it.
    """
    with plain_errors():
        path = _present(data, database)
        columns = (
            TextColumn("Copying"),
            BarColumn(),
            _Grown(to.with_name(to.name + ".partial"), path),
        )
        with _progress(*columns) as progress:
            progress.add_task("Copying", total=None)
            tending.backup(path, to)
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

    The backup is verified first. What was there is moved aside, never deleted.
    """
    with plain_errors(), _alone():
        path = database_path(data, database)
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
