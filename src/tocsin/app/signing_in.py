"""Links that sign people in, on a running server: what seals them, and what sends them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Final

from tocsin.adapters.email.subscribers import SubscriberMail
from tocsin.adapters.rest.sign_in_setup import SigningIn
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.dispatcher.contract import Verdict
from tocsin.handler.allowances import Allowance
from tocsin.handler.sign_in_links import LASTING, SignInLinks
from tocsin.store.sealing import opened, sealed

ASKERS_BURST: Final = 8
ASKERS_SECONDS_EACH: Final = 60.0
MAILS_BURST: Final = 3
MAILS_SECONDS_EACH: Final = 300.0
"""How often one member is sent a link."""


def signing_in(
    mail: SubscriberMail | None, *, key: bytes, url: str, bench: TrialBench
) -> SigningIn:
    """How people sign in by links. ``key`` is the installation's, ``url`` where it is found."""

    def send(address: str, org_name: str, link: str, identity: str) -> Verdict:
        assert mail is not None
        minutes = int(LASTING.total_seconds()) // 60
        return mail.sign_in(
            address, org_name=org_name, link=link, minutes=minutes, identity=identity
        )

    return SigningIn(
        links=sign_in_links(key, url=url),
        mail=None if mail is None else send,
        bench=bench,
        askers=Allowance(burst=ASKERS_BURST, seconds=ASKERS_SECONDS_EACH, clock=time.monotonic),
        mailboxes=Allowance(burst=MAILS_BURST, seconds=MAILS_SECONDS_EACH, clock=time.monotonic),
    )


def sign_in_links(key: bytes, *, url: str) -> SignInLinks:
    """Links under a key of their own: nothing that was sealed for another purpose is ever one."""
    sealing = base64.urlsafe_b64encode(hmac.digest(key, b"sign-in links", hashlib.sha256))
    return SignInLinks(
        seal=lambda inside: sealed(sealing, inside),
        unseal=lambda box: opened(sealing, box),
        url=url,
    )
