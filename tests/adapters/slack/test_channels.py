"""Channels of their own for severe incidents: made once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.slack.office import Killed, Office, slack_office
from tests.core.telling import incident_open
from tests.servers.slack import Channel
from tests.servers.slack.rules import check_channel_name
from tocsin.adapters.slack.channels import LONGEST_NAME, channel_name, wants_channel
from tocsin.core.commands import Assign, ChangeSeverity, ChangeStatus
from tocsin.core.record_commands import UpdateMember
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        yield made


def severe(office: Office, title: str = "Fibre cut", **given: object) -> str:
    """Open a severe incident and let its card be posted; its stream."""
    stream = office.incident(title, **({"severity": "sev1"} | given))
    office.run(5)
    return stream


def own(office: Office) -> list[Channel]:
    """The incidents' own channels, oldest first."""
    return [one for one in office.slack.state.channels.values() if one.name.startswith("inc-")]


def close(office: Office, stream: str) -> None:
    """Resolve and close."""
    office.do(stream, ChangeStatus(status="resolved", resolution="Spliced."))
    office.do(stream, ChangeStatus(status="closed"))


# -- which, and what it is called -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "housed"),
    [
        ("never", ()),
        ("sev1", ("sev1",)),
        ("sev2", ("sev1", "sev2")),
        ("always", ("sev1", "sev2", "sev3", "sev4")),
    ],
)
def test_the_policy_says_from_which_severity_on(policy: str, housed: tuple[str, ...]) -> None:
    ticket = incident_open()
    levels = ("sev1", "sev2", "sev3", "sev4")
    wanted = [
        level
        for level in levels
        if wants_channel(replace(ticket, severity=Severity(level)), policy=policy)
    ]
    assert tuple(wanted) == housed


@given(title=st.text(max_size=200), number=st.integers(1, 20))
def test_slack_takes_every_name(title: str, number: int) -> None:
    name = channel_name(titled(title), number=number)

    check_channel_name(name)
    assert len(name) <= LONGEST_NAME
    assert name.startswith("inc-i20261120-af36")
    assert number == 1 or name.endswith(f"-{number}")


def titled(title: str) -> Ticket:
    """A ticket of that title and no other interest."""
    return replace(incident_open(), ref="I20261120-af36", title=title)


def test_a_name_says_which_incident_it_is() -> None:
    assert channel_name(titled("Fibre cut at the Café — Göteborg!")) == (
        "inc-i20261120-af36-fibre-cut-at-the-cafe-goteborg"
    )
    assert channel_name(titled("🔥 שלום")) == "inc-i20261120-af36"


# -- made -----------------------------------------------------------------------------------------


def test_a_severe_incident_gets_a_channel_with_its_card_pinned(office: Office) -> None:
    office.route()
    stream = severe(office)
    office.tend()
    office.run(5)

    (channel,) = own(office)
    ticket = office.ticket(stream)
    assert channel.name == channel_name(ticket)
    assert ticket.id in channel.purpose
    (card,) = office.cards(channel)
    assert channel.pins == [card.ts]
    assert ticket.ref in card.text
    (reference,) = ticket.references
    assert reference.kind == "chat"
    assert reference.external_id == f"slack:{office.team.id}:{channel.id}"
    assert reference.url == (f"{office.team.url}archives/{channel.id}/p{card.ts.replace('.', '')}")
    # And whoever follows the thread of the card learns where the talking is.
    (told,) = office.replies(office.cards()[0])
    assert f"<#{channel.id}>" in told.text


def test_a_contributors_own_route_makes_nothing_for_everybody(office: Office) -> None:
    office.route(contributor="alpha")
    severe(office)
    office.tend(3)

    assert len(office.cards()) == 1
    assert own(office) == []
    assert office.incidents.topic == ""


def test_a_mild_one_gets_none_until_it_is_raised(office: Office) -> None:
    office.route()
    stream = severe(office, severity="sev3")
    office.tend(3)
    assert own(office) == []

    office.do(stream, ChangeSeverity(severity="sev1"))
    office.run(5)
    office.tend(3)

    assert len(own(office)) == 1


def test_the_card_goes_first(office: Office) -> None:
    office.route()
    office.incident(severity="sev1")
    office.tend(3)
    assert own(office) == []

    office.run(5)
    office.tend()
    assert len(own(office)) == 1


def test_the_assignee_is_invited_and_so_is_the_next(office: Office) -> None:
    office.route()
    people = {}
    for who in ("owner", "teammate"):
        people[who] = office.slack.user(who)
        member = office.member(who)
        office.home.ask(
            "admin", UpdateMember(slack_user_id=people[who].id), subject=member, sort="member"
        )
    stream = severe(office)
    office.do(stream, Assign(assignee=office.member("owner")))
    office.tend()
    (channel,) = own(office)
    assert people["owner"].id in channel.members
    assert people["teammate"].id not in channel.members

    office.do(stream, Assign(assignee=office.member("teammate")))
    office.tend()
    assert people["teammate"].id in channel.members


