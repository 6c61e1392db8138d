"""``tocsin monitor``: what the monitor would make of the evidence (Provisioning: monitor)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.command_line.on_database import house, place_options, plain_errors
from tocsin.app.command_line.output import emit, json_options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tocsin.adapters.provisioning.monitor import Judged


@click.group()
def monitor() -> None:
    """Judge devices and links by the evidence, once."""


@click.command("run", short_help="One round, for real or to see what it would change.")
@place_options
@click.option("--once", is_flag=True, help="One round; servers go on by themselves.")
@click.option("--dry-run", is_flag=True, help="Write nothing: show what would change, and why.")
def _run(
    data: Path,
    database: str | None,
    once: bool,
    dry_run: bool,
    form: str | None,
) -> None:
    """Judge every device and link of every org on the database, as the sources that
    TOCSIN_INFLUX_…, TOCSIN_PROMETHEUS_… and TOCSIN_LEDGER_… name tell of them.

    A cold start asks for the whole window, which may take minutes. What a ledger keeps
    (TOCSIN_LEDGER_…) is written there first, and recorded only once it has taken it.
    """
    from tocsin.adapters.provisioning.monitor import Monitor
    from tocsin.adapters.provisioning.watching import Watch
    from tocsin.adapters.provisioning.writing import Writing
    from tocsin.app.house import now, sqlite_path
    from tocsin.app.ledger import kept_ledger, ledger_of
    from tocsin.app.logs import write_logs
    from tocsin.app.provisioning import ONE_ROUND_SECONDS, sources
    from tocsin.app.settings import SettingWrong, read_settings

    if not once:
        raise click.UsageError("say --once: going on is a duty of tocsin serve")
    given = {"data": str(data)} if database is None else {"data": str(data), "database": database}
    try:
        settings = read_settings(environ=os.environ, given=given)
        asked = sources(settings)
        kept = kept_ledger(settings)
    except SettingWrong as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if not asked.any:
        raise click.ClickException("set TOCSIN_INFLUX_URL or TOCSIN_PROMETHEUS_URL: nobody to ask")
    # What the round logs is not what it answers.
    write_logs(settings.log_level)
    with plain_errors():
        path = sqlite_path(data, database)
        if path is not None and not path.exists():
            raise FileNotFoundError(
                f"there is no database at {path}; name it with --data or --database"
            )
    with house(data, database) as made:
        judge = Monitor(
            store=made.store,
            writer=made.writer,
            watch=Watch(asked, seconds=ONE_ROUND_SECONDS),
            clock=now,
            writing=Writing("health", clock=now, ledger_of=ledger_of(kept, made.store)),
        )
        found = judge.round(dry_run=dry_run)
    emit(_as_json(found, dry_run=dry_run), form=form, human=_table)


_run.params += json_options()
monitor.add_command(_run)


def _as_json(found: Judged, *, dry_run: bool) -> dict[str, Any]:
    from tocsin.core.instants import to_text

    return {
        "at": to_text(found.at),
        "until": to_text(found.until),
        "dry_run": dry_run,
        "judged": found.cases,
        "standing": {health.value: count for health, count in found.standing.items()},
        "changes": [
            {
                "org": one.org,
                "kind": one.subject.kind,
                "code": one.subject.code,
                "pubkey": one.subject.pubkey,
                "interface": one.subject.interface,
                "health_from": one.health_from.value,
                "health_to": one.health_to.value,
                "reasons": list(one.reasons),
                "on_ledger": one.on_ledger,
            }
            for one in found.changes
        ],
        "untaken": [
            {"org": one.org, "kind": one.subject.kind, "code": one.subject.code, "reason": reason}
            for one, reason in found.untaken
        ],
        "silent": [{"source": one.source, "reason": one.why} for one in found.silent],
        "refused": found.refused,
        "seconds": round(found.seconds, 3),
    }


def _table(body: dict[str, Any], now: datetime) -> RenderableType:
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from tocsin.app.command_line.output import plain

    would = "would change" if body["dry_run"] else "changed"
    lines = [
        Text(
            f"{body['judged']} judged by what is known until {body['until'][:16]}Z, "
            f"{len(body['changes'])} {would}, in {body['seconds']:.1f} s"
        )
    ]
    lines += [Text(plain(f"{one['source']} is silent: {one['reason']}")) for one in body["silent"]]
    if keeping := sum(one["on_ledger"] for one in body["changes"]):
        told = "would be written" if body["dry_run"] else "written"
        lines.append(Text(f"{keeping} of them {told} on the ledger first (*)"))
    lines += [
        Text(plain(f"the ledger did not take {one['code']}: {one['reason']}"))
        for one in body["untaken"]
    ]
    if body["refused"]:
        lines.append(Text(f"{body['refused']} refused; the server's log says why"))
    if not body["changes"]:
        return Group(*lines)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("org", "kind", "code", "health"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold")
    for one in body["changes"]:
        code = one["code"] if one["interface"] is None else f"{one['code']} {one['interface']}"
        table.add_row(
            *(plain(text) for text in (one["org"], one["kind"], code)),
            f"{one['health_from']} → {one['health_to']}{' *' if one['on_ledger'] else ''}",
            plain("\n".join(one["reasons"])),
        )
    return Group(*lines, table)
