"""What the pages of subscribing ask of a running server: mails, challenges, records, erasures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from urllib.parse import urlsplit

import structlog

from tocsin.adapters.email.subscribers import SubscriberMail
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.adapters.webhook.public_words import PublicPage
from tocsin.adapters.webhook.signing import PREFIX
from tocsin.adapters.webhook.subscribers import SubscriberWebhooks, is_chat_address
from tocsin.core.commands import Redact
from tocsin.core.errors import Conflict, Invalid, NotFound, Refusal
from tocsin.core.facts import stream_identity, stream_name
from tocsin.core.ids import uuid7
from tocsin.core.records import Subscription
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.subscriptions import claim_of
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Delivered, Refused, Sender, Verdict
from tocsin.handler.allowances import Allowance
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, Store
from tocsin.web.status.subscribing import (
    Answered,
    Outcome,
)
from tocsin.web.status.subscribing_tokens import Late, Tokens, Wanted
from tocsin.web.status.view import PageView

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_SUBSCRIPTIONS: Final = 20_000
"""Of one org, those that have ended too."""
MAILS_BURST: Final = 3
MAILS_SECONDS_EACH: Final = 1_200.0
"""How often one mail address is asked to confirm: nobody's mailbox is to be filled from here."""
_SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What reaches those who are not members: the senders of subscriptions by kind, and the mail
    that goes out at once; None where this server sends none."""

    senders: Mapping[DestinationKind, Sender]
    mail: SubscriberMail | None
    hooks: SubscriberWebhooks
    tokens: Tokens
    page_address: Callable[[str], str]


class PublicClerk:
    """Does what the pages of subscribing are for (the ``Clerk`` of a running server).

    ``bench`` runs what may take as long as somebody else takes to answer. Used on one event loop.
    """

    def __init__(
        self,
        beyond: Outside,
        *,
        store: Store,
        writer: Writer,
        readers: Executor,
        bench: TrialBench,
        clock: Callable[[], datetime],
        entropy: Callable[[], int],
        allow_private: bool,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beyond = beyond
        self._store = store
        self._writer = writer
        self._readers = readers
        self._bench = bench
        self._clock = clock
        self._entropy = entropy
        self._allow_private = allow_private
        self._mails = Allowance(burst=MAILS_BURST, seconds=MAILS_SECONDS_EACH, clock=timer)

    @property
    def offers(self) -> Sequence[DestinationKind]:
        """What can be subscribed, best first."""
        mail = () if self._beyond.mail is None else (DestinationKind.EMAIL,)
        return (*mail, DestinationKind.WEBHOOK, DestinationKind.SLACK)

    def now(self) -> datetime:
        """The time."""
        return self._clock()

    def takes_chat(self, url: str) -> bool:
        """Whether *url* may be the incoming webhook of a chat."""
        return is_chat_address(url, allow_private=self._allow_private)

    def wanted(self, token: str) -> Wanted | Late | None:
        """What a link to confirm carries."""
        return self._beyond.tokens.wanted(token, at=self._clock())

    # -- asking ----------------------------------------------------------------------------------

    async def ask_by_mail(
        self, page: PageView, address: str, services: tuple[str, ...]
    ) -> Answered:
        """Have a mail sent that asks whether they want it; nothing is kept."""
        mail = self._beyond.mail
        org_id = await self._org_of(page)
        if mail is None or org_id is None:
            return Answered(outcome=Outcome.LATER)
        if self._mails.take(_digest(f"{page.id} {address.casefold()}")):
            # Enough are on their way; who asks is told the same.
            return Answered(outcome=Outcome.DONE)
        wanted = Wanted(
            id=self._fresh(),
            org_id=org_id,
            page_id=page.id,
            address=address,
            services=services,
            asked_at=self._clock(),
        )
        link = f"{page.url}/subscribe/confirm?token={self._beyond.tokens.confirming(wanted)}"
        names = {service.code: service.name for service in page.services}
        verdict = await self._bench.run(
            partial(
                mail.confirm,
                address,
                page_name=page.name,
                services=tuple(names.get(code, code) for code in services),
                link=link,
                identity=f"confirm_{wanted.id}",
            )
        )
        _tell(page, DestinationKind.EMAIL, verdict)
        return _answered(verdict)

    async def subscribe(
        self, page: PageView, kind: DestinationKind, address: str, services: tuple[str, ...]
    ) -> Answered:
        """Ask a webhook or a chat, and subscribe it when it answers."""
        org_id = await self._org_of(page)
        if org_id is None:
            return Answered(outcome=Outcome.LATER)
        if await self._is_full(org_id):
            return Answered(outcome=Outcome.FULL)
        identity, at = self._fresh(), self._clock()
        shown = PublicPage(code=page.code, name=page.name, url=page.url)
        if kind is DestinationKind.SLACK:
            secret, kept = "", address
            way_out = f"{page.url}/subscribe/end?token={self._ending(org_id, identity)}"
            verdict = await self._bench.run(
                partial(self._beyond.hooks.greet, address, page=shown, way_out=way_out)
            )
            address = urlsplit(address).hostname or ""
        else:
            secret = kept = _fresh_secret()
            verdict = await self._bench.run(
                partial(
                    self._beyond.hooks.challenge,
                    address,
                    page=shown,
                    secret=kept.encode(),
                    identity=f"challenge_{identity}",
                )
            )
        _tell(page, kind, verdict)
        if not isinstance(verdict, Delivered):
            # Whether it may answer another time is no business of who asks for strangers.
            return Answered(outcome=Outcome.NOT_TAKEN)
        secret_id = self._fresh()
        command = CreateSubscription(
            subscription_id=identity,
            page=page.id,
            kind=kind.value,
            address=address,
            services=services,
            secret_id=secret_id,
            asked_at=at,
        )
        try:
            await self._do(org_id, command, secrets=((secret_id, kept.encode()),))
        except Conflict:
            return Answered(outcome=Outcome.KNOWN)
        except (Invalid, NotFound):
            return Answered(outcome=Outcome.NOT_GOOD)
        return Answered(outcome=Outcome.DONE, secret=secret)

    # -- links -----------------------------------------------------------------------------------

    async def confirm(self, page: PageView, wanted: Wanted) -> Answered:
        """Subscribe who has confirmed it."""
        if await self._org_of(page) != wanted.org_id:
            return Answered(outcome=Outcome.NOT_GOOD)
        if await self._is_full(wanted.org_id):
            return Answered(outcome=Outcome.FULL)
        command = CreateSubscription(
            subscription_id=wanted.id,
            page=wanted.page_id,
            kind=DestinationKind.EMAIL.value,
            address=wanted.address,
            services=wanted.services,
            asked_at=wanted.asked_at,
        )
        try:
            await self._do(wanted.org_id, command)
        except Conflict:
            earlier = await self._read(partial(_replaced, wanted=wanted))
            if earlier is None:
                return Answered(outcome=await self._read(partial(_before, wanted=wanted)))
            # Who has the mailbox has thought better of what they want to know of.
            await self._end(wanted.org_id, earlier)
            await self._do(wanted.org_id, command)
        except (Invalid, NotFound):
            return Answered(outcome=Outcome.NOT_GOOD)
        return Answered(outcome=Outcome.DONE)

    async def is_ending(self, page: PageView, token: str) -> bool:
        """Whether a link to end was made here, for this page's org."""
        org_id = await self._org_of(page)
        return org_id is not None and self._ended(token, org_id) is not None

    async def end(self, page: PageView, token: str) -> Answered:
        """End the subscription that a link is for, and forget where it went."""
        org_id = await self._org_of(page)
        identity = None if org_id is None else self._ended(token, org_id)
        if org_id is None or identity is None:
            return Answered(outcome=Outcome.NOT_GOOD)
        await self._end(org_id, identity)
        return Answered(outcome=Outcome.DONE)

    # -- parts -----------------------------------------------------------------------------------

    async def _end(self, org_id: int, identity: str) -> None:
        # It may be over already; that it is forgotten is made sure of all the same.
        with suppress(NotFound):
            await self._do(org_id, RemoveSubscription(), subject=identity)
        event = await self._read(lambda turn: _unforgotten(turn, org_id, identity))
        if event is not None:
            forget = Redact(event=event, fields=("address",), reason="unsubscribed")
            try:
                await self._do(org_id, forget, subject=identity)
            except Refusal as refused:
                log.warning("not forgotten", action="not_forgotten", reason=str(refused))

    def _fresh(self) -> str:
        return uuid7(self._clock(), self._entropy())

    def _ending(self, org_id: int, identity: str) -> str:
        return self._beyond.tokens.ending(org_id, identity)

    def _ended(self, token: str, org_id: int) -> str | None:
        return self._beyond.tokens.ended(token, org_id=org_id)

    async def _org_of(self, page: PageView) -> int | None:
        """Whose page it is, as far as it is the one that is at its address now."""

        def look(turn: ReadTurn) -> int | None:
            row = turn.page(page.code)
            if row is None or stream_identity(row.stream) != page.id:
                return None
            return row.org_id

        return await self._read(look)

    async def _is_full(self, org_id: int) -> bool:
        def look(turn: ReadTurn) -> bool:
            ((count,),) = turn.select(
                "SELECT count(*) FROM heads WHERE org_id = ? AND stream > ? AND stream < ?",
                (org_id, "subscription:", "subscription;"),
                org_id=org_id,
            )
            return bool(count >= MOST_SUBSCRIPTIONS)

        return await self._read(look)

    async def _do(
        self,
        org_id: int,
        command: CreateSubscription | RemoveSubscription | Redact,
        *,
        subject: str | None = None,
        secrets: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        await self._writer.submit(
            Submission(
                org_id=org_id,
                sort="subscription",
                command=command,
                subject=subject,
                via="web",
                secrets=secrets,
            ),
            asyncio.get_running_loop(),
        )

    async def _read(self, work: Callable[[ReadTurn], T]) -> T:
        def reading() -> T:
            with self._store.reading() as turn:
                return work(turn)

        return await asyncio.get_running_loop().run_in_executor(self._readers, reading)


def _before(turn: ReadTurn, *, wanted: Wanted) -> Outcome:
    """What there was when a link was confirmed that cannot be confirmed any more."""
    head = turn.head(wanted.org_id, stream_name("subscription", wanted.id))
    if head is None:
        # Another link of the same reader was faster.
        return Outcome.KNOWN
    state = head.state
    over = isinstance(state, Subscription) and state.removed_at is not None
    return Outcome.OVER if over else Outcome.KNOWN


def _replaced(turn: ReadTurn, *, wanted: Wanted) -> str | None:
    """The subscription of the same address that *wanted*, asked for later, takes the place of."""
    claim = claim_of(page_id=wanted.page_id, kind=DestinationKind.EMAIL, address=wanted.address)
    holder = None if claim is None else turn.claimed_by(wanted.org_id, *claim)
    head = None if holder is None else turn.head(wanted.org_id, holder)
    held = None if head is None else head.state
    if not isinstance(held, Subscription) or held.id == wanted.id:
        return None
    is_later = held.asked_at is None or wanted.asked_at > held.asked_at
    return held.id if is_later and held.services != wanted.services else None


def _unforgotten(turn: ReadTurn, org_id: int, identity: str) -> str | None:
    """The event that still says where a subscription goes; None where there is none, or where it
    was erased."""
    stream = stream_name("subscription", identity)
    events = turn.stream_events(org_id, stream, limit=8)
    if not events or any(one.kind == "subscription.redacted" for one in events):
        return None
    return events[0].id


def _fresh_secret() -> str:
    return PREFIX.decode() + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _digest(text: str) -> str:
    """A name under which something is counted without being kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def _answered(verdict: Verdict) -> Answered:
    match verdict:
        case Delivered():
            return Answered(outcome=Outcome.DONE)
        case Refused():
            return Answered(outcome=Outcome.NOT_TAKEN)
        case _:
            return Answered(outcome=Outcome.LATER)


def _tell(page: PageView, kind: DestinationKind, verdict: Verdict) -> None:
    """Note down what became of it, without where it went."""
    log.info(
        "somebody wants to subscribe",
        action="subscription_asked",
        page=page.code,
        kind=kind.value,
        outcome=type(verdict).__name__.lower(),
    )