def test_the_card_there_changes_with_the_incident_and_the_channel_ends_with_it(
    office: Office,
) -> None:
    office.route()
    stream = severe(office)
    office.tend()
    (channel,) = own(office)

    office.do(stream, ChangeStatus(status="acknowledged"))
    office.tend()
    assert "acknowledged" in office.cards(channel)[0].text
    assert not channel.is_archived

    close(office, stream)
    office.tend()
    assert "closed" in office.cards(channel)[0].text
    assert channel.is_archived


def test_an_incident_that_ended_while_nobody_tended_is_put_away(office: Office) -> None:
    office.route()
    stream = severe(office)
    office.tend()
    close(office, stream)
    office.restart()
    office.tend()

    (channel,) = own(office)
    assert channel.is_archived


def test_channels_of_others_are_let_be(office: Office) -> None:
    office.route()
    anna = office.slack.user("anna")
    stream = office.incident(severity="sev1")
    theirs = office.slack.channel(channel_name(office.ticket(stream)), members=(anna,))
    office.run(5)
    office.tend()
    close(office, stream)
    office.restart()
    office.tend()

    mine = [one for one in own(office) if one is not theirs]
    assert [one.name for one in mine] == [f"{theirs.name}-2"]
    assert mine[0].is_archived
    assert not theirs.is_archived
    assert theirs.purpose == ""
    assert theirs.messages == []


# -- whatever dies --------------------------------------------------------------------------------


def test_killed_after_any_call_it_is_one_channel_with_one_card(office: Office) -> None:
    office.route()
    office.tend()
    calls = 0
    while True:
        calls += 1
        stream = severe(office, f"Fibre cut {calls}")
        office.restart()
        office.dies_after = calls
        try:
            office.upkeep.tend()
            died = False
        except Killed:
            died = True
        office.dies_after = 0
        office.restart()
        office.tend(2)
        office.run(5)

        (channel,) = [one for one in own(office) if one.name.endswith(f"fibre-cut-{calls}")]
        (card,) = office.cards(channel)
        assert channel.pins == [card.ts]
        (reference,) = office.ticket(stream).references
        assert channel.id in reference.url
        assert card.ts.replace(".", "") in reference.url
        (posted,) = [
            one for one in office.cards() if one.text.startswith(office.ticket(stream).ref)
        ]
        told = [one.text for one in office.replies(posted) if "channel of its own" in one.text]
        assert told == [f"It has a channel of its own: <#{channel.id}>."]
        close(office, stream)
        office.tend()
        assert channel.is_archived
        office.run(10)
        if not died:
            break
    assert calls > 5
    assert not office.trouble()


def test_an_answer_that_is_lost_is_found_again(office: Office) -> None:
    office.route()
    for number, method in enumerate(
        (
            "conversations.create",
            "conversations.setPurpose",
            "chat.postMessage",
            "pins.add",
            "conversations.archive",
        )
    ):
        stream = severe(office, f"Fibre cut {number}")
        office.slack.lose_answer(method)
        office.tend(3, every=31.0)
        close(office, stream)
        office.tend(3, every=31.0)
        office.run(30)

    assert len(own(office)) == 5
    assert all(one.is_archived and len(office.cards(one)) == 1 for one in own(office))


# -- where it cannot be ---------------------------------------------------------------------------


def test_where_the_workspace_forbids_it_the_thread_says_so_once(office: Office) -> None:
    office.route()
    office.slack.fail("conversations.create", "restricted_action")
    stream = severe(office)
    for _ in range(3):
        office.tend(3)
        office.restart()
        office.say(stream, "Splicing.")
        office.run(5)

    assert own(office) == []
    (card,) = office.cards()
    said = [one.text for one in office.replies(card) if "No channel of its own" in one.text]
    (only,) = said
    assert only == (
        "No channel of its own could be made: the workspace's settings forbid it: ask its"
        " administrators (restricted_action)."
    )


def test_a_card_that_cannot_be_pinned_is_there_all_the_same(office: Office) -> None:
    office.route()
    office.team.scopes -= {"pins:write"}
    severe(office)
    office.tend(3)
    office.restart()
    office.tend(3)

    (channel,) = own(office)
    assert len(office.cards(channel)) == 1
    (card,) = office.cards()
    said = [one.text for one in office.replies(card) if "could not be pinned" in one.text]
    assert len(said) == 1


def test_slack_may_take_few_channels_a_minute(office: Office) -> None:
    office.slack.rate(20 / 60, burst=2, method="conversations.create")
    office.route()
    for number in range(8):
        office.incident(f"Fibre cut {number}", severity="sev1")
    office.run(30)
    office.tend(20)

    assert len(own(office)) == 8
    refused = [one for one in office.slack.calls_of("conversations.create") if one.error]
    assert len(refused) <= 8
