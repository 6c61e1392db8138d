"""A mail arrives: its parts, headers and thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest

from tests.adapters.email.listening import HOST, Box, listening
from tests.adapters.email.parcels import ROUTE, addressee, parcel, trial
from tests.handler.acting import NOON, House
from tocsin.adapters.email.mail import Mail
from tocsin.adapters.email.sender import EmailSender
from tocsin.core.commands import ChangeFields, ChangeStatus, OpenIncident, PlanMaintenance, Redact
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.contract import Delivered, Parcel, Refused, Sender, Verdict
from tocsin.handler.submission import Outcome


def sender(home: House, box: Box, **given: object) -> Sender:
    """A sender to *box*, without encryption."""
    settings: dict[str, object] = {
        "host": HOST,
        "port": box.port,
        "from_address": "tocsin@status.example.org",
        "security": "none",
    }
    return EmailSender(
        store=home.store,
        clock=home.clock,
        settings=Mail(**(settings | given)),  # type: ignore[arg-type]
    )


def arrived(home: House, sent: Parcel, **given: object) -> EmailMessage:
    """The mail that *sent* becomes."""
    with listening(Box()) as box:
        verdict = sender(home, box, **given).send(sent)
        assert isinstance(verdict, Delivered)
        return box.mail()


def opened(home: House, title: str = "Fibre cut", **given: object) -> Outcome:
    """An incident on the owner's device."""
    return home.ask("owner", home.incident(title, **given))


def plain(mail: EmailMessage) -> str:
    """The plain text of *mail*."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def page(mail: EmailMessage) -> str:
    """The HTML of *mail*."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_opening_arrives_as_plain_text_and_html(home: House) -> None:
    outcome = opened(home, "Fibre cut – Köln")
    ref = ref_of(outcome)

    mail = arrived(home, parcel(home, outcome))

    assert mail["Subject"] == f"[net {ref}] SEV2 open: Fibre cut – Köln"
    assert mail["From"] == "tocsin@status.example.org"
    assert mail["To"] == "noc@example.net"
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for text in (plain(mail), page(mail)):
        assert "opened: Fibre cut – Köln" in text
        assert "owner (alpha), 2026-11-20 12:00 UTC" in text
        assert "ams-1" in text
        assert "Alpha" in text
        assert "No light since noon." in text
        assert "because the route “NOC” leads here." in text


def ref_of(outcome: Outcome) -> str:
    """The ref of the ticket of *outcome*."""
    ref = getattr(outcome.state, "ref", None)
    assert isinstance(ref, str)
    return ref


def test_mail_readers_show_one_thread_per_ticket(home: House) -> None:
    outcome = opened(home)
    opening = parcel(home, outcome)
    with listening(Box()) as box:
        mailer = sender(home, box)
        first = mailer.send(opening)
        assert isinstance(first, Delivered)
        assert first.remote_id is not None

        moved = home.ask(
            "owner",
            ChangeStatus(status="investigating", body="On our way."),
            subject=opening.state.id,
        )
        verdicts = [
            mailer.send(parcel(home, moved, event=event, remote_id=first.remote_id))
            for event in moved.events
        ]

        assert verdicts == [Delivered()] * len(moved.events)
        begun, *later = box.mails()
    assert first.remote_id == f"<{opening.delivery_id}@status.example.org>"
    assert begun["Message-ID"] == first.remote_id
    assert begun["In-Reply-To"] is None
    assert len(later) >= 2
    assert {one["In-Reply-To"] for one in later} == {first.remote_id}
    assert {one["References"] for one in later} == {first.remote_id}
    assert len({one["Message-ID"] for one in (begun, *later)}) == 1 + len(later)
    assert any("> On our way." in plain(one) for one in later)
    assert "SEV2 investigating" in later[-1]["Subject"]


def test_a_second_attempt_is_known_as_the_same_mail(home: House) -> None:
    sent = parcel(home, opened(home))

    assert arrived(home, sent)["Message-ID"] == arrived(home, sent)["Message-ID"]


def test_no_title_makes_a_header(home: House) -> None:
    outcome = opened(home)
    evil = "Cut\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\x85X: y\u2028Z\ud800"
    sent = parcel(home, outcome)
    assert isinstance(sent.state, Ticket)
    sent = replace(sent, state=replace(sent.state, title=evil))

    mail = arrived(home, sent)

    assert mail["Bcc"] is None
    assert "X" not in mail
    assert mail["Subject"].endswith("Cut Bcc: all@example.com <script>alert(1)</script> X: y Z")
    assert "<script>" not in page(mail)
    assert "&lt;script&gt;" in page(mail)


