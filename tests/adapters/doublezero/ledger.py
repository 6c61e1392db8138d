"""A node of the ledger, on this machine: it answers JSON-RPC over HTTP, holds accounts, checks what
it is handed in, and runs it."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

import base58
from solders.keypair import Keypair
from solders.message import Message
from solders.transaction import VersionedTransaction

from tests.adapters.doublezero.encoding import encoded
from tests.adapters.doublezero.program import Accounts, Call, Listed, Wrong
from tests.adapters.doublezero.town import ACME, BETA, STATE, TOWN
from tests.adapters.webhook.listening import Heard, Receiver, receiving, status
from tocsin.adapters.asking.post import Post
from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.accounts import Account
from tocsin.adapters.doublezero.rpc import Rpc, Settings
from tocsin.core.pubkeys import encode

PROGRAM = encode(bytes([9] * 32))
COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111"
ORACLE = Keypair.from_seed(bytes([1] * 32))
"""Who sets health, and owns both contributors."""

STRANGER = Keypair.from_seed(bytes([2] * 32))
TRUSTING = ssl.create_default_context()
GLOBAL_STATE = replace(
    STATE, pubkey=str(addresses.globalstate(PROGRAM)), health_oracle=str(ORACLE.pubkey())
)

Trouble = Callable[[Receiver, socket.socket, Heard], bool] | bytes


@dataclass
class Ledger:
    """``troubles`` are answered first, one for each time that their method is asked; ``lag`` is how
    often a status is asked for before a transaction is confirmed, ``dropped`` how many that are
    handed in get lost."""

    accounts: Accounts
    raw: dict[str, bytes] = field(default_factory=dict)
    permissions: set[str] = field(default_factory=set)
    funded: set[str] = field(default_factory=lambda: {str(ORACLE.pubkey())})
    refusing: dict[str, int] = field(default_factory=dict)
    refusing_late: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    lag: int = 0
    dropped: int = 0
    stale: int = 0
    epoch: int = 0
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    landed: dict[str, Any] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    url: str = ""
    _hashes: list[str] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        """What was asked for, in order."""
        return [method for method, _ in self.asked]

    def rpc(self, **settings: Any) -> Rpc:
        """One that asks here and does not really wait."""
        return Rpc(
            Settings(url=self.url, **settings),
            wait=self.waits.append,
            opening=partial(Post, tls=TRUSTING),
        )

    # -- answering --------------------------------------------------------------------------------

    def answer(self, receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        said = json.loads(heard.body)
        method, params = said["method"], said["params"]
        self.asked.append((method, params))
        self.lines.append(heard.line)
        waiting = self.troubles.get(method)
        if waiting:
            trouble = waiting.pop(0)
            if isinstance(trouble, bytes):
                connection.sendall(trouble)
                return False
            return trouble(receiver, connection, heard)
        answered = {
            "getProgramAccounts": self._program_accounts,
            "getMultipleAccounts": self._multiple_accounts,
            "getEpochInfo": self._epoch_info,
            "getLatestBlockhash": self._latest_blockhash,
            "simulateTransaction": self._simulate,
            "sendTransaction": self._send,
            "getSignatureStatuses": self._statuses,
        }[method](params)
        connection.sendall(answering({"jsonrpc": "2.0", "id": said["id"], "result": answered}))
        return False

    def _bytes(self) -> dict[str, bytes]:
        held = {pubkey: encoded(account) for pubkey, account in self.accounts.items()}
        return held | self.raw | dict.fromkeys(self.permissions, b"\x0f")

    def _program_accounts(self, params: list[Any]) -> Any:
        program, options = params
        wanted = [
            (one["memcmp"]["offset"], base58.b58decode(one["memcmp"]["bytes"]))
            for one in options.get("filters", [])
        ]
        return [
            {"pubkey": pubkey, "account": _account(_piece(data, options))}
            for pubkey, data in self._bytes().items()
            if program == PROGRAM
            and all(data[at : at + len(piece)] == piece for at, piece in wanted)
        ]

    def _multiple_accounts(self, params: list[Any]) -> Any:
        pubkeys, options = params
        assert len(pubkeys) <= 100
        held = self._bytes()
        return {
            "context": {"slot": 1},
            "value": [
                _account(_piece(held[one], options)) if one in held else None for one in pubkeys
            ],
        }

    def _epoch_info(self, params: list[Any]) -> Any:
        assert params == [{"commitment": "confirmed"}]
        return {"absoluteSlot": 1, "epoch": self.epoch, "slotIndex": 1, "slotsInEpoch": 432_000}

    def _latest_blockhash(self, params: list[Any]) -> Any:
        fresh = encode(sha256(str(len(self._hashes)).encode()).digest())
        self._hashes.append(fresh)
        if self.stale:
            self.stale -= 1
            fresh = encode(sha256(b"of another fork").digest())
        return {
            "context": {"slot": 1},
            "value": {"blockhash": fresh, "lastValidBlockHeight": 150},
        }

    def _simulate(self, params: list[Any]) -> Any:
        data, options = params
        assert options == {"encoding": "base64", "commitment": "confirmed", "sigVerify": True}
        _, err = self._executed(base64.b64decode(data), self.refusing)
        return {"context": {"slot": 1}, "value": {"err": err, "logs": []}}

    def _send(self, params: list[Any]) -> Any:
        text, options = params
        assert options == {"encoding": "base64", "skipPreflight": True}
        data = base64.b64decode(text)
        signature = str(VersionedTransaction.from_bytes(data).signatures[0])
        if self.dropped:
            self.dropped -= 1
        elif signature not in self.landed:
            accounts, err = self._executed(data, self.refusing | self.refusing_late)
            self.landed[signature] = err
            if err is None:
                self.accounts = accounts
                self.batches.append(_count(data))
        return signature

    def _statuses(self, params: list[Any]) -> Any:
        def told(signature: str) -> Any:
            if signature not in self.landed:
                return None
            is_early = self.lag > 0
            self.lag -= is_early
            return {
                "slot": 1,
                "confirmations": 0,
                "err": self.landed[signature],
                "confirmationStatus": "processed" if is_early else "confirmed",
            }

        return {"context": {"slot": 1}, "value": [told(signature) for signature in params[0]]}

    # -- running ----------------------------------------------------------------------------------

    def _executed(self, data: bytes, refusing: dict[str, int]) -> tuple[Accounts, Any]:
        """The accounts after that transaction, and what is wrong with it."""
        assert len(data) <= 1232
        made = VersionedTransaction.from_bytes(data)
        message = made.message
        assert isinstance(message, Message)
        keys = [str(one) for one in message.account_keys]
        if not all(made.verify_with_results()):
            return self.accounts, "SignatureFailure"
        if str(message.recent_blockhash) not in self._hashes:
            return self.accounts, "BlockhashNotFound"
        if keys[0] not in self.funded:
            return self.accounts, "AccountNotFound"
        header, count = message.header, len(keys)
        signing = header.num_required_signatures
        written = {
            *range(signing - header.num_readonly_signed_accounts),
            *range(signing, count - header.num_readonly_unsigned_accounts),
        }
        after = dict(self.accounts)
        for number, one in enumerate(message.instructions):
            listed = [
                Listed(keys[at], is_signer=at < signing, is_writable=at in written)
                for at in one.accounts
            ]
            try:
                self._run(
                    number, keys[one.program_id_index], bytes(one.data), listed, after, refusing
                )
            except Wrong as wrong:
                return self.accounts, {"InstructionError": [number, wrong.detail]}
        assert len(message.instructions) <= 2 + 8
        return after, None

    def _run(
        self,
        number: int,
        program: str,
        data: bytes,
        listed: Sequence[Listed],
        after: Accounts,
        refusing: dict[str, int],
    ) -> None:
        if program == COMPUTE_BUDGET:
            expected = (b"\2" + (1_400_000).to_bytes(4, "little"), b"\1\0\0\4\0")
            if number >= len(expected) or data != expected[number]:
                raise Wrong("InvalidInstructionData")
            return
        if program != PROGRAM or number < 2:
            raise Wrong("IncorrectProgramId")
        if listed[0].pubkey in refusing:
            raise Wrong({"Custom": refusing[listed[0].pubkey]})
        Call(data, listed, after, GLOBAL_STATE, frozenset(self.permissions)).run()


def answering(body: Any) -> bytes:
    """The bytes of an answer that says *body*."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status("200 OK", "Content-Type: application/json", body=said)


