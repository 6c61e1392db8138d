"""``tocsin admin slack`` on a real database, with a local Slack; and codes for members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner, Result

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn
from tests.servers.slack import CLIENT_ID, LocalSlack, local_slack
from tocsin.adapters.slack.installing import invitation_of, signing_key
from tocsin.app.command_line.program import program
from tocsin.app.house import installation_key, now


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A Slack with one workspace."""
    with local_slack(echoes=False) as made:
        made.team("acme")
        yield made


class Server:
    """The machine of a server: its folder, and a Slack."""

    def __init__(self, data: Path, slack: LocalSlack) -> None:
        self.data = data
        self.slack = slack
        for code in ("net", "other"):
            self.done("org", "create", "--code", code, "--name", code)

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(
            program,
            ["admin", *arguments, "--data", str(self.data)],
            prog_name="tocsin",
            env={"TOCSIN_SLACK_API_URL": self.slack.base_url, **environment},
        )

    def done(self, *arguments: str, **environment: str) -> str:
        answer = self.run(*arguments, **environment)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    def connect(self, org: str = "net", *, token: str | None = None) -> Result:
        token = self.slack.home.token if token is None else token
        return self.run("slack", "connect", "--org", org, TOCSIN_SLACK_BOT_TOKEN=token)


@pytest.fixture
def server(tmp_path: Path, slack: LocalSlack) -> Server:
    """Two orgs, and no Slack yet."""
    return Server(tmp_path / "data", slack)


def test_a_workspace_is_connected_listed_and_disconnected(server: Server) -> None:
    team = server.slack.home
    connected = server.connect()
    assert connected.exit_code == 0, connected.output
    assert server.slack.home.token not in connected.output

    server.done("slack", "channel", "--org", "other", "--channel", "C1")
    assert server.done("slack", "list") == f"{team.id}\tnet\tacme\n{team.id}/C1\tother\n"
    server.done("slack", "disconnect", "--channel", "C1")
    assert server.run("slack", "disconnect", "--channel", "C1").exit_code == 1
    server.done("slack", "disconnect", "--team", team.id)
    assert server.done("slack", "list") == ""


def test_the_token_may_come_from_a_file_and_lies_in_none(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(server.slack.home.token + "\n")
    server.done("slack", "connect", "--org", "net", TOCSIN_SLACK_BOT_TOKEN_FILE=str(path))

    for file in server.data.iterdir():
        assert server.slack.home.token.encode() not in file.read_bytes()


def test_what_is_wrong_is_said(server: Server) -> None:
    assert "TOCSIN_SLACK_BOT_TOKEN" in server.run("slack", "connect", "--org", "net").output
    assert "refuses" in server.connect(token="xoxb-made-up").output
    assert "there is no org" in server.connect("nowhere").output
    nothing = server.run("slack", "channel", "--org", "net", "--channel", "C1")
    assert "no workspace is connected" in nothing.output
    server.slack.down()
    assert "cannot be reached" in server.connect().output


def test_of_several_workspaces_one_has_to_be_named(server: Server) -> None:
    second = server.slack.team("second")
    server.connect()
    server.connect(token=second.token)

    unnamed = server.run("slack", "channel", "--org", "net", "--channel", "C1")
    assert unnamed.exit_code == 1
    assert f"{second.id} (second)" in unnamed.output
    named = server.run("slack", "channel", "--org", "net", "--channel", "C1", "--team", second.id)
    assert named.exit_code == 0
    by_name = server.run("slack", "channel", "--org", "net", "--channel", "#x", "--team", second.id)
    assert "by its id" in by_name.output


def test_the_link_invites_to_install_for_that_org(server: Server) -> None:
    link = server.done(
        *("slack", "install-link", "--org", "other", "--client-id", CLIENT_ID),
        *("--public-url", "https://tocsin.example"),
    ).strip()

    assert link.startswith(f"{server.slack.address}/oauth/v2/authorize?")
    state = dict(parse_qsl(urlsplit(link).query))["state"]
    key = signing_key(installation_key(server.data, None))
    found = invitation_of(state, key=key, now=now())
    assert found is not None
    assert found.org_id == 2


# -- link codes ----------------------------------------------------------------------------------

GIVEN = {
    "expires_at": "2026-11-20T12:15:00.000000Z",
    "code": "acme.abcdefgh",
    "command": "/tocsin link acme.abcdefgh",
}


def test_a_link_code_is_for_oneself_unless_somebody_is_named(gateway: StandIn, run: Run) -> None:
    for member in ("m1", "m2"):
        path = f"{ORG}/members/{member}/link-code"
        gateway.answers("POST", path, Reply(status=201, body=GIVEN))

    own, others = run("member", "link-code"), run("member", "link-code", "m2", "--json")

    assert "/tocsin link acme.abcdefgh" in own.stdout
    assert json.loads(others.stdout) == GIVEN
    assert gateway.only("POST", f"{ORG}/members/m1/link-code").body is None
    assert gateway.only("POST", f"{ORG}/members/m2/link-code").body is None


def test_a_link_code_that_was_told_before_is_not_told_again(gateway: StandIn, run: Run) -> None:
    told_before = {"expires_at": GIVEN["expires_at"]}
    path = f"{ORG}/members/m1/link-code"
    gateway.answers("POST", path, Reply(status=201, body=told_before))

    assert "not shown again" in run("member", "link-code", "--idempotency-key", "one").stdout
