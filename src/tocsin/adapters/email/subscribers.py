"""Mail to subscribers of status pages, and the mails that go out beside the outbox."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime

from tocsin.adapters.email.envelope import is_message_id, message_id
from tocsin.adapters.email.mail import Mail, is_address
from tocsin.adapters.email.public_letters import (
    PublicLetter,
    confirming_letter,
    public_message,
    signing_in_letter,
    told_letter,
)
from tocsin.adapters.email.wire import Exchange
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Refused, Trial, Verdict
from tocsin.projections.subscription_words import SubscriptionWords

_NO_ADDRESS = Refused("the subscription has no plain mail address any more")


class SubscriberMail:
    """Sends mail to those outside (the ``Sender`` of subscriptions by mail).

    ``tls`` replaces the trust in the machine's certificate authorities.
    """

    def __init__(
        self,
        *,
        words: SubscriptionWords,
        clock: Callable[[], datetime],
        settings: Mail,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._words = words
        self._clock = clock
        self._mail = settings
        self._tls = ssl.create_default_context() if tls is None else tls

    @property
    def pace(self) -> Pace:
        """One after the other: each subscriber is a destination of their own."""
        return Pace(concurrent=1)

    def send(self, parcel: Parcel) -> Verdict:
        """Mail one public update; delivered without a mail where the page does not tell it.

        Raises:
            StorageFailed: what is told could not be read.
        """
        subscription, address = parcel.to.subscription, parcel.to.destination.address
        if subscription is None or address is None or not is_address(address):
            return _NO_ADDRESS
        told = self._words.told(parcel.to.org_id, parcel.event, page_id=subscription.page_id)
        if told is None:
            return Delivered()
        way_out = self._words.way_out(parcel.to.org_id, subscription.id, told.page_code)
        thread = parcel.remote_id
        message = public_message(
            told_letter(told, way_out=way_out),
            address=address,
            identity=parcel.delivery_id,
            at=self._clock(),
            mail=self._mail,
            thread=thread if thread is not None and is_message_id(thread) else None,
            list_name=told.page_url,
        )
        verdict = Exchange(self._mail, tls=self._tls).send(message, address=address)
        if isinstance(verdict, Delivered) and parcel.opening:
            return Delivered(message_id(parcel.delivery_id, domain=self._mail.domain))
        return verdict

    def try_out(self, trial: Trial) -> Verdict:
        """Nobody tries a subscription out: it was confirmed."""
        return Refused("subscriptions are not tried out")

    def confirm(
        self, address: str, *, page_name: str, services: tuple[str, ...], link: str, identity: str
    ) -> Verdict:
        """Ask whether the one at *address* wants to be told; *services* are names."""
        letter = confirming_letter(page_name, services=services, link=link)
        return self._at_once(letter, address=address, identity=identity)

    def sign_in(
        self, address: str, *, org_name: str, link: str, minutes: int, identity: str
    ) -> Verdict:
        """Send the member at *address* a link that signs them in."""
        letter = signing_in_letter(org_name, link=link, minutes=minutes)
        return self._at_once(letter, address=address, identity=identity)

    def _at_once(self, letter: PublicLetter, *, address: str, identity: str) -> Verdict:
        if not is_address(address):
            return Refused("this is not a plain mail address")
        message = public_message(
            letter, address=address, identity=identity, at=self._clock(), mail=self._mail
        )
        return Exchange(self._mail, tls=self._tls).send(message, address=address)
