"""The dashboard of a running server: how it reads and asks, and what seals its sessions."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time

from litestar.types import ASGIApp

from tocsin.adapters.rest.gateway import Gateway
from tocsin.app.within import Within
from tocsin.handler.sign_in_links import SignInLinks
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.sealing import opened, sealed
from tocsin.web.dashboard.serving import Dashboard
from tocsin.web.dashboard.sessions import Sessions

_RANDOM_BYTES = 16


def dashboard(
    gateway: Gateway, application: ASGIApp, *, key: bytes, links: SignInLinks
) -> Dashboard:
    """The dashboard beside *application*, which it asks. ``key`` is the installation's: every
    gateway that has it reads the same sessions, and the same *links*."""
    # Keys of their own: nothing that was sealed for another purpose is ever a session.
    sessions_key = base64.urlsafe_b64encode(hmac.digest(key, b"sessions", hashlib.sha256))
    requests = gateway.metrics.requests
    within = Within(application)
    signing_in = gateway.signing_in

    async def submit(submission: Submission) -> Outcome:
        return await gateway.writer.submit(submission, asyncio.get_running_loop())

    return Dashboard(
        read=gateway.read,
        perform=within.perform,
        follow=within.follow,
        sessions=Sessions(
            seal=lambda inside: sealed(sessions_key, inside),
            unseal=lambda box: opened(sessions_key, box),
            forms_key=hmac.digest(key, b"forms", hashlib.sha256),
            fresh=_fresh,
        ),
        clock=gateway.clock,
        steady=time.monotonic,
        fresh=_fresh,
        links=links,
        submit=submit,
        mail_link=(
            within.mail_link if signing_in is not None and signing_in.mail is not None else None
        ),
        public_url=gateway.public_url,
        trusted_proxies=gateway.trusted_proxies,
        observe=lambda asked, status: requests.labels(asked, str(status)).inc(),
    )


def _fresh() -> str:
    return secrets.token_urlsafe(_RANDOM_BYTES)
