"""Whatever people write, a mail has the headers that it has, and says what they wrote."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.email.parcels import ROUTE
from tests.handler.acting import NOON
from tocsin.adapters.email.envelope import is_message_id, message_id, message_of
from tocsin.adapters.email.letters import LONGEST_SUBJECT, Letter, line, paragraph, plain_text
from tocsin.adapters.email.mail import Mail, is_address
from tocsin.core.records import Destination
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Addressee

MAIL = Mail(host="mail.example.org", port=587, from_address="tocsin@status.example.org")
HEADERS = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "auto-submitted",
    "mime-version",
    "content-type",
}

LAW = settings(deadline=None)

# Halves of characters, line ends of every sort and what turns text round included.
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=400)


@LAW
@given(title=anything, words=anything, org=anything, delivery=anything)
def test_no_words_make_a_header(title: str, words: str, org: str, delivery: str) -> None:
    letter = Letter(
        subject=line(title), heading=line(title), what=paragraph(words), who="Jane", foot="Why"
    )
    to = Addressee(
        org_id=1,
        org=org,
        route_id=ROUTE,
        route_name="NOC",
        destination=Destination(kind=DestinationKind.EMAIL, address="noc@example.net"),
    )
    thread = message_id("first", domain=MAIL.domain)

    message = message_of(
        letter,
        to=to,
        address="noc@example.net",
        delivery_id=delivery,
        thread=thread,
        at=NOON,
        mail=MAIL,
    )
    raw = bytes(message)
    read = message_from_bytes(raw, policy=default)

    assert sorted(name.lower() for name in read) == sorted(HEADERS)
    assert max(len(one) for one in raw.split(b"\r\n")) < 998
    assert is_message_id(read["Message-ID"])
    assert read["References"] == thread
    plain, html = read.iter_parts()
    assert str(plain.get_content()).replace("\r\n", "\n") == plain_text(letter)
    assert html.get_content_type() == "text/html"


@pytest.mark.parametrize("delivery", ["", "a" * 300, "a b", "<a@b>", "..", "ä"])
def test_every_delivery_has_a_message_id_of_its_own(delivery: str) -> None:
    made = message_id(delivery, domain=MAIL.domain)

    assert is_message_id(made)
    assert made != message_id(delivery + "a", domain=MAIL.domain)


@LAW
@given(text=anything)
def test_a_line_is_one_line_and_not_too_long(text: str) -> None:
    found = line(text)

    assert len(found.splitlines()) <= 1
    assert len(found) <= LONGEST_SUBJECT
    assert found == line(found)
    assert found.encode().decode() == found


@pytest.mark.parametrize(
    "address", ["noc@example.net", "a.b+c@mail.example.org", "jörg@example.de"]
)
def test_plain_addresses(address: str) -> None:
    assert is_address(address)


@LAW
@given(local=anything, domain=anything)
def test_an_address_hides_nothing(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    if is_address(address):
        assert not set(address) & set(' \t\r\n\0<>,;:"()')
        assert address.count("@") == 1
