"""From what may go now to what became of it: parcels, workers, verdicts."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import structlog

from tocsin.core.facts import Event
from tocsin.core.records import Destination, Record
from tocsin.core.subscriptions import SubscriberRoute
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.contract import (
    SEND_SECONDS,
    Addressee,
    Delivered,
    Digest,
    Digesting,
    Parcel,
    Reading,
    Refused,
    Retry,
    Sender,
    Verdict,
)
from tocsin.dispatcher.desk import Desk
from tocsin.dispatcher.desks import Desks
from tocsin.dispatcher.items import Item, Together
from tocsin.dispatcher.naming import delivery_id, digest_id, duty_of
from tocsin.store.contract import Head, ReadTurn, StorageFailed
from tocsin.store.leasing import Leases
from tocsin.store.sealing import WrongSecretKey

log = structlog.get_logger(__name__)

MOST_OUT: Final = 96
"""Sends at once, of all destinations: about as many as there are workers."""

MOST_TO_SUBSCRIBERS: Final = 8
"""Of them so many go to subscribers at most: a crowd must not be in the way of who works here, and
no mail server likes to be visited by all at once."""

FEW_OUT: Final = 2
"""Sends at once while facts wait to be taken in: word goes on getting out, but does not take the
interpreter from those who have something to say."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A delivery that is out, and the desk it came from; ``unsendable`` if it need not be tried."""

    desk: Desk
    item: Item
    parcel: Parcel | Digest
    sender: Sender
    unsendable: Verdict | None = None


class Sending:
    """Hands out what may go now and gathers the verdicts.

    ``workers`` runs the sends, ``unseal`` opens a sealed secret, ``bell`` is rung at each verdict;
    while the process is ``busy`` with taking facts in, few go out.
    """

    def __init__(
        self,
        *,
        desks: Desks,
        leases: Leases,
        workers: Executor,
        unseal: Callable[[bytes], bytes],
        timer: Callable[[], float],
        bell: Callable[[], None],
        busy: Callable[[], bool],
    ) -> None:
        self._busy = busy
        self._desks = desks
        self._leases = leases
        self._workers = workers
        self._unseal = unseal
        self._timer = timer
        self._bell = bell
        self._secrets: dict[str, bytes] = {}
        self._heard: deque[tuple[Handed, Verdict | None]] = deque()
        self._out = 0
        self._to_subscribers = 0

    @property
    def out(self) -> int:
        """How many sends are out, or not heard of yet."""
        return self._out

    @property
    def full(self) -> bool:
        """Whether no more go out for now."""
        return self._out >= (FEW_OUT if self._busy() else MOST_OUT)

    def has_room(self, desk: Desk) -> bool:
        """Whether more of this desk may go out for now."""
        if self.full:
            return False
        return not _is_subscriber(desk) or self._to_subscribers < MOST_TO_SUBSCRIBERS

    def pick(self, turn: ReadTurn) -> list[Handed]:
        """What may go now, as parcels with their tickets as they stand now."""
        now = self._timer()
        unwanted = self._leases.unwanted()
        picked: list[tuple[Desk, Item, Sender]] = []
        for place, desk in self._desks:
            duty, sender = duty_of(place[1]), self._desks.sender(desk)
            if sender is None or duty in unwanted or desk.wakes_at(now) is None:
                continue
            if self._leases.holding((duty,), seconds=SEND_SECONDS) is None:
                continue
            while self.has_room(desk) and (item := desk.next(now)) is not None:
                picked.append((desk, item, sender))
                self._count(desk, 1)
            self._desks.last(place)
        try:
            return self._parcelled(turn, picked)
        except BaseException:
            # Whatever went wrong, nothing was handed out: they must not count as out for ever.
            for desk, item, _ in picked:
                desk.not_sent(item)
                self._count(desk, -1)
            raise

    def hand_out(self, handed: Sequence[Handed]) -> None:
        """Let the workers send them."""
        for one in handed:
            if one.unsendable is None:
                self._workers.submit(self._send, one)
            else:
                self._heard.append((one, one.unsendable))
                self._bell()

    def heard(self) -> Iterator[tuple[Handed, Verdict | None]]:
        """What became of those that are back, each once; None: it was not sent."""
        while self._heard:
            handed, verdict = self._heard.popleft()
            self._count(handed.desk, -1)
            yield handed, verdict

    def _count(self, desk: Desk, by: int) -> None:
        self._out += by
        self._to_subscribers += by * _is_subscriber(desk)

    def _parcelled(
        self, turn: ReadTurn, picked: Sequence[tuple[Desk, Item, Sender]]
    ) -> list[Handed]:
        positions: dict[int, set[int]] = defaultdict(set)
        streams: dict[int, set[str]] = defaultdict(set)
        for desk, item, _ in picked:
            for one in _members(item):
                positions[desk.row.org_id].add(one.position)
                streams[desk.row.org_id].add(one.stream)
        events = {org_id: turn.events_at(org_id, wanted) for org_id, wanted in positions.items()}
        heads = {org_id: turn.heads(org_id, wanted) for org_id, wanted in streams.items()}
        beside = self._beside(turn, picked, heads)
        handed: list[Handed] = []
        for desk, item, sender in picked:
            unsendable, secret = None, None
            try:
                secret = self._secret(turn, desk.row.org_id, desk.route.destination)
            except WrongSecretKey:
                # One org's trouble, and its operator's to mend; others go on.
                unsendable = Retry("its secret does not open with this installation's key")
            org_id, to = desk.row.org_id, self._addressee(desk, secret)
            parcels = tuple(
                _parcel(
                    desk,
                    one,
                    to=to,
                    event=events[org_id][one.position],
                    head=heads[org_id][one.stream],
                    beside=beside.get((org_id, id(sender))),
                )
                for one in _members(item)
            )
            whole = parcels[0] if len(parcels) == 1 else _digest(desk, item, to, parcels)
            handed.append(Handed(desk, item, whole, sender, unsendable))
        return handed

    def _beside(
        self,
        turn: ReadTurn,
        picked: Sequence[tuple[Desk, Item, Sender]],
        heads: Mapping[int, Mapping[str, Head]],
    ) -> dict[tuple[int, int], object]:
        """What each sender wants to know besides, by org and sender."""
        wanted: dict[tuple[int, int], tuple[Reading, dict[str, Ticket | Record]]] = {}
        for desk, item, sender in picked:
            if not isinstance(sender, Reading):
                continue
            org_id = desk.row.org_id
            for one in _members(item):
                state = _state(heads[org_id][one.stream])
                wanted.setdefault((org_id, id(sender)), (sender, {}))[1][one.stream] = state
        return {
            place: sender.read(turn, org_id=place[0], states=list(states.values()))
            for place, (sender, states) in wanted.items()
        }

    def _addressee(self, desk: Desk, secret: bytes | None) -> Addressee:
        route, org_id = desk.route, desk.row.org_id
        return Addressee(
            org_id=org_id,
            org=self._desks.orgs[org_id].code,
            route_id=route.id,
            route_name=route.name,
            destination=route.destination,
            secret=secret,
            subscription=route.subscription if isinstance(route, SubscriberRoute) else None,
        )

    def _secret(self, turn: ReadTurn, org_id: int, destination: Destination) -> bytes | None:
        secret_id = destination.secret_id
        if secret_id is None:
            return None
        known = self._secrets.get(secret_id)
        if known is None:
            sealed = turn.sealed_secret(org_id, secret_id)
            if sealed is None:
                return None
            known = self._secrets[secret_id] = self._unseal(sealed)
        return known

    def _send(self, handed: Handed) -> None:
        """On a worker's thread: send, unless the duty may be another's by now."""
        verdict: Verdict | None = None
        try:
            duty = duty_of(handed.parcel.to.route_id)
            if self._leases.holding((duty,), seconds=SEND_SECONDS) is not None:
                verdict = _sent(handed.sender, handed.parcel)
        except StorageFailed as failed:
            # It could not be rendered; that says nothing about its destination.
            log.warning("not sent", action="send_postponed", reason=failed.reason)
        except BaseException as wrong:
            log.error(
                "a sender failed",
                action="sender_failed",
                delivery=handed.parcel.delivery_id,
                kind=handed.parcel.to.destination.kind.value,
                exc_info=wrong,
            )
            verdict = Refused(f"an error in this program ({type(wrong).__name__}); see its log")
        finally:
            self._heard.append((handed, verdict))
            self._bell()


