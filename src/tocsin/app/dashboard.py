"""The dashboard of a running server: how it reads, and what seals its sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from tocsin.adapters.rest.gateway import Gateway
from tocsin.store.sealing import opened, sealed
from tocsin.web.dashboard.addresses import PATHS
from tocsin.web.dashboard.serving import Dashboard
from tocsin.web.dashboard.sessions import Sessions

_RANDOM_BYTES = 16


def dashboard_doors(gateway: Gateway, *, key: bytes) -> Mapping[str, ASGIApp]:
    """The dashboard's paths, each with who answers there. ``key`` is the installation's: every
    gateway that has it reads the same sessions."""
    # Keys of their own: nothing that was sealed for another purpose is ever a session.
    sessions_key = base64.urlsafe_b64encode(hmac.digest(key, b"sessions", hashlib.sha256))
    requests = gateway.metrics.requests
    dashboard = Dashboard(
        read=gateway.read,
        sessions=Sessions(
            seal=lambda inside: sealed(sessions_key, inside),
            unseal=lambda box: opened(sessions_key, box),
            forms_key=hmac.digest(key, b"forms", hashlib.sha256),
            fresh=lambda: secrets.token_urlsafe(_RANDOM_BYTES),
        ),
        clock=gateway.clock,
        steady=time.monotonic,
        public_url=gateway.public_url,
        trusted_proxies=gateway.trusted_proxies,
        observe=lambda asked, status: requests.labels(asked, str(status)).inc(),
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # The same interface, of which each has types of its own.
        await dashboard(cast(Any, scope), cast(Any, receive), cast(Any, send))

    return dict.fromkeys(PATHS, application)
