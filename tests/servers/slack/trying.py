"""Tocsin's example network in a local Slack, for trying by hand: ``make slack``.

The people of the example are in that Slack, each tied to their member, so that one can be whoever
one likes and see what they may do.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench import processes
from tests.servers.slack.page_acts import Pages
from tests.servers.slack.server import LocalSlack
from tests.servers.slack.state import SIGNING_SECRET
from tocsin.app.showing import kept_keys

CHANNELS: Final = ("#incidents", "#maintenance", "#general")


@contextmanager
def tried(data: Path, *, port: int, slack_port: int) -> Iterator[LocalSlack]:
    """Both, running and tied to each other.

    Raises:
        ProcessFailed: the server did not start, or did not take somebody in.
    """
    at = f"http://{processes.HOST}:{port}"
    data.mkdir(parents=True, exist_ok=True)
    with LocalSlack(app=at, port=slack_port) as slack:
        command = [*processes.serve_command(data=data, port=port), "--demo"]
        told = {
            "TOCSIN_SLACK_BOT_TOKEN": slack.home.token,
            "TOCSIN_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "TOCSIN_SLACK_API_URL": slack.base_url,
            "TOCSIN_PUBLIC_URL": at,
        }
        served = processes.start(
            command, port=port, ready_path="/readyz", log=data / "server.log", environment=told
        )
        try:
            _take_in(slack, port=port, data=data)
            slack.more_pages = Pages(slack)
            yield slack
        finally:
            processes.stop(served.process)


def _take_in(slack: LocalSlack, *, port: int, data: Path) -> None:
    keys = kept_keys(data / "tocsin.db")
    if keys is None:
        raise processes.ProcessFailed(f"{data} holds a network of your own; name another folder")
    at, key = f"/v1/orgs/{keys['org']}", keys["org_admin"]

    def ask(method: str, path: str, body: object = None) -> Any:
        asked = processes.call(port, method, at + path, token=key, body=body)
        return processes.expect(asked, 200).body

    for member in ask("GET", "/members?limit=200")["items"]:
        if member["email"] is None:
            continue
        user = slack.user(member["email"].partition("@")[0], real_name=member["name"])
        ask("PATCH", f"/members/{member['id']}", {"slack_user_id": user.id})
    slack.user("visitor")
    for channel in CHANNELS:
        slack.channel(channel)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Serve both until they are interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.slack.trying")
    parser.add_argument("--port", type=int, default=8080, help="where Tocsin is")
    parser.add_argument("--slack-port", type=int, default=3333, help="where the local Slack is")
    parser.add_argument("--data", type=Path, default=Path("data-slack"), help="Tocsin's folder")
    asked = parser.parse_args()
    _say("Starting the example network, which takes a few seconds the first time ...")
    try:
        with tried(asked.data, port=asked.port, slack_port=asked.slack_port) as slack:
            _say(
                f"\n  Slack     {slack.address}/      talk and press buttons here"
                f"\n  Tocsin    http://{processes.HOST}:{asked.port}/docs"
                f"\n  Log       {asked.data / 'server.log'}"
                "\n\nTry: @tocsin the API is slow.  Ctrl-C ends both."
            )
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except (processes.ProcessFailed, OSError, subprocess.SubprocessError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
