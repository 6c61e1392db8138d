"""Installing by a link: an invitation that is good once, for one org, and takes nothing away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from tests.adapters.slack.doorstep import installed, installing
from tests.handler.acting import NOON, House, house
from tests.servers.slack import CLIENT_ID, CLIENT_SECRET, LocalSlack, Team, local_slack
from tocsin.adapters.slack.installing import (
    INVITATION_LIFE,
    SCOPES,
    Reception,
    Said,
    SlackApp,
    install_link,
    invitation_of,
    invited,
    signing_key,
)
from tocsin.adapters.slack.workspaces import StoredWorkspaces

KEY = signing_key(b"k" * 32)


@dataclass
class Desk:
    """A server that invites, and a Slack in which somebody follows."""

    home: House
    slack: LocalSlack
    app: SlackApp

    def reception(self) -> Reception:
        return Reception(self.app, installing(self.home), key=KEY)

    def link(self, org: str = "net") -> str:
        """What whoever runs the server hands on."""
        state = invited(self.home.orgs[org], key=KEY, now=self.home.clock())
        return install_link(self.app, state=state)

    def allow(self, link: str, *, team: Team | None = None, deny: bool = False) -> dict[str, str]:
        """Press Allow; what Slack then brings the person back with."""
        query = urlsplit(link).query
        if team is not None:
            query += f"&team={team.id}"
        back = self.slack.authorize(query + ("&deny=1" if deny else "")).headers["Location"]
        assert back.startswith("https://tocsin.example/slack/oauth?")
        return dict(parse_qsl(urlsplit(back).query))

    def tied(self) -> dict[str, int]:
        """Which workspace speaks to which org."""
        with self.home.store.reading() as turn:
            return {row.team_id: row.org_id for row in turn.slack_workspaces()}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Nothing is installed yet."""
    with house(tmp_path) as home, local_slack(echoes=False) as slack:
        slack.team("acme", scopes=())
        app = SlackApp(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            public_url="https://tocsin.example/",
            api_url=slack.base_url,
        )
        yield Desk(home=home, slack=slack, app=app)


# -- invitations ---------------------------------------------------------------------------------


def test_an_invitation_says_for_which_org_until_when() -> None:
    found = invitation_of(invited(7, key=KEY, now=NOON), key=KEY, now=NOON)

    assert found is not None
    assert (found.org_id, found.expires_at) == (7, NOON + INVITATION_LIFE)


def test_an_invitation_expires() -> None:
    state = invited(7, key=KEY, now=NOON)
    assert invitation_of(state, key=KEY, now=NOON + INVITATION_LIFE) is None
    assert invitation_of(state, key=KEY, now=NOON + INVITATION_LIFE - timedelta(seconds=1))


def test_two_invitations_are_two() -> None:
    states = {invited(7, key=KEY, now=NOON) for _ in range(10)}
    assert len(states) == 10


@over(st.text(max_size=100))
def test_what_somebody_made_up_is_no_invitation(state: str) -> None:
    assert invitation_of(state, key=KEY, now=NOON) is None


def test_an_invitation_that_was_touched_is_none() -> None:
    payload, _, signature = invited(7, key=KEY, now=NOON).partition(".")
    other = invited(8, key=KEY, now=NOON).partition(".")[0]
    for state in (f"{other}.{signature}", f"{payload}.", payload, f"{payload}.{signature}x"):
        assert invitation_of(state, key=KEY, now=NOON) is None
    theirs = invited(7, key=signing_key(b"x" * 32), now=NOON)
    assert invitation_of(theirs, key=KEY, now=NOON) is None


def test_the_link_asks_for_what_is_used_and_nothing_else() -> None:
    app = SlackApp(client_id="1.2", client_secret="s", public_url="https://t.example")
    parts = urlsplit(install_link(app, state="a.b"))
    asked = dict(parse_qsl(parts.query))

    assert (parts.netloc, parts.path) == ("slack.com", "/oauth/v2/authorize")
    assert asked == {
        "client_id": "1.2",
        "scope": ",".join(SCOPES),
        "redirect_uri": "https://t.example/slack/oauth",
        "state": "a.b",
    }


