"""Forms: opened, checked while they are open, done once however often they are sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.slack.desk import Desk, slack_desk
from tests.servers.slack import User, signing
from tocsin.adapters.slack import fields
from tocsin.adapters.slack.contract import (
    FORM_CLOSE,
    FORM_INCIDENT,
    FORM_MAINTENANCE,
    FORM_PUBLISH,
    FORM_RCA,
    FORM_UPDATE,
    PICK_DEVICE,
    PICK_LINK,
    PICK_SERVICE,
    PICK_TICKET,
)
from tocsin.adapters.slack.people import UNKNOWN
from tocsin.core.commands import ChangeStatus
from tocsin.core.registry_commands import RemoveDevice
from tocsin.core.ticket import Ticket
from tocsin.core.words import Impact, Severity, Status, TicketType


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk to ask at; it is noon of 20 November 2026 there."""
    with slack_desk(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("command", "text", "callback_id"),
    [
        ("/incident", "", FORM_INCIDENT),
        ("/incident", "create", FORM_INCIDENT),
        ("/create", "", FORM_INCIDENT),
        ("/incident", "update", FORM_UPDATE),
        ("/update", "", FORM_UPDATE),
        ("/incident", "status", FORM_UPDATE),
        ("/incident", "close", FORM_CLOSE),
        ("/close", "", FORM_CLOSE),
        ("/incident", "rca", FORM_RCA),
        ("/incident", "publish", FORM_PUBLISH),
        ("/maintenance", "", FORM_MAINTENANCE),
        ("/maintenance", "create", FORM_MAINTENANCE),
        ("/maintenance", "publish", FORM_PUBLISH),
        ("/maintenance", "close", FORM_CLOSE),
    ],
)
def test_a_command_without_words_opens_its_form(
    desk: Desk, command: str, text: str, callback_id: str
) -> None:
    anna = desk.person("anna", role="oncall_engineer")

    answer = desk.say(anna, command, text)

    assert (answer.ok, answer.body) == (True, b"")
    assert desk.slack.top_view(anna).callback_id == callback_id
    assert desk.told(anna) == []


def test_a_form_that_comes_too_late_is_said_in_words(desk: Desk) -> None:
    anna = desk.person("anna", role="member")

    def dawdle() -> None:
        for trigger in desk.slack.state.triggers.values():
            trigger.made_at -= 3.5

    desk.guests.asking = dawdle

    desk.say(anna, "/incident", "create")

    assert desk.slack.open_views(anna) == []
    assert "came too late. Ask once more." in desk.last(anna)


# -- a new maintenance ----------------------------------------------------------------------------


def test_a_maintenance_is_planned_in_utc(desk: Desk) -> None:
    anna = desk.person("anna", role="member", contributor="alpha")
    desk.say(anna, "/maintenance", "create Splice the ring")
    form = desk.slack.top_view(anna)
    desk.slack.options(anna, form, PICK_DEVICE, "ams")
    (device,) = form.offered[PICK_DEVICE]

    sent = desk.fill(
        anna,
        {
            fields.START_DATE: "2026-11-22",
            fields.START_TIME: "00:05",
            fields.END_DATE: "2026-11-22",
            fields.END_TIME: "04:00",
            fields.IMPACT: "outage",
            fields.DEVICES: [device["value"]],
        },
    )

    assert sent.errors == {}
    planned = desk.only()
    assert (planned.type, planned.title) == (TicketType.MAINTENANCE, "Splice the ring")
    assert planned.start_at == datetime(2026, 11, 22, 0, 5, tzinfo=UTC)
    assert planned.end_at == datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert (planned.impact, planned.devices) == (Impact.OUTAGE, (device["value"],))
    assert desk.last(anna).startswith(f"Planned *{planned.ref}*")


