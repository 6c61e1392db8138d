"""JSON-RPC with a node of the ledger: what is asked, what is answered, and when it is asked again
(Provisioning: the doublezero ledger).

Everything asked here may be asked twice: reading changes nothing, and a transaction that is sent
again is the same one.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

import msgspec

from tocsin.core.asking import JSON, NoAnswer, OpenAsking
from tocsin.core.pubkeys import NotAPubkey, encode, parse_pubkey

MOST_ACCOUNTS: Final = 100
"""Accounts that a node gives at once by their addresses."""

COMMITMENT: Final = "confirmed"
LONGEST_PAUSE: Final = 10.0
"""Seconds between two attempts, whatever the other side wishes."""

_OVERLOADED: Final = frozenset({-32005, -32004, 429})
"""Codes of a node that is behind, has not got there yet, or asks for patience."""

_CUSTOM: Final = "Custom"

Wait = Callable[[float], None]
Piece = tuple[int, int]
"""Bytes of an account: how many are before it, and how many it has at most."""

Result = TypeVar("Result")


class Away(Exception):
    """The ledger does not answer, or not as a ledger does; ``reason`` is a sentence for the
    operator that holds no address and nothing of the other side's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Declined(Exception):
    """The node answers that it will not; ``code`` is JSON-RPC's number, ``failure`` what went wrong
    in the transaction that was sent, if that was it."""

    def __init__(self, code: int, failure: Failure | None) -> None:
        super().__init__(f"the node declines with code {code}")
        self.code = code
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transaction fails: ``instruction`` is the number of the guilty one within it, from
    zero, ``code`` the program's own; either may not be said. ``word`` is the chain's name for it.
    """

    word: str
    instruction: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """What became of a transaction: confirmed or not yet, failed or not."""

    is_confirmed: bool
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a node is asked. ``url`` may hold a key in its path; ``seconds`` are for one attempt,
    ``first_pause`` is before the second and doubles; ``largest`` is bytes of an answer."""

    url: str = field(repr=False)
    seconds: float = 30.0
    attempts: int = 4
    first_pause: float = 0.5
    largest: int = 64 * 1024 * 1024


