"""Our calendar: read by a reader that is none of ours as we mean it, and by ours as it was."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from circuit_maintenance_parser import (  # type: ignore[import-untyped]  # publishes no types
    NotificationData,
    init_provider,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.maintnote.town import BASE_URL, ORG, ORGANIZER, SWAP, NamesOf
from tests.core.telling import ADA, HOUR, NOON, Town, after
from tests.core.telling import given as evidence
from tocsin.adapters.maintnote.lines import OCTETS, line, lines_of, text_line, text_of
from tocsin.adapters.maintnote.notices import IMPACT_OUT, STATUS_OUT, Notice, NoticeStatus
from tocsin.adapters.maintnote.reading import read
from tocsin.adapters.maintnote.writing import calendar, file_name, uid_of
from tocsin.core.commands import ChangeFields, ChangeStatus, TicketCommand
from tocsin.core.ticket import Ticket
from tocsin.core.words import Impact, Status

ONCE = (
    *("DTSTAMP", "DTSTART", "DTEND", "UID", "SUMMARY", "ORGANIZER", "SEQUENCE", "DESCRIPTION"),
    *("URL", "STATUS", "LAST-MODIFIED", "X-MAINTNOTE-PROVIDER", "X-MAINTNOTE-ACCOUNT"),
    *("X-MAINTNOTE-MAINTENANCE-ID", "X-MAINTNOTE-IMPACT", "X-MAINTNOTE-STATUS"),
)


def written(*tickets: Ticket, names: NamesOf | None = None, stamp: datetime | None = None) -> bytes:
    """The calendar of the org's tickets."""
    return calendar(
        tickets,
        org=ORG,
        names=names or NamesOf(),
        organizer=ORGANIZER,
        base_url=BASE_URL,
        stamp=stamp,
    )


def read_elsewhere(body: bytes) -> list[dict[str, Any]]:
    """What the independent reader makes of a calendar."""
    data = NotificationData.init_from_raw("ical", body)
    assert data is not None
    return [json.loads(found.to_json()) for found in init_provider().get_maintenances(data)]


def test_an_independent_reader_reads_a_maintenance_as_we_mean_it() -> None:
    (found,) = read_elsewhere(written(SWAP, stamp=NOON))

    assert found == {
        "account": "ring",
        "circuits": [
            {"circuit_id": "ams-1:fra-1", "impact": "DEGRADED"},
            {"circuit_id": "ams-1", "impact": "DEGRADED"},
            {"circuit_id": "api", "impact": "DEGRADED"},
        ],
        "start": int((NOON + 48 * HOUR).timestamp()),
        "end": int((NOON + 52 * HOUR).timestamp()),
        "maintenance_id": "M20261120-opub",
        "organizer": "mailto:noc@example.net",
        "provider": "tocsin.example.net",
        "sequence": SWAP.version,
        "stamp": int(NOON.timestamp()),
        "status": "CONFIRMED",
        "summary": "Fibre swap",
        "uid": "0193-swap@tocsin",
    }


def test_whoever_has_the_calendar_comes_to_the_page_of_the_ticket() -> None:
    assert b"URL:https://tocsin.example.net/tickets/M20261120-opub\r\n" in written(SWAP)


@pytest.mark.parametrize("status", STATUS_OUT)
@pytest.mark.parametrize("impact", IMPACT_OUT)
def test_every_status_and_impact_is_known_elsewhere(status: Status, impact: Impact) -> None:
    (found,) = read_elsewhere(written(replace(SWAP, status=status, impact=impact)))

    assert found["status"] == STATUS_OUT[status].value
    assert {circuit["impact"] for circuit in found["circuits"]} == {IMPACT_OUT[impact]}


def test_what_becomes_of_a_maintenance_is_told_with_the_same_uid_and_a_higher_sequence() -> None:
    story: list[tuple[TicketCommand, str]] = [
        (ChangeFields(end_at=NOON + 60 * HOUR), "CONFIRMED"),
        (ChangeStatus(status="in_progress"), "IN-PROCESS"),
        (ChangeStatus(status="completed"), "COMPLETED"),
        (ChangeStatus(status="closed"), "COMPLETED"),
    ]
    state, seen = SWAP, read_elsewhere(written(SWAP))
    for hours, (command, status) in enumerate(story, start=1):
        state = after(state, command, evidence(ADA, at=NOON + hours * HOUR))
        (found,) = read_elsewhere(written(state))
        assert found["status"] == status
        assert found["uid"] == seen[-1]["uid"]
        assert found["sequence"] > seen[-1]["sequence"]
        assert found["stamp"] >= seen[-1]["stamp"]
        seen.append(found)

    assert seen[1]["end"] == int((NOON + 60 * HOUR).timestamp())


def test_a_calendar_of_several_is_read_elsewhere_in_its_order() -> None:
    other = replace(SWAP, id="0194-other", ref="M20261120-zzzz", devices=(), services=())
    found = read_elsewhere(written(SWAP, other))

    assert [one["maintenance_id"] for one in found] == ["M20261120-opub", "M20261120-zzzz"]
    assert [len(one["circuits"]) for one in found] == [3, 1]


