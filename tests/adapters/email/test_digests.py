"""A storm of links, as a mail."""

from __future__ import annotations

from email.message import EmailMessage

from tests.adapters.email.listening import Box, listening
from tests.adapters.email.parcels import ROUTE, addressee
from tests.adapters.email.test_mail import page, plain, sender
from tests.handler.acting import House
from tests.handler.laying import judge, lay, told
from tocsin.core.record_commands import UpdateContributor
from tocsin.dispatcher.contract import Delivered, Digest, Digesting, Parcel, Refused
from tocsin.dispatcher.naming import delivery_id, digest_id

ADDRESS = "https://tocsin.example.org"
HOSTILE = "<script>alert(1)</script>\r\nBcc: evil@example.org \u202eevil"


def digest(home: House, links: int, *, happening: str = "health_changed", **given: str) -> Digest:
    """The last event of that name of each of so many links."""
    to = addressee(home, **given)
    parcels = []
    for number in range(links):
        event, link = told(home, f"line-{number}", happening)
        named = delivery_id(event.position, ROUTE)
        parcels.append(Parcel(delivery_id=named, to=to, event=event, state=link, opening=True))
    named = digest_id((one.event.position for one in parcels), ROUTE)
    return Digest(delivery_id=named, to=to, parcels=tuple(parcels))


def cut(home: House, links: int, *reasons: str) -> None:
    """So many links are seen without light."""
    for number in range(links):
        judge(home, lay(home, code=f"line-{number}", number=number), "impaired", *reasons)


def arrived(home: House, sent: Digest, **given: object) -> tuple[EmailMessage, Delivered]:
    """The mail that *sent* becomes, and the verdict."""
    with listening(Box()) as box:
        mailer = sender(home, box, **given)
        assert isinstance(mailer, Digesting)
        verdict = mailer.send_digest(sent)
        assert isinstance(verdict, Delivered)
        return box.mail(), verdict


def test_twenty_links_are_one_mail(home: House) -> None:
    cut(home, 20, "no light")
    sent = digest(home, 20)

    mail, verdict = arrived(home, sent, base_url=ADDRESS)

    assert mail["Subject"] == "[net] 20 links are impaired"
    assert mail["Message-ID"] == f"<{sent.delivery_id}@status.example.org>"
    assert verdict.remote_id == mail["Message-ID"]
    assert mail["In-Reply-To"] is None
    text = plain(mail)
    assert "\n\n20 announcements\n\n" in text
    assert "20 links are impaired:\n  Alpha and Beta: line-0, line-1, line-10, " in text
    assert " and 10 more\n  – no light (20)\n" in text
    assert f"{ADDRESS}/network\n" in text
    assert "because the route “NOC” leads here." in text


def test_a_second_attempt_is_known_as_the_same_mail(home: House) -> None:
    cut(home, 8)

    first, second = (arrived(home, digest(home, 8))[0] for _ in range(2))

    assert first["Message-ID"] == second["Message-ID"]


def test_names_and_reasons_are_data(home: House) -> None:
    hostile = UpdateContributor(name="<b>Alpha</b>")
    home.ask("admin", hostile, sort="contributor", subject="alpha")
    cut(home, 8, HOSTILE)

    mail, _ = arrived(home, digest(home, 8))

    assert mail["Bcc"] is None
    assert "<b>" not in page(mail)
    assert "&lt;b&gt;Alpha&lt;/b&gt; and Beta" in page(mail)
    assert "<script>" not in page(mail)
    assert "  – <script>alert(1)</script> Bcc: evil@example.org evil (8)\n" in plain(mail)


def test_who_is_to_accept_is_named_once(home: House) -> None:
    for number in range(8):
        lay(home, code=f"line-{number}", number=number, link_type="DZX")

    mail, _ = arrived(home, digest(home, 8, happening="acceptance_requested"))

    assert mail["Subject"] == "[net] 8 links wait for acceptance"
    assert "8 announcements; acceptance is asked of Beta\n" in plain(mail)


def test_what_is_no_address_is_refused(home: House) -> None:
    cut(home, 8)
    with listening(Box()) as box:
        mailer = sender(home, box)
        assert isinstance(mailer, Digesting)
        verdict = mailer.send_digest(digest(home, 8, address="a@b, c@d"))
        assert isinstance(verdict, Refused)
        assert box.mails() == []
