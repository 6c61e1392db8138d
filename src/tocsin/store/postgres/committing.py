"""Committing, and knowing whether it was done.

Nothing may cancel a statement during COMMIT: PostgreSQL would stop waiting for the synchronous
standby and keep the transaction all the same, with no more than a warning. So the server's own
time limits are lifted first, and the waiting is bounded here, by letting go of the connection: the
server goes on waiting, and holds the writer's lock for as long.
"""

from __future__ import annotations

import select
import time
from typing import Final

import psycopg
from psycopg.pq import ExecStatus

from tocsin.store.contract import StorageFailed
from tocsin.store.postgres.connecting import Connection, failure

PATIENCE_SECONDS: Final = 10.0
"""So long a commit may take before its outcome is called unknown."""

_ENDED: Final = ("08", "57P")
"""How the codes of errors begin after which nobody is left to say what became of a commit."""


def commit(connection: Connection, *, patience: float = PATIENCE_SECONDS) -> None:
    """Send COMMIT and hear that it was done, on every disk that it has to be on.

    Raises:
        StorageFailed: it was not done; ``uncertain`` when that is not known.
    """
    warnings: list[str] = []

    def heard(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warnings.append(notice.message_primary or "a warning")

    connection.add_notice_handler(heard)
    try:
        _commit(connection, patience)
    finally:
        connection.remove_notice_handler(heard)
    if warnings:
        raise StorageFailed(
            f"the database does not vouch for a commit: {'; '.join(warnings)}", uncertain=True
        )


def _commit(connection: Connection, patience: float) -> None:
    wire = connection.pgconn
    until = time.monotonic() + patience
    try:
        wire.send_query(b"COMMIT")
        while (unsent := wire.flush()) or wire.is_busy():
            poll = select.poll()
            poll.register(wire.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                connection.close()
                raise StorageFailed(
                    f"the database does not answer: a commit took more than {patience:g} seconds;"
                    " its synchronous standby may be away",
                    uncertain=True,
                )
            wire.consume_input()
        result = wire.get_result()
        if result is None:
            raise psycopg.OperationalError("the connection ended during a commit")
        while wire.get_result() is not None:
            pass
    except (psycopg.Error, OSError) as lost:
        # Sent, or perhaps sent: whatever it is that failed, nobody said that it was not done.
        connection.close()
        raise failure(lost, uncertain=True) from lost
    if result.status != ExecStatus.COMMAND_OK:
        code = (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"08000").decode()
        words = " ".join(result.error_message.decode(errors="replace").split())
        raise StorageFailed(
            f"the database refused a commit: {words}", uncertain=code.startswith(_ENDED)
        )
    if result.command_status == b"ROLLBACK":
        raise StorageFailed("the database refused a commit: a statement before it had failed")
