"""A served Tocsin in a Slack: what people do there, and what stays when it is away."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.app.slack_town import SCOPES, Town, town
from tests.servers.slack import SIGNING_SECRET, Channel, Message, User
from tocsin.adapters.slack import fields
from tocsin.adapters.slack.installing import SCOPES as ASKED_FOR


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def connected(here: Town) -> None:
    """Wait until the server knows its workspace, and take people in."""
    here.until("the routes", lambda: len(here.ask("GET", "/routes")["items"]) == 2)
    for name, role in (("anna", "sre_lead"), ("vera", "viewer")):
        person = {"name": name.title(), "role": role, "slack_user_id": here.people[name].id}
        here.ask("POST", "/members", person)
    here.ask("POST", "/services", {"code": "api", "name": "API"})


def told(here: Town, user: User) -> list[str]:
    return [one.text for one in here.slack.ephemerals_to(user)]


def card(here: Town, channel: Channel) -> Message:
    found: list[Message] = here.until("a card", channel.of_bot)
    return found[0]


def thread(channel: Channel, of: Message) -> str:
    return "\n".join(one.text for one in channel.thread(of.ts))


def test_an_incident_lives_in_slack_with_the_scopes_of_the_manifest_alone(here: Town) -> None:
    slack, anna, incidents = here.slack, here.people["anna"], here.channels["incidents"]
    general = here.channels["general"]
    with here.serving():
        connected(here)
        here.ask("PATCH", "/policy", {"dedicated_channel_for": "sev1"})

        # Reported in words, heard of in the incident channel.
        slack.mention(anna, general, "the API is down")
        ticket = card(here, incidents)
        here.until("the topic", lambda: "the API is down" in incidents.topic)

        # Worked from the card, followed in its thread.
        slack.click(anna, ticket, "tocsin_acknowledge")
        here.until("who took it", lambda: "acknowledged" in thread(incidents, ticket))
        slack.choose(anna, ticket, "tocsin_severity", "sev1")
        here.until("its own channel", lambda: slack.state.named(slack.home.id, own_name(here)))
        own = slack.channel(own_name(here))
        here.until("the pinned card", lambda: own.pins)
        slack.say(anna, incidents, "Restarted the edge.", thread=ticket)
        (stored,) = here.ask("GET", "/tickets")["items"]

        def recorded() -> bool:
            events = here.ask("GET", f"/tickets/{stored['id']}/events")["items"]
            return any(one["data"].get("text") == "Restarted the edge." for one in events)

        here.until("the message", recorded)

        # Asked of the bot alone, and by a shortcut from nowhere.
        slack.say(anna, slack.direct(anna), "help")
        here.until("help", lambda: slack.direct(anna).of_bot())
        slack.shortcut(anna, "tocsin_open_incident")
        here.until("a form", lambda: slack.open_views(anna))
        slack.submit(
            anna,
            slack.top_view(anna),
            {fields.TITLE: "Second one", fields.SEVERITY: "sev3", fields.DESCRIPTION: "Odd."},
        )
        here.until("the second card", lambda: len(incidents.of_bot()) == 2)

        # Maintenance goes where the bot has not been before.
        device = {"type": "maintenance", "title": "Swap", "description": "A line card."}
        window = {"start_at": "2099-01-01T00:00:00Z", "end_at": "2099-01-01T02:00:00Z"}
        here.ask("POST", "/tickets", {**device, **window, "services": ["api"]})
        card(here, here.channels["maintenance"])

        slack.command(anna, general, "/close", f"{stored['ref']} The edge is back.")
        here.until("the end", lambda: "closed" in thread(incidents, ticket))
        here.until("the end of its channel", lambda: own.is_archived)
    assert here.slack.slow_answers == []
    assert here.slack.scopes_used == SCOPES == frozenset(ASKED_FOR)
    nothing_secret_is_kept(here)


def own_name(here: Town) -> str:
    found = here.ask("GET", "/tickets?severity=sev1")["items"]
    return f"#inc-{found[0]['ref'].lower()}-the-api-is-down" if found else "#none"


def nothing_secret_is_kept(here: Town) -> None:
    """No token, signing secret or address to answer at in a log line, an event, an outbox or
    anything else."""
    secrets = (here.slack.home.token, SIGNING_SECRET, *here.slack.state.response_urls)
    assert len(secrets) > 2
    kept = here.log
    database = sqlite3.connect(here.data / "tocsin.db")
    tables = [
        row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type='table'")
    ]
    for table in tables:
        for row in database.execute(f'SELECT * FROM "{table}"'):
            kept += repr(row)
    database.close()
    assert not any(secret in kept for secret in secrets)


def test_who_may_not_is_told_why_and_nobody_else_sees_it(here: Town) -> None:
    slack, general = here.slack, here.channels["general"]
    with here.serving():
        connected(here)
        eve = slack.user("eve", team=slack.team("other"))
        shared = slack.channel("#shared", shared_with=[slack.state.teams[eve.team_id]])
        for person, channel, why in (
            (here.people["vera"], general, "member"),
            (here.people["ulf"], general, "not known"),
            (eve, shared, "workspace"),
        ):
            before = len(channel.messages)
            slack.mention(person, channel, "the API is down")
            here.until(f"an answer to {person.name}", partial(told, here, person))
            (answer,) = told(here, person)
            assert why in answer
            assert len(channel.messages) == before + 1
        assert here.ask("GET", "/tickets")["items"] == []


def test_slack_may_be_away_while_the_server_starts_and_works(here: Town) -> None:
    here.slack.down()
    with here.serving():
        here.ask("POST", "/services", {"code": "api", "name": "API"})
        incident = {"type": "incident", "title": "Dark", "description": "No light."}
        opened = here.ask("POST", "/tickets", {**incident, "severity": "sev2", "services": ["api"]})
        here.slack.up()

        def routes() -> set[str]:
            return {one["name"] for one in here.ask("GET", "/routes")["items"]}

        here.until("the routes", lambda: len(routes()) == 2, within=60.0)
        assert routes() == {"Slack incidents", "Slack maintenance"}
        # What was there before has no card; what happens from now on has.
        here.ask("POST", f"/tickets/{opened['id']}/updates", {"body": "Splicing."})
        assert opened["ref"] in json.dumps(card(here, here.channels["incidents"]).blocks)