@pytest.mark.parametrize(
    "address",
    [
        "noc@example.net\r\nRCPT TO:<all@example.com>",
        "noc@example.net, all@example.com",
        "NOC <noc@example.net>",
        "noc",
        "",
    ],
)
def test_what_is_no_address_is_refused(home: House, address: str) -> None:
    with listening(Box()) as box:
        verdict: Verdict = sender(home, box).send(parcel(home, opened(home), address=address))

        assert isinstance(verdict, Refused)
        assert box.arrived == []


def test_a_mail_loads_nothing_and_has_a_way_out(home: House) -> None:
    mail = arrived(home, parcel(home, opened(home)))

    html = page(mail)
    assert 'name="color-scheme" content="light dark"' in html
    assert "http" not in html
    assert "<img" not in html
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == f"<{ROUTE}.net.status.example.org>"
    assert (
        mail["List-Unsubscribe"]
        == f"<mailto:tocsin@status.example.org?subject=unsubscribe%20{ROUTE}>"
    )
    assert mail["List-Unsubscribe-Post"] is None


def test_one_click_where_something_answers_to_it(home: House) -> None:
    mail = arrived(
        home,
        parcel(home, opened(home)),
        base_url="https://tocsin.example.org/",
        unsubscribe_url="https://tocsin.example.org/unsubscribe",
    )

    ways = mail["List-Unsubscribe"].split(", ")
    assert ways[0] == f"<https://tocsin.example.org/unsubscribe?route={ROUTE}>"
    assert ways[1].startswith("<mailto:")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://tocsin.example.org/tickets/I" in plain(mail)


def test_what_was_erased_is_not_mailed(home: House) -> None:
    outcome = opened(home)
    ticket = parcel(home, outcome).state.id
    said = home.ask("owner", ChangeStatus(body="Call Jane on 555-1234."), subject=ticket)
    home.ask("admin", Redact(event=said.events[0].id, fields=("body",)), subject=ticket)
    with home.store.reading() as turn:
        erased = turn.events_at(home.orgs["net"], [said.events[0].position])

    [event] = erased.values()
    mail = arrived(home, parcel(home, said, event=event, remote_id="<a.b@status.example.org>"))

    assert "555-1234" not in plain(mail) + page(mail)
    assert "> [removed]" in plain(mail)


def test_a_change_says_from_what_to_what(home: House) -> None:
    ticket = parcel(home, outcome := opened(home)).state.id
    changed = home.ask("owner", ChangeFields(title="Fibre cut twice"), subject=ticket)

    text = plain(arrived(home, parcel(home, changed, remote_id="<a.b@status.example.org>")))

    assert ref_of(outcome) in text
    assert "changed title" in text
    assert "> title: Fibre cut → Fibre cut twice" in text


def test_a_long_reason_is_told_whole(home: House) -> None:
    ticket = parcel(home, opened(home)).state.id
    reason = " ".join(["because"] * 90) + " of the storm"
    moved = home.ask("owner", ChangeStatus(status="investigating", reason=reason), subject=ticket)

    text = plain(arrived(home, parcel(home, moved, remote_id="<a.b@status.example.org>")))

    assert f"> {reason}" in text.replace("\n", " ").replace("  ", " ")


def test_a_ticket_that_touches_a_hundred_links_is_no_longer_than_a_page(home: House) -> None:
    sent = parcel(home, opened(home))
    assert isinstance(sent.state, Ticket)
    links = tuple(f"link-{number:03d}" for number in range(100))

    text = plain(arrived(home, replace(sent, state=replace(sent.state, links=links))))

    assert "link-049 and 50 more" in text
    assert "link-050" not in text


def test_a_maintenance_shows_its_window(home: House) -> None:
    draft = home.incident("Swap optic")
    assert isinstance(draft, OpenIncident)
    planned = home.ask(
        "owner",
        PlanMaintenance(
            ticket_id=draft.ticket_id,
            refs=("M20261121-0001",),
            title="Swap optic",
            description="Optic on Ethernet1.",
            devices=("ams-1",),
            start_at=NOON + timedelta(days=1),
            end_at=NOON + timedelta(days=1, hours=2),
        ),
    )

    text = plain(arrived(home, parcel(home, planned)))

    assert "2026-11-21 12:00 UTC to 2026-11-21 14:00 UTC" in text


def test_a_trial_says_that_it_is_one(home: House) -> None:
    with listening(Box()) as box:
        assert sender(home, box).try_out(trial(home)) == Delivered()
        mail = box.mail()

    assert mail["Subject"] == "[net] Test of the route NOC"
    assert "This is a test" in plain(mail)
    assert "This is a test" in page(mail)
    assert box.envelopes == [
        ("tocsin@status.example.org", [str(addressee(home).destination.address)])
    ]
