"""``tocsin status``: public status pages as files."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.app.command_line.on_database import place_options, plain_errors
from tocsin.app.house import now, open_store, sqlite_path
from tocsin.store.sqlite import SqliteStore

DEFAULT_URL = "http://localhost:8080"


@click.group()
def status() -> None:
    """Public status pages, as files."""


@status.command()
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder; it is made, and what is in it is replaced file by file.",
)
@click.option(
    "--page",
    "slug",
    metavar="CODE",
    help="Only this page, in the folder itself; otherwise each in one of its own.",
)
@click.option(
    "--url",
    envvar="TOCSIN_PUBLIC_URL",
    default=DEFAULT_URL,
    show_default=True,
    help="Where the server is found, for the addresses in feeds.",
)
@place_options
def export(to: Path, slug: str | None, url: str, data: Path, database: str | None) -> None:
    """Write pages, feeds, badge, calendar and JSON to files that can be served from anywhere.

    Links among the files are relative. While the database is in use is as good a time as any.

    \b
    Examples:
      tocsin status export --to /srv/www/status --page main
      tocsin status export --to s3-mirror --data /var/lib/tocsin
    """
    # Only who exports loads what writes pages.
    from tocsin.app.exporting import export_page
    from tocsin.app.pages import look_at
    from tocsin.projections.public_network import PublicNetwork

    with plain_errors():
        path = sqlite_path(data, database)
        if path is not None and not path.exists():
            raise FileNotFoundError(
                f"there is no database at {path}; name it with --data or --database"
            )
        store = open_store(data, database) if path is None else SqliteStore(path, migrated=True)
        try:
            with store.reading() as turn:
                slugs = [row.slug for row in turn.pages()] if slug is None else [slug]
                network = PublicNetwork()
                found = {
                    one: look_at(turn, one, url=url, now=now(), network=network) for one in slugs
                }
        finally:
            store.close()
    for one, picture in found.items():
        if picture is None:
            raise click.ClickException(f"there is no status page {one!r}")
        folder = to if slug is not None else to / one
        try:
            written = export_page(picture, folder)
        except OSError as failed:
            raise click.ClickException(str(failed)) from failed
        click.echo(f"{one}: {written} files in {folder}")
    if not found:
        click.echo("there is no status page yet; make one with: tocsin status-page create")
