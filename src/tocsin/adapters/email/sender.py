"""Mail out: each fact as a mail to the route's address, one thread per ticket, device or link."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime

from tocsin.adapters.email.asset_letters import asset_letter_of
from tocsin.adapters.email.digest_letters import digest_letter_of
from tocsin.adapters.email.envelope import is_message_id, message_id, message_of
from tocsin.adapters.email.letters import (
    Letter,
    Names,
    assets_of,
    letter_of,
    parties_of,
    trial_letter,
)
from tocsin.adapters.email.mail import Mail, is_address
from tocsin.adapters.email.wire import Exchange
from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.records import Contributor, Device, Link, Member, Record
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.contract import (
    FEW,
    Addressee,
    Delivered,
    Digest,
    Pace,
    Parcel,
    Refused,
    Trial,
    Verdict,
)
from tocsin.projections.digests import summary_of
from tocsin.projections.shapes.record_names import ReadNames
from tocsin.store.contract import Store

_NO_ADDRESS = Refused("the route's destination is not a plain mail address: correct the route")


class EmailSender:
    """Sends mail through one mail server (the ``Sender`` of email destinations).

    ``tls`` replaces the trust in the machine's certificate authorities; whatever it trusts, the
    server's certificate and name are checked.

    Raises:
        ValueError: a ``tls`` that checks neither certificate nor name.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Callable[[], datetime],
        settings: Mail,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._mail = settings
        self._tls = ssl.create_default_context() if tls is None else tls
        if not self._tls.check_hostname or self._tls.verify_mode is not ssl.CERT_REQUIRED:
            raise ValueError("mail: the mail server's certificate and name have to be checked")

    @property
    def pace(self) -> Pace:
        """Two at once: few mail servers like one sender to come more often than that."""
        return Pace(concurrent=2, few=FEW)

    def send(self, parcel: Parcel) -> Verdict:
        """Mail one delivery; the opening's message id is the lane's remote id."""
        letter = self._letter(parcel)
        thread = None
        if not parcel.opening and parcel.remote_id is not None and is_message_id(parcel.remote_id):
            thread = parcel.remote_id
        address = _address(parcel.to)
        if address is None:
            return _NO_ADDRESS
        message = message_of(
            letter,
            to=parcel.to,
            address=address,
            delivery_id=parcel.delivery_id,
            thread=thread,
            at=self._clock(),
            mail=self._mail,
        )
        verdict = Exchange(self._mail, tls=self._tls).send(message, address=address)
        if isinstance(verdict, Delivered) and parcel.opening:
            return Delivered(message_id(parcel.delivery_id, domain=self._mail.domain))
        return verdict

    def send_digest(self, digest: Digest) -> Verdict:
        """Mail one message that tells all of them; it begins the thread of each that has none."""
        to = digest.to
        assets = {one.event.stream: _asset(one.state) for one in digest.parcels}
        with self._store.reading() as turn:
            names = ReadNames(turn, org_id=to.org_id, records=assets.values())
        told = [(one.event, assets[one.event.stream]) for one in digest.parcels]
        letter = digest_letter_of(summary_of(told, names), to=to, base_url=self._mail.base_url)
        address = _address(to)
        if address is None:
            return _NO_ADDRESS
        message = message_of(
            letter,
            to=to,
            address=address,
            delivery_id=digest.delivery_id,
            thread=None,
            at=self._clock(),
            mail=self._mail,
        )
        verdict = Exchange(self._mail, tls=self._tls).send(message, address=address)
        if isinstance(verdict, Delivered):
            return Delivered(message_id(digest.delivery_id, domain=self._mail.domain))
        return verdict

    def try_out(self, trial: Trial) -> Verdict:
        """Mail something that says it is a test."""
        address = _address(trial.to)
        if address is None:
            return _NO_ADDRESS
        message = message_of(
            trial_letter(trial),
            to=trial.to,
            address=address,
            delivery_id=trial.delivery_id,
            thread=None,
            at=trial.at,
            mail=self._mail,
        )
        return Exchange(self._mail, tls=self._tls).send(message, address=address)

    def _letter(self, parcel: Parcel) -> Letter:
        base_url = self._mail.base_url
        match parcel.state:
            case Ticket() as ticket:
                names = self._names(parcel.to.org_id, ticket)
                return letter_of(parcel, ticket, names=names, base_url=base_url)
            case record:
                asset = _asset(record)
                with self._store.reading() as turn:
                    of_asset = ReadNames(turn, org_id=parcel.to.org_id, records=(asset,))
                return asset_letter_of(parcel, asset, names=of_asset, base_url=base_url)

    def _names(self, org_id: int, ticket: Ticket) -> Names:
        assets, parties = assets_of(ticket), parties_of(ticket)
        if not assets and not parties:
            return {}
        with self._store.reading() as turn:
            held = turn.claims(org_id, [(ASSET_PUBKEY, pubkey) for pubkey in assets])
            heads = turn.heads(org_id, [*held.values(), *parties])
        found = {}
        for head in heads.values():
            match head.state:
                case Device() | Link() as asset:
                    found[asset.pubkey] = asset.code
                case Contributor() | Member() as party:
                    found[party.id] = party.name
                case _:
                    continue
        return found


def _asset(state: Ticket | Record) -> Device | Link:
    """What is routed besides tickets."""
    if not isinstance(state, Device | Link):
        raise TypeError(f"an event of a {type(state).__name__.lower()} is not sent anywhere")
    return state


def _address(to: Addressee) -> str | None:
    address = to.destination.address
    return address if address is not None and is_address(address) else None
