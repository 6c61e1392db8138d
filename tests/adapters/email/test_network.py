"""What happens to devices and links, as a mail."""

from __future__ import annotations

from dataclasses import replace

from tests.adapters.email.parcels import parcel
from tests.adapters.email.test_mail import arrived, opened, page, plain
from tests.handler.acting import House
from tests.handler.laying import activate, judge, lay, told
from tocsin.core.provisioning.commands import Wish
from tocsin.core.registry_commands import RemoveLink
from tocsin.dispatcher.contract import Parcel

HOSTILE = "<script>alert(1)</script>\r\nBcc: evil@example.org \u202eevil"
ADDRESS = "https://tocsin.example.org"


def sent(home: House, code: str, happening: str, *, sort: str = "link") -> Parcel:
    """The delivery of the last event of that name."""
    event, asset = told(home, code, happening, sort=sort)
    return replace(parcel(home, opened(home)), event=event, state=asset)


def test_the_subject_says_from_what_to_what_and_the_mail_why(home: House) -> None:
    lay(home, code="ams-fra")
    activate(home, "ams-fra")

    mail = arrived(home, sent(home, "ams-fra", "status_changed"), base_url=ADDRESS)

    assert mail["Subject"] == "[net] link ams-fra: status hard drained → activated"
    text = plain(mail)
    assert "> it is healthy, and activation is wanted\n" in text
    assert "Status: activated\nHealth: healthy\nWanted: activated\n" in text
    assert "Side A: ams-1 (Alpha)\nSide Z: fra-1 (Beta)\n" in text
    assert f"{ADDRESS}/network/links/ams-fra\n" in text


def test_who_is_to_accept_is_named(home: House) -> None:
    lay(home, link_type="DZX")

    mail = arrived(home, sent(home, "line", "acceptance_requested"))

    assert mail["Subject"] == "[net] link line: acceptance requested of Beta"
    assert "the contributor of its Z side has to agree to it" in plain(mail)


def test_every_reason_is_a_line_and_none_is_a_header_or_a_tag(home: House) -> None:
    lay(home)
    judge(home, "line", "impaired", HOSTILE, "3 errors on side A")

    mail = arrived(home, sent(home, "line", "health_changed"))

    assert mail["Bcc"] is None
    assert "> <script>alert(1)</script> Bcc: evil@example.org evil\n> 3 errors" in plain(mail)
    assert "<script>" not in page(mail)


def test_a_wish_says_whose_it_is_and_its_reason(home: House) -> None:
    lay(home)
    activate(home, "line")
    home.ask(
        "owner", Wish(desired="soft_drained", reason="optic swap"), sort="link", subject="line"
    )

    mail = arrived(home, sent(home, "line", "desired_status_changed"))

    assert mail["Subject"] == "[net] link line: wanted activated → soft drained"
    assert "\n\nowner (alpha), 2026-11-20" in plain(mail)
    assert "> optic swap\n" in plain(mail)


def test_a_device_is_told_by_its_code(home: House) -> None:
    mail = arrived(home, sent(home, "ams-1", "registered", sort="device"), base_url=ADDRESS)

    assert mail["Subject"] == "[net] device ams-1: registered"
    assert "Contributor: Alpha" in plain(mail)
    assert f"{ADDRESS}/network/devices/ams-1" in plain(mail)


def test_what_is_gone_has_no_page(home: House) -> None:
    lay(home)
    home.ask("owner", RemoveLink(), sort="link", subject="line")

    mail = arrived(home, sent(home, "line", "removed"), base_url=ADDRESS)

    assert mail["Subject"] == "[net] link line: removed"
    assert ADDRESS + "/network" not in plain(mail)
