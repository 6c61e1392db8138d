"""One process that does everything: store, writer, clock and HTTP, started and stopped in order."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import structlog
from litestar.types import ASGIApp

from tocsin.adapters.maintnote.writing import CalendarWriter
from tocsin.adapters.rest.announcing import Announcer
from tocsin.adapters.rest.application import make_application, make_probes
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.metrics import Metrics
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.app.background import SLACK, Background
from tocsin.app.collecting import keep_the_rest
from tocsin.app.dashboard import dashboard
from tocsin.app.doors import Doors
from tocsin.app.house import (
    fresh_bits,
    installation_key,
    now,
    open_store,
    shown_database,
    sqlite_path,
)
from tocsin.app.ledger import kept_ledger
from tocsin.app.listening import Server, bound, url_of
from tocsin.app.lock import locked
from tocsin.app.logs import write_logs
from tocsin.app.pages import PublicPages, copies_in
from tocsin.app.previewing import tried
from tocsin.app.provisioning import explaining
from tocsin.app.receivers import receivers
from tocsin.app.sending import sending
from tocsin.app.settings import Settings, has_role, speaks_to_slack
from tocsin.app.showing import Seal
from tocsin.app.signing_in import sign_in_links, signing_in
from tocsin.app.subscribing import outside, subscribing
from tocsin.app.triaging import language_model
from tocsin.app.unopened import tell_of_unopened
from tocsin.app.waiting import opened_in_time
from tocsin.store.contract import Store
from tocsin.store.sealing import opened, sealed

if TYPE_CHECKING:
    from tocsin.app.slack import Slack

log = structlog.get_logger(__name__)

SWITCH_SECONDS = 0.000_5

Prepare = Callable[[Path, Seal], None]


def serve(settings: Settings, *, prepare: Prepare, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is held and return.

    ``prepare`` is told where an SQLite database is, and how secrets are sealed, before it is
    opened; ``on_ready`` is told the address once requests are accepted.

    Raises:
        InUse: another server is at work on this database.
        CannotListen: the address cannot be had.
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened.
        SettingWrong: the data folder's key is damaged, or settings contradict each other.
        OSError: the data folder cannot be made or written.
    """
    _on_signals(_leave)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as house:
        path = sqlite_path(settings.data, settings.database)
        if path is not None:
            house.enter_context(locked(path))
            _may_write(path)
        taken = bound(settings.host, settings.port)
        house.callback(taken.close)
        key = installation_key(settings.data, settings.secret_key)

        def seal(secret: bytes) -> bytes:
            return sealed(key, secret)

        def opening() -> Store:
            if path is not None:
                prepare(path, seal)
            return open_store(settings.data, settings.database)

        copies = copies_in(settings.data)
        store = opened_in_time(
            opening, copies=copies, taken=taken, default_page=settings.default_page
        )
        house.callback(store.close)
        if path is not None:
            # Whoever has the lock is the only server there is.
            store.finish_upgrade()
        tell_of_unopened(store, lambda box: opened(key, box))

        announcer, metrics = Announcer(), Metrics()
        slack = _slack(settings, store=store, key=key)
        outgoing = sending(
            settings, store=store, clock=now, slack=None if slack is None else slack.sender
        )
        url = settings.public_url or url_of(taken)
        beyond = outside(settings, store=store, clock=now, key=key, url=url)
        bench = TrialBench()
        ledger = kept_ledger(settings)
        background = Background(
            settings=settings,
            store=store,
            seal=seal,
            unseal=lambda box: opened(key, box),
            metrics=metrics,
            senders=outgoing.senders,
            public_senders=beyond.senders,
            announce=announcer.announce,
            duties=has_role(settings, "dispatcher"),
            inbox_kept=timedelta(days=settings.inbox_retention_days),
            ledger=ledger,
        )
        readers = house.enter_context(
            ThreadPoolExecutor(settings.readers, thread_name_prefix="reader")
        )
        gateway = Gateway(
            store=store,
            writer=background.writer,
            clock=now,
            entropy=fresh_bits,
            readers=readers,
            cursor_key=hmac.digest(key, b"cursors", hashlib.sha256),
            metrics=metrics,
            announcer=announcer,
            trusted_proxies=settings.trusted_proxies,
            metrics_token=settings.metrics_token,
            allow_private_destinations=settings.allow_private_destinations,
            public_url=settings.public_url,
            senders=outgoing.senders,
            unavailable=outgoing.unavailable,
            unseal=lambda box: opened(key, box),
            nudge=background.nudge,
            calendars=CalendarWriter(organizer=settings.mail_from),
            receivers=receivers(sns_topics=settings.sns_topics),
            preview=tried,
            counts=background.counts,
            signing_in=signing_in(beyond.mail, key=key, url=url, bench=bench),
            trouble=background.trouble,
            explaining=explaining(
                settings, store=store, notes=None if ledger is None else ledger.notes
            ),
        )

        pages: PublicPages | None = None
        if has_role(settings, "gateway"):
            pages = PublicPages(
                store=store,
                readers=readers,
                announcer=announcer,
                metrics=metrics,
                clock=now,
                copies=copies,
                url=url,
                default_page=settings.default_page,
                subscribing=subscribing(
                    beyond,
                    settings=settings,
                    store=store,
                    writer=background.writer,
                    readers=readers,
                    bench=bench,
                    clock=now,
                    entropy=fresh_bits,
                    trusted=settings.trusted_proxies,
                ),
            )

        def ready() -> None:
            _settle()
            if pages is not None:
                pages.start()
            url, where = url_of(taken), shown_database(settings.data, settings.database)
            log.info("serving", action="serving", url=url, database=where)
            on_ready(url)

        def stopping() -> None:
            log.info("stopping: finishing what is held", action="stopping")
            if pages is not None:
                pages.stop()
            announcer.close()

        application = (
            make_application(gateway) if has_role(settings, "gateway") else make_probes(gateway)
        )
        # Made, the web framework has set up logging in a way of its own.
        write_logs(settings.log_level)
        doors: dict[str, ASGIApp] = {}
        entrance = Doors(
            application,
            doors,
            pages=None if pages is None else pages.application,
            dashboard=(
                dashboard(gateway, application, key=key, links=sign_in_links(key, url=url))
                if has_role(settings, "gateway")
                else None
            ),
        )
        server = Server(entrance, on_ready=ready, on_stopping=stopping)
        # From here on the order of the end is: requests, deliveries, clock, writer, readers,
        # store, lock.
        house.callback(gateway.bench.close)
        house.callback(bench.close)
        background.start(house)
        if slack is not None:
            doors.update(
                slack.start(
                    house,
                    writer=background.writer,
                    model=language_model(settings),
                    listens=has_role(settings, "gateway"),
                    tends=has_role(settings, "dispatcher"),
                    ours=lambda: background.holds(SLACK),
                )
            )
        _on_signals(server.end)
        server.run(sockets=[taken])
    log.info("stopped", action="stopped")


