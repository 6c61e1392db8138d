"""Changes are written together; the one that fails is told about, and the rest go on. Whatever is
not known to be written leaves things as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair

from tests.adapters.doublezero.ledger import (
    GLOBAL_STATE,
    ORACLE,
    PROGRAM,
    STRANGER,
    Ledger,
    answering,
    declining,
    ledger,
    townsfolk,
)
from tests.adapters.doublezero.town import ACME, BETA, DZ1, DZ2, LINK, pubkey
from tests.adapters.webhook.listening import status
from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.accounts import Account, Device, Link
from tocsin.adapters.doublezero.writing import Patience, Scribe
from tocsin.core.provisioning.ledger import (
    Change,
    Deletion,
    HealthChange,
    Kind,
    NotWritten,
    Outcome,
    StatusChange,
    Unsure,
    Written,
)

BROKEN = status("500 Internal Server Error")
BUSY = status("429 Too Many Requests")


def write(
    node: Ledger, *changes: Change, keypair: Keypair = ORACLE, **settings: Any
) -> tuple[Outcome, ...]:
    """Hand them in and wait for at most five statuses."""
    scribe = Scribe(
        node.rpc(**settings),
        program=PROGRAM,
        keypair=keypair,
        patience=Patience(asked=5, every=1.0),
    )
    return scribe.write(changes)


def healthy(link: str) -> HealthChange:
    return HealthChange(kind=Kind.LINK, pubkey=link, health="healthy")


def many(count: int) -> dict[str, Account]:
    """The town with that many links more."""
    more = (replace(LINK, pubkey=pubkey(100 + number)) for number in range(count))
    return townsfolk() | {link.pubkey: link for link in more}


def health_of(node: Ledger, target: str) -> int:
    held = node.accounts[target]
    assert isinstance(held, Device | Link)
    return held.health


def stands(node: Ledger, target: str) -> tuple[int, int]:
    """Status and desired status."""
    held = node.accounts[target]
    assert isinstance(held, Device | Link)
    return held.status, held.desired_status


def written(outcomes: Sequence[Outcome]) -> list[bool]:
    return [isinstance(outcome, Written) for outcome in outcomes]


# -- what is written ------------------------------------------------------------------------------


def test_health_and_status_are_written_in_one_transaction(node: Ledger) -> None:
    outcomes = write(
        node,
        healthy(LINK.pubkey),
        HealthChange(kind=Kind.DEVICE, pubkey=DZ1.pubkey, health="healthy"),
        StatusChange(
            kind=Kind.LINK,
            pubkey=LINK.pubkey,
            contributor=ACME.pubkey,
            status="activated",
            desired_status="activated",
        ),
        StatusChange(
            kind=Kind.DEVICE, pubkey=DZ1.pubkey, contributor=ACME.pubkey, status="activated"
        ),
    )

    assert written(outcomes) == [True] * 4
    assert len({one.signature for one in outcomes if isinstance(one, Written)}) == 1
    assert (health_of(node, LINK.pubkey), health_of(node, DZ1.pubkey)) == (2, 3)
    assert stands(node, LINK.pubkey) == (1, 1)
    assert stands(node, DZ1.pubkey) == (1, 6)
    assert node.batches == [4]


def test_nothing_to_write_asks_for_nothing(node: Ledger) -> None:
    assert write(node) == ()
    assert node.asked == []


def test_the_other_side_drains_with_its_own_contributor(node: Ledger) -> None:
    drain = StatusChange(
        kind=Kind.LINK,
        pubkey=LINK.pubkey,
        contributor=BETA.pubkey,
        status="soft_drained",
        desired_status="soft_drained",
        side_z=DZ2.pubkey,
    )

    assert written(write(node, drain)) == [True]
    assert stands(node, LINK.pubkey) == (7, 7)


def test_a_device_drains_in_the_one_way_that_the_chain_knows(node: Ledger) -> None:
    drain = StatusChange(
        kind=Kind.DEVICE,
        pubkey=DZ2.pubkey,
        contributor=BETA.pubkey,
        status="soft_drained",
        desired_status="soft_drained",
    )

    assert written(write(node, drain)) == [True]
    assert stands(node, DZ2.pubkey) == (5, 6)


def test_what_is_drained_is_deleted(node: Ledger) -> None:
    node.accounts[DZ2.pubkey] = replace(DZ2, status=5)
    gone = [
        Deletion(
            kind=Kind.LINK, pubkey=LINK.pubkey, contributor=ACME.pubkey, status="hard_drained"
        ),
        Deletion(
            kind=Kind.DEVICE, pubkey=DZ2.pubkey, contributor=BETA.pubkey, status="hard_drained"
        ),
    ]

    assert written(write(node, *gone)) == [True, True]
    assert (stands(node, LINK.pubkey)[0], stands(node, DZ2.pubkey)[0]) == (3, 3)


def test_twenty_go_eight_at_a_time() -> None:
    with ledger(many(20)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]

        outcomes = write(node, *map(healthy, links))

        assert written(outcomes) == [True] * 21
        assert [health_of(node, link) for link in links] == [2] * 21
        assert node.batches == [8, 8, 5]
        assert [outcome.change.pubkey for outcome in outcomes] == links


def test_whoever_has_a_permission_sets_health_with_it(node: Ledger) -> None:
    payer = str(STRANGER.pubkey())
    node.funded.add(payer)
    refused = write(node, healthy(LINK.pubkey), keypair=STRANGER)
    node.permissions.add(str(addresses.permission(PROGRAM, payer=payer)))

    allowed = write(node, healthy(LINK.pubkey), keypair=STRANGER)

    assert refused == (
        NotWritten(healthy(LINK.pubkey), "the program refuses it: NotAllowed (8)", 8),
    )
    assert written(allowed) == [True]


# -- one of eight ---------------------------------------------------------------------------------


def test_one_of_eight_fails_and_seven_are_written() -> None:
    with ledger(many(7)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]
        node.refusing[links[3]] = 67

        outcomes = write(node, *map(healthy, links))

        assert outcomes[3] == NotWritten(
            healthy(links[3]), "the program refuses it: Deprecated (67)", 67
        )
        assert written(outcomes) == [True, True, True, False, True, True, True, True]
        assert [health_of(node, link) for link in links] == [2, 2, 2, 1, 2, 2, 2, 2]
        assert node.batches == [7]


def test_one_that_fails_only_when_it_lands_is_taken_out_as_well() -> None:
    with ledger(many(7)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]
        node.refusing_late[links[5]] = 7

        outcomes = write(node, *map(healthy, links))

        assert outcomes[5] == NotWritten(
            healthy(links[5]), "the program refuses it: InvalidStatus (7)", 7
        )
        assert written(outcomes).count(True) == 7
        assert node.methods.count("sendTransaction") == 2
        assert list(node.landed.values()) == [{"InstructionError": [7, {"Custom": 7}]}, None]


@settings(deadline=None, max_examples=15)
@given(wrong=st.sets(st.integers(0, 9)), late=st.sets(st.integers(0, 9)))
def test_whichever_fail_the_others_are_written(wrong: set[int], late: set[int]) -> None:
    with ledger(many(9)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]
        node.refusing = {links[number]: 1000 for number in wrong}
        node.refusing_late = {links[number]: 1001 for number in late}

        outcomes = write(node, *map(healthy, links))

        bad = wrong | late
        assert written(outcomes) == [number not in bad for number in range(10)]
        assert [health_of(node, link) for link in links] == [
            1 if number in bad else 2 for number in range(10)
        ]
        assert [one.code for one in outcomes if isinstance(one, NotWritten)] == [
            1000 if number in wrong else 1001 for number in sorted(bad)
        ]


def test_what_cannot_be_said_is_not_sent_with_the_rest(node: Ledger) -> None:
    unsayable = StatusChange(
        kind=Kind.LINK,
        pubkey=LINK.pubkey,
        contributor=ACME.pubkey,
        desired_status="deleted",
    )

    outcomes = write(node, unsayable, healthy(LINK.pubkey))

    assert outcomes[0] == NotWritten(
        unsayable, "the chain has no number for the link desired status deleted"
    )
    assert written(outcomes) == [False, True]


@pytest.mark.parametrize(
    ("change", "held", "reason"),
    [
        (
            Deletion(
                kind=Kind.DEVICE,
                pubkey=DZ1.pubkey,
                contributor=ACME.pubkey,
                status="hard_drained",
            ),
            DZ1,
            "the program refuses it: DeviceHasInterfaces (70)",
        ),
        (
            Deletion(
                kind=Kind.DEVICE,
                pubkey=DZ2.pubkey,
                contributor=BETA.pubkey,
                status="hard_drained",
            ),
            replace(DZ2, reference_count=1),
            "the program refuses it: ReferenceCountNotZero (13)",
        ),
        (
            Deletion(
                kind=Kind.LINK,
                pubkey=LINK.pubkey,
                contributor=ACME.pubkey,
                status="hard_drained",
            ),
            replace(LINK, status=1),
            "the program refuses it: InvalidStatus (7)",
        ),
        (
            StatusChange(
                kind=Kind.LINK,
                pubkey=LINK.pubkey,
                contributor=BETA.pubkey,
                status="soft_drained",
            ),
            LINK,
            "the program refuses it: NotAllowed (8)",
        ),
        (
            HealthChange(kind=Kind.LINK, pubkey=pubkey(99), health="healthy"),
            LINK,
            "the ledger refuses it: InvalidAccountData",
        ),
    ],
)
def test_a_refusal_of_the_program_has_its_name(
    node: Ledger, change: Change, held: Account, reason: str
) -> None:
    node.accounts[held.pubkey] = held

    (outcome,) = write(node, change)

    assert isinstance(outcome, NotWritten)
    assert outcome.reason == reason
    assert node.accounts[held.pubkey] == held


# -- waiting --------------------------------------------------------------------------------------


def test_a_transaction_is_waited_for(node: Ledger) -> None:
    node.lag = 3

    assert written(write(node, healthy(LINK.pubkey))) == [True]
    assert node.waits == [1.0] * 4
    assert node.methods.count("sendTransaction") == 1


def test_one_that_gets_lost_is_sent_again_and_is_the_same(node: Ledger) -> None:
    node.dropped = 2

    assert written(write(node, healthy(LINK.pubkey))) == [True]
    sent = [params[0] for method, params in node.asked if method == "sendTransaction"]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert node.batches == [1]


def test_one_that_is_never_seen_is_unsure(node: Ledger) -> None:
    node.dropped = 99

    (outcome,) = write(node, healthy(LINK.pubkey))

    assert isinstance(outcome, Unsure)
    assert outcome.reason == "it was handed in and has not been confirmed since"
    assert health_of(node, LINK.pubkey) == 1


def test_one_that_is_not_fresh_is_made_anew(node: Ledger) -> None:
    node.stale = 2

    assert written(write(node, healthy(LINK.pubkey))) == [True]
    assert node.methods.count("getLatestBlockhash") == 3


def test_one_that_never_is_fresh_is_given_up(node: Ledger) -> None:
    node.stale = 99

    assert write(node, healthy(LINK.pubkey)) == (
        NotWritten(healthy(LINK.pubkey), "the ledger refuses it: BlockhashNotFound"),
    )
    assert node.methods.count("sendTransaction") == 0
    assert node.methods.count("getLatestBlockhash") == 4


def test_a_payer_without_money_writes_nothing(node: Ledger) -> None:
    assert write(node, healthy(LINK.pubkey), keypair=STRANGER) == (
        NotWritten(healthy(LINK.pubkey), "the ledger refuses it: AccountNotFound"),
    )


# -- a node in trouble ----------------------------------------------------------------------------

METHODS = ["getMultipleAccounts", "getLatestBlockhash", "simulateTransaction"]


@pytest.mark.parametrize("method", [*METHODS, "sendTransaction", "getSignatureStatuses"])
@pytest.mark.parametrize("trouble", [BUSY, BROKEN])
def test_trouble_that_passes_is_not_noticed(node: Ledger, method: str, trouble: bytes) -> None:
    node.troubles[method] = [trouble, trouble]

    assert written(write(node, healthy(LINK.pubkey))) == [True]
    assert node.batches == [1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("trouble", "reason", "away"),
    [
        (BROKEN, "it answers 500", True),
        (answering(b"<html>"), "what answers is not a ledger", True),
        (declining(-32601), "the node declines with code -32601", False),
    ],
)
def test_trouble_that_stays_leaves_everything_as_it_was(
    node: Ledger, method: str, trouble: bytes, reason: str, away: bool
) -> None:
    node.troubles[method] = [trouble] * 9
    before = dict(node.accounts)

    outcomes = write(node, healthy(LINK.pubkey))

    assert outcomes == (NotWritten(healthy(LINK.pubkey), reason, away=away),)
    assert node.accounts == before


@pytest.mark.parametrize("method", ["sendTransaction", "getSignatureStatuses"])
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(BROKEN, "it answers 500"), (declining(-32601), "the node declines with code -32601")],
)
def test_trouble_while_it_is_handed_in_leaves_us_unsure(
    node: Ledger, method: str, trouble: bytes, reason: str
) -> None:
    node.troubles[method] = [trouble] * 9

    (outcome,) = write(node, healthy(LINK.pubkey))

    assert isinstance(outcome, Unsure)
    assert outcome.reason == reason


def test_a_ledger_that_goes_away_is_not_asked_about_the_rest() -> None:
    with ledger(many(20)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]
        node.troubles["simulateTransaction"] = [BROKEN] * 99

        outcomes = write(node, *map(healthy, links), attempts=2)

        reasons = [one.reason for one in outcomes if isinstance(one, NotWritten)]
        assert reasons == ["it answers 500"] * 8 + ["not tried, since the ledger was away"] * 13
        assert all(one.away for one in outcomes if isinstance(one, NotWritten))
        assert node.methods.count("simulateTransaction") == 2


def test_a_node_that_declines_one_batch_is_asked_about_the_next() -> None:
    with ledger(many(15)) as node:
        links = [one for one in node.accounts if isinstance(node.accounts[one], Link)]
        node.troubles["simulateTransaction"] = [declining(-32000)]

        outcomes = write(node, *map(healthy, links))

        assert written(outcomes) == [False] * 8 + [True] * 8


@pytest.mark.parametrize(
    "err",
    [
        {"InstructionError": [0, "InvalidInstructionData"]},
        {"InstructionError": [99, {"Custom": 8}]},
        {"InstructionError": [-3, {"Custom": 8}]},
        {"InsufficientFundsForRent": {"account_index": 1}},
        "words of the node",
    ],
)
def test_a_failure_that_is_none_of_ours_fails_all(node: Ledger, err: Any) -> None:
    said = {"jsonrpc": "2.0", "id": 1, "result": {"value": {"err": err}}}
    node.troubles["simulateTransaction"] = [answering(said)]

    outcomes = write(node, healthy(LINK.pubkey), healthy(LINK.pubkey))

    assert [type(outcome) for outcome in outcomes] == [NotWritten, NotWritten]
    assert node.batches == []
    assert GLOBAL_STATE.pubkey in node.accounts
