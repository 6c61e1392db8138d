"""The ledger that keeps the devices and links of one org, where one is set up, and the duty that
follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from tocsin.adapters.asking.post import Post
from tocsin.adapters.doublezero.ledger import CannotSign, DoubleZero, pen
from tocsin.adapters.doublezero.rpc import Away, Rpc
from tocsin.adapters.doublezero.rpc import Settings as RpcSettings
from tocsin.adapters.provisioning.mirroring import Mirrored, Mirroring, org_kept
from tocsin.adapters.provisioning.rounds import Rounds
from tocsin.adapters.provisioning.writing import LedgerOf, Notes, local
from tocsin.adapters.rest.metrics import Metrics
from tocsin.app.house import fresh_bits, now
from tocsin.app.settings import Settings, SettingWrong
from tocsin.core.provisioning.ledger import Ledger
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store
from tocsin.store.outgoing import Holding

log = structlog.get_logger(__name__)

LEDGER: Final = "ledger"

ANSWER_SECONDS: Final = 10.0
"""How long one answer of a node may take; a server that stops waits for the one under way."""


class Patience:
    """Passes the seconds between two attempts, until :meth:`end` says that nobody waits."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass.

        Raises:
            Away: nobody waits any more.
        """
        if self._ended.wait(seconds):
            raise Away("the server is stopping")

    def end(self) -> None:
        """Cut short what waits, now and from now on."""
        self._ended.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLedger:
    """A ledger, and the code of the org that it keeps (None: the first there is); ``notes`` are
    what this process knows of its not answering."""

    ledger: DoubleZero
    org: str | None
    patience: Patience
    notes: Notes

    def of(self, store: Store) -> LedgerOf:
        """Which ledger keeps the org of a number; None where our own record does."""

        def ledger_of(org_id: int) -> Ledger | None:
            with store.reading() as turn:
                kept = org_kept(turn, self.org)
            return self.ledger if kept is not None and kept.org_id == org_id else None

        return ledger_of


def ledger_of(kept: KeptLedger | None, store: Store) -> LedgerOf:
    """Which ledger keeps which org of *store*."""
    return local if kept is None else kept.of(store)


def kept_ledger(settings: Settings) -> KeptLedger | None:
    """The ledger that *settings* name; None where Tocsin's own record is the ledger.

    Raises:
        SettingWrong: the address is none, or nothing can be signed with the keypair.
    """
    if settings.ledger_rpc_url is None or settings.ledger_program is None:
        return None
    patience = Patience()
    try:
        rpc = Rpc(
            RpcSettings(url=settings.ledger_rpc_url, seconds=ANSWER_SECONDS),
            wait=patience.wait,
            opening=Post,
        )
    except ValueError:
        # What is wrong with it may be the key in it.
        raise SettingWrong("TOCSIN_LEDGER_RPC_URL: this is no address of a node") from None
    program = settings.ledger_program
    writing = None
    if settings.ledger_keypair is not None:
        try:
            writing = pen(rpc, program=program, keypair=settings.ledger_keypair)
        except CannotSign as cannot:
            raise SettingWrong(f"TOCSIN_LEDGER_KEYPAIR: {cannot.reason}") from None
    return KeptLedger(
        ledger=DoubleZero(rpc, program=program, pen=writing),
        org=settings.ledger_org,
        patience=patience,
        notes=Notes(),
    )


def mirroring(
    kept: KeptLedger,
    settings: Settings,
    *,
    store: Store,
    writer: Writer,
    metrics: Metrics,
    holding: Callable[[str], Holding | None],
) -> Rounds:
    """The rounds that follow *kept*."""
    if not kept.ledger.is_written:
        log.warning(
            "no keypair is set up: the ledger is only read, and health and status of what it keeps"
            " change only there",
            action="ledger_only_read",
        )
    figures = metrics.watch_ledger(is_written=kept.ledger.is_written)

    def observe(told: Mirrored) -> None:
        metrics.observe_round(
            LEDGER, seconds=told.seconds, changed=told.changed, refused=len(told.left_alone)
        )
        figures.away.set(told.away is not None)
        if told.away is None:
            figures.unreadable.set(len(told.unreadable))
            figures.left_alone.set(len(told.left_alone))
            for kind, count in told.seen.items():
                figures.accounts.labels(kind).set(count)

    mirror = Mirroring(
        store=store,
        writer=writer,
        ledger=kept.ledger,
        org=kept.org,
        clock=now,
        entropy=fresh_bits,
        interval=timedelta(seconds=settings.ledger_interval_seconds),
        notes=kept.notes,
        observe=observe,
    )

    def held() -> Holding | None:
        found = holding(LEDGER)
        if found is None:
            # Another process follows it now, and says whether it is away.
            figures.away.set(0)
        return found

    return Rounds(LEDGER, mirror.go, holding=held, hurry=kept.patience.end)