def _may_write(path: Path) -> None:
    """SQLite opens what may only be read, and every write would fail from then on.

    Raises:
        OSError: the database is there, and may not be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as wrong:
        # What is not there is made, and what cannot be opened at all is waited for.
        if wrong.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise


def _slack(settings: Settings, *, store: Store, key: bytes) -> Slack | None:
    """Slack, where it is wanted."""
    if not speaks_to_slack(settings):
        return None
    # Its libraries take a while to load: only who wants Slack has to wait for them.
    from tocsin.app.slack import Slack

    return Slack(
        settings,
        store=store,
        seal=lambda secret: sealed(key, secret),
        unseal=lambda box: opened(key, box),
        installation_key=key,
    )


def _settle() -> None:
    # The writer's thread and the event loop hand the interpreter to each other at every commit.
    # With the default of 5 ms either may wait that long for the other's lock; half a millisecond
    # costs nothing that can be measured and is far below what a commit takes on a disk.
    sys.setswitchinterval(SWITCH_SECONDS)
    keep_the_rest()


def _on_signals(end: Callable[[], None]) -> None:
    """Have SIGTERM and SIGINT call *end*.

    While the HTTP server runs it has handlers of its own; at its end it raises the signal anew.
    """

    def handle(_signal: int, _frame: FrameType | None) -> None:
        end()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _leave() -> NoReturn:
    """Before anybody was let in: close what is open, in its order; the exit code is 0."""
    raise SystemExit(0)
