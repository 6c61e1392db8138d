"""How a gateway signs people in by links that are good once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.dispatcher.contract import Verdict
from tocsin.handler.allowances import Allowance
from tocsin.handler.sign_in_links import SignInLinks

MailLink = Callable[[str, str, str, str], Verdict]
"""Sends a link to an address: the address, the org's name, the link, and the mail's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """``links`` makes them and ``mail`` sends them, None where this server sends no mail; ``bench``
    is where it does. ``askers`` is how often one address may ask for a mail, ``mailboxes`` how
    often one mailbox gets one. ``sending`` are the mails that are on their way.
    """

    links: SignInLinks
    mail: MailLink | None
    bench: TrialBench
    askers: Allowance
    mailboxes: Allowance
    sending: set[asyncio.Task[None]] = field(default_factory=set)
