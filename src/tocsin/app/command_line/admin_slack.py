"""``tocsin admin slack``: which workspace, and which of its channels, speaks to which org."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.app.command_line.on_database import house, org_number, place_options
from tocsin.app.house import House, installation_key, now
from tocsin.app.settings import secret
from tocsin.store.sealing import sealed
from tocsin.store.workspaces import ChannelRow, WorkspaceRow

if TYPE_CHECKING:
    from tocsin.adapters.slack.workspaces import Installing

_ORG = click.option("--org", required=True, help="The org's code.")
_TEAM = click.option("--team", help="The workspace's id (T…); needed where there are several.")
_API_URL = click.option(
    "--api-url", envvar="TOCSIN_SLACK_API_URL", help="Where the Web API is, if not at Slack."
)


@click.group("slack")
def slack_group() -> None:
    """Workspaces of Slack, and whom they speak to."""


def _tools(data: Path, made: House) -> Installing:
    from tocsin.adapters.slack.workspaces import Installing

    key = installation_key(data, secret("secret_key", os.environ))
    return Installing(
        store=made.store,
        writer=made.writer,
        seal=lambda token: sealed(key, token),
        clock=now,
    )


def _workspace(made: House, team: str | None) -> WorkspaceRow:
    with made.store.reading() as reader:
        rows = reader.slack_workspaces()
    found = [row for row in rows if team is None or row.team_id == team]
    if len(found) == 1:
        return found[0]
    if not rows:
        raise click.ClickException(
            "no workspace is connected; connect one with: tocsin admin slack connect"
        )
    known = ", ".join(f"{row.team_id} ({row.name})" for row in rows)
    raise click.ClickException(f"name the workspace with --team: {known}")


@slack_group.command("connect")
@_ORG
@_API_URL
@place_options
def connect(org: str, api_url: str | None, data: Path, database: str | None) -> None:
    """Let the workspace of TOCSIN_SLACK_BOT_TOKEN (or …_FILE) speak to an org."""
    from dataclasses import replace

    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    from tocsin.adapters.slack.telling import TROUBLE
    from tocsin.adapters.slack.workspaces import NoBot, introduced, tie

    with house(data, database) as made:
        org_id = org_number(made, org)
        token = secret("slack_bot_token", os.environ)
        if token is None:
            raise click.ClickException(
                "put the bot's token (xoxb-…) into TOCSIN_SLACK_BOT_TOKEN, or its file's name"
                " into TOCSIN_SLACK_BOT_TOKEN_FILE"
            )
        base_url = WebClient.BASE_URL if api_url is None else api_url
        try:
            found, name, scopes = introduced(
                WebClient(token=token, base_url=base_url, timeout=10, retry_handlers=[])
            )
        except SlackApiError as wrong:
            error = wrong.response.get("error", "unknown")
            raise click.ClickException(f"Slack refuses this token ({error})") from wrong
        except NoBot as wrong:
            raise click.ClickException(str(wrong)) from wrong
        except TROUBLE as away:
            raise click.ClickException(f"Slack cannot be reached ({type(away).__name__})") from away
        workspace = replace(found, org_id=org_id)
        tie(workspace, _tools(data, made), name=name, scopes=scopes)
    click.echo(f"workspace {found.team_id} ({name}) speaks to {org}")


@slack_group.command("install-link")
@_ORG
@click.option(
    "--client-id",
    envvar="TOCSIN_SLACK_CLIENT_ID",
    required=True,
    help="Of your Slack app.",
)
@click.option(
    "--public-url",
    envvar="TOCSIN_PUBLIC_URL",
    required=True,
    help="Where people reach this server.",
)
@_API_URL
@place_options
def install_link(
    org: str,
    client_id: str,
    public_url: str,
    api_url: str | None,
    data: Path,
    database: str | None,
) -> None:
    """Print an address at which a workspace's admin installs Tocsin for an org; good once, for an
    hour."""
    from tocsin.adapters.slack import installing

    with house(data, database) as made:
        org_id = org_number(made, org)
        key = installing.signing_key(installation_key(data, secret("secret_key", os.environ)))
    app = installing.SlackApp(
        client_id=client_id, client_secret="", public_url=public_url, api_url=api_url
    )
    click.echo(installing.install_link(app, state=installing.invited(org_id, key=key, now=now())))


@slack_group.command("channel")
@_ORG
@click.option("--channel", required=True, help="The channel's id (C…), not its name.")
@_TEAM
@place_options
def channel(org: str, channel: str, team: str | None, data: Path, database: str | None) -> None:
    """Let one channel speak to an org of its own."""
    from tocsin.adapters.slack.workspaces import give_channel

    if not channel.isalnum() or not channel.isupper():
        raise click.ClickException("name the channel by its id, such as C024BE7LH")
    with house(data, database) as made:
        org_id = org_number(made, org)
        row = _workspace(made, team)
        owned = ChannelRow(team_id=row.team_id, channel_id=channel, org_id=org_id)
        give_channel(_tools(data, made), owned)
    click.echo(f"channel {channel} of {row.name} speaks to {org}")


@slack_group.command("list")
@place_options
def everything(data: Path, database: str | None) -> None:
    """List workspaces, and channels with an org of their own: id, org, name."""
    with house(data, database) as made, made.store.reading() as reader:
        codes = {org.org_id: org.code for org in reader.orgs()}
        workspaces, channels = reader.slack_workspaces(), reader.slack_channels()
    for row in workspaces:
        click.echo(f"{row.team_id}\t{codes[row.org_id]}\t{row.name}")
        for one in channels:
            if one.team_id == row.team_id:
                click.echo(f"{one.team_id}/{one.channel_id}\t{codes[one.org_id]}")


@slack_group.command("disconnect")
@_TEAM
@click.option("--channel", help="Only this channel: it speaks to its workspace's org again.")
@place_options
def disconnect(team: str | None, channel: str | None, data: Path, database: str | None) -> None:
    """Forget a workspace with its token and channels, or one channel's own org."""
    with house(data, database) as made:
        row = _workspace(made, team)
        with made.store.writing() as turn:
            gone = (
                turn.drop_slack_workspace(row.team_id)
                if channel is None
                else turn.drop_slack_channel(row.team_id, channel)
            )
            turn.commit()
    if not gone:
        raise click.ClickException(f"{channel} has no org of its own in {row.name}")
    click.echo(f"{row.team_id if channel is None else channel} is disconnected")
