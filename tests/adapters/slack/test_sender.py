"""What goes out to Slack for one delivery, and what is made of Slack's answers."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from tests.adapters.slack.office import Office, slack_office
from tests.handler.acting import pubkey
from tests.servers.slack import Message
from tocsin.adapters.slack.calls import web_client
from tocsin.adapters.slack.posting import channel_for
from tocsin.adapters.slack.sender import NOT_CONNECTED, SlackSender
from tocsin.core.commands import ChangeSeverity, ChangeStatus
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Destination
from tocsin.core.registry_commands import RegisterDevice
from tocsin.core.words import DestinationKind, TicketType
from tocsin.dispatcher.contract import SEND_SECONDS, Delivered, Refused, Retry, Trial, Verdict

TYPED = "🔥 *bold* _it_ ~no~ `code` <!channel> & @here שלום עולם 1️⃣"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        yield made


def opened(office: Office, route: str, stream: str) -> str:
    """Post the card; the remote id."""
    verdict = office.sender.send(office.parcel(route, stream))
    assert isinstance(verdict, Delivered)
    assert verdict.remote_id is not None
    return verdict.remote_id


def told(
    office: Office, route: str, stream: str, remote_id: str, *, version: int, **given: Any
) -> Verdict:
    """Post what came later."""
    parcel = office.parcel(route, stream, version=version, remote_id=remote_id, **given)
    return office.sender.send(parcel)


def shown(message: Message) -> str:
    """Everything that a message shows, as it is written."""
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


# -- what is shown --------------------------------------------------------------------------------


def test_an_opening_is_a_card_that_says_what_it_is_and_whose(office: Office) -> None:
    route, stream = office.route(), office.incident("Fibre cut at the harbour")

    remote_id = opened(office, route, stream)

    (card,) = office.cards()
    assert remote_id == f"{office.incidents.id}/{card.ts}"
    ticket = office.ticket(stream)
    for word in (ticket.ref, "SEV2", "Fibre cut at the harbour", "ams-1"):
        assert word in card.text
    assert card.metadata == {
        "event_type": "tocsin",
        "event_payload": {
            "delivery_id": office.parcel(route, stream).delivery_id,
            "ticket_id": ticket.id,
        },
    }


def test_what_people_typed_is_shown_as_typed(office: Office) -> None:
    route, stream = office.route(), office.incident(TYPED, description=f"{TYPED} in the evening")
    remote_id = opened(office, route, stream)
    office.say(stream, TYPED)
    told(office, route, stream, remote_id, version=2)

    (card,) = office.cards()
    (reply,) = office.replies(card)
    escaped = TYPED.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def texts(block: Any) -> Iterator[dict[str, Any]]:
        if isinstance(block, dict):
            if block.get("type") in ("plain_text", "mrkdwn"):
                yield block
            for value in block.values():
                yield from texts(value)
        elif isinstance(block, list):
            for value in block:
                yield from texts(value)

    for message in (card, reply):
        assert escaped in message.text
        quoting = [one for one in texts(message.blocks) if "שלום" in one["text"]]
        for one in quoting:
            assert (TYPED if one["type"] == "plain_text" else escaped) in one["text"]
        assert quoting or message is reply


def test_a_change_edits_the_card_and_is_told_in_its_thread(office: Office) -> None:
    route, stream = office.route(), office.incident()
    remote_id = opened(office, route, stream)

    office.do(stream, ChangeSeverity(severity="sev1", reason="it spreads"))
    assert told(office, route, stream, remote_id, version=2) == Delivered()

    (card,) = office.cards()
    (reply,) = office.replies(card)
    assert "SEV1" in card.text
    assert len(card.versions) == 1
    assert "SEV2" in reply.text
    assert "SEV1" in reply.text
    assert "it spreads" in reply.text
    assert not reply.broadcast


def test_what_changes_nothing_on_the_card_does_not_edit_it(office: Office) -> None:
    route, stream = office.route(), office.incident()
    remote_id = opened(office, route, stream)
    for number in range(2, 6):
        office.say(stream, f"Splice {number}.")
        told(office, route, stream, remote_id, version=number)

    assert office.calls("chat.update") <= 1
    assert len(office.replies(office.cards()[0])) == 4


def test_a_backlog_edits_the_card_once_to_the_newest(office: Office) -> None:
    route, stream = office.route(), office.incident()
    remote_id = opened(office, route, stream)
    for severity in ("sev1", "sev3", "sev4"):
        office.do(stream, ChangeSeverity(severity=severity), who="admin")

    for version in (2, 3, 4):
        told(office, route, stream, remote_id, version=version)

    (card,) = office.cards()
    assert office.calls("chat.update") == 1
    assert "SEV4" in card.text
    assert len(office.replies(card)) == 3


def test_a_closing_is_broadcast_to_the_channel(office: Office) -> None:
    route, stream = office.route(), office.incident()
    office.run(3)
    office.do(stream, ChangeStatus(status="resolved", resolution="Spliced at the harbour."))
    office.do(stream, ChangeStatus(status="closed"))
    office.run(10)

    (card,) = office.cards()
    last = office.replies(card)[-1]
    assert last.broadcast
    assert office.ticket(stream).ref in shown(last)
    assert "Spliced at the harbour." in shown(last)
    assert "owner" in shown(last)
    assert office.lane(route, stream) is not None
    assert not office.trouble()


def test_a_device_is_told_of_in_a_message_of_its_own(office: Office) -> None:
    route = office.route(kinds=("device.*",))
    office.home.ask(
        "admin",
        RegisterDevice(
            device_id=office.home.fresh(), pubkey=pubkey(77), code="oslo-1", contributor="alpha"
        ),
        sort="device",
    )
    office.run(3)

    (message,) = office.cards()
    assert message.text.startswith("*oslo-1*: device registered by admin")
    assert not office.trouble()
    assert route


def test_a_trial_says_that_it_is_one(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())
    trial = Trial(delivery_id="trial_1", to=parcel.to, at=office.home.clock())

    assert office.sender.try_out(trial) == Delivered()

    (message,) = office.cards()
    assert "This is a test of the route Slack incidents" in message.text


# -- where it goes --------------------------------------------------------------------------------


def test_a_channel_is_found_by_name_by_id_or_by_the_policy(office: Office) -> None:
    elsewhere, third = office.slack.channel("#ops"), office.slack.channel("#noc")
    route, stream = office.route(), office.incident()
    parcel = office.parcel(route, stream)

    def sent_to(channel: str) -> None:
        to = replace(
            parcel.to, destination=Destination(kind=DestinationKind.SLACK, channel=channel)
        )
        assert isinstance(office.sender.send(replace(parcel, to=to)), Delivered)

    sent_to("#ops")
    sent_to(elsewhere.id)
    sent_to("ops")
    office.policy(slack_incidents_channel="#noc")
    opened(office, route, stream)

    assert len(office.cards(elsewhere)) == 3
    assert len(office.cards(third)) == 1
    assert office.calls("conversations.list") == 1


def test_each_type_has_its_channel_unless_the_route_says_otherwise() -> None:
    plain = Destination(kind=DestinationKind.SLACK)
    named = Destination(kind=DestinationKind.SLACK, channel="#ops")
    own = replace(DEFAULT_POLICY, slack_maintenance_channel="#works")

    assert channel_for(plain, DEFAULT_POLICY, TicketType.INCIDENT) == "#contributor-incidents"
    assert channel_for(plain, DEFAULT_POLICY, TicketType.MAINTENANCE) == "#contributor-maintenance"
    assert channel_for(plain, own, TicketType.MAINTENANCE) == "#works"
    assert channel_for(named, own, TicketType.MAINTENANCE) == "#ops"


def test_a_channel_beyond_the_first_thousand_is_found(office: Office) -> None:
    for number in range(1_200):
        office.slack.channel(f"room-{number}", members=())
    late = office.slack.channel("#late")
    office.policy(slack_incidents_channel="#late")

    opened(office, office.route(), office.incident())

    assert len(office.cards(late)) == 1
    assert office.calls("conversations.list") == 2


def test_a_channel_that_was_made_anew_under_its_name_is_used(office: Office) -> None:
    route = office.route()
    opened(office, route, office.incident("First"))
    office.slack.remove_channel(office.incidents)
    anew = office.slack.channel("#contributor-incidents")

    opened(office, route, office.incident("Second"))

    assert len(office.cards(anew)) == 1


def test_an_app_without_private_channels_finds_public_ones(office: Office) -> None:
    office.team.scopes.discard("groups:read")

    opened(office, office.route(), office.incident())

    assert len(office.cards()) == 1


def test_a_public_channel_is_joined_where_the_app_may_not_post_from_outside(
    office: Office,
) -> None:
    office.team.scopes.discard("chat:write.public")
    office.incidents.members.remove(office.team.bot_user_id)

    opened(office, office.route(), office.incident())

    assert office.calls("conversations.join") == 1
    assert len(office.cards()) == 1


# -- what somebody took away ----------------------------------------------------------------------


def test_a_card_that_was_deleted_does_not_stop_its_thread(office: Office) -> None:
    route, stream = office.route(), office.incident()
    remote_id = opened(office, route, stream)
    office.say(stream, "Before.")
    told(office, route, stream, remote_id, version=2)
    (card,) = office.cards()
    ts = card.ts
    with office.slack.state.lock:
        card.tombstone = True

    office.do(stream, ChangeSeverity(severity="sev1"))
    verdict = told(office, route, stream, remote_id, version=3)

    assert verdict == Delivered()
    assert len(office.incidents.thread(ts)) == 2


def test_without_its_thread_a_change_says_what_it_is_about(office: Office) -> None:
    route, stream = office.route(), office.incident()
    remote_id = opened(office, route, stream)
    with office.slack.state.lock:
        office.incidents.by_ts.clear()
    office.say(stream, "Still splicing.")

    verdicts = [
        told(office, route, stream, remote_id, version=2),
        told(office, route, stream, remote_id, version=2, again=True),
    ]

    assert verdicts == [Delivered(), Delivered()]
    (message,) = office.cards()
    assert message.text.startswith(office.ticket(stream).ref)
    assert "Still splicing." in message.text


# -- what went wrong ------------------------------------------------------------------------------


def test_an_org_without_a_workspace_waits_for_one(office: Office) -> None:
    route, stream = office.route(), office.incident()
    office.workspaces.workspace = None

    assert office.sender.send(office.parcel(route, stream)) == NOT_CONNECTED


def test_asked_too_often_slack_says_when_to_come_back(office: Office) -> None:
    route, stream = office.route(), office.incident()
    office.slack.fail("chat.postMessage", "ratelimited", status=429, retry_after=7)

    assert office.sender.send(office.parcel(route, stream)) == Retry(
        "Slack was asked too often", wish=7.0
    )


@pytest.mark.parametrize(
    "error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]
)
def test_slacks_own_troubles_pass(office: Office, error: str) -> None:
    route, stream = office.route(), office.incident()
    office.slack.fail("chat.postMessage", error)

    assert office.sender.send(office.parcel(route, stream)) == Retry(
        f"Slack is out of order ({error})"
    )


def test_a_slack_that_is_down_is_tried_again(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())

    office.slack.down(refuse=False)
    away = office.sender.send(parcel)
    office.slack.down()
    refusing = office.sender.send(parcel)
    office.slack.up()

    assert away == Retry("Slack is out of order (503)")
    assert refusing == Retry("Slack cannot be reached")
    assert isinstance(office.sender.send(parcel), Delivered)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("channel_not_found", "invite the app"),
        ("is_archived", "unarchive it"),
        ("not_in_channel", "invite it there"),
        ("invalid_auth", "bot token"),
        ("account_inactive", "connect the workspace"),
        ("token_revoked", "bot token"),
        ("msg_too_long", "too long"),
        ("restricted_action", "administrators"),
        ("something_new", "Slack refuses it"),
    ],
)
def test_what_slack_refuses_says_what_to_do(office: Office, error: str, advice: str) -> None:
    parcel = office.parcel(office.route(), office.incident())
    office.slack.fail("chat.postMessage", error)

    verdict = office.sender.send(parcel)

    assert isinstance(verdict, Refused)
    assert advice in verdict.reason
    assert f"({error})" in verdict.reason


def test_a_missing_scope_is_named(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())
    office.team.scopes.discard("chat:write")

    verdict = office.sender.send(parcel)

    assert verdict == Refused(
        "the app lacks the scope chat:write: add it and install the app again (missing_scope)"
    )


def test_a_channel_that_nobody_made_is_refused_and_not_looked_for_all_the_time(
    office: Office,
) -> None:
    office.slack.remove_channel(office.incidents)
    route = office.route()
    verdicts = [
        office.sender.send(office.parcel(route, office.incident(f"Fibre {number}")))
        for number in range(5)
    ]

    for verdict in verdicts:
        assert isinstance(verdict, Refused)
        assert "there is no channel #contributor-incidents" in verdict.reason
    assert office.calls("conversations.list") == 1


# -- within its time ------------------------------------------------------------------------------


@contextmanager
def dripping(piece: bytes, *, every: float) -> Iterator[str]:
    """Something that answers a byte at a time, for ever; its address."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(every):
                    connection.sendall(piece)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
    finally:
        ended.set()
        listener.close()


