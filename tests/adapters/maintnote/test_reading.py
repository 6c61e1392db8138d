"""Notices of carriers as they come: in what shapes they are read, and what is left to a person."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.maintnote.carriers import calendar_of, entry, letter, payload
from tocsin.adapters.maintnote import letters, lines
from tocsin.adapters.maintnote.notices import LONGEST_ID, Notice, NoticeStatus
from tocsin.adapters.maintnote.reading import read
from tocsin.core.ingestion import Unreadable
from tocsin.core.words import Impact

HOUR = timedelta(hours=1)


def only(body: bytes) -> Notice:
    """The one notice of a payload."""
    (notice,) = read(body)
    return notice


def refused(body: bytes) -> str:
    """Why a payload is for a person."""
    with pytest.raises(Unreadable) as refusal:
        read(body)
    return refusal.value.reason


CONFIRMED = Notice(
    uid="nl-88412@notices.nordlicht.example",
    sequence=2,
    start=datetime(2026, 11, 24, 23, tzinfo=UTC),
    end=datetime(2026, 11, 25, 4, tzinfo=UTC),
    stamp=datetime(2026, 11, 18, 8, 15, tzinfo=UTC),
    provider="nordlicht.example",
    account="C-70031",
    maintenance_ids=("W-88412",),
    object_ids=("ams-1:fra-1", "LON-1", "NL/WAVE/000771"),
    impact=Impact.OUTAGE,
    status=NoticeStatus.CONFIRMED,
    summary="Splicing between Amsterdam and Frankfurt, night of the 24th",
    description="A splice is renewed.\nTraffic moves to the other path; two breaks of a minute are"
    " expected.\n\nSee https://nordlicht.example/w?id=88412",
    organizer="work@nordlicht.example",
)


def test_a_notice_is_read_with_all_that_it_says() -> None:
    assert read(payload("confirmed.ics")) == (CONFIRMED,)


def test_a_letter_that_carries_the_same_calendar_twice_is_one_notice() -> None:
    assert read(payload("forwarded.eml")) == (CONFIRMED,)


def test_stray_blanks_and_a_zone_known_by_its_rules_alone_are_read() -> None:
    assert only(payload("moved_in_windows_time.ics")) == Notice(
        uid="040000008200E00074C5B7101A82E00800000000",
        sequence=5,
        start=datetime(2026, 11, 25, 6, tzinfo=UTC),
        end=datetime(2026, 11, 25, 10, tzinfo=UTC),
        stamp=datetime(2026, 11, 19, 12, tzinfo=UTC),
        provider="longhaul.example",
        maintenance_ids=("CHG0031",),
        object_ids=("fra-1",),
        impact=Impact.REDUCED_REDUNDANCY,
        status=NoticeStatus.RE_SCHEDULED,
        summary="Router software, moved",
    )


def test_a_cancellation_of_a_whole_day_needs_little() -> None:
    assert only(payload("cancelled_all_day.ics")) == Notice(
        uid="7",
        sequence=0,
        start=datetime(2026, 12, 1, tzinfo=UTC),
        end=datetime(2026, 12, 2, tzinfo=UTC),
        maintenance_ids=("7",),
        status=NoticeStatus.CANCELLED,
    )


@pytest.mark.parametrize(
    "kind", ["text/calendar; charset=utf-8", "application/ics", "TEXT/Calendar"]
)
def test_a_calendar_in_a_letter_is_known_by_its_type(kind: str) -> None:
    assert only(letter(calendar_of(entry()), kind=kind)).uid == "w-1"


def test_a_calendar_in_a_letter_is_known_by_the_name_of_its_file() -> None:
    body = letter(calendar_of(entry()), kind="application/octet-stream", name="Notice.ICS")

    assert only(body).uid == "w-1"


def test_a_letter_says_which_encoding_its_calendar_is_in() -> None:
    body = calendar_of(entry("SUMMARY:Überführung")).decode().encode("utf-16-le")

    assert only(letter(body, kind="text/calendar; charset=utf-16le")).summary == "Überführung"


def test_bytes_that_are_no_utf8_are_taken_as_latin_1() -> None:
    body = calendar_of(entry("SUMMARY:Überführung")).decode().encode("latin-1")

    assert only(body).summary == "Überführung"


def test_a_fold_inside_of_a_character_is_mended() -> None:
    body = calendar_of(entry("SUMMARY:Überführung")).replace("ü".encode(), b"\xc3\r\n \xbc")

    assert only(body).summary == "Überführung"


@pytest.mark.parametrize(
    ("start", "at"),
    [
        ("DTSTART:20260701T120000Z", "2026-07-01T12:00"),
        ("DTSTART:20260701T120000", "2026-07-01T12:00"),
        ("DTSTART;TZID=Europe/Berlin:20260701T120000", "2026-07-01T10:00"),
        ("DTSTART;TZID=Europe/Berlin:20260101T120000", "2026-01-01T11:00"),
        ("DTSTART;TZID=/example.org/20260101_1/Europe/Berlin:20260701T120000", "2026-07-01T10:00"),
        ('DTSTART;TZID="America/New_York":20260701T120000', "2026-07-01T16:00"),
        ("DTSTART;TZID=UTC:20260701T120000", "2026-07-01T12:00"),
        ("DTSTART;TZID=Europe/Berlin:20260701T120000Z", "2026-07-01T12:00"),
        ("DTSTART;VALUE=DATE:20260701", "2026-07-01T00:00"),
        ("DTSTART;VALUE=DATE;TZID=Europe/Berlin:20260701", "2026-06-30T22:00"),
        ("DTSTART:2026-07-01T12:00:00Z", "2026-07-01T12:00"),
    ],
)
def test_times_are_read_in_every_shape(start: str, at: str) -> None:
    notice = only(calendar_of(entry(start, without=("DTSTART",))))

    assert notice.start == datetime.fromisoformat(at).replace(tzinfo=UTC)


SYDNEY = (
    "BEGIN:VTIMEZONE\r\nTZID:Harbour Time\r\n"
    "BEGIN:STANDARD\r\nDTSTART:20080406T030000\r\nTZOFFSETFROM:+1100\r\nTZOFFSETTO:+1000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:20081005T020000\r\nTZOFFSETFROM:+1000\r\nTZOFFSETTO:+1100\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=SU;BYMONTHDAY=1,2,3,4,5,6,7\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\n"
)


RHINE = (
    "BEGIN:VTIMEZONE\r\nTZID:Harbour Time\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:19970330T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20261231T000000Z\r\nEND:STANDARD\r\n"
    "END:VTIMEZONE\r\n"
)
"""Until 2026 it goes back in autumn; from 2027 on it does no more."""


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("20260101T000000", 1),
        ("20260329T010000", 1),
        ("20260329T030000", 2),
        ("20261025T020000", 2),
        ("20261025T030000", 1),
        ("20271225T000000", 2),
    ],
)
def test_rules_may_count_from_the_end_of_the_month_and_end_themselves(
    local: str, hours: int
) -> None:
    assert harbour_time(RHINE, local) == datetime.fromisoformat(local) - hours * HOUR


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("20260404T120000", 11),
        ("20260405T020000", 11),
        ("20260405T030000", 10),
        ("20261004T010000", 10),
        ("20261004T030000", 11),
        ("20270101T000000", 11),
        ("20010101T000000", 11),
    ],
)
def test_a_zone_of_the_calendars_own_changes_its_clock_when_it_says(local: str, hours: int) -> None:
    assert harbour_time(SYDNEY, local) == datetime.fromisoformat(local) - hours * HOUR


def harbour_time(zone: str, local: str) -> datetime:
    """The UTC time of a local one in a zone that the calendar defines."""
    window = (f"DTSTART;TZID=Harbour Time:{local}", "DTEND:20290101T000000Z")
    body = calendar_of(zone, entry(*window, without=("DTSTART", "DTEND")))
    return only(body).start.replace(tzinfo=None)


def test_the_length_may_stand_for_the_end() -> None:
    notice = only(calendar_of(entry("DURATION:P1DT2H30M", without=("DTEND",))))

    assert notice.end - notice.start == timedelta(days=1, hours=2, minutes=30)


def test_objects_may_each_have_an_impact_and_the_worst_is_told() -> None:
    mild = "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=NO-IMPACT:a"
    worse = 'X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT="REDUCED-REDUNDANCY":b'

    whole = "X-MAINTNOTE-IMPACT:OUTAGE"

    assert only(calendar_of(entry(mild, worse, whole))).impact is Impact.REDUCED_REDUNDANCY
    assert only(calendar_of(entry(mild, "X-MAINTNOTE-OBJECT-ID:c", whole))).impact is Impact.OUTAGE
    assert only(calendar_of(entry(whole))).impact is Impact.OUTAGE
    assert only(calendar_of(entry())).impact is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("X-MAINTNOTE-STATUS: re-scheduled ", NoticeStatus.RE_SCHEDULED),
        ("X-MAINTNOTE-STATUS:RESCHEDULED", NoticeStatus.RE_SCHEDULED),
        ("X-MAINTNOTE-STATUS:IN-PROCESS", NoticeStatus.IN_PROCESS),
        ("X-MAINTNOTE-STATUS:In Progress", NoticeStatus.IN_PROCESS),
        ("X-MAINTNOTE-STATUS:CANCELED", NoticeStatus.CANCELLED),
        ("STATUS:TENTATIVE", NoticeStatus.TENTATIVE),
        ("X-MAINTNOTE-STATUS:", None),
    ],
)
def test_statuses_are_read_as_they_are_written(said: str, status: NoticeStatus | None) -> None:
    assert only(calendar_of(entry(said, without=("X-MAINTNOTE-STATUS",)))).status is status


def test_texts_that_are_too_long_are_cut_and_ids_stay_apart() -> None:
    long, other = "x" * 5_000 + "a", "x" * 5_000 + "b"
    said = (
        f"UID:{long}",
        f"SUMMARY:{long}",
        f"DESCRIPTION:{long * 3}",
        f"X-MAINTNOTE-OBJECT-ID:{long}",
        f"X-MAINTNOTE-OBJECT-ID:{other}",
    )
    notice = only(calendar_of(entry(*said, without=("UID",))))

    assert notice.summary == "x" * 199 + "…"
    assert notice.description == (long * 3)[:9_999] + "…"
    assert [len(one) for one in (notice.uid, *notice.object_ids)] == [LONGEST_ID] * 3
    assert len({*notice.object_ids}) == 2
    assert len(notice.key) <= 201


def test_line_ends_in_a_text_may_be_written_large_and_lone_backslashes_stay() -> None:
    said = only(calendar_of(entry("DESCRIPTION:one\\Ntwo\\nC:\\\\new\\")))

    assert said.description == "one\ntwo\nC:\\new\\"


def test_what_no_person_needs_to_see_is_passed_over() -> None:
    lunch = "BEGIN:VEVENT\r\nUID:lunch\r\nDTSTART:20261124T120000Z\r\nEND:VEVENT\r\n"
    odd = entry("no line at all", "X-THEIRS;=;;a=b:1", "SUMMARY:broken by", "a mailer", ";:", "-")

    assert only(calendar_of(lunch, odd)).summary == "broken by"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no calendar"),
        (b"\x1f\x8b\x08\x00notice.ics", "no calendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "nothing that is MAINTNOTE"),
        (calendar_of(entry()).replace(b"END:VCALENDAR", b""), "cut off"),
        (calendar_of(entry()).replace(b"END:VEVENT", b"END:VTODO"), "do not end in the order"),
        (calendar_of("BEGIN:A\r\n" * 9 + "END:A\r\n" * 9), "nested too deep"),
        (calendar_of(entry(without=("UID",))), "no UID"),
        (calendar_of(entry(without=("DTSTART",))), "no DTSTART"),
        (calendar_of(entry(without=("DTEND",))), "neither DTEND nor DURATION"),
        (calendar_of(entry("UID:w-2")), "two UID that differ"),
        (calendar_of(entry("X-MAINTNOTE-STATUS:CANCELLED")), "STATUS that differ"),
        (calendar_of(entry("X-MAINTNOTE-IMPACT:TERRIBLE")), "impact is none of"),
        (calendar_of(entry("X-MAINTNOTE-STATUS:MAYBE", without=("X-MAINTNOTE-STATUS",))), "status"),
        (calendar_of(entry("SEQUENCE:-1")), "SEQUENCE"),
        (calendar_of(entry("SEQUENCE:²")), "SEQUENCE"),
        (calendar_of(entry("SEQUENCE:4294967296")), "SEQUENCE"),
        (calendar_of(entry("RRULE:FREQ=DAILY;COUNT=5")), "repeats"),
        (calendar_of(entry("DTSTAMP:yesterday")), "DTSTAMP is not a time"),
        (calendar_of(entry("DTEND:20261124T230000Z", without=("DTEND",))), "ends before"),
        (calendar_of(entry("DTEND:22000101T000000Z", without=("DTEND",))), "2000 to 2199"),
        (calendar_of(entry("DTEND:20260230T000000Z", without=("DTEND",))), "no day"),
        (calendar_of(entry("DURATION:P400D", without=("DTEND",)).replace("2026", "2199")), "2199"),
        (calendar_of(entry("DURATION:soon", without=("DTEND",))), "DURATION is not a span"),
        (
            calendar_of(entry("DTEND;TZID=Nowhere/Else:20261125T040000", without=("DTEND",))),
            "zone that neither",
        ),
        (calendar_of(entry("DTEND;TZID=Europe:20261125T040000", without=("DTEND",))), "zone"),
        (
            calendar_of(entry("DTEND;TZID=../../etc/passwd:20261125T040000", without=("DTEND",))),
            "zone",
        ),
        (calendar_of(entry(), head="METHOD:REPLY"), "answers a calendar entry"),
        (
            calendar_of(entry(*(f"X-MAINTNOTE-OBJECT-ID:{n}" for n in range(201)))),
            "201 of X-MAINTNOTE-OBJECT-ID",
        ),
        (calendar_of(*(entry(f"SEQUENCE:{n}") for n in range(1_001))), "1,001 entries"),
        (letter(calendar_of(entry()), kind="application/zip", name="notice.zip"), "no calendar"),
    ],
)
def test_what_would_have_to_be_guessed_is_for_a_person(body: bytes, reason: str) -> None:
    assert reason in refused(body)


def test_one_entry_that_cannot_be_relied_on_leaves_the_whole_payload_to_a_person() -> None:
    assert refused(calendar_of(entry(), entry(without=("UID",)))) == "entry 2: it has no UID"


def test_rules_that_no_zone_has_are_not_followed() -> None:
    every_second = re.sub("FREQ=YEARLY;BYMONTH=4;BYDAY=1SU", "FREQ=SECONDLY", SYDNEY)
    start = "DTSTART;TZID=Harbour Time:20261101T000000"

    assert "zone that neither" in refused(
        calendar_of(every_second, entry(start, without=("DTSTART",)))
    )


def test_what_is_too_large_is_not_taken_apart() -> None:
    big = calendar_of(entry("DESCRIPTION:" + "x" * lines.LARGEST))
    many = calendar_of(entry(*("X-A:1" for _ in range(lines.MOST_LINES))))

    assert "bytes" in refused(big)
    assert "lines" in refused(many)
    assert "bytes" in refused(b"From: x\r\n\r\n" + b"x" * letters.LARGEST)
    assert "calendars" in refused(letters_in_one(21))
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(500)
    )
    assert "parts" in refused(b"From: x\r\n" + nested)
    assert "parts" in refused(b"From: x\r" + nested.replace(b"\r\n", b"\r"))
    assert "parts" in refused(b"Content-Type: multipart/mixed; boundary=b\r\n" + b"\r\n--b" * 9_999)
    assert "lines" in refused(b"From: x\r\n" + b"\r" * letters.MOST_LINES)
    winding = b'Content-Type: multipart/mixed; a="' + b";" * 100_000
    assert "too great a length" in refused(winding)
    assert "too great a length" in refused(winding.replace(b";;", b"\r\n ;;"))


def letters_in_one(count: int) -> bytes:
    """A message with *count* calendars that differ."""
    parts = b"".join(
        b"--b\r\nContent-Type: text/calendar\r\n\r\n" + calendar_of(entry(f"SEQUENCE:{n}"))
        for n in range(count)
    )
    head = b'From: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + parts + b"--b--\r\n"


@pytest.mark.parametrize("name", ["confirmed.ics", "moved_in_windows_time.ics", "forwarded.eml"])
@given(data=st.data())
def test_a_payload_that_was_damaged_is_read_or_for_a_person(name: str, data: st.DataObject) -> None:
    body = bytearray(payload(name))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 40)))
        body[start:end] = data.draw(st.binary(max_size=20))

    held(bytes(body))


@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
)
def test_garbage_is_for_a_person(body: bytes) -> None:
    held(body)
    held(b"BEGIN:VCALENDAR\r\n" + body)
    held(calendar_of(entry()).replace(b"END:VEVENT", body + b"\r\nEND:VEVENT"))
    held(letter(body))
    held(b"Content-Type: text/calendar; charset=" + body)
    held(b"Content-Transfer-Encoding: " + body + b"\r\nContent-Type: text/calendar\r\n\r\n" + body)


def held(body: bytes) -> None:
    """Whatever it is, it is read into what tickets can take, or it is for a person."""
    try:
        notices = read(body)
    except Unreadable:
        return
    assert notices
    for notice in notices:
        assert notice.start < notice.end
        assert 0 < len(notice.uid) <= LONGEST_ID
        assert notice.start.tzinfo is UTC