def declining(code: int, data: Any = None) -> bytes:
    """The bytes of an answer that declines."""
    error = {"code": code, "message": "secret-words-of-the-node", "data": data}
    return answering({"jsonrpc": "2.0", "id": 1, "error": error})


def _account(data: bytes) -> dict[str, Any]:
    return {
        "data": [base64.b64encode(data).decode(), "base64"],
        "executable": False,
        "lamports": 1,
        "owner": PROGRAM,
        "rentEpoch": 0,
        "space": len(data),
    }


def _piece(data: bytes, options: dict[str, Any]) -> bytes:
    if "dataSlice" not in options:
        return data
    offset, length = options["dataSlice"]["offset"], options["dataSlice"]["length"]
    return data[offset : offset + length]


def _count(data: bytes) -> int:
    return len(VersionedTransaction.from_bytes(data).message.instructions) - 2


def townsfolk() -> dict[str, Account]:
    """The town, both of whose contributors belong to the oracle."""
    owner = str(ORACLE.pubkey())
    held = {account.pubkey: account for account in TOWN if account is not STATE}
    return held | {
        GLOBAL_STATE.pubkey: GLOBAL_STATE,
        ACME.pubkey: replace(ACME, owner=owner),
        BETA.pubkey: replace(BETA, owner=owner),
    }


@contextmanager
def ledger(accounts: dict[str, Account] | None = None) -> Iterator[Ledger]:
    """A node that holds the town, or *accounts*, until the block ends."""
    node = Ledger(townsfolk() if accounts is None else accounts)
    with receiving(node.answer) as receiver:
        node.url = receiver.url
        yield node
