"""A node is asked again when that may help, believed no further than it makes sense, and never
waited for without an end."""

from __future__ import annotations

import base64
import socket
import ssl
from functools import partial
from pathlib import Path

import pytest

from tests.adapters.asking.manners import dripping, dripping_head, flooding, hanging
from tests.adapters.doublezero.encoding import encoded
from tests.adapters.doublezero.ledger import (
    GLOBAL_STATE,
    PROGRAM,
    Ledger,
    answering,
    declining,
    townsfolk,
)
from tests.adapters.doublezero.town import DZ1, DZ2, LINK, pubkey
from tests.adapters.webhook.listening import Heard, Receiver, certificate, receiving, status
from tocsin.adapters.asking.post import Post
from tocsin.adapters.doublezero.rpc import Away, Declined, Failure, Landing, Rpc, Settings

BUSY = status("429 Too Many Requests", body=b"slow down")
BROKEN = status("500 Internal Server Error", body=b"oh no")
AWAY = status("503 Service Unavailable", "Retry-After: 7")
METHOD = "getProgramAccounts"


def closing(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Hang up without a word."""
    return False


# -- asking ---------------------------------------------------------------------------------------


def test_all_accounts_are_given_byte_for_byte(node: Ledger) -> None:
    found = node.rpc().program_accounts(PROGRAM)

    assert dict(found) == {one: encoded(account) for one, account in townsfolk().items()}


def test_accounts_of_one_type_are_given(node: Ledger) -> None:
    found = node.rpc().program_accounts(PROGRAM, account_type=5)

    assert {one for one, _ in found} == {DZ1.pubkey, DZ2.pubkey}


def test_accounts_are_given_by_their_addresses_a_hundred_at_a_time(node: Ledger) -> None:
    asked = [pubkey(number) for number in range(250)]

    found = node.rpc().accounts(asked)

    assert found.keys() == {one for one in townsfolk() if one != GLOBAL_STATE.pubkey}
    assert found[LINK.pubkey] == (PROGRAM, encoded(LINK))
    assert [len(params[0]) for _, params in node.asked] == [100, 100, 50]


def test_a_status_that_nobody_has_seen_is_none(node: Ledger) -> None:
    node.landed = {"good": None, "bad": {"InstructionError": [2, {"Custom": 8}]}}

    assert node.rpc().landings(["good", "bad", "lost"]) == (
        Landing(True, None),
        Landing(True, Failure("Custom", instruction=2, code=8)),
        None,
    )


# -- asking again ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [BUSY, BROKEN, declining(-32005), declining(-32004), declining(429), closing]
)
def test_what_may_pass_is_asked_again_after_a_while(node: Ledger, trouble: bytes) -> None:
    node.troubles[METHOD] = [trouble, trouble]

    found = node.rpc(first_pause=0.5).program_accounts(PROGRAM)

    assert len(found) == len(townsfolk())
    assert node.waits == [0.5, 1.0]


def test_the_other_side_may_wish_for_a_longer_while(node: Ledger) -> None:
    node.troubles[METHOD] = [AWAY, status("429 Too Many Requests", "Retry-After: 86400")]

    node.rpc().program_accounts(PROGRAM)

    assert node.waits == [7.0, 10.0]


@pytest.mark.parametrize(
    ("trouble", "reason"), [(BUSY, "it answers 429"), (BROKEN, "it answers 500")]
)
def test_it_is_not_asked_for_ever(node: Ledger, trouble: bytes, reason: str) -> None:
    node.troubles[METHOD] = [trouble] * 9

    with pytest.raises(Away) as away:
        node.rpc(attempts=3).program_accounts(PROGRAM)

    assert away.value.reason == reason
    assert len(node.asked) == 3


def test_a_node_that_hangs_is_left_and_asked_again(node: Ledger) -> None:
    node.troubles[METHOD] = [hanging, hanging]

    with pytest.raises(Away, match=r"^no answer within 0\.05 s$"):
        node.rpc(attempts=2, seconds=0.05).program_accounts(PROGRAM)

    assert len(node.waits) == 1


@pytest.mark.parametrize("trouble", [dripping, dripping_head])
def test_a_node_that_drips_is_left(node: Ledger, trouble: bytes) -> None:
    node.troubles[METHOD] = [trouble]

    with pytest.raises(Away, match="no answer within"):
        node.rpc(attempts=1, seconds=0.1).program_accounts(PROGRAM)


def test_nobody_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waits: list[float] = []

    with pytest.raises(Away, match="it cannot be reached: Connection refused"):
        Rpc(
            Settings(url=f"http://127.0.0.1:{port}/"), wait=waits.append, opening=Post
        ).latest_blockhash()

    assert waits == [0.5, 1.0, 2.0]


def test_a_name_that_leads_nowhere_is_away() -> None:
    waits: list[float] = []
    url = f"http://{'a' * 64}.example/"

    with pytest.raises(Away, match="it cannot be reached"):
        Rpc(Settings(url=url, attempts=1), wait=waits.append, opening=Post).latest_blockhash()


def test_a_name_is_followed_to_whatever_answers(node: Ledger) -> None:
    url = node.url.replace("127.0.0.1", "localhost")

    assert Rpc(Settings(url=url), wait=node.waits.append, opening=Post).latest_blockhash()
    assert node.waits == []


# -- over TLS -------------------------------------------------------------------------------------


def test_a_node_is_asked_over_tls_and_believed_by_its_certificate_alone(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    node = Ledger(townsfolk())
    waits: list[float] = []
    with receiving(node.answer, tls=shown.shown) as receiver:
        settings = Settings(url=f"https://127.0.0.1:{receiver.port}/")

        found = Rpc(
            settings, wait=waits.append, opening=partial(Post, tls=shown.trusted)
        ).program_accounts(PROGRAM)
        with pytest.raises(Away, match="its certificate is not accepted"):
            Rpc(settings, wait=waits.append, opening=Post).program_accounts(PROGRAM)

    assert len(found) == len(townsfolk())
    assert waits == []


def test_a_node_that_speaks_an_older_tls_is_not_asked(tmp_path: Path) -> None:
    old = certificate(tmp_path)
    shown, trusted = old.shown, old.trusted
    shown.maximum_version = ssl.TLSVersion.TLSv1_2
    trusted.minimum_version = ssl.TLSVersion.TLSv1_3
    node = Ledger(townsfolk())
    with receiving(node.answer, tls=shown) as receiver:
        settings = Settings(url=f"https://127.0.0.1:{receiver.port}/", attempts=1)

        with pytest.raises(Away, match="there is no TLS with it"):
            Rpc(settings, opening=partial(Post, tls=trusted)).latest_blockhash()

    assert node.asked == []


def test_an_account_that_is_given_twice_is_one(node: Ledger) -> None:
    one = {"pubkey": DZ1.pubkey, "account": {"owner": PROGRAM, "data": ["BQ==", "base64"]}}
    node.troubles[METHOD] = [answering({"jsonrpc": "2.0", "id": 1, "result": [one, one]})]

    assert node.rpc().program_accounts(PROGRAM) == ((DZ1.pubkey, b"\5"),)


# -- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>welcome</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"jsonrpc":"2.0","id":1,"result":null}',
        b'{"jsonrpc":"2.0","id":1,"result":{"value":[]}}',
        b'{"jsonrpc":"2.0","id":1,"result":[{"pubkey":1}]}',
        b'{"jsonrpc":"2.0","id":1,"error":"no"}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}',
    ],
)
def test_what_is_no_ledgers_answer_is_not_believed(node: Ledger, answer: bytes) -> None:
    node.troubles[METHOD] = [answering(answer)]

    with pytest.raises(Away, match="what answers is not a ledger"):
        node.rpc().program_accounts(PROGRAM)

    assert node.waits == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"pubkey": "short"}, "an address that is none"),
        ({"owner": "1" * 32}, "accounts of another program"),
        ({"data": ["AA==", "base58"]}, "another encoding"),
        ({"data": ["A?==", "base64"]}, "not base64"),
        ({"data": ["é", "base64"]}, "not base64"),
    ],
)
def test_an_account_that_is_none_is_not_believed(
    node: Ledger, said: dict[str, object], reason: str
) -> None:
    account = {"owner": PROGRAM, "data": [base64.b64encode(b"\5").decode(), "base64"]}
    one = {
        "pubkey": said.get("pubkey", DZ1.pubkey),
        "account": account | {name: said[name] for name in said if name != "pubkey"},
    }
    node.troubles[METHOD] = [answering({"jsonrpc": "2.0", "id": 1, "result": [one]})]

    with pytest.raises(Away, match=reason):
        node.rpc().program_accounts(PROGRAM)


def test_more_or_fewer_than_asked_for_is_not_believed(node: Ledger) -> None:
    none = answering({"jsonrpc": "2.0", "id": 1, "result": {"value": []}})
    node.troubles = {"getMultipleAccounts": [none], "getSignatureStatuses": [none]}

    with pytest.raises(Away, match="another number of accounts"):
        node.rpc().accounts([DZ1.pubkey])
    with pytest.raises(Away, match="another number of statuses"):
        node.rpc().landings(["one"])


@pytest.mark.parametrize("trouble", [flooding, answering(b" " * 200_000)])
def test_an_answer_beyond_measure_is_not_read(node: Ledger, trouble: bytes) -> None:
    node.troubles[METHOD] = [trouble]

    with pytest.raises(Away, match=r"its answer has more than 131,072 bytes"):
        node.rpc(largest=128 * 1024).program_accounts(PROGRAM)

    assert node.waits == []


def test_an_answer_that_breaks_off_is_asked_for_again(node: Ledger) -> None:
    whole = answering({"jsonrpc": "2.0", "id": 1, "result": []})
    node.troubles[METHOD] = [whole[:-3]]

    assert len(node.rpc().program_accounts(PROGRAM)) == len(townsfolk())
    assert len(node.waits) == 1


@pytest.mark.parametrize("line", ["302 Found", "401 Unauthorized", "404 Not Found"])
def test_what_will_not_pass_is_not_asked_again(node: Ledger, line: str) -> None:
    node.troubles[METHOD] = [status(line, "Location: http://127.0.0.1:1/")]

    with pytest.raises(Away, match=f"it answers {line[:3]}"):
        node.rpc().program_accounts(PROGRAM)

    assert node.waits == []


# -- declining ------------------------------------------------------------------------------------


def test_a_refusal_has_its_number_and_none_of_the_other_sides_words(node: Ledger) -> None:
    node.troubles[METHOD] = [declining(-32602)]

    with pytest.raises(Declined) as declined:
        node.rpc().program_accounts(PROGRAM)

    assert (declined.value.code, declined.value.failure) == (-32602, None)
    assert "secret" not in str(declined.value)


@pytest.mark.parametrize(
    ("err", "failure"),
    [
        (None, None),
        ("BlockhashNotFound", Failure("BlockhashNotFound")),
        ({"InstructionError": [3, {"Custom": 8}]}, Failure("Custom", 3, 8)),
        ({"InstructionError": [3, "InvalidAccountData"]}, Failure("InvalidAccountData", 3)),
        ({"InstructionError": [3, {"BorshIoError": "x"}]}, Failure("BorshIoError", 3)),
        ({"InstructionError": [3, 4]}, Failure("InstructionError", 3)),
        ({"InstructionError": "what"}, Failure("InstructionError")),
        ({"DuplicateInstruction": 2}, Failure("DuplicateInstruction")),
        ("some words of the node", Failure("unknown")),
        ({}, Failure("unknown")),
        (17, Failure("unknown")),
    ],
)
def test_a_failure_is_read_as_far_as_it_makes_sense(
    node: Ledger, err: object, failure: Failure | None
) -> None:
    said = {"jsonrpc": "2.0", "id": 1, "result": {"value": {"err": err}}}
    node.troubles["simulateTransaction"] = [answering(said)]

    assert node.rpc().simulate(b"transaction") == failure


def test_a_failure_in_an_error_is_kept(node: Ledger) -> None:
    node.troubles["sendTransaction"] = [
        declining(-32002, {"err": {"InstructionError": [2, {"Custom": 7}]}, "logs": []})
    ]

    with pytest.raises(Declined) as declined:
        node.rpc().send(b"transaction")

    assert declined.value.failure == Failure("Custom", 2, 7)


# -- addresses ------------------------------------------------------------------------------------


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="give an address"):
        Rpc(Settings(url="ledger"), opening=Post)


def test_the_key_in_an_address_is_sent_and_shown_to_nobody(node: Ledger) -> None:
    url = node.url.replace("/hooks", "/secret-key")
    settings = Settings(url=url)

    Rpc(settings, opening=Post).latest_blockhash()

    assert node.lines == ["POST /secret-key/noc?x=1 HTTP/1.1"]
    assert "secret-key" not in repr(settings)
