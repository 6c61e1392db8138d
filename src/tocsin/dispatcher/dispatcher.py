"""The thread that gets the word out: leases, reads, hands out, hears, marks, round after round.

A round never waits for a neighbour: sending is done by workers, each send bounded in time. What
they report is marked in one transaction for all destinations, under the leases that are held.
Everything that is only in memory can be lost at any moment; it is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import fields
from datetime import datetime
from typing import Final

import structlog

from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import SEND_SECONDS, Delivered, Sender
from tocsin.dispatcher.desk import Desk
from tocsin.dispatcher.desks import Desks
from tocsin.dispatcher.housekeeping import figures_of, sweep, tell_of_trouble
from tocsin.dispatcher.naming import duty_of
from tocsin.dispatcher.outcomes import Alarms, DestinationFigures, Observe
from tocsin.dispatcher.sending import Handed, Sending
from tocsin.store.contract import StorageFailed, Store
from tocsin.store.leasing import Leases
from tocsin.store.outgoing import Settlement

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often to look for news that nobody has told of: what other processes wrote."""

NEWS_SECONDS: Final = 0.02
"""Between two looks for news that somebody has told of: while facts come in one by one, each look
finds some of them, and the writer has the interpreter to itself meanwhile."""

MARK_SECONDS: Final = 0.05
"""Between two marks: what is sent within may be sent again after a crash, under the same ids."""

SWEEP_SECONDS: Final = 60.0