def test_an_end_before_the_start_is_refused_in_the_form(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/maintenance", "create Splice")

    window = {
        fields.START_DATE: "2026-11-22",
        fields.START_TIME: "05:00",
        fields.END_DATE: "2026-11-22",
        fields.END_TIME: "04:00",
    }
    sent = desk.fill(anna, window)

    assert list(sent.errors) == [fields.END_TIME]
    assert desk.slack.top_view(anna).errors == sent.errors
    assert desk.tickets() == []


# -- checked while open ---------------------------------------------------------------------------


def test_what_the_core_says_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    ticket = desk.incident()
    desk.ask(ticket, ChangeStatus(status="resolved", resolution="done"))
    desk.say(anna, "/close", ticket.ref)
    early = desk.home.clock() - timedelta(hours=3)

    sent = desk.fill(
        anna,
        {
            fields.RESOLUTION: "Spliced.",
            fields.RESOLVED_DATE: f"{early:%Y-%m-%d}",
            fields.RESOLVED_TIME: f"{early:%H:%M}",
        },
    )

    assert list(sent.errors) == [fields.RESOLVED_TIME]
    assert "Must not be before the previous change" in sent.errors[fields.RESOLVED_TIME]
    assert (len(desk.slack.open_views(anna)), desk.told(anna)) == (1, [])
    desk.fill(anna, {fields.RESOLUTION: "Spliced."})
    assert desk.now(ticket).status is Status.CLOSED
    assert desk.last(anna).endswith("is closed now.")


def test_an_update_that_is_half_refused_is_not_half_done(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    ticket = desk.incident(severity="sev2")
    desk.say(anna, "/update", ticket.ref)
    desk.ask(ticket, ChangeStatus(status="cancelled", reason="no"))
    before = len(desk.events(ticket))

    desk.fill(anna, {fields.SEVERITY: "sev1", fields.STATUS: "monitoring"})

    assert len(desk.events(ticket)) == before
    assert desk.now(ticket).severity is Severity.SEV2
    assert desk.last(anna).startswith(f"{ticket.ref} is cancelled and cannot become monitoring")


def test_who_loses_the_role_while_the_form_is_open_is_told(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    bert = desk.person("bert", role="member")
    ticket = desk.incident()
    desk.say(anna, "/close", ticket.ref)
    desk.say(bert, "/create")
    desk.demote("anna", "viewer")
    desk.tie(None, "bert")

    desk.fill(anna, {fields.RESOLUTION: "Spliced."})
    desk.fill(bert, {fields.TITLE: "Too late"})

    assert desk.last(anna) == "moving the status needs the role member; yours is viewer"
    assert desk.last(bert) == UNKNOWN
    assert (desk.now(ticket).status, len(desk.tickets())) == (Status.OPEN, 1)


def test_nothing_is_lost_while_the_storage_is_overloaded(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")
    desk.home.writer.stop()

    sent = desk.fill(anna, {fields.TITLE: "While it was down"})

    assert list(sent.errors) == [fields.TITLE]
    assert "The server is stopping" in sent.errors[fields.TITLE]
    assert len(desk.slack.open_views(anna)) == 1


def test_nothing_is_lost_while_slack_does_not_say_who_it_is(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")

    def away() -> None:
        raise OSError("no route to Slack")

    desk.guests.asking = away
    sent = desk.fill(anna, {fields.TITLE: "While Slack was away"})

    assert list(sent.errors) == [fields.TITLE]
    assert "Slack did not answer" in sent.errors[fields.TITLE]
    assert (len(desk.slack.open_views(anna)), desk.tickets()) == (1, [])


# -- what is affected -----------------------------------------------------------------------------


def test_what_a_mention_left_out_is_named_by_an_update(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    desk.incident("Known already", devices=(), services=("api",))
    desk.say(anna, "/create", "the portal is slow")
    (opened,) = [one for one in desk.tickets() if one.title == "the portal is slow"]
    assert opened.labels == ("needs_affected",)

    name_affected(desk, anna, opened, devices="ams", services="api")

    named = desk.now(opened)
    assert (len(named.devices), named.services, named.labels) == (1, ("api",), ())
    assert desk.last(anna).endswith("is updated.")
    name_affected(desk, anna, opened, devices="fra")
    more = desk.now(opened)
    assert (len(more.devices), more.services) == (2, ("api",))
    assert set(named.devices) < set(more.devices)


def test_what_several_name_at_once_is_all_named(desk: Desk) -> None:
    codes = ("api", "dns", "portal", "transit")
    desk.incident("Known already", devices=(), services=codes)
    ticket = desk.incident()
    forms = []
    for code in codes:
        somebody = desk.person(f"of {code}", role="oncall_engineer")
        desk.say(somebody, "/update", ticket.ref)
        form = desk.slack.top_view(somebody)
        desk.slack.options(somebody, form, PICK_SERVICE, code)
        forms.append((somebody, form, {fields.SERVICES: [code]}))

    desk.slack.together(len(codes), lambda: desk.slack.submit(*forms.pop()))
    desk.hands.settle()

    assert desk.now(ticket).services == codes


def test_an_asset_that_is_taken_away_meanwhile_is_told_at_its_field(desk: Desk) -> None:
    anna = desk.person("anna", role="oncall_engineer")
    ticket = desk.incident(devices=(), services=("api",))
    desk.say(anna, "/update", ticket.ref)
    form = desk.slack.top_view(anna)
    desk.slack.options(anna, form, PICK_DEVICE, "ams")
    (device,) = [one["value"] for one in form.offered[PICK_DEVICE]]
    desk.home.ask("admin", RemoveDevice(), subject=device, sort="device")

    sent = desk.fill(anna, {fields.DEVICES: [device], fields.COMMENT: "It is this one."})

    assert list(sent.errors) == [fields.DEVICES]
    assert "incident.note_added" not in [event.kind for event in desk.events(ticket)]


def name_affected(
    desk: Desk, user: User, ticket: Ticket, *, devices: str = "", services: str = ""
) -> None:
    """Pick what is found for those words in the form of an update, and send it."""
    desk.say(user, "/update", ticket.ref)
    form = desk.slack.top_view(user)
    chosen = {}
    for block, action_id, typed in (
        (fields.DEVICES, PICK_DEVICE, devices),
        (fields.SERVICES, PICK_SERVICE, services),
    ):
        if typed:
            found = desk.slack.options(user, form, action_id, typed)
            chosen[block] = [one["value"] for one in found]
    desk.fill(user, chosen)


# -- once -----------------------------------------------------------------------------------------


def test_a_form_that_is_sent_five_times_at_once_acts_once(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")
    form = desk.slack.top_view(anna)
    desk.slack.submit(anna, form, {fields.TITLE: "Sent by a nervous finger"})
    request = desk.slack.outbox.answers[-1].request
    # Each finger's press is signed at a second of its own; what is signed alike is a replay.
    now = time.time()
    headers = [signing.signed(request.body, at=now - ago) for ago in range(10, 15)]

    answers = desk.slack.together(
        5, lambda: desk.slack.outbox.deliver(request, headers=headers.pop())
    )
    desk.hands.settle()

    assert all(answer.ok and answer.errors == {} for answer in answers)
    opened = desk.only()
    assert len(desk.events(opened)) == 1
    assert [opened.ref in told for told in desk.told(anna)] == [True] * 6


def test_an_update_that_is_sent_twice_is_on_the_ticket_once(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    ticket = desk.incident()
    desk.say(anna, "/update", ticket.ref)
    desk.fill(anna, {fields.SEVERITY: "sev1", fields.COMMENT: "Only once."})
    once = [event.kind for event in desk.events(ticket)]

    desk.slack.redeliver(desk.slack.outbox.answers[-1])
    desk.hands.settle()

    assert [event.kind for event in desk.events(ticket)] == once
    assert once.count("incident.note_added") == 1


# -- slow -----------------------------------------------------------------------------------------


def test_a_form_never_waits_longer_than_it_may(tmp_path: Path) -> None:
    with slack_desk(tmp_path, within=0.05) as desk:
        anna = desk.person("anna", role="member")
        desk.say(anna, "/create")
        go_on = threading.Event()
        desk.guests.asking = lambda: held_up(go_on)

        answer = desk.slack.submit(anna, None, {fields.TITLE: "Slowly"})
        before = desk.tickets()
        go_on.set()
        desk.hands.settle()

        assert (answer.ok, answer.body, before) == (True, b"", [])
        assert answer.seconds < 1.0
        assert desk.only().title == "Slowly"
        assert desk.last(anna).startswith(f"Opened *{desk.only().ref}*")


def test_what_was_wrong_with_a_form_that_was_closed_in_the_meantime_is_said(
    tmp_path: Path,
) -> None:
    with slack_desk(tmp_path, within=0.05) as desk:
        anna = desk.person("anna", role="oncall_engineer")
        desk.policy(require_root_cause=True)
        ticket = desk.incident()
        desk.say(anna, "/close", ticket.ref)
        go_on = threading.Event()
        desk.guests.asking = lambda: held_up(go_on)

        answer = desk.slack.submit(anna, None, {fields.RESOLUTION: "Spliced."})
        go_on.set()
        desk.hands.settle()

        assert (answer.ok, answer.body) == (True, b"")
        assert "policy asks for one of" in desk.last(anna)
        assert desk.now(ticket).status is Status.OPEN


def held_up(go_on: threading.Event) -> None:
    """Wait until it may go on."""
    assert go_on.wait(5)


# -- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["🔥👩‍👩‍👧‍👦 down", "\u202bשלום עולם\u202c", "*bold* _it_ ~no~ `x`", "<!channel> & <@U1> |x>"],
)
def test_text_arrives_as_it_was_typed(desk: Desk, text: str) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")

    desk.fill(anna, {fields.TITLE: text, fields.DESCRIPTION: text})

    opened = desk.only()
    assert (opened.title, opened.description) == (text, text)
    assert "<!channel>" not in desk.last(anna)


def test_as_much_as_a_form_takes_is_taken(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")

    desk.fill(anna, {fields.TITLE: "t" * 200, fields.DESCRIPTION: "d" * 3_000})

    opened = desk.only()
    assert (len(opened.title), len(opened.description)) == (200, 3_000)


def test_every_select_of_the_form_offers_what_there_is(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    desk.say(anna, "/create")
    form = desk.slack.top_view(anna)

    assert (
        offered(desk, anna, PICK_DEVICE, "") == ["AMS-1", "FRA-1"]
        or len(offered(desk, anna, PICK_DEVICE, "1")) == 2
    )
    assert offered(desk, anna, PICK_LINK, "x") == []
    assert offered(desk, anna, PICK_SERVICE, "x") == []
    assert form.callback_id == FORM_INCIDENT


def offered(desk: Desk, user: User, action_id: str, typed: str) -> list[str]:
    """The labels that are offered."""
    found = desk.slack.options(user, desk.slack.top_view(user), action_id, typed)
    return [one["text"]["text"].partition(" ")[0].upper() for one in found]


def test_the_picker_of_a_close_form_does_not_offer_what_is_closed(desk: Desk) -> None:
    anna = desk.person("anna", role="sre_lead")
    open_one, closed = desk.incident("Fibre one"), desk.incident("Fibre two")
    desk.ask(closed, ChangeStatus(status="closed", resolution="done"))
    desk.say(anna, "/close")

    found = desk.slack.options(anna, desk.slack.top_view(anna), PICK_TICKET, "fibre")

    assert [one["value"] for one in found] == [open_one.id]
