"""Saying yes to Amazon SNS: the signature of its question is checked, then its address is visited.

Only for topics that this server's operator allows. A question is signed by the topic's own region
of Amazon SNS, and the certificate is taken from Amazon's host only (Integrations: AWS SNS).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tocsin.adapters.generic.sns import Signed, SubscriptionConfirmation, is_amazons

log = structlog.get_logger(__name__)

Fetch = Callable[[str], bytes]
"""What an address answers to GET, with a status of success; raises :class:`FetchFailed`."""

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "1": hashes.SHA1(),  # noqa: S303 - what Amazon SNS signs with unless a topic says otherwise
    "2": hashes.SHA256(),
}


class FetchFailed(Exception):
    """An address did not answer as it should; ``reason`` is a sentence that names its host only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSigned(Exception):
    """It is not signed by Amazon SNS; says why."""


def confirm(message: SubscriptionConfirmation, *, fetch: Fetch, at: datetime) -> bool:
    """Let the topic of *message* post here, if Amazon SNS has signed it; whether it may now.

    What keeps it from that is logged: Amazon SNS asks again, and so may its administrator.
    """
    try:
        check(message.signed, fetch=fetch, at=at)
        fetch(message.subscribe_url)
    except NotSigned as wrong:
        log.warning(
            "a subscription is not confirmed: not signed by Amazon SNS",
            action="sns_not_confirmed",
            topic=message.topic_arn,
            reason=str(wrong),
        )
        return False
    except FetchFailed as wrong:
        log.warning(
            "a subscription is not confirmed: no answer",
            action="sns_not_confirmed",
            topic=message.topic_arn,
            reason=wrong.reason,
        )
        return False
    log.info("a subscription is confirmed", action="sns_confirmed", topic=message.topic_arn)
    return True


def check(signed: Signed, *, fetch: Fetch, at: datetime) -> None:
    """Check the signature, with the certificate that it names.

    Raises:
        NotSigned: it is none, or not Amazon's.
        FetchFailed: the certificate cannot be had.
    """
    algorithm = _HASHES.get(signed.version)
    if algorithm is None:
        raise NotSigned("a signature of a version that is not known")
    if not is_amazons(signed.certificate_url) or not signed.certificate_url.endswith(".pem"):
        raise NotSigned("a certificate that is not at Amazon's host")
    try:
        signature = base64.b64decode(signed.signature, validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("a signature that is not base64") from None
    # What reads certificates takes a while to load: only who is asked by Amazon SNS has to.
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(fetch(signed.certificate_url))
        key = certificate.public_key()
    except ValueError:
        raise NotSigned("a certificate that cannot be read") from None
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise NotSigned("a certificate that is not valid now")
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotSigned("a certificate with a key that is not RSA")
    try:
        key.verify(signature, signed.text, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise NotSigned("a signature that is wrong") from None
