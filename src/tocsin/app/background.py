"""What a process does besides answering: its writer, and the duties it has by its role."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Final

from tocsin.adapters.alarm.receiver import DestinationAlarms
from tocsin.adapters.alarm.silence import SilenceAlarms
from tocsin.adapters.clock.clockwork import Clockwork
from tocsin.adapters.rest.metrics import Metrics
from tocsin.app.house import fresh_bits, now
from tocsin.app.ledger import LEDGER, KeptLedger, ledger_of, mirroring
from tocsin.app.provisioning import ACTIVATOR, MONITOR, activating, monitoring
from tocsin.app.settings import Settings
from tocsin.core.facts import Event
from tocsin.core.ids import uuid7
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Sender
from tocsin.dispatcher.dispatcher import Dispatcher
from tocsin.dispatcher.naming import DUTIES
from tocsin.dispatcher.sending import MOST_OUT
from tocsin.handler.writer import Writer
from tocsin.projections.connector_health import ConnectorCounts
from tocsin.projections.following import Followers
from tocsin.store.contract import Store
from tocsin.store.leasing import Alone, Leases, Shared
from tocsin.store.outgoing import Holding
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.checkpoints import Checkpoints

FOLLOWING: Final = "search"
TICKING: Final = "clock"
SLACK: Final = "slack"
MANY_WAITING: Final = 8
"""Commands that wait for the writer, beyond which deliveries are held back."""

ALL_DUTIES: Final = (FOLLOWING, TICKING, SLACK, MONITOR, ACTIVATOR, LEDGER, *DUTIES)


class Background:
    """The threads of one process beside its HTTP server.

    Every process writes. With ``duties`` it also follows the log, beats the clock and dispatches,
    each as far as it holds the lease, and brings devices and links into service as *settings* say;
    those of one org as *ledger* says, which is followed.
    ``seal`` and ``unseal`` close and open secrets; ``announce``
    is told that the log has grown. Payloads stay in the inbox for ``inbox_kept``; ``counts`` is
    what was counted of them.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        seal: Callable[[bytes], bytes],
        unseal: Callable[[bytes], bytes],
        metrics: Metrics,
        senders: Mapping[DestinationKind, Sender],
        public_senders: Mapping[DestinationKind, Sender],
        announce: Callable[[], None],
        duties: bool,
        inbox_kept: timedelta,
        ledger: KeptLedger | None = None,
    ) -> None:
        self._store = store
        self._announce = announce
        self._with_duties = duties
        self._leases = _leases(store)
        self._checkpoints = Checkpoints(store) if isinstance(store, SqliteStore) else None
        followers = Followers(store=store, clock=now, holding=lambda: self._holding(FOLLOWING))
        tending = [] if self._checkpoints is None else [self._checkpoints.finish]
        self.writer = Writer(
            store=store,
            clock=now,
            entropy=fresh_bits,
            seal=seal,
            duties=(followers, *tending) if duties else tending,
            on_commit=self._on_commit,
            on_turn=metrics.observe_turn,
        )
        self.counts = ConnectorCounts()
        self._silence = SilenceAlarms(
            store=store, writer=self.writer, clock=now, entropy=fresh_bits
        )
        self._clockwork = Clockwork(
            store=store,
            writer=self.writer,
            clock=now,
            holding=lambda: self._holding(TICKING),
            watch=self._watch,
            inbox_kept=inbox_kept,
        )
        self._workers = ThreadPoolExecutor(MOST_OUT, thread_name_prefix="sender")
        self._dispatcher = Dispatcher(
            store=store,
            senders=senders,
            public_senders=public_senders,
            leases=self._leases,
            unseal=unseal,
            workers=self._workers,
            clock=now,
            timer=time.monotonic,
            luck=random.random,
            alarms=DestinationAlarms(
                store=store, writer=self.writer, clock=now, entropy=fresh_bits
            ),
            observe=metrics.observe_deliveries,
            busy=lambda: self.writer.waiting > MANY_WAITING,
        )
        self._activating = activating(
            settings,
            store=store,
            writer=self.writer,
            metrics=metrics,
            holding=self._holding,
            ledger_of=ledger_of(ledger, store),
            notes=None if ledger is None else ledger.notes,
        )
        self._monitoring = monitoring(
            settings,
            store=store,
            writer=self.writer,
            metrics=metrics,
            holding=self._holding,
            ledger_of=ledger_of(ledger, store),
            notes=None if ledger is None else ledger.notes,
        )
        self._mirroring = (
            mirroring(
                ledger,
                settings,
                store=store,
                writer=self.writer,
                metrics=metrics,
                holding=self._holding,
            )
            if ledger is not None and duties
            else None
        )
        metrics.watch_queue(lambda: self.writer.waiting)
        if duties:
            metrics.watch_parked(lambda: self._clockwork.parked)
            metrics.watch_followers(followers.lag)
            metrics.watch_destinations(self._dispatcher.figures)

    def start(self, house: ExitStack) -> None:
        """Begin; *house* ends it in the right order: deliveries, clock, writer."""
        self.writer.start()
        house.callback(self.writer.stop)
        if self._checkpoints is not None:
            self._checkpoints.start()
            house.callback(self._checkpoints.stop)
        self._store.listen(self._on_news)
        if self._with_duties:
            self._clockwork.start()
            house.callback(self._clockwork.stop)
            for rounds in self._activating:
                rounds.start()
                house.callback(rounds.stop)
            if self._monitoring is not None:
                self._monitoring.start()
                house.callback(self._monitoring.stop)
            if self._mirroring is not None:
                self._mirroring.start()
                house.callback(self._mirroring.stop)
            house.callback(self._workers.shutdown)
            self._dispatcher.start()
            house.callback(self._dispatcher.stop)

    def nudge(self) -> None:
        """There may be deliveries to send at once."""
        self._dispatcher.nudge()

    def trouble(self) -> str | None:
        """What keeps this process from its duties, in a sentence; None when nothing does."""
        if self._with_duties and not self._dispatcher.running:
            return "the dispatcher has stopped; restart the server"
        if self._with_duties and not self._clockwork.running:
            return "the clock has stopped; restart the server"
        if self._with_duties and not all(one.running for one in self._activating):
            return "the activator has stopped; restart the server"
        if self._with_duties and self._monitoring is not None and not self._monitoring.running:
            return "the monitor has stopped; restart the server"
        if self._mirroring is not None and not self._mirroring.running:
            return "nobody follows the ledger any more; restart the server"
        return None

    def holds(self, duty: str) -> bool:
        """Whether one of :data:`ALL_DUTIES` is this process's just now."""
        return self._holding(duty) is not None

    def _holding(self, duty: str) -> Holding | None:
        return self._leases.holding((duty,))

    def _watch(self, at: datetime) -> None:
        self._silence.look(at=at)
        with self._store.reading() as turn:
            self.counts.keep_up(turn, at=at)

    def _on_commit(self, _events: Sequence[Event]) -> None:
        self._announce()
        self._dispatcher.nudge()
        for rounds in self._activating:
            rounds.nudge()

    def _on_news(self) -> None:
        """Some process has written."""
        self._announce()
        self.writer.nudge()
        self._dispatcher.nudge()
        for rounds in self._activating:
            rounds.nudge()


def _leases(store: Store) -> Leases:
    if not store.shared:
        return Alone(ALL_DUTIES)
    return Shared(
        store=store, owner=uuid7(now(), fresh_bits()), duties=ALL_DUTIES, timer=time.monotonic
    )
