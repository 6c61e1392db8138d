"""``tocsin db``: migrate, check and back up the database."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from tocsin.app.command_line.on_database import house, place_options, plain_errors
from tocsin.app.house import database_path
from tocsin.store.sqlite import tending


@click.group()
def db() -> None:
    """Migrate, check, back up."""


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
    """Verify every event, the chain and the states; exit 1 on any difference."""
    with plain_errors(), Progress(console=Console(stderr=True), transient=True) as progress:
        path = _present(data, database)
        task = progress.add_task("Reading events", total=None)
        problems = tending.check(
            path,
            progress=lambda done, total: progress.update(task, completed=done, total=total or 1),
        )
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.ClickException(f"{len(problems)} differences found; restore from a backup")
    click.echo("the log, its chain and every state are sound")


@db.command()
@click.option("--to", required=True, type=click.Path(dir_okay=False, path_type=Path))
@place_options
def backup(to: Path, data: Path, database: str | None) -> None:
    """Copy the database, while it is in use, to a new file."""
    with plain_errors(), Console(stderr=True).status("Copying"):
        tending.backup(_present(data, database), to)
    click.echo(f"backed up to {to}")
