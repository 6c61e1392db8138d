"""``tocsin admin ledger``: what a ledger kept is let go, on the database itself."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.app.command_line.on_database import house, org_number, place_options


@click.group("ledger")
def ledger_group() -> None:
    """What a ledger keeps."""


@ledger_group.command("release")
@click.option("--org", required=True, help="Whose devices, links and locations.")
@place_options
def release(org: str, data: Path, database: str | None) -> None:
    """Let go of all that a ledger kept: it is changed here again.

    A server that still follows the ledger takes it back at its next look.
    """
    from tocsin.adapters.provisioning.differences import releases
    from tocsin.adapters.provisioning.mirroring import AT_ONCE, registry_of, submission

    with house(data, database) as made:
        number = org_number(made, org)
        asked = releases(registry_of(made.store, number))
        for start in range(0, len(asked), AT_ONCE):
            few = [submission(number, one, via="cli") for one in asked[start : start + AT_ONCE]]
            for result in made.writer.do_all(few):
                if isinstance(result, BaseException):
                    raise result
    click.echo(f"let go of {len(asked)}")
