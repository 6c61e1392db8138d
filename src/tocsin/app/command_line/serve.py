"""``tocsin serve``: the gateway, until it is told to stop."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tocsin.app.collecting import loading
from tocsin.app.setting import Setting
from tocsin.app.settings import TABLE, Settings, SettingWrong, read_settings

DOCS = "/docs"
DEMO_PAGE = "main"
"""The status page of the example network, which is also its default page."""


def _as_option(setting: Setting) -> click.Option:
    notes = [note for note in (setting.unit, setting.default) if note]
    shown = f"  [{', '.join(notes)}]" if notes and not setting.flag else ""
    declared = [setting.option or "", setting.name]
    if setting.flag:
        return click.Option(declared, is_flag=True, default=None, help=setting.sentence)
    return click.Option(
        declared,
        multiple=setting.repeatable,
        default=None,
        metavar=setting.type.upper().replace(" ", "_"),
        help=setting.sentence + (" Repeatable." if setting.repeatable else "") + shown,
    )


def _given(options: dict[str, Any]) -> dict[str, str]:
    """What was given on the command line, each as the environment would say it."""
    given: dict[str, str] = {}
    for name, value in options.items():
        match value:
            case None | ():
                continue
            case bool():
                given[name] = "true" if value else "false"
            case tuple():
                given[name] = ",".join(value)
            case _:
                given[name] = str(value)
    return given


def _serve(**options: Any) -> None:
    try:
        settings = read_settings(environ=os.environ, given=_given(options))
    except SettingWrong as wrong:
        raise click.UsageError(str(wrong)) from wrong
    if settings.demo and settings.default_page is None:
        settings = replace(settings, default_page=DEMO_PAGE)
    # Only now: whoever asks for the help, or sets something wrong, does not wait for the server.
    with loading():
        from tocsin.app.command_line.on_database import told_of_file
        from tocsin.app.listening import CannotListen
        from tocsin.app.lock import InUse
        from tocsin.app.logs import write_logs
        from tocsin.app.serving import serve as run
        from tocsin.app.showing import Seal, furnish, is_empty
        from tocsin.store.contract import DatabaseTooNew, StorageFailed

    write_logs(settings.log_level)

    nobody_yet = False

    def prepare(path: Path, seal: Seal) -> None:
        nonlocal nobody_yet
        empty = is_empty(path)
        if settings.demo and empty:
            click.echo("Furnishing the example network, which takes a few seconds ...")
            furnish(path, seal)
        nobody_yet = empty and not settings.demo

    try:
        run(settings, prepare=prepare, on_ready=lambda url: _welcome(settings, url, nobody_yet))
    except StorageFailed as failed:
        raise click.ClickException(failed.reason) from failed
    except OSError as failed:
        raise click.ClickException(told_of_file(failed)) from failed
    except (InUse, CannotListen, DatabaseTooNew, SettingWrong) as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _welcome(settings: Settings, url: str, nobody_yet: bool) -> None:
    click.echo(f"Tocsin listens at {url}")
    if nobody_yet:
        place = f"--data {shlex.quote(str(settings.data))}"
        if settings.database is not None:
            place = f"--database {shlex.quote(settings.database)} {place}"
        click.echo(
            "\nNobody can sign in yet. In another terminal, make an org, and a key for you:\n"
        )
        click.echo(f'  tocsin admin org create --code acme --name "Acme network" {place}')
        click.echo(f"  tocsin admin key create --org acme --name me --role org_admin {place}\n")
    if not settings.demo:
        return
    from tocsin.adapters.rest.application import endpoints
    from tocsin.app.house import database_path
    from tocsin.app.showing import KEYS_FILE, kept_keys

    path = database_path(settings.data, settings.database)
    keys = kept_keys(path)
    if keys is None:
        click.echo("This database was in use before; the example network was not added to it.")
        return
    org, key = keys["org"], keys["org_admin"]
    click.echo("")
    if any(endpoint.path == DOCS for endpoint in endpoints()):
        click.echo(f"  Docs      {url}{DOCS}")
    click.echo(f"  Pages     {url}/  (sign in with the API key below)")
    click.echo(f"  Tickets   {url}/v1/orgs/{org}/tickets")
    click.echo(f"  Status    {url}/status/{DEMO_PAGE}")
    click.echo(f"  API key   {key}")
    click.echo(f"            (of an org_admin; keys of other roles: {path.with_name(KEYS_FILE)})")
    click.echo("\nIn another terminal:\n")
    click.echo(f"  export TOCSIN_URL={url} TOCSIN_API_KEY={key}")
    click.echo("  tocsin incident list\n")


serve = click.Command(
    "serve",
    callback=_serve,
    params=[_as_option(setting) for setting in TABLE if setting.option is not None],
    short_help="Run the gateway.",
    help="""Run the gateway until SIGTERM or SIGINT, then finish what it holds.

    Every option is also an environment variable (--log-level: TOCSIN_LOG_LEVEL). Secrets come from
    TOCSIN_SECRET_KEY and TOCSIN_METRICS_TOKEN, or from the file that TOCSIN_SECRET_KEY_FILE or
    TOCSIN_METRICS_TOKEN_FILE names. Logs are JSON lines on standard error.

    \b
    Examples:
      tocsin serve --demo
      tocsin serve --host 0.0.0.0 --data /var/lib/tocsin
    """,
)
