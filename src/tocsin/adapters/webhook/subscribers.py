"""Sends public updates to webhooks and chats that have subscribed to a status page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from tocsin.adapters.webhook.client import Client, NotAllowed, Unreachable
from tocsin.adapters.webhook.envelope import CONTENT_TYPE
from tocsin.adapters.webhook.public_words import (
    PublicPage,
    challenge,
    chat_greeting,
    chat_message,
    telling,
)
from tocsin.adapters.webhook.sender import FOR_RENDERING, verdict_on
from tocsin.adapters.webhook.signing import NotAKey, key_of, signature
from tocsin.core.instants import to_text
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import (
    SEND_SECONDS,
    Delivered,
    Pace,
    Parcel,
    Refused,
    Retry,
    Trial,
    Verdict,
)
from tocsin.projections.subscription_words import SubscriptionWords

CHAT_HOSTS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
"""Where the incoming webhooks of a chat are."""

_JSON: Final = "application/json"


class SubscriberWebhooks:
    """Posts public updates (the ``Sender`` of subscriptions by webhook and to a chat).

    ``allow_private`` lets addresses inside and plain http through. ``client`` asks the addresses,
    in place of one of its own; ``seconds`` is what one exchange may take.
    """

    def __init__(
        self,
        *,
        words: SubscriptionWords,
        clock: Callable[[], datetime],
        allow_private: bool,
        client: Client | None = None,
        seconds: float = SEND_SECONDS - FOR_RENDERING,
    ) -> None:
        self._words = words
        self._clock = clock
        self._seconds = seconds
        self._client = Client(allow_private=allow_private) if client is None else client

    @property
    def pace(self) -> Pace:
        """One after the other: each subscriber is a destination of their own."""
        return Pace(concurrent=1)

    def send(self, parcel: Parcel) -> Verdict:
        """Post one public update; delivered without a word where the page does not tell it.

        Raises:
            StorageFailed: what is told could not be read.
        """
        subscription, secret = parcel.to.subscription, parcel.to.secret
        if subscription is None or secret is None:
            return Refused("the subscription has no secret any more")
        told = self._words.told(parcel.to.org_id, parcel.event, page_id=subscription.page_id)
        if told is None:
            return Delivered()
        way_out = self._words.way_out(parcel.to.org_id, subscription.id, told.page_code)
        if parcel.to.destination.kind is DestinationKind.SLACK:
            return self._to_chat(secret, chat_message(told, way_out=way_out))
        url = parcel.to.destination.url
        if url is None:
            return Refused("the subscription has no address any more")
        body = telling(told, way_out=way_out)
        return self._signed(url, secret, identity=parcel.delivery_id, body=body)

    def try_out(self, trial: Trial) -> Verdict:
        """Nobody tries a subscription out: it was confirmed."""
        return Refused("subscriptions are not tried out")

    def challenge(self, url: str, *, page: PublicPage, secret: bytes, identity: str) -> Verdict:
        """Ask whoever is at *url* whether they want to be told; delivered: they do."""
        body = challenge(page, identity=identity, at=to_text(self._clock()))
        return self._signed(url, secret, identity=identity, body=body)

    def greet(self, url: str, *, page: PublicPage, way_out: str) -> Verdict:
        """Say hello in the chat whose incoming webhook is at *url*; delivered: it is one."""
        return self._to_chat(url.encode(), chat_greeting(page, way_out=way_out))

    def close(self) -> None:
        """Close the connections that are kept for the next sends."""
        self._client.close()

    def _signed(self, url: str, secret: bytes, *, identity: str, body: bytes) -> Verdict:
        try:
            key = key_of(secret)
        except NotAKey as wrong:
            return Refused(f"the subscription's secret {wrong}")
        timestamp = int(self._clock().timestamp())
        headers = {
            "content-type": CONTENT_TYPE,
            "webhook-id": identity,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(key, identity=identity, timestamp=timestamp, body=body),
        }
        return self._post(url, headers, body)

    def _to_chat(self, secret: bytes, body: bytes) -> Verdict:
        return self._post(secret.decode("ascii", "replace"), {"content-type": _JSON}, body)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> Verdict:
        try:
            answer = self._client.ask(
                "POST", url, headers=headers, body=body, seconds=self._seconds, repeatable=True
            )
        except NotAllowed as wrong:
            return Refused(wrong.reason)
        except Unreachable as wrong:
            return Retry(wrong.reason)
        return verdict_on(answer, url=url, now=self._clock())


def is_chat_address(url: str, *, allow_private: bool) -> bool:
    """Whether *url* is the address of a chat's incoming webhook, as far as its host says."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    return allow_private or (parts.scheme == "https" and host in CHAT_HOSTS)