def test_what_names_nothing_names_itself_and_what_is_gone_its_pubkey() -> None:
    bare = replace(SWAP, devices=(), links=(), services=())
    (found,) = read_elsewhere(written(bare))
    (gone,) = read_elsewhere(written(SWAP, names=NamesOf(Town(every_device=(), every_link=()))))

    assert [one["circuit_id"] for one in found["circuits"]] == ["M20261120-opub"]
    assert [one["circuit_id"] for one in gone["circuits"]] == [*SWAP.links, *SWAP.devices, "api"]


def test_every_property_stands_once_and_there_is_no_method() -> None:
    names = Counter(found.name for found in lines_of(written(SWAP)))

    assert [names[name] for name in ONCE] == [1] * len(ONCE)
    assert names["X-MAINTNOTE-OBJECT-ID"] == 3
    assert names["METHOD"] == 0


def test_without_a_stamp_the_same_tickets_give_the_same_bytes() -> None:
    assert written(SWAP) == written(SWAP)
    assert read(written(SWAP))[0].stamp == SWAP.updated_at.replace(microsecond=0)


def test_a_window_within_a_second_still_has_a_length_and_covers_what_it_did() -> None:
    start = NOON + timedelta(microseconds=400_000)
    (notice,) = read(written(replace(SWAP, start_at=start, end_at=start + timedelta(seconds=1))))
    (empty,) = read(written(replace(SWAP, start_at=NOON, end_at=None)))

    assert (notice.start, notice.end) == (NOON, NOON + timedelta(seconds=2))
    assert (empty.start, empty.end) == (NOON, NOON + timedelta(seconds=1))


def test_the_calendar_of_nothing_is_a_calendar() -> None:
    names = [found.name for found in lines_of(written())]

    assert names == ["BEGIN", "VERSION", "PRODID", "CALSCALE", "X-WR-CALNAME", "END"]


def test_one_maintenance_is_a_file_of_its_own() -> None:
    assert file_name(SWAP) == "M20261120-opub.ics"
    assert [notice.uid for notice in read(written(SWAP))] == [uid_of(SWAP)]


TEXTS = st.text(
    st.one_of(
        st.sampled_from("\\;,:\n\t nN\"'^%2C🛰👩‍🚒שלוםمرحبا\u2028\u200f"),
        st.characters(blacklist_categories=("Cs", "Cc")),
    ),
    max_size=300,
)


@given(title=TEXTS, description=TEXTS, organizer=st.emails(), code=TEXTS)
def test_texts_come_through_whole(title: str, description: str, organizer: str, code: str) -> None:
    ticket = replace(SWAP, title=title[:200], description=description, services=(code[:80],))
    body = calendar((ticket,), org=ORG, names=NamesOf(), organizer=organizer, base_url=BASE_URL)

    assert read(body) == (
        Notice(
            uid="0193-swap@tocsin",
            sequence=ticket.version,
            start=NOON + 48 * HOUR,
            end=NOON + 52 * HOUR,
            stamp=ticket.updated_at.replace(microsecond=0),
            provider="tocsin.example.net",
            account="ring",
            maintenance_ids=(ticket.ref,),
            object_ids=tuple(filter(None, ("ams-1:fra-1", "ams-1", code[:80].strip()))),
            impact=Impact.DEGRADED,
            status=NoticeStatus.CONFIRMED,
            summary=title[:200].strip() or None,
            description=description.strip() or None,
            organizer=organizer,
        ),
    )


@given(TEXTS, TEXTS)
def test_lines_are_folded_between_characters_and_unfold_as_they_were(text: str, name: str) -> None:
    rows = (text_line("SUMMARY", text) + line("ORGANIZER", "x:y", parameters={"CN": name})).encode()
    summary, organizer = lines_of(rows)

    assert all(len(row) <= OCTETS for row in rows.split(b"\r\n"))
    assert all(row.decode().encode() == row for row in rows.split(b"\r\n"))
    assert text_of(summary.value).strip() == text.strip()
    assert organizer.parameters["CN"] == name
    assert organizer.value == "x:y"


@pytest.mark.parametrize("text", ["x" * 1_000, "🛰" * 300, "aé" * 300, " x" * 300])
def test_long_lines_are_folded_as_late_as_they_may_be(text: str) -> None:
    rows = text_line("SUMMARY", text).encode().removesuffix(b"\r\n").split(b"\r\n")
    widths = [len(row) for row in rows]

    assert max(widths) <= 75
    assert min(widths[:-1]) > 75 - 4
    assert all(row.startswith(b" ") and row.decode() for row in rows[1:])
    assert rows[0] + b"".join(row[1:] for row in rows[1:]) == f"SUMMARY:{text}".encode()


def test_long_and_hostile_texts_stay_within_their_property() -> None:
    breaking = "x\r\nEND:VEVENT\rBEGIN:VEVENT\nUID:other\x00\x1b"
    ticket = replace(SWAP, title=breaking, description="ö" * 20_000)
    body = calendar(
        (ticket,),
        org=replace(ORG, name='Ring"\r\nX-EVIL:1'),
        names=NamesOf(),
        organizer="noc@example.net\r\nX-EVIL:1",
        base_url=BASE_URL,
    )
    (notice,) = read(body)

    assert notice.uid == "0193-swap@tocsin"
    assert notice.summary == "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:other"
    assert notice.description == "ö" * 10_000
    assert "X-EVIL" not in {found.name for found in lines_of(body)}
    assert [one["uid"] for one in read_elsewhere(body)] == ["0193-swap@tocsin"]
