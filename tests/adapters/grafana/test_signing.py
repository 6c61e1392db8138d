"""A notification is taken when it is signed with the secret, and fresh where its time is signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.adapters.grafana.signing import is_signed, signature

# Made with: printf '%s' '{"a":1}' | openssl dgst -sha256 -hmac secret
BODY = b'{"a":1}'
SECRET = b"secret"
PLAIN = "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
TIMED = "88096be2a6d6ec45bc75b711da1b136f1cd847715885358cb31cf0ee31d91f27"
AT = "1795255200"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def test_signatures_are_those_that_openssl_makes() -> None:
    assert signature(SECRET, body=BODY) == PLAIN
    assert signature(SECRET, body=BODY, timestamp=AT) == TIMED


def test_a_body_is_taken_with_its_signature_in_either_case() -> None:
    assert is_signed(SECRET, body=BODY, given=PLAIN, now=NOW)
    assert is_signed(SECRET, body=BODY, given=PLAIN.upper(), now=NOW)


@pytest.mark.parametrize(
    ("secret", "body", "given"),
    [
        (b"other", BODY, PLAIN),
        (SECRET, BODY + b" ", PLAIN),
        (SECRET, BODY, PLAIN[:-1]),
        (SECRET, BODY, "é" * 64),
        (SECRET, BODY, ""),
        (SECRET, BODY, None),
        (SECRET, BODY, TIMED),
        (b"", BODY, signature(b"", body=BODY)),
    ],
)
def test_nothing_else_is_taken(secret: bytes, body: bytes, given: str | None) -> None:
    assert not is_signed(secret, body=body, given=given, now=NOW)


@pytest.mark.parametrize(
    ("minutes", "taken"), [(0, True), (5, True), (-5, True), (5.02, False), (-5.02, False)]
)
def test_a_signed_time_must_be_within_five_minutes(minutes: float, taken: bool) -> None:
    now = NOW + timedelta(minutes=minutes)

    assert is_signed(SECRET, body=BODY, given=TIMED, timestamp=AT, now=now) is taken


@pytest.mark.parametrize("timestamp", ["", "-1", "1e9", "٣", "9" * 12, "9" * 13, " 1795255200"])
def test_another_time_is_refused(timestamp: str) -> None:
    given = signature(SECRET, body=BODY, timestamp=timestamp)

    assert not is_signed(SECRET, body=BODY, given=given, timestamp=timestamp, now=NOW)


def test_a_time_that_is_expected_must_be_there() -> None:
    assert not is_signed(SECRET, body=BODY, given=PLAIN, now=NOW, timestamp_expected=True)
    assert is_signed(SECRET, body=BODY, given=TIMED, timestamp=AT, now=NOW, timestamp_expected=True)
