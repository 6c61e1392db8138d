"""Changes are written in transactions of a few, each tried before it is sent and waited for after
(Provisioning: the doublezero ledger).

One that fails is taken out and told about, and the rest go on. What is not known to be written is
told so: the ledger itself says more when it is read again, and until then nothing has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.changes import Unwritable, instruction_for
from tocsin.adapters.doublezero.instructions import ERRORS, Caller
from tocsin.adapters.doublezero.rpc import Away, Declined, Failure, Landing, Rpc
from tocsin.adapters.doublezero.transactions import AHEAD, batches, transaction
from tocsin.core.provisioning.ledger import Change, NotWritten, Outcome, Unsure, Written

MOST_STALE: Final = 3
"""Times that a batch is made anew because what made it fresh was not known to the node."""

_STALE: Final = "BlockhashNotFound"
_UNSEEN: Final = "it was handed in and has not been confirmed since"
_NOT_TRIED: Final = "not tried, since the ledger was away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a transaction is waited for: asked about so many times, with seconds between."""

    asked: int = 60
    every: float = 1.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A change that is to be written, with its place in the order in which it came."""

    place: int
    change: Change
    instruction: Instruction


class Scribe:
    """Writes on the ledger that *rpc* leads to, as *keypair*, about accounts of *program*."""

    def __init__(
        self, rpc: Rpc, *, program: str, keypair: Keypair, patience: Patience | None = None
    ) -> None:
        self._rpc = rpc
        self._program = program
        self._keypair = keypair
        self._patience = Patience() if patience is None else patience

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """What became of each of *changes*, in their order; nothing that the ledger or its node may
        do is raised over."""
        if not changes:
            return ()
        try:
            caller = self._caller()
        except (Away, Declined) as problem:
            away = isinstance(problem, Away)
            return tuple(NotWritten(change, _reason(problem), away=away) for change in changes)
        outcomes: dict[int, Outcome] = {}
        waiting: list[_Waiting] = []
        for place, change in enumerate(changes):
            try:
                instruction = instruction_for(change, caller=caller)
            except Unwritable as problem:
                outcomes[place] = NotWritten(change, problem.reason)
            else:
                waiting.append(_Waiting(place, change, instruction))
        self._write_all(waiting, outcomes)
        return tuple(outcomes[place] for place in range(len(changes)))

    def _caller(self) -> Caller:
        payer = str(self._keypair.pubkey())
        permission = str(addresses.permission(self._program, payer=payer))
        held = self._rpc.accounts([permission]).get(permission)
        return Caller(
            program=self._program,
            payer=payer,
            has_permission=held is not None and held[0] == self._program,
        )

    def _write_all(self, waiting: list[_Waiting], outcomes: dict[int, Outcome]) -> None:
        instructions = [one.instruction for one in waiting]
        at = 0
        for taken in batches(instructions, payer=self._keypair.pubkey()):
            batch = waiting[at : at + len(taken)]
            at += len(taken)
            try:
                self._write_batch(batch, outcomes)
            except Away as problem:
                _give_up(batch, problem.reason, outcomes, away=True)
                # Each attempt waits for a long time already: the others are for the next round.
                _give_up(waiting[at:], _NOT_TRIED, outcomes, away=True)
                return
            except Declined as declined:
                _give_up(batch, _reason(declined), outcomes)

    def _write_batch(self, batch: list[_Waiting], outcomes: dict[int, Outcome]) -> None:
        """Write as many of *batch* as can be.

        Raises:
            Away, Declined: those without an outcome yet are not written.
        """
        left = list(batch)
        stale = 0
        while left:
            made = transaction(
                [one.instruction for one in left],
                keypair=self._keypair,
                blockhash=self._rpc.latest_blockhash(),
            )
            failure = self._rpc.simulate(bytes(made))
            if failure is None:
                failure = self._sent(made, left, outcomes)
            if failure is None:
                return
            guilty = _guilty(failure, of=len(left))
            if guilty is not None:
                one = left.pop(guilty)
                outcomes[one.place] = NotWritten(one.change, _why(failure), failure.code)
            elif failure.word == _STALE and stale < MOST_STALE:
                stale += 1
            else:
                _give_up(left, _why(failure), outcomes)
                return

    def _sent(
        self, made: VersionedTransaction, left: list[_Waiting], outcomes: dict[int, Outcome]
    ) -> Failure | None:
        """Why *made* failed after all, in which case nothing of it is written.

        Raises:
            Away, Declined: all of it is unsure.
        """
        signature = str(made.signatures[0])
        try:
            landing = self._landed(bytes(made), signature)
        except (Away, Declined) as problem:
            # It may have been handed in, by an attempt that was not answered.
            for one in left:
                outcomes[one.place] = Unsure(one.change, signature, _reason(problem))
            raise
        if landing is None:
            for one in left:
                outcomes[one.place] = Unsure(one.change, signature, _UNSEEN)
            return None
        if landing.failure is None:
            for one in left:
                outcomes[one.place] = Written(one.change, signature)
        return landing.failure

    def _landed(self, made: bytes, signature: str) -> Landing | None:
        landing = None
        for _ in range(self._patience.asked):
            if landing is None:
                # Nodes drop transactions; one that is sent twice is still the same one.
                self._rpc.send(made)
            self._rpc.wait(self._patience.every)
            (landing,) = self._rpc.landings([signature])
            if landing is not None and landing.is_confirmed:
                return landing
        return None


def _guilty(failure: Failure, *, of: int) -> int | None:
    """Which of our *of* instructions it was, from zero."""
    if failure.instruction is None or not AHEAD <= failure.instruction < AHEAD + of:
        return None
    return failure.instruction - AHEAD


def _give_up(
    left: Sequence[_Waiting], reason: str, outcomes: dict[int, Outcome], *, away: bool = False
) -> None:
    for one in left:
        outcomes.setdefault(one.place, NotWritten(one.change, reason, away=away))


def _why(failure: Failure) -> str:
    if failure.code is None:
        return f"the ledger refuses it: {failure.word}"
    name = ERRORS.get(failure.code)
    if name is None:
        return f"the program refuses it with code {failure.code}"
    return f"the program refuses it: {name} ({failure.code})"


def _reason(problem: Away | Declined) -> str:
    return problem.reason if isinstance(problem, Away) else str(problem)