def _sent(sender: Sender, whole: Parcel | Digest) -> Verdict:
    if isinstance(whole, Parcel):
        return sender.send(whole)
    assert isinstance(sender, Digesting), "only who digests has a pace that tells what is few"
    verdict = sender.send_digest(whole)
    if isinstance(verdict, Delivered):
        log.info(
            "told as one",
            action="digest_delivered",
            delivery=whole.delivery_id,
            org=whole.to.org,
            route=whole.to.route_name,
            count=len(whole.parcels),
        )
    return verdict


def _members(item: Item) -> Sequence[Item]:
    return item.members if isinstance(item, Together) else (item,)


def _state(head: Head) -> Ticket | Record:
    """What a head is of, where its events are routed."""
    assert isinstance(head.state, Ticket | Record)
    return head.state


def _parcel(
    desk: Desk, item: Item, *, to: Addressee, event: Event, head: Head, beside: object
) -> Parcel:
    lane = desk.lane(item)
    return Parcel(
        delivery_id=delivery_id(item.position, desk.route.id),
        to=to,
        event=event,
        state=_state(head),
        opening=lane is None,
        remote_id=None if lane is None else lane.remote_id,
        again=desk.may_be_again(item),
        attempt=item.tries + 1,
        beside=beside,
    )


def _digest(desk: Desk, item: Item, to: Addressee, parcels: tuple[Parcel, ...]) -> Digest:
    return Digest(
        delivery_id=digest_id((one.event.position for one in parcels), desk.route.id),
        to=to,
        parcels=parcels,
        again=desk.may_be_again(item),
        attempt=item.tries + 1,
    )


def _is_subscriber(desk: Desk) -> bool:
    return isinstance(desk.route, SubscriberRoute)
