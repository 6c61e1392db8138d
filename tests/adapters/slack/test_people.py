"""Who somebody in Slack is: by hand, by a code, by mail address; and who is nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.adapters.slack.doorstep import client_of, installed
from tests.handler.acting import House, house
from tests.servers.slack import LocalSlack, Team, User, local_slack
from tocsin.adapters.slack.contract import Person, Workspace
from tocsin.adapters.slack.people import ATTEMPTS, ATTEMPTS_SECONDS, FRESH_SECONDS, SlackPeople
from tocsin.core.errors import Conflict, RateLimited
from tocsin.core.membership import LINK_CODE_LIFE, link_code_digest
from tocsin.core.record_commands import (
    CreateMember,
    IssueLinkCode,
    RemoveMember,
    UpdateMember,
)
from tocsin.core.words import Role
from tocsin.handler.submission import Speaker

CODE = "abcdefghabcdefgh"


@dataclass
class Crowd:
    """People in front of the org ``net``."""

    home: House
    slack: LocalSlack
    workspace: Workspace
    people: SlackPeople
    now: float = 0.0

    @property
    def net(self) -> int:
        return self.home.orgs["net"]

    def member(self, name: str, *, org: str = "net", **given: Any) -> str:
        """Take in a member; the id."""
        member_id = self.home.fresh()
        making = CreateMember(member_id=member_id, name=name, **{"role": "sre_lead", **given})
        self.home.system("member", making, org_id=self.home.orgs[org])
        return member_id

    def change(self, member_id: str, **given: str | None) -> None:
        """Change a member."""
        self.home.system("member", UpdateMember(**given), org_id=self.net, subject=member_id)  # type: ignore[arg-type]

    def who(self, user: User, *, team: Team | None = None, org: str = "net") -> Person:
        """Who that is, as a request says it."""
        return self.people.who(
            self.workspace,
            self.home.orgs[org],
            team_id=user.team_id if team is None else team.id,
            user_id=user.id,
        )

    def issue(self, member_id: str, code: str = CODE) -> str:
        """Give out a code; as it is said."""
        issuing = IssueLinkCode(digest=link_code_digest(code))
        self.home.system("member", issuing, org_id=self.net, subject=member_id)
        return f"net.{code}"

    def asked(self) -> int:
        """How often Slack was asked who somebody is."""
        return len(self.slack.calls_of("users.info"))


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    """Nobody yet."""
    with house(tmp_path) as home, local_slack(echoes=False) as slack:
        workspace = installed(home, slack)
        made: list[Crowd] = []
        people = SlackPeople(
            home.store, writer=home.writer, client=client_of(slack), timer=lambda: made[0].now
        )
        made.append(Crowd(home=home, slack=slack, workspace=workspace, people=people))
        yield made[0]


# -- by hand -------------------------------------------------------------------------------------


def test_who_was_said_to_be_a_member_has_its_whole_role(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    mia = crowd.member("Mia", slack_user_id=anna.id)

    found = crowd.who(anna)
    assert found.speaker == Speaker(member_id=mia)
    assert (found.name, found.stranger) == ("anna", "")


def test_of_another_workspace_only_who_was_said_to_be_of_it(crowd: Crowd) -> None:
    other = crowd.slack.team("other")
    eve = crowd.slack.user("eve", team=other)
    mia = crowd.member("Mia", slack_user_id=eve.id)
    assert crowd.who(eve).speaker is None

    crowd.change(mia, slack_team_id=other.id)
    assert crowd.who(eve).speaker == Speaker(member_id=mia)
    assert crowd.who(eve, team=crowd.slack.home).speaker is None


def test_a_member_of_another_org_is_nobody_here(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    crowd.member("Mia", org="elsewhere", slack_user_id=anna.id, email="anna@acme.example")

    assert crowd.who(anna).speaker is None
    assert crowd.who(anna, org="elsewhere").speaker is not None


def test_a_member_who_has_gone_is_nobody(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna", email=None)
    mia = crowd.member("Mia", slack_user_id=anna.id)
    crowd.home.system("member", RemoveMember(), org_id=crowd.net, subject=mia)
    assert crowd.who(anna).speaker is None


def test_who_is_known_by_hand_is_known_while_slack_is_away(crowd: Crowd) -> None:
    anna, bob = crowd.slack.user("anna"), crowd.slack.user("bob")
    mia = crowd.member("Mia", slack_user_id=anna.id)
    crowd.slack.down()

    found = crowd.who(anna)
    assert (found.speaker, found.name) == (Speaker(member_id=mia), "Mia")
    with pytest.raises(URLError, match="refused"):
        crowd.who(bob)


# -- by mail address -----------------------------------------------------------------------------


def test_a_confirmed_address_makes_a_member_of_the_role_member_at_most(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    mia = crowd.member("Mia", email="Anna@acme.example")

    assert crowd.who(anna).speaker == Speaker(member_id=mia, at_most=Role.MEMBER)


NOBODIES: dict[str, Callable[[LocalSlack], User]] = {
    "code": lambda slack: slack.user("anna", is_email_confirmed=False),
    "Guests": lambda slack: slack.user("anna", is_restricted=True),
    "guests": lambda slack: slack.user("anna", is_ultra_restricted=True),
    "API key": lambda slack: slack.user("anna", is_bot=True),
    "gone": lambda slack: slack.user("anna", deleted=True),
    "another workspace": lambda slack: slack.user(
        "anna", team=slack.team("other"), email="anna@acme.example"
    ),
}


@pytest.mark.parametrize("who", NOBODIES)
def test_everybody_else_is_nobody_by_address(crowd: Crowd, who: str) -> None:
    anna = NOBODIES[who](crowd.slack)
    crowd.member("Mia", email="anna@acme.example")

    found = crowd.who(anna)
    assert found.speaker is None
    assert found.stranger
    assert who == "API key" or "/tocsin link CODE" in found.stranger


def test_a_stranger_does_not_become_one_of_us_by_the_request_alone(crowd: Crowd) -> None:
    other = crowd.slack.team("other")
    eve = crowd.slack.user("eve", team=other, email="anna@acme.example")
    crowd.member("Mia", email="anna@acme.example")

    assert crowd.who(eve, team=crowd.slack.home).speaker is None


def test_one_of_us_is_nobody_where_the_request_comes_from_another_workspace(crowd: Crowd) -> None:
    anna, other = crowd.slack.user("anna"), crowd.slack.team("other")
    crowd.member("Mia", email="anna@acme.example")

    assert crowd.who(anna, team=other).speaker is None


def test_a_service_is_nobody_in_slack_whatever_its_address(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    crowd.member("Robot", email="anna@acme.example", service=True)

    assert crowd.who(anna).speaker is None


def test_an_address_does_not_override_a_persons_word(crowd: Crowd) -> None:
    anna, bob = crowd.slack.user("anna"), crowd.slack.user("bob")
    mia = crowd.member("Mia", email="bob@acme.example", slack_user_id=anna.id)

    assert crowd.who(anna).speaker == Speaker(member_id=mia)
    assert crowd.who(bob).speaker is None


def test_somebody_whom_slack_does_not_know_is_nobody(crowd: Crowd) -> None:
    found = crowd.people.who(
        crowd.workspace, crowd.net, team_id=crowd.workspace.team_id, user_id="U0NOBODY"
    )
    assert (found.speaker, found.name) == (None, "U0NOBODY")
    assert found.stranger


def test_a_token_that_may_not_ask_is_an_error_and_no_stranger(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    crowd.slack.home.scopes.remove("users:read")
    with pytest.raises(SlackApiError):
        crowd.who(anna)


def test_what_slack_said_is_believed_for_minutes(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    crowd.who(anna)
    crowd.now = FRESH_SECONDS - 1
    mia = crowd.member("Mia", email="anna@acme.example")
    assert crowd.who(anna).speaker == Speaker(member_id=mia, at_most=Role.MEMBER)
    assert crowd.asked() == 1

    anna.is_restricted = True
    crowd.now = FRESH_SECONDS
    assert crowd.who(anna).speaker is None
    assert crowd.asked() == 2


# -- by a code -----------------------------------------------------------------------------------


def test_who_says_the_code_is_that_member_from_then_on(crowd: Crowd) -> None:
    guest = crowd.slack.user("gus", is_restricted=True)
    mia = crowd.member("Mia")
    said = crowd.issue(mia)
    tied = crowd.people.link(
        f" {said.upper().replace('NET', 'net')} ", team_id=guest.team_id, user_id=guest.id
    )

    assert tied.id == mia
    assert crowd.who(guest).speaker == Speaker(member_id=mia)
    with pytest.raises(Conflict):
        crowd.people.link(said, team_id=guest.team_id, user_id=guest.id)


@pytest.mark.parametrize(
    "said", ["", "net", "net.", "net.zzzz", f"elsewhere.{CODE}", f"nowhere.{CODE}", CODE, "." * 500]
)
def test_any_other_code_is_answered_alike(crowd: Crowd, said: str) -> None:
    anna = crowd.slack.user("anna")
    crowd.issue(crowd.member("Mia"))
    with pytest.raises(Conflict) as refused:
        crowd.people.link(said, team_id=anna.team_id, user_id=anna.id)
    assert str(refused.value) == "this code is not good, or no more; ask for a new one"


def test_a_code_that_has_run_out_is_answered_alike(crowd: Crowd) -> None:
    anna = crowd.slack.user("anna")
    said = crowd.issue(crowd.member("Mia"))
    crowd.home.clock.pass_by(LINK_CODE_LIFE + timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        crowd.people.link(said, team_id=anna.team_id, user_id=anna.id)
    assert str(refused.value) == "this code is not good, or no more; ask for a new one"


def test_codes_are_not_tried_out(crowd: Crowd) -> None:
    anna, bob = crowd.slack.user("anna"), crowd.slack.user("bob")
    said = crowd.issue(crowd.member("Mia"))

    def says(user: User, code: str) -> None:
        crowd.people.link(code, team_id=user.team_id, user_id=user.id)

    for number in range(ATTEMPTS):
        with pytest.raises(Conflict):
            says(anna, f"net.wrong{number}")
    with pytest.raises(RateLimited):
        says(anna, said)
    with pytest.raises(Conflict):
        says(bob, "net.wrong")
    crowd.now += ATTEMPTS_SECONDS
    says(anna, said)


def test_a_client_is_made_for_each_workspace(crowd: Crowd) -> None:
    made: list[str] = []

    def client(workspace: Workspace) -> WebClient:
        made.append(workspace.team_id)
        return client_of(crowd.slack)(workspace)

    people = SlackPeople(crowd.home.store, writer=crowd.home.writer, client=client)
    anna = crowd.slack.user("anna")
    people.who(crowd.workspace, crowd.net, team_id=anna.team_id, user_id=anna.id)
    assert made == [crowd.workspace.team_id]
