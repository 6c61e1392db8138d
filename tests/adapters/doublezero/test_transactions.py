"""Transactions are such as a validator takes: signed, fresh, small, paid for, and with each account
in its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from tests.adapters.doublezero.ledger import ORACLE, PROGRAM, STRANGER
from tests.adapters.doublezero.svm import REFUSING, UNTOUCHED, WRITTEN, Chain, chain
from tests.adapters.doublezero.town import pubkey
from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.instructions import (
    Caller,
    delete_device,
    delete_link,
    set_device_health,
    set_link_health,
    update_device,
    update_link,
)
from tocsin.adapters.doublezero.transactions import (
    LARGEST_TRANSACTION,
    MOST_INSTRUCTIONS,
    batches,
    transaction,
)
from tocsin.adapters.doublezero.writing import Patience, Scribe
from tocsin.core.provisioning.ledger import (
    Change,
    Deletion,
    HealthChange,
    Kind,
    NotWritten,
    StatusChange,
    Written,
)

CALLER = Caller(program=PROGRAM, payer=str(ORACLE.pubkey()))
TARGET, CONTRIBUTOR, SIDE_Z = pubkey(1), pubkey(2), pubkey(3)
EVERY = {
    "set_device_health": set_device_health(CALLER, device=TARGET, health=3),
    "set_link_health": set_link_health(CALLER, link=TARGET, health=2),
    "update_device": update_device(
        CALLER, device=TARGET, contributor=CONTRIBUTOR, status=1, desired_status=1
    ),
    "update_link": update_link(
        CALLER, link=TARGET, contributor=CONTRIBUTOR, status=1, desired_status=1
    ),
    "update_link as the other side": update_link(
        CALLER, link=TARGET, contributor=CONTRIBUTOR, side_z=SIDE_Z, desired_status=6
    ),
    "delete_device": delete_device(CALLER, device=TARGET, contributor=CONTRIBUTOR),
    "delete_link": delete_link(CALLER, link=TARGET, contributor=CONTRIBUTOR),
}


@pytest.fixture
def svm() -> Iterator[Chain]:
    with chain() as made:
        for held in (TARGET, CONTRIBUTOR, SIDE_Z):
            made.put(held, UNTOUCHED)
        yield made


def signed(chain: Chain, *instructions: Instruction, by: Keypair = ORACLE) -> VersionedTransaction:
    blockhash = str(chain.svm.latest_blockhash())
    return transaction(instructions, keypair=by, blockhash=blockhash)


def refusal(chain: Chain, made: VersionedTransaction) -> str:
    found = chain.svm.send_transaction(made)
    assert isinstance(found, FailedTransactionMetadata)
    return str(found.err())


# -- in a real SVM --------------------------------------------------------------------------------


@pytest.mark.parametrize("instruction", EVERY.values(), ids=EVERY)
def test_every_instruction_is_taken_and_writes_its_target(
    svm: Chain, instruction: Instruction
) -> None:
    balance = svm.svm.get_balance(ORACLE.pubkey())
    assert balance is not None

    found = svm.svm.send_transaction(signed(svm, instruction))

    assert isinstance(found, TransactionMetadata), found
    assert (svm.byte(TARGET), svm.byte(CONTRIBUTOR)) == (WRITTEN, UNTOUCHED)
    assert svm.svm.get_balance(ORACLE.pubkey()) == balance - 5000


def test_what_is_asked_for_to_be_used_up_is_granted(svm: Chain) -> None:
    found = svm.svm.send_transaction(signed(svm, EVERY["set_link_health"]))

    assert isinstance(found, TransactionMetadata)
    assert any("of 1399700 compute units" in line for line in found.logs()), found.logs()


def test_what_is_listed_to_be_read_cannot_be_written(svm: Chain) -> None:
    """The SVM that these tests believe does see what is wrong with a list."""
    right = EVERY["set_link_health"]
    wrong = Instruction(
        right.program_id,
        right.data,
        [AccountMeta(Pubkey.from_string(TARGET), False, False), *right.accounts[1:]],
    )

    assert "ReadonlyDataModified" in refusal(svm, signed(svm, wrong))


def test_one_that_is_not_fresh_is_not_taken(svm: Chain) -> None:
    made = transaction([EVERY["set_link_health"]], keypair=ORACLE, blockhash=str(Hash.new_unique()))

    assert "BlockhashNotFound" in refusal(svm, made)


def test_one_that_somebody_else_changed_is_not_taken(svm: Chain) -> None:
    honest = signed(svm, EVERY["set_link_health"])
    forged = VersionedTransaction.populate(
        signed(svm, EVERY["delete_link"]).message, honest.signatures
    )

    assert honest.verify_with_results() == [True]
    assert "SignatureFailure" in refusal(svm, forged)


def test_whoever_has_no_money_pays_for_nothing(svm: Chain) -> None:
    stranger = Caller(program=PROGRAM, payer=str(STRANGER.pubkey()))
    made = signed(svm, set_link_health(stranger, link=TARGET, health=2), by=STRANGER)

    assert "AccountNotFound" in refusal(svm, made)


def test_eight_are_written_together_but_for_the_one_that_fails(svm: Chain) -> None:
    links = [pubkey(number) for number in range(100, 109)]
    for link in links:
        svm.put(link, REFUSING if link == links[3] else UNTOUCHED)
    changes = [HealthChange(kind=Kind.LINK, pubkey=link, health="healthy") for link in links]
    scribe = Scribe(
        svm.rpc(), program=PROGRAM, keypair=ORACLE, patience=Patience(asked=3, every=1.0)
    )

    outcomes = scribe.write(changes)

    assert [svm.byte(link) for link in links] == [
        REFUSING if link == links[3] else WRITTEN for link in links
    ]
    assert [type(outcome) for outcome in outcomes].count(Written) == 8
    assert outcomes[3] == NotWritten(changes[3], "the program refuses it: NotAllowed (8)", 8)
    assert svm.fees == [5000, 5000]


def test_all_kinds_of_changes_go_through_together(svm: Chain) -> None:
    scribe = Scribe(svm.rpc(), program=PROGRAM, keypair=ORACLE)
    changes: list[Change] = [
        HealthChange(kind=Kind.DEVICE, pubkey=TARGET, health="impaired"),
        StatusChange(kind=Kind.LINK, pubkey=SIDE_Z, contributor=CONTRIBUTOR, status="activated"),
        Deletion(kind=Kind.LINK, pubkey=TARGET, contributor=CONTRIBUTOR, status="hard_drained"),
    ]

    outcomes = scribe.write(changes)

    assert [type(outcome) for outcome in outcomes] == [Written] * 3
    assert (svm.byte(TARGET), svm.byte(SIDE_Z)) == (WRITTEN, WRITTEN)


# -- batches --------------------------------------------------------------------------------------


def test_eight_at_a_time_in_their_order() -> None:
    many = [set_link_health(CALLER, link=pubkey(number), health=2) for number in range(20)]

    found = list(batches(many, payer=ORACLE.pubkey()))

    assert [len(batch) for batch in found] == [8, 8, 4]
    assert [one for batch in found for one in batch] == many
    assert list(batches([], payer=ORACLE.pubkey())) == []


def test_eight_of_the_largest_that_we_send_fit() -> None:
    large = [
        update_link(
            CALLER,
            link=pubkey(number),
            contributor=pubkey(100 + number),
            status=1,
            desired_status=1,
        )
        for number in range(MOST_INSTRUCTIONS)
    ]

    [batch] = batches(large, payer=ORACLE.pubkey())

    made = transaction(batch, keypair=ORACLE, blockhash=str(Hash.default()))
    assert len(bytes(made)) <= LARGEST_TRANSACTION


def test_fewer_go_together_where_eight_are_too_large() -> None:
    large = [
        update_link(
            CALLER,
            link=pubkey(number),
            contributor=pubkey(80 + number),
            side_z=pubkey(160 + number),
            desired_status=6,
        )
        for number in range(20)
    ]

    found = list(batches(large, payer=ORACLE.pubkey()))

    sizes = [
        len(bytes(transaction(batch, keypair=ORACLE, blockhash=str(Hash.default()))))
        for batch in found
    ]
    assert [one for batch in found for one in batch] == large
    assert max(sizes) <= LARGEST_TRANSACTION
    assert all(len(batch) < MOST_INSTRUCTIONS for batch in found)


# -- addresses ------------------------------------------------------------------------------------


def test_addresses_are_derived_from_the_program() -> None:
    def derived(*seeds: bytes) -> Pubkey:
        return Pubkey.find_program_address(list(seeds), Pubkey.from_string(PROGRAM))[0]

    seven = b"\7" + bytes(15)
    assert addresses.globalstate(PROGRAM) == derived(b"doublezero", b"globalstate")
    assert addresses.device(PROGRAM, index=7) == derived(b"doublezero", b"device", seven)
    assert addresses.link(PROGRAM, index=7) == derived(b"doublezero", b"link", seven)
    assert addresses.location(PROGRAM, index=7) == derived(b"doublezero", b"location", seven)
    assert addresses.exchange(PROGRAM, index=7) == derived(b"doublezero", b"exchange", seven)
    assert addresses.contributor(PROGRAM, index=7) == derived(b"doublezero", b"contributor", seven)
    assert addresses.permission(PROGRAM, payer=str(ORACLE.pubkey())) == derived(
        b"doublezero", b"permission", bytes(ORACLE.pubkey())
    )
