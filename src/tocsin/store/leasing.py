"""Who does which duty (Design: beyond one machine): leases in the database, renewed together.

A duty has one owner at a time. Its token rises with each grant, and whoever writes for a duty says
under which token: one who was paused and has lost it changes nothing (fencing).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import ceil
from typing import Final, Protocol

from tocsin.store.contract import Store
from tocsin.store.outgoing import Holding

LEASE_SECONDS: Final = 10.0
"""How long a duty stays with an owner that is not heard of."""

RENEW_SECONDS: Final = 2.0
SLOTS: Final = 16
"""How many processes share the duties at most; more of them stand by."""


def unshared() -> Holding | None:
    """What to write under where a duty is shared with nobody."""
    return Holding(owner="")


class Leases(Protocol):
    """The duties of this process."""

    def tend(self) -> float:
        """Renew what is held, take what is free, up to a fair share; seconds until the next.

        Raises:
            StorageFailed: the database is away; what is held runs out by itself.
        """
        ...

    def mine(self) -> frozenset[str]:
        """The duties that are held now."""
        ...

    def unwanted(self) -> frozenset[str]:
        """Those held beyond a fair share: finish what is begun, then :meth:`give_back`."""
        ...

    def holding(self, duties: Collection[str], *, seconds: float = 0.0) -> Holding | None:
        """What to write under; None unless all of *duties* are held for *seconds* more."""
        ...

    def give_back(self, duties: Collection[str]) -> None:
        """Let others take these at once."""
        ...


class Alone:
    """For the one process of a database: every duty is its own, and nobody is asked."""

    def __init__(self, duties: Collection[str]) -> None:
        self._duties = frozenset(duties)

    def tend(self) -> float:
        """Nothing to renew."""
        return LEASE_SECONDS

    def mine(self) -> frozenset[str]:
        """All of them."""
        return self._duties

    def unwanted(self) -> frozenset[str]:
        """None is."""
        return frozenset()

    def holding(self, duties: Collection[str], *, seconds: float = 0.0) -> Holding | None:
        """Always; a holding of no lease is held."""
        return Holding(owner="")

    def give_back(self, duties: Collection[str]) -> None:
        """Nobody waits for them."""


class Shared:
    """Duties shared with other processes over the leases of a store.

    ``owner`` names this process and no other, ever. ``timer`` counts seconds. Each process also
    takes one of a few slots, which tells the others that it is there, so that each takes its
    share.
    """

    def __init__(
        self, *, store: Store, owner: str, duties: Sequence[str], timer: Callable[[], float]
    ) -> None:
        self._store = store
        self._owner = owner
        self._duties = tuple(duties)
        self._timer = timer
        self._tokens: dict[str, int] = {}
        self._slot: str | None = None
        self._until = 0.0
        self._renewed_at = -RENEW_SECONDS
        self._unwanted: frozenset[str] = frozenset()

    def tend(self) -> float:
        """Renew what is held, take what is free, up to a fair share; seconds until the next."""
        asked_at = self._timer()
        waited = asked_at - self._renewed_at
        if waited < RENEW_SECONDS:
            return RENEW_SECONDS - waited
        with self._store.tending() as turn:
            owners = turn.lease_owners()
            self._slot = self._present(owners)
            wanted: list[str] = []
            if self._slot is not None:
                present = sum(name in owners or name == self._slot for name in _slots())
                share = ceil(len(self._duties) / max(present, 1))
                others = {name for name, (owner, _) in owners.items() if owner != self._owner}
                held = [one for one in self._duties if one in self._tokens and one not in others]
                free = [one for one in self._duties if one not in held and one not in others]
                wanted = [self._slot, *held, *free[: max(share - len(held), 0)]]
                self._unwanted = frozenset(held[share:])
            taken = turn.take_leases(wanted, owner=self._owner, seconds=LEASE_SECONDS)
            turn.commit()
        # Counted from before the database was asked: ours runs out first.
        self._until = asked_at + LEASE_SECONDS
        self._renewed_at = asked_at
        self._tokens = {name: token for name, token in taken.items() if name in self._duties}
        return RENEW_SECONDS

    def _present(self, owners: Mapping[str, tuple[str, float]]) -> str | None:
        for slot in _slots():
            if owners.get(slot, ("", 0.0))[0] == self._owner:
                return slot
        return next((slot for slot in _slots() if slot not in owners), None)

    def mine(self) -> frozenset[str]:
        """The duties that are held now."""
        return frozenset(self._tokens) if self._timer() < self._until else frozenset()

    def unwanted(self) -> frozenset[str]:
        """Those held beyond a fair share."""
        return self._unwanted & self.mine()

    def holding(self, duties: Collection[str], *, seconds: float = 0.0) -> Holding | None:
        """What to write under; None unless all of *duties* are held for *seconds* more."""
        if self._timer() + seconds >= self._until:
            return None
        tokens = {name: self._tokens[name] for name in duties if name in self._tokens}
        return Holding(owner=self._owner, tokens=tokens) if len(tokens) == len(duties) else None

    def give_back(self, duties: Collection[str]) -> None:
        """Let others take these at once; at the end also the slot."""
        given = [name for name in duties if name in self._tokens]
        for name in given:
            del self._tokens[name]
        if not self._tokens and self._slot is not None:
            given.append(self._slot)
        with self._store.tending() as turn:
            turn.return_leases(given, owner=self._owner)
            turn.commit()


def _slots() -> Sequence[str]:
    return [f"process/{number}" for number in range(SLOTS)]
