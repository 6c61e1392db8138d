"""Public keys: base58 of 32 bytes, one text for one key."""

from __future__ import annotations

import base58
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.pubkeys import (
    ALPHABET,
    LONGEST_TEXT,
    NotAPubkey,
    NotBase58,
    decode,
    encode,
    parse_pubkey,
)

LAW = settings(deadline=None, max_examples=300)
SYSTEM_PROGRAM = "1" * 32
TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"

leading_zeros = st.integers(0, 5).map(bytes)
some_bytes = st.builds(bytes.__add__, leading_zeros, st.binary(max_size=80))


@LAW
@given(data=some_bytes)
def test_the_library_writes_the_same(data: bytes) -> None:
    assert encode(data) == base58.b58encode(data).decode()
    assert decode(encode(data)) == data


@LAW
@given(text=st.text(ALPHABET, max_size=120))
def test_one_text_for_one_number_of_bytes(text: str) -> None:
    assert decode(text) == base58.b58decode(text)
    assert encode(decode(text)) == text


@LAW
@given(data=st.binary(min_size=32, max_size=32))
def test_32_bytes_are_a_pubkey(data: bytes) -> None:
    assert parse_pubkey(encode(data)) == encode(data)


@LAW
@given(data=some_bytes.filter(lambda data: len(data) != 32))
def test_any_other_number_of_bytes_is_not(data: bytes) -> None:
    with pytest.raises(NotAPubkey):
        parse_pubkey(encode(data))


@pytest.mark.parametrize("text", [SYSTEM_PROGRAM, TOKEN_PROGRAM])
def test_well_known_addresses(text: str) -> None:
    assert parse_pubkey(text) == text
    assert len(decode(text)) == 32


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "0 characters; a pubkey has 32 to 44"),
        ("1" * 31, "31 characters; a pubkey has 32 to 44"),
        ("z" * 45, "45 characters; a pubkey has 32 to 44"),
        ("1" * 33, "decodes to 33 bytes; a pubkey has 32"),
        ("z" * 44, "decodes to 33 bytes; a pubkey has 32"),
        ("0" + "1" * 31, "character 1 is not in the base58 alphabet (base58 has no 0, O, I and l)"),
        (TOKEN_PROGRAM + "\n", "character 44 is not in the base58 alphabet"),
        (" " + TOKEN_PROGRAM, "character 1 is not in the base58 alphabet"),
        ("1" * 31 + "é", "character 32 is not in the base58 alphabet"),
    ],
)
def test_what_is_no_pubkey_says_why(text: str, reason: str) -> None:
    with pytest.raises(NotAPubkey) as refused:
        parse_pubkey(text)

    assert refused.value.reason == reason


def test_a_refusal_never_repeats_what_may_be_a_secret_key() -> None:
    secret = encode(bytes(range(1, 65)))

    with pytest.raises(NotAPubkey) as refused:
        parse_pubkey(secret)

    assert secret[:8] not in str(refused.value)


def test_endless_text_is_not_read() -> None:
    assert len(decode("z" * LONGEST_TEXT)) > 700
    with pytest.raises(NotBase58):
        decode("z" * (LONGEST_TEXT + 1))