def test_a_send_ends_in_time_whatever_answers(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())
    with dripping(b" ", every=0.02) as address:
        sender = SlackSender(
            store=office.home.store,
            clock=office.home.clock,
            workspaces=office.workspaces,
            client=lambda workspace: web_client(workspace, base_url=address),
            seconds=0.5,
        )
        began = time.monotonic()
        verdict = sender.send(parcel)
        took = time.monotonic() - began

    assert verdict == Retry("Slack did not answer in time")
    assert took < 0.5 + SEND_SECONDS / 5


def test_many_slow_answers_together_end_in_time(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())
    sender = SlackSender(
        store=office.home.store,
        clock=office.home.clock,
        workspaces=office.workspaces,
        client=office.client,
        seconds=0.5,
    )
    office.slack.slow(0.3)
    began = time.monotonic()
    verdict = sender.send(parcel)
    took = time.monotonic() - began
    office.slack.heal()

    assert verdict == Retry("Slack did not answer in time")
    assert took < 0.5 + SEND_SECONDS / 5


def test_where_there_should_be_tls_nothing_is_sent_without(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())
    address = office.slack.base_url.replace("http://", "https://")
    sender = SlackSender(
        store=office.home.store,
        clock=office.home.clock,
        workspaces=office.workspaces,
        client=lambda workspace: web_client(workspace, base_url=address),
    )

    assert sender.send(parcel) == Retry("no encrypted connection to Slack could be made")
    assert office.slack.calls == []


