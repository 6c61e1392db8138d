"""What Amazon SNS says about itself: a subscription to confirm, one that ended, a notification.

Nothing here connects to anything. Whoever confirms a subscription visits ``subscribe_url`` only for
a topic that the connector allows, only where :func:`is_amazons` holds, and only after the signature
over ``Signed.text`` was checked with the certificate (Integrations: AWS SNS).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from tocsin.core.ingestion import Unreadable

LONGEST_ADDRESS = 2_000
MOST_BYTES = 1_048_576
_HOSTS = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?")
_TOPICS = re.compile(
    r"arn:aws(-[a-z]+)*:sns:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What every message carries about its signature; ``version`` is "1" (SHA-1) or "2" (SHA-256),
    with RSA and PKCS #1 v1.5; ``text`` is what was signed."""

    version: str
    signature: str
    certificate_url: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionConfirmation:
    """A topic asks whether it may post here; visiting ``subscribe_url`` says yes."""

    topic_arn: str
    subscribe_url: str
    signed: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeConfirmation:
    """The topic does not post here any more; visiting ``subscribe_url`` would take that back."""

    topic_arn: str
    subscribe_url: str
    signed: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something for the mapping to read."""

    topic_arn: str
    signed: Signed


class _Envelope(msgspec.Struct, rename="pascal"):
    type: str
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(default=None, name="SubscribeURL")
    signature_version: str = ""
    signature: str = ""
    signing_cert_url: str = msgspec.field(default="", name="SigningCertURL")


def message(body: bytes) -> SubscriptionConfirmation | UnsubscribeConfirmation | Notification:
    """Which of its three messages *body* is.

    Raises:
        Unreadable: none of them, a topic that is no topic's name, or a confirmation whose address
            is not Amazon's.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(f"{len(body):,} bytes; at most {MOST_BYTES:,}")
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Unreadable("is no message of Amazon SNS") from wrong
    if _TOPICS.fullmatch(envelope.topic_arn) is None:
        raise Unreadable("names no topic")
    signed = Signed(
        version=envelope.signature_version[:8],
        signature=envelope.signature,
        certificate_url=envelope.signing_cert_url,
        text=_signed_text(envelope),
    )
    match envelope.type:
        case "Notification":
            return Notification(topic_arn=envelope.topic_arn, signed=signed)
        case "SubscriptionConfirmation":
            return SubscriptionConfirmation(
                topic_arn=envelope.topic_arn, subscribe_url=_address(envelope), signed=signed
            )
        case "UnsubscribeConfirmation":
            return UnsubscribeConfirmation(
                topic_arn=envelope.topic_arn, subscribe_url=_address(envelope), signed=signed
            )
        case _:
            raise Unreadable("is of a type that Amazon SNS does not have")


def _address(envelope: _Envelope) -> str:
    address = envelope.subscribe_url
    if address is None or not is_amazons(address):
        raise Unreadable("has a SubscribeURL that is not Amazon's")
    return address


def is_amazons(address: str) -> bool:
    """Whether *address* is https, on the standard port of a host that only Amazon SNS has."""
    if len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and port in {None, 443}
        and parts.username is None
        and parts.password is None
        and "\\" not in address
        and _HOSTS.fullmatch(parts.hostname or "") is not None
    )


def _signed_text(envelope: _Envelope) -> bytes:
    """The names and values that Amazon SNS signs, a line each, in its order."""
    pairs: list[tuple[str, str | None]] = [
        ("Message", envelope.message),
        ("MessageId", envelope.message_id),
    ]
    if envelope.type == "Notification":
        pairs.append(("Subject", envelope.subject))
    else:
        pairs.append(("SubscribeURL", envelope.subscribe_url))
    pairs.append(("Timestamp", envelope.timestamp))
    if envelope.type != "Notification":
        pairs.append(("Token", envelope.token))
    pairs += [("TopicArn", envelope.topic_arn), ("Type", envelope.type)]
    return "".join(f"{name}\n{value}\n" for name, value in pairs if value is not None).encode()
