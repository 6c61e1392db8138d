"""What every turn looks up costs the same however much is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.handler.acting import house
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.contract import ReceiptKey
from tocsin.store.sqlite.reading import SqliteReadTurn

STORED = 1_500


def instructions(reader: SqliteReadTurn, ask: Callable[[], object]) -> int:
    """How many virtual-machine instructions SQLite takes for *ask*, to the nearest twenty."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 20
        return 0

    reader.connection.set_progress_handler(count, 20)
    try:
        ask()
    finally:
        reader.connection.set_progress_handler(None, 0)
    return counted


def test_a_claim_is_looked_up_and_never_searched_for(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        net = home.orgs["net"]
        results = home.writer.do_all(
            [
                Submission(
                    org_id=net,
                    sort="ticket",
                    command=home.incident(correlation_keys=(f"key-{number}",)),
                    credential=home.keys["owner"],
                )
                for number in range(STORED)
            ]
        )
        assert all(isinstance(one, Outcome) for one in results)
        with home.file.writing() as turn:
            found = turn.claims(net, {("correlation_key", "key-7")})
            assert set(found) == {("correlation_key", "key-7")}
            receipt = ReceiptKey(org_id=net, scope="s", key="k", body_digest=b"")
            assert instructions(turn, lambda: turn.receipts([receipt])) < 1_000
            assert (
                instructions(turn, lambda: turn.claims(net, {("correlation_key", "key-7")})) < 1_000
            )
            assert instructions(turn, lambda: turn.heads(net, {"incident:none"})) < 1_000
