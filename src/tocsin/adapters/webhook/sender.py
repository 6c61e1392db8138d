"""Sends to webhooks: a signed CloudEvent by POST (Integrations: outgoing webhooks)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from tocsin.adapters.webhook.client import Client, NotAllowed, Unreachable
from tocsin.adapters.webhook.envelope import CONTENT_TYPE, happened, source_of, tested
from tocsin.adapters.webhook.signing import NotAKey, key_of, signature
from tocsin.adapters.webhook.wire import Answer
from tocsin.core.records import Device, Link, Record
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.contract import (
    SEND_SECONDS,
    Addressee,
    Delivered,
    Pace,
    Parcel,
    Refused,
    Retry,
    Trial,
    Verdict,
)
from tocsin.projections.shapes.assets import DeviceShape, LinkShape, device_shape, link_shape
from tocsin.projections.shapes.record_names import ReadNames
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketShape
from tocsin.projections.shapes.tickets import ticket_shape
from tocsin.store.contract import ReadTurn, Store

CONCURRENT: Final = 16
FOR_RENDERING: Final = 0.25
"""Seconds of a send that are left for what is not the exchange itself."""

LONGEST_WISH: Final = 3600.0
LONGEST_EXCERPT: Final = 200
"""Characters of an answer that an operator is shown."""

_COMES_BACK: Final = frozenset({408, 425, 429})
_SECONDS = re.compile(r"[0-9]{1,10}")
_LONGEST_PIECE_SHOWN: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names in what is sent: those of tickets, and those of devices and links."""

    of_tickets: LoadedNames | None
    of_assets: ReadNames | None


class WebhookSender:
    """Posts events to the addresses of routes.

    ``base_url`` is where this server is reached, as far as it knows. ``allow_private`` lets
    addresses inside and plain http through. ``client`` asks the addresses, in place of one of its
    own; ``seconds`` is what one exchange may take.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Callable[[], datetime],
        allow_private: bool,
        base_url: str | None,
        client: Client | None = None,
        seconds: float = SEND_SECONDS - FOR_RENDERING,
    ) -> None:
        self._store = store
        self._clock = clock
        self._base_url = base_url
        self._seconds = seconds
        self._client = Client(allow_private=allow_private) if client is None else client

    @property
    def pace(self) -> Pace:
        """As many as a small receiver bears at once; how fast is up to how fast it answers."""
        return Pace(concurrent=CONCURRENT)

    def send(self, parcel: Parcel) -> Verdict:
        """Post the event of *parcel*, once.

        Raises:
            StorageFailed: the names could not be read.
        """
        source = source_of(parcel.to.org, base_url=self._base_url)
        body = happened(parcel.event, self._about(parcel), source=source)
        return self._post(parcel.to, parcel.delivery_id, body)

    def try_out(self, trial: Trial) -> Verdict:
        """Post that this is a test."""
        to = trial.to
        body = tested(
            trial.delivery_id,
            route_id=to.route_id,
            route_name=to.route_name,
            at=trial.at,
            source=source_of(to.org, base_url=self._base_url),
        )
        return self._post(to, trial.delivery_id, body)

    def close(self) -> None:
        """Close the connections that are kept for the next sends."""
        self._client.close()

    def read(self, turn: ReadTurn, *, org_id: int, states: Sequence[Ticket | Record]) -> Names:
        """The names of what *states* name."""
        tickets = [one for one in states if isinstance(one, Ticket)]
        assets = [one for one in states if isinstance(one, Device | Link)]
        return Names(
            of_tickets=LoadedNames(turn, org_id=org_id, tickets=tickets) if tickets else None,
            of_assets=ReadNames(turn, org_id=org_id, records=assets) if assets else None,
        )

    def _about(self, parcel: Parcel) -> TicketShape | DeviceShape | LinkShape:
        names = parcel.beside
        if not isinstance(names, Names):
            with self._store.reading() as turn:
                names = self.read(turn, org_id=parcel.to.org_id, states=[parcel.state])
        match parcel.state:
            case Ticket() as ticket if names.of_tickets is not None:
                return ticket_shape(ticket, names.of_tickets)
            case Device() as device if names.of_assets is not None:
                return device_shape(device, names.of_assets)
            case Link() as link if names.of_assets is not None:
                return link_shape(link, names.of_assets)
            case _:
                # Only tickets, devices and links are routed.
                raise TypeError(f"an event of a {_sort(parcel.state)} is not sent anywhere")

    def _post(self, to: Addressee, identity: str, body: bytes) -> Verdict:
        url, secret = to.destination.url, to.secret
        if url is None:
            return Refused("the route has no address to send to")
        if secret is None:
            return Refused("the route has no secret to sign with; give it one")
        try:
            key = key_of(secret)
        except NotAKey as wrong:
            return Refused(f"the route's secret {wrong}; give it another")
        now = self._clock()
        timestamp = int(now.timestamp())
        try:
            answer = self._client.ask(
                "POST",
                url,
                headers={
                    "content-type": CONTENT_TYPE,
                    "webhook-id": identity,
                    "webhook-timestamp": str(timestamp),
                    "webhook-signature": signature(
                        key, identity=identity, timestamp=timestamp, body=body
                    ),
                },
                body=body,
                seconds=self._seconds,
                repeatable=True,
            )
        except NotAllowed as wrong:
            return Refused(wrong.reason)
        except Unreachable as wrong:
            return Retry(wrong.reason)
        return verdict_on(answer, url=url, now=now)


def _sort(state: Ticket | Record) -> str:
    return type(state).__name__.lower()


def verdict_on(answer: Answer, *, url: str, now: datetime) -> Verdict:
    """What *answer* to a webhook means; *url* is what was asked, for it shall not be told."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered()
    if 300 <= status < 400:
        return Refused(f"redirects are not followed, and {status} was answered; change the address")
    said = f"{status} was answered{_excerpt(answer.body, url=url)}"
    if status in _COMES_BACK or status >= 500:
        return Retry(said, wish=_wish(answer.headers.get("retry-after"), now=now))
    return Refused(said)


def _wish(text: str | None, *, now: datetime) -> float | None:
    """In how many seconds ``Retry-After`` asks to be asked again, from 0 to an hour."""
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WISH)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WISH)


def _excerpt(body: bytes, *, url: str) -> str:
    """What *body* says, as far as an operator may be shown it.

    Many a server repeats the path that it was asked for, and a path may be a secret.
    """
    said = body[: 8 * LONGEST_EXCERPT].decode("utf-8", "replace")
    parts = urlsplit(url)
    for piece in re.split(r"[/?&=;,]", f"{parts.path}?{parts.query}"):
        if len(piece) > _LONGEST_PIECE_SHOWN:
            said = said.replace(piece, "…")
    words = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    if not words:
        return ""
    return f": {words[:LONGEST_EXCERPT]}"
