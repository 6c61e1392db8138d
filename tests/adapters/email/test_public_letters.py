"""Mail to those outside: hostile words stay words, and no header can be smuggled in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.handler.acting import NOON
from tocsin.adapters.email.mail import Mail
from tocsin.adapters.email.public_letters import (
    confirming_letter,
    plain_text,
    public_message,
    signing_in_letter,
    told_letter,
)
from tocsin.core.words import TicketType
from tocsin.projections.subscription_words import Impact, Told

MAIL = Mail(host="mail.example", port=25, from_address="tocsin@acme.example", security="none")
WAY_OUT = "https://status.acme.example/status/main/subscribe/end?token=one.two"
TOLD = Told(
    page_code="main",
    page_name="Acme",
    page_url="https://status.acme.example/status/main",
    url="https://status.acme.example/status/main/incidents/I20261120-aaaa",
    ref="I20261120-aaaa",
    kind=TicketType.INCIDENT,
    title="Slow answers",
    status="investigating",
    body="We look.",
    update_id="u1",
    posted_at=NOON,
    services=(Impact(code="api", name="API", impact="major"),),
    scheduled_for=None,
    scheduled_until=None,
)
HOSTILE = "\"'><script>alert(1)</script>\r\nBcc: evil@example.org\u202e [x](javascript:alert(1))"


def test_it_says_what_the_page_says() -> None:
    text = plain_text(told_letter(TOLD, way_out=WAY_OUT))
    for words in (
        "Slow answers",
        "Investigating, 2026-11-20 12:00 UTC",
        "We look.",
        "* API: major outage",
        TOLD.url,
        f"Unsubscribe: {WAY_OUT}",
    ):
        assert words in text


def test_work_is_told_with_its_window() -> None:
    work = replace(
        TOLD,
        kind=TicketType.MAINTENANCE,
        status="in_progress",
        scheduled_for=NOON,
        scheduled_until=NOON.replace(hour=14),
    )
    text = plain_text(told_letter(work, way_out=WAY_OUT))
    assert "* API: under maintenance" in text
    assert "* Planned: 2026-11-20 12:00 UTC to 2026-11-20 14:00 UTC" in text


def test_the_end_of_what_was_ended_elsewhere_has_no_words_of_its_own() -> None:
    over = replace(TOLD, title="", body="", status="resolved", services=())
    letter = told_letter(over, way_out=WAY_OUT)
    assert letter.subject == "[Acme status] Resolved: An incident that you were told of"


@pytest.mark.parametrize("name", ["told", "confirming", "signing_in"])
def test_hostile_words_are_words(name: str) -> None:
    hostile = replace(
        TOLD,
        page_name=HOSTILE,
        title=HOSTILE,
        body=HOSTILE,
        services=(Impact(code="api", name=HOSTILE, impact=None),),
    )
    letter = {
        "told": told_letter(hostile, way_out=WAY_OUT),
        "confirming": confirming_letter(HOSTILE, services=(HOSTILE,), link=WAY_OUT),
        "signing_in": signing_in_letter(HOSTILE, link=WAY_OUT, minutes=15),
    }[name]
    message = public_message(
        letter, address="ann@example.org", identity="one", at=NOON, mail=MAIL, list_name=HOSTILE
    )
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert "\u202e" not in message["Subject"]
    raw = message.as_bytes()
    assert b"\nBcc:" not in raw.replace(b"\r", b"").partition(b"\n\n")[0]
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert 'href="javascript:' not in html.get_content()


def test_only_what_can_be_ended_says_how() -> None:
    told, confirming = (
        public_message(one, address="ann@example.org", identity="one", at=NOON, mail=MAIL)
        for one in (
            told_letter(TOLD, way_out=WAY_OUT),
            confirming_letter("Acme", services=(), link="https://a.example/"),
        )
    )
    assert told["List-Unsubscribe"] == f"<{WAY_OUT}>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in confirming
    assert told["Auto-Submitted"] == "auto-generated"