# -- installing ----------------------------------------------------------------------------------


def test_who_follows_the_link_ties_the_workspace_to_the_org(desk: Desk) -> None:
    said = desk.reception().received(desk.allow(desk.link("elsewhere")))

    assert said == Said(status=200, text="Tocsin is installed in acme. You may close this page.")
    known = StoredWorkspaces(desk.home.store, unseal=lambda box: box[::-1])
    workspace = known.of_org(desk.home.orgs["elsewhere"])
    assert workspace is not None
    assert (workspace.team_id, workspace.token) == (desk.slack.home.id, desk.slack.home.token)
    with desk.home.store.reading() as turn:
        assert turn.slack_workspaces()[0].scopes == tuple(sorted(SCOPES))


def test_an_invitation_is_good_once(desk: Desk) -> None:
    link = desk.link()
    second = desk.slack.team("second", scopes=())
    first_back, second_back = desk.allow(link), desk.allow(link, team=second)

    assert desk.reception().received(first_back).status == 200
    assert desk.reception().received(first_back).status == 400
    assert desk.reception().received(second_back).status == 400
    assert desk.tied() == {desk.slack.home.id: desk.home.orgs["net"]}


def test_without_an_invitation_nothing_is_asked_of_slack(desk: Desk) -> None:
    back = desk.allow(desk.link())
    for state in ("", "made.up", back["state"] + "x"):
        assert desk.reception().received(back | {"state": state}).status == 400
    desk.home.clock.pass_by(INVITATION_LIFE)
    assert desk.reception().received(back).status == 400
    assert desk.slack.calls_of("oauth.v2.access") == []


def test_who_declines_installs_nothing_and_may_think_again(desk: Desk) -> None:
    link = desk.link()
    assert desk.reception().received(desk.allow(link, deny=True)).text == "Nothing was installed."
    assert desk.tied() == {}
    assert desk.reception().received(desk.allow(link)).status == 200


def test_no_workspace_is_taken_away_by_a_link(desk: Desk) -> None:
    team = desk.slack.home
    installed(desk.home, desk.slack, org="net")
    said = desk.reception().received(desk.allow(desk.link("elsewhere"), team=team))

    assert said.status == 409
    assert "net" not in said.text.split()
    assert desk.tied() == {team.id: desk.home.orgs["net"]}


def test_installing_again_renews_the_token(desk: Desk) -> None:
    assert desk.reception().received(desk.allow(desk.link())).status == 200
    desk.slack.home.token = "xoxb-another"
    assert desk.reception().received(desk.allow(desk.link())).status == 200
    with desk.home.store.reading() as turn:
        (row,) = turn.slack_workspaces()
    assert row.sealed[::-1] == b"xoxb-another"


@pytest.mark.parametrize("trouble", ["code", "secret", "down"])
def test_what_slack_does_not_complete_is_said(desk: Desk, trouble: str) -> None:
    back = desk.allow(desk.link())
    match trouble:
        case "code":
            back["code"] = "made-up"
        case "secret":
            desk.app = replace(desk.app, client_secret="wrong")
        case _:
            desk.slack.down()
    said = desk.reception().received(back)

    assert said.status == 502
    assert "xoxb" not in said.text
    assert desk.tied() == {}


# -- the page ------------------------------------------------------------------------------------


def page(reception: Reception, query: bytes, method: str = "GET") -> tuple[int, str]:
    """What a browser is shown."""
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "query_string": query}
    asyncio.run(reception(scope, None, send))  # type: ignore[arg-type]
    status, body = sent[0]["status"], sent[1]["body"]
    assert isinstance(status, int)
    assert isinstance(body, bytes)
    return status, body.decode()


def test_the_page_shows_the_sentence(desk: Desk) -> None:
    back = desk.allow(desk.link())
    query = f"code={back['code']}&state={back['state']}".encode()
    assert page(desk.reception(), query, method="POST")[0] == 405
    assert page(desk.reception(), query + b"&x=" + b"x" * 5_000)[0] == 400
    assert page(desk.reception(), b"\xff=\xfe")[0] == 400
    assert page(desk.reception(), query)[0] == 200
