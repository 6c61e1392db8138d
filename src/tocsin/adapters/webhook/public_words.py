"""What a subscriber's webhook is told: a CloudEvent of public words, or a chat's message. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from tocsin.core.instants import to_text
from tocsin.projections.subscription_words import Told

UPDATED: Final = "tocsin.status.updated"
CHALLENGED: Final = "tocsin.status.challenged"

LONGEST_TITLE: Final = 150
LONGEST_TEXT: Final = 2_900
"""Characters of a block, a little below what Slack takes."""

_encode: Final = msgspec.json.Encoder().encode


class PublicPage(Struct, kw_only=True):
    """The status page that tells it."""

    code: str
    name: str
    url: str


class PublicService(Struct, kw_only=True):
    """How a service is: ``impact`` degraded, partial, major, or null for operational."""

    code: str
    name: str
    impact: str | None


class PublicTelling(Struct, kw_only=True):
    """One public update; ``kind`` is incident or maintenance, ``url`` its page."""

    page: PublicPage
    kind: str
    ref: str
    url: str
    title: str
    status: str
    body: str
    posted_at: str
    services: list[PublicService]
    scheduled_for: str | None
    scheduled_until: str | None
    unsubscribe_url: str


class PublicChallenge(Struct, kw_only=True):
    """Whoever answers this with a 2xx gets what the page tells from now on."""

    page: PublicPage
    message: str = "Answer with a status from 200 to 299 to subscribe this address."


class PublicEvent(Struct, kw_only=True):
    """The attributes of a CloudEvent, by the names of its specification."""

    specversion: str = "1.0"
    id: str
    type: str
    source: str
    subject: str
    time: str
    datacontenttype: str = "application/json"
    data: PublicTelling | PublicChallenge


def telling(told: Told, *, way_out: str) -> bytes:
    """The body that tells a public update."""
    return _encode(
        PublicEvent(
            id=told.update_id,
            type=UPDATED,
            source=told.page_url,
            subject=told.ref,
            time=to_text(told.posted_at),
            data=PublicTelling(
                page=PublicPage(code=told.page_code, name=told.page_name, url=told.page_url),
                kind=told.kind.value,
                ref=told.ref,
                url=told.url,
                title=told.title,
                status=told.status,
                body=told.body,
                posted_at=to_text(told.posted_at),
                services=[
                    PublicService(code=one.code, name=one.name, impact=one.impact)
                    for one in told.services
                ],
                scheduled_for=None if told.scheduled_for is None else to_text(told.scheduled_for),
                scheduled_until=(
                    None if told.scheduled_until is None else to_text(told.scheduled_until)
                ),
                unsubscribe_url=way_out,
            ),
        )
    )


def challenge(page: PublicPage, *, identity: str, at: str) -> bytes:
    """The body that asks whether somebody there wants to be told."""
    return _encode(
        PublicEvent(
            id=identity,
            type=CHALLENGED,
            source=page.url,
            subject=page.code,
            time=at,
            data=PublicChallenge(page=page),
        )
    )


def chat_message(told: Told, *, way_out: str) -> bytes:
    """The message that tells a chat: what people wrote stands in it as plain text."""
    word = told.status.replace("_", " ").capitalize()
    title = f"{word}: {told.title}" if told.title else word
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(title, longest=LONGEST_TITLE)},
    ]
    if told.body.strip():
        blocks.append({"type": "section", "text": _plain(told.body, longest=LONGEST_TEXT)})
    blocks.append(_foot(told.page_name, url=told.url, way_out=way_out))
    fallback = f"{told.page_name} status: {title}"
    return _encode({"text": escaped(fallback[:LONGEST_TEXT]), "blocks": blocks})


def chat_greeting(page: PublicPage, *, way_out: str) -> bytes:
    """The message that a chat gets first."""
    words = f"Updates from the status page of {page.name} are told here from now on."
    return _encode(
        {
            "text": escaped(words),
            "blocks": [
                {"type": "section", "text": _plain(words, longest=LONGEST_TEXT)},
                _foot(page.name, url=page.url, way_out=way_out),
            ],
        }
    )


def escaped(text: str) -> str:
    """*text* in which Slack sees no link, mention or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _foot(page_name: str, *, url: str, way_out: str) -> dict[str, Any]:
    return {
        "type": "context",
        "elements": [
            _plain(f"Status page of {page_name}", longest=LONGEST_TITLE),
            {"type": "mrkdwn", "text": f"<{url}|See it> · <{way_out}|Unsubscribe>"},
        ],
    }


def _plain(text: str, *, longest: int) -> dict[str, Any]:
    shown = text.strip() or "…"
    cut = shown if len(shown) <= longest else shown[: longest - 1] + "…"
    # Slack reads its own markup in a plain text too: an angle bracket has to be an entity.
    return {"type": "plain_text", "text": escaped(cut), "emoji": False}
