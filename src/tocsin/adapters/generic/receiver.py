"""The way in of whoever posts JSON of its own: read by the connector's mapping, or a shipped one.

One :class:`MappedReceiver` for each kind; Amazon SNS has words about itself besides.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from tocsin.adapters.generic import sns, translation
from tocsin.adapters.generic.confirming import Fetch, confirm
from tocsin.adapters.generic.mapping import SignalMapping, signal_mapping
from tocsin.adapters.generic.shipped import SHIPPED
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.errors import Invalid
from tocsin.core.ingestion import Noted, Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import NotAuthentic, Reply, Request
from tocsin.store.contract import ReadTurn

SIGNATURES: Final = {
    ConnectorKind.GENERIC: "x-hub-signature-256",
    ConnectorKind.SENTRY: "sentry-hook-signature",
}
"""The header in which a kind that signs has the hex HMAC-SHA256 of the body; ``sha256=`` may stand
before it."""

_SCHEME: Final = "sha256="
_CONFIRMATIONS: Final = (b"SubscriptionConfirmation", b"UnsubscribeConfirmation")


class MappedReceiver:
    """Reads and answers one *kind* of sender by a mapping (a
    :class:`~tocsin.handler.receiving.Receiver`)."""

    def __init__(self, kind: ConnectorKind) -> None:
        self._kind = kind
        self._shipped = SHIPPED.get(kind.value)

    @property
    def largest_body(self) -> int:
        """What a mapping is asked to read."""
        return translation.MOST_BYTES

    @property
    def kept_headers(self) -> frozenset[str]:
        """Who it was, and what it says its payload is about."""
        return frozenset(
            {
                *("user-agent", "sentry-hook-resource", "sentry-hook-timestamp"),
                *("x-amz-sns-message-type", "x-amz-sns-topic-arn"),
            }
        )

    def token(self, request: Request) -> str | None:
        """None of its own."""
        return None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Check the signature, where the kind signs and the connector has a *secret*.

        Raises:
            NotAuthentic: it is missing or wrong.
        """
        header = SIGNATURES.get(self._kind)
        if header is None or secret is None:
            return
        given = request.headers.get(header, "").strip().lower().removeprefix(_SCHEME)
        wanted = hmac.digest(secret, request.body, "sha256").hex()
        # As bytes, as a header may have characters that are not ASCII.
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise NotAuthentic(f"{header} is missing or wrong")

    def read(self, request: Request, connector: Connector) -> Reading:
        """What the mapping finds.

        Raises:
            Unreadable: there is no mapping, it finds no signal, or cannot be used; or there is no
                such path.
        """
        if request.path:
            raise Unreadable("Payloads are posted to the connector's address itself.")
        reading = translation.read(
            request.body, mapping=self._mapping(connector), source=connector.code
        )
        if not reading.said:
            raise Unreadable("The mapping finds no signal in it.")
        return reading

    def _mapping(self, connector: Connector) -> SignalMapping:
        given = connector.mapping
        if not given and self._shipped is not None:
            given = self._shipped.mapping
        if not given:
            raise Unreadable("The connector has no mapping yet.")
        try:
            return signal_mapping(given)
        except Invalid:
            # Only one that a newer release has checked can be one that is not read here.
            raise Unreadable("The connector's mapping cannot be read by this release.") from None

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: an end is told, if at all."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """200; these senders look at the status only."""
        return _reply(200, {"id": accounted.id, "verdict": accounted.verdict.value})

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """422: it waits in the inbox, where the mapping can be tried on it."""
        return _reply(404 if request.path else 422, {"message": problem.reason})

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Nothing can be read here."""
        return _reply(404, {"message": "Payloads are posted here."})

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


class SnsReceiver(MappedReceiver):
    """Reads and answers Amazon SNS, which asks first whether a topic may post.

    A subscription is confirmed for *topics* (ARNs) only, by *fetch*; any other waits for a person.
    """

    def __init__(self, *, topics: Collection[str], fetch: Fetch) -> None:
        super().__init__(ConnectorKind.SNS)
        self._topics = frozenset(topics)
        self._fetch = fetch

    def read(self, request: Request, connector: Connector) -> Reading:
        """What a notification says, or that a subscription is to be confirmed or is over.

        Raises:
            Unreadable: as for any mapping, or a message that is not Amazon's.
        """
        match _about_itself(request):
            case sns.SubscriptionConfirmation(topic_arn=topic):
                word = (
                    "it is confirmed if its signature holds"
                    if topic in self._topics
                    else "it is not confirmed, as TOCSIN_SNS_TOPICS does not name it"
                )
                return Reading((Noted(key=None, text=f"{topic} asks to post here: {word}."),))
            case sns.UnsubscribeConfirmation(topic_arn=topic):
                return Reading((Noted(key=None, text=f"{topic} posts here no more."),))
            case _:
                return super().read(request, connector)

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Confirm the subscription, where that is asked and the topic is allowed."""
        try:
            message = _about_itself(request)
        except Unreadable:
            return None
        if not isinstance(message, sns.SubscriptionConfirmation):
            return None
        if message.topic_arn not in self._topics:
            return None
        return partial(_confirm, message, fetch=self._fetch, at=request.at)


def _confirm(message: sns.SubscriptionConfirmation, *, fetch: Fetch, at: datetime) -> None:
    confirm(message, fetch=fetch, at=at)


def _about_itself(
    request: Request,
) -> sns.SubscriptionConfirmation | sns.UnsubscribeConfirmation | None:
    """What Amazon SNS says about a subscription; None for all else."""
    if request.path or not any(word in request.body for word in _CONFIRMATIONS):
        return None
    try:
        kind = msgspec.json.decode(request.body, type=_Type).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if kind.encode() not in _CONFIRMATIONS:
        return None
    message = sns.message(request.body)
    return None if isinstance(message, sns.Notification) else message


class _Type(msgspec.Struct, rename="pascal"):
    type: str = ""


def _reply(status: int, body: dict[str, str]) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))
