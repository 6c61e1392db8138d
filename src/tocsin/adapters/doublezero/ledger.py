"""The ledger of the program, as the core knows ledgers (Provisioning: the doublezero ledger).

What signs is asked for only where there is a keypair: a ledger that is only read needs nothing but
the standard library and ``msgspec``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from tocsin.adapters.doublezero.looking import looked_at
from tocsin.adapters.doublezero.rpc import Away, Rpc
from tocsin.core.provisioning.ledger import (
    Change,
    LastWish,
    LedgerAway,
    Mirror,
    NotWritten,
    Outcome,
)

ONLY_READ: Final = "no keypair is set up, so the ledger is only read"
WITHOUT_SOLDERS: Final = "signing needs solders: pip install 'tocsin[ledger]'"


class CannotSign(Exception):
    """Nothing can be signed with what is set up; ``reason`` says why and holds nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Pen(Protocol):
    """What writes changes on the ledger, and says what became of each."""

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]: ...


class DoubleZero:
    """The accounts of *program*, on the node that *rpc* asks; without a *pen* they are only
    read."""

    def __init__(self, rpc: Rpc, *, program: str, pen: Pen | None = None) -> None:
        self._rpc, self._program, self._pen = rpc, program, pen

    @property
    def is_written(self) -> bool:
        """Whether anything can be written here at all."""
        return self._pen is not None

    def look(self, *, wishes: Mapping[str, LastWish]) -> Mirror:
        """All that it says now; *wishes* has, by pubkey, how each device was last wished to be
        drained.

        Raises:
            LedgerAway: there is no answer to work with. All that was known before stays so.
        """
        try:
            found, _ = looked_at(self._rpc, program=self._program, wishes=wishes)
        except Away as away:
            raise LedgerAway(away.reason) from None
        return found

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """What became of each of *changes*, in their order; raises nothing over what the ledger
        does."""
        if self._pen is None:
            return tuple(NotWritten(change, ONLY_READ) for change in changes)
        return self._pen.write(changes)


def pen(rpc: Rpc, *, program: str, keypair: Path) -> Pen:
    """What writes about accounts of *program* as the *keypair* in that file.

    Raises:
        CannotSign: the file is not used, or what signs is not installed.
    """
    try:
        from tocsin.adapters.doublezero.keypairs import KeypairRefused, keypair_in
        from tocsin.adapters.doublezero.writing import Scribe
    except ImportError as missing:
        if (missing.name or "").partition(".")[0] != "solders":
            raise
        raise CannotSign(WITHOUT_SOLDERS) from None
    try:
        signing = keypair_in(keypair)
    except KeypairRefused as refused:
        raise CannotSign(refused.reason) from None
    return Scribe(rpc, program=program, keypair=signing)
