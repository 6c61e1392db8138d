"""A signature is what the specification of Standard Webhooks says it is."""

from __future__ import annotations

import base64

import pytest

from tocsin.adapters.webhook.signing import NotAKey, is_signed, key_of, signature

# The example that the specification publishes.
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IDENTITY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_is_signed_as_published() -> None:
    made = signature(key_of(SECRET), identity=IDENTITY, timestamp=TIMESTAMP, body=BODY)

    assert made == SIGNED


@pytest.mark.parametrize("signatures", [SIGNED, f"v1,AAAA {SIGNED}", f"{SIGNED} v2,é"])
def test_one_good_signature_of_several_is_enough(signatures: str) -> None:
    assert is_signed(
        key_of(SECRET), identity=IDENTITY, timestamp=TIMESTAMP, body=BODY, signatures=signatures
    )


@pytest.mark.parametrize(
    ("identity", "timestamp", "body", "signatures"),
    [
        ("msg_other", TIMESTAMP, BODY, SIGNED),
        (IDENTITY, TIMESTAMP + 1, BODY, SIGNED),
        (IDENTITY, TIMESTAMP, BODY + b" ", SIGNED),
        (IDENTITY, TIMESTAMP, BODY, SIGNED.removeprefix("v1,")),
        (IDENTITY, TIMESTAMP, BODY, ""),
    ],
)
def test_nothing_else_is_signed_by_it(
    identity: str, timestamp: int, body: bytes, signatures: str
) -> None:
    key = key_of(SECRET)

    assert not is_signed(
        key, identity=identity, timestamp=timestamp, body=body, signatures=signatures
    )


def test_another_key_signs_otherwise() -> None:
    other = key_of(b"whsec_" + base64.b64encode(bytes(24)))

    assert signature(other, identity=IDENTITY, timestamp=TIMESTAMP, body=BODY) != SIGNED


@pytest.mark.parametrize("secret", [b"open sesame", b"whsec_not base64!", b"whsec_abc"])
def test_what_is_no_key_is_not_repeated(secret: bytes) -> None:
    with pytest.raises(NotAKey) as wrong:
        key_of(secret)

    assert secret.removeprefix(b"whsec_").decode() not in str(wrong.value)
