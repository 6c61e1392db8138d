"""A network that a ledger keeps: a node of our own that holds its accounts, and what follows when
it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from solders.keypair import Keypair

from tests.adapters.doublezero import town as chain
from tests.adapters.doublezero.ledger import GLOBAL_STATE, ORACLE, PROGRAM
from tests.adapters.doublezero.ledger import Ledger as Node
from tests.adapters.doublezero.ledger import ledger as node_with
from tests.adapters.provisioning.town import AMS, FRA, SIDE_A, SIDE_Z, Town, sources
from tests.handler.acting import House, pubkey
from tocsin.adapters.doublezero.accounts import Account
from tocsin.adapters.doublezero.ledger import DoubleZero
from tocsin.adapters.doublezero.writing import Patience, Scribe
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Watch
from tocsin.adapters.provisioning.writing import Notes, What, Writing
from tocsin.core.provisioning.commands import FollowLedger
from tocsin.core.provisioning.ledger import Change, Ledger, Outcome
from tocsin.core.records import Device, Link
from tocsin.handler.submission import Submission

LINE = pubkey(21)
OWNER = str(ORACLE.pubkey())
_ALPHA = replace(chain.ACME, pubkey=pubkey(1), owner=OWNER, code="alpha")
_BETA = replace(chain.BETA, pubkey=pubkey(2), owner=OWNER, code="beta")
_DRAINED: dict[str, Any] = {"status": 5, "health": 0, "desired_status": 6}
_AMS = replace(
    chain.DZ1, pubkey=AMS, code="ams-1", contributor=_ALPHA.pubkey, interfaces=(), **_DRAINED
)
_FRA = replace(
    chain.DZ2, pubkey=FRA, code="fra-1", contributor=_BETA.pubkey, interfaces=(), **_DRAINED
)
_LINE = replace(
    chain.LINK,
    pubkey=LINE,
    code="line",
    contributor=_ALPHA.pubkey,
    link_type=1,
    side_a=AMS,
    side_z=FRA,
    side_a_interface=SIDE_A[1],
    side_z_interface=SIDE_Z[1],
    status=6,
    health=0,
    desired_status=6,
)
ACCOUNTS: tuple[Account, ...] = (GLOBAL_STATE, _ALPHA, _BETA, _AMS, _FRA, _LINE)


@contextmanager
def node(*more: Account) -> Iterator[Node]:
    """A node that holds the devices of the house, a link between them, and *more*."""
    with node_with({one.pubkey: one for one in (*ACCOUNTS, *more)}) as made:
        yield made


def another(number: int, code: str) -> Account:
    """A link like the other."""
    return replace(_LINE, pubkey=pubkey(number), code=code)


def held(node: Node, target: str) -> tuple[int, int, int]:
    """Health, status and desired status of it, as the ledger has them."""
    account = node.accounts[target]
    assert hasattr(account, "health")
    return account.health, account.status, account.desired_status  # type: ignore[union-attr]


@dataclass
class Keeping:
    """The duties of a house whose ledger is on *node*."""

    home: House
    node: Node
    town: Town = field(default_factory=Town)
    notes: Notes = field(default_factory=Notes)
    counted: list[tuple[str, str, str]] = field(default_factory=list)

    def ledger(self, keypair: Keypair | None = ORACLE, **settings: Any) -> DoubleZero:
        rpc = self.node.rpc(**settings)
        patience = Patience(asked=3, every=1.0)
        pen = (
            None
            if keypair is None
            else Scribe(rpc, program=PROGRAM, keypair=keypair, patience=patience)
        )
        return DoubleZero(rpc, program=PROGRAM, pen=pen)

    def writing(self, *whats: What, ledger: Ledger | None = None) -> Writing:
        kept = self.ledger() if ledger is None else ledger
        net = self.home.orgs["net"]
        return Writing(
            *whats,
            clock=self.home.clock,
            ledger_of=lambda org_id: kept if org_id == net else None,
            notes=self.notes,
            observe=lambda kind, what, result: self.counted.append((kind.value, what, result)),
        )

    def monitor(self, ledger: Ledger | None = None) -> Monitor:
        return Monitor(
            store=self.home.store,
            writer=self.home.writer,
            watch=Watch(sources(self.town)),
            clock=self.home.clock,
            writing=self.writing("health", ledger=ledger),
        )

    def activator(self, ledger: Ledger | None = None) -> Activator:
        return Activator(
            store=self.home.store,
            writer=self.home.writer,
            clock=self.home.clock,
            writing=self.writing("status", "deletion", ledger=ledger),
        )

    def explainer(self) -> Explainer:
        return Explainer(store=self.home.store, sources=sources(self.town), notes=self.notes)

    def follow(self) -> None:
        """Look at the ledger, and take over what it says of what is known here."""
        with self.home.store.reading() as turn:
            known: dict[str, Device | Link] = {
                head.state.pubkey: head.state
                for sort in ("device", "link")
                for head in turn.heads_of_sort(self.home.orgs["net"], sort)
                if isinstance(head.state, Device | Link)
            }
        seen = self.ledger().look(wishes={})
        for sort, facts in (("device", seen.devices), ("link", seen.links)):
            for one in facts:
                if one.pubkey not in known:
                    continue
                command = FollowLedger(
                    status=one.status,
                    health=one.health,
                    desired_status=one.desired_status,
                    version=known[one.pubkey].version,
                )
                self.home.writer.do(
                    Submission(
                        org_id=self.home.orgs["net"],
                        sort=sort,
                        subject=known[one.pubkey].code,
                        command=command,
                        via="ledger",
                    )
                )


class Crash(BaseException):
    """The process ends here."""


class Crashing:
    """A ledger that is written on just before the process ends."""

    def __init__(self, ledger: DoubleZero) -> None:
        self.look, self._ledger = ledger.look, ledger

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Write, and end."""
        self._ledger.write(changes)
        raise Crash
