"""Runs the local Slack for trying by hand: ``python -m tests.servers.slack --app URL``."""

from __future__ import annotations

import argparse
import sys
import threading

from tests.servers.slack.page_acts import Pages
from tests.servers.slack.server import LocalSlack
from tests.servers.slack.state import APP_TOKEN, CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=3333, help="where the page is served")
    parser.add_argument("--app", help="the app's address; without it, Socket Mode")
    arguments = parser.parse_args()
    with LocalSlack(app=arguments.app, port=arguments.port) as slack:
        team, other = slack.team("acme"), slack.team("elsewhere", installed=False)
        for name in ("owner", "teammate", "viewer", "unmapped"):
            slack.user(name, team=team)
        slack.user("stranger", team=other)
        slack.channel("#contributor-incidents", team=team)
        slack.channel("#contributor-maintenance", team=team)
        slack.channel("#general", team=team)
        slack.channel("#shared", team=team, shared_with=[other])
        if arguments.app is None:
            slack.socket_mode()
        slack.more_pages = Pages(slack)
        sys.stdout.write(
            f"Local Slack: {slack.address}/\n"
            f"  Web API         {slack.base_url}\n"
            f"  team            {team.id}\n"
            f"  bot token       {team.token}\n"
            f"  signing secret  {SIGNING_SECRET}\n"
            f"  app token       {APP_TOKEN}\n"
            f"  OAuth client    {CLIENT_ID} {CLIENT_SECRET}\n"
            f"  people          owner, teammate, viewer, unmapped @{team.domain}.example\n"
        )
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