class Dispatcher:
    """Sends what the outbox holds, for the destinations whose duty this process has.

    ``senders`` are those there are, by kind; what goes to another kind waits. ``public_senders``
    send to who has subscribed to a status page. ``unseal`` opens a
    sealed secret. ``clock`` says what time it is, ``timer`` counts seconds, ``luck`` gives random
    numbers from 0 to 1. ``workers`` runs the sends. ``observe`` is told what became of deliveries,
    ``alarms`` of destinations that are down for long. While the process is ``busy`` taking facts
    in, few sends are out at once.

    Tests call :meth:`round` themselves.
    """

    def __init__(
        self,
        *,
        store: Store,
        senders: Mapping[DestinationKind, Sender],
        leases: Leases,
        unseal: Callable[[bytes], bytes],
        workers: Executor,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        luck: Callable[[], float],
        alarms: Alarms,
        public_senders: Mapping[DestinationKind, Sender] | None = None,
        observe: Observe = lambda org, route, kind, outcome, count: None,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._leases = leases
        self._clock = clock
        self._timer = timer
        self._luck = luck
        self._alarms = alarms
        self._observe = observe
        self._bell = threading.Event()
        self._desks = Desks(
            senders=senders, public_senders=public_senders or {}, clock=clock, timer=timer
        )
        self._sending = Sending(
            desks=self._desks,
            leases=leases,
            workers=workers,
            unseal=unseal,
            timer=timer,
            bell=self._bell.set,
            busy=busy,
        )
        self._looked_at = self._marked_at = self._read_at = timer() - LOOK_SECONDS
        self._swept_at = timer()
        self._news = True
        self._stopping = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    # -- the thread ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Hand out no more, wait for what is out, mark it, give the duties back."""
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def running(self) -> bool:
        """Whether rounds are made."""
        return self._thread.is_alive()

    def nudge(self) -> None:
        """There is news in the outbox: look soon. From any thread."""
        # While a look is owed nobody needs to be woken for it.
        if not self._news:
            self._news = True
            self._bell.set()

    def figures(self) -> list[DestinationFigures]:
        """Each of this process's destinations as it stands. From any thread.

        Raises:
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            return figures_of(self._desks, turn=turn, at=self._clock())

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._safe_round()
            if pause > 0:
                self._bell.wait(pause)
            self._bell.clear()
        self._finish()

    def _safe_round(self) -> float:
        """A round; when the storage is away a pause, and everything that waits goes on waiting."""
        try:
            pause = self.round()
        except StorageFailed as failed:
            if not self._troubled:
                log.error("cannot dispatch", action="dispatch_failed", reason=failed.reason)
            self._troubled = True
            return LOOK_SECONDS
        except BaseException as wrong:
            # Nothing here is only in memory: read it all again, rather than stop for good.
            log.error("a round failed", action="dispatch_broken", exc_info=wrong)
            self._desks.forget()
            self._news = True
            return LOOK_SECONDS
        if self._troubled:
            log.info("dispatching again", action="dispatch_works")
        self._troubled = False
        return pause

    def _finish(self) -> None:
        """What is out comes back within a send's time; mark it, and let others take over."""
        last = self._timer() + 2 * SEND_SECONDS
        while self._sending.out and self._timer() < last:
            self._hear()
            self._bell.wait(LOOK_SECONDS / 10)
            self._bell.clear()
        try:
            self._hear()
            self._mark()
            self._leases.give_back(self._leases.mine())
        except StorageFailed as failed:
            log.error("cannot mark", action="dispatch_failed", reason=failed.reason)

    # -- a round ---------------------------------------------------------------------------------

    def round(self) -> float:
        """Do what can be done now; in how many seconds there may be more.

        Raises:
            StorageFailed: the database is away; nothing is lost by it.
        """
        pauses = [LOOK_SECONDS, self._leases.tend()]
        self._hear()
        now = self._timer()
        if any(desk.dirty for _, desk in self._desks):
            if now - self._marked_at >= MARK_SECONDS:
                self._mark()
            else:
                pauses.append(self._marked_at + MARK_SECONDS - now)
        late = now - self._looked_at >= LOOK_SECONDS
        rest = self._read_at + NEWS_SECONDS - now
        look = late or (self._news and rest <= 0) or self._desks.more
        if self._news and not look:
            pauses.append(rest)
        if (
            look
            or self._desks.can_open
            or any(self._has_work(desk, now) for _, desk in self._desks)
        ):
            with self._store.reading() as turn:
                if look:
                    self._news = False
                    self._read_at = now
                    self._desks.look(turn, mine=self._leases.mine(), due=late or self._desks.more)
                self._desks.open_waiting(turn)
                self._desks.refill(turn)
                handed = self._sending.pick(turn)
            self._sending.hand_out(handed)
        if late:
            self._looked_at = now
            tell_of_trouble(self._desks, store=self._store, alarms=self._alarms, clock=self._clock)
            self._give_back_unwanted()
        if now - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = now
            sweep(self._desks, store=self._store)
        return min([*pauses, *self._wakes()])

    def _has_work(self, desk: Desk, now: float) -> bool:
        at = desk.wakes_at(now)
        return (at is not None and at <= now) or self._desks.is_behind(desk)

    def _wakes(self) -> list[float]:
        """In how many seconds each desk may have something to do."""
        now = self._timer()
        if self._sending.full:
            return []
        wakes = [0.0] if self._desks.more or self._desks.can_open else []
        for _, desk in self._desks:
            if self._desks.is_behind(desk):
                wakes.append(0.0)
            able = self._desks.sender(desk) is not None and self._sending.has_room(desk)
            at = desk.wakes_at(now) if able else None
            if at is not None:
                wakes.append(max(at - now, 0.0))
        return wakes

    def _hear(self) -> None:
        """Take what became of deliveries to the desks they came from."""
        for handed, verdict in self._sending.heard():
            desk, item = handed.desk, handed.item
            if not self._desks.has((desk.row.org_id, desk.route.id), desk):
                continue  # another's by now, who will send it again under the same id
            if verdict is None:
                desk.not_sent(item)
                continue
            desk.done(item, verdict, at=self._clock(), now=self._timer(), luck=self._luck())
            if not isinstance(verdict, Delivered):
                _tell_of_failure(handed, verdict.reason)

    # -- marking ---------------------------------------------------------------------------------

    def _mark(self) -> None:
        """Write down what became of deliveries, as far as the duty is still ours."""
        self._marked_at = self._timer()
        dirty = [(duty_of(place[1]), desk) for place, desk in self._desks if desk.dirty]
        if not dirty:
            return
        written: list[tuple[Desk, Settlement]] = []
        held: dict[str, bool] = {}
        with self._store.tending() as turn:
            for duty, desk in dirty:
                if duty not in held:
                    holding = self._leases.holding((duty,))
                    held[duty] = holding is not None and turn.holds(holding)
                if held[duty]:
                    settlement = desk.settlement()
                    turn.settle(settlement)
                    written.append((desk, settlement))
            turn.commit()
        for desk, settlement in written:
            desk.written(settlement)
            self._tell_counts(desk)
        self._desks.close_finished()
        for duty, still in held.items():
            if not still:
                log.warning("a duty was lost", action="duty_lost", duty=duty)
                self._desks.give_up(duty)
                self._news = True

    def _tell_counts(self, desk: Desk) -> None:
        counts, route = desk.take_counts(), desk.route
        org = self._desks.orgs[desk.row.org_id].code
        for outcome in fields(counts):
            count = getattr(counts, outcome.name)
            if count:
                self._observe(org, route.name, route.destination.kind.value, outcome.name, count)

    def _give_back_unwanted(self) -> None:
        """Let others have the duties beyond our share, once nothing of them is out or unwritten."""
        free = []
        for duty in self._leases.unwanted():
            desks = [desk for place, desk in self._desks if duty_of(place[1]) == duty]
            if all(desk.idle and not desk.dirty for desk in desks):
                self._desks.give_up(duty)
                free.append(duty)
        if free:
            self._leases.give_back(free)


def _tell_of_failure(handed: Handed, reason: str) -> None:
    parcel = handed.parcel
    log.info(
        "not delivered",
        action="delivery_failed",
        delivery=parcel.delivery_id,
        org=parcel.to.org,
        route=parcel.to.route_name,
        attempt=parcel.attempt,
        reason=reason,
    )
