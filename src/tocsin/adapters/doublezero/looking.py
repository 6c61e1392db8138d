"""The ledger looked at once: all of it, or nothing (Provisioning: the doublezero ledger)."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.adapters.doublezero.accounts import GlobalState
from tocsin.adapters.doublezero.mirror import global_state_in, mirror
from tocsin.adapters.doublezero.rpc import Away, Declined, Rpc
from tocsin.core.provisioning.ledger import LastWish, Mirror


def looked_at(
    rpc: Rpc, *, program: str, wishes: Mapping[str, LastWish] | None = None
) -> tuple[Mirror, GlobalState]:
    """What the ledger of *program* says now, and who may write there; *wishes* as in
    :func:`.mirror.mirror`.

    Raises:
        Away: there is no answer to work with, or what answers knows nothing of *program*. All that
            was known before stays so.
    """
    try:
        accounts = rpc.program_accounts(program)
    except Declined as declined:
        raise Away(str(declined)) from None
    state = global_state_in(accounts)
    if state is None:
        # Every ledger of the program has one: without it, nothing here means that all is gone.
        raise Away("it knows no global state of the program; is that the program's address?")
    return mirror(accounts, wishes=wishes), state
