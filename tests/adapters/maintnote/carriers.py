"""Payloads of carriers, and calendars and letters made up around a few lines."""

from __future__ import annotations

from pathlib import Path

PAYLOADS = Path(__file__).parent / "payloads"

ENTRY = (
    "UID:w-1",
    "DTSTART:20261124T230000Z",
    "DTEND:20261125T040000Z",
    "X-MAINTNOTE-PROVIDER:nordlicht.example",
    "X-MAINTNOTE-STATUS:CONFIRMED",
)
"""The least that can be relied on."""


def payload(name: str) -> bytes:
    """A payload as a carrier sends it."""
    return (PAYLOADS / name).read_bytes()


def entry(*lines: str, without: tuple[str, ...] = ()) -> str:
    """A VEVENT of the least there has to be, but for the properties of some names, and of
    *lines*."""
    kept = [one for one in ENTRY if one.partition(":")[0] not in without]
    return "\r\n".join(("BEGIN:VEVENT", *kept, *lines, "END:VEVENT")) + "\r\n"


def calendar_of(*parts: str, head: str = "") -> bytes:
    """A calendar around entries and zones; *head* is a property of the calendar."""
    top = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head and head + chr(13) + chr(10)}"
    return f"{top}{''.join(parts)}END:VCALENDAR\r\n".encode()


def letter(calendar: bytes, *, kind: str = "text/calendar", name: str = "") -> bytes:
    """A message with that calendar as one of its parts."""
    attached = f'; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"'
    return (
        b"From: work@nordlicht.example\r\nSubject: Planned work\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain\r\n\r\nSee the calendar.\r\n--b\r\n"
        + f"Content-Type: {kind}{attached if name else ''}\r\n\r\n".encode()
        + calendar
        + b"\r\n--b--\r\n"
    )
