"""Where Tocsin is installed, and which org is spoken to in which channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.adapters.slack.doorstep import installed, installing
from tests.handler.acting import House, house
from tests.servers.slack import LocalSlack, local_slack
from tocsin.adapters.slack.contract import Workspace
from tocsin.adapters.slack.workspaces import (
    FRESH_SECONDS,
    StoredWorkspaces,
    give_channel,
    give_routes,
    introduced,
    tie,
)
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateRoute,
    DestinationDraft,
    RemoveRoute,
    UpdateRoute,
)
from tocsin.core.records import Route
from tocsin.store.sealing import WrongSecretKey
from tocsin.store.workspaces import ChannelRow


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A house with two orgs, ``net`` and ``elsewhere``."""
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A Slack."""
    with local_slack(echoes=False) as made:
        yield made


class Known:
    """Workspaces as a process knows them, whose time is moved by hand."""

    def __init__(self, home: House) -> None:
        self.now = 0.0
        self.opened = 0
        self.workspaces = StoredWorkspaces(home.store, unseal=self.open, timer=lambda: self.now)

    def open(self, box: bytes) -> bytes:
        self.opened += 1
        return box[::-1]

    def later(self) -> StoredWorkspaces:
        """As it knows them once it has asked again."""
        self.now += FRESH_SECONDS
        return self.workspaces


def routes(home: House, org: str = "net") -> dict[str, Route]:
    with home.store.reading() as turn:
        heads = turn.heads_of_sort(home.orgs[org], "route")
    return {
        one.state.name: one.state
        for one in heads
        if isinstance(one.state, Route) and one.state.removed_at is None
    }


def channel(workspace: Workspace, channel_id: str, org_id: int) -> ChannelRow:
    return ChannelRow(team_id=workspace.team_id, channel_id=channel_id, org_id=org_id)


# -- installing ----------------------------------------------------------------------------------


def test_a_token_says_which_workspace_it_is_of(home: House, slack: LocalSlack) -> None:
    team = slack.team("acme")
    tied = installed(home, slack)

    assert StoredWorkspaces(home.store, unseal=lambda box: box[::-1]).of_team(team.id) == tied
    assert (tied.bot_user_id, tied.bot_id) == (team.bot_user_id, team.bot_id)
    assert tied.url == "https://acme.slack.com/"
    with home.store.reading() as turn:
        (row,) = turn.slack_workspaces()
    assert (row.name, row.installed_at) == ("acme", home.clock())


def test_a_token_is_stored_sealed_and_shown_nowhere(home: House, slack: LocalSlack) -> None:
    token = slack.team("acme").token
    tied = installed(home, slack)

    with home.store.reading() as turn:
        (row,) = turn.slack_workspaces()
        events = turn.log()
    assert row.sealed == token[::-1].encode()
    assert token not in f"{tied!r} {row!r} {events!r}"


def test_a_token_that_is_no_good_is_refused(slack: LocalSlack) -> None:
    with pytest.raises(SlackApiError):
        introduced(WebClient(token="xoxb-nonsense", base_url=slack.base_url))


def test_a_token_of_another_key_takes_its_workspace_out_only(
    home: House, slack: LocalSlack
) -> None:
    tied = installed(home, slack)
    other = slack.team("second")
    installed(home, slack, org="elsewhere", team=other)

    def unseal(box: bytes) -> bytes:
        if box == tied.token[::-1].encode():
            raise WrongSecretKey("sealed under another key")
        return box[::-1]

    known = StoredWorkspaces(home.store, unseal=unseal)
    assert known.of_team(tied.team_id) is None
    assert known.of_team(other.id) is not None


def test_an_org_begins_with_two_routes(home: House, slack: LocalSlack) -> None:
    installed(home, slack)

    found = routes(home)
    assert {name: one.match.kinds for name, one in found.items()} == {
        "Slack incidents": ("incident.*",),
        "Slack maintenance": ("maintenance.*",),
    }
    assert {(one.destination.kind.value, one.destination.channel) for one in found.values()} == {
        ("slack", None)
    }
    assert routes(home, "elsewhere") == {}


def test_a_route_that_an_admin_removed_stays_removed(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    first = routes(home)["Slack incidents"]
    home.ask("admin", RemoveRoute(), subject=first.id, sort="route")
    home.ask(
        "admin",
        UpdateRoute(enabled=False),
        subject=routes(home)["Slack maintenance"].id,
        sort="route",
    )

    tie(tied, installing(home), name="acme", scopes=())
    give_routes(installing(home), tied.org_id)
    assert {name: one.enabled for name, one in routes(home).items()} == {"Slack maintenance": False}


def test_a_name_that_is_taken_is_left_to_who_has_it(home: House, slack: LocalSlack) -> None:
    own = CreateRoute(
        route_id=home.fresh(),
        name="Slack incidents",
        destination=DestinationDraft(kind="slack", channel="#ours"),
    )
    home.ask("admin", own, sort="route")
    installed(home, slack)

    assert routes(home)["Slack incidents"].destination.channel == "#ours"
    assert "Slack maintenance" in routes(home)


def test_a_workspace_is_tied_to_another_org(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    known = Known(home)
    assert known.workspaces.of_org(home.orgs["net"]) == tied

    installed(home, slack, org="elsewhere")
    assert known.later().of_org(home.orgs["net"]) is None
    assert known.workspaces.of_org(home.orgs["elsewhere"]) == replace(
        tied, org_id=home.orgs["elsewhere"]
    )


# -- whose channel it is -------------------------------------------------------------------------


def test_a_workspace_speaks_to_its_org(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    known = Known(home).workspaces

    assert known.org_of(tied, "C1") == known.org_of(tied, None) == home.orgs["net"]
    assert known.of_team("T-unknown") is None
    assert known.of_org(home.orgs["elsewhere"]) is None


def test_a_channel_speaks_to_the_org_it_was_given_to(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    give_channel(installing(home), channel(tied, "C1", home.orgs["elsewhere"]))
    known = Known(home).workspaces

    assert known.org_of(tied, "C1") == home.orgs["elsewhere"]
    assert known.org_of(tied, "C2") == home.orgs["net"]
    assert known.of_org(home.orgs["elsewhere"]) == tied
    assert set(routes(home, "elsewhere")) == {"Slack incidents", "Slack maintenance"}


def test_a_channel_of_that_id_elsewhere_is_another(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    give_channel(
        installing(home), channel(replace(tied, team_id="T9"), "C1", home.orgs["elsewhere"])
    )
    assert Known(home).workspaces.org_of(tied, "C1") == home.orgs["net"]


def test_a_guest_org_names_further_channels_itself(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    give_channel(installing(home), channel(tied, "C1", home.orgs["elsewhere"]))
    other = home.orgs["elsewhere"]
    home.system(
        "policy", ChangePolicy(slack_incidents_channel="C7"), org_id=other, subject="policy"
    )
    routed = CreateRoute(
        route_id=home.fresh(), name="x", destination=DestinationDraft(kind="slack", channel="C8")
    )
    home.system("route", routed, org_id=other)
    known = Known(home)
    assert [known.workspaces.org_of(tied, one) for one in ("C7", "C8")] == [other, other]

    home.ask("admin", ChangePolicy(slack_incidents_channel="C7"), subject="policy", sort="policy")
    assert known.later().org_of(tied, "C7") == home.orgs["net"], "the workspace's own org first"

    home.system("route", RemoveRoute(), org_id=other, subject=routed.route_id)
    assert known.later().org_of(tied, "C8") == home.orgs["net"], "nobody names it any more"


def test_what_two_guests_name_is_neithers(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    home.found("third")
    for org, own in (("elsewhere", "C1"), ("third", "C2")):
        give_channel(installing(home), channel(tied, own, home.orgs[org]))
        home.system(
            "policy",
            ChangePolicy(slack_incidents_channel="C7"),
            org_id=home.orgs[org],
            subject="policy",
        )
    assert Known(home).workspaces.org_of(tied, "C7") == home.orgs["net"]


def test_a_guest_of_another_workspace_is_none_here(home: House, slack: LocalSlack) -> None:
    tied = installed(home, slack)
    other = home.orgs["elsewhere"]
    give_channel(installing(home), channel(replace(tied, team_id="T9"), "C1", other))
    home.system(
        "policy", ChangePolicy(slack_incidents_channel="C7"), org_id=other, subject="policy"
    )
    assert Known(home).workspaces.org_of(tied, "C7") == home.orgs["net"]


def test_naming_a_channel_of_strangers_takes_nothing_from_them(
    home: House, slack: LocalSlack
) -> None:
    tied = installed(home, slack)
    other = home.orgs["elsewhere"]
    home.system(
        "policy", ChangePolicy(slack_incidents_channel="C7"), org_id=other, subject="policy"
    )

    known = Known(home).workspaces
    assert known.org_of(tied, "C7") == home.orgs["net"]
    assert known.of_org(other) is None


# -- how often the database is asked -------------------------------------------------------------


def test_what_was_said_is_believed_for_seconds(home: House, slack: LocalSlack) -> None:
    known = Known(home)
    assert known.workspaces.of_org(home.orgs["net"]) is None
    tied = installed(home, slack)
    known.now = FRESH_SECONDS - 0.1
    assert known.workspaces.of_org(home.orgs["net"]) is None
    assert known.later().of_org(home.orgs["net"]) == tied


def test_a_token_is_opened_once(home: House, slack: LocalSlack) -> None:
    installed(home, slack)
    known = Known(home)
    for _ in range(3):
        known.later().of_org(home.orgs["net"])
    assert known.opened == 1


def test_what_was_changed_here_is_known_at_once(home: House, slack: LocalSlack) -> None:
    known = Known(home)
    assert known.workspaces.of_org(home.orgs["net"]) is None
    tied = installed(home, slack)
    known.workspaces.forget()
    assert known.workspaces.of_org(home.orgs["net"]) == tied
