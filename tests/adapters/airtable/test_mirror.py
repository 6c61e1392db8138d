"""Tickets and updates stand in the gateway's tables as they stand here."""

from __future__ import annotations

from dataclasses import replace

from tests.adapters.airtable.answering import BASE, TICKET_FIELDS, UPDATE_FIELDS, Airtable
from tests.adapters.airtable.parcels import parcel, trial
from tests.handler.acting import House, pubkey
from tocsin.adapters.airtable.sender import AirtableSender
from tocsin.core.commands import ChangeSeverity, ChangeStatus, Redact
from tocsin.core.instants import to_text
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.contract import Delivered, Sender, Verdict
from tocsin.handler.submission import Outcome


def sender(home: House, airtable: Airtable) -> Sender:
    """A sender to the base that answers."""
    return AirtableSender(store=home.store, endpoint=airtable.address)


def opened(home: House) -> Outcome:
    """An incident on the owner's device."""
    return home.ask("owner", home.incident(reporter_name="Jane", reporter_email="j@example.net"))


def told(home: House, airtable: Airtable, outcome: Outcome) -> list[Verdict]:
    """Every event of *outcome*, delivered after the opening."""
    return [
        sender(home, airtable).send(parcel(home, outcome, event=event, remote_id="recTicket"))
        for event in outcome.events
    ]


def ticket_of(outcome: Outcome) -> Ticket:
    """The ticket of *outcome*."""
    assert isinstance(outcome.state, Ticket)
    return outcome.state


def test_an_opening_makes_the_tickets_row(home: House, airtable: Airtable) -> None:
    outcome = opened(home)
    ticket = ticket_of(outcome)

    verdict = sender(home, airtable).send(parcel(home, outcome))

    assert verdict == Delivered("recTicket00000000")
    assert airtable.asked == [("PATCH", f"/v0/{BASE}/Ticket")]
    assert airtable.table("Update") == []
    assert airtable.table("Ticket") == [
        {
            "ref": ticket.ref,
            "id": ticket.id,
            "type": "incident",
            "title": "Fibre cut",
            "description": "No light since noon.",
            "pubkey": pubkey(1),
            "reporter_name": "Jane",
            "reporter_email": "j@example.net",
            "device_pubkey": pubkey(11),
            "affected_link_pubkey": "",
            "severity": "sev2",
            "status": "open",
            "start_at": to_text(ticket.start_at),
            "end_at": None,
            "auto_close_after_hours": None,
            "created_at": to_text(ticket.created_at),
            "updated_at": to_text(ticket.updated_at),
        }
    ]


def test_an_opening_that_comes_twice_is_one_row(home: House, airtable: Airtable) -> None:
    sent = parcel(home, opened(home))

    first, second = sender(home, airtable).send(sent), sender(home, airtable).send(sent)

    assert first == second == Delivered("recTicket00000000")
    assert len(airtable.table("Ticket")) == 1


def test_an_update_is_one_row_of_all_its_facts(home: House, airtable: Airtable) -> None:
    ticket = ticket_of(opened(home))
    closed = home.ask(
        "owner",
        ChangeStatus(
            status="closed", body="Spliced.", resolution="Spliced.", root_cause="hardware"
        ),
        subject=ticket.id,
    )
    assert len(closed.events) > 2

    assert told(home, airtable, closed) == [Delivered()] * len(closed.events)

    [row] = airtable.table("Ticket")
    assert (row["ref"], row["status"]) == (ticket.ref, "closed")
    [update] = airtable.table("Update")
    assert update.pop("update_id")
    assert update == {
        "ticket_id": ticket.id,
        "author_pubkey": pubkey(1),
        "timestamp": to_text(closed.events[0].recorded_at),
        "body": "Spliced.",
        "status_from": "open",
        "status_to": "closed",
    }


def test_a_lane_that_begins_with_an_update_is_the_tickets(home: House, airtable: Airtable) -> None:
    ticket = ticket_of(opened(home))
    moved = home.ask(
        "owner", ChangeStatus(status="investigating", reason="Loss rises."), subject=ticket.id
    )

    assert sender(home, airtable).send(parcel(home, moved)) == Delivered("recTicket00000000")
    assert [row["body"] for row in airtable.table("Update")] == ["Loss rises."]


def test_comments_are_rows_of_their_own(home: House, airtable: Airtable) -> None:
    ticket = ticket_of(opened(home))
    for words in ("Looking.", "Found it."):
        told(home, airtable, home.ask("owner", ChangeStatus(body=words), subject=ticket.id))

    assert [row["body"] for row in airtable.table("Update")] == ["Looking.", "Found it."]
    assert {row["status_to"] for row in airtable.table("Update")} == {None}


def test_what_is_no_update_sets_the_ticket_only(home: House, airtable: Airtable) -> None:
    ticket = ticket_of(opened(home))
    told(home, airtable, home.ask("admin", ChangeSeverity(severity="sev4"), subject=ticket.id))

    [row] = airtable.table("Ticket")
    assert row["severity"] == "sev3", "the gateway has three"
    assert airtable.asked == [("PATCH", f"/v0/{BASE}/Ticket")]


def test_what_was_erased_here_is_erased_there(home: House, airtable: Airtable) -> None:
    ticket = ticket_of(opened(home))
    said = home.ask("owner", ChangeStatus(body="Call Jane on 555-1234."), subject=ticket.id)
    told(home, airtable, said)
    assert airtable.table("Update")[0]["body"] == "Call Jane on 555-1234."

    erased = home.ask("admin", Redact(event=said.events[0].id, fields=("body",)), subject=ticket.id)
    told(home, airtable, erased)

    assert [row["body"] for row in airtable.table("Update")] == ["[removed]"]


def test_a_device_has_no_table(home: House, airtable: Airtable) -> None:
    with home.store.reading() as turn:
        [head, *_] = turn.heads_of_sort(home.orgs["net"], "device")
        [event, *_] = turn.stream_events(home.orgs["net"], head.stream)
    sent = replace(parcel(home, opened(home)), event=event, state=head.state)

    assert sender(home, airtable).send(sent) == Delivered()
    assert airtable.asked == []


def test_a_trial_leaves_one_row_in_each_table(home: House, airtable: Airtable) -> None:
    for _ in range(2):
        assert sender(home, airtable).try_out(trial(home)) == Delivered()

    [ticket], [update] = airtable.table("Ticket"), airtable.table("Update")
    assert set(ticket) == set(TICKET_FIELDS.split())
    assert set(update) == set(UPDATE_FIELDS.split())
    assert (
        ticket["title"]
        == update["body"]
        == ("A test by Tocsin, no ticket: this row may be deleted.")
    )
