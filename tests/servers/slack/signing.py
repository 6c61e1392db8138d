"""How Slack signs a request, and how to make one that it never signed."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

from tests.servers.slack.state import SIGNING_SECRET

TOO_OLD: Final = 5 * 60 + 1
"""Seconds after which a request has to be refused."""


def signed(body: bytes, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """The two headers over a body; ``at`` (Unix seconds) is now unless said otherwise."""
    stamp = str(int(time.time() if at is None else at))
    over = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), over, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def old(body: bytes) -> dict[str, str]:
    """A right signature, of longer ago than five minutes."""
    return signed(body, at=time.time() - TOO_OLD)


def wrongly_signed(body: bytes) -> dict[str, str]:
    """Signed with somebody else's secret."""
    return signed(body, secret="another secret")


def unsigned(body: bytes) -> dict[str, str]:
    return {}