class Rpc:
    """Asks one node. ``opening`` makes what it is asked with, ``wait`` passes the seconds between
    attempts.

    Raises:
        ValueError: the address of the settings is none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        opening: OpenAsking,
        wait: Wait = time.sleep,
    ) -> None:
        self._settings = settings
        self._asking = opening(
            settings.url,
            content=JSON,
            headers={},
            seconds=settings.seconds,
            largest=settings.largest,
        )
        self._wait = wait

    @property
    def wait(self) -> Wait:
        """How seconds are passed here."""
        return self._wait

    def program_accounts(
        self,
        program: str,
        *,
        account_type: int | None = None,
        holding: Mapping[int, bytes] | None = None,
        piece: Piece | None = None,
    ) -> tuple[tuple[str, bytes], ...]:
        """All accounts of *program* by pubkey and bytes, or those whose first byte is
        *account_type* and that are *holding* these bytes at those places; of each the *piece*.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not give them.
        """
        options = _options(piece)
        wanted = dict(holding or {})
        if account_type is not None:
            wanted[0] = bytes([account_type])
        if wanted:
            options["filters"] = [
                {"memcmp": {"offset": offset, "bytes": encode(held), "encoding": "base58"}}
                for offset, held in wanted.items()
            ]
        found = self._ask("getProgramAccounts", [program, options], list[_Keyed])
        if any(one.account.owner != program for one in found):
            raise Away("it answers with accounts of another program")
        held = {_pubkey(one.pubkey): _bytes_of(one.account) for one in found}
        return tuple(held.items())

    def accounts(
        self, pubkeys: Sequence[str], *, piece: Piece | None = None
    ) -> dict[str, tuple[str, bytes]]:
        """Those of *pubkeys* that there are: owner and bytes of each, or that *piece* of them.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not give them.
        """
        held: dict[str, tuple[str, bytes]] = {}
        for asked in _hundreds(pubkeys):
            answer = self._ask("getMultipleAccounts", [asked, _options(piece)], _Accounts)
            if len(answer.value) != len(asked):
                raise Away("it answers with another number of accounts than it was asked for")
            for pubkey, account in zip(asked, answer.value, strict=True):
                if account is not None:
                    held[pubkey] = (account.owner, _bytes_of(account))
        return held

    def epoch(self) -> int:
        """The epoch that the ledger is in.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not say.
        """
        return self._ask("getEpochInfo", [{"commitment": COMMITMENT}], _Epoch).epoch

    def latest_blockhash(self) -> str:
        """What a transaction is made fresh with.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not give one.
        """
        answer = self._ask("getLatestBlockhash", [{"commitment": COMMITMENT}], _Blockhash)
        return answer.value.blockhash

    def simulate(self, transaction: bytes) -> Failure | None:
        """Why *transaction* would fail; ``None`` when it would not.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not try it.
        """
        options = {"encoding": "base64", "commitment": COMMITMENT, "sigVerify": True}
        answer = self._ask("simulateTransaction", [_text(transaction), options], _Simulation)
        return _failure(answer.value.err)

    def send(self, transaction: bytes) -> str:
        """Hand *transaction* in; its signature. Whether it lands is another question.

        Raises:
            Away: there is no answer to work with; it may have been handed in all the same.
            Declined: the node does not take it.
        """
        # It has been tried by itself just before, and found good.
        options = {"encoding": "base64", "skipPreflight": True}
        return self._ask("sendTransaction", [_text(transaction), options], str)

    def landings(self, signatures: Sequence[str]) -> tuple[Landing | None, ...]:
        """What became of each of *signatures*; ``None`` for one that the node has not seen.

        Raises:
            Away: there is no answer to work with.
            Declined: the node does not say.
        """
        answer = self._ask("getSignatureStatuses", [list(signatures)], _Statuses)
        if len(answer.value) != len(signatures):
            raise Away("it answers with another number of statuses than it was asked for")
        return tuple(
            None
            if status is None
            else Landing(
                is_confirmed=status.confirmationStatus in ("confirmed", "finalized"),
                failure=_failure(status.err),
            )
            for status in answer.value
        )

    def _ask(self, method: str, parameters: list[Any], wanted: type[Result]) -> Result:
        body = msgspec.json.encode(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        )
        pause, attempt = self._settings.first_pause, 1
        while True:
            is_last = attempt >= self._settings.attempts
            try:
                return _result(self._asking.answer(body), wanted)
            except NoAnswer as missing:
                if is_last or not missing.may_pass:
                    raise Away(missing.reason) from None
                wished = missing.pause
            except Declined as declined:
                if is_last or declined.code not in _OVERLOADED:
                    raise
                wished = None
            self._wait(min(max(pause, wished or 0.0), LONGEST_PAUSE))
            pause, attempt = pause * 2, attempt + 1


# -- what is answered -----------------------------------------------------------------------------


class _Error(msgspec.Struct):
    code: int
    data: Any = None


class _Envelope(msgspec.Struct):
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _Error | None = None


class _Account(msgspec.Struct):
    owner: str
    data: tuple[str, str]


class _Keyed(msgspec.Struct):
    pubkey: str
    account: _Account


class _Accounts(msgspec.Struct):
    value: list[_Account | None]


class _Epoch(msgspec.Struct):
    epoch: Annotated[int, msgspec.Meta(ge=0)]


class _Hash(msgspec.Struct):
    blockhash: str


class _Blockhash(msgspec.Struct):
    value: _Hash


class _Err(msgspec.Struct):
    err: Any = None


class _Simulation(msgspec.Struct):
    value: _Err


class _Status(msgspec.Struct):
    err: Any = None
    confirmationStatus: str | None = None  # noqa: N815  (as the node calls it)


class _Statuses(msgspec.Struct):
    value: list[_Status | None]


def _result(data: bytes, wanted: type[Result]) -> Result:
    """What *data* answers.

    Raises:
        Declined: an error.
        Away: nothing of that shape.
    """
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        if envelope.error is not None:
            raise Declined(envelope.error.code, _failure_in(envelope.error.data))
        if envelope.result is msgspec.UNSET:
            raise Away("what answers is not a ledger")
        return msgspec.json.decode(envelope.result, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Away("what answers is not a ledger") from None


def _pubkey(text: str) -> str:
    try:
        return parse_pubkey(text)
    except NotAPubkey:
        raise Away("it answers with an address that is none") from None


def _bytes_of(account: _Account) -> bytes:
    text, encoding = account.data
    if encoding != "base64":
        raise Away("it answers in another encoding than it was asked for")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Away("it answers with an account that is not base64") from None


def _options(piece: Piece | None) -> dict[str, Any]:
    options: dict[str, Any] = {"encoding": "base64", "commitment": COMMITMENT}
    if piece is not None:
        options["dataSlice"] = {"offset": piece[0], "length": piece[1]}
    return options


def _text(transaction: bytes) -> str:
    return base64.b64encode(transaction).decode()


def _hundreds(pubkeys: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(pubkeys), MOST_ACCOUNTS):
        yield list(pubkeys[at : at + MOST_ACCOUNTS])


def _failure_in(data: Any) -> Failure | None:
    """The failure of a transaction that stands in the *data* of an error."""
    return _failure(data.get("err")) if isinstance(data, dict) else None


def _failure(err: Any) -> Failure | None:
    """*err* as nodes write it: a word, or ``{"InstructionError": [number, word or {word: …}]}``."""
    match err:
        case None:
            return None
        case str():
            return Failure(_short(err))
        case {"InstructionError": [int(number), detail]}:
            match detail:
                case {"Custom": int(code)}:
                    return Failure(_CUSTOM, instruction=number, code=code)
                case str():
                    return Failure(_short(detail), instruction=number)
                case {**inner} if inner:
                    return Failure(_short(str(next(iter(inner)))), instruction=number)
                case _:
                    return Failure("InstructionError", instruction=number)
        case {**inner} if inner:
            return Failure(_short(str(next(iter(inner)))))
        case _:
            return Failure("unknown")


def _short(word: str) -> str:
    """A word of the chain's, and nothing else that a node might put there."""
    return word if word.isidentifier() and len(word) <= 64 else "unknown"
