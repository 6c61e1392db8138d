"""Who the local Slack knows, and how the app gets its access."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient

from tests.servers.slack import (
    APP_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    LocalSlack,
    User,
)
from tests.servers.slack.asking import (
    error_of,
)


def test_people_are_found_by_id_and_email(slack: LocalSlack, client: WebClient, anna: User) -> None:
    found = client.users_lookupByEmail(email="Anna@acme.example")["user"]

    assert found["id"] == anna.id
    assert client.users_info(user=anna.id)["user"]["profile"]["email"] == "anna@acme.example"
    assert error_of(lambda: client.users_info(user="U999")) == "user_not_found"
    nobody = error_of(lambda: client.users_lookupByEmail(email="no@acme.example"))
    assert nobody == "users_not_found"
    names = [one["name"] for one in client.users_list()["members"]]
    assert names == ["tocsin", "anna"]


def test_an_email_is_not_shown_without_its_scope(
    slack: LocalSlack, client: WebClient, anna: User
) -> None:
    slack.home.scopes.remove("users:read.email")

    assert "email" not in client.users_info(user=anna.id)["user"]["profile"]


def test_a_stranger_in_a_shared_channel(slack: LocalSlack, client: WebClient) -> None:
    other = slack.team("other")
    eve = slack.user("eve", team=other)
    unseen = error_of(lambda: client.users_info(user=eve.id))

    slack.channel("#shared", team=slack.home, shared_with=[other])
    seen = client.users_info(user=eve.id)["user"]

    assert unseen == "user_not_found"
    assert (seen["team_id"], seen["is_stranger"]) == (other.id, True)
    assert "email" not in seen["profile"]


def test_user_groups(slack: LocalSlack, client: WebClient, anna: User) -> None:
    slack.group("noc", [anna])

    (group,) = client.usergroups_list(include_users=True)["usergroups"]

    assert (group["handle"], group["users"]) == ("noc", [anna.id])


def test_a_code_is_exchanged_once(slack: LocalSlack) -> None:
    nobody = WebClient(base_url=slack.base_url)
    code = slack.oauth_code(slack.home, redirect_uri="https://t.example/back")

    def exchange(secret: str = CLIENT_SECRET, back: str = "https://t.example/back") -> Any:
        return nobody.oauth_v2_access(
            client_id=CLIENT_ID, client_secret=secret, code=code, redirect_uri=back
        )

    assert error_of(lambda: exchange(secret="wrong")) == "bad_client_secret"
    assert exchange()["access_token"] == slack.home.token
    assert error_of(exchange) == "invalid_code"
    code = slack.oauth_code(slack.home)
    assert error_of(exchange) == "bad_redirect_uri"


def test_socket_mode_is_opened_by_an_app_token(slack: LocalSlack, client: WebClient) -> None:
    answer = client.apps_connections_open(app_token=APP_TOKEN)
    wrong = error_of(lambda: client.apps_connections_open(app_token="xapp-wrong"))

    assert answer["url"].startswith("ws://127.0.0.1:")
    assert wrong == "invalid_auth"


def test_installing_gives_the_scopes_that_were_asked_for(slack: LocalSlack) -> None:
    response = slack.authorize(
        "client_id=1234.5678&scope=chat:write,commands&state=s1&redirect_uri=https://t.example/back"
    )

    assert response.status == 302
    assert response.headers["Location"].startswith("https://t.example/back?code=")
    assert response.headers["Location"].endswith("&state=s1")
    assert slack.home.scopes == {"chat:write", "commands"}
