"""The tree of commands, each imported when it is called: a client never loads the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from tocsin.app.command_line.connection import DEFAULT_URL, Target
from tocsin.app.command_line.output import plain
from tocsin.app.command_line.problems import GatewayError, told

_HERE = "tocsin.app.command_line"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the program: the module and attribute it lives in, and its line in the help."""

    module: str
    attribute: str
    summary: str


ROOMS: Mapping[str, Mapping[str, Entry]] = {
    "Tickets": {
        "incident": Entry("incident", "incident", "Open, follow and end incidents."),
        "maintenance": Entry("maintenance", "maintenance", "Plan, carry out and end maintenance."),
        "signal": Entry("signal", "signal", "Attach observations to tickets."),
        "events": Entry("events", "events", "The org's log: read it, follow it."),
        "inbox": Entry("inbox", "inbox", "What arrived, and what became of it."),
        "delivery": Entry("delivery", "delivery", "What did not get through to a destination."),
        "measures": Entry("measures", "measures", "How long incidents take, and how many."),
        "redact": Entry("redact", "redact", "Erase text of an earlier event."),
    },
    "Registry": {
        "device": Entry("registry", "device", "Network devices."),
        "link": Entry("registry", "link", "Links between devices."),
        "location": Entry("registry", "location", "The places that devices stand in."),
        "ledger": Entry("ledger", "ledger", "All of these as a ledger writes them."),
        "service": Entry("registry", "service", "What users depend on."),
        "contributor": Entry("registry", "contributor", "Organisations that run part of the org."),
        "member": Entry("registry", "member", "People and services with a role."),
        "key": Entry("registry", "key", "API keys."),
        "route": Entry("registry", "route", "Which events go where."),
        "entry-point": Entry("registry", "entry_point", "What becomes of reports in free text."),
        "connector": Entry("connectors", "connector", "Monitoring systems that may speak here."),
        "rule": Entry("connectors", "rule", "What becomes of signals."),
        "status-page": Entry("status_pages", "status_page", "What the public is shown."),
        "subscription": Entry("subscriptions", "subscription", "Who is told what it tells."),
        "import": Entry("importing", "importing", "Take over another system's configuration."),
        "policy": Entry("policy", "policy", "How the org wants things done."),
    },
    "Here": {
        "whoami": Entry("whoami", "whoami", "The key's member, role and org."),
        "doctor": Entry("doctor", "doctor", "Check gateway, key and clock."),
        "completion": Entry("completion", "completion", "Print a shell's completion script."),
    },
    "Server": {
        "serve": Entry("serve", "serve", "Run the gateway."),
        "admin": Entry("admin", "admin", "Bootstrap an org on the database."),
        "status": Entry("status", "status", "Write public status pages to files."),
        "monitor": Entry("monitor", "monitor", "Judge devices and links by the evidence."),
        "db": Entry("database", "db", "Migrate, check, rebuild, back up, restore."),
    },
}
_ENTRIES: Mapping[str, Entry] = {
    name: entry for entries in ROOMS.values() for name, entry in entries.items()
}


class Program(click.Group):
    """The group of all commands, which turns what went wrong into words and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _ENTRIES.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(f"{_HERE}.{entry.module}"), entry.attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for room, entries in ROOMS.items():
            with formatter.section(room):
                formatter.write_dl([(name, entry.summary) for name, entry in entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=entry.summary)
            for name, entry in _ENTRIES.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            for line in told(error):
                click.echo(plain(line), err=True)
            ctx.exit(1)


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Environment: TOCSIN_URL, TOCSIN_API_KEY (or TOCSIN_API_KEY_FILE), TOCSIN_ORG. "
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.",
)
@click.option(
    "--url", envvar="TOCSIN_URL", default=DEFAULT_URL, show_default=True, help="The gateway."
)
@click.option("--org", envvar="TOCSIN_ORG", help="The org's code  [default: the key's]")
@click.version_option(package_name="tocsin", prog_name="tocsin")
@click.pass_context
def program(context: click.Context, url: str, org: str | None) -> None:
    """One record of incidents, maintenance and provisioning for networks run together."""
    context.obj = Target(url=url, org=org)


def main() -> None:
    """The entry point ``tocsin``."""
    program(prog_name="tocsin")
