"""One process that does everything: store, writer, clock and HTTP, started and stopped in order."""

from __future__ import annotations

import gc
import hashlib
import hmac
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

import structlog

from tocsin.adapters.clock.clockwork import Clockwork
from tocsin.adapters.rest.announcing import Announcer
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.metrics import Metrics
from tocsin.app.house import database_path, fresh_bits, installation_key, now
from tocsin.app.listening import Server, bound, url_of
from tocsin.app.lock import locked
from tocsin.app.logs import write_logs
from tocsin.app.settings import Settings
from tocsin.app.showing import Seal
from tocsin.handler.writer import Writer
from tocsin.projections.following import Followers
from tocsin.store.sealing import sealed
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.checkpoints import Checkpoints

log = structlog.get_logger(__name__)

SWITCH_SECONDS = 0.000_5
COLLECT_AFTER = (50_000, 20, 20)

Prepare = Callable[[Path, Seal], None]


def serve(settings: Settings, *, prepare: Prepare, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is held and return.

    ``prepare`` is told where the database is, and how secrets are sealed, before it is opened;
    ``on_ready`` is told the address once requests are accepted.

    Raises:
        InUse: another server is at work on this database.
        CannotListen: the address cannot be had.
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened.
        SettingWrong: the data folder's key is damaged.
        OSError: the data folder cannot be made or written.
    """
    _on_signals(_leave)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = database_path(settings.data, settings.database)
    with ExitStack() as house:
        house.enter_context(locked(path))
        taken = bound(settings.host, settings.port)
        house.callback(taken.close)
        key = installation_key(settings.data, settings.secret_key)

        def seal(secret: bytes) -> bytes:
            return sealed(key, secret)

        prepare(path, seal)
        store = SqliteStore(path)
        house.callback(store.close)

        announcer, metrics = Announcer(), Metrics()
        followers = Followers(store=store, clock=now)
        checkpoints = Checkpoints(store)
        writer = Writer(
            store=store,
            clock=now,
            entropy=fresh_bits,
            seal=seal,
            duties=(followers, checkpoints.finish),
            on_commit=announcer.announce,
            on_turn=metrics.observe_turn,
        )
        clockwork = Clockwork(store=store, writer=writer, clock=now)
        metrics.watch_queue(lambda: writer.waiting)
        metrics.watch_parked(lambda: clockwork.parked)
        metrics.watch_followers(followers.lag)
        readers = house.enter_context(
            ThreadPoolExecutor(settings.readers, thread_name_prefix="reader")
        )
        gateway = Gateway(
            store=store,
            writer=writer,
            clock=now,
            entropy=fresh_bits,
            readers=readers,
            cursor_key=hmac.digest(key, b"cursors", hashlib.sha256),
            metrics=metrics,
            announcer=announcer,
            trusted_proxies=settings.trusted_proxies,
            metrics_token=settings.metrics_token,
            allow_private_destinations=settings.allow_private_destinations,
        )

        def ready() -> None:
            _settle()
            log.info("serving", action="serving", url=url_of(taken), database=str(path))
            on_ready(url_of(taken))

        def stopping() -> None:
            log.info("stopping: finishing what is held", action="stopping")
            announcer.close()

        application = make_application(gateway)
        # Made, the web framework has set up logging in a way of its own.
        write_logs(settings.log_level)
        server = Server(application, on_ready=ready, on_stopping=stopping)
        # From here on the order of the end is: requests, clock, writer, readers, store, lock.
        writer.start()
        house.callback(writer.stop)
        checkpoints.start()
        house.callback(checkpoints.stop)
        clockwork.start()
        house.callback(clockwork.stop)
        _on_signals(server.end)
        server.run(sockets=[taken])
    log.info("stopped", action="stopped")


def _settle() -> None:
    # The writer's thread and the event loop hand the interpreter to each other at every commit.
    # With the default of 5 ms either may wait that long for the other's lock; half a millisecond
    # costs nothing that can be measured and is far below what a commit takes on a disk.
    sys.setswitchinterval(SWITCH_SECONDS)
    # What is loaded now stays for good: collecting it again and again only makes pauses.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


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
