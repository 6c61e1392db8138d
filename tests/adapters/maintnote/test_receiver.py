"""Notices that are posted become maintenances, and SEQUENCE decides, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.maintnote.carriers import payload
from tests.adapters.neighbouring import Neighbour, json_of, neighbour
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.verdicts import Word
from tocsin.core.words import Impact, Status
from tocsin.handler.arrival import Accounted, PayloadVerdict


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.MAINTNOTE) as made:
        yield made


def notice(
    sequence: int,
    *,
    status: str = "CONFIRMED",
    start: str = "20261124T230000Z",
    end: str = "20261125T040000Z",
    impact: str = "OUTAGE",
    stamp: str = "20261118T081500Z",
) -> bytes:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT"),
        *("SUMMARY:Splicing", "UID:w-1", f"DTSTAMP:{stamp}", f"SEQUENCE:{sequence}"),
        *(f"DTSTART:{start}", f"DTEND:{end}", "ORGANIZER:mailto:work@nordlicht.example"),
        *("X-MAINTNOTE-PROVIDER:nordlicht.example", "X-MAINTNOTE-ACCOUNT:C-1"),
        *("X-MAINTNOTE-MAINTENANCE-ID:W-1", "X-MAINTNOTE-OBJECT-ID:ams-1"),
        *(f"X-MAINTNOTE-IMPACT:{impact}", f"X-MAINTNOTE-STATUS:{status}"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines).encode()


def word(accounted: Accounted) -> Word:
    (one,) = accounted.results
    return one.verdict


def test_a_notice_is_planned_moved_begun_and_completed(carrier: Neighbour) -> None:
    reply, planned = carrier.send("", notice(1))
    assert reply.status == 202
    assert word(planned) is Word.CREATED
    ticket = carrier.ticket(planned)
    assert json_of(reply)["results"][0]["ticket_ref"] == ticket.ref
    assert (ticket.status, ticket.impact) == (Status.PLANNED, Impact.OUTAGE)
    assert ticket.start_at == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert len(ticket.devices) == 1

    moved = notice(2, start="20261126T230000Z", end="20261127T040000Z")
    assert word(carrier.send("", moved)[1]) is Word.ATTACHED
    ticket = carrier.ticket(planned)
    assert ticket.start_at == datetime(2026, 11, 26, 23, tzinfo=UTC)

    carrier.house.clock.now = ticket.start_at
    begun = notice(3, status="IN-PROCESS", start="20261126T230000Z", end="20261127T040000Z")
    assert word(carrier.send("", begun)[1]) is Word.ATTACHED
    assert carrier.ticket(planned).status is Status.IN_PROGRESS
    done = notice(4, status="COMPLETED", start="20261126T230000Z", end="20261127T040000Z")
    assert word(carrier.send("", done)[1]) is Word.RESOLVED
    assert carrier.ticket(planned).status is Status.COMPLETED


def test_the_higher_sequence_wins_whatever_the_order_of_arrival(carrier: Neighbour) -> None:
    _, planned = carrier.send("", notice(5))
    version = carrier.ticket(planned).version

    _, repeated = carrier.send("", notice(5))
    _, late = carrier.send("", notice(4, status="CANCELLED"))
    assert word(repeated) is word(late) is Word.DEDUPLICATED
    assert "version 4 is old" in late.reason
    assert carrier.ticket(planned).version == version
    _, cancelled = carrier.send("", notice(6, status="CANCELLED"))
    assert word(cancelled) is Word.RESOLVED
    assert carrier.ticket(cancelled).status is Status.CANCELLED
    assert carrier.ticket(cancelled).id == carrier.ticket(planned).id


def test_a_cancellation_that_comes_first_is_remembered(carrier: Neighbour) -> None:
    _, cancelled = carrier.send("", notice(2, status="CANCELLED"))
    assert word(cancelled) is Word.UNATTACHED

    _, late = carrier.send("", notice(1))
    _, again = carrier.send("", notice(2, status="CANCELLED"))
    assert word(late) is word(again) is Word.DEDUPLICATED
    assert late.results[0].ticket_id is None
    assert word(carrier.send("", notice(3))[1]) is Word.CREATED


def test_work_that_had_begun_and_is_put_off_is_ended_and_planned_anew(
    carrier: Neighbour,
) -> None:
    carrier.house.clock.now = datetime(2026, 11, 24, 23, tzinfo=UTC)
    _, begun = carrier.send("", notice(1, status="IN-PROCESS"))
    assert carrier.ticket(begun).status is Status.IN_PROGRESS

    later = notice(2, start="20261128T230000Z", end="20261129T040000Z")
    _, anew = carrier.send("", later)
    assert word(anew) is Word.CREATED, anew.reason
    assert carrier.ticket(begun).status is Status.CANCELLED
    assert carrier.ticket(anew).id != carrier.ticket(begun).id
    assert word(carrier.send("", notice(3, status="CANCELLED"))[1]) is Word.RESOLVED
    assert carrier.ticket(anew).status is Status.CANCELLED


def test_two_that_differ_under_one_number_wait_for_a_person(carrier: Neighbour) -> None:
    _, planned = carrier.send("", notice(1))
    _, other = carrier.send("", notice(1, impact="NO-IMPACT"))

    assert word(other) is Word.UNATTACHED
    assert "differ" in other.reason
    assert carrier.ticket(planned).impact is Impact.OUTAGE


@pytest.mark.parametrize("name", ["confirmed.ics", "forwarded.eml"])
def test_what_carriers_send_is_planned(carrier: Neighbour, name: str) -> None:
    reply, planned = carrier.send("", payload(name))

    assert reply.status == 202
    assert word(planned) is Word.CREATED
    assert carrier.ticket(planned).via == "connector:nms"


def test_what_cannot_be_read_waits_in_the_inbox(carrier: Neighbour) -> None:
    reply, accounted = carrier.send("", b"Subject: hello\r\n\r\nnothing attached")

    assert reply.status == 422
    assert json_of(reply)["waits_for"] == "a person, in the inbox"
    assert accounted.verdict is PayloadVerdict.UNPARSEABLE
    assert carrier.send("elsewhere", notice(1))[0].status == 404
    assert carrier.look("").status == 404
