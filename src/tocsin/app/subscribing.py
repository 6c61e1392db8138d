"""Subscribing to status pages on a running server: who is asked, what is kept, and how links are
sealed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from functools import partial

from tocsin.adapters.email.subscribers import SubscriberMail
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.adapters.webhook.subscribers import SubscriberWebhooks
from tocsin.app.pages import page_address
from tocsin.app.public_clerk import Outside, PublicClerk
from tocsin.app.sending import mail_of
from tocsin.app.settings import Settings
from tocsin.core.credentials import Network
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Sender
from tocsin.handler.allowances import Allowance
from tocsin.handler.writer import Writer
from tocsin.projections.subscription_words import SubscriptionWords
from tocsin.store.contract import Store
from tocsin.store.sealing import opened, sealed
from tocsin.web.status.subscribing import (
    BURST,
    SECONDS_EACH,
    Subscribing,
)
from tocsin.web.status.subscribing_tokens import Tokens


def outside(
    settings: Settings, *, store: Store, clock: Callable[[], datetime], key: bytes, url: str
) -> Outside:
    """What *settings* allow for. ``key`` is the installation's, ``url`` where this server is found.

    Raises:
        SettingWrong: settings of mail that contradict each other.
    """
    tokens = tokens_of(key)
    address = partial(page_address, url)
    words = SubscriptionWords(
        store=store,
        timer=time.monotonic,
        page_address=address,
        way_out=lambda org_id, identity, slug: (
            f"{address(slug)}/subscribe/end?token={tokens.ending(org_id, identity)}"
        ),
    )
    hooks = SubscriberWebhooks(
        words=words, clock=clock, allow_private=settings.allow_private_destinations
    )
    senders: dict[DestinationKind, Sender] = {
        DestinationKind.WEBHOOK: hooks,
        DestinationKind.SLACK: hooks,
    }
    mail_settings = mail_of(settings)
    mail: SubscriberMail | None = None
    if mail_settings is not None:
        mail = SubscriberMail(words=words, clock=clock, settings=mail_settings)
        senders[DestinationKind.EMAIL] = mail
    return Outside(senders=senders, mail=mail, hooks=hooks, tokens=tokens, page_address=address)


def tokens_of(key: bytes) -> Tokens:
    """What links carry, under keys of their own: nothing that was sealed for another purpose is
    ever one."""
    sealing = base64.urlsafe_b64encode(hmac.digest(key, b"subscriptions", hashlib.sha256))
    return Tokens(
        seal=lambda inside: sealed(sealing, inside),
        unseal=lambda box: opened(sealing, box),
        key=hmac.digest(key, b"ending subscriptions", hashlib.sha256),
    )


def subscribing(
    beyond: Outside,
    *,
    settings: Settings,
    store: Store,
    writer: Writer,
    readers: Executor,
    bench: TrialBench,
    clock: Callable[[], datetime],
    entropy: Callable[[], int],
    trusted: Sequence[Network],
) -> Subscribing:
    """The pages on which one subscribes."""
    clerk = PublicClerk(
        beyond,
        store=store,
        writer=writer,
        readers=readers,
        bench=bench,
        clock=clock,
        entropy=entropy,
        allow_private=settings.allow_private_destinations,
    )
    return Subscribing(
        clerk,
        trusted=trusted,
        public_url=settings.public_url,
        limit=Allowance(burst=BURST, seconds=SECONDS_EACH, clock=time.monotonic),
    )
