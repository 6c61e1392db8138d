"""What goes wrong with a mail server is a verdict, in time, that gives nothing away."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.adapters.email.listening import (
    HOST,
    Box,
    Certificate,
    certificate,
    listening,
    saying,
)
from tests.adapters.email.parcels import parcel
from tests.handler.acting import House
from tocsin.adapters.email.mail import Mail, Security
from tocsin.adapters.email.sender import EmailSender
from tocsin.dispatcher.contract import SEND_SECONDS, Delivered, Refused, Retry, Verdict

Send = Callable[..., Verdict]


@pytest.fixture
def send(home: House) -> Send:
    """Sends a mail to a port, with these settings; what became of it."""
    parcel_sent = parcel(home, home.ask("owner", home.incident("A secret matter")))

    def sent(port: int, *, tls: ssl.SSLContext | None = None, **given: object) -> Verdict:
        settings: dict[str, object] = {
            "host": HOST,
            "port": port,
            "from_address": "tocsin@status.example.org",
            "security": "none",
        }
        made = EmailSender(
            store=home.store,
            clock=home.clock,
            settings=Mail(**(settings | given)),  # type: ignore[arg-type]
            tls=tls,
        )
        verdict = made.send(parcel_sent)
        if not isinstance(verdict, Delivered):
            assert "secret matter" not in verdict.reason
            assert "sesame" not in verdict.reason
        return verdict

    return sent


def reason(verdict: Verdict) -> str:
    """Why it is to be tried another time."""
    assert isinstance(verdict, Retry)
    return verdict.reason


def test_starttls_and_a_login(send: Send, papers: Certificate) -> None:
    with listening(Box(), starttls=papers.shown, login=True) as box:
        verdict = send(
            box.port,
            tls=papers.trusted,
            security="starttls",
            username="tocsin",
            password="open sesame",
        )

    assert isinstance(verdict, Delivered)
    assert box.encrypted == [True]
    assert box.logins == ["tocsin"]


def test_tls_from_the_first_byte(send: Send, papers: Certificate) -> None:
    with listening(Box(), tls=papers.shown) as box:
        assert isinstance(send(box.port, tls=papers.trusted, security="tls"), Delivered)

    assert len(box.arrived) == 1


def test_starttls_never_falls_back(send: Send, papers: Certificate) -> None:
    with listening(Box()) as box:
        verdict = send(box.port, tls=papers.trusted, security="starttls")

    assert "STARTTLS" in reason(verdict)
    assert box.arrived == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_is_checked(
    send: Send, papers: Certificate, tmp_path: Path, security: Security
) -> None:
    other = certificate(tmp_path, name="mail.example.org")
    for shown, trusted in ((papers, None), (papers, other.trusted), (other, other.trusted)):
        with _encrypted(shown, security) as box:
            verdict = send(box.port, tls=trusted, security=security)

        assert "certificate" in reason(verdict)
        assert box.arrived == []


@contextmanager
def _encrypted(papers: Certificate, security: Security) -> Iterator[Box]:
    shown = papers.shown
    with listening(
        Box(),
        tls=shown if security == "tls" else None,
        starttls=shown if security == "starttls" else None,
    ) as box:
        yield box


def test_a_trust_that_checks_nothing_is_not_taken(home: House) -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    settings = Mail(host=HOST, port=25, from_address="tocsin@status.example.org")

    with pytest.raises(ValueError, match="certificate"):
        EmailSender(store=home.store, clock=home.clock, settings=settings, tls=blind)


def test_a_wrong_password_is_the_settings_fault(send: Send, papers: Certificate) -> None:
    with listening(Box(), starttls=papers.shown, login=True) as box:
        for password in ("close sesame", "öffne sesame"):
            verdict = send(
                box.port,
                tls=papers.trusted,
                security="starttls",
                username="tocsin",
                password=password,
            )

            assert "correct the mail settings" in reason(verdict)

    assert box.arrived == []


def test_a_login_that_is_missing_is_the_settings_fault(send: Send, papers: Certificate) -> None:
    with listening(Box(), starttls=papers.shown, login=True) as box:
        verdict = send(box.port, tls=papers.trusted, security="starttls")

    assert "(530 5.7.0)" in reason(verdict)


@pytest.mark.parametrize(
    ("box", "verdict"),
    [
        (
            Box(recipient="550 5.1.1 no such secret matter"),
            Refused("the mail server refuses the recipient's address (550 5.1.1)"),
        ),
        (
            Box(recipient="450 4.2.0 greylisted"),
            Retry("the mail server does not take the recipient's address now (450 4.2.0)"),
        ),
        (
            Box(content="554 5.7.1 A secret matter looks like spam"),
            Refused("the mail server refuses the message (554 5.7.1)"),
        ),
        (
            Box(content="451 later"),
            Retry("the mail server does not take the message now (451)"),
        ),
        (
            Box(sender="451 4.3.0 busy"),
            Retry("the mail server takes no mail now (451 4.3.0)"),
        ),
        (
            Box(sender="552 5.3.4 too big"),
            Refused("the mail server refuses the message as too large (552 5.3.4)"),
        ),
        (
            Box(sender="553 5.7.1 not yours"),
            Retry(
                "the mail server does not take mail from the address in the mail settings"
                " (553 5.7.1): correct from_address, or the server"
            ),
        ),
    ],
)
def test_a_refusal_is_judged_by_its_numbers(send: Send, box: Box, verdict: Verdict) -> None:
    with listening(box):
        assert send(box.port) == verdict

    assert box.arrived == []


def test_a_farewell_that_fails_changes_nothing(send: Send) -> None:
    with listening(Box(farewell="554 go away")) as box:
        assert isinstance(send(box.port), Delivered)

    assert len(box.arrived) == 1


def test_nobody_listens(send: Send) -> None:
    with socket.create_server((HOST, 0)) as held:
        port = held.getsockname()[1]

    assert "cannot be reached" in reason(send(port))


def test_a_greeting_that_refuses(send: Send) -> None:
    with saying(b"421 4.3.2 shutting down\r\n") as port:
        assert reason(send(port)) == "the mail server takes no mail now (421 4.3.2)"


@pytest.mark.parametrize(
    ("words", "drip"),
    [
        ((), b""),
        ((), b"2"),
        ((b"220 hello\r\n",), b""),
        ((b"220 hello\r\n", b"250 hello\r\n"), b""),
        (
            (b"220 hello\r\n", b"250 hello\r\n", b"250 go on\r\n", b"250 on\r\n", b"354 on\r\n"),
            b"2",
        ),
    ],
)
def test_a_server_that_hangs_or_drips_is_cut_off(
    send: Send, words: tuple[bytes, ...], drip: bytes
) -> None:
    with saying(*words, over_and_over=drip) as port:
        began = monotonic()
        verdict = send(port, timeout=0.5)
        took = monotonic() - began

    assert "did not answer" in reason(verdict)
    assert took < SEND_SECONDS


def test_a_farewell_that_is_never_answered_changes_nothing(send: Send) -> None:
    answers = (b"220", b"250", b"250", b"250", b"354", b"250")
    with saying(*(code + b" on\r\n" for code in answers)) as port:
        assert isinstance(send(port, timeout=2.0), Delivered)


@pytest.mark.parametrize(
    "given",
    [
        {"host": ""},
        {"port": 0},
        {"security": "perhaps"},
        {"from_address": "Tocsin <tocsin@example.org>"},
        {"username": "tocsin"},
        {"username": "tocsin", "password": "sesame", "security": "none"},
        {"unsubscribe_url": "http://tocsin.example.org"},
        {"base_url": "https://tocsin.example.org>, <https://example.com"},
        {"base_url": "javascript:alert(1)"},
        {"timeout": 60.0},
    ],
)
def test_settings_fail_loudly(given: dict[str, object]) -> None:
    settings: dict[str, object] = {
        "host": "mail.example.org",
        "port": 587,
        "from_address": "tocsin@example.org",
    }

    with pytest.raises(ValueError, match=r"^mail: "):
        Mail(**(settings | given))  # type: ignore[arg-type]


def test_a_password_is_not_shown() -> None:
    mail = Mail(
        host="mail.example.org",
        port=587,
        from_address="tocsin@example.org",
        username="tocsin",
        password="open sesame",
    )

    assert "sesame" not in repr(mail)
