"""Slack away for an hour, slow to take, or without the channel: what the dispatcher makes of it
with this sender. Time is moved by hand; the local Slack counts by the same clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.adapters.slack.office import Office, slack_office
from tocsin.core.commands import ChangeSeverity, ChangeStatus
from tocsin.store.outgoing import Trouble

HOUR = 3_600.0
MOST_AT_ONCE = 3
"""Messages that a channel takes at once after a rest."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        made.slack.rate(1.0, burst=MOST_AT_ONCE)
        yield made


def posted_at(office: Office) -> list[float]:
    """When messages were taken, oldest first."""
    return [one.at for one in office.slack.calls_of("chat.postMessage") if one.error is None]


def assert_at_pace(times: list[float]) -> None:
    """About one a second: never more in any while than that and what goes at once."""
    for first, at in enumerate(times):
        for many, later in enumerate(times[first:], start=1):
            assert many <= later - at + MOST_AT_ONCE + 1e-3


def test_after_an_hour_every_card_and_reply_arrives_in_order_and_at_pace(office: Office) -> None:
    route = office.route()
    before = office.incident("Before the outage")
    office.run(5)
    office.slack.down(refuse=False)

    streams = [before]
    for number in range(12):
        streams.append(office.incident(f"Fibre cut {number}"))
        office.run(120)
        office.say(streams[number], f"Splice {number}.")
        office.do(streams[number], ChangeSeverity(severity="sev1"))
        office.do(streams[number], ChangeStatus(status="acknowledged"))
        office.run(180)
    assert len(office.cards()) == 1

    office.slack.up()
    came_back_at = office.home.clock().timestamp()
    edits = office.calls("chat.update")
    office.run(300)

    assert len(office.cards()) == len(streams)
    assert not office.trouble()
    for number, stream in enumerate(streams[:-1]):
        ticket = office.ticket(stream)
        (card,) = [one for one in office.cards() if ticket.ref in one.text]
        told = [one.text for one in office.replies(card)]
        assert len(told) == 3
        assert f"Splice {number}." in told[0]
        assert "SEV1" in told[1]
        assert "acknowledged" in told[2]
        assert "acknowledged" in card.text
    after = [one for one in posted_at(office) if one > came_back_at]
    assert len(after) == 12 + 3 * 12
    assert_at_pace(after)
    assert after[-1] - came_back_at < len(after) + 60
    # A card that was posted late shows the newest state at once; the one before is edited once.
    assert office.calls("chat.update") - edits == 1
    assert sum(office.slack.faults.limited.values()) == 0
    assert route


def test_a_process_that_takes_over_an_outage_doubles_nothing(office: Office) -> None:
    office.route()
    streams = [office.incident(f"Fibre cut {number}") for number in range(10)]
    office.slack.lose_answer("chat.postMessage", times=1_000)
    office.run(30)
    office.restart()
    office.run(120)
    office.slack.heal()
    office.restart()
    office.run(300)

    assert len(office.cards()) == len(streams)
    assert len({one.delivery_id for one in office.cards()}) == len(streams)
    assert not office.trouble()


def test_nothing_is_sent_faster_than_slack_asks(office: Office) -> None:
    office.slack.rate(0.2, burst=1)
    office.route()
    streams = [office.incident(f"Fibre cut {number}") for number in range(6)]
    office.run(120)

    assert len(office.cards()) == len(streams)
    assert all(later - at >= 4.999 for at, later in pairwise(posted_at(office)))
    refused = [one for one in office.slack.calls_of("chat.postMessage") if one.error is not None]
    assert len(refused) <= 2 * len(streams)
    assert not office.trouble(Trouble.PARKED)


def test_an_opening_in_a_deleted_channel_is_parked_with_what_to_do(office: Office) -> None:
    route, stream = office.route(channel="#ops"), office.incident()
    office.run(600)

    (parked,) = office.trouble(Trouble.PARKED)
    assert parked.stream == stream
    assert "there is no channel #ops" in parked.reason
    assert "invite the app, or correct the route" in parked.reason

    ops = office.slack.channel("#ops")
    with office.home.store.writing() as turn:
        turn.redrive(office.net, at=office.home.clock())
        turn.commit()
    office.run(60)

    assert len(office.cards(ops)) == 1
    assert not office.trouble()
    lane = office.lane(route, stream)
    assert lane is not None
    assert lane.remote_id == f"{ops.id}/{office.cards(ops)[0].ts}"


def test_a_channel_that_is_deleted_later_parks_what_comes_then(office: Office) -> None:
    office.route()
    stream = office.incident()
    office.run(5)
    office.slack.remove_channel(office.incidents)
    office.say(stream)
    office.run(600)

    (parked,) = office.trouble(Trouble.PARKED)
    assert "there is no such channel" in parked.reason


def test_cards_do_not_wait_for_an_org_that_has_no_workspace_yet(office: Office) -> None:
    office.route()
    office.incident()
    workspace, office.workspaces.workspace = office.workspaces.workspace, None
    office.run(HOUR)
    assert not office.cards()
    assert not office.trouble(Trouble.PARKED)

    office.workspaces.workspace = workspace
    office.run(60)

    assert len(office.cards()) == 1
