"""Connections: how they are opened and bounded, and what their failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tocsin.store.contract import StorageFailed

Connection = psycopg.Connection[tuple[Any, ...]]

SETTINGS: Final = {
    # A statement that takes so long would answer nobody any more; a lock likewise.
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "synchronous_commit": "on",
    # Every statement here is short; compiling one takes longer than running it.
    "jit": "off",
    # A plan is kept while its table grows: what was small enough to be read whole soon is not.
    "enable_seqscan": "off",
}
GIVEN: Final = {
    "connect_timeout": "5",
    # A host that is gone is noticed within some ten seconds.
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    # Of several hosts the one that may be written: a standby that was promoted is found.
    "target_session_attrs": "read-write",
    "application_name": "tocsin",
}
"""What is used where the URL says nothing of it."""


def connect(url: str) -> Connection:
    """A connection that begins transactions only when it is told to.

    Raises:
        StorageFailed: no host answers, or none may be written.
    """
    given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    settings = [f"-c {name}={value}" for name, value in SETTINGS.items()]
    options = " ".join([*settings, given.pop("options", "")])
    conninfo = make_conninfo("", **GIVEN | given | {"options": options})
    with storage_errors():
        return psycopg.connect(conninfo, autocommit=True, prepare_threshold=2)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what says that the database is away, overtaxed or broken into one exception.

    A constraint or a statement that fails is not among them: it means that the code is wrong, and
    stays as it is.

    Raises:
        StorageFailed: with PostgreSQL's own words.
    """
    try:
        yield
    except (
        psycopg.OperationalError,
        psycopg.InternalError,
        psycopg.InterfaceError,
        OSError,
    ) as failed:
        raise failure(failed) from failed


def failure(failed: Exception, *, uncertain: bool = False) -> StorageFailed:
    """What *failed* means, as one sentence for the operator."""
    words = " ".join(str(failed).split())
    return StorageFailed(f"the database does not answer: {words}", uncertain=uncertain)