def test_what_is_no_slack_is_not_believed(office: Office) -> None:
    parcel = office.parcel(office.route(), office.incident())

    def elsewhere(_: object) -> WebClient:
        return web_client(office.workspace, base_url=f"{office.slack.address}/nowhere/")

    sender = SlackSender(
        store=office.home.store,
        clock=office.home.clock,
        workspaces=office.workspaces,
        client=elsewhere,
    )

    assert not isinstance(sender.send(parcel), Delivered)


# -- secrets --------------------------------------------------------------------------------------


def test_the_token_is_nowhere(
    office: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    route, stream = office.route(), office.incident()
    verdicts: list[Verdict] = [office.sender.send(office.parcel(route, stream))]
    for error in ("invalid_auth", "internal_error", "missing_scope"):
        office.slack.fail("chat.postMessage", error)
        verdicts.append(office.sender.send(office.parcel(route, stream)))
    office.slack.heal()
    office.slack.down()
    verdicts.append(office.sender.send(office.parcel(route, stream)))
    office.slack.up()
    office.tend()

    written = capfd.readouterr()
    everything = repr(verdicts) + caplog.text + written.out + written.err
    assert office.team.token not in everything
    assert office.team.token not in repr(office.workspace)
    with office.home.store.reading() as turn:
        assert all(office.team.token not in repr(event) for event in turn.log(limit=1_000))
