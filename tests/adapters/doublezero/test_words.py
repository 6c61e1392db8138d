"""The program's numbers in our words, and back, without a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.adapters.doublezero import words
from tocsin.adapters.doublezero.words import (
    DESIRED,
    DEVICE_DESIRED,
    DEVICE_HEALTH,
    DEVICE_STATUS,
    HEALTH,
    LINK_DESIRED,
    LINK_HEALTH,
    LINK_STATUS,
    STATUS,
    NoNumber,
    Numbering,
)
from tocsin.core.provisioning.ledger import LastWish

EVERY = (*HEALTH.values(), *STATUS.values(), *DESIRED.values())
TABLES = (
    (LINK_HEALTH, "unknown 0, pending 1, healthy 2, impaired 3"),
    (DEVICE_HEALTH, "unknown 0, pending 1, pending 2, healthy 3, impaired 4"),
    (
        LINK_STATUS,
        (
            "pending 0, activated 1, deleting 3, rejected 4, requested 5, hard_drained 6, "
            "soft_drained 7, provisioning 8"
        ),
    ),
    (
        DEVICE_STATUS,
        (
            "pending 0, activated 1, deleting 3, rejected 4, hard_drained 5, provisioning 6, "
            "provisioning 7"
        ),
    ),
    (LINK_DESIRED, "hard_drained 0, activated 1, hard_drained 6, soft_drained 7"),
    (DEVICE_DESIRED, "hard_drained 0, activated 1, hard_drained 6"),
)


def test_every_number_has_its_word() -> None:
    for numbering, table in TABLES:
        for pair in table.split(", "):
            word, number = pair.split()
            assert numbering.word(int(number)) == word, numbering.field
        assert len(numbering.words) == len(table.split(", "))


@pytest.mark.parametrize("numbering", EVERY, ids=lambda one: one.field)
@given(number=st.integers(0, 255))
def test_any_other_number_is_unknown(numbering: Numbering, number: int) -> None:
    if number not in numbering.words:
        assert numbering.word(number) == "unknown"


@pytest.mark.parametrize("numbering", EVERY, ids=lambda one: one.field)
def test_a_word_that_is_written_is_read_again(numbering: Numbering) -> None:
    for word in numbering.numbers:
        if numbering.field.startswith("device") and word == "soft_drained":
            # The chain knows one way of draining a device: see the wishes.
            assert numbering.word(numbering.number(word)) == "hard_drained"
        else:
            assert numbering.word(numbering.number(word)) == word


@pytest.mark.parametrize(
    ("numbering", "word"),
    [
        (LINK_DESIRED, "deleted"),
        (DEVICE_DESIRED, "deleted"),
        (DEVICE_STATUS, "provisioning"),
        (DEVICE_STATUS, "requested"),
        (LINK_STATUS, "unknown"),
        (LINK_HEALTH, "Healthy"),
    ],
)
def test_a_word_without_a_number_of_its_own_is_not_written(numbering: Numbering, word: str) -> None:
    with pytest.raises(NoNumber) as missing:
        numbering.number(word)

    assert (missing.value.field, missing.value.word) == (numbering.field, word)


def test_desired_pending_is_never_written() -> None:
    assert 0 not in LINK_DESIRED.numbers.values()
    assert 0 not in DEVICE_DESIRED.numbers.values()


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        (None, "hard_drained"),
        ("hard_drained", "hard_drained"),
        ("soft_drained", "soft_drained"),
    ],
)
def test_a_drained_device_is_drained_as_was_wished_last(wish: LastWish | None, word: str) -> None:
    assert words.device_status(5, wish=wish) == word
    assert words.device_desired(6, wish=wish) == word
    assert words.device_status(1, wish=wish) == "activated"
    assert words.device_desired(1, wish=wish) == "activated"
    # Nobody wished for anything: that is not what we wished for.
    assert words.device_desired(0, wish=wish) == "hard_drained"


def test_words_that_are_only_read() -> None:
    assert [words.link_type(number) for number in (1, 127, 2)] == ["WAN", "DZX", "unknown"]
    assert [words.device_type(number) for number in range(4)] == [
        "hybrid",
        "transit",
        "edge",
        "unknown",
    ]
    assert [words.interface_kind(number) for number in range(3)] == [
        "unknown",
        "loopback",
        "physical",
    ]
    assert [words.loopback_type(number) for number in range(4)] == [
        "none",
        "vpnv4",
        "ipv4",
        "unknown",
    ]
    assert [words.interface_status(number) for number in range(8)] == [
        "invalid",
        "unmanaged",
        "pending",
        "activated",
        "deleting",
        "rejected",
        "unlinked",
        "unknown",
    ]
    assert words.contributor_status(3) == "deleting"
    assert words.place_status(2) == "suspended"
