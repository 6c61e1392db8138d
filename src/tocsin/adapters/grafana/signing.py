"""How Grafana signs a notification (Integrations: Grafana). Pure.

``X-Grafana-Alerting-Signature`` is the hexadecimal HMAC-SHA256 of the body; where a contact point
names a header for the time, of ``<unix seconds>:<body>``, with the seconds in that header.
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

SIGNATURE_HEADER: Final = "X-Grafana-Alerting-Signature"

OLDEST: Final = timedelta(minutes=5)
"""How far the time of a signature may be from ours, either way."""

_RECENT = re.compile(r"[0-9]{10,12}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_recent_time(text: str) -> bool:
    """Whether *text* could be the seconds since 1970 at which something was signed lately."""
    return _RECENT.fullmatch(text) is not None


def signature(secret: bytes, *, body: bytes, timestamp: str | None = None) -> str:
    """The signature of *body*, with the *timestamp* in seconds since 1970 where one is sent."""
    signed = body if timestamp is None else timestamp.encode() + b":" + body
    return hmac.digest(secret, signed, "sha256").hex()


def is_signed(
    secret: bytes,
    *,
    body: bytes,
    given: str | None,
    now: datetime,
    timestamp: str | None = None,
    timestamp_expected: bool = False,
) -> bool:
    """Whether *given* is the signature of *body*, and fresh where a *timestamp* is signed.

    With *timestamp_expected* (the connector names a header for it) a notification without one is
    not taken: a captured body could be sent again for ever. An empty *secret* signs nothing.
    """
    if not secret or given is None:
        return False
    if timestamp is None:
        if timestamp_expected:
            return False
    elif _SECONDS.fullmatch(timestamp) is None:
        return False
    wanted = signature(secret, body=body, timestamp=timestamp)
    # As bytes, as a header may have characters that are not ASCII.
    same = hmac.compare_digest(wanted.encode(), given.strip().lower().encode())
    return same and (timestamp is None or _is_fresh(int(timestamp), now))


def _is_fresh(seconds: int, now: datetime) -> bool:
    # In whole numbers: twelve digits of seconds are years beyond what an instant can be.
    return abs((now - _EPOCH) // timedelta(seconds=1) - seconds) <= OLDEST // timedelta(seconds=1)
